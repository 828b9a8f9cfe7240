"""From nothing to TRANSACTION: RFC 1939 §3 and §4, RFC 2449 §5 and §8, RFC 6856 §2."""

from __future__ import annotations

import pytest
from tests.client.rig import LOGIN, SERVER, open_session
from tests.recorded.replay import scripted

from restante.client.faults import (
    ClientFault,
    ConnectFault,
    ConnectionLost,
    InUse,
    LoginDelayed,
    LoginRefused,
    PermanentFault,
    Phase,
    ProtocolFault,
    TemporaryFault,
    TimedOut,
)
from restante.client.opening import opened
from restante.client.wants import Open
from restante.explain.wire import Side
from restante.proto.terms import State

HELLO = """
S: +OK
C: CAPA
S: +OK
S: LOGIN-DELAY 90
S: USER
S: .
C: USER ted
S: +OK
C: PASS secret
"""
IN_USE = HELLO + "S: -ERR [IN-USE] somebody is there\n"
TOO_EARLY = HELLO + "S: -ERR [LOGIN-DELAY] wait\n"
GOOD = HELLO + "S: +OK\nC: CAPA\nS: +OK\nS: LOGIN-DELAY 90\nS: PIPELINING\nS: .\n"


def test_a_session_is_in_transaction_after_the_login() -> None:
    replay = scripted(GOOD)
    session = open_session(replay)
    assert session.state is State.TRANSACTION
    assert session.capabilities.seconds("LOGIN-DELAY") == 90
    assert session.greeting is not None


def test_what_is_announced_only_after_the_login_is_heard() -> None:
    assert "PIPELINING" in open_session(scripted(GOOD)).capabilities


def test_capa_that_is_refused_after_the_login_takes_nothing_back() -> None:
    session = open_session(scripted(HELLO + "S: +OK\nC: CAPA\nS: -ERR\n"))
    assert session.capabilities.seconds("LOGIN-DELAY") == 90


def test_without_a_login_a_session_stays_in_authorization() -> None:
    replay = scripted("S: +OK\nC: CAPA\nS: -ERR\n")
    session = open_session(replay, None)
    assert session.state is State.AUTHORIZATION
    assert not session.capabilities.told


@pytest.mark.rule("S2")
def test_a_maildrop_in_use_is_a_fault_of_its_own() -> None:
    replay = scripted(IN_USE)
    with pytest.raises(InUse, match="another session has the maildrop") as raised:
        open_session(replay)
    assert raised.value.code == b"IN-USE"
    assert raised.value.reply == b"-ERR [IN-USE] somebody is there"
    assert raised.value.phase is Phase.LOGIN
    assert replay.closed


def test_with_patience_a_maildrop_in_use_is_tried_again_later_and_later() -> None:
    replay = scripted(IN_USE, IN_USE, GOOD)
    began = replay.clock.now
    session = open_session(replay, patience_seconds=60)
    assert session.state is State.TRANSACTION
    assert replay.opened == 3
    assert replay.clock.now - began == 5 + 10


def test_patience_ends() -> None:
    replay = scripted(*[IN_USE] * 9)
    began = replay.clock.now
    with pytest.raises(InUse):
        open_session(replay, patience_seconds=60)
    assert replay.clock.now - began == 5 + 10 + 20
    assert replay.opened == 4


def test_a_login_that_came_too_early_waits_as_long_as_the_server_announced() -> None:
    replay = scripted(TOO_EARLY, GOOD)
    began = replay.clock.now
    open_session(replay, patience_seconds=100)
    assert replay.clock.now - began == 90


def test_a_login_that_came_too_early_tells_the_delay() -> None:
    with pytest.raises(LoginDelayed) as raised:
        open_session(scripted(TOO_EARLY), patience_seconds=89)
    assert raised.value.wait_seconds == 90


@pytest.mark.rule("C12")
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("-ERR no", LoginRefused),
        ("-ERR [AUTH] no", LoginRefused),
        ("-ERR [sys/temp] disk", TemporaryFault),
        ("-ERR [SYS/PERM] broken", PermanentFault),
        ("-ERR [SYS/TEMP/DISK] full", TemporaryFault),
        ("-ERR [NEW-CODE] what", LoginRefused),
    ],
)
def test_a_login_that_fails_is_told_by_its_code_and_not_tried_again(reply: str, kind: type[Exception]) -> None:
    replay = scripted(HELLO + f"S: {reply}\n")
    with pytest.raises(kind) as raised:
        open_session(replay, patience_seconds=1000)
    assert type(raised.value) is kind
    assert replay.opened == 1


@pytest.mark.parametrize(
    ("greeting", "kind", "words"),
    [
        ("S: -ERR too many connections", TemporaryFault, "too many connections"),
        ("S: -ERR [SYS/PERM] closed for good", PermanentFault, "needs repair"),
        (
            "S: 220 mx.example.org ESMTP",
            ProtocolFault,
            "does not greet like a POP3 server: 220 .*check host",
        ),
        ("end", ConnectionLost, "was closed by the server"),
        (
            "silence",
            TimedOut,
            "did not greet in 60 seconds; if it wants TLS .* set security to tls; else try again",
        ),
    ],
)
def test_a_greeting_that_is_none_says_what_to_do(greeting: str, kind: type[ClientFault], words: str) -> None:
    replay = scripted(greeting + "\n")
    with pytest.raises(kind, match=words) as raised:
        open_session(replay)
    assert raised.value.phase is Phase.CONNECT
    assert replay.closed


@pytest.mark.rule("U1")
@pytest.mark.parametrize(("reply", "works"), [("+OK", True), ("-ERR not today", False)])
def test_utf8_is_asked_for_before_the_login_where_it_is_announced(reply: str, works: bool) -> None:
    replay = scripted(
        f"S: +OK\nC: CAPA\nS: +OK\nS: UTF8 USER\nS: .\nC: UTF8\nS: {reply}\n"
        "C: USER ted\nS: +OK\nC: PASS secret\nS: +OK\nC: CAPA\nS: -ERR\n"
    )
    assert open_session(replay).utf8 is works


def test_utf8_is_not_asked_for_where_it_is_not_wanted() -> None:
    replay = scripted(
        "S: +OK\nC: CAPA\nS: +OK\nS: UTF8\nS: .\nC: USER ted\nS: +OK\nC: PASS secret\nS: +OK\nC: CAPA\nS: -ERR\n"
    )
    assert open_session(replay, utf8=False).utf8 is False


class Recorder:
    """Keeps what a link tells."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def connected(self, server: str, *, at_seconds: float | None) -> None:
        self.told.append(("connected", server))

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        self.told.append(("secured", description))

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        self.told.append((side, octets))

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        self.told.append(("closed", by))


def test_an_observer_hears_all_in_order() -> None:
    recorder = Recorder()
    with pytest.raises(InUse):
        open_session(scripted(IN_USE), observe=recorder)
    assert recorder.told == [
        ("connected", "pop.example.org:110"),
        (Side.SERVER, b"+OK\r\n"),
        (Side.CLIENT, b"CAPA\r\n"),
        (Side.SERVER, b"+OK\r\nLOGIN-DELAY 90\r\nUSER\r\n.\r\n"),
        (Side.CLIENT, b"USER ted\r\n"),
        (Side.SERVER, b"+OK\r\n"),
        (Side.CLIENT, b"PASS secret\r\n"),
        (Side.SERVER, b"-ERR [IN-USE] somebody is there\r\n"),
        ("closed", Side.CLIENT),
    ]


def test_an_observer_hears_of_an_end_by_the_server() -> None:
    recorder = Recorder()
    with pytest.raises(ConnectionLost):
        open_session(scripted("S: +OK\nC: CAPA\n"), observe=recorder)
    assert recorder.told[-1] == ("closed", Side.SERVER)


def test_a_connection_that_cannot_be_made_says_why() -> None:
    operation = opened(
        SERVER, LOGIN, utf8=True, patience_seconds=0, clock=lambda: 0.0, entropy=lambda octets: b"", observe=None
    )
    assert isinstance(next(operation), Open)
    with pytest.raises(ConnectFault, match="No route to host; check the address and the network"):
        operation.throw(OSError(113, "No route to host"))
