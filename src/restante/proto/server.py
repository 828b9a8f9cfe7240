"""The server's side of the protocol, pure: octets in, commands out, and the state they are judged by.

It splits and parses, refuses what the state does not allow, knows that PASS follows a good USER, that lines within
an AUTH exchange are no commands, and what stands behind STLS. It does not answer, and it moves to another
state only when told that the login, or QUIT, took effect.
Sources: RFC 1939 §3–7; RFC 2595 §4 (STLS); RFC 5034 §4 (AUTH).
"""

from __future__ import annotations

from typing import Final

from restante.proto.commands import AuthResponse, Command, Pass, User
from restante.proto.lines import COMMAND_LINE_OCTETS, LineSplitter, LineTooLong
from restante.proto.parser import Misuse, MisuseKind, parse
from restante.proto.spec import CommandSpec
from restante.proto.terms import Secret, State

__all__ = ["EXCHANGE_LINE_OCTETS", "ServerProtocol"]

EXCHANGE_LINE_OCTETS: Final = 16 * 1024
"""The longest line within an AUTH exchange, its CRLF included: RFC 5034 §4 lifts the limit of 255 for these, and a
token of OAuth needs more.
"""

_NOTHING: Final[frozenset[bytes]] = frozenset()
"""One for all sessions: Python makes a new one, of 216 octets, each time it is asked for one."""


class ServerProtocol(LineSplitter):
    """One session's protocol state.

    Call `receive` with what came, then `next_command` until it gives None; the same input gives the same commands,
    however it was cut. It is a splitter of lines and does not hold one: an object less for each session, and a call
    less at each command.
    """

    __slots__ = ("_command_line_octets", "_exchanging", "last_line", "name", "state", "withheld")

    state: State
    name: bytes | None
    """The name of the USER that came right before the PASS just given out; otherwise nothing to rely on."""
    withheld: frozenset[bytes]
    """Capabilities that are switched off, as `spec` names them: their commands are misuse."""
    last_line: bytes
    """The line of the last command, as it came; empty for one too long and for those within AUTH. Not for logs: see
    `redact`.
    """

    def __init__(self, *, command_line_octets: int = COMMAND_LINE_OCTETS) -> None:
        super().__init__(command_line_octets)
        self._command_line_octets = command_line_octets
        self._exchanging = False
        self.state = State.AUTHORIZATION
        self.name = None
        self.withheld = _NOTHING
        self.last_line = b""

    def next_command(self) -> Command | Misuse | None:
        """Give the next command, or what is wrong with its line, or None when more octets are needed."""
        line = self.next_line()
        if line is None:
            return None
        if isinstance(line, LineTooLong):
            self.last_line, self.name = b"", None
            return Misuse(MisuseKind.LINE_TOO_LONG)
        if self._exchanging:
            self.last_line = b""
            return AuthResponse(Secret(line))
        self.last_line = line
        spec, command = parse(line)
        if spec is not None:
            if self.state not in spec.states:
                # Which is more help than to hear that the arguments are wrong, too.
                self.name = None
                return Misuse(MisuseKind.WRONG_STATE, spec)
            if self.withheld and spec.capability in self.withheld:
                self.name = None
                return Misuse(MisuseKind.SWITCHED_OFF, spec)
            if spec.secret:
                return self._with_name(spec, command)
        self.name = None
        return command

    def _with_name(self, spec: CommandSpec, command: Command | Misuse) -> Command | Misuse:
        """Keep the name for the PASS that follows, and let no PASS pass that follows none."""
        if type(command) is User:
            self.name = command.name
        elif type(command) is not Pass:
            self.name = None
        elif self.name is None:
            return Misuse(MisuseKind.PASS_WITHOUT_USER, spec)
        return command

    def take_name(self) -> bytes:
        """Give the name for the PASS just given out; a further PASS needs another USER."""
        name, self.name = self.name, None
        assert name is not None, "PASS is given out after a USER only"
        return name

    def forget_said(self) -> None:
        """Let go of the lines that were given out: a password may be among them."""
        self.last_line, self.name = b"", None
        self._buffer, self._position = self._buffer[self._position :], 0

    def begin_exchange(self) -> None:
        """Take the lines that follow as responses of an AUTH exchange, longer than commands may be."""
        self._exchanging = True
        self.limit = EXCHANGE_LINE_OCTETS

    def end_exchange(self) -> None:
        """Take the lines that follow as commands again."""
        self._exchanging = False
        self.limit = self._command_line_octets
