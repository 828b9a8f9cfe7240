r"""Sessions told as they come: what a source tells of them goes in, and comes out in one form.

    telling = Telling(TextForm(View.STORY, sys.stdout.write))
    reader = telling.session()
    reader.octets(Side.SERVER, b"+OK\r\n", at_seconds=None)

One `Telling` for all sessions that belong together: what shows only in several of them is found, too. A form
writes; `text_form`, `json_form` and `page` are those there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from restante.explain.diagnoses import Diagnoser, Finding, History
from restante.explain.events import Show, WireEvent
from restante.explain.languages import ENGLISH, Language
from restante.explain.line_events import Ended
from restante.explain.narrate import Narrator
from restante.explain.protocols import MailProtocol
from restante.explain.reader import Reader
from restante.explain.smtp.diagnoses import SmtpDiagnoser
from restante.explain.smtp.events import SmtpEvent
from restante.explain.smtp.narrate import SmtpNarrator
from restante.explain.smtp.reader import SmtpReader
from restante.explain.told import Told
from restante.explain.undecided import SessionReader, UndecidedReader

__all__ = ["MOST_HELD", "Form", "Telling"]

MOST_HELD: Final = 50_000
"""Events of sessions that wait for an earlier one to end. Beyond it that one waits no longer, and they mix."""


class Form(Protocol):
    """How sessions are shown."""

    def begin(self, session: int, label: str, *, mixed: bool) -> None:
        """Begin a session: its number, from 1, and what tells it from others; `mixed` if they go on together."""
        ...

    def tell(self, session: int, told: Told, findings: Sequence[Finding]) -> None:
        """Show an event, and what was found at it."""
        ...

    def missed(self, count: int) -> None:
        """Show that so many events were not heard."""
        ...

    def finish(self) -> None:
        """Show what is to be shown when all sessions are over."""
        ...


class _Session:
    """A session that is told, or waits to be."""

    __slots__ = ("held", "is_over", "is_told", "label", "number")

    def __init__(self, number: int, label: str) -> None:
        self.number = number
        self.label = label
        self.held: deque[Callable[[], None]] = deque()
        """What tells its events, once it is its turn."""
        self.is_told = self.is_over = False


class Telling:
    """Tells sessions in a form.

    `in_turn` tells those that go on at the same time one after the other, in the order of their beginning;
    otherwise they are told as it comes, each line under its session's label.
    """

    def __init__(
        self, form: Form, *, language: Language = ENGLISH, show: Show = Show.NOTHING, in_turn: bool = False
    ) -> None:
        self._form = form
        self._language = language
        self._show = show
        self._in_turn = in_turn
        self._history = History()
        self._waiting: deque[_Session] = deque()
        """Sessions in the order of their beginning, the one that is told now first; where they are told in turn."""
        self._held = 0
        self._sessions = 0

    @property
    def sessions(self) -> int:
        """How many sessions were begun."""
        return self._sessions

    def session(self, label: str = "", *, client: str = "", excerpt: bool = False) -> Reader:
        """Begin a session of POP3. Gives what is to be told of it: an observer of the wire.

        `client` is the address from which it comes, where that is known: sessions of one client are compared.
        `excerpt` says that the source may leave out parts of the session.
        """
        return self._pop3(self._opened(label), client=client, excerpt=excerpt)

    def smtp_session(self, label: str = "", *, client: str = "", excerpt: bool = False) -> SmtpReader:
        """Begin a session of SMTP or LMTP, as `session` does one of POP3."""
        return self._smtp(self._opened(label), client=client, excerpt=excerpt)

    def any_session(
        self, label: str = "", *, client: str = "", excerpt: bool = False, protocol: MailProtocol | None = None
    ) -> UndecidedReader:
        """Begin a session of whichever protocol its port or its first lines show, or of `protocol`."""
        session = self._opened(label)

        def begin(protocol: MailProtocol) -> SessionReader:
            match protocol:
                case MailProtocol.POP3:
                    return self._pop3(session, client=client, excerpt=excerpt)
                case MailProtocol.SMTP:
                    return self._smtp(session, client=client, excerpt=excerpt)

        return UndecidedReader(begin, protocol=protocol)

    def _pop3(self, session: _Session, *, client: str, excerpt: bool) -> Reader:
        narrator, diagnoser = Narrator(self._language), Diagnoser(self._history, client=client)

        def hear(event: WireEvent) -> None:
            def tell() -> None:
                self._form.tell(session.number, narrator.tell(event), diagnoser.hear(event))

            self._hear(session, tell, ends=isinstance(event, Ended))

        return Reader(hear, show=self._show, excerpt=excerpt)

    def _smtp(self, session: _Session, *, client: str, excerpt: bool) -> SmtpReader:
        narrator, diagnoser = SmtpNarrator(self._language), SmtpDiagnoser(client=client)

        def hear(event: SmtpEvent) -> None:
            def tell() -> None:
                self._form.tell(session.number, narrator.tell(event), diagnoser.hear(event))

            self._hear(session, tell, ends=isinstance(event, Ended))

        return SmtpReader(hear, show=self._show, excerpt=excerpt)

    def missed(self, count: int) -> None:
        """Say that so many events were not heard, whichever sessions they were of."""
        self._form.missed(count)

    def finish(self) -> None:
        """Say that all sessions are over."""
        while self._waiting:
            self._next_in_turn()
        self._form.finish()

    def _begin(self, session: _Session) -> None:
        session.is_told = True
        self._form.begin(session.number, session.label, mixed=not self._in_turn)

    def _opened(self, label: str) -> _Session:
        self._sessions += 1
        session = _Session(self._sessions, label)
        if self._in_turn:
            self._waiting.append(session)
            if len(self._waiting) == 1:
                self._begin(session)
        else:
            self._begin(session)
        return session

    def _hear(self, session: _Session, tell: Callable[[], None], *, ends: bool) -> None:
        session.is_over = ends
        if session.is_told:
            tell()
        else:
            session.held.append(tell)
            self._held += 1
        while self._waiting and (self._waiting[0].is_over or self._held > MOST_HELD):
            self._next_in_turn()

    def _next_in_turn(self) -> None:
        """Leave the session that is told now, and begin the next with what was held of it."""
        self._waiting.popleft()
        if not self._waiting:
            return
        session = self._waiting[0]
        self._begin(session)
        while session.held:
            self._held -= 1
            session.held.popleft()()
