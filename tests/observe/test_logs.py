from __future__ import annotations

import errno
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.observe.samples import DELIVERED, ENDED, REFUSED, SAMPLES, every_text_replaced

from restante.observe.hostile import whole
from restante.observe.logs import GATHERED_LINES, LogFormat, LogWriter, _json_of, journal_reads
from restante.ports.accounts import RefusalReason
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Event,
    FaultMet,
    Listening,
    LoginRefused,
    ReplySent,
)

UNLOGGED = (Listening, ConnectionOpened, CommandReceived, ReplySent)
NOON = 1_700_000_000.25
FORGERY = 'x\r\n2023-11-14T22:13:20.250Z info pop3(root)<aaaa>: logged in\n\x1b[31m\u202e\x9b\x00"}\ud800é'


class FailingStream(io.StringIO):
    """Fails as long as it is told to, as a full disk does."""

    failure: Exception | None = None

    def write(self, text: str, /) -> int:
        if self.failure:
            raise self.failure
        return super().write(text)


def log(*events: Event, form: LogFormat = LogFormat.TEXT, journal: bool = False) -> list[str]:
    stream = io.StringIO()
    writer = LogWriter(stream, format=form, clock=lambda: NOON, journal=journal)
    for event in events:
        writer(event)
    text = stream.getvalue()
    assert not text or text.endswith("\n")
    return text.split("\n")[:-1]


def test_a_text_line_begins_with_time_and_level() -> None:
    (line,) = log(DELIVERED)
    assert line == (
        "2023-11-14T22:13:20.250Z info lmtp(ted)<k3fa>: delivered, octets=812, reverse_path=anna@example.org"
    )


def test_a_json_line_is_an_object_whose_first_keys_are_time_level_and_event() -> None:
    (line,) = log(ENDED, form=LogFormat.JSON)
    entry = json.loads(line)
    assert list(entry)[:3] == ["time", "level", "event"]
    assert entry == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "event": "session_ended",
        "session": "k3f9",
        "peer": "203.0.113.5",
        "account": "ted",
        "outcome": "quit",
        "seconds": 0.031,
        "commands": 6,
        "peeked": 3,
        "retrieved": 2,
        "retrieved_octets": 4310,
        "removed": 1,
        "removed_octets": 2155,
        "left": 2,
        "left_octets": 7716,
        "unique_ids_changed": 0,
    }


def test_the_milliseconds_move_within_a_second() -> None:
    times = iter([5.0, 5.75, 6.5])
    stream = io.StringIO()
    writer = LogWriter(stream, format=LogFormat.TEXT, clock=lambda: next(times))
    for _ in range(3):
        writer(ENDED)
    stamps = [line.split()[0] for line in stream.getvalue().splitlines()]
    assert stamps == ["1970-01-01T00:00:05.000Z", "1970-01-01T00:00:05.750Z", "1970-01-01T00:00:06.500Z"]


@pytest.mark.parametrize("form", LogFormat)
@pytest.mark.parametrize("journal", [False, True])
@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_no_text_from_outside_forges_a_line_or_acts_on_a_terminal(
    event: Event, form: LogFormat, journal: bool
) -> None:
    honest, hostile = (
        log(event, form=form, journal=journal),
        log(every_text_replaced(event, FORGERY), form=form, journal=journal),
    )
    assert len(hostile) == len(honest) <= 1
    assert all(re.fullmatch("[ -~]*", line) for line in hostile)
    if form is LogFormat.JSON:
        for line in hostile:
            json.loads(re.sub(r"^<\d>", "", line)).items()


@pytest.mark.parametrize("form", LogFormat)
def test_no_credential_in_the_place_of_a_name_is_logged(form: LogFormat) -> None:
    (line,) = log(replace(REFUSED, name="hunter2", reason=RefusalReason.UNKNOWN_NAME), form=form)
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("form", "start"),
    [(LogFormat.TEXT, "<4>pop3(ted)<k3f9>: login refused"), (LogFormat.JSON, '<4>{"level":"warning"')],
)
def test_for_the_journal_a_line_has_the_priority_and_no_time(form: LogFormat, start: str) -> None:
    (line,) = log(REFUSED, form=form, journal=True)
    assert line.startswith(start)
    assert "22:13:20" not in line


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "full"), BrokenPipeError(), ValueError("closed file")], ids=repr
)
def test_lines_that_cannot_be_written_are_counted_and_told_of(failure: Exception) -> None:
    stream = FailingStream()
    writer = LogWriter(stream, format=LogFormat.JSON, clock=lambda: NOON)
    stream.failure = failure
    writer(ENDED)
    writer(ENDED)
    stream.failure = None
    writer(REFUSED)
    writer(ENDED)
    first, *others = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["level"], first["lines"]) == ("lines_lost", "error", 2)
    assert [entry["event"] for entry in others] == ["login_refused", "session_ended"]


class CountingStream(io.StringIO):
    """Counts writes."""

    writes = 0

    def write(self, text: str, /) -> int:
        self.writes += 1
        return super().write(text)


def test_the_lines_of_a_turn_go_out_in_one_write_at_its_end() -> None:
    stream, asked = CountingStream(), list[Callable[[], None]]()
    writer = LogWriter(stream, format=LogFormat.JSON, at_turns_end=asked.append)
    for event in (ENDED, DELIVERED, REFUSED):
        writer(event)
    assert (stream.writes, len(asked)) == (0, 1)
    asked.pop()()
    assert stream.writes == 1
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == [
        "session_ended",
        "message_delivered",
        "login_refused",
    ]
    writer(ENDED)
    assert len(asked) == 1, "the next turn asks anew"


def test_an_error_does_not_wait_for_the_turns_end_and_keeps_the_order() -> None:
    stream = CountingStream()
    writer = LogWriter(stream, format=LogFormat.JSON, at_turns_end=lambda _: None)
    writer(ENDED)
    writer(FaultMet(session=None, what="a test", error="on purpose"))
    names = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert names == ["session_ended", "fault_met"]


def test_a_turn_without_end_holds_a_bounded_number_of_lines() -> None:
    stream = CountingStream()
    writer = LogWriter(stream, format=LogFormat.JSON, at_turns_end=lambda _: None)
    for _ in range(GATHERED_LINES):
        writer(ENDED)
    assert stream.getvalue().count("\n") == GATHERED_LINES


@given(st.one_of(st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.none()))
def test_a_value_of_an_object_is_what_json_reads_back(value: str | float | None) -> None:
    told = json.loads(_json_of(value))
    assert told == (whole(value) if isinstance(value, str) else value)


def test_a_closed_stream_takes_nothing_down() -> None:
    stream = io.StringIO()
    writer = LogWriter(stream, format=LogFormat.TEXT)
    stream.close()
    writer(ENDED)


def test_a_full_disk_takes_nothing_down() -> None:
    with Path("/dev/full").open("wb", buffering=0) as raw:
        stream = io.TextIOWrapper(raw, write_through=True)
        writer = LogWriter(stream, format=LogFormat.TEXT)
        writer(ENDED)
        stream.detach()


@pytest.mark.parametrize("wire", [False, True])
def test_the_wire_is_in_the_log_only_where_asked_for(wire: bool) -> None:
    for problems_only in (False, True):
        stream = io.StringIO()
        writer = LogWriter(
            stream, format=LogFormat.TEXT, wire=wire, problems_only=problems_only, clock=lambda: NOON, journal=True
        )
        assert writer.wants_wire is wire
        writer(CommandReceived(session="k3f9", line="PASS …".encode()))
        writer(ReplySent(session="k3f9", line=b"+OK bye", octets=9))
        expected = ['<6>wire<k3f9>: command, line="PASS \\u2026"', '<6>wire<k3f9>: reply, line="+OK bye", octets=9']
        assert stream.getvalue().splitlines() == (expected if wire else [])


def test_a_log_of_problems_leaves_out_what_went_well() -> None:
    stream = io.StringIO()
    writer = LogWriter(stream, format=LogFormat.JSON, problems_only=True)
    for event in (ENDED, DELIVERED, REFUSED, replace(ENDED, unique_ids_changed=2)):
        writer(event)
    names = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert names == ["login_refused", "session_ended"]


def test_what_is_not_logged_is_not_even_stamped() -> None:
    def no_clock() -> float:
        raise AssertionError("asked for the time")

    stream = io.StringIO()
    writer = LogWriter(stream, format=LogFormat.TEXT, clock=no_clock)
    unlogged = [event for event in SAMPLES if isinstance(event, UNLOGGED)]
    for event in unlogged:
        writer(event)
    assert len(unlogged) == 4
    assert stream.getvalue() == ""


def test_a_huge_name_makes_a_bounded_line() -> None:
    huge = LoginRefused(
        session="k", peer="p", name="n" * 100_000, mechanism="USER", reason=RefusalReason.WRONG_PASSWORD
    )
    for form in LogFormat:
        (line,) = log(huge, form=form)
        assert len(line) < 1000


def test_importing_the_log_configures_no_logging() -> None:
    program = "import logging, restante.observe\nassert not logging.getLogger().handlers\n"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_journal_is_known_by_device_and_inode(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        assert journal_reads(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        assert not journal_reads(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino + 1}"})
        assert not journal_reads(stream, {})


def test_a_stream_without_a_file_is_not_the_journal() -> None:
    assert not journal_reads(io.StringIO(), {"JOURNAL_STREAM": "1:2"})
