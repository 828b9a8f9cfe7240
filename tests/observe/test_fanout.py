from __future__ import annotations

import io

import pytest

from restante.observe.fanout import tell_all
from restante.ports.events import Event, ServerStopping

STOPPING = ServerStopping(sessions=0)


class Recorder:
    def __init__(self, *, wants_wire: bool = False) -> None:
        self.wants_wire = wants_wire
        self.heard: list[Event] = []

    def __call__(self, event: Event, /) -> None:
        self.heard.append(event)


class Broken(Recorder):
    def __call__(self, event: Event, /) -> None:
        super().__call__(event)
        raise RuntimeError("hunter2\n")


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_each_listener_hears_each_event(count: int) -> None:
    recorders = [Recorder() for _ in range(count)]
    tell = tell_all(*recorders)
    tell(STOPPING)
    tell(STOPPING)
    assert [recorder.heard for recorder in recorders] == [[STOPPING, STOPPING]] * count


@pytest.mark.parametrize(
    ("wants", "expected"),
    [([], False), ([False], False), ([True], True), ([False, True], True), ([False] * 2, False)],
)
def test_the_wire_is_wanted_if_any_wants_it(wants: list[bool], expected: bool) -> None:
    assert tell_all(*[Recorder(wants_wire=want) for want in wants]).wants_wire is expected


@pytest.mark.parametrize("others", [0, 1])
def test_a_listener_that_raises_harms_nobody_and_is_told_of_once(others: int) -> None:
    complaints = io.StringIO()
    broken, later = Broken(), [Recorder() for _ in range(others)]
    tell = tell_all(broken, *later, complaints=complaints)
    tell(STOPPING)
    tell(STOPPING)
    assert all(recorder.heard == [STOPPING, STOPPING] for recorder in later)
    assert broken.heard == [STOPPING, STOPPING]
    (line,) = complaints.getvalue().splitlines()
    assert line.startswith("Broken failed at ServerStopping with RuntimeError (")


def test_a_complaint_holds_nothing_from_outside() -> None:
    complaints = io.StringIO()
    tell_all(Broken(), complaints=complaints)(STOPPING)
    assert "hunter2" not in complaints.getvalue()


def test_complaints_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    tell_all(Broken())(STOPPING)
    captured = capsys.readouterr()
    assert "Broken failed" in captured.err
    assert captured.out == ""


def test_a_complaint_that_cannot_be_written_harms_nobody() -> None:
    closed = io.StringIO()
    closed.close()
    tell_all(Broken(), complaints=closed)(STOPPING)
