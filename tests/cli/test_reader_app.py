"""The full-screen reader, driven by Textual's Pilot against a scripted maildrop in 80x24."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from textual.widgets import DataTable, Static

from restante.cli.reader_app import ReaderApp
from restante.client import Retrieved
from restante.client.session import Listed
from restante.proto.terms import MessageNumber, Octets, UniqueId

LETTER = b"From: Ann <ann@example.org>\r\nSubject: tea [b]x\r\n\r\nAt four?\x1b[2J\r\n"


class Letter(Listed):
    async def read(self) -> bytes:
        return LETTER


class Scripted:
    """Three messages, and what was asked of them."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def messages(self) -> AsyncIterator[Listed]:
        for number in (1, 2, 3):
            yield Letter(unique_id=UniqueId(b"id%d" % number), octets=Octets(9), number=MessageNumber(number))

    async def peek_many(self, messages: Iterable[Listed]) -> AsyncIterator[Retrieved[Listed]]:
        for message in messages:
            yield Retrieved(message=message, refusal=None, given=LETTER)

    async def mark_many(self, messages: Iterable[Listed]) -> tuple[()]:
        self.said += [f"DELE {message.number}" for message in messages]
        return ()

    async def quit(self) -> None:
        self.said.append("QUIT")

    async def close(self) -> None:
        self.said.append("close")

    async def keep_alive(self, after_seconds: float) -> None:
        self.said.append("NOOP")


def reader() -> tuple[ReaderApp, Scripted]:
    scripted: Any = Scripted()  # Any: stands for a Maildrop

    async def connect() -> Any:  # Any: as above
        return scripted

    return ReaderApp(connect), scripted


@pytest.mark.asyncio
async def test_the_newest_message_is_first_and_opens_with_nothing_for_the_terminal_to_obey() -> None:
    app, _ = reader()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.query_one(DataTable).row_count == 3
        assert str(app.query_one(DataTable).get_row_at(0)[4]) == "tea [b]x"
        await pilot.press("enter")
        await pilot.pause()
        shown = str(app.screen.query_one(Static).render())
        assert "At four?\\x1b[2J" in shown
        await pilot.press("escape")
        await pilot.press("q")
    assert app.return_value == "nothing was deleted"


@pytest.mark.asyncio
async def test_marks_are_applied_by_quit_after_a_yes() -> None:
    app, scripted = reader()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("d", "down", "d", "down", "d", "d", "q")
        await pilot.pause()
        await pilot.press("y", "e", "s", "enter")
        await pilot.pause()
    assert scripted.said == ["DELE 3", "DELE 2", "QUIT"] or scripted.said == ["DELE 2", "DELE 3", "QUIT"]
    assert str(app.return_value).startswith("gone: 2 messages")


@pytest.mark.asyncio
async def test_control_c_and_a_no_delete_nothing() -> None:
    app, scripted = reader()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("d", "ctrl+c")
        await pilot.pause()
    assert scripted.said == ["close"]


@pytest.mark.asyncio
async def test_a_refresh_keeps_the_marks() -> None:
    app, scripted = reader()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("d", "g")
        await pilot.pause()
        assert app.marked == {UniqueId(b"id3")}
        await pilot.press("ctrl+c")
    assert "DELE 3" not in scripted.said
