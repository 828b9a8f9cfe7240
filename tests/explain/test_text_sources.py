from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.explain.diagnoses import Diagnoser, History
from restante.explain.events import (
    BodyEnd,
    BodyReceived,
    Closed,
    CommandSent,
    Connected,
    Greeted,
    Replied,
    Secured,
    Show,
    WireEvent,
)
from restante.explain.protocols import MailProtocol
from restante.explain.reader import Reader
from restante.explain.smtp.events import SmtpEvent
from restante.explain.smtp.phase import Phase
from restante.explain.smtp.reader import SmtpReader
from restante.explain.sources import FORMATS, Recognizer, looks_like_a_rawlog, read_rawlogs
from restante.explain.undecided import SessionReader, UndecidedReader
from restante.proto.terms import State

LOGS = Path(__file__).parent / "logs"


class Sessions:
    """Gathers what sources tell: sessions of POP3, and those of SMTP."""

    def __init__(self, show: Show = Show.NOTHING) -> None:
        self.told: list[list[WireEvent]] = []
        self.smtp: list[list[SmtpEvent]] = []
        self._show = show

    def __call__(
        self, label: str = "", *, client: str = "", excerpt: bool = False, protocol: MailProtocol | None = None
    ) -> SessionReader:
        def begin(spoken: MailProtocol) -> SessionReader:
            if spoken is MailProtocol.SMTP:
                letters: list[SmtpEvent] = []
                self.smtp.append(letters)
                return SmtpReader(letters.append, show=self._show, excerpt=excerpt)
            events: list[WireEvent] = []
            self.told.append(events)
            return Reader(events.append, show=self._show, excerpt=excerpt)

        return UndecidedReader(begin, protocol=protocol)


def read(
    octets: bytes, *, cut: int | None = None, show: Show = Show.NOTHING
) -> tuple[str | None, list[list[WireEvent]]]:
    sessions = Sessions(show)
    source = Recognizer(sessions)
    for start in range(0, len(octets), cut or len(octets) or 1):
        source.feed(octets[start : start + (cut or len(octets))])
    source.finish()
    return source.name, sessions.told


def commands(events: list[WireEvent]) -> list[str]:
    return [event.line.decode() for event in events if isinstance(event, CommandSent)]


def ends(events: list[WireEvent]) -> State | Phase:
    return events[-1].state


@pytest.mark.parametrize(
    ("file", "name", "said", "tls"),
    [
        ("curl-v.log", "curl", ["CAPA", "AUTH PLAIN", "RETR 1"], False),
        ("curl-v-stls.log", "curl", ["CAPA", "STLS", "CAPA", "AUTH PLAIN", "RETR 1"], True),
        ("curl-trace-ascii.log", "curl-trace", ["CAPA", "AUTH PLAIN", "LIST"], False),
        ("curl-trace.log", "curl-trace", ["CAPA", "AUTH PLAIN", "LIST"], False),
        ("fetchmail-vv.log", "fetchmail", ["CAPA", "USER …", "PASS …", "STAT", "QUIT"], False),
        ("openssl-s_client.log", "terminal", ["CAPA", "USER …", "PASS …", "STAT", "QUIT"], True),
        (
            "thunderbird-console.log",
            "thunderbird",
            ["CAPA", "AUTH PLAIN", "USER …", "PASS …", "STAT", "QUIT"],
            True,
        ),
        (
            "thunderbird-153-stls.log",
            "thunderbird",
            ["CAPA", "STLS", "CAPA", "AUTH PLAIN", "STAT", "LIST", "UIDL", "RETR 1", "QUIT"],
            True,
        ),
        ("thunderbird-153-certificate.log", "thunderbird", ["CAPA", "STLS", "CAPA"], True),
        ("curl-v-certificate.log", "curl", [], False),
        ("fetchmail-certificate.log", "fetchmail", [], False),
        ("mpop-d-certificate.log", "mpop", [], False),
        ("mailkit.log", "transcript", ["CAPA", "USER …", "PASS …", "STAT", "RETR 1", "QUIT"], True),
        (
            "poplib.log",
            "poplib",
            ["CAPA", "USER …", "PASS …", "STAT", "LIST", "UIDL", "TOP 1 2", "RETR 1", "QUIT"],
            False,
        ),
        ("telnet.log", "terminal", ["user …", "pass …", "quit"], False),
    ],
)
@pytest.mark.parametrize("cut", [None, 1, 100])
def test_logs_of_programs_are_recognised_and_read(
    file: str, name: str, said: list[str], tls: bool, cut: int | None
) -> None:
    recognized, sessions = read((LOGS / file).read_bytes(), cut=cut)
    assert recognized == name
    assert [commands(events) for events in sessions] == [said]
    assert any(isinstance(event, Secured) for event in sessions[0]) is tls
    assert "SECRET" not in repr(sessions)


@pytest.mark.parametrize(
    ("log", "ids"),
    [
        *((log, []) for log in ("curl-trace", "curl-trace-ascii", "curl-v", "curl-v-stls", "fetchmail-vv")),
        *((log, []) for log in ("mpop-d-stls", "openssl-s_client")),
        *((log, ["kept-after-reading"]) for log in ("mailkit", "thunderbird-153-stls")),
        # A certificate that is not trusted is told as that alone.
        *((f"{log}-certificate", ["certificate-rejected"]) for log in ("curl-v", "fetchmail", "mpop-d")),
        ("thunderbird-153-certificate", ["certificate-rejected"]),
        ("thunderbird-console", ["credentials-refused"]),
        ("thunderbird-moz", ["tls-not-recorded", "slow-answer"]),
        ("poplib", ["password-in-the-clear", "kept-after-reading"]),
        ("telnet", ["password-in-the-clear", "lock-held"]),
    ],
)
def test_a_log_shows_what_went_wrong_and_nothing_else(log: str, ids: list[str]) -> None:
    _, sessions = read((LOGS / f"{log}.log").read_bytes())
    history = History()
    diagnosers = [(events, Diagnoser(history)) for events in sessions]
    found = [
        one.diagnosis.id for events, diagnoser in diagnosers for event in events for one in diagnoser.hear(event)
    ]
    assert found == ids


@pytest.mark.parametrize("cut", [None, 1, 100])
def test_thunderbirds_own_log_tells_its_session_to_the_good_bye(cut: int | None) -> None:
    _, sessions = read((LOGS / "thunderbird-153-stls.log").read_bytes(), cut=cut)
    (events,) = sessions
    body = next(event for event in events if isinstance(event, BodyReceived) and event.is_message)
    assert (body.end, body.octets) == (BodyEnd.COMPLETE, 363)
    assert ends(events) is State.UPDATE


@pytest.mark.parametrize(("port", "is_secured"), [(995, True), (9950, False), (110, False)])
def test_thunderbird_writes_pop_where_it_means_pops(port: int, is_secured: bool) -> None:
    log = f'console.debug: pop3.server1.0: "Connecting to pop://pop.example.org:{port}"\n'
    _, sessions = read(f'{log}console.debug: pop3.server1.0: "S: +OK\\r\\n"\n'.encode())
    assert any(isinstance(event, Secured) for event in sessions[0]) is is_secured


def test_mailkit_leaves_the_mechanism_where_it_hides_what_follows() -> None:
    _, sessions = read(b"S: +OK\nC: AUTH PLAIN ********\nS: -ERR\nC: AUTH LOGIN\nS: + \nC: ********\nS: +OK\n")
    assert commands(sessions[0]) == ["AUTH PLAIN …", "AUTH LOGIN"]


def test_mailkits_times_are_read() -> None:
    stamp = "2026-11-26T10:50:{:02}Z "
    lines = ["Connected to pop://pop.example.org:110/?starttls=when-available", "S: +OK", "C: CAPA", "S: -ERR"]
    _, sessions = read("\r\n".join(stamp.format(at) + line for at, line in enumerate(lines)).encode())
    assert [type(event) for event in sessions[0]] == [Connected, Greeted, CommandSent, Replied, Closed]
    times = [event.at_seconds for event in sessions[0] if event.at_seconds is not None]
    assert times[3] - times[0] == 3


def test_mpop_tells_its_pipelined_session() -> None:
    name, sessions = read((LOGS / "mpop-d-stls.log").read_bytes())
    assert name == "mpop"
    assert commands(sessions[0])[-7:] == ["RETR 1", "RETR 2", "RETR 3", "DELE 1", "DELE 2", "DELE 3", "QUIT"]
    assert [e.end for e in sessions[0] if isinstance(e, BodyReceived) and e.is_message] == [BodyEnd.COMPLETE] * 3
    assert ends(sessions[0]) is State.UPDATE


def test_sessions_that_a_log_tells_apart_are_told_apart() -> None:
    name, sessions = read((LOGS / "restante-live.log").read_bytes())
    assert name == "restante"
    assert [commands(events) for events in sessions] == [
        ["USER …", "PASS …", "RETR 1", "QUIT"],
        ["(7 octets that are no command)"],
    ]
    bodies = [event for event in sessions[0] if isinstance(event, BodyReceived)]
    assert [(body.end, body.wire_octets) for body in bodies] == [
        (BodyEnd.NOT_SHOWN, 383 - len("+OK 363 octets") - 2)
    ]


def test_thunderbirds_older_log_has_its_times() -> None:
    name, sessions = read((LOGS / "thunderbird-moz.log").read_bytes())
    assert name == "thunderbird-log"
    assert commands(sessions[0]) == ["AUTH", "USER …", "PASS …", "QUIT"]
    login = next(e for e in sessions[0] if isinstance(e, Replied) and e.to is not None and e.to.keyword == b"PASS")
    assert login.at_seconds is not None
    assert login.to is not None
    assert login.to.at_seconds is not None
    assert login.at_seconds - login.to.at_seconds == pytest.approx(12)


def test_several_sessions_in_one_file_come_one_after_the_other() -> None:
    one = b"S: +OK\nC: USER a\nS: +OK\nC: PASS b\nS: -ERR\nC: QUIT\nS: +OK\n"
    _, sessions = read(one + b"\n" + one)
    assert [commands(events) for events in sessions] == [["USER …", "PASS …", "QUIT"]] * 2


def test_a_log_without_times_tells_none() -> None:
    _, sessions = read((LOGS / "mailkit.log").read_bytes())
    assert {event.at_seconds for event in sessions[0]} == {None}
    assert [event.server for event in sessions[0] if isinstance(event, Connected)] == ["pop.example.org:995"]


def test_dovecots_rawlogs_are_told_as_one_session() -> None:
    sessions = Sessions()
    client, server = (LOGS / "rawlog.in").read_bytes(), (LOGS / "rawlog.out").read_bytes()
    assert looks_like_a_rawlog(client)
    read_rawlogs(client, server, sessions)
    (events,) = sessions.told
    assert commands(events) == ["RETR 1", "QUIT"]
    body = next(event for event in events if isinstance(event, BodyReceived))
    assert (body.end, body.octets) == (BodyEnd.COMPLETE, 22)
    assert ends(events) is State.UPDATE


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_rawlog_makes_the_reader_fail(client: bytes, server: bytes) -> None:
    at = b"1795647267.583217 "
    read_rawlogs(client + at + client, at + server, Sessions())


def test_the_servers_own_log_is_read() -> None:
    lines: list[dict[str, object]] = [
        {"event": "reply_sent", "line": "+OK ready", "octets": 11},
        {"event": "command_received", "line": "USER …"},
        {"event": "reply_sent", "line": "+OK", "octets": 5},
        {"event": "command_received", "line": "PASS …"},
        {"event": "reply_sent", "line": "+OK", "octets": 5},
        {"event": "command_received", "line": "RETR 1"},
        {"event": "reply_sent", "line": "+OK 120 octets", "octets": 140},
        {"event": "login_accepted", "account": "ted"},
        {"event": "command_received", "line": "QUIT"},
        {"event": "session_ended", "outcome": "quit"},
        {"event": "reply_sent", "line": "+OK bye", "octets": 9},
    ]
    log = "".join(
        json.dumps({"time": f"2026-11-25T22:46:{second:02}.000Z", "level": "info", **line, "session": "k3f9"})
        + "\n"
        for second, line in enumerate(lines)
    )
    # As the server writes it: the time, the level, the event, the session, and the rest.
    name, sessions = read(log.replace(", ", ",").replace('": ', '":').encode())
    assert name == "server-log"
    assert [commands(events) for events in sessions] == [["USER …", "PASS …", "RETR 1", "QUIT"]]
    assert ends(sessions[0]) is State.UPDATE
    closed = sessions[0][-1]
    assert isinstance(closed, Closed)
    assert closed.by is not None


def test_the_servers_own_log_is_read_as_text_too() -> None:
    said = [
        'wire<k3f9>: reply, line="+OK ready", octets=11',
        "wire<k3f9>: command, line=CAPA",
        'wire<k3f9>: reply, line="+OK what this server can do:", octets=176',
        'wire<k3f9>: command, line="USER \\u2026"',
        "wire<k3f9>: reply, line=+OK, octets=5",
        'wire<k3f9>: command, line="PASS \\u2026"',
        "wire<k3f9>: reply, line=+OK, octets=5",
        "pop3(ted)<k3f9>: logged in, peer=192.0.2.7, mechanism=USER, messages=1, octets=120",
        'wire<k3f9>: command, line="LIST \\"\\\\ \\xfc"',
        'wire<k3f9>: reply, line="-ERR the command is: LIST [msg]", octets=33',
        "wire<k3f9>: command, line=QUIT",
        "pop3(ted)<k3f9>: session ended: quit, peer=192.0.2.7, top=0, retr=0/0",
        'wire<k3f9>: reply, line="+OK bye", octets=9',
    ]
    for prefix in ("2026-11-26T10:52:41.835Z info ", "<6>", "Nov 26 10:52:41 mail restante[12]: "):
        name, sessions = read("\n".join(prefix + line for line in said).encode())
        assert name == "server-log"
        assert [commands(events) for events in sessions] == [["CAPA", "USER …", "PASS …", 'LIST "\\ ü', "QUIT"]]
        assert ends(sessions[0]) is State.UPDATE


def test_a_log_of_ours_is_told_from_its_first_line() -> None:
    for first in (
        b"listening pop3 127.0.0.1:1110\n12:01:02 k3f9 S: +OK Restante ready\n",
        b'listening pop3 127.0.0.1:1110\n2026-11-26T10:52:41.835Z info wire<k3f9>: reply, line="+OK a", octets=7\n',
        b'{"level":"info","event":"reply_sent","session":"k3f9","line":"+OK ready","octets":11}\n',
    ):
        sessions = Sessions()
        Recognizer(sessions).feed(first)
        assert [type(event) for event in sessions.told[0]] == [Connected, Greeted]


def test_the_live_view_tells_of_tls() -> None:
    log = "12:01:02 k3f9 -- pop3 connection from 192.0.2.7{}\n12:01:02 k3f9 S: +OK ready\n"
    for words, is_secured in (("", False), (", under TLS", True)):
        _, sessions = read(log.format(words).encode())
        assert any(isinstance(event, Secured) for event in sessions[0]) is is_secured


def test_our_own_wire_view_can_be_read_again() -> None:
    lines = ["=== connected pop.example.org:995", "=== TLS TLS 1.3", "<~  +OK", "~>  USER …", "<~* -ERR no"]
    name, sessions = read("\n".join([*lines, "=== closed by the server"]).encode())
    assert name == "arrows"
    assert commands(sessions[0]) == ["USER …"]
    closed = sessions[0][-1]
    assert isinstance(closed, Closed)
    assert closed.by is not None


def test_a_file_in_which_nobody_speaks_pop3_tells_nothing() -> None:
    assert read(b"dear ted,\nhow are you?\n" * 1000) == (None, [])
    assert read(b"\0" * 1_000_000) == (None, [])


LINES = (
    *("S: +OK", "C: RETR 1", "< +OK", "> AUTH X", "--> QUIT", "*get* b'+OK", "0000: 2b 4f ", "0000: +OK"),
    *("<= Recv header, 5 bytes", "fetchmail: POP3< +OK", "mailnews.pop3.1: S: +OK", "+OK", "quit", "+ "),
    *("12:01:02 k3f9 C: RETR 1", "12:01:02 k3f9 S: +OK  [1 octets on the wire]", "99:99:99 x C: y"),
)


@given(
    name=st.sampled_from(sorted(FORMATS)),
    lines=st.lists(
        st.one_of(
            st.text(max_size=30),
            st.sampled_from(LINES),
        ),
        max_size=20,
    ),
)
def test_no_file_makes_a_source_fail(name: str, lines: list[str]) -> None:
    octets = "\n".join(lines).encode("utf-8", "surrogatepass")
    for one in (None, name):
        source = Recognizer(Sessions(), name=one)
        source.feed(octets)
        source.finish()
