"""The full-screen reader: `restante read --interactive`.

Messages that are marked are marked here and not at the server, until QUIT is confirmed: so a session that breaks,
or Ctrl-C, deletes nothing, and a refresh, which is a new session, loses no mark. Marks go by unique-id. Headers are
asked for where the cursor comes. NOOP keeps the session from ending. What goes wrong with the server is told on the
screen; nothing here raises. Source: RFC 1939 §6 (QUIT deletes).
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.coordinate import Coordinate
from textual.screen import ModalScreen, Screen
from textual.widgets import DataTable, Footer, Input, Label, Static

from restante.cli.letter_form import attachment_lines
from restante.cli.mail_table import counted, octets_told
from restante.client import ClientFault, Maildrop, Message
from restante.mail_accounts import MailAccountFault
from restante.proto.terms import UniqueId
from restante.reading import Readable, Summary, readable, save, summary

__all__ = ["ReaderApp"]

KEEP_ALIVE_SECONDS: Final = 30.0
_STRETCH: Final = 50
"""How many headers are asked for around the cursor."""


class _Letter(Screen[None]):
    """One message, open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Back"),
        Binding("s", "save", "Save attachments"),
        Binding("d", "mark", "Mark/undo"),
    ]

    def __init__(self, letter: Readable, mark: Callable[[], None]) -> None:
        super().__init__()
        self._letter = letter
        self._mark = mark

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


class ReaderApp(App[str]):
    """Lists a maildrop, newest first, and opens its messages. Ends with a line that says what was done."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "mark", "Mark/undo"),
        Binding("g", "refresh_mail", "Refresh"),
        Binding("q", "leave", "Quit"),
        Binding("ctrl+c,ctrl+q", "abandon", "Leave all as it is", priority=True),
    ]

    def __init__(self, connect: Callable[[], Awaitable[Maildrop]]) -> None:
        super().__init__()
        self._connect = connect
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
        self.push_screen(_Letter(letter, self.action_mark))

    def action_mark(self) -> None:
        """Mark the message under the cursor for deletion, or take its mark off."""
        if not self._messages:
            return
        row = self._table.cursor_row
        self.marked ^= {self._messages[row].unique_id}
        is_marked = self._messages[row].unique_id in self.marked
        self._table.update_cell_at(Coordinate(row, 0), Text("D" if is_marked else " ", "bold red"))
        self.notify("marked: deleted when you quit and say yes" if is_marked else "not marked any more")

    def action_leave(self) -> None:
        """Leave by QUIT, after a question where something is marked."""
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
