"""Accounts are found by name, change durably, and are seen to have changed by every process at once."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from restante.accounts.names import IllegalName, IllegalPattern
from restante.accounts.sql import CACHED_NAMES, AccountExists, MaildirTaken, NoSuchAccount, SqlDirectory
from restante.ports.accounts import Account, AccountDirectory, AccountFault, AccountId, AccountStatus


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.db"


@pytest.fixture
def directory(path: Path) -> Iterator[SqlDirectory]:
    directory = SqlDirectory(path)
    yield directory
    directory.close()


@pytest.fixture
def other(path: Path) -> Iterator[SqlDirectory]:
    """The command line, say: another connection, with a memory of its own."""
    other = SqlDirectory(path)
    yield other
    other.close()


def test_it_is_a_directory_of_the_contract(directory: SqlDirectory) -> None:
    contract: AccountDirectory = directory
    assert contract.find("ted") is None


def test_an_account_is_found_without_regard_to_case(directory: SqlDirectory) -> None:
    added = directory.add("Ted@Example.org", "hash")
    assert re.fullmatch(r"[0-9a-f]{16}", added.id)
    assert added == Account(id=added.id, name="Ted@Example.org")
    for name in ("Ted@Example.org", "ted@example.org", "TED@EXAMPLE.ORG"):
        assert directory.find(name) == added


@pytest.mark.parametrize(
    "name", ["", "tim", "ted ", "ted\0", "ted\n", "té", "\u212aen", "x" * 10_000, "'; --", "\ud800"]
)
def test_any_other_name_is_nobody(directory: SqlDirectory, name: str) -> None:
    directory.add("ted", "hash")
    directory.add("ken", "hash")
    for _ in range(2):
        assert directory.find(name) is None
        assert directory.credentials(name) is None


def test_a_name_is_taken_in_every_case_and_once(directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    with pytest.raises(AccountExists, match="an account TED already"):
        directory.add("TED", "hash")
    directory.add("ted@example.org", "hash")
    assert [account.name for account in directory.list_accounts()] == ["ted", "ted@example.org"]


def test_an_illegal_name_is_not_added(directory: SqlDirectory) -> None:
    with pytest.raises(IllegalName):
        directory.add("../ted", "hash")
    assert directory.list_accounts() == ()


def test_accounts_are_listed_by_name(directory: SqlDirectory) -> None:
    for name in ("tim", "Ann", "ted"):
        directory.add(name, "hash")
    assert [account.name for account in directory.list_accounts()] == ["Ann", "ted", "tim"]


def test_accounts_outlive_the_process(path: Path, directory: SqlDirectory) -> None:
    added = directory.add("ted", "hash", Path("/home/ted/Maildir"))
    directory.close()
    again = SqlDirectory(path)
    assert again.find("ted") == added
    again.close()


def test_each_change_is_a_new_generation(directory: SqlDirectory) -> None:
    generations = [
        directory.add("ted", "hash").generation,
        directory.set_password("TED", "other").generation,
        directory.set_status("ted", AccountStatus.LOCKED).generation,
        directory.set_status("ted", AccountStatus.ACTIVE).generation,
        directory.enable_apop("ted", b"sealed").generation,
        directory.disable_apop("ted").generation,
    ]
    assert generations == [1, 2, 3, 4, 5, 6]


def test_a_change_touches_no_other_account(directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    tim = directory.add("tim", "hash")
    directory.set_password("ted", "other")
    directory.set_status("ted", AccountStatus.LOCKED)
    directory.remove("ted")
    assert directory.list_accounts() == (tim,)


def test_the_new_password_and_status_are_what_is_told(directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    directory.set_password("ted", "other")
    directory.set_status("ted", AccountStatus.LOCKED)
    found = directory.credentials("ted")
    assert found is not None
    assert (found.password_hash, found.account.status) == ("other", AccountStatus.LOCKED)


def test_a_changed_password_ends_apop_unless_it_is_sealed_anew(directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    assert directory.enable_apop("ted", b"sealed").apop
    assert directory.set_password("ted", "other", b"sealed anew").apop
    found = directory.credentials("ted")
    assert found is not None
    assert found.sealed_apop == b"sealed anew"
    assert not directory.set_password("ted", "third").apop
    assert not directory.any_apop()


def test_it_knows_whether_anybody_has_apop(directory: SqlDirectory, other: SqlDirectory) -> None:
    assert not directory.any_apop()
    directory.add("ted", "hash")
    assert not directory.any_apop()
    other.enable_apop("ted", b"sealed")
    assert directory.any_apop()
    other.disable_apop("ted")
    assert not directory.any_apop()
    other.enable_apop("ted", b"sealed")
    other.remove("ted")
    assert not directory.any_apop()


def test_a_removed_account_is_gone_and_its_id_does_not_come_back(directory: SqlDirectory) -> None:
    ids = set()
    for _ in range(20):
        added = directory.add("ted", "hash")
        assert directory.remove("TED") == added
        assert directory.find("ted") is None
        ids.add(added.id)
    assert len(ids) == 20


def test_changing_nobody_is_an_error_with_words(directory: SqlDirectory) -> None:
    for change in (
        lambda name: directory.set_password(name, "hash"),
        lambda name: directory.set_status(name, AccountStatus.LOCKED),
        lambda name: directory.enable_apop(name, b"sealed"),
        directory.disable_apop,
        directory.remove,
    ):
        for name in ("ted", "té", ""):
            with pytest.raises(NoSuchAccount, match="`restante account list` shows"):
                change(name)


def test_a_renewed_hash_takes_the_place_of_the_old_and_no_other(directory: SqlDirectory) -> None:
    ted = directory.add("ted", "old")
    assert directory.replace_hash(ted.id, "old", "new")
    assert not directory.replace_hash(ted.id, "old", "newer")
    assert not directory.replace_hash(AccountId("f" * 16), "new", "newer")
    found = directory.credentials("ted")
    assert found is not None
    assert found.password_hash == "new"
    assert found.account.generation == ted.generation


def test_times_are_kept_from_the_clock(path: Path) -> None:
    times = iter([100.5, 200.5])
    directory = SqlDirectory(path, clock=lambda: next(times))
    directory.add("ted", "hash")
    directory.set_password("ted", "other")
    directory.close()
    file = sqlite3.connect(path)
    rows = file.execute("SELECT created_epoch_seconds, changed_epoch_seconds FROM account").fetchall()
    file.close()
    assert rows == [(100.5, 200.5)]


# --- other processes, threads and forks -----------------------------------------------------------------------


def test_changes_of_another_connection_are_seen_at_the_next_question(
    directory: SqlDirectory, other: SqlDirectory
) -> None:
    assert directory.find("ted") is None
    added = other.add("ted", "hash")
    assert directory.find("ted") == added
    locked = other.set_status("ted", AccountStatus.LOCKED)
    assert directory.find("ted") == locked
    other.remove("ted")
    assert directory.find("ted") is None


def test_changes_of_another_process_are_seen_at_the_next_question(path: Path, directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    assert directory.find("ted") is not None
    script = (
        "import sys; from pathlib import Path; from restante.accounts import SqlDirectory;"
        "d = SqlDirectory(Path(sys.argv[1])); d.remove('ted'); d.add('tim', 'hash'); d.close()"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script, str(path)], check=True, timeout=60)
    assert directory.find("ted") is None
    assert directory.find("tim") is not None


def test_threads_may_ask_and_change_at_once(directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(10):
                assert directory.find("ted") is not None
                directory.add(f"t{number}", "hash")
                assert directory.find(f"t{number}") is not None
                directory.remove(f"t{number}")
                assert directory.find(f"t{number}") is None
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_after_a_fork_each_process_has_a_connection_of_its_own(path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from restante.accounts import SqlDirectory
directory = SqlDirectory(Path(sys.argv[1]))
directory.add('ted', 'hash')
assert directory.find('ted')
open_before = directory._connection
assert open_before is not None
child = os.fork()
if not child:
    assert directory._connection is None
    assert directory.find('ted')
    directory.add('tim', 'hash')
    directory.close()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert directory._connection is None
assert directory.find('tim')
directory.close()
print('fine')
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(path)],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "fine\n"


def test_it_opens_again_after_it_was_closed(directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    directory.close()
    directory.close()
    assert directory.find("ted") is not None


def test_names_that_are_not_there_fill_no_memory_without_bound(directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    for number in range(CACHED_NAMES + 10):
        assert directory.find(f"x{number}") is None
    assert len(directory._known) <= CACHED_NAMES
    assert directory.find("ted") is not None


def test_a_file_that_is_damaged_is_a_fault_with_words(path: Path, directory: SqlDirectory) -> None:
    path.write_bytes(b"somebody's letters\n" * 1000)
    for ask in (lambda: directory.find("ted"), directory.any_apop, directory.list_accounts):
        with pytest.raises(AccountFault, match="no database at all"):
            ask()
    with pytest.raises(AccountFault, match="no database at all"):
        directory.add("ted", "hash")


def test_a_row_that_makes_no_sense_is_a_fault_with_words(path: Path, directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    file = sqlite3.connect(path)
    file.execute("PRAGMA ignore_check_constraints = ON")
    file.execute("UPDATE account SET status = 'asleep'")
    file.commit()
    file.close()
    with pytest.raises(AccountFault, match=r"the account 'ted' cannot be read.*asleep"):
        directory.find("ted")


# --- Maildirs -------------------------------------------------------------------------------------------------


def test_a_maildir_of_the_administrators_is_kept_as_named(directory: SqlDirectory) -> None:
    odd = Path("/srv/caf\udce9/ted's mail")
    assert directory.add("ted", "hash", odd).maildir == odd
    assert directory.add("tim", "hash", Path("//srv//tim/")).maildir == Path("/srv/tim")


@pytest.mark.parametrize("maildir", ["mail", "", "../mail", "/var/m\0"])
def test_a_maildir_that_is_no_whole_path_is_refused(directory: SqlDirectory, maildir: str) -> None:
    with pytest.raises(ValueError, match="write one that starts with /"):
        directory.add("ted", "hash", Path(maildir))


def test_dots_in_a_maildirs_path_are_followed_as_the_kernel_does(directory: SqlDirectory, tmp_path: Path) -> None:
    tmp_path = tmp_path.resolve()
    (tmp_path / "far" / "folder").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "folder")
    added = directory.add("ted", "hash", tmp_path / "link" / ".." / "mail")
    assert added.maildir == tmp_path / "far" / "mail"


def test_two_accounts_do_not_share_a_maildir(directory: SqlDirectory, tmp_path: Path) -> None:
    real = tmp_path / "Maildir"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    directory.add("ted", "hash", real)
    for same in (real, tmp_path / "." / "Maildir", tmp_path / "link"):
        with pytest.raises(MaildirTaken, match="belongs to the account ted already: name another with --maildir"):
            directory.add("tim", "hash", same)
    assert directory.find("tim") is None
    directory.remove("ted")
    assert directory.add("tim", "hash", real).maildir == real


def test_the_pattern_gives_the_maildir_and_the_accounts_own_goes_before_it(path: Path) -> None:
    directory = SqlDirectory(path, maildir_pattern="/var/vmail/{domain}/{local}")
    assert directory.add("Ted@Example.org", "hash").maildir == Path("/var/vmail/example.org/ted")
    assert directory.add("tim@example.org", "hash", Path("/home/tim")).maildir == Path("/home/tim")
    assert directory.add("ann", "hash").maildir is None
    directory.close()
    plain = SqlDirectory(path)
    assert [account.maildir for account in plain.list_accounts()] == [None, None, Path("/home/tim")]
    plain.close()


def test_an_account_does_not_take_by_path_what_the_pattern_gives_another(path: Path) -> None:
    directory = SqlDirectory(path, maildir_pattern="/var/vmail/{domain}/{local}")
    directory.add("ted@example.org", "hash")
    with pytest.raises(MaildirTaken, match=r"ted@example\.org"):
        directory.add("tim@example.org", "hash", Path("/var/vmail/example.org/ted"))
    directory.add("tim@example.org", "hash", Path("/var/vmail/example.org/ann"))
    with pytest.raises(MaildirTaken, match=r"tim@example\.org"):
        directory.add("ann@example.org", "hash")
    directory.close()


def test_a_pattern_without_the_domain_serves_one_domain_only(path: Path) -> None:
    directory = SqlDirectory(path, maildir_pattern="/home/{local}/Maildir")
    assert directory.add("ted@example.org", "hash").maildir == Path("/home/ted/Maildir")
    for name in ("ted@example.net", "ted"):
        with pytest.raises(MaildirTaken, match=r"ted@example\.org"):
            directory.add(name, "hash")
    directory.close()


def test_a_pattern_that_came_later_serves_nobody_who_would_share(path: Path, directory: SqlDirectory) -> None:
    for name in ("ted@example.org", "ted@example.net", "tim@example.org"):
        directory.add(name, "hash")
    later = SqlDirectory(path, maildir_pattern="/home/{local}/Maildir")
    for name in ("ted@example.org", "ted@example.net"):
        for _ in range(2):
            with pytest.raises(AccountFault, match=r"would share the Maildir /home/ted/Maildir.*put \{domain\}"):
                later.find(name)
    assert later.find("tim@example.org") is not None
    assert len(later.list_accounts()) == 3
    later.remove("ted@example.net")
    assert later.find("ted@example.org") is not None
    later.close()


def test_an_unusable_pattern_is_refused_at_the_start(path: Path) -> None:
    with pytest.raises(IllegalPattern):
        SqlDirectory(path, maildir_pattern="var/{local}")
    assert not path.exists()
