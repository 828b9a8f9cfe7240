"""Which remote maildrop a command means: an account of the file, or one given by options alone.

Nothing is asked of a server here, and no secret is brought until a connection is made.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from restante.cli.outcome import CommandFailed, ExitCode
from restante.proto.terms import Secret

if TYPE_CHECKING:
    from restante.client import Maildrop, Server

__all__ = ["AdHoc", "SecurityChoice", "Source", "ad_hoc_source", "secret_of_command"]

COMMAND_SECONDS: Final = 120
_LARGEST_SECRET_OCTETS: Final = 16 * 1024
_SERVER: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/]+))(?::(?P<port>\d{1,5}))?")


class SecurityChoice(StrEnum):
    """How `--security` calls the ways to secure a connection."""

    TLS = "tls"
    STLS = "stls"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A remote maildrop, and the way into it."""

    name: str
    """What people call it."""
    user: str
    """Who logs in."""
    address: str
    """The mail address that it is for, as far as that is known."""
    maildrop_name: str
    """What the state calls it."""
    connect: Callable[[], Awaitable[Maildrop]]
    """Raises ClientFault, SetupFault, UnusableArgument."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdHoc:
    """What the options say of a server that stands in no file."""

    server: str
    user: str | None
    password_command: str | None
    security: SecurityChoice
    fingerprint: str | None
    authorities: Path | None


def ad_hoc_source(options: AdHoc) -> Source:
    """Make the source of options. Raises CommandFailed."""
    from restante.client import Login, Security, Server, connect
    from restante.fetch.runner import SetupFault
    from restante.fetch.state import maildrop_name

    if options.user is None:
        raise CommandFailed("--server says where, and not who: give --user NAME too", exit_code=ExitCode.USAGE)
    user, command = options.user, options.password_command
    found = _SERVER.fullmatch(options.server)
    try:
        if found is None:
            raise ValueError("--server is HOST or HOST:PORT, with [brackets] around an IPv6 address")
        server = Server(
            host=found["six"] or found["host"],
            port=int(found["port"]) if found["port"] else None,
            security=Security[options.security.name],
            fingerprint=options.fingerprint,
            authorities=options.authorities,
        )
    except ValueError as error:
        raise CommandFailed(str(error), exit_code=ExitCode.USAGE) from None
    asked: list[Secret] = []

    async def password() -> Secret:
        if command is not None:
            try:
                return await asyncio.to_thread(secret_of_command, command)
            except CommandFailed as error:
                raise SetupFault(str(error)) from None
        return asked[0]

    async def open_() -> Maildrop:
        return await connect(server, login=Login(name=user, password=await password()))

    if command is None:
        from restante.cli.password_input import ask_password

        asked.append(ask_password(f"{user} at {server.host}", from_stdin=False))
    return Source(
        name=_short_name(user, server),
        user=user,
        address=user if "@" in user else f"{user}@{server.host}",
        maildrop_name=maildrop_name(user, server.host, server.real_port),
        connect=open_,
    )


def _short_name(user: str, server: Server) -> str:
    return user if "@" in user else f"{user}@{server.host}"


def secret_of_command(command: str) -> Secret:
    """Give the first line that a command writes. Raises CommandFailed."""
    try:
        argv = shlex.split(command)
        done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=COMMAND_SECONDS, check=False
        )
    except (OSError, ValueError, IndexError) as error:
        raise CommandFailed(
            f"the password command cannot be run ({error}): mend it", exit_code=ExitCode.USAGE
        ) from None
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"the password command did not end within {COMMAND_SECONDS} seconds: mend it") from None
    secret = done.stdout.partition(b"\n")[0].removesuffix(b"\r")
    if done.returncode or not secret or len(secret) > _LARGEST_SECRET_OCTETS:
        raise CommandFailed(
            f"the password command ended with {done.returncode} and gave no password: see that it writes one line"
        )
    return Secret(secret)
