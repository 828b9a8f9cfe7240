from __future__ import annotations

from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.explain.told import TUTORIAL, pieces, told

from restante.explain.awaiting import MOST_AWAITED, TOLD_UNANSWERED
from restante.explain.events import (
    AuthResponseSent,
    BodyEnd,
    BodyReceived,
    Challenged,
    Closed,
    CommandSent,
    Foreign,
    Greeted,
    LineEnd,
    Lost,
    Replied,
    ResponseKind,
    Sealed,
    SealedKind,
    Secured,
    Show,
    StrayLine,
    WireEvent,
)
from restante.explain.reader import Reader
from restante.explain.wire import Side
from restante.proto.terms import State

LOGIN = """
S: +OK ready
C: USER ted
S: +OK
C: PASS SECRET
S: +OK
"""


EventT = TypeVar("EventT")


def only(events: list[WireEvent], kind: type[EventT]) -> list[EventT]:
    return [event for event in events if isinstance(event, kind)]


# --- which reply belongs to which command, in which state


def test_the_tutorial_of_1999_is_read_with_its_states() -> None:
    events = told(TUTORIAL, excerpt=True)
    assert [event.keyword for event in only(events, CommandSent)] == [b"USER", b"PASS", b"RETR", b"DELE", b"QUIT"]
    assert [(r.to.keyword if r.to else None, r.state, r.new_state) for r in only(events, Replied)] == [
        (b"USER", State.AUTHORIZATION, State.AUTHORIZATION),
        (b"PASS", State.AUTHORIZATION, State.TRANSACTION),
        (b"RETR", State.TRANSACTION, State.TRANSACTION),
        (b"DELE", State.TRANSACTION, State.TRANSACTION),
        (b"QUIT", State.UPDATE, State.UPDATE),
    ]
    assert [body.end for body in only(events, BodyReceived)] == [BodyEnd.NOT_SHOWN]
    assert only(events, Closed)[0].unanswered == ()


def test_pipelined_replies_find_their_commands_in_order() -> None:
    script = (
        LOGIN
        + "C| STAT\\r\\nUIDL\\r\\nRETR 1\\r\\nQUIT\\r\\n\nS: +OK 1 5\nS: +OK\nS: 1 a\nS: .\nS: -ERR no\nS: +OK bye"
    )
    replies = only(told(script), Replied)[2:]
    assert [(r.to.keyword if r.to else None, r.good) for r in replies] == [
        (b"STAT", True),
        (b"UIDL", True),
        (b"RETR", False),
        (b"QUIT", True),
    ]


@pytest.mark.parametrize(
    ("command", "has_body"),
    [
        ("LIST", True),
        ("LIST 1", False),
        ("list", True),
        ("UIDL", True),
        ("UIDL 1", False),
        ("CAPA", True),
        ("RETR 1", True),
        ("TOP 1 0", True),
        ("LANG", True),
        ("LANG de", False),
        ("STAT", False),
        ("NOOP", False),
    ],
)
def test_what_follows_a_good_answer_is_as_the_table_says(command: str, has_body: bool) -> None:
    events = told(f"{LOGIN}C: {command}\nS: +OK\n" + "S: one\nS: .\n" * has_body + "C: QUIT\nS: +OK bye")
    assert len(only(events, BodyReceived)) == has_body
    assert only(events, Replied)[-1].text == b"bye"
    assert only(events, StrayLine) == []


def test_a_bad_answer_has_no_body() -> None:
    events = told(f"{LOGIN}C: LIST\nS: -ERR later\nC: STAT\nS: +OK 0 0")
    assert only(events, BodyReceived) == []
    assert [reply.good for reply in only(events, Replied)[2:]] == [False, True]


def test_auth_without_a_mechanism_is_answered_by_a_listing() -> None:
    events = told("S: +OK\nC: AUTH\nS: +OK\nS: PLAIN\nS: LOGIN\nS: .\nC: QUIT\nS: +OK")
    assert only(events, BodyReceived)[0].lines == (b"PLAIN", b"LOGIN")
    assert only(events, Replied)[-1].state is State.AUTHORIZATION


def test_a_reply_that_nobody_asked_for_stands_alone() -> None:
    reply = only(told("S: +OK ready\nS: -ERR idle for too long"), Replied)[0]
    assert (reply.to, reply.good, reply.text) == (None, False, b"idle for too long")


def test_a_refused_login_stays_in_authorization() -> None:
    replied = only(told("S: +OK\nC: USER a\nS: +OK\nC: PASS b\nS: -ERR [AUTH] wrong"), Replied)[-1]
    assert (replied.code, replied.text, replied.new_state) == (b"AUTH", b"wrong", State.AUTHORIZATION)


def test_quit_before_the_login_reaches_no_update() -> None:
    assert only(told("S: +OK\nC: QUIT\nS: +OK"), Replied)[0].new_state is State.AUTHORIZATION


def test_response_codes_are_read_in_any_case_and_with_their_hierarchy() -> None:
    replies = only(told("S: +OK\nC: NOOP\nS: -err [sys/Temp] later\nC: NOOP\nS: -ERR [not closed"), Replied)
    assert [(r.code, r.text) for r in replies] == [(b"SYS/TEMP", b"later"), (None, b"[not closed")]


def test_the_apop_timestamp_is_found_in_the_greeting() -> None:
    assert only(told("S: +OK hello <1896.697@dbc.example>"), Greeted)[0].timestamp == b"<1896.697@dbc.example>"


def test_what_was_not_answered_is_told_at_the_end() -> None:
    closed = only(told(f"{LOGIN}C: DELE 1\nC: QUIT"), Closed)[0]
    assert [sent.keyword for sent in closed.unanswered] == [b"DELE", b"QUIT"]


def test_a_record_that_begins_in_the_middle_finds_its_state() -> None:
    events = told("C: STAT\nS: +OK 1 2\nC: QUIT\nS: +OK", excerpt=True)
    assert only(events, Replied)[-1].new_state is State.UPDATE


# --- secrets


SECRETS = f"""
S: +OK
C: USER hunter2
S: +OK hunter2, your password?
C: PASS hunter2 hunter3
S: -ERR no such password: HUNTER2 hunter3
C: hunter2
S: -ERR unknown command: Hunter2
C: APOP hunter2 0123456789abcdef
S: -ERR 0123456789abcdef is wrong
C: AUTH PLAIN AGh1bnRlcjIAaHVudGVyMg==
S: -ERR AGh1bnRlcjIAaHVudGVyMg== failed
C: AUTH hunter2
S: -ERR no mechanism hunter2
C: AUTH LOGIN
S: + VXNlcm5hbWU6
C: aHVudGVyMg==
S: + UGFzc3dvcmQ6
C: aHVudGVyMg==
S: -ERR you said aHVudGVyMg==
C: XTND hunter2
S: -ERR
C: hunter2 {"x" * 100_000}
S: -ERR
C| PASS hunter2
"""


def everything(events: list[WireEvent]) -> str:
    return repr(events).casefold()


@pytest.mark.parametrize("cut", [None, 1, 7])
def test_no_secret_is_in_any_event(cut: int | None) -> None:
    events = told(SECRETS, cut=cut)
    for secret in ("hunter2", "hunter3", "ahvudgvymg", "agh1bnrl", "0123456789abcdef"):
        assert secret not in everything(events)
    assert [event.line for event in only(events, CommandSent)][:2] == ["USER …".encode(), "PASS …".encode()]


def test_secrets_show_when_asked_for() -> None:
    events = told(SECRETS, show=Show.SECRETS)
    assert only(events, CommandSent)[1].line == b"PASS hunter2 hunter3"
    assert only(events, AuthResponseSent)[1].line == b"aHVudGVyMg=="


def test_names_show_without_passwords_when_asked_for() -> None:
    events = told(
        "S: +OK\nC: USER ted\nS: +OK ted?\nC: PASS x1y\nS: -ERR x1y\nC: APOP ted 0f0f\nS: -ERR", show=Show.NAMES
    )
    sent = only(events, CommandSent)
    assert [(s.line, s.name) for s in sent] == [
        (b"USER ted", b"ted"),
        ("PASS …".encode(), None),
        ("APOP ted …".encode(), b"ted"),
    ]
    assert [reply.text for reply in only(events, Replied)] == [b"ted?", "…".encode(), b""]


def test_a_line_that_is_no_command_shows_its_octets_only() -> None:
    assert only(told("S: +OK\nC: open sesame"), CommandSent)[0].line == b"(11 octets that are no command)"


def test_what_the_server_says_of_itself_stays_when_a_name_is_part_of_a_word() -> None:
    assert only(told("S: +OK\nC: USER pop\nS: +OK pop3 server, hello pop"), Replied)[0].text == (
        "pop3 server, hello …".encode()
    )


# --- AUTH


def test_lines_of_an_auth_exchange_are_responses_not_commands() -> None:
    script = (
        "S: +OK\nC: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: STAT\nS: + UGFzc3dvcmQ6\nC: QUIT\nS: +OK\nC: STAT\nS: +OK 0 0"
    )
    events = told(script)
    assert [sent.keyword for sent in only(events, CommandSent)] == [b"AUTH", b"STAT"]
    assert [challenge.text for challenge in only(events, Challenged)] == [b"Username:", b"Password:"]
    assert only(events, Replied)[-1].state is State.TRANSACTION


def test_a_response_that_does_not_wait_for_its_challenge_is_no_command() -> None:
    events = told("S: +OK\nC: AUTH LOGIN\nC: dGVk\nC: U0VDUkVU\nS: + x\nS: + x\nS: -ERR")
    assert len(only(events, AuthResponseSent)) == 2


def test_commands_pipelined_behind_an_initial_response_stay_commands() -> None:
    events = told("S: +OK\nC: AUTH PLAIN dGVk\nC: STAT\nS: +OK\nS: +OK 2 3")
    assert [(r.to.keyword if r.to else b"") for r in only(events, Replied)] == [b"AUTH", b"STAT"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("*", ResponseKind.CANCEL),
        ("", ResponseKind.EMPTY),
        ("=", ResponseKind.EMPTY),
        ("dGVk", ResponseKind.DATA),
        ("dGVk!", ResponseKind.BAD_BASE64),
        ("dGV", ResponseKind.BAD_BASE64),
    ],
)
def test_responses_are_told_apart(line: str, kind: ResponseKind) -> None:
    assert only(told(f"S: +OK\nC: AUTH PLAIN\nS: + \nC: {line}\nS: -ERR"), AuthResponseSent)[0].kind is kind


def test_an_oauth_error_is_decoded_and_a_scram_challenge_is_not() -> None:
    oauth = told("S: +OK\nC: AUTH XOAUTH2 dGVk\nS: + eyJzdGF0dXMiOiI0MDAifQ==\nC: \nS: -ERR")
    assert only(oauth, Challenged)[0].text == b'{"status":"400"}'
    scram = told("S: +OK\nC: AUTH SCRAM-SHA-256 dGVk\nS: + cj1hYmM=")
    assert only(scram, Challenged)[0].text == b""


# --- bodies


MESSAGE = """
C: RETR 1
S: +OK
S: Subject: hello
S:
S: ..dots
S: .undotted
S: end
S: .
"""


@pytest.mark.parametrize("cut", [None, 1, 2, 3])
def test_octets_of_a_message_are_those_of_rfc_1939(cut: int | None) -> None:
    body = only(told(LOGIN + MESSAGE, cut=cut), BodyReceived)[0]
    message = b"Subject: hello\r\n\r\n.dots\r\nundotted\r\nend\r\n"
    assert body.end is BodyEnd.COMPLETE
    assert body.octets == len(message)
    assert body.wire_octets == len(message) + 2 + len(b".\r\n")
    assert (body.line_count, body.stuffed, body.unstuffed, body.has_empty_line) == (5, 1, 1, True)
    assert body.lines == ()


def test_a_message_shows_when_asked_for() -> None:
    body = only(told(LOGIN + MESSAGE, show=Show.MESSAGES), BodyReceived)[0]
    assert body.lines[:3] == (b"Subject: hello", b"", b".dots")


def test_a_message_that_ends_with_the_connection_is_cut() -> None:
    events: list[WireEvent] = []
    reader = Reader(events.append)
    for side, octets in pieces(f"{LOGIN}C: RETR 1\nS: +OK\nS: Subject: x\nS| half a li"):
        reader.octets(side, octets, at_seconds=None)
    reader.closed(Side.SERVER, "", at_seconds=None)
    body = only(events, BodyReceived)[0]
    assert (body.end, body.octets, body.longest_line_octets) == (BodyEnd.CUT, 12 + 9, 12)


def test_a_message_that_ends_with_the_record_is_not_told_as_cut() -> None:
    body = only(told(f"{LOGIN}C: RETR 1\nS: +OK\nS: Subject: x\nS| half a li"), BodyReceived)[0]
    assert (body.end, body.octets, body.longest_line_octets) == (BodyEnd.UNFINISHED, 12 + 9, 12)


def test_a_dot_within_bare_line_ends_does_not_end_a_message() -> None:
    script = f"{LOGIN}C: RETR 1\nS: +OK\nS: a\nS| b\\n.\\nc\\r\\n\nS: .\nC: QUIT\nS: +OK"
    body = only(told(script), BodyReceived)[0]
    assert (body.end, body.octets, body.bare_line_ends) == (BodyEnd.COMPLETE, 3 + 3 + 2 + 3, 2)


def test_a_server_that_knows_bare_lf_only_ends_its_messages_so() -> None:
    body = only(told(f"{LOGIN}C: RETR 1\nS| +OK\\na\\nb\\n.\\n\nC: QUIT\nS: +OK"), BodyReceived)[0]
    assert (body.end, body.octets, body.bare_line_ends) == (BodyEnd.COMPLETE, 6, 2)


def test_equal_messages_have_equal_digests() -> None:
    bodies = only(told(LOGIN + MESSAGE + MESSAGE + MESSAGE.replace("end", "End")), BodyReceived)
    assert bodies[0].digest == bodies[1].digest != bodies[2].digest


def test_a_long_listing_is_counted_in_full_and_kept_in_part() -> None:
    listing = "".join(f"{number} 100\\r\\n" for number in range(1, 30_001))
    body = only(told(f"{LOGIN}C: LIST\nS| +OK\\r\\n{listing}.\\r\\n"), BodyReceived)[0]
    assert body.line_count == 30_000
    assert len(body.lines) == 20_000


def test_a_log_that_leaves_a_message_out_is_told_so() -> None:
    events: list[WireEvent] = []
    reader = Reader(events.append, excerpt=True)
    reader.line(Side.CLIENT, b"RETR 1", at_seconds=None)
    reader.replied(b"+OK", 1239, at_seconds=None)
    assert not reader.awaits_body
    reader.replied(b"+OK", 1239, at_seconds=None)
    assert [(body.end, body.wire_octets) for body in only(events, BodyReceived)] == [(BodyEnd.NOT_SHOWN, 1234)]


# --- TLS, and what is no POP3


CLIENT_HELLO = (
    r"\x16\x03\x01\x00\x52\x01\x00\x00\x4e\x03\x03" + r"\x00" * 32 + r"\x00\x00\x02\x13\x01\x01\x00"
    r"\x00\x23\x00\x00\x00\x14\x00\x12\x00\x00\x0fpop.example.org\x00\x2b\x00\x07\x06\x0a\x0a\x03\x04\x03\x03"
)


@pytest.mark.parametrize("cut", [None, 1, 5])
def test_tls_in_place_of_a_command_is_told_with_its_name_and_version(cut: int | None) -> None:
    events = told(f"S: +OK\nC| {CLIENT_HELLO}\nC| \\x17\\x03\\x03", cut=cut)
    sealed = only(events, Sealed)
    assert [(s.side, s.kind, s.version, s.server_name, s.by_stls) for s in sealed] == [
        (Side.CLIENT, SealedKind.HELLO, "TLS 1.3", b"pop.example.org", False)
    ]
    assert only(events, CommandSent) == []


def test_tls_behind_stls_is_told_as_that() -> None:
    sealed = only(
        told(f"S: +OK\nC: STLS\nS: +OK\nC| {CLIENT_HELLO}\nS| \\x15\\x03\\x03\\x00\\x02\\x02\\x30"), Sealed
    )
    assert [(s.side, s.kind, s.by_stls, s.alert) for s in sealed] == [
        (Side.CLIENT, SealedKind.HELLO, True, ""),
        (Side.SERVER, SealedKind.ALERT, True, "unknown CA"),
    ]


def test_a_message_may_hold_what_looks_like_tls() -> None:
    events = told(f"{LOGIN}C: RETR 1\nS| +OK\\r\\n\\x16\\x03\\x01x\\r\\n.\\r\\n\nC: QUIT\nS: +OK")
    assert only(events, Sealed) == []
    assert only(events, Replied)[-1].good


def test_what_stood_behind_stls_belongs_to_nothing_after_the_handshake() -> None:
    events: list[WireEvent] = []
    reader = Reader(events.append)
    reader.octets(Side.SERVER, b"+OK\r\n", at_seconds=0)
    reader.octets(Side.CLIENT, b"STLS\r\nNOOP\r\nQUI", at_seconds=1)
    reader.octets(Side.SERVER, b"+OK\r\n", at_seconds=2)
    reader.secured("TLS 1.3", at_seconds=3)
    reader.octets(Side.CLIENT, b"CAPA\r\n", at_seconds=4)
    reader.octets(Side.SERVER, b"-ERR\r\n", at_seconds=5)
    assert [(s.keyword, s.secured, s.line_end) for s in only(events, CommandSent)] == [
        (b"STLS", False, LineEnd.CRLF),
        (b"NOOP", False, LineEnd.CRLF),
        (b"", False, LineEnd.NONE),
        (b"CAPA", True, LineEnd.CRLF),
    ]
    assert only(events, Secured)[0].by_stls
    last = only(events, Replied)[-1]
    assert last.to is not None
    assert last.to.keyword == b"CAPA"


@pytest.mark.parametrize(
    ("line", "foreign"),
    [
        ("S: 220 mail.example.org ESMTP", Foreign.SMTP),
        ("S: * OK IMAP4rev1 ready", Foreign.IMAP),
        ("S: SSH-2.0-x", Foreign.SSH),
        ("S: HTTP/1.1 400 Bad Request", Foreign.HTTP),
    ],
)
def test_servers_of_other_protocols_are_known_by_their_greeting(line: str, foreign: Foreign) -> None:
    stray = only(told(line), StrayLine)[0]
    assert (stray.foreign, stray.line) == (foreign, line[3:].encode())


@pytest.mark.parametrize(
    ("line", "foreign"),
    [
        ("GET / HTTP/1.1", Foreign.HTTP),
        ("EHLO me", Foreign.SMTP),
        ("a1 LOGIN me x", Foreign.IMAP),
        ("SSH-2.0-x", Foreign.SSH),
        ("GET me", None),
    ],
)
def test_clients_of_other_protocols_are_known_by_their_first_line(line: str, foreign: Foreign | None) -> None:
    assert only(told(f"S: +OK\nC: {line}"), CommandSent)[0].foreign is foreign


def test_lines_of_a_message_out_of_step_are_not_shown() -> None:
    stray = only(told(f"{LOGIN}C: STAT\nS: dear ted\nS: +OK 1 2"), StrayLine)[0]
    assert (stray.line, stray.octets) == (b"", 10)


def test_a_gap_is_told() -> None:
    events: list[WireEvent] = []
    Reader(events.append).lost(Side.SERVER, 12, at_seconds=None)
    assert only(events, Lost)[0].octets == 12


# --- hostile input


WORDS = (
    *(b"+OK\r\n", b"-ERR\r\n", b"+ \r\n", b".\r\n", b"RETR 1\r\n", b"AUTH LOGIN\r\n", b"STLS\r\n", b"LIST\r\n"),
    *(b"QUIT\r\n", b"\x16\x03\x01\x00\x05\x01", b"\x15\x03\x03\x00\x02\x02", b"PASS x\r\n", b"+OK [A] <a@b>\n"),
)
octets = st.one_of(st.binary(max_size=40), st.sampled_from(WORDS))


@given(st.lists(st.tuples(st.sampled_from(Side), octets), max_size=30), st.booleans())
def test_no_octets_raise_and_their_cuts_do_not_matter(parts: list[tuple[Side, bytes]], excerpt: bool) -> None:
    told_of: list[list[WireEvent]] = []
    for step in (None, 1):
        events: list[WireEvent] = []
        reader = Reader(events.append, excerpt=excerpt)
        for side, part in parts:
            for start in range(0, len(part), step or len(part) or 1):
                reader.octets(side, part[start : start + (step or len(part) or 1)], at_seconds=None)
        reader.closed(None, "", at_seconds=None)
        told_of.append(events)
    assert told_of[0] == told_of[1]


def test_what_is_kept_of_hostile_input_is_bounded() -> None:
    events: list[WireEvent] = []
    reader = Reader(events.append)
    reader.octets(Side.SERVER, b"+OK " + b"x" * 10_000_000, at_seconds=None)
    reader.octets(Side.SERVER, b"\r\n", at_seconds=None)
    for _ in range(MOST_AWAITED + 10):
        reader.octets(Side.CLIENT, b"NOOP\r\n", at_seconds=None)
    reader.closed(None, "", at_seconds=None)
    greeted, closed = only(events, Greeted)[0], only(events, Closed)[0]
    assert (greeted.octets, len(greeted.text)) == (10_000_006, 2048)
    assert len(closed.unanswered) == TOLD_UNANSWERED


def test_nothing_is_told_after_the_end() -> None:
    events: list[WireEvent] = []
    reader = Reader(events.append)
    reader.closed(None, "", at_seconds=None)
    reader.octets(Side.SERVER, b"+OK\r\n", at_seconds=None)
    reader.closed(None, "", at_seconds=None)
    assert len(events) == 1
