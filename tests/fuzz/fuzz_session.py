"""Fuzzes whole sessions: any octets get answers of the known forms, the same however they are cut, and no fault.

And no message is removed but by a QUIT. An input is one octet that says into how long pieces the rest is cut, then
what a client sends, over a link in memory: the real connection and the real session, without a socket.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Final, TypeVar, cast

from restante.ports.events import FaultMet, LoginAccepted, Outcome, SessionEnded
from restante.ports.stores import Holder
from restante.stores.memory import MemoryStore
from restante.testing.link import Link, LinkServer, ScriptedAuthenticator, scripted_account

T = TypeVar("T")

PIECES: Final = (
    b"\0",
    b" ",
    b"\r\n",
    b"\n",
    b"USER Ted\r\nPASS secret\r\n",
    b"DELE 1\r\n",
    b"RETR 2\r\n",
    b"TOP 3 1\r\n",
    b"UTF8\r\n",
    b"LANG de\r\n",
    b"AUTH PLAIN AFRlZABzZWNyZXQ=\r\n",
    b"*\r\n",
    b"QUIT\r\n",
    b"\xff",
)

MESSAGES: Final = (
    b"Subject: one\r\n\r\none\r\n",
    b"Subject: dots\r\n\r\n.\r\n..\r\nlast\r\n",
    "Subject: Grüße\r\n\r\nzwei\r\n".encode(),
    b"Subject: long\r\n\r\n" + b"x" * 70 + b"\r\n",
)
TED: Final = scripted_account()
SCRIPTED: Final = ScriptedAuthenticator({"Ted": b"secret"})


def filled_store() -> MemoryStore:
    store = MemoryStore()
    for message in MESSAGES:
        at_once(at_once(store.stage(TED, [message])).publish())
    return store


def at_once(work: Coroutine[object, None, T]) -> T:
    """Run what never waits in memory, without an event loop."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast(T, end.value)
    raise AssertionError("it waits")


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    piece, sent = octets[0] + 1 if octets else 1, octets[1:]
    whole = answers_to([sent])
    assert answers_to([sent[start : start + piece] for start in range(0, len(sent), piece)]) == whole


def answers_to(pieces: list[bytes]) -> bytes:
    store = filled_store()
    server = LinkServer(store, SCRIPTED)
    link = Link(server)
    for piece in pieces:
        if link.closed:
            break
        link.send(piece)
    if not link.closed:
        link.shut_down()
    server.settle()
    assert link.closed
    assert len(server.real) == 0
    assert not [event for event in server.told.events if isinstance(event, FaultMet)]
    (ended,) = [event for event in server.told.events if isinstance(event, SessionEnded)]
    answers = bytes(link.received)
    check(answers)
    # The lock is let go of, and what is gone was marked, and went by QUIT.
    maildrop = store.open(TED, Holder(peer="fuzz", since_epoch_seconds=0))
    removed = len(MESSAGES) - len(maildrop.snapshot)
    maildrop.release()
    assert removed == ended.removed
    assert not removed or ended.outcome is Outcome.QUIT
    assert len([event for event in server.told.events if isinstance(event, LoginAccepted)]) <= 1
    return answers


def check(answers: bytes) -> None:
    assert answers.startswith(b"+OK")
    assert answers.endswith(b"\r\n")
    assert answers.count(b"\n") == answers.count(b"\r\n") == answers.count(b"\r")
