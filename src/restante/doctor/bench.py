"""What a check works with: conversations at hand in each state, what was learnt before, and the evidence.

The session that is logged in is kept for the next check as long as it stands, since each login costs a server work
and some allow few. A check that breaks one takes its own. Fails with Obstacle where a conversation cannot be had;
the check is then not judged.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar, cast

from restante.client.faults import shown
from restante.doctor.check import NotApplicable
from restante.doctor.learnt import Learnt, Obstacle
from restante.doctor.line import Body, Leave, Line, LineFault, OutOfTime
from restante.doctor.logging_in import log_in
from restante.doctor.patient import Door, Patient
from restante.doctor.peculiarities import Peculiarity, recognised
from restante.doctor.smtp import SmtpNotes
from restante.doctor.strangers import who_is_there
from restante.doctor.world import DialFault, TlsFacts, TlsOffer, World
from restante.explain.reader import Reader
from restante.explain.wire_lines import WireLine, wire_lines
from restante.proto.client import Status
from restante.proto.listings import Capabilities, scan_listing_line, unique_id_line

__all__ = ["Bench", "Obstacle", "capabilities_of"]

T = TypeVar("T")

EVIDENCE_LINES: Final = 15
GREETING_SECONDS: Final = 15.0
MOST_REFUSALS: Final = 5
"""In a session that goes on: some servers end one with ten."""


class Bench:
    """One examination's means."""

    def __init__(
        self,
        patient: Patient,
        world: World,
        *,
        ends_at: float = math.inf,
        waiting: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.patient = patient
        self._ends_at = ends_at
        self.waiting = waiting
        """Hears during a long wait how many seconds are left of it."""
        self.world = world
        self.evidence: deque[WireLine] = deque(maxlen=EVIDENCE_LINES)
        self._learnt = Learnt()
        self._inside: Line | None = None
        self._in_session: dict[str, object] = {}
        self._open: list[Line] = []
        self._mute: dict[Door, Obstacle] = {}
        """Doors that never greeted: each would cost its wait again."""
        self._greeted: set[Door] = set()
        self.marking_is_safe = True
        """Whether RSET took marks off whenever it was tried."""

    # --- what is known ------------------------------------------------------------------------------------------

    def known(self, name: str, learn: Callable[[], T]) -> T:
        """Give what was learnt under a name, or learn it. What stood in the way stands in the way again."""
        return self._learnt.known(name, learn)

    def known_in_session(self, name: str, learn: Callable[[Line], T]) -> T:
        """Give what was learnt under a name in the session that is logged in, or learn it there.

        Message numbers, and what LIST tells under them, are those of one session (RFC 1939 §4): in the next one
        there may be other mail, and some servers write their notes into the messages in between.
        """
        line = self.inside()
        if name not in self._in_session:
            self._in_session[name] = learn(line)
        return cast(T, self._in_session[name])  # put there under the same name by the same caller

    def door(self) -> Door:
        """Give the best door for POP3: TLS from the first octet, else the other. Raises Obstacle."""
        return self.known("door", self._best_door)

    def _best_door(self) -> Door:
        troubles = []
        for door in (Door.POP3S, Door.POP3):
            if door not in self.patient.ports:
                continue
            try:
                line = self.dial(door)
            except Obstacle as error:
                troubles.append(f"port {self.patient.ports[door]}: {self._stranger(door) or error}")
            else:
                self._learnt.note("greeting", line.greeting)
                line.quit()
                return door
        raise Obstacle(f"no POP3 server was found ({'; '.join(troubles)})")

    def _stranger(self, door: Door) -> str:
        """Tell who is there instead of POP3; nothing where nobody is."""
        try:
            self.world.dial(door).close()
        except DialFault:
            return ""
        return who_is_there(self, door)

    def greeting(self) -> Status:
        """Give what the best door greets with. Raises Obstacle."""
        self.door()
        return cast(Status, self._learnt.value("greeting"))  # put there with the door

    def capabilities(self) -> Capabilities:
        """Give what CAPA says before the login, under TLS if there is any. Raises Obstacle."""

        def learn() -> Capabilities:
            with self.outside() as line:
                return capabilities_of(line)

        return self.known("capabilities", learn)

    def capabilities_inside(self) -> Capabilities:
        """Give what CAPA says after the login. Raises Obstacle."""
        return self.known("capabilities after the login", lambda: capabilities_of(self.inside()))

    def announced(self, tag: str) -> tuple[str, ...]:
        """Give the parameters of a capability. Raises NotApplicable where it is not announced."""
        found = self.capabilities().get(tag)
        if found is None:
            raise NotApplicable(f"{tag} is not announced")
        return found

    def login_delay(self) -> int:
        """Give the seconds that have to pass between two logins; 0 where nothing says so. Raises Obstacle."""
        return self.capabilities().seconds("LOGIN-DELAY") or 0

    def need_logins(self) -> None:
        """Raise NotApplicable where the login cannot be made again so soon."""
        if self.login_delay():
            raise NotApplicable("LOGIN-DELAY forbids to log in several times")

    def tls(self) -> TlsFacts:
        """Give the handshake at the best door, by STLS if need be. Raises NotApplicable without TLS."""

        def learn() -> TlsFacts:
            with self.outside() as line:
                if line.tls is None:
                    raise NotApplicable("there is no TLS to look at")
                return line.tls

        return self.known("tls", learn)

    def peculiarities(self) -> tuple[Peculiarity, ...]:
        """Give what is known of servers like this one."""
        try:
            capabilities = self.capabilities()
            return recognised(self.patient.host, self.greeting().text, capabilities)
        except (Obstacle, NotApplicable, OutOfTime):
            return ()

    def listing(self) -> dict[int, int]:
        """Octets by message number, as LIST tells. Raises Obstacle, NotApplicable."""

        def learn(line: Line) -> dict[int, int]:
            body = line.ask_body(b"LIST")
            if body is None:
                raise Obstacle("LIST was refused")
            return dict(found for text in body.lines if (found := scan_listing_line(text)))

        return self.known_in_session("listing", learn)

    def unique_ids(self, line: Line | None = None) -> dict[int, bytes]:
        """Unique-ids by message number, asked anew. Raises NotApplicable where there are none."""
        body = (line or self.inside()).ask_body(b"UIDL")
        if body is None:
            raise NotApplicable("UIDL is refused")
        return dict(found for text in body.lines if (found := unique_id_line(text)))

    def smallest(self, count: int = 1) -> list[int]:
        """Give the numbers of the smallest messages. Raises NotApplicable where there is none."""
        listing = self.listing()
        if not listing:
            raise NotApplicable("the maildrop is empty")
        return sorted(listing, key=lambda number: (listing[number], number))[:count]

    def message(self, number: int) -> Body:
        """Retrieve a message, once a session. Raises Obstacle."""

        def learn(line: Line) -> Body:
            body = line.ask_body(b"RETR %d" % number)
            if body is None:
                raise Obstacle(f"RETR {number} was refused")
            return body

        return self.known_in_session(f"message {number}", learn)

    # --- conversations ------------------------------------------------------------------------------------------

    @property
    def leave(self) -> Leave:
        """What may go out to the server."""
        if self.patient.disposable:
            return Leave.MARK | Leave.READ | Leave.CHANGE
        reads = not any(one.reading_changes for one in self._recognised_so_far())
        return (Leave.MARK if self.marking_is_safe else Leave.NOTHING) | (Leave.READ if reads else Leave.NOTHING)

    @property
    def reading_is_forbidden(self) -> bool:
        """Whether RETR may not go out."""
        return not self.leave & (Leave.READ | Leave.CHANGE)

    def _recognised_so_far(self) -> tuple[Peculiarity, ...]:
        if not (self._learnt.has("greeting") and self._learnt.has("capabilities")):
            return ()
        return self.peculiarities()

    def dial(
        self,
        door: Door,
        *,
        offer: TlsOffer = TlsOffer.TODAY,
        address: str | None = None,
        leave: Leave | None = None,
    ) -> Line:
        """Connect to a door, with TLS where it is one for TLS, and take the greeting. Raises Obstacle."""
        if door in self._mute:
            raise self._mute[door]
        try:
            line = self.dial_raw(door, address=address, leave=leave)
        except DialFault as error:
            raise Obstacle(f"{door.value}: {error}") from None
        try:
            if door.is_tls:
                line.start_tls(offer)
            if door.is_pop3:
                line.greeting = line.status(GREETING_SECONDS)
        except (DialFault, LineFault) as error:
            line.close()
            who = "the server " if isinstance(error, LineFault) else ""
            obstacle = Obstacle(f"{door.value}: {who}{error}")
            if door not in self._greeted and address is None and offer is TlsOffer.TODAY:
                self._mute[door] = obstacle
            raise obstacle from None
        self._greeted.add(door)
        return line

    def dial_raw(self, door: Door, *, address: str | None = None, leave: Leave | None = None) -> Line:
        """Connect to a door, and nothing more. Raises DialFault, OutOfTime."""
        if self.world.clock() >= self._ends_at:
            raise OutOfTime
        observer = Reader(self._note) if door.is_pop3 else SmtpNotes(self.evidence.append)
        wire = self.world.dial(door, address=address)
        line = Line(
            wire,
            observer,
            self.leave if leave is None else leave,
            door=door,
            clock=self.world.clock,
            ends_at=self._ends_at,
        )
        self._open.append(line)
        return line

    def _note(self, event: object) -> None:
        self.evidence.extend(wire_lines(event))  # type: ignore[arg-type]  # what a reader tells are its events

    def fresh(self, leave: Leave | None = None) -> Line:
        """Begin a conversation before the login, under TLS if there is any. Raises Obstacle."""
        door = self.door()
        line = self.dial(door, leave=leave)
        if door is Door.POP3:
            try:
                if "STLS" in capabilities_of(line) and line.ask(b"STLS").ok:
                    line.start_tls()
            except (DialFault, LineFault) as error:
                line.close()
                raise Obstacle(f"STLS: {error}") from None
        return line

    @contextmanager
    def outside(self) -> Iterator[Line]:
        """Hold a conversation before the login, which ends with the block. Raises Obstacle."""
        line = self.fresh()
        try:
            yield line
        finally:
            line.quit()

    @contextmanager
    def plain(self) -> Iterator[Line]:
        """Hold a conversation in the clear at the port for it. Raises NotApplicable where nothing answers there."""
        if Door.POP3 not in self.patient.ports:
            raise NotApplicable("the port without TLS is not looked at")
        try:
            line = self.dial(Door.POP3)
        except Obstacle as error:
            raise NotApplicable(str(error)) from None
        try:
            yield line
        finally:
            line.quit()

    def logged_in(self, leave: Leave | None = None) -> Line:
        """Begin a session that is logged in. Raises Obstacle."""
        login = self.patient.login
        if login is None:
            raise Obstacle("no login was given")
        self.check_that_the_password_is_safe()
        capabilities = self.capabilities()
        line = self.fresh(leave)
        try:
            status = log_in(line, login, capabilities, self.patient, self.world.entropy)
        except LineFault as fault:
            line.close()
            raise Obstacle(f"the login failed: the server {fault}") from None
        if not status.ok:
            line.quit()
            raise Obstacle(f"the login was refused: {shown(status.text) or 'without a word'}")
        return line

    def check_that_the_password_is_safe(self) -> None:
        """Raise Obstacle where a password would go to somebody who is not known, or be read on its way."""
        if self.patient.plaintext:
            return
        try:
            facts = self.tls()
        except NotApplicable:
            raise Obstacle("the password does not go out without TLS; --security plain allows it") from None
        if not facts.trusted:
            raise Obstacle(
                f"the password does not go out, since the certificate is not trusted ({facts.trouble}); "
                "name who signed it with --authorities FILE, or itself with --fingerprint HEX"
            )

    def inside(self) -> Line:
        """Give the session that is logged in, the same for all checks as long as it stands. Raises Obstacle."""

        def first() -> bool:
            self._inside = self.logged_in()
            return True

        self.known("a login", first)
        if (
            self._inside is None
            or self._inside.ended
            or self._inside.unread
            or (self._inside.refusals >= MOST_REFUSALS and not self.login_delay())
        ):
            self.leave_inside()
            self._inside = self.logged_in()
        return self._inside

    @property
    def login_trouble(self) -> str | None:
        """Why the login that was given could not be made; None where it was, or was not tried."""
        return self._learnt.trouble("a login")

    def leave_inside(self) -> None:
        """End the session that is logged in, if there is one: the maildrop is free then."""
        self._in_session.clear()
        if self._inside is not None:
            line, self._inside = self._inside, None
            line.quit()

    @contextmanager
    def own(self, leave: Leave | None = None) -> Iterator[Line]:
        """Hold a session that is logged in and ends with the block, with no other beside it. Raises Obstacle."""
        self.leave_inside()
        line = self.logged_in(leave)
        try:
            yield line
        finally:
            line.quit()

    def close(self) -> None:
        """End all conversations."""
        with suppress(LineFault, OutOfTime):
            self.leave_inside()
        for line in self._open:
            line.close()
        self._open.clear()


def capabilities_of(line: Line) -> Capabilities:
    """Ask what the server can do, now. Raises LineFault."""
    body = line.ask_body(b"CAPA")
    return Capabilities(told=False) if body is None else Capabilities(body.lines)
