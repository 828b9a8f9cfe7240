"""Crowds of clients, in a process of their own: `python -m tests.security.crowd WHAT PORT COUNT [OPTION...]`.

It says `ready` when all of them are where they are to be, and goes on or ends with the next line it is told.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from tests.security.ground import PASSWORD, raise_file_limit

WAIT_SECONDS: Final = 120
AT_ONCE: Final = 64
"""How many are on their way at the same time: the server's backlog has room for more."""


def say(line: str) -> None:
    print(line, flush=True)


def told() -> None:
    sys.stdin.readline()


def connected(port: int, index: int) -> socket.socket:
    """Connect from one of many addresses of this machine."""
    there = socket.socket()
    there.settimeout(WAIT_SECONDS)
    there.bind((f"127.0.{1 + index // 250 % 250}.{1 + index % 250}", 0))
    there.connect(("127.0.0.1", port))
    return there


def line_of(there: socket.socket) -> bytes:
    """Read a line, octet by octet: nothing is read ahead."""
    line = b""
    while not line.endswith(b"\n"):
        octet = there.recv(1)
        if not octet:
            break
        line += octet
    return line


def in_turn(port: int, count: int, *steps: Callable[[socket.socket, int], None]) -> list[socket.socket]:
    """Connect `count` clients, some at a time; all of those take one step before the next."""
    crowd: list[socket.socket] = []
    while len(crowd) < count:
        some = [(connected(port, index), index) for index in range(len(crowd), min(len(crowd) + AT_ONCE, count))]
        for step in steps:
            for there, index in some:
                step(there, index)
        crowd += [there for there, _ in some]
    return crowd


def greeted(there: socket.socket, _: int) -> None:
    assert line_of(there).startswith(b"+OK")


def open_context() -> ssl.SSLContext:
    """A client's context that believes any certificate: it is the server that is looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def idle(port: int, count: int) -> None:
    """Connect, read the greeting, and rest."""
    crowd = in_turn(port, count, greeted)
    say("ready")
    told()
    del crowd


def idle_under_tls(port: int, count: int) -> None:
    """The same by POP3S. Only the sockets are kept: what TLS knows costs memory at the client, too."""
    context = open_context()
    crowd = []
    for index in range(count):
        under = context.wrap_socket(connected(port, index))
        assert under.recv(1000).startswith(b"+OK")
        crowd.append(socket.socket(fileno=under.detach()))
    say("ready")
    told()


def names_itself(there: socket.socket, index: int) -> None:
    there.sendall(f"USER guest{index}\r\nPASS {PASSWORD}\r\nSTAT\r\n".encode())


def is_in(there: socket.socket, index: int) -> None:
    lines = [line_of(there) for _ in range(3)]
    assert all(line.startswith(b"+OK") for line in lines), lines


def logged_in(port: int, count: int) -> None:
    """Log in, each to a maildrop of its own, look, and rest."""
    crowd = in_turn(port, count, greeted, names_itself, is_in)
    say("ready")
    told()
    del crowd


def visit(port: int, count: int) -> None:
    """Log in and leave, each to a maildrop of its own."""

    def quit_(there: socket.socket, _: int) -> None:
        there.sendall(b"QUIT\r\n")
        while there.recv(4096):
            pass
        there.close()

    in_turn(port, count, greeted, names_itself, is_in, quit_)
    say("ready")
    told()


def asks_and_does_not_read(there: socket.socket, index: int) -> None:
    # More commands than the server takes at once, each of them for 50 MiB.
    there.sendall(f"USER guest{1 + index}\r\nPASS {PASSWORD}\r\n".encode() + b"RETR 1\r\n" * 2000)


def has_begun(there: socket.socket, index: int) -> None:
    lines = [line_of(there) for _ in range(3)]
    assert all(line.startswith(b"+OK") for line in lines), lines


def never_read(port: int, count: int) -> None:
    """Ask for a long message again and again, and read nothing of it."""
    crowd = in_turn(port, count, greeted, asks_and_does_not_read, has_begun)
    say("ready")
    told()
    del crowd


def never_read_under_tls(port: int, count: int) -> None:
    """The same by POP3S."""
    context = open_context()
    crowd = []
    for index in range(count):
        under = context.wrap_socket(connected(port, index))
        for step in (greeted, asks_and_does_not_read, has_begun):
            step(under, index)
        crowd.append(under)
    say("ready")
    told()


def fed_under_tls(port: int, count: int) -> None:
    """Log in by POP3S, take a long message, and rest."""
    context = open_context()
    crowd = []
    for index in range(count):
        under = context.wrap_socket(connected(port, index))
        greeted(under, index)
        under.sendall(f"USER guest{1 + index}\r\nPASS {PASSWORD}\r\nRETR 1\r\n".encode())
        end = b""
        while not end.endswith(b"\r\n.\r\n"):
            part = under.recv(65536)
            assert part
            end = (end + part)[-5:]
        crowd.append(socket.socket(fileno=under.detach()))
    say("ready")
    told()


def bad_commands(port: int, count: int, seed: str) -> None:
    """Send ten bad commands in each session, at which it ends; each is answered by one `-ERR`."""
    lot = random.Random(int(seed))
    words = (b"RETR", b"USER", b"PASS", b"AUTH", b"APOP", b"TOP", b"LIST", b"LANG", b"XYZZY", b"", b"STLS x", b"\0")

    def line() -> bytes:
        word = lot.choice(words)
        # What would be a good command is made bad by a NUL at its end.
        garbage = lot.randbytes(lot.randrange(60)).replace(b"\n", b"\r")
        return word + b" " + garbage + b"\0\r\n"

    def ask(there: socket.socket, _: int) -> None:
        there.sendall(b"".join(line() for _ in range(10)))

    def answered(there: socket.socket, _: int) -> None:
        answers = b""
        while part := there.recv(65536):
            answers += part
        lines = answers.split(b"\r\n")
        assert lines.pop() == b""
        assert len(lines) == 10, lines
        assert all(each.startswith(b"-ERR ") for each in lines), lines
        there.close()

    in_turn(port, count, greeted, ask, answered)
    say("ready")
    told()


def drip(port: int, count: int, pause: str) -> None:
    """Send an octet now and then and never a line; say how long the server let it go on, at most and at least."""
    crowd: dict[int, tuple[socket.socket, float]] = {}
    ends = select.epoll()
    for there in in_turn(port, count, greeted):
        there.setblocking(False)
        crowd[there.fileno()] = there, time.monotonic()
        ends.register(there, select.EPOLLIN | select.EPOLLHUP)
    say("ready")
    lived: list[float] = []
    next_octet = time.monotonic()
    while crowd:
        now = time.monotonic()
        if now >= next_octet:
            next_octet += float(pause)
            for there, _ in crowd.values():
                with contextlib.suppress(OSError):
                    there.send(b"U")
        for number, _ in ends.poll(max(0.0, next_octet - now), count):
            there, began = crowd[number]
            with contextlib.suppress(ConnectionError):
                if there.recv(4096):
                    continue
            del crowd[number]
            there.close()
            lived.append(time.monotonic() - began)
    say(f"{max(lived)} {min(lived)}")
    told()


def broken_base64(port: int, _: int, lines: bytes = b"AUTH PLAIN\r\n=\xffno base64\r\n") -> None:
    """Send what is no base64, again and again as fast as it goes, until told to stop; say how often."""
    tries = 0
    while True:
        with connected(port, 0) as there:
            there.sendall(lines * 12)
            with contextlib.suppress(ConnectionError):
                while answers := there.recv(65536):
                    tries += answers.count(b"-ERR")
        if tries and not tries % 10:
            if tries == 10:
                say("ready")
            if select.select([sys.stdin], [], [], 0)[0]:
                break
    say(str(tries))
    told()


def broken_base64_for_login(port: int, count: int) -> None:
    """The same within LOGIN, where the name is good and the password no base64."""
    broken_base64(port, count, b"AUTH LOGIN\r\nZ3Vlc3Qw\r\n" + b"A" * 10_000 + b"*\r\n")


KINDS: Final[dict[str, Callable[..., None]]] = {
    each.__name__: each
    for each in (
        idle,
        idle_under_tls,
        visit,
        logged_in,
        never_read,
        never_read_under_tls,
        fed_under_tls,
        bad_commands,
        drip,
        broken_base64,
        broken_base64_for_login,
    )
}


def main(what: str, port: str, count: str, *options: str) -> None:
    raise_file_limit()
    KINDS[what](int(port), int(count), *options)


if __name__ == "__main__":
    arguments: Sequence[str] = sys.argv[1:]
    main(*arguments)
