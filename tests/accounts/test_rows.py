"""A row says an account, and one that makes no sense is a fault with words."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.accounts.credentials import AppPassword
from restante.accounts.names import MaildirPattern
from restante.accounts.rows import read_credentials
from restante.accounts.schema import Row
from restante.ports.accounts import Account, AccountFault, AccountId, AccountStatus

PATH = Path("/data/accounts.sqlite3")
TED = AccountId("0123456789abcdef")


def row(
    *,
    name: str = "ted@example.org",
    status: str = "locked",
    maildir: bytes | None = None,
    apop: bytes | None = None,
) -> Row:
    return TED, name, status, "hash", apop, b"scram", maildir, 7


def test_each_column_has_its_place() -> None:
    read = read_credentials(PATH, None, row(apop=b"apop"), [("phone", bytes(32), 1.5, None), ("car", b"c", 2, 3.5)])
    assert read.account == Account(
        id=TED, name="ted@example.org", status=AccountStatus.LOCKED, apop=True, generation=7
    )
    assert (read.password_hash, read.sealed_apop, read.sealed_scram) == ("hash", b"apop", b"scram")
    assert read.app_passwords == (
        AppPassword(label="phone", digest=bytes(32), created_epoch_seconds=1.5),
        AppPassword(label="car", digest=b"c", created_epoch_seconds=2, used_epoch_seconds=3.5),
    )


def test_the_accounts_own_maildir_goes_before_the_patterns() -> None:
    pattern = MaildirPattern(text="/var/vmail/{domain}/{local}")
    for own, given, served in (
        (None, None, None),
        (None, pattern, Path("/var/vmail/example.org/ted")),
        (b"/srv/caf\xe9", pattern, Path("/srv/caf\udce9")),
    ):
        assert read_credentials(PATH, given, row(maildir=own)).account.maildir == served


def test_a_row_that_makes_no_sense_is_a_fault_with_words() -> None:
    pattern = MaildirPattern(text="/home/{local}/Maildir")
    for given, odd in ((None, row(status="asleep")), (pattern, row(name="t/ed"))):
        with pytest.raises(
            AccountFault, match=r"accounts\.sqlite3: the account .* cannot be read: .*; put a backup"
        ):
            read_credentials(PATH, given, odd)
