"""Watching a server that runs: who watches, what each wants to see, and how much may wait for one that is slow.

`Watching` is a listener of events like the log. While nobody watches it wants nothing, and a command costs no more
than without it; the connections are told when that changes. A `Watch` makes lines of JSON (see `control`) of the
events that are wanted and gives them to one watcher, who may be slow or stop reading: then `WAITING_OCTETS` wait,
what comes beyond that is counted and left out, and the count is told when the watcher reads on. No session waits.

Secrets are out of the events before they come here. How it fails: it does not; who is gone is taken off.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from restante.doors.sessions import SessionInfo
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Door,
    Event,
    LoginAccepted,
    LoginDeferred,
    LoginRefused,
    MaildropBusy,
    MailSessionEnded,
    ReplySent,
    SenderLoggedIn,
    ServerStopping,
    SessionEnded,
)

__all__ = ["HELD_OCTETS", "MOST_WATCHES", "WAITING_OCTETS", "Wanted", "Watch", "Watching", "line_of"]

MOST_WATCHES: Final = 8
"""At a time, of one process: people who look for a fault, not a way to ship logs."""

WAITING_OCTETS: Final = 1024 * 1024
"""For one watcher that does not read, besides what the kernel takes: some ten thousand events."""

HELD_OCTETS: Final = 1024 * 1024
"""Of sessions of which an account is wanted, and that have not logged in yet. Beyond it the oldest are told of from
their login on."""

_MOST_PARTING: Final = 1000
"""Sessions that have told their end, and perhaps not yet the reply to QUIT."""

_Line: TypeAlias = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sessions are to be seen: those that fulfil all that is not None."""

    session: str | None = None
    door: Door | None = None
    peers: Container[str] | None = None
    """The addresses from which it may come."""
    account: str | None = None
    """By name, in any case: one that logs in to it, or tries to."""

    @property
    def all(self) -> bool:
        """Whether every session is wanted."""
        return self.session is None and self.door is None and self.peers is None and self.account is None

    def of(self, session: str, door: Door, peer: str) -> bool:
        """Tell whether a session is wanted as far as its beginning shows."""
        return (
            (self.session is None or self.session == session)
            and (self.door is None or self.door is door)
            and (self.peers is None or peer in self.peers)
        )

    def is_account(self, name: str) -> bool:
        """Tell whether a name is that of the account that is wanted."""
        return self.account is not None and self.account.casefold() == name.casefold()


def line_of(line: _Line) -> bytes:
    """Write a line. In ASCII with escapes: what came from outside forges no line."""
    return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


class Watch:
    """One watcher. `write` takes lines, and is not called while the watcher takes none."""

    def __init__(
        self,
        wanted: Wanted,
        write: Callable[[bytes], None],
        *,
        after_gap: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare. `after_gap` is called when beginnings of sessions may have been left out: `join` all again."""
        self._wanted = wanted
        self._after_gap = after_gap
        self._write = write
        self._clock = clock
        self._sees_all = wanted.all
        self._seen: set[str] = set()
        """Sessions that are wanted, where not all are."""
        self._held: dict[str, list[bytes]] = {}
        """Of sessions that are wanted once they log in to the account: their lines so far, the oldest first."""
        self._held_octets = 0
        self._unheld: set[str] = set()
        """Such sessions of whose beginning nothing is there any more."""
        self._parting: deque[str] = deque()
        """Sessions that have ended, of which one reply may still come."""
        self._clogged = False
        self._waiting: deque[bytes] = deque()
        self._waiting_octets = 0
        self._missed = 0

    # --- what happens ------------------------------------------------------------------------------------------

    def join(self, info: SessionInfo) -> bytes:
        """Take note of a session that goes on. Gives the line that tells of it, empty if it is not wanted."""
        if not self._wanted.of(info.id, info.door, info.peer):
            return b""
        now = self._clock()
        line = line_of(
            {
                "event": "joined",
                "at": now,
                "session": info.id,
                "door": info.door.value,
                "peer": info.peer,
                "state": info.state.value,
                "tls": info.secured,
                "seconds": max(0, int(now - info.since_epoch_seconds)),
                "commands": info.commands,
            }
        )
        if self._wanted.account is not None and info.id not in self._seen:
            if info.account is None:
                if info.id not in self._held and info.id not in self._unheld:
                    self._held[info.id] = []
                    self._hold(info.id, line)
                return b""
            if not self._wanted.is_account(info.account):
                return b""
        if not self._sees_all:
            self._seen.add(info.id)
        return line

    def hear(self, event: Event) -> None:
        """Give an event to the watcher, if it is wanted."""
        match event:
            case CommandReceived(session=session):
                line: _Line = {"event": "command", "line": event.line.decode("latin-1")}
            case ReplySent(session=session):
                line = {"event": "reply", "line": event.line.decode("latin-1"), "octets": event.octets}
            case ConnectionOpened(session=session):
                self._begin(event)
                line = {"event": "opened", "door": event.door.value, "peer": event.peer, "tls": event.secured}
            case SessionEnded(session=session) | MailSessionEnded(session=session):
                line = {"event": "ended", "outcome": event.outcome.value}
            case LoginAccepted(session=session) | SenderLoggedIn(session=session):
                self._decide(session, event.account, is_final=True)
                return
            case MaildropBusy(session=session):
                self._decide(session, event.account, is_final=False)
                return
            case LoginRefused(session=session) | LoginDeferred(session=session):
                self._decide(session, event.name, is_final=False)
                return
            case ServerStopping():
                self._offer(line_of({"event": "stopping", "at": self._clock()}))
                return
            case _:
                return
        if self._sees_all or session in self._seen:
            self._offer(line_of({"at": self._clock(), "session": session, **line}))
        elif session in self._held:
            self._hold(session, line_of({"at": self._clock(), "session": session, **line}))
        if isinstance(event, SessionEnded | MailSessionEnded):
            self._drop(session)
            self._part(session)

    def _begin(self, event: ConnectionOpened) -> None:
        if self._sees_all or not self._wanted.of(event.session, event.door, event.peer):
            return
        if self._wanted.account is not None:
            self._held[event.session] = []
        else:
            self._seen.add(event.session)

    def _decide(self, session: str, name: str, *, is_final: bool) -> None:
        """Learn whose session it is, or would be."""
        if session not in self._held and session not in self._unheld:
            return
        if self._wanted.is_account(name):
            is_whole = session in self._held
            lines = self._drop(session)
            self._seen.add(session)
            for line in lines:
                self._offer(line)
            if not is_whole:
                self._after_gap()
        elif is_final:
            self._drop(session)

    def _drop(self, session: str) -> list[bytes]:
        self._unheld.discard(session)
        lines = self._held.pop(session, [])
        self._held_octets -= sum(map(len, lines))
        return lines

    def _hold(self, session: str, line: bytes) -> None:
        self._held[session].append(line)
        self._held_octets += len(line)
        while self._held_octets > HELD_OCTETS:
            oldest = next(iter(self._held))
            self._drop(oldest)
            self._unheld.add(oldest)

    def _part(self, session: str) -> None:
        if session in self._seen:
            self._parting.append(session)
        if len(self._parting) > _MOST_PARTING:
            self._seen.discard(self._parting.popleft())

    # --- the way to the watcher --------------------------------------------------------------------------------

    def pause(self) -> None:
        """Hear that the watcher takes no more for now."""
        self._clogged = True

    def resume(self) -> None:
        """Hear that the watcher takes more: what waited goes first, then how much was left out."""
        self._clogged = False
        while self._waiting and not self._clogged:
            line = self._waiting.popleft()
            self._waiting_octets -= len(line)
            self._write(line)
        if self._missed and not self._clogged:
            missed, self._missed = self._missed, 0
            self._write(line_of({"event": "missed", "count": missed}))
            self._after_gap()

    def _offer(self, line: bytes) -> None:
        if not self._clogged:
            self._write(line)
        elif self._missed or self._waiting_octets + len(line) > WAITING_OCTETS:
            # Once something is left out all is, until the watcher has read what waits: what it sees stays in order.
            self._missed += 1
        else:
            self._waiting.append(line)
            self._waiting_octets += len(line)


class Watching:
    """Those who watch one process; a `ports.events.Listener`."""

    def __init__(self) -> None:
        self._watches: tuple[Watch, ...] = ()
        self._on_change: list[Callable[[], None]] = []

    @property
    def wants_wire(self) -> bool:
        """Whether anybody watches."""
        return bool(self._watches)

    def __call__(self, event: Event, /) -> None:
        """Give an event to all who watch."""
        for watch in self._watches:
            watch.hear(event)

    def on_change(self, call: Callable[[], None]) -> None:
        """Have a function called whenever `wants_wire` may have changed."""
        self._on_change.append(call)

    def add(self, watch: Watch) -> bool:
        """Let somebody watch. False: there are too many already."""
        if len(self._watches) >= MOST_WATCHES:
            return False
        self._watches = (*self._watches, watch)
        self._changed()
        return True

    def remove(self, watch: Watch) -> None:
        """Take somebody off who does not watch any more."""
        self._watches = tuple(one for one in self._watches if one is not watch)
        self._changed()

    def _changed(self) -> None:
        for call in self._on_change:
            call()
