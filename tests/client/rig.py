"""Sessions over replays: what the tests of the client's operations share."""

from __future__ import annotations

from tests.recorded.replay import Replay, scripted

from restante.client.opening import opened
from restante.client.server import Login, Security, Server
from restante.client.session import Session
from restante.explain.wire import WireObserver

SERVER = Server(host="pop.example.org", security=Security.PLAIN)
LOGIN = Login.by_password("ted", "secret")

OPENED = """
S: +OK
C: CAPA
S: +OK
S: TOP
S: UIDL
S: USER
S: PIPELINING
S: .
C: USER ted
S: +OK
C: PASS secret
S: +OK
"""
"""The beginning of a session that is logged in, at a server with all that is usual."""

LISTED = (
    OPENED
    + """
C: LIST
C: UIDL
S: +OK
S: 1 24
S: 2 28
S: 3 26
S: .
S: +OK
S: 1 first
S: 2 second
S: 3 third
S: .
"""
)


def open_session(
    replay: Replay,
    login: Login | None = LOGIN,
    *,
    server: Server = SERVER,
    patience_seconds: float = 0.0,
    utf8: bool = True,
    observe: WireObserver | None = None,
) -> Session:
    """Open a session, with the same entropy each time."""
    return replay.run(
        opened(
            server,
            login,
            utf8=utf8,
            patience_seconds=patience_seconds,
            clock=replay.clock,
            entropy=lambda octets: b"e" * octets,
            observe=observe,
        )
    )


def session_with(script: str, *, server: Server = SERVER) -> tuple[Replay, Session]:
    """Give a replay of one session, opened."""
    replay = scripted(script)
    return replay, open_session(replay, server=server)
