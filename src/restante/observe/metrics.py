"""Counts what happens, for Prometheus and whatever else reads OpenMetrics.

A listener that adds to numbers on a board which all workers share (see `board`), so that one address tells of all
of them, whichever takes the question. What there is to count is laid out beforehand (see `families`): an event
costs some additions in memory, and nothing a client sends can make a series. prometheus_client, which knows the two
formats of the answer, is asked only when somebody asks us.

It is for the thread of the event loop. How it fails: it does not; a mechanism or a reason that nobody foresaw is
counted as `other`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final, assert_never

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest as text_of
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_of

from restante.observe import families as f
from restante.observe.board import Board
from restante.ports.accounts import RefusalReason
from restante.ports.events import (
    CertificatesRead,
    CommandReceived,
    ConnectionOpened,
    ConnectionRefused,
    DeliveryDeferred,
    DeliveryRefused,
    Door,
    Event,
    FaultMet,
    Listening,
    LoginAccepted,
    LoginDeferred,
    LoginRefused,
    MaildropBusy,
    MailSessionEnded,
    MessageDelivered,
    Outcome,
    ReplySent,
    SenderLoggedIn,
    ServerStopping,
    SessionEnded,
    TlsFailed,
    UpdateFailed,
)

__all__ = ["Exposition", "Metrics", "new_board"]

_UNBOUNDED: Final = float("inf")

# Cells, looked up once.
_CONNECTIONS: Final = {door: f.CONNECTIONS.cell(door.value) for door in Door}
_ENDED: Final = {outcome: f.SESSIONS.cell(f.label(outcome)) for outcome in Outcome}
_COMMANDS: Final = f.COMMANDS.cell()
_RETRIEVED: Final = f.RETRIEVED.cell()
_RETRIEVED_OCTETS: Final = f.RETRIEVED_OCTETS.cell()
_PEEKED: Final = f.PEEKED.cell()
_REMOVED: Final = f.REMOVED.cell()
_REMOVED_OCTETS: Final = f.REMOVED_OCTETS.cell()
_UNIQUE_IDS_CHANGED: Final = f.UNIQUE_IDS_CHANGED.cell()
_SECONDS_SUM: Final = f.SESSION_SECONDS.sum_cell
_ACCEPTED: Final = {name: f.LOGINS_ACCEPTED.cell(name) for name in f.MECHANISM_LABELS}
_ACCEPTED_OTHER: Final = _ACCEPTED[f.OTHER]
_REFUSED: Final = {
    (name, reason): f.LOGINS_REFUSED.cell(name, f.label(reason))
    for name in f.MECHANISM_LABELS
    for reason in RefusalReason
}
_DEFERRED: Final = {name: f.LOGINS_DEFERRED.cell(name) for name in f.MECHANISM_LABELS}


class Exposition(Enum):
    """The two formats of the answer, by their media types."""

    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    TEXT = "text/plain; version=0.0.4; charset=utf-8"


def new_board(*, processes: int) -> Board:
    """Make the board for that many serving processes. Call it before they are forked. Raises OSError."""
    return Board(rows=processes, cells=f.TOTAL_CELLS)


class Metrics:
    """The numbers of one process, and the way to those of all."""

    wants_wire: Final = False

    def __init__(self, board: Board, *, version: str) -> None:
        """Claim a row of the board; call it in the process that serves. Raises BoardFull, OSError."""
        self._board = board
        self._row = board.claim(from_zero=f.GAUGE_CELLS)
        self._readings: list[tuple[int, Callable[[], float]]] = []
        self._registry = CollectorRegistry()
        self._registry.register(_AllProcesses(board, version))

    # --- gauges --------------------------------------------------------------------------------------------------

    def watch_sessions(self, door: Door, count: Callable[[], int]) -> None:
        """Let `sessions_open` of a door be what `count` gives."""
        self._readings.append((f.SESSIONS_OPEN.cell(door.value), count))

    def watch_password_hashes(self, count: Callable[[], int]) -> None:
        """Let `password_hashes_in_hand` be what `count` gives."""
        self._readings.append((f.PASSWORD_HASHES.cell(), count))

    def watch_delayed_logins(self, count: Callable[[], int]) -> None:
        """Let `logins_delayed` be what `count` gives."""
        self._readings.append((f.LOGINS_DELAYED.cell(), count))

    def read_gauges(self) -> None:
        """Note how the gauges of this process stand. To be called each second, for the others to see."""
        for cell, read in self._readings:
            self._row[cell] = float(read())

    # --- the answer ----------------------------------------------------------------------------------------------

    def expose(self, exposition: Exposition) -> bytes:
        """Give the numbers of all processes, in UTF-8."""
        self.read_gauges()
        match exposition:
            case Exposition.OPENMETRICS:
                return bytes(openmetrics_of(self._registry))  # type: ignore[no-untyped-call]  # theirs, without types
            case Exposition.TEXT:
                return text_of(self._registry)
            case _:
                assert_never(exposition)

    # --- events --------------------------------------------------------------------------------------------------

    def __call__(self, event: Event, /) -> None:
        """Count an event."""
        row = self._row
        # In the order of how often they come.
        match event:
            case ConnectionOpened():
                row[_CONNECTIONS[event.door]] += 1
            case LoginAccepted():
                row[_ACCEPTED.get(event.mechanism, _ACCEPTED_OTHER)] += 1
            case SessionEnded():
                self._count_session(event)
            case MessageDelivered(door=door, octets=octets):
                row[f.DELIVERIES.cell(door.value, "delivered")] += 1
                row[f.DELIVERED_OCTETS.cell(door.value)] += octets
            case LoginRefused(mechanism=mechanism, reason=reason):
                row[_REFUSED[_known(mechanism), reason]] += 1
            case LoginDeferred(mechanism=mechanism):
                row[_DEFERRED[_known(mechanism)]] += 1
            case MaildropBusy():
                row[f.MAILDROP_BUSY.cell()] += 1
            case ConnectionRefused(door=door, reason=words):
                why = f.REFUSED_CONNECTION_LABELS.get(words, f.OTHER)
                row[f.CONNECTIONS_REFUSED.cell(door.value, why)] += 1
            case TlsFailed(door=door):
                row[f.TLS_FAILED.cell(door.value)] += 1
            case MailSessionEnded(door=door, outcome=outcome, secured=secured):
                row[f.MAIL_SESSIONS.cell(door.value, f.label(outcome), "yes" if secured else "no")] += 1
            case SenderLoggedIn(mechanism=mechanism):
                row[f.SENDERS_LOGGED_IN.cell(_known(mechanism))] += 1
            case DeliveryRefused(door=door):
                row[f.DELIVERIES.cell(door.value, "refused")] += 1
            case DeliveryDeferred(door=door):
                row[f.DELIVERIES.cell(door.value, "deferred")] += 1
            case UpdateFailed():
                row[f.UPDATES_FAILED.cell()] += 1
            case FaultMet():
                row[f.FAULTS.cell()] += 1
            case CertificatesRead(problem=problem):
                row[f.CERTIFICATES.cell("good" if problem is None else "bad")] += 1
            case Listening() | ServerStopping() | CommandReceived() | ReplySent():
                pass
            case _:
                assert_never(event)

    def _count_session(self, ended: SessionEnded) -> None:
        row = self._row
        row[_ENDED[ended.outcome]] += 1
        row[f.SESSION_SECONDS.bucket(ended.seconds)] += 1
        row[_SECONDS_SUM] += ended.seconds
        row[_COMMANDS] += ended.commands
        # Most sessions only look whether there is anything.
        if ended.retrieved:
            row[_RETRIEVED] += ended.retrieved
            row[_RETRIEVED_OCTETS] += ended.retrieved_octets
        if ended.peeked:
            row[_PEEKED] += ended.peeked
        if ended.removed:
            row[_REMOVED] += ended.removed
            row[_REMOVED_OCTETS] += ended.removed_octets
        if ended.unique_ids_changed:
            row[_UNIQUE_IDS_CHANGED] += ended.unique_ids_changed


def _known(mechanism: str) -> str:
    return mechanism if mechanism in _ACCEPTED else f.OTHER


class _AllProcesses:
    """Gives prometheus_client the numbers of the board, in its own form."""

    def __init__(self, board: Board, version: str) -> None:
        self._board = board
        self._version = version

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("restante_build", "The version that runs.", value={"version": self._version})
        totals = self._board.totals()
        for family in f.FAMILIES:
            match family.kind:
                case f.Kind.COUNTER:
                    counter = CounterMetricFamily(family.name, family.help, labels=family.labels)
                    for values, cell in family.series.items():
                        counter.add_metric(values, totals[cell])
                    yield counter
                case f.Kind.GAUGE:
                    gauge = GaugeMetricFamily(family.name, family.help, labels=family.labels)
                    for values, cell in family.series.items():
                        gauge.add_metric(values, totals[cell])
                    yield gauge
                case f.Kind.HISTOGRAM:
                    histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
                    for values, cell in family.series.items():
                        numbers = totals[cell : cell + len(family.buckets) + 2]
                        histogram.add_metric(values, _cumulated(family.buckets, numbers), numbers[-1])
                    yield histogram
                case _:
                    assert_never(family.kind)


def _cumulated(bounds: tuple[float, ...], numbers: list[float]) -> list[tuple[str, float]]:
    """Give the buckets as the formats have them: each holds what is in the smaller ones, too."""
    buckets, below = [], 0.0
    for bound, count in zip((*bounds, _UNBOUNDED), numbers, strict=False):
        below += count
        buckets.append(("+Inf" if bound == _UNBOUNDED else str(bound), below))
    return buckets
