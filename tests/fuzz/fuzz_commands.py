"""Fuzzes the line splitter and the command parser: however octets are cut, the same commands come out, none raises.

An input is one octet that says into how long pieces the rest is cut, then what a client sends. Each command that
moves the protocol to another state is taken to succeed, so that all states are reached.
"""

from __future__ import annotations

from typing import Final

from restante.proto.commands import Auth, AuthResponse, Command, Pass, Quit
from restante.proto.parser import Misuse, MisuseKind
from restante.proto.redact import redacted
from restante.proto.server import EXCHANGE_LINE_OCTETS, ServerProtocol
from restante.proto.terms import State

PIECES: Final = (b"\0", b" ", b"\r", b"\n", b"\r\n", b"PASS x\r\n", b"1", b"-1", b"9" * 12, b"x" * 260, b"\xff")


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    piece, sent = octets[0] + 1 if octets else 1, octets[1:]
    whole = commands_of([sent])
    assert commands_of([sent[start : start + piece] for start in range(0, len(sent), piece)]) == whole


def commands_of(pieces: list[bytes]) -> list[str]:
    protocol = ServerProtocol()
    found = []
    for piece in pieces:
        protocol.receive(piece)
        while (command := protocol.next_command()) is not None:
            check(protocol, command)
            found.append(repr(command))
            if isinstance(command, Quit):
                return found
        # What is kept of a line that has no end is less than the longest line there may be.
        assert protocol.pending < EXCHANGE_LINE_OCTETS
    return found


def check(protocol: ServerProtocol, command: Command | Misuse) -> None:
    line = protocol.last_line
    assert b"\n" not in line
    shown = redacted(line)
    match command:
        case Auth():
            protocol.begin_exchange()
        case AuthResponse():
            assert not line
            protocol.end_exchange()
        case Pass(password):
            assert protocol.take_name()
            # Unless the line says it in the place of the keyword, too.
            assert password.reveal() not in shown.removeprefix(line[:5])
            protocol.state = State.TRANSACTION
        case Misuse(MisuseKind.LINE_TOO_LONG):
            assert not line
            protocol.end_exchange()
        case _:
            pass
