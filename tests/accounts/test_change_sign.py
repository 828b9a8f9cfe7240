"""A change of the accounts gives a sign that every process sees in memory, whoever made the file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from restante.accounts.change_sign import ChangeSign, give_sign


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    file = tmp_path / "accounts.db"
    file.touch()
    return file


@pytest.fixture
def sign_file(accounts: Path) -> Path:
    return accounts.with_name("accounts.db-changed")


def test_each_sign_that_is_given_is_another_one(accounts: Path) -> None:
    sign = ChangeSign(accounts)
    seen = {sign.memory[:]}
    for _ in range(5):
        assert sign.memory[:] in seen, "it stays until one is given"
        give_sign(accounts)
        seen.add(sign.memory[:])
    assert len(seen) == 6


def test_a_sign_of_another_process_is_seen(accounts: Path) -> None:
    sign = ChangeSign(accounts)
    before = sign.memory[:]
    script = "import sys, pathlib as p, restante.accounts.change_sign as c; c.give_sign(p.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", script, str(accounts)], check=True, timeout=60)
    assert sign.memory[:] != before


def test_a_file_that_was_thrown_away_is_known_to_be_no_longer_the_one(accounts: Path, sign_file: Path) -> None:
    sign = ChangeSign(accounts)
    assert sign.is_in_place()
    sign_file.unlink()
    assert not sign.is_in_place()
    give_sign(accounts)
    assert not sign.is_in_place(), "a new one is in its place"


def test_a_file_that_is_too_short_is_filled(accounts: Path, sign_file: Path) -> None:
    sign_file.write_bytes(b"abc")
    sign = ChangeSign(accounts)
    before = sign.memory[:]
    assert len(before) == 8
    give_sign(accounts)
    assert sign.memory[:] != before


@pytest.mark.parametrize("umask", [0, 0o777])
def test_it_is_for_its_owner_alone_whatever_the_umask(accounts: Path, sign_file: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        give_sign(accounts)
    finally:
        os.umask(before)
    assert sign_file.stat().st_mode & 0o777 == 0o600


def test_it_belongs_to_the_owner_of_the_accounts(accounts: Path, sign_file: Path) -> None:
    if os.geteuid() == 0:
        os.chown(accounts, 12345, 12346)
    give_sign(accounts)
    owner, status = accounts.stat(), sign_file.stat()
    assert (status.st_uid, status.st_gid) == (owner.st_uid, owner.st_gid)


def test_giving_a_sign_never_fails_and_follows_no_link(accounts: Path, sign_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"12345678")
    sign_file.symlink_to(other)
    give_sign(accounts)
    assert other.read_bytes() == b"12345678"
    with pytest.raises(OSError, match="symbolic"):
        ChangeSign(accounts)
    give_sign(tmp_path / "no folder" / "accounts.db")
