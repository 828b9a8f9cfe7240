"""The server's side of the protocol, pure: octets in, commands out, and the state they are judged by.

It splits and parses, refuses what the state does not allow, and knows that PASS follows a good USER. It does not
answer, and it moves to another state only when told that the login, or QUIT, took effect.
Sources: RFC 1939 §3–7.
"""

from __future__ import annotations

from restante.proto.commands import Command, Pass, User
from restante.proto.lines import COMMAND_LINE_OCTETS, LineSplitter, LineTooLong
from restante.proto.parser import Misuse, MisuseKind, parse
from restante.proto.terms import State

__all__ = ["ServerProtocol"]


class ServerProtocol:
    """One session's protocol state.

    Call `receive` with what came, then `next_command` until it gives None; the same input gives the same commands,
    however it was cut.
    """

    __slots__ = ("_splitter", "last_line", "name", "state")

    state: State
    name: bytes | None
    """The name of the USER that came right before the PASS just given out; otherwise nothing to rely on."""
    last_line: bytes
    """The line of the last command, as it came; empty when it was too long. Not for logs: see `redact`."""

    def __init__(self, *, command_line_octets: int = COMMAND_LINE_OCTETS) -> None:
        self._splitter = LineSplitter(command_line_octets)
        self.state = State.AUTHORIZATION
        self.name = None
        self.last_line = b""

    def receive(self, octets: bytes) -> None:
        """Take octets from the wire."""
        self._splitter.receive(octets)

    def next_command(self) -> Command | Misuse | None:
        """Give the next command, or what is wrong with its line, or None when more octets are needed."""
        line = self._splitter.next_line()
        if line is None:
            return None
        if isinstance(line, LineTooLong):
            self.last_line, self.name = b"", None
            return Misuse(MisuseKind.LINE_TOO_LONG)
        self.last_line = line
        spec, command = parse(line)
        if spec is not None and self.state not in spec.states:
            # Which is more help than to hear that the arguments are wrong, too.
            self.name = None
            return Misuse(MisuseKind.WRONG_STATE, spec)
        if type(command) is User:
            self.name = command.name
        elif self.name is None:
            if type(command) is Pass:
                return Misuse(MisuseKind.PASS_WITHOUT_USER, spec)
        elif type(command) is not Pass:
            self.name = None
        return command

    def take_name(self) -> bytes:
        """Give the name for the PASS just given out; a further PASS needs another USER."""
        name, self.name = self.name, None
        assert name is not None, "PASS is given out after a USER only"
        return name
