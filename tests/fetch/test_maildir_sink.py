"""A Maildir as a destination: names, line ends, what a kill left, and what its owner removed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fetch.acting import NAME, letter

from restante.fetch.digest import content_digest
from restante.fetch.plan import SeenMessage, SeenStatus
from restante.fetch.sinks.contract import Letter, SinkFault
from restante.fetch.sinks.maildir import MaildirSink

OCTETS = letter(1)
LETTER = Letter(
    octets=OCTETS,
    digest=content_digest(OCTETS),
    maildrop=NAME,
    unique_id=b"uid/1",
    since_epoch_seconds=1_700_000_000.0,
)


@pytest.fixture
async def sink(tmp_path: Path) -> MaildirSink:
    sink = MaildirSink(tmp_path / "Mail")
    await sink.open()
    return sink


def files(tmp_path: Path) -> dict[str, list[str]]:
    return {name: sorted(os.listdir(tmp_path / "Mail" / name)) for name in ("tmp", "new", "cur")}


async def test_a_message_lies_in_new_with_unix_line_ends_and_its_octets_in_its_name(
    sink: MaildirSink, tmp_path: Path
) -> None:
    kept = await sink.store(LETTER)
    (name,) = files(tmp_path)["new"]
    path = tmp_path / "Mail" / "new" / name
    assert path.read_bytes() == OCTETS.replace(b"\r\n", b"\n")
    assert name.startswith(f"1700000000.{kept.place}.")
    assert name.endswith(f",S={path.stat().st_size},W={len(OCTETS)}")
    assert path.stat().st_mode & 0o077 == 0
    assert files(tmp_path)["tmp"] == []


async def test_a_message_that_was_in_hand_is_found_also_when_it_was_read(sink: MaildirSink, tmp_path: Path) -> None:
    await sink.store(LETTER)
    (name,) = files(tmp_path)["new"]
    again = replace(LETTER, may_be_there=True)
    assert (await sink.store(again)).was_there
    (tmp_path / "Mail" / "new" / name).rename(tmp_path / "Mail" / "cur" / f"{name}:2,S")
    assert (await sink.store(again)).was_there
    (tmp_path / "Mail" / "cur" / f"{name}:2,S").unlink()
    assert not (await sink.store(again)).was_there


async def test_what_a_kill_left_in_tmp_is_written_anew(sink: MaildirSink, tmp_path: Path) -> None:
    await sink.store(LETTER)
    (name,) = files(tmp_path)["new"]
    (tmp_path / "Mail" / "new" / name).unlink()
    (tmp_path / "Mail" / "tmp" / name).write_bytes(OCTETS[:7])
    assert not (await sink.store(replace(LETTER, may_be_there=True))).was_there
    assert files(tmp_path) == {"tmp": [], "new": [name], "cur": []}


async def test_another_message_has_another_name_whatever_it_shares(sink: MaildirSink, tmp_path: Path) -> None:
    for other in (
        LETTER,
        replace(LETTER, unique_id=b"uid/2"),
        replace(LETTER, maildrop="ann@pop.example.org"),
        replace(LETTER, octets=letter(2), digest=content_digest(letter(2))),
        replace(LETTER, headers_only=True),
    ):
        await sink.store(other)
    assert len(files(tmp_path)["new"]) == 5


async def test_what_is_in_none_of_its_folders_was_removed(sink: MaildirSink, tmp_path: Path) -> None:
    letters = [replace(LETTER, unique_id=b"uid-%d" % number) for number in range(3)]
    kept = [
        SeenMessage(
            unique_id=each.unique_id,
            status=SeenStatus.STORED,
            since_epoch_seconds=0.0,
            place=(await sink.store(each)).place,
        )
        for each in letters
    ]
    assert await sink.removed(kept) == frozenset()
    moved, gone, _ = files(tmp_path)["new"]
    (tmp_path / "Mail" / ".Archive" / "cur").mkdir(parents=True)
    (tmp_path / "Mail" / "new" / moved).rename(tmp_path / "Mail" / ".Archive" / "cur" / f"{moved}:2,S")
    (tmp_path / "Mail" / "new" / gone).unlink()
    removed = await sink.removed(kept)
    assert removed is not None
    assert [message.place in gone for message in removed] == [True]


async def test_an_empty_maildir_does_not_tell_what_was_removed(sink: MaildirSink) -> None:
    kept = SeenMessage(unique_id=b"1", status=SeenStatus.STORED, since_epoch_seconds=0.0, place="R0")
    assert await sink.removed([kept]) is None


async def test_a_maildir_that_cannot_be_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SinkFault, match="make it, or name another"):
        await MaildirSink(tmp_path / "no" / "Mail").open()
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkFault, match="not a Maildir"):
        await MaildirSink(tmp_path / "file").open()
