r"""What `--to` says, read into a value: one for each kind of destination.

    maildir:PATH  mbox:PATH  pipe:COMMAND  restante:NAME  -
    lmtp:HOST[:PORT]  lmtp:unix:PATH  smtp:HOST[:PORT]
    imap:[imaps://|imap://]USER@HOST[:PORT][/FOLDER][?flags=\Seen,\Flagged]

Pure but for `~`, which is a home folder. Fails with NoDestination, whose text ends with what to do next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from restante.fetch.sinks.imap import ImapAddress
from restante.fetch.sinks.post import PostAddress, Protocol

__all__ = [
    "Command",
    "Destination",
    "ImapFolder",
    "MailServer",
    "Maildir",
    "Mbox",
    "NoDestination",
    "OwnMaildrop",
    "StandardOutput",
    "parse_destination",
]

_DEFAULT_PORTS: Final = {Protocol.SMTP: 25, Protocol.LMTP: 24}
_HOST_AND_PORT: Final = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>\d{1,5}))?"
)
_FLAG: Final = re.compile(r"\\?[A-Za-z$][A-Za-z0-9$_.-]*")


class NoDestination(ValueError):
    """The text names no destination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maildir:
    """`maildir:PATH`."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Mbox:
    """`mbox:PATH`."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """`smtp:…` and `lmtp:…`."""

    protocol: Protocol
    address: PostAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapFolder:
    """`imap:…`; its password comes from elsewhere."""

    address: ImapAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`pipe:COMMAND`."""

    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMaildrop:
    """`restante:NAME`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardOutput:
    """`-`."""


Destination: TypeAlias = Maildir | Mbox | MailServer | ImapFolder | Command | OwnMaildrop | StandardOutput


def parse_destination(text: str) -> Destination:
    """Read what `--to` says. Raises NoDestination."""
    if text == "-":
        return StandardOutput()
    kind, colon, rest = text.partition(":")
    if not colon or not rest.strip():
        raise NoDestination(
            f"{text!r} is no destination: give maildir:PATH, mbox:PATH, imap:USER@HOST/FOLDER, lmtp:HOST:PORT, "
            "smtp:HOST:PORT, pipe:COMMAND, restante:NAME, or - for standard output"
        )
    match kind.lower():
        case "maildir":
            return Maildir(path=_path(rest))
        case "mbox":
            return Mbox(path=_path(rest))
        case "smtp" | "lmtp" as protocol:
            return _mail_server(Protocol(protocol), rest)
        case "imap" | "imaps":
            return ImapFolder(address=_imap(text if rest.startswith("//") else rest))
        case "pipe":
            return Command(command=rest)
        case "restante":
            return OwnMaildrop(name=rest)
        case _:
            raise NoDestination(
                f"{kind!r} is no kind of destination: use maildir, mbox, imap, lmtp, smtp, pipe, restante or -"
            )


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise NoDestination(f"{text} begins with ~, and there is no such home: give the whole path") from None


def _mail_server(protocol: Protocol, text: str) -> MailServer:
    if text.startswith("unix:"):
        return MailServer(protocol=protocol, address=PostAddress(socket=text.removeprefix("unix:")))
    if text.startswith("/"):
        return MailServer(protocol=protocol, address=PostAddress(socket=text))
    found = _HOST_AND_PORT.fullmatch(text)
    port = int(found["port"] or _DEFAULT_PORTS[protocol]) if found else 0
    if found is None or not 1 <= port <= 65535:
        name = protocol.value
        raise NoDestination(f"{text!r} is no address: give {name}:HOST:PORT, or {name}:unix:PATH for a socket")
    return MailServer(protocol=protocol, address=PostAddress(host=found["six"] or found["host"], port=port))


def _imap(text: str) -> ImapAddress:
    url = text if "://" in text else f"imaps://{text}"
    try:
        parts = urlsplit(url)
        port = parts.port
        query = parse_qs(parts.query, strict_parsing=bool(parts.query))
        flags = [flag for value in query.get("flags", []) for flag in value.split(",")]
    except ValueError:
        parts, port, flags = None, None, []
    if parts is None or parts.scheme not in {"imap", "imaps"} or not parts.username or not parts.hostname:
        raise NoDestination(
            f"{text!r} is no IMAP folder: give imap:USER@HOST/FOLDER, such as imap:ted@imap.example.org/INBOX"
        )
    if parts.password is not None:
        raise NoDestination("a password does not belong into a command line: give --to-password-command")
    if any(not _FLAG.fullmatch(flag) for flag in flags):
        raise NoDestination(rf"flags={','.join(flags)}: give flags such as \Seen or $Forwarded, parted by commas")
    tls = parts.scheme == "imaps"
    return ImapAddress(
        user=unquote(parts.username),
        host=parts.hostname,
        port=port or (993 if tls else 143),
        tls=tls,
        folder=unquote(parts.path.lstrip("/")) or "INBOX",
        flags=tuple(flags),
    )
