"""The full-screen reader, driven by Textual's Pilot against a scripted maildrop in 80x24."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import DataTable, Label, Static

from restante.cli import reader_app
from restante.cli.outcome import CommandFailed
from restante.cli.reader_app import ReaderApp
from restante.cli.sending import Outcome
from restante.client import Retrieved
from restante.client.session import Listed
from restante.proto.terms import MessageNumber, Octets, UniqueId
from restante.submission import Draft, MessageFault, Outgoing

LETTER = (
    b"From: Ann <ann@example.org>\r\nTo: ted@example.org, bob@example.org\r\nMessage-ID: <1@x>\r\n"
    b"Subject: tea [b]x\r\n\r\nAt four?\x1b[2J\r\n"
)


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


@dataclass
class Desk:
    """Keeps what it is given, and says of it what it is told to."""

    kept: list[Draft] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: Outcome(id="1", taken=("ann@example.org",)))
    full: bool = False
    address: str = "ted@example.org"

    def ready(self) -> None:
        pass

    def made(self, draft: Draft) -> tuple[Outgoing, Draft]:
        if not draft.to:
            raise MessageFault("nobody is named")
        return Outgoing(sender="ted@example.org", recipients=("ann@example.org",), octets=b""), draft

    def keep(self, outgoing: Outgoing, stamp: Draft) -> str:
        del outgoing
        if self.full:
            raise CommandFailed("the disk is full")
        self.kept.append(stamp)
        return "1"

    async def send(self, mark: str) -> list[Outcome]:
        assert mark == "1"
        return [self.outcome]


def reader(post: Any = None) -> tuple[ReaderApp, Scripted]:  # Any: stands for a Post
    scripted: Any = Scripted()  # Any: stands for a Maildrop

    async def connect() -> Any:  # Any: as above
        return scripted

    return ReaderApp(connect, post), scripted


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


class Editor:
    """A person's editor: each time it is opened, its next deed is done to the text."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        script = folder / "edit"
        script.write_text(
            "#!/bin/sh\n"
            f'cd {folder}; cat "$1" >seen; mv next now 2>/dev/null; mv then next 2>/dev/null\n'
            'if test -e now; then cat now >"$1"; rm now; fi\n'
        )
        script.chmod(0o700)
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("EDITOR", str(script))
        # The Pilot has no terminal to give away.
        monkeypatch.setattr(App, "suspend", lambda _: nullcontext())

    def writes(self, first: str, then: str | None = None) -> None:
        (self._folder / "next").write_text(first)
        if then is not None:
            (self._folder / "then").write_text(then)

    @property
    def seen(self) -> str:
        return (self._folder / "seen").read_text()


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    return Editor(tmp_path, monkeypatch)


async def until(pilot: Pilot[str], is_so: Callable[[], bool]) -> None:
    for _ in range(3000):
        if is_so():
            return
        await pilot.pause(0.01)
    raise AssertionError(said(pilot.app))


def said(app: App[str]) -> str:
    return "\n".join(each.message for each in app._notifications)


def asks(pilot: Pilot[str], words: str) -> Callable[[], bool]:
    def is_so() -> bool:
        return any(words in str(label.render()) for label in pilot.app.screen.query(Label))

    return is_so


@pytest.mark.asyncio
async def test_a_reply_goes_to_the_sender_with_its_thread_and_the_text_quoted(editor: Editor) -> None:
    desk = Desk()
    app, _ = reader(desk)
    editor.writes("To: Ann <ann@example.org>\nCc:\nSubject: Re: tea\n\nYes.\n")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("r")
        await until(pilot, asks(pilot, "Send to ann@example.org?"))
        assert desk.kept == []
        await pilot.press("y")
        await until(pilot, lambda: "sent to ann@example.org" in said(app))
        await pilot.press("ctrl+c")
    assert editor.seen == (
        "To: Ann <ann@example.org>\nCc: \nSubject: Re: tea [b]x\n\n"
        "Ann <ann@example.org> wrote:\n> At four?\\x1b[2J\n"
    )
    (draft,) = desk.kept
    assert (draft.in_reply_to, draft.references, draft.body) == ("<1@x>", ("<1@x>",), "Yes.\n")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("key", "begins"),
    [
        ("a", "To: Ann <ann@example.org>\nCc: bob@example.org\nSubject: Re: tea [b]x\n\nAnn <ann@"),
        ("f", "To: \nCc: \nSubject: Fwd: tea [b]x\n\n\n---------- Forwarded message ----------\nFrom: Ann <ann@"),
    ],
)
async def test_an_open_message_is_answered_to_all_or_sent_on(editor: Editor, key: str, begins: str) -> None:
    desk = Desk()
    app, _ = reader(desk)
    editor.writes("To: eve@example.org\nSubject: x\n\nLook.\n")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press(key)
        await until(pilot, asks(pilot, "Send to"))
        await pilot.press("y")
        await until(pilot, lambda: "sent to" in said(app))
        await pilot.press("ctrl+c")
    assert editor.seen.startswith(begins)
    assert "At four?\\x1b[2J" in editor.seen
    assert len(desk.kept) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("written", [None, "To: ann@example.org\n\n \n", ""])
async def test_a_draft_without_text_or_unchanged_sends_nothing(editor: Editor, written: str | None) -> None:
    desk = Desk()
    app, _ = reader(desk)
    if written is not None:
        editor.writes(written)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, lambda: "nothing was written, and nothing was sent" in said(app))
        await pilot.press("ctrl+c")
    assert desk.kept == []


@pytest.mark.asyncio
async def test_a_draft_that_is_not_fit_or_cannot_be_kept_is_not_lost(editor: Editor) -> None:
    desk = Desk(full=True)
    app, _ = reader(desk)
    editor.writes("To:\nSubject: x\n\nHello\n", then="To: ann@example.org\nSubject: x\n\nHello\n")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, asks(pilot, "nobody is named"))
        await pilot.press("y", "escape")
        assert asks(pilot, "nobody is named")()
        await pilot.press("e")
        await until(pilot, asks(pilot, "Send to ann@example.org?"))
        assert "Hello" in editor.seen
        await pilot.press("y")
        await until(pilot, lambda: "the disk is full" in said(app))
        desk.full = False
        await until(pilot, asks(pilot, "Send to ann@example.org?"))
        await pilot.press("y")
        await until(pilot, lambda: "sent to" in said(app))
        await pilot.press("ctrl+c")
    assert len(desk.kept) == 1


@pytest.mark.asyncio
async def test_what_cannot_go_now_is_said_to_wait_and_a_no_drops(editor: Editor) -> None:
    desk = Desk(outcome=Outcome(id="1", waits_for=("ann@example.org",), error="no server there"))
    app, _ = reader(desk)
    editor.writes("To: ann@example.org\n\nHello\n", then="To: ann@example.org\n\nAgain\n")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, asks(pilot, "Send to"))
        await pilot.press("y")
        await until(pilot, lambda: "no server there; it waits in the outbox" in said(app))
        await pilot.press("c")
        await until(pilot, asks(pilot, "Send to"))
        await pilot.press("n")
        await until(pilot, lambda: "dropped, and nothing was sent" in said(app))
        await pilot.press("ctrl+c")
    assert [draft.body for draft in desk.kept] == ["Hello\n"]


@pytest.mark.asyncio
async def test_the_session_is_kept_alive_while_the_editor_is_open(
    editor: Editor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reader_app, "KEEP_ALIVE_SECONDS", 0.01)
    (tmp_path / "wait").write_text(f"#!/bin/sh\nuntil test -e {tmp_path}/enough; do sleep 0.05; done\n")
    (tmp_path / "wait").chmod(0o700)
    monkeypatch.setenv("EDITOR", str(tmp_path / "wait"))
    app, scripted = reader(Desk())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("c")
        before = len(scripted.said)
        await until(pilot, lambda: len(scripted.said) > before + 2)
        assert "nothing was written" not in said(app)
        (tmp_path / "enough").touch()
        await until(pilot, lambda: "nothing was written" in said(app))
        await pilot.press("ctrl+c")


@pytest.mark.asyncio
async def test_an_editor_that_fails_or_an_account_that_is_not_there_is_told(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "/none/such")
    app, _ = reader(Desk())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, lambda: "set EDITOR to yours" in said(app))
        await pilot.press("ctrl+c")
    app, _ = reader(None)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, lambda: "restante setup ADDRESS" in said(app))
        await pilot.press("ctrl+c")
