"""No two accounts are served one Maildir, however they would come to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from restante.accounts.refusals import MaildirTaken
from restante.accounts.sql import SqlDirectory
from restante.ports.accounts import AccountFault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.db"


@pytest.fixture
def directory(path: Path) -> Iterator[SqlDirectory]:
    directory = SqlDirectory(path)
    yield directory
    directory.close()


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
