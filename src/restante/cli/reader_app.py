"""The full-screen reader: `restante read --interactive`.

Messages that are marked are marked here and not at the server, until QUIT is confirmed: so a session that breaks,
or Ctrl-C, deletes nothing, and a refresh, which is a new session, loses no mark. Marks go by unique-id. Headers are
asked for where the cursor comes. NOOP keeps the session from ending, while a draft is in the editor too. What goes
wrong with the server is told on the screen; nothing here raises, and with the terminal it ends, without QUIT.
Source: RFC 1939 §6 (QUIT deletes).
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.coordinate import Coordinate
from textual.screen import ModalScreen, Screen
from textual.widgets import DataTable, Footer, Input, Label, Static

from restante.cli.draft_form import draft_of, draft_text, forward_draft, reply_all_draft, reply_draft
from restante.cli.hangup import hung_up
from restante.cli.letter_form import attachment_lines
from restante.cli.mail_table import counted, octets_told
from restante.cli.outcome import CommandFailed
from restante.cli.reader_post import Post, edited, outcome_words
from restante.client import ClientFault, Maildrop, Message
from restante.mail_accounts import MailAccountFault
from restante.proto.terms import UniqueId
from restante.reading import Readable, Summary, one_line, readable, save, summary
from restante.submission import Draft, MessageFault, OutboxFault

__all__ = ["ReaderApp"]

KEEP_ALIVE_SECONDS: Final = 30.0
LOOK_AFTER_SECONDS: Final = 1.0
"""Between two looks whether the terminal is still there."""
_STRETCH: Final = 50
"""How many headers are asked for around the cursor."""


class _Letter(Screen[None]):
    """One message, open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Back"),
        Binding("s", "save", "Save"),
        Binding("d", "mark", "Mark/undo"),
        Binding("r", "reply", "Reply"),
        Binding("a", "reply_all", "To all"),
        Binding("f", "forward", "Forward"),
    ]

    def __init__(
        self, letter: Readable, *, own: str, mark: Callable[[], None], write: Callable[[Draft], None]
    ) -> None:
        super().__init__()
        self._letter = letter
        self._own = own
        self._mark = mark
        self._write = write

    def compose(self) -> ComposeResult:
        text = Text()
        for name, value in self._letter.header:
            text.append(f"{name}: ", "bold").append(f"{value}\n")
        for remark in self._letter.remarks:
            text.append(f"({remark})\n", "yellow")
        text.append("\n" + (self._letter.text or "(no text)") + "\n")
        for line in attachment_lines(self._letter):
            text.append(f"\n{line}", "dim")
        with VerticalScroll():
            yield Static(text)
        yield Footer()

    def action_mark(self) -> None:
        self._mark()

    def action_reply(self) -> None:
        self._write(reply_draft(self._letter))

    def action_reply_all(self) -> None:
        self._write(reply_all_draft(self._letter, self._own))

    def action_forward(self) -> None:
        self._write(forward_draft(self._letter))

    def action_save(self) -> None:
        if not self._letter.attached:
            self.notify("nothing is attached")
            return
        self.app.push_screen(_Ask("Save the attachments into which folder?", "."), self._save)

    def _save(self, folder: str | None) -> None:
        if not folder:
            return
        try:
            saved = save([each.part for each in self._letter.attached], Path(folder).expanduser())
        except OSError as error:
            self.notify(f"not saved: {error.strerror}", severity="error", markup=False)
            return
        self.notify("saved " + ", ".join(str(file.path) for file in saved), markup=False)


class _Ask(ModalScreen[str | None]):
    """A question with one line to answer; escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]
    CSS = "_Ask { align: center middle; } _Ask Label, _Ask Input { width: 70; }"

    def __init__(self, question: str, answer: str) -> None:
        super().__init__()
        self._question, self._answer = question, answer

    def compose(self) -> ComposeResult:
        yield Label(self._question, markup=False)
        yield Input(self._answer)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class _Fate(ModalScreen[str]):
    """What is to become of a draft: send, edit, or drop. No key does so by chance, and none but these leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss('send')", "Send"),
        Binding("e", "dismiss('edit')", "Edit again"),
        Binding("n", "dismiss('drop')", "Drop it"),
    ]
    CSS = "_Fate { align: center middle; } _Fate Label { width: 70; padding: 1 2; background: $panel; }"

    def __init__(self, question: str, *, fit: bool) -> None:
        super().__init__()
        self._question, self._fit = question, fit

    def compose(self) -> ComposeResult:
        yield Label(self._question, markup=False)
        yield Footer()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        return self._fit or action != "dismiss" or parameters != ("send",)


class ReaderApp(App[str]):
    """Lists a maildrop, newest first, and opens its messages. Ends with a line that says what was done."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "mark", "Mark/undo"),
        Binding("c", "compose_mail", "Compose"),
        Binding("g", "refresh_mail", "Refresh"),
        Binding("q", "leave", "Quit"),
        Binding("ctrl+c,ctrl+q", "abandon", "Abandon", priority=True),
    ]

    def __init__(
        self, connect: Callable[[], Awaitable[Maildrop]], post: Post | None = None, *, terminal: int | None = None
    ) -> None:
        super().__init__()
        self._terminal = terminal
        self._connect = connect
        self._post = post
        self._is_writing = False
        self._maildrop: Maildrop | None = None
        self._messages: list[Message] = []
        self._told: set[UniqueId] = set()
        self.marked: set[UniqueId] = set()

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield DataTable(cursor_type="row")
        yield Footer()

    @property
    def _table(self) -> DataTable[Text]:
        table: DataTable[Text] = self.screen_stack[0].query_one(DataTable)
        return table

    async def on_mount(self) -> None:
        """Begin the session."""
        self._table.add_columns(" ", "Octets", "Date", "From", "Subject")
        self.set_interval(KEEP_ALIVE_SECONDS, self._stay_alive)
        self.set_interval(LOOK_AFTER_SECONDS, self._leave_with_the_terminal)
        await self.action_refresh_mail()

    async def action_refresh_mail(self) -> None:
        """Begin a new session: new mail shows in no other way."""
        if len(self.screen_stack) > 1:  # a message is open, and its place in the list is not to move
            return
        if self._maildrop is not None:
            # Nothing is marked at the server, so that QUIT deletes nothing and frees the maildrop at once.
            with contextlib.suppress(ClientFault):
                await self._maildrop.quit()
        try:
            self._maildrop = await self._connect()
            self._messages = [message async for message in self._maildrop.messages()][::-1]
        except (ClientFault, MailAccountFault) as fault:
            self._complain(fault)
            return
        self._told.clear()
        self.marked &= {message.unique_id for message in self._messages}
        table = self._table
        table.clear()
        for message in self._messages:
            mark = "D" if message.unique_id in self.marked else " "
            table.add_row(Text(mark), Text(octets_told(message.octets)), Text(""), Text(""), Text("..."))
        await self._tell_headers(0)

    async def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Ask for headers where the cursor comes."""
        await self._tell_headers(event.cursor_row)

    async def _tell_headers(self, row: int) -> None:
        begin = max(0, row - _STRETCH // 2)
        around = self._messages[begin : begin + _STRETCH]
        if self._maildrop is None or all(message.unique_id in self._told for message in around[:_STRETCH]):
            return
        wanted = [message for message in around if message.unique_id not in self._told]
        self._told |= {message.unique_id for message in wanted}
        places = {message.number: begin + at for at, message in enumerate(around)}
        try:
            async for found in self._maildrop.peek_many(wanted):
                told = None if found.given is None else summary(found.given)
                row = places[found.message.number]
                cells = ("", "", "(no headers given)") if told is None else (_day(told), told.sender, told.subject)
                for column, cell in enumerate(cells, 2):
                    self._table.update_cell_at(Coordinate(row, column), Text(cell[:60]), update_width=True)
        except ClientFault as fault:
            self._complain(fault)

    async def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open a message."""
        if self._maildrop is None:
            return
        message = self._messages[event.cursor_row]
        try:
            letter = readable(await message.read())
        except ClientFault as fault:
            self._complain(fault)
            return
        own = "" if self._post is None else self._post.address
        self.push_screen(_Letter(letter, own=own, mark=self.action_mark, write=self._begin_draft))

    def action_mark(self) -> None:
        """Mark the message under the cursor for deletion, or take its mark off."""
        if not self._messages:
            return
        row = self._table.cursor_row
        self.marked ^= {self._messages[row].unique_id}
        is_marked = self._messages[row].unique_id in self.marked
        self._table.update_cell_at(Coordinate(row, 0), Text("D" if is_marked else " ", "bold red"))
        self.notify("marked: deleted when you quit and say yes" if is_marked else "not marked any more")

    def action_compose_mail(self) -> None:
        """Write a new message."""
        self._begin_draft(Draft())

    def _begin_draft(self, draft: Draft) -> None:
        if self._post is None:
            self._refuse(
                "there is no account to send with: leave, say 'restante setup ADDRESS', and then 'restante read -i'"
            )
        elif self._is_writing:
            self._refuse("the last message is still on its way: wait a moment")
        else:
            self._is_writing = True
            # Apart from the queue of keys and timers: NOOP goes on however long the editor is open.
            self.run_worker(self._write(self._post, draft))

    async def _write(self, post: Post, draft: Draft) -> None:
        try:
            post.ready()
            mark = await self._written(post, draft)
            if mark is None:
                return
            self.notify("sending ...")
            words, is_all = outcome_words(await post.send(mark))
            self.notify(one_line(words), severity="information" if is_all else "warning", timeout=15, markup=False)
        except (CommandFailed, MailAccountFault, OutboxFault, SuspendNotSupported) as fault:
            self._refuse(str(fault))
        finally:
            self._is_writing = False

    async def _written(self, post: Post, draft: Draft) -> str | None:
        """Have a message written, and kept in the outbox when the person says so; gives its id there."""
        first = text = draft_text(draft)
        while True:
            text = await self._edited(text)
            if text == first or not text.partition("\n\n")[2].strip():
                self.notify("nothing was written, and nothing was sent")
                return None
            wish = "send"
            while wish == "send":
                made = None
                try:
                    made = post.made(draft_of(text, draft))
                    question = f"Send to {', '.join(made[0].recipients)}? y sends, e edits again, n drops it"
                except (MessageFault, CommandFailed, MailAccountFault) as fault:
                    question = f"Not fit to be sent: {fault}. e edits again, n drops it"
                wish = await self.push_screen_wait(_Fate(one_line(question), fit=made is not None))
                if wish == "send" and made is not None:
                    try:
                        return post.keep(*made)
                    except (CommandFailed, OutboxFault, MailAccountFault) as fault:
                        self._refuse(str(fault))
            if wish == "drop":
                self.notify("dropped, and nothing was sent")
                return None

    async def _edited(self, text: str) -> str:
        fault = None
        # What changes meanwhile is painted when the screen is ours again.
        with self.batch_update(), self.suspend():
            try:
                text = await edited(text)
            except CommandFailed as error:  # raised in here it would leave the terminal to nobody
                fault = error
        if fault is not None:
            raise fault
        return text

    def _refuse(self, words: str) -> None:
        self.notify(one_line(words), severity="error", timeout=15, markup=False)

    def action_leave(self) -> None:
        """Leave by QUIT, after a question where something is marked."""
        if self._is_writing:
            self._refuse("a message is still on its way: wait a moment")
            return
        if not self.marked:
            self.run_worker(self._leave(""))
            return
        question = f"Delete {len(self.marked):,} marked? yes deletes, no keeps; Escape goes back"
        self.push_screen(_Ask(question, ""), self._leave)

    async def _leave(self, answer: str | None) -> None:
        wish = (answer or "").strip().lower()
        if answer is None or (self.marked and wish not in {"yes", "y", "no", "n"}):
            return
        chosen = [message for message in self._messages if message.unique_id in self.marked]
        if wish in {"no", "n"}:
            chosen = []
        try:
            if self._maildrop is not None:
                refused = await self._maildrop.mark_many(chosen)
                await self._maildrop.quit()
                kept = {each.message.number for each in refused}
                chosen = [message for message in chosen if message.number not in kept]
        except ClientFault as fault:
            self._complain(fault)
            return
        octets = sum(message.octets for message in chosen)
        self.exit(f"gone: {counted(len(chosen), octets)}" if chosen else "nothing was deleted")

    async def action_abandon(self) -> None:
        """Leave without QUIT: nothing is deleted."""
        if self._maildrop is not None:
            await self._maildrop.close()
        self.exit("nothing was deleted")

    async def _leave_with_the_terminal(self) -> None:
        """End as SIGHUP ends it, where nobody sends that: the toolkit would read the dead terminal for ever."""
        if self._terminal is not None and hung_up(self._terminal):
            if self._maildrop is not None:
                await self._maildrop.close()
            # Who was started by nohup ignores it, and has nothing to read from any more all the same.
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            signal.raise_signal(signal.SIGHUP)

    async def _stay_alive(self) -> None:
        try:
            if self._maildrop is not None:
                await self._maildrop.keep_alive(KEEP_ALIVE_SECONDS)
        except ClientFault as fault:
            self._complain(fault)

    def _complain(self, fault: Exception) -> None:
        self.notify(f"{fault}; g connects anew, and marks stay", severity="error", timeout=15, markup=False)


def _day(told: Summary) -> str:
    return "" if told.date is None else f"{told.date:%Y-%m-%d}"
