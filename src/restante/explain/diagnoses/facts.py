"""What is known of a session at each moment: what was announced, listed, marked and fetched.

Those who look for what is wrong read it, and it changes only after all of them have looked at an event, so that
they see how things stood before. What the record does not show counts as not known, never as nothing. It is bounded
by what the reader keeps of listings.
"""

from __future__ import annotations

from collections.abc import Sequence

from restante.explain.answers import scan_listing
from restante.explain.client_lines import LARGEST_NUMBER_DIGITS
from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.line_facts import READABLE_MECHANISMS, LineFacts
from restante.explain.events import (
    AuthResponseSent,
    BodyEnd,
    BodyReceived,
    Challenged,
    CommandSent,
    Greeted,
    Joined,
    Replied,
    ResponseKind,
    Secured,
    WireEvent,
)
from restante.proto.terms import State

__all__ = ["Facts", "shows_a_password", "unique_ids_in"]

_MOST_NUMBERS = 20_000
"""Of messages that were marked or fetched: as many as are kept of a listing."""

_OF_CREDENTIALS = frozenset({Diagnosis.CREDENTIALS_REFUSED, Diagnosis.LOGIN_REFUSED})
_OF_AN_EXCHANGE = frozenset({Diagnosis.SASL_CANCELLED, Diagnosis.SASL_BAD_BASE64, Diagnosis.OAUTH_REFUSED})


class Facts(LineFacts):
    """Of one session. `fetched_before` are unique-ids of messages that this client fetched in earlier ones."""

    def __init__(self, client: str = "") -> None:
        super().__init__(client)
        self.account = b""
        """Whose maildrop it is, as a digest; empty where that is not known."""
        self.greeted: Greeted | None = None
        self.saw_beginning = False
        """Whether the record shows the session before its login, so that a state is known and not guessed."""
        self.listed_mechanisms: frozenset[str] = frozenset()
        """What AUTH alone told: old servers list their mechanisms there, and not in CAPA."""
        self.capabilities: tuple[bytes, ...] | None = None
        """The lines of the last CAPA on the line as it is now; None when it was not asked, or is not shown."""
        self.announced_stls = False
        """Whether STLS was announced at any time."""
        self.stls_asked: CommandSent | None = None
        self.stls_accepted = False
        self.stls_refused = False
        self.password_was_shown = False
        """Whether a password went by in the clear."""
        self.challenged = 0
        """The sequence of the last AUTH that got a challenge."""
        self.broken_exchange = 0
        """The sequence of the last AUTH of which was told already why it fails."""
        self.refused_logins = 0
        self.logged_in = False
        self.last_sequence = 0
        self.answered_sequence = 0
        self.count: int | None = None
        """Messages, as STAT or LIST told."""
        self.drop_listing: tuple[int, int] | None = None
        """What STAT told, as long as no mark was set or taken off since."""
        self.scan_listing: tuple[int, int] | None = None
        """Count and octets of a whole LIST, under the same condition."""
        self.listed: dict[int, int] = {}
        self.listed_numbers: frozenset[int] | None = None
        """Of a whole LIST, as long as no mark was set or taken off since."""
        self.named_numbers: frozenset[int] | None = None
        """Of a whole UIDL, under the same condition."""
        self.unique_ids: dict[int, bytes] = {}
        self.marked: set[int] = set()
        self.unmarked = 0
        """Marks that RSET took off."""
        self.fetched: dict[int, bytes] = {}
        """Messages that came whole, and their digest; empty where it is not known."""
        self.fetched_before: frozenset[bytes] = frozenset()
        self.top_was_given = False
        self.last_message: BodyReceived | None = None
        """The message behind which the client has said nothing yet."""
        self.is_compared = False
        """Whether its listings were compared with earlier sessions."""
        self.stls_is_compared = False
        self.last_replied: Replied | None = None
        self.unasked_farewell: Replied | None = None
        """A refusal that answers nothing and behind which nothing came, in a session where somebody had asked."""

    # --- what can be concluded from it ------------------------------------------------------------------------

    @property
    def is_open_line(self) -> bool:
        """Whether others can listen to what is not under TLS, as far as the record shows it."""
        # Under TLS a server announces no STLS (RFC 2595 §4).
        return not self.is_local and (self.knows_the_line or self.announces(b"STLS") is True)

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
        named = frozenset(name for words in lines if words[:1] == ["SASL"] for name in words[1:])
        return named | self.listed_mechanisms

    # --- what changes it --------------------------------------------------------------------------------------

    def note(self, findings: Sequence[Finding]) -> None:
        """Take into account what was found at an event, before the event itself."""
        for finding in findings:
            if finding.diagnosis in _OF_CREDENTIALS:
                self.refused_logins += 1
            elif finding.diagnosis in _OF_AN_EXCHANGE and isinstance(finding.event, AuthResponseSent | Challenged):
                self.broken_exchange = finding.event.to.sequence

    def hear(self, event: WireEvent) -> None:
        """Take an event into account, after all have looked at it."""
        self.hear_line(event)
        self.unasked_farewell = None
        match event:
            case Joined():
                self.answered_sequence = self.last_sequence
                self.logged_in = self.logged_in or event.state is not State.AUTHORIZATION
            case Greeted():
                self.greeted, self.server_spoke, self.saw_beginning = event, True, True
            case Secured():
                self.capabilities, self.stls_accepted, self.stls_asked = None, False, None
                self.answered_sequence = self.last_sequence
            case Challenged():
                self.challenged = event.to.sequence
            case CommandSent():
                self._hear_command(event)
            case AuthResponseSent():
                self.password_was_shown = self.password_was_shown or shows_a_password(event)
            case Replied():
                self._hear_reply(event)
            case BodyReceived():
                self._hear_body(event)
            case _:
                return

    def _hear_command(self, sent: CommandSent) -> None:
        self.client_spoke, self.last_sequence, self.last_message = True, sent.sequence, None
        if sent.spec is not None and State.TRANSACTION not in sent.spec.states:
            self.saw_beginning = True
        if sent.keyword == b"STLS":
            self.stls_asked = sent
        if sent.account and not self.logged_in:
            self.account = sent.account
        self.password_was_shown = self.password_was_shown or shows_a_password(sent)

    def _hear_reply(self, event: Replied) -> None:
        self.server_spoke, self.last_replied = True, event
        sent = event.to
        if sent is None:
            if not event.good and self.client_spoke and not self.stls_accepted:
                self.unasked_farewell = event
            return
        self.answered_sequence = sent.sequence
        if sent.keyword == b"STLS":
            self.stls_accepted = event.good
            self.stls_refused = not event.good and not event.secured
        if event.new_state is State.TRANSACTION and event.state is State.AUTHORIZATION:
            self.logged_in = True
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
            case b"UIDL" if sent.number is not None:
                self.unique_ids.update(unique_ids_in((event.text,)))
            case b"DELE" if sent.number is not None and len(self.marked) < _MOST_NUMBERS:
                self.marked.add(sent.number)
                self._forget_listings()
            case b"RSET":
                self.unmarked += len(self.marked)
                self.marked.clear()
                self._forget_listings()
            case _:
                return

    def _forget_listings(self) -> None:
        """Forget what was told of all messages: they are counted differently now."""
        self.drop_listing = self.scan_listing = self.listed_numbers = self.named_numbers = None

    def _hear_body(self, body: BodyReceived) -> None:
        if body.is_message:
            self._hear_message(body)
        elif body.end is BodyEnd.COMPLETE:
            self._hear_listing(body)

    def _hear_message(self, body: BodyReceived) -> None:
        number, has_come = body.to.number, body.end in (BodyEnd.COMPLETE, BodyEnd.NOT_SHOWN)
        self.last_message = body
        if body.to.keyword == b"TOP":
            self.top_was_given = True
        if number is not None and body.to.asks_for_all and has_come and len(self.fetched) < _MOST_NUMBERS:
            self.fetched[number] = body.digest

    def _hear_listing(self, body: BodyReceived) -> None:
        is_whole = body.line_count == len(body.lines)
        match body.to.keyword:
            case b"CAPA":
                self.capabilities = body.lines
                self.announced_stls = self.announced_stls or self.announces(b"STLS") is True
            case b"AUTH":
                names = [line.decode("ascii", "replace").upper() for line in body.lines]
                self.listed_mechanisms = frozenset(name for line in names for name in line.split())
            case b"LIST":
                self.listed = dict([told for line in body.lines if (told := scan_listing(line)) is not None])
                self.count = (body.line_count or 0) + len(self.marked)
                if is_whole and len(self.listed) == len(body.lines):
                    self.listed_numbers = frozenset(self.listed)
                    self.scan_listing = len(self.listed), sum(self.listed.values())
            case b"UIDL":
                self.unique_ids = unique_ids_in(body.lines)
                if is_whole and len(self.unique_ids) == len(body.lines):
                    self.named_numbers = frozenset(self.unique_ids)
            case _:
                return


def shows_a_password(event: CommandSent | AuthResponseSent) -> bool:
    """Tell whether a line that went in the clear has in it what others could log in with."""
    if event.secured:
        return False
    match event:
        case CommandSent(keyword=b"PASS"):
            return event.has_argument
        case CommandSent(keyword=b"AUTH"):
            return event.has_initial_response and event.mechanism in READABLE_MECHANISMS
        case AuthResponseSent(kind=ResponseKind.DATA, to=sent):
            return sent.mechanism in READABLE_MECHANISMS
        case _:
            return False


def unique_ids_in(lines: Sequence[bytes]) -> dict[int, bytes]:
    """Give what lines of UIDL tell, number by number; what has another form is left out."""
    told = [line.split(b" ", 1) for line in lines]
    return {
        int(words[0]): words[1].strip()
        for words in told
        if len(words) == 2 and words[0].isdigit() and len(words[0]) <= LARGEST_NUMBER_DIGITS and words[1].strip()
    }
