"""A session typed by hand: POP3 and LMTP over a raw socket, without a library, so that each octet is seen."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

WAIT_SECONDS: Final = 30.0
"""Longest wait for anything that should take a moment."""

Address: TypeAlias = tuple[str, int] | str
"""A host and a port, or the path of a socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """An account, and the password that a test logs in with."""

    name: str
    password: str


class Wire:
    """A session typed by hand, line by line."""

    def __init__(
        self,
        address: Address,
        *,
        secure: Callable[[socket.socket], socket.socket] | None = None,
        source: str | None = None,
    ) -> None:
        """Connect, from the address `source` if one is given, and read the greeting; `secure` begins TLS before."""
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(WAIT_SECONDS)
        if source is not None:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        if secure is not None:
            self.socket = secure(self.socket)
        self._reader = self.socket.makefile("rb")
        self.greeting = self.line()

    def upgrade(self, secure: Callable[[socket.socket], socket.socket]) -> None:
        """Begin TLS from here on."""
        self._reader.close()
        self.socket = secure(self.socket)
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._reader.close()
        self.socket.close()

    def send(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.socket.sendall(octets)

    def line(self) -> bytes:
        """Read one line, which has to end in CRLF; an empty one means that the other side hung up."""
        line = self._reader.readline()
        assert line == b"" or line.endswith(b"\r\n"), line
        return line

    def ended(self) -> bool:
        """Tell whether the other side has closed the connection, waiting for that."""
        with contextlib.suppress(ConnectionResetError):
            return self._reader.read(1) == b""
        return True

    def say(self, command: str | bytes) -> bytes:
        """Send a command and read the first line of its answer, without the CRLF."""
        line = command.encode() if isinstance(command, str) else command
        self.send(line + b"\r\n")
        return self.line().removesuffix(b"\r\n")

    def ok(self, command: str | bytes) -> bytes:
        """Like `say`, for a command that has to succeed."""
        answer = self.say(command)
        assert answer.startswith(b"+OK"), (command, answer)
        return answer

    def multi(self, command: str | bytes) -> bytes:
        """Give the lines of a multi-line response, the byte-stuffing taken off, without the terminating line."""
        self.ok(command)
        return b"".join(self._lines())

    def _lines(self) -> Iterator[bytes]:
        while (line := self.line()) != b".\r\n":
            assert line, "the connection ended within a multi-line response"
            yield line[1:] if line.startswith(b".") else line

    def login(self, owner: Owner) -> Self:
        """Log in by USER and PASS."""
        self.ok(f"USER {owner.name}")
        self.ok(f"PASS {owner.password}")
        return self

    def mail(
        self,
        recipients: Sequence[str],
        octets: bytes,
        reverse_path: str = "sender@example.net",
        hello: str = "LHLO",
    ) -> list[bytes]:
        """Send a message by LMTP; give the last answer for each recipient: RCPT's when refused, else the data's.

        With EHLO for `hello`, and one recipient, it is SMTP.
        """
        self.answer(f"{hello} bed.example")
        assert self.answer(f"MAIL FROM:<{reverse_path}>").startswith(b"250")
        answers = [self.answer(f"RCPT TO:<{recipient}>") for recipient in recipients]
        if not any(answer.startswith(b"250") for answer in answers):
            return answers
        assert self.answer("DATA").startswith(b"354")
        dotted = re.sub(rb"(?:\A|(?<=\r\n))\.", b"..", octets)
        self.send(dotted + (b"" if dotted.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return [self._answer() if answer.startswith(b"250") else answer for answer in answers]

    def answer(self, command: str) -> bytes:
        """Send an SMTP command and give the last line of its answer."""
        self.send(command.encode() + b"\r\n")
        return self._answer()

    def _answer(self) -> bytes:
        while (line := self.line())[3:4] == b"-":
            pass
        return line
