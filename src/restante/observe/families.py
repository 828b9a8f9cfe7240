"""The metrics there are: their names, their help, their labels, and the place of each number on the board.

The set is closed: every label has its values listed here, so that nothing a client sends can make a series, and the
numbers can lie in memory that is laid out before the first connection. No label holds an account or an address.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from restante.ports.accounts import RefusalReason
from restante.ports.events import Door, Outcome
from restante.sasl.registry import MECHANISMS

__all__ = [
    "CERTIFICATES",
    "COMMANDS",
    "CONNECTIONS",
    "CONNECTIONS_REFUSED",
    "DELIVERED_OCTETS",
    "DELIVERIES",
    "FAMILIES",
    "FAULTS",
    "GAUGE_CELLS",
    "LOGINS_ACCEPTED",
    "LOGINS_DEFERRED",
    "LOGINS_DELAYED",
    "LOGINS_REFUSED",
    "MAILDROP_BUSY",
    "MECHANISM_LABELS",
    "OTHER",
    "PASSWORD_HASHES",
    "PEEKED",
    "REFUSED_CONNECTION_LABELS",
    "REMOVED",
    "REMOVED_OCTETS",
    "RETRIEVED",
    "RETRIEVED_OCTETS",
    "SESSIONS",
    "SESSIONS_OPEN",
    "SESSION_SECONDS",
    "TLS_FAILED",
    "TOTAL_CELLS",
    "UNIQUE_IDS_CHANGED",
    "UPDATES_FAILED",
    "Family",
    "Kind",
    "label",
]

OTHER: Final = "other"
"""For what is not in the list of a label's values."""

_SESSION_BUCKETS: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Seconds: a poll takes some hundredths, the login ends after 60, the autologout comes after 600."""


class Kind(Enum):
    """What a family's numbers are."""

    COUNTER = "counter"
    """Grows for ever; `_total` is added to its name on the wire."""
    GAUGE = "gauge"
    """What is so now."""
    HISTOGRAM = "histogram"
    """How many fell into each bucket, and their sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A metric: one number, or the numbers of a histogram, for each combination of the labels' values."""

    kind: Kind
    name: str
    help: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...]
    """Upper bounds of a histogram; a last bucket without bound is added."""
    series: Mapping[tuple[str, ...], int]
    """From the labels' values to the first cell of their numbers: one, or each bucket's count and then the sum."""

    def cell(self, *values: str) -> int:
        """Give the first cell of a series."""
        return self.series[values]

    def bucket(self, value: float) -> int:
        """Give the cell of the bucket that a value falls into, in a histogram without labels."""
        return self.series[()] + bisect_left(self.buckets, value)

    @property
    def sum_cell(self) -> int:
        """The cell of the sum, in a histogram without labels."""
        return self.series[()] + len(self.buckets) + 1


class _Layout:
    """Lays families side by side."""

    def __init__(self) -> None:
        self.families: list[Family] = []
        self.cells = 0

    def counter(self, name: str, words: str, **labels: Sequence[str]) -> Family:
        return self._add(Kind.COUNTER, name, words, labels=labels)

    def gauge(self, name: str, words: str, **labels: Sequence[str]) -> Family:
        return self._add(Kind.GAUGE, name, words, labels=labels)

    def histogram(self, name: str, words: str, buckets: tuple[float, ...]) -> Family:
        return self._add(Kind.HISTOGRAM, name, words, labels={}, buckets=buckets)

    def _add(
        self,
        kind: Kind,
        name: str,
        words: str,
        *,
        labels: Mapping[str, Sequence[str]],
        buckets: tuple[float, ...] = (),
    ) -> Family:
        width = len(buckets) + 2 if kind is Kind.HISTOGRAM else 1
        values = list(itertools.product(*labels.values()))
        series = {each: self.cells + place * width for place, each in enumerate(values)}
        family = Family(
            kind=kind, name=f"restante_{name}", help=words, labels=tuple(labels), buckets=buckets, series=series
        )
        self.cells += len(values) * width
        self.families.append(family)
        return family


def label(member: Enum) -> str:
    """Give a member of an enumeration as a label's value: its name, which outlasts a change of words."""
    return member.name.lower()


_DOORS: Final = tuple(door.value for door in Door)
_YES_NO: Final = ("yes", "no")

MECHANISM_LABELS: Final[tuple[str, ...]] = ("USER", "APOP", *(mechanism.name for mechanism in MECHANISMS), OTHER)

REFUSED_CONNECTION_LABELS: Final = {
    "too many connections": "in_all",
    "too many connections from the address": "address",
    "too many connections of the account": "account",
}
"""From the words of the event to the label's value; all else is `OTHER`."""

_layout = _Layout()

CONNECTIONS: Final[Family] = _layout.counter("connections", "Connections that were taken.", door=_DOORS)
CONNECTIONS_REFUSED: Final[Family] = _layout.counter(
    "connections_refused",
    "Connections that were turned away.",
    door=_DOORS,
    reason=(*REFUSED_CONNECTION_LABELS.values(), OTHER),
)
SESSIONS_OPEN: Final[Family] = _layout.gauge("sessions_open", "Sessions that go on.", door=_DOORS)
SESSIONS: Final[Family] = _layout.counter(
    "pop3_sessions", "POP3 sessions that have ended, by how.", outcome=tuple(map(label, Outcome))
)
SESSION_SECONDS: Final[Family] = _layout.histogram(
    "pop3_session_seconds", "Seconds from the connection of a POP3 session to its end.", _SESSION_BUCKETS
)
COMMANDS: Final[Family] = _layout.counter("pop3_commands", "Commands in POP3 sessions that have ended.")
LOGINS_ACCEPTED: Final[Family] = _layout.counter(
    "logins_accepted", "Logins that opened a maildrop, by mechanism.", mechanism=MECHANISM_LABELS
)
LOGINS_REFUSED: Final[Family] = _layout.counter(
    "logins_refused",
    "Logins whose credentials were at fault, by mechanism and by why.",
    mechanism=MECHANISM_LABELS,
    reason=tuple(map(label, RefusalReason)),
)
LOGINS_DEFERRED: Final[Family] = _layout.counter(
    "logins_deferred",
    "Logins that could not be judged, or whose maildrop could not be opened.",
    mechanism=MECHANISM_LABELS,
)
MAILDROP_BUSY: Final[Family] = _layout.counter(
    "maildrop_in_use", "Logins with the right credentials that found the maildrop in use."
)
LOGINS_DELAYED: Final[Family] = _layout.gauge("logins_delayed", "Logins that wait since others from there failed.")
PASSWORD_HASHES: Final[Family] = _layout.gauge("password_hashes_in_hand", "Password hashes that run or wait.")
TLS_FAILED: Final[Family] = _layout.counter(
    "tls_handshakes_failed", "TLS handshakes that did not end well, by door.", door=_DOORS
)
MAIL_SESSIONS: Final[Family] = _layout.counter(
    "mail_sessions",
    "SMTP and LMTP sessions that have ended, by door, by how, and by whether they were under TLS.",
    door=("smtp", "lmtp"),
    outcome=tuple(map(label, Outcome)),
    tls=_YES_NO,
)
SENDERS_LOGGED_IN: Final[Family] = _layout.counter(
    "senders_logged_in", "Logins of clients that bring mail, by mechanism.", mechanism=MECHANISM_LABELS
)
CERTIFICATES: Final[Family] = _layout.counter(
    "certificates_read", "Readings of the certificates' files, by whether they can be used.", result=("good", "bad")
)
RETRIEVED: Final[Family] = _layout.counter(
    "messages_retrieved", "Messages sent by RETR, in sessions that have ended."
)
RETRIEVED_OCTETS: Final[Family] = _layout.counter("messages_retrieved_octets", "Octets of messages sent by RETR.")
PEEKED: Final[Family] = _layout.counter(
    "messages_peeked", "Messages looked at by TOP, in sessions that have ended."
)
REMOVED: Final[Family] = _layout.counter("messages_removed", "Messages removed by UPDATE.")
REMOVED_OCTETS: Final[Family] = _layout.counter("messages_removed_octets", "Octets of messages removed by UPDATE.")
UNIQUE_IDS_CHANGED: Final[Family] = _layout.counter(
    "unique_ids_changed", "Messages whose unique-id changed, which clients download again. To be zero."
)
UPDATES_FAILED: Final[Family] = _layout.counter("updates_failed", "UPDATEs that could not be made durable.")
DELIVERIES: Final[Family] = _layout.counter(
    "deliveries",
    "Messages or recipients that came in, by door and outcome.",
    door=_DOORS,
    outcome=("delivered", "refused", "deferred"),
)
DELIVERED_OCTETS: Final[Family] = _layout.counter("delivered_octets", "Octets of messages delivered.", door=_DOORS)
FAULTS: Final[Family] = _layout.counter("faults", "Failures of the machine or of ours in the middle of something.")

FAMILIES: Final = tuple(_layout.families)
TOTAL_CELLS: Final = _layout.cells
GAUGE_CELLS: Final = tuple(
    cell for family in FAMILIES if family.kind is Kind.GAUGE for cell in family.series.values()
)
