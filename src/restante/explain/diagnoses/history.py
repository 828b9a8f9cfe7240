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
from restante.explain.diagnoses.facts import Facts
from restante.explain.diagnoses.found import found
from restante.explain.events import BodyReceived, CommandSent, Connected, Greeted, Replied, WireEvent
from restante.explain.wire_lines import printable

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
    came_for_nothing: bool
    """Somebody logged in, and fetched nothing."""
    began_at_seconds: float | None
    timestamp: bytes | None
    announced_stls: bool
    unique_ids: frozenset[bytes]
    fetched: dict[bytes, bytes]
    """Digest to unique-id, of messages that came whole."""
    octets: tuple[int, ...]
    """Of its first messages, in their order."""
    kept: frozenset[bytes]
    """Unique-ids of messages that were fetched and stayed."""
    broke_off: bool
    """It held the lock when its record ended."""


class History:
    """Of the sessions that belong together."""

    def __init__(self) -> None:
        self._past: deque[_Past] = deque(maxlen=REMEMBERED)

    def examine(self, event: WireEvent, facts: Facts) -> Iterator[Finding]:
        """Look at an event in the light of earlier sessions."""
        server = event.server if isinstance(event, Connected) else facts.server
        past = [one for one in self._past if (one.server, one.client) == (server, facts.client)]
        match event:
            case Connected():
                yield from _haste(event, past)
            case Greeted(timestamp=bytes() as timestamp):
                if any(one.timestamp == timestamp for one in past):
                    yield found(Diagnosis.APOP_TIMESTAMP_REPEATED, event, timestamp=printable(timestamp))
            case CommandSent(keyword=b"USER" | b"PASS" | b"AUTH", secured=False) if facts.clear_login is None:
                if facts.announces(b"STLS") is False and any(one.announced_stls for one in past):
                    yield found(Diagnosis.STLS_VANISHED, event)
            case CommandSent(keyword=b"RETR" | b"DELE" | b"QUIT") if not facts.is_compared:
                facts.is_compared = True
                yield from _renamed(event, facts, past)
            case BodyReceived(to=CommandSent(asks_for_all=True)):
                yield from _fetched_twice(event, facts, past)
            case Replied(code=b"IN-USE") if past and past[-1].broke_off:
                yield found(Diagnosis.OWN_LOCK, event)
            case _:
                return

    def remember(self, facts: Facts) -> None:
        """Remember a session that is over."""
        ids = facts.unique_ids
        fetched = {ids[n]: digest for n, digest in facts.fetched.items() if n in ids}
        last = facts.last_replied
        self._past.append(
            _Past(
                server=facts.server,
                client=facts.client,
                came_for_nothing=facts.logged_in and not facts.fetched,
                began_at_seconds=facts.began_at_seconds,
                timestamp=facts.greeted.timestamp if facts.greeted is not None else None,
                announced_stls=facts.announces(b"STLS") is True,
                unique_ids=frozenset(ids.values()),
                fetched={digest: unique_id for unique_id, digest in fetched.items() if digest},
                octets=_first_octets(facts),
                kept=frozenset(ids[n] for n in facts.fetched if n in ids and n not in facts.marked),
                broke_off=facts.logged_in and not (last and last.to and last.to.keyword == b"QUIT"),
            )
        )


def _haste(event: Connected, past: list[_Past]) -> Iterator[Finding]:
    if event.at_seconds is None:
        return
    begun = [one.began_at_seconds for one in past if one.came_for_nothing]
    recent = [at for at in begun if at is not None and 0 <= event.at_seconds - at < OFTEN_SECONDS]
    if len(recent) == OFTEN:
        seconds = int(event.at_seconds - min(recent))
        yield found(Diagnosis.ASKS_TOO_OFTEN, event, count=OFTEN + 1, seconds=seconds)


def _first_octets(facts: Facts) -> tuple[int, ...]:
    return tuple(facts.listed[number] for number in sorted(facts.listed)[:COMPARED])


def _renamed(event: CommandSent, facts: Facts, past: list[_Past]) -> Iterator[Finding]:
    """Find a maildrop that looks the same, message by message, but has other unique-ids than before."""
    ids, octets = frozenset(facts.unique_ids.values()), _first_octets(facts)
    for one in past:
        same = len(one.octets) >= LIKENESS and octets[: len(one.octets)] == one.octets
        if ids and one.unique_ids and same and ids.isdisjoint(one.unique_ids):
            before, now = min(one.unique_ids), min(ids)
            yield found(Diagnosis.UNIQUE_IDS_CHANGED, event, before=printable(before), unique_id=printable(now))
            return


def _fetched_twice(event: BodyReceived, facts: Facts, past: list[_Past]) -> Iterator[Finding]:
    unique_id = facts.unique_ids.get(event.to.number or 0)
    if unique_id is None:
        return
    if any(unique_id in one.kept for one in past):
        yield found(Diagnosis.DOWNLOADED_AGAIN, event, unique_id=printable(unique_id))
        return
    before = next((one.fetched[event.digest] for one in past if event.digest and event.digest in one.fetched), None)
    if before is not None:
        yield found(Diagnosis.UNIQUE_IDS_CHANGED, event, before=printable(before), unique_id=printable(unique_id))
