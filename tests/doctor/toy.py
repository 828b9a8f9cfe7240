"""A POP3 and submission server in memory that does all right, until a script tells it what to do wrong.

`Toy(answers={b"LIST 0": b"+OK 0 0\\r\\n"})` answers that line so; a keyword stands for all of its
lines. Further arguments are faults with a name. It counts what would change a maildrop.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from restante.doctor.patient import Door
from restante.doctor.world import DialFault, DialProblem, Record, TlsFacts, TlsOffer

GOOD_TLS = TlsFacts(
    version="TLSv1.3", trusted=True, names=("pop.example.org",), days_left=60, key="EC 256", signature="sha256"
)
NOTE = b"Status: RO\r\n"
MESSAGES = (
    b"From: a@example.org\r\nSubject: 1\r\n\r\none\r\n.dot\r\nthree\r\n",
    b"From: b@example.org\r\nSubject: 2\r\n\r\ntwo\r\n",
)
TAGS = (
    *(
        "TOP",
        "UIDL",
        "USER",
        "RESP-CODES",
        "AUTH-RESP-CODE",
        "PIPELINING",
        "EXPIRE NEVER",
        "SASL PLAIN",
        "UTF8",
        "LANG",
    ),
)


@dataclass
class Toy:
    """The world of one server, in memory."""

    answers: dict[bytes, bytes] = field(default_factory=dict)
    greeting: bytes = b"+OK ready <%d.1@pop.example.org>\r\n"
    tags: tuple[str, ...] = TAGS
    tags_after: tuple[str, ...] | None = None
    messages: list[bytes] = field(default_factory=lambda: list(MESSAGES))
    tls: TlsFacts = GOOD_TLS
    tls_at: dict[Door, TlsFacts] = field(default_factory=dict)
    offers: frozenset[TlsOffer] = frozenset({TlsOffer.TODAY, TlsOffer.ONLY_1_3})
    no_tls: bool = False
    clean_end: bool = True
    refused: frozenset[Door] = frozenset()
    dead_addresses: frozenset[str] = frozenset()
    hosts: tuple[str, ...] = ("192.0.2.1", "2001:db8::1")
    srv: bool = True
    alias: bool = False
    config: bytes | None = (
        b'<clientConfig><incomingServer type="pop3"><socketType>SSL</socketType></incomingServer>'
    )
    most_connections: int = 99
    greeting_seconds: float = 0.0
    failure_seconds: dict[bytes, float] = field(default_factory=dict)
    lf_ends: bool = False
    lf_ends_commands: bool = False
    """Commands alone: what answers a challenge ends with CRLF."""
    one_user: bool = False
    """A second USER is refused, as it stands where PASS has to."""
    writes_notes: bool = False
    """Each login writes a line into the header of each message."""
    chops: bool = False
    """A line that is too long is run in pieces."""
    keeps_plain: bool = False
    """What came before the handshake is run after it."""
    locks: bool = True
    stale_lock: bool = False
    marks_stay: bool = False
    shows_marked: frozenset[bytes] = frozenset()
    renumbers: bool = False
    ids_change: bool = False
    removes_when_broken: bool = False
    keeps_marked: bool = False
    stays_open: bool = False
    drops_pipeline: bool = False
    bad_commands: int = 10
    idle_seconds: float = 1e9
    answer_seconds: float = 0.0
    """How long each answer takes."""
    mangles: bool = False
    delivers: bool = True
    flips_eight_bit: bool = False
    ehlo: tuple[str, ...] = ("SIZE 1000000", "8BITMIME")
    ehlo_clear: tuple[str, ...] = ("STARTTLS",)
    ehlo_auth: str = "AUTH PLAIN"
    relays: bool = False
    lets_all_send: bool = False
    lets_none_send: bool = False
    takes_any_size: bool = False
    takes_any_token: bool = False
    token_error: bytes = b'{"status":"invalid_token"}'
    delay_seconds: float = 0.0
    """Between two logins."""
    delay_error: bytes = b"-ERR [LOGIN-DELAY] no\r\n"
    hangs_after_utf8: bool = False
    """STLS after UTF8 is let in, and no TLS follows."""
    most_failures: int = 10**9
    sizes_off: int = 0
    """What LIST tells too many of a message that came by SMTP."""
    hears: Callable[[bytes], None] = lambda line: None

    def __post_init__(self) -> None:
        self.now = 1000.0
        self.opened = 0
        self.lines: list[bytes] = []
        self.locked_by: Connection | None = None
        self.standing: set[Connection] = set()
        self.removed = self.sent = 0
        self.logged_in_at = -1e9

    # --- the port `World` ---------------------------------------------------------------------------------------

    def dial(self, door: Door, *, address: str | None = None) -> Connection:
        if door in self.refused or address in self.dead_addresses:
            raise DialFault(DialProblem.REFUSED, "nobody listens there")
        if len(self.standing) >= self.most_connections:
            raise DialFault(DialProblem.REFUSED, "nobody listens there any more")
        self.opened += 1
        return Connection(self, door)

    def addresses(self) -> tuple[str, ...]:
        return self.hosts

    def services(self, service: str) -> tuple[Record, ...]:
        return (Record(value="pop.example.org", port=995),) if self.srv else ()

    def is_alias(self, name: str) -> bool:
        return self.alias

    def autoconfig(self) -> bytes | None:
        return self.config

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def entropy(self, octets: int) -> bytes:
        return b"e" * octets


class Connection:
    """One connection; the port `Wire`."""

    def __init__(self, toy: Toy, door: Door) -> None:
        self.toy, self.door, self.address = toy, door, "192.0.2.1:995"
        self.tls: TlsFacts | None = None
        self.out = self.unread = b""
        self.over = self.secured = self.inside = self.data = False
        self.auth = self.stamp = b""
        self.user: bytes | None = None
        self.marks: set[int] = set()
        self.bad = 0
        self.letter: list[bytes] = []
        self.silent_seconds = 0.0
        self.failures = 0
        self.utf8 = False
        toy.standing.add(self)
        toy.now += toy.greeting_seconds
        if not door.is_tls:
            self._greet()

    def _greet(self) -> None:
        if self.door.is_pop3:
            greeting = self.toy.greeting
            greeting = greeting % self.toy.opened if b"%d" in greeting else greeting
            self.stamp = (re.findall(rb"<[^>]*>", greeting) or [b""])[0]
            self.out += greeting
        else:
            self.out += b"220 ready\r\n"

    def send(self, octets: bytes) -> None:
        if self.over:
            raise BrokenPipeError
        self.unread += octets
        if self.toy.drops_pipeline and octets.count(b"\r\n") > 1:
            self.unread = octets[: octets.index(b"\r\n") + 2]
        while (end := self._line_end()) in self.unread or len(self.unread) > 4096:
            if self.over:
                return
            if end not in self.unread[:4096] and self.toy.chops:
                line, self.unread = self.unread[:255], self.unread[255:]
            elif end not in self.unread:
                self.out += b"-ERR too long\r\n"
                self._end()
                return
            else:
                line, self.unread = self.unread.split(end, 1)
                if len(line) > 255 and self.toy.chops:
                    line, self.unread = line[:255], line[255:] + end + self.unread
            if line.rstrip(b"\r") == b"STLS" and self.unread and not self.toy.keeps_plain:
                self._end()
                return
            before = self.secured
            (self._pop3 if self.door.is_pop3 else self._smtp)(line.rstrip(b"\r"))
            if self.secured != before:
                return

    def _line_end(self) -> bytes:
        return b"\n" if self.toy.lf_ends or (self.toy.lf_ends_commands and not self.auth) else b"\r\n"

    def receive(self, seconds: float) -> bytes:
        if not self.out and not self.over:
            self.toy.now += seconds
            self.silent_seconds += seconds
            if self.silent_seconds >= self.toy.idle_seconds:
                self._end()
                return b""
            raise TimeoutError
        if self.toy.answer_seconds > seconds:
            self.toy.now += seconds
            raise TimeoutError
        self.toy.now += self.toy.answer_seconds
        self.silent_seconds = 0.0
        octets, self.out = self.out, b""
        return octets

    def start_tls(self, offer: TlsOffer = TlsOffer.TODAY) -> TlsFacts:
        if self.toy.no_tls or offer not in self.toy.offers or (self.utf8 and self.toy.hangs_after_utf8):
            raise DialFault(DialProblem.NO_TLS, "no TLS")
        self.secured = True
        self.tls = self.toy.tls_at.get(self.door, self.toy.tls)
        if self.door.is_tls:
            self._greet()
        elif self.unread:
            self.send(b"")
        return self.tls

    def ended_cleanly(self) -> bool:
        return self.toy.clean_end

    def close(self) -> None:
        if self in self.toy.standing:
            if self.inside and self.toy.removes_when_broken:
                self._update()
            self._end(broken=True)

    def _end(self, *, broken: bool = False) -> None:
        self.over = True
        self.toy.standing.discard(self)
        if self.toy.locked_by is self and not (broken and self.toy.stale_lock):
            self.toy.locked_by = None

    def _update(self) -> None:
        for number in sorted(self.marks, reverse=True):
            self.toy.messages.pop(number - 1)
            self.toy.removed += 1
        self.marks.clear()

    # --- POP3 ---------------------------------------------------------------------------------------------------

    def _pop3(self, line: bytes) -> None:
        toy = self.toy
        toy.lines.append(line)
        toy.hears(line)
        keyword, _, rest = line.partition(b" ")
        # A key ending in `!` is for a session that is logged in alone.
        keys = (line + b"!", keyword + b"!") if self.inside else ()
        for key in (*keys, line, keyword):
            if key in toy.answers:
                self.out += toy.answers[key]
                if key.startswith(b"STLS") and toy.answers[key].startswith(b"+OK"):
                    self.secured = True
                return
        answer = self._continued(line) if self.auth else self._answer(keyword.upper(), rest)
        self.bad = self.bad + 1 if answer.startswith(b"-ERR") else 0
        self.out += answer
        if self.bad >= toy.bad_commands:
            self._end()

    def _answer(self, keyword: bytes, rest: bytes) -> bytes:
        toy, no = self.toy, b"-ERR no\r\n"
        if keyword == b"QUIT":
            if self.inside and not toy.keeps_marked:
                self._update()
            if not toy.stays_open:
                self._end()
            return b"+OK bye\r\n"
        if keyword == b"CAPA" and not rest:
            tags = [*(toy.tags if not self.inside or toy.tags_after is None else toy.tags_after)]
            if self.door is Door.POP3 and not self.secured:
                tags = [tag for tag in tags if tag not in ("USER", "SASL PLAIN")] + ["STLS"]
            return b"+OK\r\n" + "".join(f"{tag}\r\n" for tag in tags).encode() + b".\r\n"
        if not self.inside:
            if keyword == b"STLS" and self.door is Door.POP3 and not self.secured:
                self.secured = True
                return b"+OK\r\n"
            if keyword == b"USER" and self.secured:
                if toy.one_user and self.user is not None:
                    return no
                self.user = rest
                return b"+OK\r\n"
            if keyword == b"PASS" and self.user is not None:
                return self._login(self.user, rest)
            if keyword == b"APOP" and self.stamp and b" " in rest:
                name, digest = rest.split(b" ", 1)
                right = hashlib.md5(self.stamp + b"SECRET", usedforsecurity=False).hexdigest().encode()
                return self._login(name, b"SECRET" if digest == right else b"")
            if keyword == b"AUTH" and rest in (b"PLAIN", b"OAUTHBEARER"):
                self.auth = rest
                return b"+ \r\n"
            if keyword == b"AUTH" and rest.startswith(b"OAUTHBEARER "):
                return self._token(b"OAUTHBEARER", rest[12:])
            if keyword == b"AUTH" and rest.startswith(b"PLAIN "):
                return self._plain(rest[6:])
            if keyword == b"UTF8" and not rest:
                self.utf8 = True
                return b"+OK\r\n"
            if keyword == b"LANG":
                return b"+OK\r\nen English\r\n.\r\n" if not rest else no
            return no
        return self._transaction(keyword, rest)

    def _continued(self, response: bytes) -> bytes:
        mechanism, self.auth = self.auth, b""
        return self._plain(response) if mechanism == b"PLAIN" else self._token(mechanism, response)

    def _token(self, mechanism: bytes, response: bytes) -> bytes:
        if mechanism == b"refused":
            return b"-ERR [AUTH] no\r\n"
        if self.toy.takes_any_token or b"auth=Bearer SECRET\x01" in base64.b64decode(response):
            return self._login(b"ted", b"SECRET")
        self.auth = b"refused"
        return b"+ " + base64.b64encode(self.toy.token_error) + b"\r\n"

    def _plain(self, response: bytes) -> bytes:
        try:
            _, name, password = base64.b64decode(response, validate=True).split(b"\0")
        except ValueError:
            return b"-ERR no\r\n"
        return self._login(name, password)

    def _login(self, name: bytes, password: bytes) -> bytes:
        toy = self.toy
        if (name, password) != (b"ted", b"SECRET"):
            toy.now += toy.failure_seconds.get(name, 0.0)
            self.failures += 1
            if self.failures >= toy.most_failures:
                self._end()
            return b"-ERR [AUTH] no\r\n"
        if toy.locks and toy.locked_by is not None:
            return b"-ERR [IN-USE] no\r\n"
        if toy.now - toy.logged_in_at < toy.delay_seconds:
            return toy.delay_error
        toy.logged_in_at = toy.now
        self.inside, toy.locked_by = True, self
        if toy.writes_notes:
            toy.messages[:] = [NOTE + message for message in toy.messages]
        return b"+OK\r\n"

    def _transaction(self, keyword: bytes, rest: bytes) -> bytes:
        toy, no = self.toy, b"-ERR no\r\n"
        shown = keyword in toy.shows_marked
        live = [n for n in range(1, len(toy.messages) + 1) if shown or n not in self.marks]
        number = int(rest.split(b" ")[0]) if rest.split(b" ")[0].isdigit() else 0
        if keyword == b"NOOP":
            return b"+OK\r\n"
        if keyword == b"RSET":
            if not toy.marks_stay:
                self.marks.clear()
            return b"+OK\r\n"
        if keyword == b"STAT":
            return b"+OK %d %d\r\n" % (len(live), sum(len(toy.messages[n - 1]) for n in live))
        if keyword in (b"LIST", b"UIDL"):
            rows = {n: self._row(keyword, n) for n in live}
            if rest:
                return b"+OK " + rows[number] + b"\r\n" if number in rows else no
            if keyword == b"UIDL" and toy.renumbers and self.marks:
                rows = {n: b"%d id-%d" % (n, n + 1) for n in rows}
            return b"+OK\r\n" + b"".join(row + b"\r\n" for row in rows.values()) + b".\r\n"
        if number not in live:
            return no
        if keyword == b"DELE":
            if number in self.marks:
                return no
            self.marks.add(number)
            return b"+OK\r\n"
        message = toy.messages[number - 1]
        if keyword == b"RETR":
            return b"+OK\r\n" + _stuffed(message) + b".\r\n"
        parts = rest.split(b" ")
        if keyword == b"TOP" and len(parts) == 2 and parts[1].isdigit():
            head, _, body = message.partition(b"\r\n\r\n")
            lines = body.splitlines(keepends=True)[: int(parts[1])]
            return b"+OK\r\n" + _stuffed(head + b"\r\n\r\n" + b"".join(lines)) + b".\r\n"
        return no

    def _row(self, keyword: bytes, number: int) -> bytes:
        if keyword == b"LIST":
            told = self.toy.sizes_off if number > len(MESSAGES) else 0
            return b"%d %d" % (number, told + len(self.toy.messages[number - 1]))
        changing = b"-%d" % self.toy.opened if self.toy.ids_change else b""
        return b"%d id-%d%s" % (number, zlib.crc32(self.toy.messages[number - 1].replace(NOTE, b"")), changing)

    # --- submission ---------------------------------------------------------------------------------------------

    def _smtp(self, line: bytes) -> None:
        toy = self.toy
        toy.lines.append(line)
        if self.data:
            if line == b".":
                self.data = False
                toy.sent += 1
                text = [one[1:] if one.startswith(b".") else one for one in self.letter]
                if toy.mangles:
                    text = [one.replace(b"dot", b"spot") for one in text]
                if toy.flips_eight_bit:
                    text = [bytes(octet & 0x7F for octet in one) for one in text]
                self.letter = []
                if toy.delivers:
                    toy.messages.append(b"".join(one + b"\r\n" for one in text))
                self.out += b"250 ok\r\n"
            else:
                self.letter.append(line)
            return
        keyword = line.upper().split(b" ")[0]
        if keyword == b"EHLO":
            words = (*toy.ehlo, toy.ehlo_auth) if self.secured else (*toy.ehlo, *toy.ehlo_clear)
            words = tuple(word for word in words if word)
            self.out += b"".join(b"250-%s\r\n" % word.encode() for word in ("toy", *words)) + b"250 HELP\r\n"
        elif keyword == b"STARTTLS":
            if self.unread and not toy.keeps_plain:
                self._end()
                return
            self.out += b"220 go\r\n"
            self.secured = True
        elif keyword == b"AUTH":
            right = toy.lets_all_send or b"\0SECRET" in base64.b64decode(line.split()[-1])
            self.inside = right and not toy.lets_none_send
            self.out += b"235 ok\r\n" if self.inside else b"535 no\r\n"
        elif keyword == b"MAIL" and b" SIZE=" in line and not toy.takes_any_size:
            self.out += b"552 too large\r\n"
        elif keyword in (b"MAIL", b"RCPT") and not self.inside and not toy.relays:
            self.out += b"530 log in\r\n"
        elif keyword == b"DATA":
            self.data = True
            self.out += b"354 go\r\n"
        else:
            self.out += b"250 ok\r\n"


def _stuffed(text: bytes) -> bytes:
    lines = text.splitlines(keepends=True)
    return b"".join(b"." + line if line.startswith(b".") else line for line in lines)


def tls(**changes: object) -> TlsFacts:
    """Give facts like those of a good server, but for some."""
    return dataclasses.replace(GOOD_TLS, **changes)  # type: ignore[arg-type]  # named in each script
