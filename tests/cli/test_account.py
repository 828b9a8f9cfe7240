import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import MESSAGE, Ended, Run

from restante import app
from restante.accounts.scram import unseal_scram_keys
from restante.cli.options import settings_of
from restante.ports.accounts import Account
from restante.ports.soon import Later
from restante.ports.stores import Holder
from restante.proto.terms import Secret
from restante.sasl.scram_keys import ScramHash

_Add = Callable[..., Ended]


def _accounts(run: Run) -> list[dict[str, object]]:
    accounts: list[dict[str, object]] = json.loads(run("account", "list", "--json").out)
    return accounts


def _fits(password: bytes, name: str = "ted") -> bool:
    settings = settings_of(None, None)
    known = app.open_directory(settings).credentials(name)
    assert known is not None
    return app.open_hasher(settings).verify(known.password_hash, Secret(password))


def _sealed(name: str = "ted") -> bytes:
    settings = settings_of(None, None)
    known = app.open_directory(settings).credentials(name)
    assert known is not None
    assert known.sealed_apop is not None
    return app.open_sealer(settings).unseal(known.account.id, known.sealed_apop).reveal()


def _one_line(ended: Ended, code: int = 1) -> str:
    assert ended.code == code
    assert ended.out == ""
    assert ended.err.startswith("restante: ")
    assert ended.err.count("\n") == 1
    return ended.err.removeprefix("restante: ").removesuffix("\n")


def test_an_account_is_added(run: Run, add: _Add, data: Path) -> None:
    ended = add("Ted@example.org")
    (account,) = _accounts(run)
    folder = data / "maildrops" / str(account["id"])
    assert ended.out == f"added Ted@example.org; its mail lies in {folder}\n"
    assert account == {
        "name": "Ted@example.org",
        "source": "built-in",
        "id": account["id"],
        "status": "active",
        "apop": False,
        "maildir": None,
        "folder": str(folder),
    }
    assert _fits(b"SECRET", "ted@EXAMPLE.org")
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_a_maildir_of_another_program_is_served(run: Run, tmp_path: Path) -> None:
    maildir = tmp_path / "Maildir"
    maildir.mkdir()
    ended = run("account", "add", "ted", "--maildir", maildir, "--password-stdin", given=b"SECRET\n")
    assert ended.out == f"added ted; its mail lies in {maildir}\n"
    assert _accounts(run)[0]["maildir"] == _accounts(run)[0]["folder"] == str(maildir)
    line = _one_line(run("account", "add", "bob", "--maildir", maildir, "--password-stdin", given=b"SECRET\n"))
    assert "belongs to the account ted already" in line


def test_a_maildir_that_is_not_there_is_no_account(run: Run, tmp_path: Path, data: Path) -> None:
    line = _one_line(run("account", "add", "ted", "--maildir", tmp_path / "none", "--password-stdin", given=b"S\n"))
    assert line == f"{tmp_path}/none: there is no such folder: make the Maildir first, or mend the path"
    assert not data.exists()


def test_a_name_is_taken_in_any_case(run: Run, add: _Add) -> None:
    add("ted")
    assert "there is an account" in _one_line(run("account", "add", "TED", "--password-stdin", given=b"SECRET\n"))


@pytest.mark.parametrize("name", ["../ted", "te d", "ted@", "", "ted\x1b[2J", ".ted", "ted+news"])
def test_an_illegal_name_is_told_and_escaped(run: Run, data: Path, name: str) -> None:
    line = _one_line(run("account", "add", "--password-stdin", "--", name, given=b"SECRET\n"))
    assert "cannot be the name of an account" in line
    assert line.isprintable()
    assert not data.exists()


@pytest.mark.parametrize("password", [b"", b"\n", b"a\0b\n", b"x" * 300 + b"\n"])
def test_a_password_that_cannot_be_used_is_refused(run: Run, add: _Add, password: bytes) -> None:
    add("ann")
    line = _one_line(run("account", "add", "ted", "--password-stdin", given=password))
    assert "password" in line
    assert "xxx" not in line
    assert [account["name"] for account in _accounts(run)] == ["ann"]


def test_without_a_terminal_a_password_has_to_be_piped(run: Run) -> None:
    assert "give --password-stdin" in _one_line(run("account", "add", "ted", given=b"SECRET\n"), 2)


def test_accounts_are_listed_in_columns(run: Run, add: _Add, data: Path) -> None:
    add("ted")
    add("ann@example.org")
    run("account", "lock", "ted")
    first, second = (line.split() for line in run("account", "list").out.splitlines())
    assert first[:3] == ["ann@example.org", "active", "-"]
    assert second[:3] == ["ted", "locked", "-"]
    assert Path(second[3]).parent == data / "maildrops"


def test_no_accounts_are_an_empty_list(run: Run, add: _Add) -> None:
    add("ted")
    run("account", "remove", "ted", "--yes")
    assert _accounts(run) == []
    ended = run("account", "list")
    assert (ended.code, ended.out) == (0, "")
    assert "there are no accounts yet" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("password", "ted", "--password-stdin"),
        ("lock", "ted"),
        ("unlock", "ted"),
        ("remove", "ted", "--yes"),
        ("apop", "ted", "--enable", "--password-stdin"),
    ],
)
def test_no_command_but_add_makes_a_data_folder(run: Run, data: Path, arguments: tuple[str, ...]) -> None:
    assert "there is no data folder yet" in _one_line(run("account", *arguments, given=b"SECRET\n"))
    assert not data.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("password", "nobody", "--password-stdin"),
        ("lock", "nobody"),
        ("unlock", "nobody"),
        ("remove", "nobody", "--yes"),
        ("apop", "nobody", "--enable", "--password-stdin"),
        ("apop", "nobody", "--disable"),
    ],
)
def test_an_account_that_is_not_there_is_told(run: Run, add: _Add, arguments: tuple[str, ...]) -> None:
    add("ted")
    line = _one_line(run("account", *arguments, given=b"SECRET\n"))
    assert "there is no account 'nobody'" in line
    assert "restante account list" in line


def test_a_password_is_changed(run: Run, add: _Add) -> None:
    add("ted")
    ended = run("account", "password", "ted", "--password-stdin", given=b" a new one \r\n")
    assert (ended.code, ended.out) == (0, "changed the password of ted\n")
    assert _fits(b" a new one ")
    assert not _fits(b"SECRET")


@pytest.mark.rule("S8")
def test_an_account_is_locked_and_unlocked(run: Run, add: _Add) -> None:
    add("ted")
    assert run("account", "lock", "TED").code == 0
    assert _accounts(run)[0]["status"] == "locked"
    assert run("deliver", "ted", given=MESSAGE).code == 0
    assert run("account", "unlock", "ted").code == 0
    assert _accounts(run)[0]["status"] == "active"


def test_apop_keeps_a_secret_only_when_asked(run: Run, add: _Add, data: Path) -> None:
    add("ted")
    assert not (data / "apop.key").exists()
    ended = run("account", "apop", "ted", "--enable", "--password-stdin", given=b"SECRET\n")
    assert ended.code == 0
    assert ended.out == (
        f"APOP is on for ted\nits password is now kept in a recoverable form, sealed under the key in {data}\n"
    )
    assert _sealed() == b"SECRET"
    assert _accounts(run)[0]["apop"] is True
    ended = run("account", "apop", "ted", "--disable")
    assert ended.out == "APOP is off for ted, and the sealed password is forgotten\n"
    assert _accounts(run)[0]["apop"] is False


def test_apop_seals_no_password_that_is_wrong(run: Run, add: _Add) -> None:
    add("ted")
    line = _one_line(run("account", "apop", "ted", "--enable", "--password-stdin", given=b"SECRETS\n"))
    assert line == "that is not the password of ted, and nothing was changed: try again"
    assert _accounts(run)[0]["apop"] is False


def test_apop_has_to_be_told_which_way(run: Run, add: _Add) -> None:
    add("ted")
    assert _one_line(run("account", "apop", "ted"), 2) == "give --enable or --disable"


def test_a_changed_password_is_sealed_again(run: Run, add: _Add) -> None:
    add("ted")
    run("account", "apop", "ted", "--enable", "--password-stdin", given=b"SECRET\n")
    ended = run("account", "password", "ted", "--password-stdin", given=b"another\n")
    assert ended.out == (
        "changed the password of ted\nAPOP stays on: the new password was sealed in place of the old one\n"
    )
    assert _sealed() == b"another"


def test_a_password_changed_while_apop_is_enabled_turns_it_off(
    run: Run, add: _Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("ted")
    settings = settings_of(None, None)
    open_sealer = app.open_sealer

    def open_late(given: object) -> object:
        app.open_directory(settings).set_password("ted", app.open_hasher(settings).hash(Secret(b"another")))
        return open_sealer(settings)

    monkeypatch.setattr(app, "open_sealer", open_late)
    line = _one_line(run("account", "apop", "ted", "--enable", "--password-stdin", given=b"SECRET\n"))
    assert "was changed meanwhile, so APOP is off" in line
    assert _accounts(run)[0]["apop"] is False


@pytest.mark.parametrize(("mechanisms", "kept"), [("PLAIN,SCRAM-SHA-256", True), ("PLAIN,LOGIN", False)])
def test_scram_keys_are_kept_where_a_scram_is_enabled(
    run: Run, add: _Add, data: Path, monkeypatch: pytest.MonkeyPatch, mechanisms: str, kept: bool
) -> None:
    monkeypatch.setenv("RESTANTE_AUTH_MECHANISMS", mechanisms)
    add("ted")
    assert _scram_keys_fit(b"SECRET") is kept
    assert run("account", "password", "ted", "--password-stdin", given=b"another\n").code == 0
    assert _scram_keys_fit(b"another") is kept
    assert not _scram_keys_fit(b"SECRET")
    assert (data / "apop.key").exists() is kept


def _scram_keys_fit(password: bytes) -> bool:
    settings = settings_of(None, None)
    known = app.open_directory(settings).credentials("ted")
    assert known is not None
    if known.sealed_scram is None:
        return False
    keys = unseal_scram_keys(app.open_sealer(settings), known.account.id, known.sealed_scram)
    return all(keys[each].fit(Secret(password)) for each in ScramHash)


def _folder(run: Run) -> Path:
    return Path(str(_accounts(run)[0]["folder"]))


def test_a_removed_account_leaves_its_mail(run: Run, add: _Add) -> None:
    add("ted", MESSAGE)
    folder = _folder(run)
    ended = run("account", "remove", "ted", "--yes")
    assert ended.out == f"removed ted\nits mail stays in {folder}\n"
    assert len(list((folder / "new").iterdir())) == 1
    assert run("deliver", "ted", given=MESSAGE).code == 67


def test_mail_goes_with_the_account_when_that_is_asked(run: Run, add: _Add) -> None:
    add("ted", MESSAGE)
    folder = _folder(run)
    assert run("account", "remove", "ted", "--yes", "--with-mail").out == "removed ted\n"
    assert not folder.exists()


def test_the_same_name_anew_does_not_come_to_the_old_mail(run: Run, add: _Add) -> None:
    add("ted", MESSAGE)
    run("account", "remove", "ted", "--yes")
    add("ted")
    assert run("maildrop", "list", "ted").out == "0 messages, 0 octets\n"


def test_nothing_is_removed_unasked(run: Run, add: _Add) -> None:
    add("ted")
    assert "give --yes" in _one_line(run("account", "remove", "ted"), 2)
    assert len(_accounts(run)) == 1


def test_a_maildir_of_another_program_is_not_removed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "Maildir").mkdir()
    run("account", "add", "ted", "--maildir", tmp_path / "Maildir", "--password-stdin", given=b"SECRET\n")
    line = _one_line(run("account", "remove", "ted", "--yes", "--with-mail"), 2)
    assert "belongs to another program and is not removed" in line
    assert len(_accounts(run)) == 1
    assert run("account", "remove", "ted", "--yes").code == 0
    assert (tmp_path / "Maildir").is_dir()


@pytest.mark.rule("S2")
async def test_a_maildrop_in_use_is_not_removed(run: Run, add: _Add) -> None:
    import asyncio

    # In a thread, since each command runs a loop of its own.
    await asyncio.to_thread(add, "ted", MESSAGE)
    settings = settings_of(None, None)
    account = app.open_directory(settings).find("ted")
    assert isinstance(account, Account)
    store = app.open_store(settings)
    answer = store.open(account, Holder(peer="192.0.2.7:4711", since_epoch_seconds=0))
    maildrop = await answer if isinstance(answer, Later) else answer
    try:
        line = _one_line(await asyncio.to_thread(run, "account", "remove", "ted", "--yes", "--with-mail"), 75)
        assert "the maildrop of ted is in use since " in line
        assert ", from 192.0.2.7:4711: try again when that session has ended" in line
        assert app.open_directory(settings).find("ted") == account
    finally:
        maildrop.release()
        await store.close()
