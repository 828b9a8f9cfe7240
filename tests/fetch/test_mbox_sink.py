"""An mbox as a destination: its form, its locks, and what a kill left at its end."""

from __future__ import annotations

import errno
import io
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fetch import acting
from tests.fetch.acting import letter
from tests.fetch.test_maildir_sink import LETTER, Disk

from restante.fetch.sinks.contract import Kept, Letter, NotNow, SinkFault
from restante.fetch.sinks.mbox import MboxSink, StandardOutputSink, as_mbox_entry
from restante.proto.lines import canonical
from restante.stores.mbox import MboxMessage, read_messages

OTHER = replace(LETTER, octets=letter(2), unique_id=b"uid-2")


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "box"


def messages(octets: bytes) -> list[bytes]:
    return [each.octets for each in read_messages(io.BytesIO(octets)) if isinstance(each, MboxMessage)]


async def store(box: Path, *letters: Letter, wait_seconds: float = 30.0) -> list[bool]:
    sink = MboxSink(box, lock_wait_seconds=wait_seconds)
    await sink.open()
    return [(await acting.store(sink, each)).was_there for each in letters]


@given(st.lists(st.sampled_from([b"From ", b">From ", b">", b"\r\n", b"F", b"rom me", b"\r\n\r\n"])).map(b"".join))
def test_what_goes_in_comes_out_whatever_its_lines_begin_with(body: bytes) -> None:
    octets = canonical(b"Subject: x\r\n\r\n" + body + b".")
    assert messages(as_mbox_entry(replace(LETTER, octets=octets)) * 2) == [octets] * 2


async def test_messages_follow_one_another_with_an_empty_line_between_whatever_was_there(box: Path) -> None:
    box.write_bytes(b"From a@b Mon Jan  1 00:00:00 2024\nSubject: theirs\n\nwithout an end")
    await store(box, LETTER, OTHER)
    assert messages(box.read_bytes()) == [b"Subject: theirs\r\n\r\nwithout an end\r\n", LETTER.octets, OTHER.octets]


@pytest.mark.parametrize("before", [b"", b"From a@b Mon Jan  1 00:00:00 2024\nSubject: theirs\n\nhello\n\n"])
async def test_what_a_kill_left_at_the_end_is_cut_off_or_found_whole(box: Path, before: bytes) -> None:
    entry = as_mbox_entry(LETTER)
    for written in range(len(entry) + 1):
        box.write_bytes(before + entry[:written])
        again = replace(LETTER, may_be_there=True, place=str(len(before)))
        assert await store(box, again) == [written == len(entry)]
        assert box.read_bytes() == before + entry


async def test_mail_that_others_wrote_behind_a_part_is_not_cut_off(box: Path) -> None:
    box.write_bytes(as_mbox_entry(LETTER)[:40] + b"\n\n" + as_mbox_entry(OTHER))
    await store(box, replace(LETTER, may_be_there=True, place="0"))
    assert messages(box.read_bytes())[-2:] == [OTHER.octets, LETTER.octets]


async def test_a_message_is_found_where_others_removed_mail_before_it(box: Path) -> None:
    box.write_bytes(as_mbox_entry(LETTER) + as_mbox_entry(OTHER))
    assert await store(box, replace(OTHER, may_be_there=True, place="9999")) == [True]


async def test_a_disk_that_fills_leaves_no_part(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(box, LETTER)
    write = os.write

    def little_room(descriptor: int, octets: bytes) -> int:
        if len(octets) > 100:
            write(descriptor, octets[:100])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, octets)

    monkeypatch.setattr(os, "write", little_room)
    with pytest.raises(SinkFault, match="free room there"):
        await store(box, OTHER)
    assert box.read_bytes() == as_mbox_entry(LETTER)


async def test_a_lock_file_of_another_program_is_waited_for_and_one_of_a_dead_process_is_not(box: Path) -> None:
    lock = box.with_name("box.lock")
    lock.write_text(f"{os.getpid()}\n")
    with pytest.raises(NotNow, match="holds its lock"):
        await store(box, LETTER, wait_seconds=0.0)
    ended = subprocess.Popen(["true"])
    ended.wait()
    lock.write_text(f"{ended.pid}\n")
    assert await store(box, LETTER) == [False]
    lock.write_text("")
    os.utime(lock, (1, 1))
    assert await store(box, OTHER) == [False]
    assert sorted(os.listdir(box.parent)) == ["box"]


async def test_what_is_no_mbox_is_left_alone(box: Path) -> None:
    box.write_bytes(b"a letter to a friend\n")
    with pytest.raises(SinkFault, match="not an mbox"):
        await store(box, LETTER)
    assert box.read_bytes() == b"a letter to a friend\n"
    with pytest.raises(SinkFault, match="did you mean maildir:"):
        await store(box.parent, LETTER)


async def test_standard_output_whose_reader_has_gone_takes_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", 0) as stream, pytest.raises(SinkFault, match="its reader has gone"):
        await StandardOutputSink(stream).store(LETTER)


TWINS = [replace(LETTER, unique_id=b"a"), replace(LETTER, unique_id=b"b"), OTHER, replace(LETTER, unique_id=b"c")]


async def intended(sink: MboxSink) -> list[Letter]:
    places = await sink.intend(TWINS)
    return [replace(each, place=place, may_be_there=True) for each, place in zip(TWINS, places, strict=True)]


@pytest.mark.parametrize("before", [b"", b"From a@b Mon Jan  1 00:00:00 2024\nSubject: theirs\n\nno end"])
async def test_what_a_kill_left_of_a_group_is_found_or_written_and_each_copy_counts(
    box: Path, before: bytes
) -> None:
    box.write_bytes(before)
    again = await intended(MboxSink(box))
    await MboxSink(box).store_group(TWINS)
    whole = box.read_bytes()
    assert len(messages(whole)) == 4 + bool(before)
    for written in range(len(before), len(whole) + 1):
        box.write_bytes(whole[:written])
        outcomes = await MboxSink(box).store_group(again)
        assert box.read_bytes() == whole
        were_there = [isinstance(outcome, Kept) and outcome.was_there for outcome in outcomes]
        assert were_there == sorted(were_there, reverse=True)


async def test_a_copy_that_was_stored_does_not_stand_for_one_that_was_not_where_others_removed_mail(
    box: Path,
) -> None:
    box.write_bytes(b"From a@b Mon Jan  1 00:00:00 2024\nSubject: theirs\n\nhello\n\n")
    again = await intended(MboxSink(box))
    box.write_bytes(as_mbox_entry(LETTER))
    outcomes = await MboxSink(box).store_group(again)
    assert [outcome.was_there for outcome in outcomes if isinstance(outcome, Kept)] == [True, False, False, False]
    assert len(messages(box.read_bytes())) == 4


async def test_a_group_waits_for_the_disk_once_and_a_full_one_keeps_what_came_before(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    assert len(await MboxSink(box).store_group(TWINS)) == 4
    assert disk.calls["file"] == 1
    whole = box.read_bytes()
    box.write_bytes(b"")
    disk.fails_at["write"] = disk.calls["write"] + 3
    outcomes = await MboxSink(box).store_group(TWINS)
    assert [isinstance(outcome, Kept) for outcome in outcomes] == [True, True, False, False]
    assert box.read_bytes() == as_mbox_entry(LETTER) * 2
    assert whole.startswith(box.read_bytes())


async def test_what_cannot_be_made_durable_is_cut_off(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(box, OTHER)
    disk = Disk(monkeypatch)
    disk.fails_at["file"] = 1
    assert all(isinstance(outcome, SinkFault) for outcome in await MboxSink(box).store_group(TWINS))
    assert box.read_bytes() == as_mbox_entry(OTHER)
