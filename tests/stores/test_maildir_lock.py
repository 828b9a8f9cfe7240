"""The exclusive-access lock: held between processes, gone with the process, and it tells who has it."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from tests.stores.open_files import open_below

from restante.ports.stores import Holder, MaildropInUse
from restante.stores.maildir.lock import HOLDER_OCTETS, LOGIN_OCTETS, LONGEST_PEER, ExclusiveLock

# Not by plain fork: the tests' own process may have threads. Loaded ahead, so that each child starts at once.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    ["restante.testing.faults", "restante.testing.store_contract", "restante.stores.maildir"]
)

HOLDER = Holder(peer="192.0.2.1", since_epoch_seconds=1_700_000_000.5)
OTHER = Holder(peer="192.0.2.2", since_epoch_seconds=1_700_000_002.0)


@pytest.fixture
def path(tmp_path: Path) -> bytes:
    return os.fsencode(tmp_path / "restante.lock")


def signed(path: bytes, holder: Holder = HOLDER) -> ExclusiveLock:
    lock = ExclusiveLock(path, holder)
    lock.sign_at_once()
    return lock


def told(path: bytes) -> Holder | None:
    """Give who is told to hold the lock, to another open file, as to another process."""
    with pytest.raises(MaildropInUse) as caught:
        ExclusiveLock(path, OTHER)
    return caught.value.holder


def hold(path: bytes, ready: Connection) -> None:
    lock = signed(path)
    ready.send(True)
    time.sleep(100)
    lock.release()


@pytest.mark.rule("S2")
def test_the_lock_holds_between_processes_and_goes_with_the_one_that_has_it(path: bytes) -> None:
    ready, child_end = multiprocessing.Pipe()
    child = CHILDREN.Process(target=hold, args=(path, child_end))
    child.start()
    assert ready.recv()
    assert told(path) == HOLDER
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    lock = ExclusiveLock(path, OTHER)
    # The line is still there, and nobody believes it.
    assert HOLDER.peer.encode() in Path(os.fsdecode(path)).read_bytes()
    assert told(path) is None
    lock.sign_at_once()
    assert told(path) == OTHER
    lock.release()


def test_taking_the_lock_and_letting_go_of_it_writes_nothing(path: bytes) -> None:
    ExclusiveLock(path, HOLDER).release()
    before = os.stat(path)
    assert before.st_size == before.st_blocks == 0
    lock = ExclusiveLock(path, HOLDER)
    assert told(path) is None
    lock.release()
    after = os.stat(path)
    assert after == before
    assert (after.st_mtime_ns, after.st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


def test_letting_go_of_a_lock_that_was_written_down_writes_nothing_and_leaves_no_line_that_is_believed(
    path: bytes,
) -> None:
    lock = signed(path)
    assert lock.holder is None
    before = os.stat(path)
    lock.release()
    lock = ExclusiveLock(path, OTHER)
    assert told(path) is None
    assert lock.holder == OTHER
    lock.release()
    assert lock.holder is None
    assert os.stat(path).st_ctime_ns == before.st_ctime_ns


def test_a_lock_released_while_it_is_written_down_is_free_at_once_and_does_not_speak_for_the_next(
    path: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, pwrite = ExclusiveLock(path, HOLDER), os.pwrite
    nexts = []

    def slow(descriptor: int, octets: bytes, position: int) -> int:
        first.release()
        nexts.append(ExclusiveLock(path, OTHER))
        # It cannot be written down while the other is: what that writes comes last.
        nexts[0].sign_at_once()
        assert nexts[0].holder == OTHER
        assert told(path) is None
        return pwrite(descriptor, octets, position)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", slow)
        first.begin_signing()
        first.sign()
    assert HOLDER.peer.encode() in Path(os.fsdecode(path)).read_bytes()
    assert told(path) is None
    nexts[0].sign_at_once()
    assert told(path) == OTHER
    first.end_signing()
    assert told(path) == OTHER
    nexts[0].release()
    assert open_below(Path(os.fsdecode(path)).parent) == []


def test_a_lock_released_before_its_file_comes_back_is_free_and_its_line_is_not_believed(path: bytes) -> None:
    first = ExclusiveLock(path, HOLDER)
    first.begin_signing()
    first.sign()
    assert told(path) == HOLDER
    first.release()
    lock = ExclusiveLock(path, OTHER)
    assert told(path) is None
    first.end_signing()
    first.release()
    assert told(path) is None
    lock.release()


def test_a_lock_released_before_it_is_written_down_is_not(path: bytes) -> None:
    lock = ExclusiveLock(path, HOLDER)
    lock.begin_signing()
    lock.release()
    lock.sign()
    lock.end_signing()
    assert os.stat(path).st_size == 0


def test_a_full_disk_takes_no_line_and_the_lock_holds(path: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        lock = signed(path)
    assert told(path) is None
    assert lock.holder == HOLDER
    lock.sign_at_once()
    assert told(path) == HOLDER
    lock.release()


def test_a_file_system_without_locks_on_octets_tells_nobody_and_the_lock_holds(
    path: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> bytes:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(fcntl, "fcntl", unknown)
    lock = signed(path)
    assert told(path) is None
    lock.release()
    ExclusiveLock(path, HOLDER).release()


def test_a_lock_that_nobody_has_any_more_is_free(path: bytes) -> None:
    lock = ExclusiveLock(path, HOLDER)
    del lock
    ExclusiveLock(path, HOLDER).release()


def test_the_file_stays_and_only_its_owner_reads_it(path: bytes) -> None:
    ExclusiveLock(path, HOLDER).release()
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_shorter_holder_covers_a_longer_one(path: bytes) -> None:
    signed(path, Holder(peer="x\U0001f4eb" * 500, since_epoch_seconds=1.0)).release()
    lock = signed(path)
    assert told(path) == HOLDER
    assert os.stat(path).st_size == HOLDER_OCTETS
    lock.release()


def test_a_holder_of_any_characters_is_told(path: bytes) -> None:
    lock = signed(path, Holder(peer="\U0001f4eb" * 500, since_epoch_seconds=1.0))
    holder = told(path)
    assert holder is not None
    assert holder.peer == "\U0001f4eb" * LONGEST_PEER
    lock.release()


@pytest.mark.parametrize("line", [b"", b"\xff", b"[]", b'{"peer": 1}', b'{"peer": "x", "since": null}'])
def test_a_holder_that_left_no_word_is_unknown(path: bytes, line: bytes) -> None:
    lock = signed(path)
    Path(os.fsdecode(path)).write_bytes(line)
    assert told(path) is None
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
    signed(path, Holder(peer="restante maildrop list", since_epoch_seconds=2e9)).release()
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
