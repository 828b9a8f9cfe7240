"""SMTP out of logs, transcripts, captures and what stood on a terminal; all of them were made by real programs."""

from __future__ import annotations

import pytest
from tests.explain.captured import Talk, pcap
from tests.explain.test_text_sources import LOGS, Sessions

from restante.explain.events import Show, WireEvent
from restante.explain.protocols import MailProtocol
from restante.explain.smtp.events import CommandSent, MessageSent, Replied, SmtpEvent
from restante.explain.sources import Recognizer


def read(
    octets: bytes,
    *,
    cut: int | None = None,
    name: str | None = None,
    ports: tuple[int, ...] = (),
    protocol: MailProtocol | None = None,
) -> tuple[str | None, list[list[SmtpEvent]], list[list[WireEvent]]]:
    sessions = Sessions(Show.NAMES)
    source = Recognizer(sessions, name=name, ports=ports, protocol=protocol)
    step = cut or len(octets) or 1
    for start in range(0, len(octets), step):
        source.feed(octets[start : start + step])
    source.finish()
    return source.name, sessions.smtp, sessions.told


def verbs(events: list[SmtpEvent]) -> list[str]:
    return [event.verb.decode() for event in events if isinstance(event, CommandSent)]


def codes(events: list[SmtpEvent]) -> list[int]:
    return [event.code for event in events if isinstance(event, Replied)]


LETTER = ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]

EACH = [
    ("swaks.log", "arrows", LETTER, [220, 250, 250, 250, 354, 250, 221], 230),
    (
        *("swaks-tls.log", "arrows", ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "QUIT"]),
        *([220, 250, 220, 250, 250, 554, 221], None),
    ),
    ("curl-v-smtp.log", "curl", ["EHLO", "MAIL", "RCPT", "QUIT"], [220, 250, 250, 550, 221], None),
    ("curl-trace-smtp.log", "curl-trace", LETTER[:-1], [220, 250, 250, 250, 354, 250], None),
    (
        *("smtplib.log", "smtplib", [*LETTER[:-1], "MAIL", "RCPT", "RSET", "QUIT"]),
        *([220, 250, 250, 250, 354, 250, 250, 452, 250, 221], 27),
    ),
    ("msmtp-d.log", "mpop", LETTER[:-1], [220, 250, 250, 550], None),
    ("terminal-smtp.log", "terminal", ["EHLO", "MAIL", "RCPT", "QUIT"], [220, 250, 250, 554, 221], None),
]


@pytest.mark.parametrize("cut", [None, 1, 100])
@pytest.mark.parametrize(("file", "name", "said", "answers", "octets"), EACH)
def test_logs_of_programs_are_recognised_and_read(
    file: str, name: str, said: list[str], answers: list[int], octets: int | None, cut: int | None
) -> None:
    found, sessions, others = read((LOGS / file).read_bytes(), cut=cut)
    assert found == name
    assert others == []
    (events,) = sessions
    assert verbs(events) == said
    assert codes(events) == answers
    messages = [event for event in events if isinstance(event, MessageSent)]
    assert [one.octets for one in messages if one.octets is not None] == ([octets] if octets else [])


@pytest.mark.parametrize("file", [one[0] for one in EACH])
def test_nobody_is_named_unless_that_is_asked_for(file: str) -> None:
    sessions = Sessions()
    source = Recognizer(sessions)
    source.feed((LOGS / file).read_bytes())
    source.finish()
    told = repr(sessions.smtp)
    assert all(f"{name}@" not in told for name in ("ann", "ted", "bob", "nobody", "full"))


def test_a_dot_that_was_doubled_on_the_wire_is_counted_once() -> None:
    _, (events,), _ = read((LOGS / "smtplib.log").read_bytes())
    (message,) = [event for event in events if isinstance(event, MessageSent)]
    assert (message.octets, message.lines) == (len("Subject: x\r\n\r\nHello\r\n.dot\r\n"), 4)


def test_a_capture_of_real_sessions_is_read_on_whichever_port() -> None:
    _, sessions, others = read((LOGS / "smtp.pcapng").read_bytes())
    assert others == []
    assert [codes(events)[-2:] for events in sessions] == [[250, 221], [554, 221]]
    (message,) = [event for event in sessions[0] if isinstance(event, MessageSent)]
    assert (message.octets, message.is_complete, message.is_exact) == (21, True, True)


def talk(port: int, *said: tuple[str, bytes]) -> bytes:
    connection = Talk(server=("192.0.2.1", port))
    connection.open()
    for side, octets in said:
        connection.say(side, octets)
    connection.close("S")
    connection.close("C")
    return pcap(connection.packets)


FTP = (
    ("S", b"220 ProFTPD ready\r\n"),
    ("C", b"USER ted\r\n"),
    ("S", b"331 password\r\n"),
    ("C", b"PASS SECRET\r\n"),
)
SILENT_SMTP = (("S", b"220 mail.example.org ready\r\n"), ("C", b"EHLO me\r\n"), ("S", b"250 ok\r\n"))


def test_ftp_greets_in_the_same_way_and_is_passed_over() -> None:
    assert read(talk(2121, *FTP))[1:] == ([], [])


def test_a_greeting_that_does_not_say_smtp_is_known_by_the_clients_first_word() -> None:
    _, (events,), _ = read(talk(2525, *SILENT_SMTP))
    assert verbs(events) == ["EHLO"]
    assert codes(events) == [220, 250]


def test_port_25_is_known_whatever_is_to_be_seen_there() -> None:
    _, (events,), _ = read(talk(25, ("C", b"\x16\x03\x01\x00\x05hello")))
    assert [type(event).__name__ for event in events] == ["Connected", "Sealed", "Closed"]


def test_a_port_can_be_said_to_be_of_a_protocol() -> None:
    hello = ("C", b"\x16\x03\x01\x00\x05hello")
    _, smtp, pop3 = read(talk(2525, hello), ports=(2525,), protocol=MailProtocol.SMTP)
    assert (len(smtp), len(pop3)) == (1, 0)
    _, smtp, pop3 = read(talk(2525, hello), ports=(2525,))
    assert (len(smtp), len(pop3)) == (0, 1)


def test_only_the_protocol_that_is_asked_for_is_told() -> None:
    greeted = (("S", b"+OK ready\r\n"), ("C", b"QUIT\r\n"))
    assert read(talk(110, *greeted), protocol=MailProtocol.SMTP)[1:] == ([], [])
    assert read(talk(25, *SILENT_SMTP), protocol=MailProtocol.POP3)[1:] == ([], [])


def test_pop3_and_smtp_in_one_transcript_are_two_kinds_of_session() -> None:
    script = b"S: +OK\nC: QUIT\nS: +OK bye\nS: 220 x ESMTP\nC: EHLO me\nS: 250 ok\nC: QUIT\nS: 221 bye\n"
    _, smtp, pop3 = read(script)
    assert (len(pop3), len(smtp)) == (1, 1)
    assert verbs(smtp[0]) == ["EHLO", "QUIT"]


def test_what_a_log_says_of_a_protocol_is_believed() -> None:
    script = b"S: +OK\nC: QUIT\nS: +OK bye\n"
    _, smtp, pop3 = read(script, protocol=MailProtocol.SMTP)
    assert (len(smtp), len(pop3)) == (1, 0)


def test_the_log_of_our_own_doors_is_read() -> None:
    name, (events,), _ = read((LOGS / "restante-lmtp.log").read_bytes())
    assert name == "server-log"
    assert codes(events) == [220, 250, 250, 250, 550, 250, 354, 250, 250, 221]
    (message,) = [event for event in events if isinstance(event, MessageSent)]
    assert (message.octets, message.is_complete) == (21, True)
    assert [reply.is_cut for reply in events if isinstance(reply, Replied)][1]
    # LMTP answers once for each recipient that was taken.
    assert sum(reply.for_message for reply in events if isinstance(reply, Replied)) == 2


LIVE = b"""\
12:01:02 a1   -- smtp connection from 192.0.2.7
12:01:02 a1   S: 220 vm ESMTP Restante
12:01:02 a1   C: EHLO me
12:01:02 a1   S: 250-vm  [125 octets on the wire]
12:01:02 a1   C: QUIT
12:01:02 a1   S: 221 2.0.0 Good-bye
"""


def test_the_live_view_of_our_own_doors_is_read() -> None:
    name, (events,), _ = read(LIVE)
    assert name == "restante"
    assert codes(events) == [220, 250, 221]
