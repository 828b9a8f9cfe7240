"""What is known of a session of SMTP or LMTP at each moment: what was announced, who logged in, what is on its way.

Those who look for what is wrong read it, and it changes only after all of them have looked at an event. What the
record does not show counts as not known, never as nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from restante.explain.diagnoses.catalog import Finding
from restante.explain.diagnoses.line_facts import READABLE_MECHANISMS, LineFacts
from restante.explain.events import ResponseKind
from restante.explain.line_events import Joined, Secured
from restante.explain.smtp.commands import HELLOS
from restante.explain.smtp.events import AuthResponseSent, CommandSent, MessageSent, Replied, SmtpEvent

__all__ = ["SmtpExaminer", "SmtpFacts", "shows_a_password"]


class SmtpFacts(LineFacts):
    """Of one session."""

    def __init__(self, client: str = "") -> None:
        super().__init__(client)
        self.greeted: Replied | None = None
        self.extensions: dict[bytes, bytes] | None = None
        """What EHLO announced on the line as it is now, with its parameters; None where that is not known."""
        self.starttls_was_announced = False
        self.last_sequence = 0
        self.answered_sequence = 0
        self.parted = False
        """Whether the client said QUIT."""
        self.password_was_shown = False
        self.mail: CommandSent | None = None
        """The MAIL of the transaction under way; None once it was refused."""
        self.mail_was_refused = False
        self.accepted = 0
        """Recipients of it that the server took."""
        self.has_no_recipients = False
        """Whether some were named, and none was taken."""
        self.message: MessageSent | None = None
        """The last message, until the server answers for it."""
        self.last_reply: Replied | None = None

    @property
    def is_open_line(self) -> bool:
        """Whether others can listen to what is not under TLS, as far as the record shows it."""
        # Under TLS a server announces no STARTTLS (RFC 3207 §4.2).
        return not self.is_local and (self.knows_the_line or self.announces(b"STARTTLS") is True)

    @property
    def has_timed_out(self) -> bool:
        """Whether the last thing that the server said is that it closes."""
        return self.last_reply is not None and self.last_reply.code == 421

    def announces(self, keyword: bytes) -> bool | None:
        """Tell whether EHLO announced an extension; None where that is not known."""
        return None if self.extensions is None else keyword in self.extensions

    def offers(self, mechanism: str) -> bool | None:
        """Tell whether EHLO announced a mechanism; None where that is not known."""
        if self.extensions is None:
            return None
        return mechanism.encode() in self.extensions.get(b"AUTH", b"").upper().split()

    def hear(self, event: SmtpEvent) -> None:
        """Take an event into account, after all have looked at it."""
        self.hear_line(event)
        match event:
            case Joined():
                self.answered_sequence = self.last_sequence
                self.extensions = self.message = None
            case Secured():
                self.extensions, self.answered_sequence = None, self.last_sequence
            case CommandSent():
                self._hear_command(event)
            case AuthResponseSent():
                self.password_was_shown = self.password_was_shown or shows_a_password(event)
            case MessageSent():
                self.message = event
            case Replied():
                self._hear_reply(event)
            case _:
                return

    def _hear_command(self, sent: CommandSent) -> None:
        self.client_spoke, self.last_sequence = True, sent.sequence
        self.password_was_shown = self.password_was_shown or shows_a_password(sent)
        if sent.verb == b"QUIT":
            self.parted = True
        elif sent.verb == b"MAIL":
            self.mail, self.mail_was_refused, self.accepted, self.has_no_recipients = sent, False, 0, False

    def _hear_reply(self, event: Replied) -> None:
        self.server_spoke, self.last_reply = True, event
        if event.is_greeting:
            self.greeted = event
        if event.for_message:
            self.message = None
        sent = event.to
        if sent is None:
            return
        self.answered_sequence = max(self.answered_sequence, sent.sequence)
        if sent.verb in HELLOS and event.good and not event.is_cut:
            lines = [line.strip() for line in event.lines[1:]]
            self.extensions = _extensions(lines) if sent.verb != b"HELO" else {}
            self.starttls_was_announced = self.starttls_was_announced or b"STARTTLS" in self.extensions
        elif sent.verb == b"MAIL" and not event.good:
            self.mail, self.mail_was_refused = None, True
        elif sent.verb == b"RCPT":
            self.accepted += event.good
            self.has_no_recipients = not self.accepted


def _extensions(lines: list[bytes]) -> dict[bytes, bytes]:
    told: dict[bytes, bytes] = {}
    for line in lines:
        # Old servers and clients write AUTH with an equals sign.
        keyword, _, parameters = line.replace(b"AUTH=", b"AUTH ", 1).partition(b" ")
        keyword = keyword.upper()
        told[keyword] = told[keyword] + b" " + parameters if keyword in told else parameters
    return told


def shows_a_password(event: CommandSent | AuthResponseSent) -> bool:
    """Tell whether a line that went in the clear has in it what others could log in with."""
    if event.secured:
        return False
    match event:
        case CommandSent(verb=b"AUTH", has_initial_response=True):
            return event.mechanism in READABLE_MECHANISMS
        case AuthResponseSent(kind=ResponseKind.DATA):
            return event.to.mechanism in READABLE_MECHANISMS
        case _:
            return False


SmtpExaminer: TypeAlias = Callable[[SmtpEvent, SmtpFacts], Iterator[Finding]]
"""Looks at one event, knowing how things stood before it."""
