from __future__ import annotations

import dataclasses
import stat
import threading
from pathlib import Path

import pytest
from tests.mail_accounts.rig import TWO_ACCOUNTS

from restante.client import Security, Server
from restante.mail_accounts.faults import AccountFileFault
from restante.mail_accounts.model import ASK, KEYRING, Account, InCommand, InEnvironment, InFile, OAuth
from restante.mail_accounts.reading import load_accounts
from restante.mail_accounts.writing import put_account, remove_account, set_default
from restante.submission import SubmissionSecurity, SubmissionServer

NEW = Account(
    name="new",
    address="new@example.net",
    display_name='Äöü "quoted"',
    login="new",
    mechanism="SCRAM-SHA-256",
    credential=InCommand(command="pass show 'x'"),
    pop3=Server(host="pop.example.net", port=110, security=Security.STLS, fingerprint="ab" * 32),
    smtp=SubmissionServer(host="smtp.example.net", security=SubmissionSecurity.PLAIN, authorities=Path("/ca.pem")),
    smtp_login="sender",
    smtp_credential=InFile(path=Path("/secret")),
)


def with_places(account: Account) -> list[Account]:
    oauth = OAuth(
        provider=None,
        client_id="id",
        client_secret="s",
        token_url="https://issuer.example/token",
        device_url="https://issuer.example/device",
        scopes=("a", "b"),
        refresh_token=InFile(path=Path("/t")),
    )
    google = OAuth(
        provider="google",
        client_id="id",
        token_url="https://oauth2.googleapis.com/token",
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        scopes=("https://mail.google.com/",),
    )
    places = (KEYRING, ASK, InCommand(command="c"), InEnvironment(variable="V"), oauth, google)
    return [dataclasses.replace(account, credential=place) for place in places]


@pytest.mark.parametrize("account", [NEW, *with_places(NEW)], ids=lambda each: type(each.credential).__name__)
def test_what_is_written_is_what_is_read(tmp_path: Path, account: Account) -> None:
    file = tmp_path / "deep" / "accounts.toml"
    put_account(file, account)
    read = load_accounts(file).by_name["new"]
    # The port is written out, so that a later default moves no account.
    assert account.smtp is not None
    assert read == dataclasses.replace(account, smtp=dataclasses.replace(account.smtp, port=587))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_account_is_added_and_comments_and_order_stay(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(TWO_ACCOUNTS)
    accounts = put_account(file, NEW, default=True)
    assert list(accounts.by_name) == ["ted", "work", "new"]
    assert accounts.default == "new"
    text = file.read_text()
    assert text.startswith('# mine\ndefault = "new"\n')
    assert "# keep this" in text


def test_an_account_of_the_same_name_is_put_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    put_account(file, NEW)
    put_account(file, dataclasses.replace(NEW, smtp=None, smtp_login=None, smtp_credential=None))
    accounts = load_accounts(file)
    assert accounts.by_name["new"].smtp is None


def test_an_account_is_removed_with_all_its_tables_and_the_default_with_it(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(TWO_ACCOUNTS)
    accounts = remove_account(file, "ted")
    assert (list(accounts.by_name), accounts.default) == (["work"], "work")
    assert "smtp" not in file.read_text()
    with pytest.raises(AccountFileFault, match="there is no account 'ted' to remove"):
        remove_account(file, "ted")


def test_a_default_is_set_at_the_top_of_a_file_that_has_none(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(TWO_ACCOUNTS.replace('default = "ted"\n', ""))
    assert set_default(file, "work").default == "work"
    assert load_accounts(file).default == "work"
    assert "# keep this" in file.read_text()


def test_a_default_that_is_no_account_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(TWO_ACCOUNTS)
    with pytest.raises(AccountFileFault, match="names 'nobody'"):
        set_default(file, "nobody")
    assert file.read_text() == TWO_ACCOUNTS


def test_a_file_that_is_wrong_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text("oops")
    with pytest.raises(AccountFileFault, match="is not TOML"):
        put_account(file, NEW)
    assert file.read_text() == "oops"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "accounts.toml"
    real.write_text(TWO_ACCOUNTS)
    link = tmp_path / "accounts.toml"
    link.symlink_to(real)
    put_account(link, NEW)
    assert link.is_symlink()
    assert "new" in load_accounts(real).by_name


def test_those_who_write_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    threads = [
        threading.Thread(target=put_account, args=(file, dataclasses.replace(NEW, name=f"a{number}")))
        for number in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(load_accounts(file).by_name) == [f"a{number}" for number in range(6)]


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    put_account(file, NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["accounts.toml"]
