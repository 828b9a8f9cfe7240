"""What a fetch does with a maildrop: which messages it retrieves, which it may have removed, what it remarks on.

Pure: a listing, what was seen before, and a policy go in; a plan comes out, by places in the listing. It asks
nobody and changes nothing. One rule stands above all others: a message is removed only when its octets are known to
be stored. So whatever is doubtful is retrieved and told by its digest: a unique-id that names other octets than
before, or that came back, and, before it is removed, a name that the client had to make since the server gives none
or gives one twice.

Sources: RFC 1939 §7 (unique-ids), §8 (mail left on a server). Nothing here fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

__all__ = [
    "DAY_SECONDS",
    "MADE_NAME",
    "Errand",
    "Judgement",
    "Listed",
    "Order",
    "Plan",
    "Policy",
    "Remark",
    "RemarkKind",
    "SeenMessage",
    "SeenStatus",
    "Why",
    "is_due",
    "judge",
    "make_plan",
]

DAY_SECONDS: Final = 86_400

MADE_NAME: Final = b"sha256:"
"""How the names begin that the client makes of a message's headers and octets."""


class SeenStatus(Enum):
    """How far a message has come. The values stand in the state's file and in its export."""

    IN_HAND = "in-hand"
    """Handed to the destination, which has not answered yet: after a crash it may be there or not."""
    STORED = "stored"
    """Durable at the destination."""
    HEADERS = "headers"
    """Its headers are durable at the destination; the message itself is not."""
    REFUSED = "refused"
    """The destination will never take it. It stays where it is."""
    GONE = "gone"
    """Stored, and no longer at the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """What is remembered of a message."""

    unique_id: bytes
    """Or the name that the client made where the server has none that can be used; see MADE_NAME."""
    digest: bytes = b""
    """SHA-256 of the canonical octets; empty when another program fetched it."""
    octets: int | None = None
    """As the server lists them; None when that is not known."""
    status: SeenStatus
    since_epoch_seconds: float
    """When it first came to this state's knowledge: for a stored message, when it was stored."""
    destination: str = ""
    """Where it was stored; empty when another program fetched it."""
    place: str = ""
    """What the destination knows it by, if anything."""
    taken_over_from: str = ""
    """The program whose records told of it; empty for our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A message as the server lists it."""

    unique_id: bytes
    """No two messages of a listing have the same: the client sees to that."""
    octets: int


class Order(Enum):
    """Which messages come first."""

    OLDEST_FIRST = "oldest first"
    NEWEST_FIRST = "newest first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the user wants."""

    leave_seconds: float | None = 0.0
    """How long a stored message stays at the server: 0 removes it once it is stored, None leaves it for good."""
    delete_when_removed: bool = False
    """Remove at the server what its owner has removed at the destination."""
    max_octets: int | None = None
    """Longer messages stay where they are. None: no bound."""
    headers_only: bool = False
    """Retrieve the headers alone. Such a message is never removed."""
    limit: int | None = None
    """How many messages one session retrieves at most. None: all."""
    order: Order = Order.OLDEST_FIRST
    again: bool = False
    """Retrieve also what was stored before."""


class Why(Enum):
    """Why a message is retrieved."""

    NEW = "new"
    IN_HAND = "a run before this one ended while it was in hand"
    UNSURE = "its unique-id does not tell whether it is stored"
    AGAIN = "asked for again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A message to retrieve."""

    place: int
    """In the listing, from 0."""
    listed: Listed
    why: Why


class RemarkKind(Enum):
    """What one may want to know about a listing."""

    MADE_NAME = "have no unique-id, or share one, and are told apart by their headers and octets"
    CHANGED = "have the unique-id of a message of other octets, and are taken for new ones"
    CAME_BACK = "are there again after they were gone; each is compared with what was stored"
    TOO_LONG = "are longer than --max-octets, and stay at the server"
    REFUSED = "were refused by this destination before, and stay at the server; --again tries once more"
    OVER_LIMIT = "wait for the next run, for --limit was reached"
    TAKEN_OVER = "were fetched by the program before, and stay at the server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that was seen in a listing, with the places of the messages it is about."""

    kind: RemarkKind
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done, in this order; removal is only ever asked for, and takes effect with QUIT."""

    retrieve: tuple[Errand, ...]
    remove: tuple[int, ...]
    """Places of messages that are stored and due."""
    gone: tuple[SeenMessage, ...]
    """Remembered as stored, and no longer listed."""
    known: int
    """How many of the listed messages need no retrieving since they are stored."""
    remarks: tuple[Remark, ...]

    @property
    def octets(self) -> int:
        """How much there is to retrieve, by the server's own word."""
        return sum(max(0, errand.listed.octets) for errand in self.retrieve)


def make_plan(
    listing: Sequence[Listed],
    seen: Iterable[SeenMessage],
    policy: Policy,
    *,
    now_epoch_seconds: float,
    removed_there: frozenset[SeenMessage] = frozenset(),
) -> Plan:
    """Make the plan for one session.

    `seen` is what is remembered for the destination: what is stored elsewhere is not stored there.
    `removed_there` are messages which the destination is sure it no longer has, for `delete_when_removed`.
    """
    remembered: dict[bytes, list[SeenMessage]] = {}
    for message in seen:
        remembered.setdefault(message.unique_id, []).append(message)
    planning = _Planning(policy=policy)
    there = {listed.unique_id for listed in listing}
    errands: list[Errand] = []
    remove: list[int] = []
    known = 0
    for place, listed in enumerate(listing):
        rows = remembered.get(listed.unique_id, [])
        why = planning.why(place, listed, rows)
        if why is not None:
            errands.append(Errand(place=place, listed=listed, why=why))
            continue
        stored = [row for row in rows if row.status in _KNOWN]
        if stored:
            known += 1
            if all(is_due(row, policy, now_epoch_seconds, removed_there) for row in stored):
                if listed.unique_id.startswith(MADE_NAME):
                    # Two messages with the same headers could take each other's place.
                    errands.append(Errand(place=place, listed=listed, why=Why.UNSURE))
                else:
                    remove.append(place)
            elif policy.leave_seconds == 0.0 and stored[0].taken_over_from:
                planning.remark(RemarkKind.TAKEN_OVER, place)
    if policy.order is Order.NEWEST_FIRST:
        errands.reverse()
    if policy.limit is not None:
        for errand in errands[policy.limit :]:
            planning.remark(RemarkKind.OVER_LIMIT, errand.place)
        del errands[policy.limit :]
    return Plan(
        retrieve=tuple(errands),
        remove=tuple(remove),
        gone=tuple(
            row
            for unique_id, rows in remembered.items()
            if unique_id not in there
            for row in rows
            if row.status in _KNOWN
        ),
        known=known,
        remarks=tuple(Remark(kind=kind, places=tuple(places)) for kind, places in planning.remarks.items()),
    )


def is_due(
    row: SeenMessage, policy: Policy, now_epoch_seconds: float, removed_there: frozenset[SeenMessage] = frozenset()
) -> bool:
    """Tell whether a remembered message may be removed at the server: it is stored, and the policy says so."""
    if row.status is not SeenStatus.STORED or policy.headers_only:
        return False
    if policy.delete_when_removed and row in removed_there:
        return True
    if policy.leave_seconds is None:
        return False
    if policy.leave_seconds == 0.0:
        # Whoever left mail at the server with another program did so on purpose, and may have it nowhere else.
        return not row.taken_over_from
    return row.since_epoch_seconds + policy.leave_seconds <= now_epoch_seconds


class Judgement(Enum):
    """What the octets of a retrieved message say."""

    NEW = "not stored"
    MAY_BE_STORED = "it was in hand when a run before this one ended"
    ALREADY_STORED = "stored before"
    REFUSED_BEFORE = "refused by this destination before"


def judge(errand: Errand, digest: bytes, seen: Iterable[SeenMessage]) -> Judgement:
    """Hold a retrieved message against what is remembered under its unique-id (`seen`)."""
    if errand.why is Why.AGAIN:
        return Judgement.NEW
    for row in seen:
        if row.digest != digest:
            continue
        match row.status:
            case SeenStatus.STORED | SeenStatus.GONE:
                return Judgement.ALREADY_STORED
            case SeenStatus.IN_HAND:
                return Judgement.MAY_BE_STORED
            case SeenStatus.REFUSED:
                return Judgement.REFUSED_BEFORE
            case _:
                return Judgement.NEW
    return Judgement.NEW


_KNOWN: Final = frozenset({SeenStatus.STORED, SeenStatus.HEADERS})


@dataclass(slots=True, kw_only=True)
class _Planning:
    """What one plan has come to know."""

    policy: Policy
    remarks: dict[RemarkKind, list[int]] = field(default_factory=dict)

    def remark(self, kind: RemarkKind, place: int) -> None:
        self.remarks.setdefault(kind, []).append(place)

    def why(self, place: int, listed: Listed, rows: list[SeenMessage]) -> Why | None:
        """Say why a message is retrieved. None: it is not, either stored or remarked upon."""
        why = self._reason(place, listed, rows)
        longest = self.policy.max_octets
        if why is None or longest is None or listed.octets <= longest or self.policy.headers_only:
            return why
        self.remark(RemarkKind.TOO_LONG, place)
        return None

    def _reason(self, place: int, listed: Listed, rows: list[SeenMessage]) -> Why | None:
        policy = self.policy
        if listed.unique_id.startswith(MADE_NAME):
            self.remark(RemarkKind.MADE_NAME, place)
        if policy.again:
            return Why.AGAIN
        if any(row.status is SeenStatus.IN_HAND for row in rows):
            return Why.IN_HAND
        same = [row for row in rows if row.octets is None or row.octets == listed.octets]
        match [row.status for row in same]:
            case [SeenStatus.STORED]:
                return None
            case [SeenStatus.HEADERS]:
                return None if policy.headers_only else Why.NEW
            case [SeenStatus.REFUSED]:
                self.remark(RemarkKind.REFUSED, place)
                return None
        if rows:
            gone = all(row.status is SeenStatus.GONE for row in rows)
            self.remark(RemarkKind.CAME_BACK if gone else RemarkKind.CHANGED, place)
            return Why.UNSURE
        return Why.NEW
