"""Who watches what: which sessions are seen, and what a watcher costs that is slow."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.observe.samples import ENDED

from restante.doors.proxy_header import TrustedPeers
from restante.doors.sessions import SessionInfo
from restante.ports.accounts import RefusalReason
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Door,
    Event,
    LoginAccepted,
    LoginRefused,
    MaildropBusy,
    Outcome,
    ReplySent,
    SenderLoggedIn,
    ServerStopping,
    SessionEnded,
)
from restante.proto.terms import State
from restante.server.watching import HELD_OCTETS, MOST_WATCHES, WAITING_OCTETS, Wanted, Watch, Watching


class Watcher:
    """Somebody who watches, and what came to them."""

    def __init__(self, wanted: Wanted | None = None) -> None:
        self.received: list[bytes] = []
        self.gaps = 0
        self.watch = Watch(wanted or Wanted(), self.received.append, after_gap=self._gap, clock=lambda: 1000.0)

    def _gap(self) -> None:
        self.gaps += 1

    def hear(self, *events: Event) -> Watcher:
        for event in events:
            self.watch.hear(event)
        return self

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.received]

    @property
    def told(self) -> list[str]:
        return [f"{line['event']} {line.get('session', '')}".strip() for line in self.lines]


def opened(session: str, *, door: Door = Door.POP3, peer: str = "203.0.113.5") -> ConnectionOpened:
    return ConnectionOpened(session=session, door=door, peer=peer)


def command(session: str, line: bytes = b"NOOP") -> CommandReceived:
    return CommandReceived(session=session, line=line)


def reply(session: str, line: bytes = b"+OK") -> ReplySent:
    return ReplySent(session=session, line=line, octets=len(line) + 2)


def accepted(session: str, account: str) -> LoginAccepted:
    return LoginAccepted(session=session, peer="", account=account, mechanism="PLAIN", messages=0, octets=0)


def refused(session: str, name: str) -> LoginRefused:
    reason = RefusalReason.WRONG_PASSWORD
    return LoginRefused(session=session, peer="", name=name, mechanism="PLAIN", reason=reason)


def ended(session: str, outcome: Outcome = Outcome.QUIT) -> SessionEnded:
    return replace(ENDED, session=session, outcome=outcome)


def info(session: str, account: str | None = None) -> SessionInfo:
    return SessionInfo(
        id=session,
        door=Door.POP3,
        peer="203.0.113.5",
        account=account,
        state=State.TRANSACTION if account else State.AUTHORIZATION,
        since_epoch_seconds=940.0,
        commands=4,
        secured=True,
    )


class TestWhatIsSeen:
    def test_a_session_is_told_event_by_event_with_the_time_of_each(self) -> None:
        watcher = Watcher().hear(
            opened("a1"),
            command("a1", b"QUIT\xff\n"),
            ended("a1"),
            reply("a1", b"+OK bye"),
            ServerStopping(sessions=0),
        )
        assert watcher.lines == [
            {"at": 1000.0, "session": "a1", "event": "opened", "door": "pop3", "peer": "203.0.113.5", "tls": False},
            {"at": 1000.0, "session": "a1", "event": "command", "line": "QUIT\xff\n"},
            {"at": 1000.0, "session": "a1", "event": "ended", "outcome": "quit"},
            {"at": 1000.0, "session": "a1", "event": "reply", "line": "+OK bye", "octets": 9},
            {"event": "stopping", "at": 1000.0},
        ]
        assert all(line.isascii() and line.count(b"\n") == 1 for line in watcher.received)

    @pytest.mark.parametrize(
        "wanted",
        [
            Wanted(session="b2"),
            Wanted(door=Door.LMTP),
            Wanted(peers=TrustedPeers(["198.51.100.0/24"])),
            Wanted(session="b2", door=Door.LMTP, peers=TrustedPeers(["198.51.100.7"])),
        ],
        ids=["session", "door", "peer", "all of them"],
    )
    def test_only_what_is_asked_for_is_told(self, wanted: Wanted) -> None:
        other = opened("b2", door=Door.LMTP, peer="198.51.100.7")
        watcher = Watcher(wanted).hear(opened("a1"), other, command("a1"), command("b2"), reply("a1"), reply("b2"))
        assert watcher.told == ["opened b2", "command b2", "reply b2"]

    def test_the_reply_behind_the_end_of_a_session_is_told_too(self) -> None:
        watcher = Watcher(Wanted(session="b2")).hear(opened("b2"), ended("b2"), reply("b2"))
        assert watcher.told == ["opened b2", "ended b2", "reply b2"]


class TestAnAccount:
    def test_its_sessions_are_told_from_their_beginning_once_they_log_in(self) -> None:
        watcher = Watcher(Wanted(account="ted")).hear(opened("a1"), opened("b2"), command("a1"), command("b2"))
        assert watcher.told == []
        watcher.hear(accepted("b2", "ann"), accepted("a1", "Ted"), reply("a1"), reply("b2"))
        assert watcher.told == ["opened a1", "command a1", "reply a1"]

    @pytest.mark.parametrize(
        "event",
        [
            refused("a1", "TED"),
            MaildropBusy(session="a1", peer="", account="ted", held_by=None, held_since_epoch_seconds=None),
            SenderLoggedIn(session="a1", door=Door.SMTP, peer="", account="ted", mechanism="PLAIN"),
        ],
        ids=lambda event: type(event).__name__,
    )
    def test_whoever_tries_to_log_in_to_it_is_told(self, event: Event) -> None:
        assert Watcher(Wanted(account="ted")).hear(opened("a1"), event).told == ["opened a1"]

    def test_a_wrong_name_first_decides_nothing(self) -> None:
        watcher = Watcher(Wanted(account="ted")).hear(opened("a1"), refused("a1", "tde"), accepted("a1", "ted"))
        assert watcher.told == ["opened a1"]

    def test_what_never_logs_in_leaves_nothing_behind(self) -> None:
        watcher = Watcher(Wanted(account="ted"))
        for number in range(100):
            watcher.hear(opened(f"s{number}"), command(f"s{number}"), ended(f"s{number}"))
        assert not watcher.watch._held
        assert watcher.watch._held_octets == 0
        assert watcher.told == []

    def test_what_is_held_is_bounded_and_the_oldest_are_told_from_their_login_on(self) -> None:
        watcher = Watcher(Wanted(account="ted")).hear(opened("old"), opened("new"))
        line = b"x" * 1000
        while "old" in watcher.watch._held:
            watcher.hear(command("old", line))
        assert watcher.watch._held_octets <= HELD_OCTETS
        watcher.hear(accepted("old", "ted"), command("old"), accepted("new", "ted"))
        assert watcher.told == ["command old", "opened new"]
        # Who watches is told what goes on again: there is the beginning that was not held.
        assert watcher.gaps == 1
        assert watcher.watch.join(info("old", "ted"))


class TestWhatGoesOnAlready:
    def test_it_is_told_what_it_is_and_for_how_long(self) -> None:
        assert json.loads(Watcher().watch.join(info("a1", "ted"))) == {
            "event": "joined",
            "at": 1000.0,
            "session": "a1",
            "door": "pop3",
            "peer": "203.0.113.5",
            "state": "TRANSACTION",
            "tls": True,
            "seconds": 60,
            "commands": 4,
        }

    def test_of_an_account_only_what_is_logged_in_to_it_or_comes_to_be(self) -> None:
        watcher = Watcher(Wanted(account="ted"))
        assert watcher.watch.join(info("a1", "ted"))
        assert watcher.watch.join(info("b2", "ann")) == b""
        assert watcher.watch.join(info("c3")) == b""
        watcher.hear(command("a1"), command("b2"), command("c3"), accepted("c3", "ted"), reply("c3"))
        assert watcher.told == ["command a1", "joined c3", "command c3", "reply c3"]

    def test_what_is_not_wanted_is_not_joined(self) -> None:
        watcher = Watcher(Wanted(session="a1"))
        assert watcher.watch.join(info("b2")) == b""
        assert watcher.hear(command("b2")).told == []


class TestASlowWatcher:
    def test_so_much_waits_and_the_rest_is_counted_and_told_when_it_reads_on(self) -> None:
        watcher = Watcher()
        watcher.watch.pause()
        line = command("a1", b"x" * 1000)
        count = 2 * WAITING_OCTETS // 1000
        for _ in range(count):
            watcher.hear(line)
        assert watcher.received == []
        assert watcher.watch._waiting_octets <= WAITING_OCTETS
        watcher.watch.resume()
        lines = watcher.lines
        assert lines[-1] == {"event": "missed", "count": count - len(lines) + 1}
        assert sum(len(line) for line in watcher.received) > WAITING_OCTETS - 2000
        assert watcher.gaps == 1
        assert watcher.hear(command("a1")).told[-1] == "command a1"

    def test_once_something_is_left_out_a_short_event_does_not_slip_in_before_it_is_told(self) -> None:
        watcher = Watcher()
        watcher.watch.pause()
        while not watcher.watch._missed:
            watcher.hear(command("a1", b"x" * 100_000))
        watcher.hear(command("a1", b"RSET"))
        watcher.watch.resume()
        assert watcher.lines[-1] == {"event": "missed", "count": 2}

    def test_one_that_stops_again_while_it_catches_up_gets_the_rest_later(self) -> None:
        watcher = Watcher()
        watcher.watch.pause()
        watcher.hear(*[command("a1")] * 5)

        def write(line: bytes) -> None:
            watcher.received.append(line)
            if len(watcher.received) == 2:
                watcher.watch.pause()

        watcher.watch._write = write
        watcher.watch.resume()
        assert len(watcher.received) == 2
        watcher.watch.resume()
        assert len(watcher.received) == 5
        assert watcher.gaps == 0


class TestTheProcess:
    def test_nobody_wants_the_wire_while_nobody_watches_and_who_asks_is_told_of_each_change(self) -> None:
        watching, changes = Watching(), list[bool]()
        watching.on_change(lambda: changes.append(watching.wants_wire))
        watching(opened("a1"))
        watcher = Watcher()
        assert watching.add(watcher.watch)
        watching(command("a1"))
        watching.remove(watcher.watch)
        watching(command("a1"))
        assert changes == [True, False]
        assert watcher.told == ["command a1"]

    def test_so_many_watch_and_no_more_until_one_leaves(self) -> None:
        watching = Watching()
        watches = [Watcher().watch for _ in range(MOST_WATCHES + 1)]
        assert [watching.add(watch) for watch in watches] == [True] * MOST_WATCHES + [False]
        watching.remove(watches[0])
        assert watching.add(watches[-1])
