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

from restante.accounts.app_passwords import APP_PASSWORDS, IllegalLabel
from restante.accounts.credentials import AppPassword, Credentials
from restante.accounts.names import IllegalName, IllegalPattern
from restante.accounts.refusals import (
    AccountExists,
    AppPasswordExists,
    NoSuchAccount,
    NoSuchAppPassword,
    TooManyAppPasswords,
)
from restante.accounts.sql import SqlDirectory
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


def test_scram_keys_come_with_the_account_and_go_with_its_password(directory: SqlDirectory) -> None:
    sealed_for: list[AccountId] = []

    def seal(account_id: AccountId) -> bytes:
        sealed_for.append(account_id)
        return b"sealed"

    ted = directory.add("ted", "hash", None, seal)
    assert sealed_for == [ted.id]
    assert _credentials(directory).sealed_scram == b"sealed"
    directory.set_password("ted", "hash 2", None, b"sealed 2")
    assert _credentials(directory).sealed_scram == b"sealed 2"
    generation = _credentials(directory).account.generation
    assert not directory.replace_scram(ted.id, "hash", b"of the old password")
    assert not directory.replace_scram(AccountId("0" * 16), "hash 2", b"of nobody")
    assert directory.replace_scram(ted.id, "hash 2", b"sealed 3")
    assert _credentials(directory).sealed_scram == b"sealed 3"
    assert _credentials(directory).account.generation == generation
    directory.set_password("ted", "hash 4")
    assert _credentials(directory).sealed_scram is None


def test_an_account_whose_keys_cannot_be_sealed_is_not_added(directory: SqlDirectory) -> None:
    def fail(account_id: AccountId) -> bytes:
        raise RuntimeError(account_id)

    with pytest.raises(RuntimeError):
        directory.add("ted", "hash", None, fail)
    assert directory.find("ted") is None


# --- application passwords ------------------------------------------------------------------------------------


def _credentials(directory: SqlDirectory, name: str = "ted") -> Credentials:
    found = directory.credentials(name)
    assert found is not None
    return found


def test_application_passwords_come_by_label_and_go(path: Path) -> None:
    directory = SqlDirectory(path, clock=lambda: 1000.0)
    ted, tim = directory.add("ted", "hash"), directory.add("tim", "hash")
    for label in ("phone", "Laptop"):
        made = directory.add_app_password(ted, label, label.encode().ljust(32))
        assert made == AppPassword(label=label, digest=label.encode().ljust(32), created_epoch_seconds=1000.0)
    directory.add_app_password(tim, "phone", bytes(32))
    assert [each.label for each in _credentials(directory).app_passwords] == ["Laptop", "phone"]
    assert _credentials(directory).account.generation == 3
    directory.revoke_app_password(ted, "laptop")
    assert [each.label for each in _credentials(directory).app_passwords] == ["phone"]
    assert _credentials(directory).account.generation == 4
    assert len(_credentials(directory, "tim").app_passwords) == 1
    directory.close()


def test_a_change_of_application_passwords_is_seen_by_others_at_once(
    directory: SqlDirectory, other: SqlDirectory
) -> None:
    ted = directory.add("ted", "hash")
    assert _credentials(directory).app_passwords == ()
    other.add_app_password(ted, "phone", bytes(32))
    assert len(_credentials(directory).app_passwords) == 1
    other.note_uses({(ted.id, "PHONE"): 7.0})
    assert _credentials(directory).app_passwords[0].used_epoch_seconds == 7.0
    assert _credentials(directory).account.generation == 2
    other.revoke_app_password(ted, "phone")
    assert _credentials(directory).app_passwords == ()


def test_a_label_is_taken_in_every_case_and_once(directory: SqlDirectory) -> None:
    ted = directory.add("ted", "hash")
    directory.add_app_password(ted, "Büro", bytes(32))
    with pytest.raises(AppPasswordExists, match="ted has an application password 'BÜRO' already"):
        directory.add_app_password(ted, "BÜRO", bytes(32))
    with pytest.raises(IllegalLabel):
        directory.add_app_password(ted, "", bytes(32))
    assert _credentials(directory).account.generation == 2


def test_an_account_has_so_many_and_no_more(directory: SqlDirectory) -> None:
    ted = directory.add("ted", "hash")
    for n in range(APP_PASSWORDS):
        directory.add_app_password(ted, str(n), bytes(32))
    with pytest.raises(TooManyAppPasswords, match="ted has 64 application passwords"):
        directory.add_app_password(ted, "one more", bytes(32))
    assert len(_credentials(directory).app_passwords) == APP_PASSWORDS


def test_what_is_not_there_is_told_and_nothing_is_changed(directory: SqlDirectory) -> None:
    ted = directory.add("ted", "hash")
    with pytest.raises(NoSuchAppPassword, match=r"'phone': `restante account app-password list ted`"):
        directory.revoke_app_password(ted, "phone")
    assert _credentials(directory).account.generation == 1
    directory.remove("ted")
    again = directory.add("ted", "hash")
    # The account is meant, not whoever has its name by now.
    with pytest.raises(NoSuchAccount):
        directory.add_app_password(ted, "phone", bytes(32))
    with pytest.raises(NoSuchAccount):
        directory.revoke_app_password(ted, "phone")
    assert _credentials(directory).account == again


def test_with_an_account_its_application_passwords_go_from_the_file(path: Path, directory: SqlDirectory) -> None:
    ted, tim = directory.add("ted", "hash"), directory.add("tim", "hash")
    for account in (ted, tim):
        directory.add_app_password(account, "phone", bytes(32))
    directory.remove("ted")
    file = sqlite3.connect(path)
    assert file.execute("SELECT account FROM app_password").fetchall() == [(tim.id,)]
    file.close()


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


def test_it_opens_again_after_it_was_closed(directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    directory.close()
    directory.close()
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


def test_the_pattern_gives_the_maildir_and_the_accounts_own_goes_before_it(path: Path) -> None:
    directory = SqlDirectory(path, maildir_pattern="/var/vmail/{domain}/{local}")
    assert directory.add("Ted@Example.org", "hash").maildir == Path("/var/vmail/example.org/ted")
    assert directory.add("tim@example.org", "hash", Path("/home/tim")).maildir == Path("/home/tim")
    assert directory.add("ann", "hash").maildir is None
    directory.close()
    plain = SqlDirectory(path)
    assert [account.maildir for account in plain.list_accounts()] == [None, None, Path("/home/tim")]
    plain.close()


def test_an_unusable_pattern_is_refused_at_the_start(path: Path) -> None:
    with pytest.raises(IllegalPattern):
        SqlDirectory(path, maildir_pattern="var/{local}")
    assert not path.exists()
