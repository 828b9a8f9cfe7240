"""The exclusive-access lock: held between processes, gone with the process, and it tells who has it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from restante.ports.stores import Holder, MaildropInUse
from restante.stores.maildir.lock import HOLDER_OCTETS, LOGIN_OCTETS, ExclusiveLock

# Not by plain fork: the tests' own process may have threads. Loaded ahead, so that each child starts at once.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    ["restante.testing.faults", "restante.testing.store_contract", "restante.stores.maildir"]
)

HOLDER = Holder(peer="192.0.2.1", since_epoch_seconds=1_700_000_000.5)


@pytest.fixture
def path(tmp_path: Path) -> bytes:
    return os.fsencode(tmp_path / "restante.lock")


def hold(path: bytes, ready: Connection) -> None:
    lock = ExclusiveLock(path, HOLDER)
    ready.send(True)
    time.sleep(100)
    lock.release()


@pytest.mark.rule("S2")
def test_the_lock_holds_between_processes_and_goes_with_the_one_that_has_it(path: bytes) -> None:
    ready, told = multiprocessing.Pipe()
    child = CHILDREN.Process(target=hold, args=(path, told))
    child.start()
    assert ready.recv()
    with pytest.raises(MaildropInUse) as caught:
        ExclusiveLock(path, HOLDER)
    assert caught.value.holder == HOLDER
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    ExclusiveLock(path, HOLDER).release()


def test_a_lock_that_nobody_has_any_more_is_free(path: bytes) -> None:
    lock = ExclusiveLock(path, HOLDER)
    del lock
    ExclusiveLock(path, HOLDER).release()


def test_the_file_stays_and_only_its_owner_reads_it(path: bytes) -> None:
    ExclusiveLock(path, HOLDER).release()
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_shorter_holder_covers_a_longer_one(path: bytes) -> None:
    ExclusiveLock(path, Holder(peer="x\U0001f4eb" * 500, since_epoch_seconds=1.0)).release()
    lock = ExclusiveLock(path, HOLDER)
    with pytest.raises(MaildropInUse) as caught:
        ExclusiveLock(path, HOLDER)
    assert caught.value.holder == HOLDER
    lock.release()


def test_a_holder_of_any_characters_is_told(path: bytes) -> None:
    lock = ExclusiveLock(path, Holder(peer="\U0001f4eb" * 500, since_epoch_seconds=1.0))
    with pytest.raises(MaildropInUse) as caught:
        ExclusiveLock(path, HOLDER)
    assert caught.value.holder is not None
    assert caught.value.holder.peer.startswith("\U0001f4eb")
    lock.release()


@pytest.mark.parametrize("line", [b"", b"\xff", b"[]", b'{"peer": 1}', b'{"peer": "x", "since": null}'])
def test_a_holder_that_left_no_word_is_unknown(path: bytes, line: bytes) -> None:
    lock = ExclusiveLock(path, HOLDER)
    Path(os.fsdecode(path)).write_bytes(line)
    with pytest.raises(MaildropInUse) as caught:
        ExclusiveLock(path, HOLDER)
    assert caught.value.holder is None
    lock.release()


def test_a_link_is_not_followed(path: bytes, tmp_path: Path) -> None:
    os.symlink(tmp_path / "elsewhere", path)
    with pytest.raises(OSError, match="symbolic"):
        ExclusiveLock(path, HOLDER)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.rule("C11")
def test_the_last_login_is_remembered_by_the_next_and_by_no_other_holder(path: bytes) -> None:
    lock = ExclusiveLock(path, HOLDER)
    assert lock.last_login() is None
    lock.note_login(1_700_000_000.25)
    lock.release()
    ExclusiveLock(path, Holder(peer="restante maildrop list", since_epoch_seconds=2e9)).release()
    lock = ExclusiveLock(path, HOLDER)
    assert lock.last_login() == 1_700_000_000.25
    lock.note_login(9.0)
    assert lock.last_login() == 9.0
    assert os.stat(path).st_size == HOLDER_OCTETS + LOGIN_OCTETS
    lock.release()


@pytest.mark.parametrize("line", [b"", b"\xff" * 32, b"nan", b"-inf", b"1e999", b"\0" * 32, b" " * 32])
def test_a_last_login_that_cannot_be_read_is_none(path: bytes, line: bytes) -> None:
    Path(os.fsdecode(path)).write_bytes(b" " * HOLDER_OCTETS + line)
    lock = ExclusiveLock(path, HOLDER)
    assert lock.last_login() is None
    lock.release()
