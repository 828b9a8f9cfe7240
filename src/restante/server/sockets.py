"""Listening sockets: made from an address, or handed over by systemd.

They are bound once, before the workers are forked, and shared by all of them. A failure is an OSError whose text
names the address and says what to do. Source of the hand-over: sd_listen_fds(3).
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from restante.ports.events import Door

__all__ = ["BACKLOG", "BoundSocket", "ListenFailed", "inherited", "listen_tcp", "listen_unix"]

BACKLOG: Final = 1024
"""Connections that wait to be accepted; the kernel cuts it to net.core.somaxconn."""

_FIRST_INHERITED: Final = 3
"""SD_LISTEN_FDS_START."""

_TLS_NAMES: Final = frozenset({"pop3s", "smtps"})

_UNIX_MODE: Final = 0o660
"""Owner and group may connect to a socket in the file system: put Postfix into the group."""


class ListenFailed(OSError):
    """An address cannot be listened on. The message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundSocket:
    """A socket that listens, and for which door."""

    door: Door
    socket: socket.socket
    address: str
    """As one would type it; the real port where 0 was asked for."""
    tls: bool = False
    """Whether TLS begins with the first octet."""
    inherited: bool = False
    """Whether systemd handed it over, and so removes it from the file system."""

    @property
    def name(self) -> str:
        """What the door is called: `pop3s` is POP3 under TLS from the first octet."""
        return self.door.value + "s" if self.tls else self.door.value


def listen_tcp(door: Door, host: str, port: int, *, tls: bool = False) -> list[BoundSocket]:
    """Listen on each address that a host name stands for; `*` is every interface. Raises ListenFailed."""
    name = door.value + "s" if tls else door.value
    try:
        found = socket.getaddrinfo(
            None if host == "*" else host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise ListenFailed(f"{name} {host}:{port}: the host cannot be found ({error.strerror})") from error
    bound: list[BoundSocket] = []
    for family, _, _, _, sockaddr in dict.fromkeys(found):
        # Port 0 is to be the same free port for each address of the name.
        where = (sockaddr[0], bound[0].socket.getsockname()[1] if bound else port, *sockaddr[2:])
        try:
            bound.append(_listen(door, family, where, tls=tls))
        except OSError as error:
            # A machine without IPv6 still lists its addresses.
            if error.errno in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL} and len(found) > 1:
                continue
            for earlier in bound:
                earlier.socket.close()
            raise ListenFailed(f"{name} {host}:{port}: {_advice(error, port)}") from error
    if not bound:
        raise ListenFailed(f"{name} {host}:{port}: this machine has no such address")
    return bound


def listen_unix(door: Door, path: Path, *, tls: bool = False) -> list[BoundSocket]:
    """Listen on a socket in the file system. A stale one is replaced. Raises ListenFailed."""
    try:
        _remove_stale(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Made with no right for anybody, then opened up: there is no moment at which the wrong one connects.
            old_mask = os.umask(0o777)
            try:
                listener.bind(str(path))
            finally:
                os.umask(old_mask)
            path.chmod(_UNIX_MODE)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise ListenFailed(f"{door.value} unix:{path}: {error.strerror or error}") from error
    listener.setblocking(False)
    return [BoundSocket(door=door, socket=listener, address=f"unix:{path}", tls=tls)]


def inherited(environ: Mapping[str, str]) -> list[BoundSocket]:
    """Take the sockets that systemd hands over; none when it hands over none, or to another process.

    Each has to be named for its door in its .socket unit: `FileDescriptorName=pop3`, `pop3s`, `smtp`, `smtps` or
    `lmtp`.
    Raises ListenFailed for another name.
    """
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    try:
        count = int(environ.get("LISTEN_FDS", "0"))
    except ValueError:
        return []
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    taken: list[BoundSocket] = []
    for index in range(count):
        name = names[index] if index < len(names) else ""
        tls = name in _TLS_NAMES
        try:
            door = Door(name.removesuffix("s") if tls else name)
        except ValueError:
            raise ListenFailed(
                f"systemd handed over a socket named '{name}': "
                "write FileDescriptorName=pop3, pop3s, smtp, smtps or lmtp into its .socket unit"
            ) from None
        os.set_inheritable(_FIRST_INHERITED + index, False)
        listener = socket.socket(fileno=_FIRST_INHERITED + index)
        listener.setblocking(False)
        taken.append(
            BoundSocket(door=door, socket=listener, address=_address_of(listener), tls=tls, inherited=True)
        )
    return taken


def _listen(door: Door, family: int, where: tuple[object, ...], *, tls: bool) -> BoundSocket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(where)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return BoundSocket(door=door, socket=listener, address=_address_of(listener), tls=tls)


def _address_of(listener: socket.socket) -> str:
    name = listener.getsockname()
    if not isinstance(name, tuple):
        return f"unix:{os.fsdecode(name)}"
    return f"[{name[0]}]:{name[1]}" if listener.family == socket.AF_INET6 else f"{name[0]}:{name[1]}"


def _remove_stale(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(errno.EEXIST, "a file is there that is no socket; choose another path or remove it")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
            else:
                raise OSError(errno.EADDRINUSE, "another process listens there; stop it or choose another path")


def _advice(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another process listens there; stop it, or choose another port (0 takes a free one)"
    if error.errno == errno.EACCES:
        return f"port {port} is for root only; let systemd hand over the socket, or choose a port from 1024 on"
    return error.strerror or str(error)
