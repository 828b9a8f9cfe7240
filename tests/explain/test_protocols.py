"""Which protocol is spoken is found out, by port or by what is said, and nothing is lost meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.explain.events import WireEvent
from restante.explain.protocols import MailProtocol, protocol_at, protocol_of
from restante.explain.reader import Reader
from restante.explain.smtp.events import SmtpEvent
from restante.explain.smtp.reader import SmtpReader
from restante.explain.undecided import HELD_EVENTS, HELD_OCTETS, SessionReader, UndecidedReader
from restante.explain.wire import Side

POP3, SMTP = MailProtocol.POP3, MailProtocol.SMTP


class Heard:
    """Begins readers, and gathers what they tell."""

    def __init__(self, protocol: MailProtocol | None = None) -> None:
        self.spoken: list[MailProtocol] = []
        self.events: list[WireEvent | SmtpEvent] = []
        self.reader = UndecidedReader(self._begin, protocol=protocol)

    def _begin(self, protocol: MailProtocol) -> SessionReader:
        self.spoken.append(protocol)
        if protocol is SMTP:
            return SmtpReader(self.events.append)
        return Reader(self.events.append)

    def says(self, side: str, line: bytes) -> None:
        self.reader.octets(Side(side), line + b"\r\n", at_seconds=None)


@pytest.mark.parametrize(
    ("server", "protocol"),
    [
        ("mail.example.org:25", SMTP),
        ("mail.example.org:465", SMTP),
        ("[2001:db8::1]:587", SMTP),
        ("127.0.0.1:24", SMTP),
        ("pop.example.org:110", POP3),
        ("pop.example.org:995", POP3),
        ("mail.example.org:2525", None),
        ("mail.example.org", None),
        ("2001:db8::25", None),
        ("", None),
    ],
)
def test_the_port_tells(server: str, protocol: MailProtocol | None) -> None:
    assert protocol_at(server) is protocol


@pytest.mark.parametrize(
    ("side", "line", "protocol"),
    [
        ("S", b"+OK ready", POP3),
        ("S", b"-ERR no", POP3),
        ("S", b"220 mail.example.org ESMTP", SMTP),
        ("S", b"220-mail.example.org", SMTP),
        ("S", b"554 no", SMTP),
        ("S", b"421 busy", SMTP),
        ("S", b"* OK IMAP4rev1", None),
        ("S", b"2200 letters", None),
        ("C", b"ehlo me", SMTP),
        ("C", b"LHLO me", SMTP),
        ("C", b"MAIL FROM:<>", SMTP),
        ("C", b"CAPA", POP3),
        ("C", b"RETR 1", POP3),
        # Words of several protocols, FTP's among them.
        ("C", b"QUIT", None),
        ("C", b"AUTH PLAIN", None),
        ("C", b"USER ted", None),
        ("C", b"", None),
    ],
)
def test_what_is_plain_of_one_protocol_tells(side: str, line: bytes, protocol: MailProtocol | None) -> None:
    assert protocol_of(Side(side), line) is protocol


def test_what_was_said_before_it_was_plain_is_told_all_the_same() -> None:
    heard = Heard()
    heard.reader.connected("mail.example.org:2525", at_seconds=1.0)
    heard.says("C", b"NOOP")
    assert heard.events == []
    heard.says("S", b"220 mail.example.org ESMTP")
    heard.says("C", b"QUIT")
    assert heard.spoken == [SMTP]
    assert [type(event).__name__ for event in heard.events] == [
        "Connected",
        "CommandSent",
        "Replied",
        "CommandSent",
    ]


def test_the_port_goes_before_the_greeting_so_that_a_wrong_server_is_seen() -> None:
    heard = Heard()
    heard.reader.connected("pop.example.org:110", at_seconds=None)
    heard.says("S", b"220 mail.example.org ESMTP")
    assert heard.spoken == [POP3]


def test_what_is_known_beforehand_goes_before_all() -> None:
    heard = Heard(SMTP)
    heard.reader.connected("pop.example.org:110", at_seconds=None)
    heard.says("S", b"+OK")
    assert heard.spoken == [SMTP]


def test_where_nothing_tells_it_is_taken_for_pop3() -> None:
    heard = Heard()
    heard.says("C", b"QUIT")
    heard.reader.closed(None, "", at_seconds=None)
    assert heard.spoken == [POP3]
    assert len(heard.events) == 2


def test_what_is_held_is_bounded() -> None:
    long, many = Heard(), Heard()
    long.says("C", b"x" * HELD_OCTETS)
    assert long.spoken == [POP3]
    for _ in range(HELD_EVENTS):
        many.reader.lost(Side.CLIENT, 1, at_seconds=None)
    assert many.spoken == [POP3]
    assert len(many.events) == HELD_EVENTS


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Side),
            st.sampled_from(
                [b"220 x\r\n", b"+OK\r\n", b"EHLO x\r\n", b"QUIT\r\n", b"CA", b"PA\r\n", b"\x16\x03\x01"]
            ),
        ),
        max_size=12,
    )
)
def test_it_tells_the_same_as_a_reader_that_knew_it_beforehand(said: list[tuple[Side, bytes]]) -> None:
    found_out = Heard()
    for side, octets in said:
        found_out.reader.octets(side, octets, at_seconds=None)
    found_out.reader.closed(Side.SERVER, "", at_seconds=None)
    (protocol,) = found_out.spoken
    told = Heard(protocol)
    for side, octets in said:
        told.reader.octets(side, octets, at_seconds=None)
    told.reader.closed(Side.SERVER, "", at_seconds=None)
    assert found_out.events == told.events
