"""What is known of a session at each moment: what was announced, listed, marked and fetched.

Those who look for what is wrong read it, and it changes only after all of them have looked at an event, so that
they see how things stood before. It is bounded by what the reader keeps of listings.
"""

from __future__ import annotations

from restante.explain.answers import scan_listing
from restante.explain.client_lines import LARGEST_NUMBER_DIGITS
from restante.explain.events import (
    BodyReceived,
    CommandSent,
    Connected,
    Greeted,
    Joined,
    Replied,
    Sealed,
    Secured,
    StrayLine,
    WireEvent,
)
from restante.explain.wire import Side
from restante.proto.terms import State

__all__ = ["Facts"]

_MOST_NUMBERS = 20_000
"""Of messages that were marked or fetched: as many as are kept of a listing."""


class Facts:
    """Of one session."""

    def __init__(self, client: str = "") -> None:
        self.client = client
        self.server = ""
        self.is_partial = False
        """Whether something of the session was not heard: what is not known of it need not be so."""
        self.began_at_seconds: float | None = None
        self.greeted: Greeted | None = None
        self.server_spoke = False
        self.client_spoke = False
        self.sealed: set[Side] = set()
        self.capabilities: tuple[bytes, ...] | None = None
        """The lines of the last CAPA on the line as it is now; None when it was not asked."""
        self.stls_asked: CommandSent | None = None
        self.stls_accepted = False
        self.stls_refused = False
        self.clear_login: CommandSent | None = None
        """The first login command that went in the clear."""
        self.refused_logins = 0
        self.logged_in = False
        self.last_sequence = 0
        self.answered_sequence = 0
        self.count: int | None = None
        """Messages, as STAT or LIST told."""
        self.drop_listing: tuple[int, int] | None = None
        self.listed: dict[int, int] = {}
        self.unique_ids: dict[int, bytes] = {}
        self.marked: set[int] = set()
        self.unmarked = 0
        """Marks that RSET took off."""
        self.fetched: dict[int, bytes] = {}
        """Messages that came whole, and their digest; empty where it is not known."""
        self.is_compared = False
        """Whether it was compared with earlier sessions."""
        self.last_replied: Replied | None = None
        self.unasked_farewell: Replied | None = None
        """A refusal that answers nothing and behind which nothing came, in a session where somebody had asked."""
        self.last_at_seconds: float | None = None

    def announces(self, tag: bytes) -> bool | None:
        """Tell whether CAPA has a tag; None when CAPA was not asked."""
        if self.capabilities is None:
            return None
        return any(line.split(b" ")[0].upper() == tag for line in self.capabilities)

    def mechanisms(self) -> frozenset[str] | None:
        """Give what CAPA says of SASL; None when CAPA was not asked."""
        if self.capabilities is None:
            return None
        lines = [line.decode("ascii", "replace").upper().split() for line in self.capabilities]
        return frozenset(name for words in lines if words[:1] == ["SASL"] for name in words[1:])

    def hear(self, event: WireEvent) -> None:
        """Take an event into account, after all have looked at it."""
        self.last_at_seconds = event.at_seconds if event.at_seconds is not None else self.last_at_seconds
        self.unasked_farewell = None
        match event:
            case Connected():
                self.server, self.began_at_seconds = event.server, event.at_seconds
            case Joined():
                self.is_partial = self.server_spoke = self.client_spoke = True
                self.answered_sequence = self.last_sequence
                self.logged_in = self.logged_in or event.state is not State.AUTHORIZATION
            case Greeted():
                self.greeted, self.server_spoke = event, True
            case StrayLine():
                self.server_spoke = True
            case Sealed():
                self.sealed.add(event.side)
            case Secured():
                self.capabilities, self.stls_accepted, self.stls_asked = None, False, None
                self.answered_sequence = self.last_sequence
            case CommandSent():
                self._hear_command(event)
            case Replied():
                self._hear_reply(event)
            case BodyReceived():
                self._hear_body(event)
            case _:
                return

    def _hear_command(self, sent: CommandSent) -> None:
        self.client_spoke, self.last_sequence = True, sent.sequence
        if sent.keyword == b"STLS":
            self.stls_asked = sent
        is_login = sent.keyword in (b"PASS", b"AUTH") and sent.has_argument
        if self.clear_login is None and is_login and not sent.secured:
            self.clear_login = sent

    def _hear_reply(self, event: Replied) -> None:
        self.server_spoke, self.last_replied = True, event
        sent = event.to
        if sent is None:
            if not event.good and self.client_spoke and not self.stls_accepted:
                self.unasked_farewell = event
            return
        self.answered_sequence = sent.sequence
        if sent.keyword == b"STLS":
            self.stls_accepted, self.stls_refused = event.good, not event.good
        if event.new_state is State.TRANSACTION and event.state is State.AUTHORIZATION:
            self.logged_in = True
        elif sent.keyword in (b"PASS", b"APOP", b"AUTH") and sent.has_argument and not event.good:
            self.refused_logins += 1
        if event.good:
            self._hear_good_reply(event, sent)

    def _hear_good_reply(self, event: Replied, sent: CommandSent) -> None:
        match sent.keyword:
            case b"STAT":
                self.drop_listing = scan_listing(event.text)
                if self.drop_listing is not None:
                    self.count = self.drop_listing[0] + len(self.marked)
            case b"LIST" if sent.number is not None and (told := scan_listing(event.text)) is not None:
                self.listed[told[0]] = told[1]
            case b"DELE" if sent.number is not None and len(self.marked) < _MOST_NUMBERS:
                self.marked.add(sent.number)
            case b"RSET":
                self.unmarked += len(self.marked)
                self.marked.clear()
            case _:
                return

    def _hear_body(self, body: BodyReceived) -> None:
        number = body.to.number
        match body.to.keyword:
            case b"CAPA":
                self.capabilities = body.lines
            case b"LIST":
                self.listed = dict([told for line in body.lines if (told := scan_listing(line)) is not None])
                self.count = (body.line_count or 0) + len(self.marked)
            case b"UIDL":
                self.unique_ids = _unique_ids(body.lines)
            case b"RETR" | b"TOP" if number is not None and len(self.fetched) < _MOST_NUMBERS:
                if body.to.asks_for_all:
                    self.fetched[number] = body.digest
            case _:
                return


def _unique_ids(lines: tuple[bytes, ...]) -> dict[int, bytes]:
    told = [line.split(b" ", 1) for line in lines]
    return {
        int(words[0]): words[1].strip()
        for words in told
        if len(words) == 2 and words[0].isdigit() and len(words[0]) <= LARGEST_NUMBER_DIGITS
    }
