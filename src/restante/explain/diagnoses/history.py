"""What shows only when several sessions are seen together: unique-ids that change, mail that is fetched twice,
haste.

Sessions are compared with earlier ones of the same server, as far as that is known; a bounded number is remembered.
Sources: RFC 1939 §4 (lock), §7 (APOP, unique-ids); RFC 2449 §6.5 (LOGIN-DELAY); RFC 2595 §2.1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts, shows_a_password, unique_ids_in
from restante.explain.diagnoses.found import found
from restante.explain.events import (
    AuthResponseSent,
    BodyEnd,
    BodyReceived,
    Closed,
    CommandSent,
    Greeted,
    Replied,
    WireEvent,
)
from restante.explain.wire_lines import printable
from restante.proto.terms import State

__all__ = ["History"]

REMEMBERED: Final = 50
"""Sessions."""

OFTEN_SECONDS: Final = 60
OFTEN: Final = 3
"""So many sessions within a minute that fetched nothing are haste."""


COMPARED: Final = 50
LIKENESS: Final = 2
"""Messages whose octets are compared; two alike in their order make a maildrop that is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What is remembered of a session."""

    server: str
    client: str
    account: bytes
    came_for_nothing: bool
    """Somebody logged in, and fetched nothing."""
    began_at_seconds: float | None
    timestamp: bytes | None
    announced_stls: bool
    unique_ids: frozenset[bytes]
    first_unique_id: bytes
    fetched: dict[bytes, bytes]
    """Digest to unique-id, of messages that came whole."""
    octets: tuple[int, ...]
    """Of its first messages, in their order."""
    had: frozenset[bytes]
    """Unique-ids of messages that were fetched."""
    removed: frozenset[bytes]
    """Unique-ids of messages that were marked when it ended."""
    kept: frozenset[bytes]
    """Unique-ids of messages that were fetched and stayed."""
    stuck_at: tuple[int, int | None, bytes | None] | None
    """The message at which it broke off: its number, its octets as LIST tells them, its unique-id."""
    broke_off: bool
    """It held the lock when its record ended."""


class History:
    """Of the sessions that belong together."""

    def __init__(self) -> None:
        self._past: deque[_Past] = deque(maxlen=REMEMBERED)
        self._doubted_tls = False
        """Whether it was said already that these records do not tell of TLS."""

    def fetched_before(self, server: str, client: str) -> frozenset[bytes]:
        """Give the unique-ids of messages that a client fetched from a server in earlier sessions."""
        same = [one for one in self._past if (one.server, one.client) == (server, client)]
        return frozenset().union(*[one.had for one in same])

    def examine(self, event: WireEvent, facts: Facts) -> Iterator[Finding]:
        """Look at an event in the light of earlier sessions."""
        yield from self._doubt(event, facts)
        match event:
            case Replied(new_state=State.TRANSACTION, state=State.AUTHORIZATION, to=CommandSent()):
                yield from _haste(event, facts, self._like(facts))
            case Greeted(timestamp=bytes() as timestamp):
                if any(one.timestamp == timestamp for one in self._here(facts)):
                    yield found(Diagnosis.APOP_TIMESTAMP_REPEATED, event, timestamp=printable(timestamp))
            case CommandSent(keyword=b"USER" | b"PASS" | b"AUTH" | b"APOP", secured=False):
                if not facts.stls_is_compared and facts.knows_the_line and facts.announces(b"STLS") is False:
                    facts.stls_is_compared = True
                    if any(one.announced_stls for one in self._here(facts)):
                        yield found(Diagnosis.STLS_VANISHED, event)
            case CommandSent(keyword=b"RETR" | b"DELE" | b"QUIT") if not facts.is_compared:
                facts.is_compared = True
                yield from _renamed(event, facts, self._like(facts))
            case BodyReceived(to=CommandSent(asks_for_all=True)):
                yield from _fetched_twice(event, facts, self._like(facts))
            case Replied(code=b"IN-USE"):
                past = self._like(facts)
                if past and past[-1].broke_off:
                    yield found(Diagnosis.OWN_LOCK, event)
            case Replied(good=True, to=CommandSent(keyword=b"UIDL", number=int() as number)):
                yield from _renamed_within(event, facts, number)
            case Closed() if (message := _stuck_at(facts)) is not None:
                past = self._like(facts)
                if past and past[-1].stuck_at == message:
                    yield found(Diagnosis.STUCK_AT_MESSAGE, event, number=str(message[0]))
            case _:
                return

    def _here(self, facts: Facts) -> list[_Past]:
        """Give the earlier sessions of the same server."""
        return [one for one in self._past if one.server == facts.server]

    def _like(self, facts: Facts) -> list[_Past]:
        """Give those of them that were of the same client and, as far as that is known, of the same account."""
        return [
            one for one in self._here(facts) if one.client == facts.client and _is_same(one.account, facts.account)
        ]

    def _doubt(self, event: WireEvent, facts: Facts) -> Iterator[Finding]:
        """Say once, where a password goes by, that nobody can tell whether TLS was under it."""
        if self._doubted_tls or not isinstance(event, CommandSent | AuthResponseSent):
            return
        if shows_a_password(event) and not (facts.knows_the_line or facts.stls_refused or facts.is_open_line):
            self._doubted_tls = True
            yield found(Diagnosis.TLS_NOT_RECORDED, event)

    def remember(self, facts: Facts) -> None:
        """Remember a session that is over."""
        ids = facts.unique_ids
        fetched = {ids[n]: digest for n, digest in facts.fetched.items() if n in ids}
        last = facts.last_replied
        self._past.append(
            _Past(
                server=facts.server,
                client=facts.client,
                account=facts.account,
                came_for_nothing=facts.logged_in and not facts.fetched,
                began_at_seconds=facts.began_at_seconds,
                timestamp=facts.greeted.timestamp if facts.greeted is not None else None,
                announced_stls=facts.announced_stls,
                unique_ids=frozenset(ids.values()),
                first_unique_id=ids[min(ids)] if ids else b"",
                fetched={digest: unique_id for unique_id, digest in fetched.items() if digest},
                octets=_first_octets(facts),
                kept=frozenset(ids[n] for n in facts.fetched if n in ids and n not in facts.marked),
                removed=frozenset(ids[n] for n in facts.marked if n in ids),
                had=frozenset(ids[n] for n in facts.fetched if n in ids),
                stuck_at=_stuck_at(facts),
                broke_off=facts.logged_in and not (last and last.to and last.to.keyword == b"QUIT"),
            )
        )


def _is_same(before: bytes, now: bytes) -> bool:
    """Tell whether two sessions may be of one account: they are unless it is known that they are not."""
    return not before or not now or before == now


def _haste(event: Replied, facts: Facts, past: list[_Past]) -> Iterator[Finding]:
    began = facts.began_at_seconds
    if began is None:
        return
    begun = [one.began_at_seconds for one in past if one.came_for_nothing]
    recent = [at for at in begun if at is not None and 0 <= began - at < OFTEN_SECONDS]
    if len(recent) == OFTEN:
        yield found(Diagnosis.ASKS_TOO_OFTEN, event, count=OFTEN + 1, seconds=int(began - min(recent)))


def _stuck_at(facts: Facts) -> tuple[int, int | None, bytes | None] | None:
    """Give the message at which a session broke off: the last that came, whole or not, with nothing behind it."""
    message = facts.last_message
    if message is None or message.to.number is None or message.end is BodyEnd.UNFINISHED:
        return None
    number = message.to.number
    return number, facts.listed.get(number), facts.unique_ids.get(number)


def _first_octets(facts: Facts) -> tuple[int, ...]:
    return tuple(facts.listed[number] for number in sorted(facts.listed)[:COMPARED])


def _renamed(event: CommandSent, facts: Facts, past: list[_Past]) -> Iterator[Finding]:
    """Find a maildrop that looks the same, message by message, but has other unique-ids than before."""
    ids, octets = frozenset(facts.unique_ids.values()), _first_octets(facts)
    for one in past:
        same = len(one.octets) >= LIKENESS and octets[: len(one.octets)] == one.octets
        if ids and one.unique_ids and same and ids.isdisjoint(one.unique_ids):
            before, now = one.first_unique_id, facts.unique_ids[min(facts.unique_ids)]
            yield found(Diagnosis.UNIQUE_IDS_CHANGED, event, before=printable(before), unique_id=printable(now))
            return


def _renamed_within(event: Replied, facts: Facts, number: int) -> Iterator[Finding]:
    """Find a message that has another unique-id than it had a moment ago."""
    before, now = facts.unique_ids.get(number), unique_ids_in((event.text,)).get(number)
    if before is not None and now is not None and before != now:
        yield found(Diagnosis.UNIQUE_IDS_CHANGED, event, before=printable(before), unique_id=printable(now))


def _fetched_twice(event: BodyReceived, facts: Facts, past: list[_Past]) -> Iterator[Finding]:
    unique_id = facts.unique_ids.get(event.to.number or 0)
    if unique_id is None:
        return
    if any(unique_id in one.kept for one in past):
        yield found(Diagnosis.DOWNLOADED_AGAIN, event, unique_id=printable(unique_id))
        return
    before = next((one.fetched[event.digest] for one in past if event.digest and event.digest in one.fetched), None)
    # The same octets under another name. Where the old one is still there, or was removed, they are two of a kind.
    known = {*facts.unique_ids.values(), *(gone for one in past for gone in one.removed)}
    if before is not None and before not in known:
        yield found(Diagnosis.UNIQUE_IDS_CHANGED, event, before=printable(before), unique_id=printable(unique_id))
