from __future__ import annotations

import io
import re
import time
from dataclasses import replace

import pytest
from tests.observe.samples import DELIVERED, ENDED, REFUSED, SAMPLES, every_text_replaced

from restante.observe.transcripts import HELD_ENDS, TerminalTranscript, wants_colour
from restante.ports.accounts import RefusalReason
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Door,
    Event,
    Listening,
    LoginAccepted,
    Outcome,
    ReplySent,
)

NOON = 1_700_000_000.0
CLOCK = time.strftime("%H:%M:%S", time.localtime(NOON))


def shown(*events: Event, colour: bool = False) -> list[str]:
    stream = io.StringIO()
    transcript = TerminalTranscript(stream, colour=colour, clock=lambda: NOON)
    for event in events:
        transcript(event)
    return stream.getvalue().split("\n")[:-1]


def test_a_session_reads_as_it_happened() -> None:
    lines = shown(
        ConnectionOpened(session="k3f9", door=Door.POP3, peer="127.0.0.1"),
        ReplySent(session="k3f9", line=b"+OK ready", octets=11),
        CommandReceived(session="k3f9", line="PASS …".encode()),
        LoginAccepted(session="k3f9", peer="127.0.0.1", account="Ted", mechanism="USER", messages=1, octets=5120),
        CommandReceived(session="k3f9", line=b"RETR 1"),
        ReplySent(session="k3f9", line=b"+OK 5120 octets", octets=5140),
        CommandReceived(session="k3f9", line=b"RETR 9"),
        ReplySent(session="k3f9", line=b"-ERR no message 9: there are 1", octets=32),
        CommandReceived(session="k3f9", line=b"QUIT"),
        ENDED,
        ReplySent(session="k3f9", line=b"+OK good-bye", octets=14),
    )
    assert lines == [
        f"{CLOCK} k3f9 {line}"
        for line in [
            "-- pop3 connection from 127.0.0.1",
            "S: +OK ready",
            "C: PASS ...",
            "-- Ted is logged in: 1 message, 5,120 octets",
            "C: RETR 1",
            "S: +OK 5120 octets  [5,140 octets on the wire]",
            "C: RETR 9",
            "S: -ERR no message 9: there are 1",
            "C: QUIT",
            "S: +OK good-bye",
            "-- ended: quit; retrieved 2, looked at 3, removed 1, 2 messages, 7,716 octets left",
        ]
    ]


def test_a_delivery_is_shown() -> None:
    (line,) = shown(DELIVERED)
    assert line == (
        f"{CLOCK} k3fa -- lmtp: a message of 812 octets from <anna@example.org> is in the maildrop of ted"
    )


def test_an_end_without_a_login_says_so() -> None:
    (line,) = shown(replace(ENDED, account=None, outcome=Outcome.DISCONNECTED))
    assert line.endswith("-- ended without a login: connection lost")


def test_changed_unique_ids_have_a_line() -> None:
    assert shown(replace(ENDED, outcome=Outcome.DISCONNECTED, unique_ids_changed=3))[1].endswith(
        "-- unique-ids changed since the last session: 3"
    )


def test_a_refused_login_is_shown_without_a_name_that_nobody_has() -> None:
    (line,) = shown(replace(REFUSED, name="hunter2", reason=RefusalReason.UNKNOWN_NAME))
    assert "login refused" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_each_event_but_listening_is_shown_on_one_line(event: Event) -> None:
    last_reply = (ReplySent(session="k3f9", line=b"+OK", octets=5),) if event is ENDED else ()
    expected = 0 if isinstance(event, Listening) else 1
    assert len(shown(event, *last_reply)) == expected + len(last_reply)


@pytest.mark.parametrize("outcome", [Outcome.DISCONNECTED, Outcome.AUTOLOGOUT, Outcome.SHUTDOWN, Outcome.FAULT])
def test_an_end_without_a_reply_is_shown_at_once(outcome: Outcome) -> None:
    (line,) = shown(replace(ENDED, outcome=outcome))
    assert f"-- ended: {outcome.value};" in line


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_no_text_from_outside_acts_on_the_terminal(event: Event) -> None:
    for line in shown(every_text_replaced(event, "a\r\nb\x1b[2J\x9b\u202e\x00é")):
        assert re.fullmatch("[ -~]*", line)
    assert len(shown(every_text_replaced(event, "a\r\nb\x1b[2J"))) <= 1


def test_colours_are_put_on_when_wanted_and_always_taken_off() -> None:
    for event in SAMPLES:
        for line in shown(event, colour=True):
            assert line.endswith("\x1b[0m")
            assert re.sub(r"\x1b\[\d*m", "", line) == shown(event)[0]


def test_a_good_and_a_bad_answer_differ_in_colour() -> None:
    good, bad = shown(
        ReplySent(session="k", line=b"+OK", octets=5), ReplySent(session="k", line=b"-ERR", octets=6), colour=True
    )
    taken, later, never = shown(
        *[ReplySent(session="k", line=line, octets=9) for line in (b"250 yes", b"451 no", b"550 no")], colour=True
    )
    assert all("\x1b[32mS: " in line for line in (good, taken))
    assert all("\x1b[31mS: " in line for line in (bad, later, never))
    assert "\x1b[32mS: +OK" in good
    assert "\x1b[31mS: -ERR" in bad


def test_the_transcript_wants_the_wire() -> None:
    assert TerminalTranscript(io.StringIO(), colour=False).wants_wire is True


def test_a_stream_that_fails_takes_nothing_down() -> None:
    stream = io.StringIO()
    transcript = TerminalTranscript(stream, colour=False)
    stream.close()
    transcript(ENDED)


def test_the_ends_that_wait_for_a_reply_are_bounded() -> None:
    ends = [replace(ENDED, session=f"s{number}") for number in range(HELD_ENDS + 1)]
    (line,) = shown(*ends)
    assert f" s{HELD_ENDS} -- ended: quit" in line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "wanted"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    stream: io.StringIO, environment: dict[str, str], wanted: bool
) -> None:
    assert wants_colour(stream, environment) is wanted


def test_a_closed_stream_has_no_colours() -> None:
    stream = io.StringIO()
    stream.close()
    assert wants_colour(stream, {}) is False
