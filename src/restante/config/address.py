"""Addresses that a server listens on: `host:port`, `[IPv6]:port`, `*:port`, `unix:path`.

Not a resolver: a host's name is kept as it was typed. Parsing fails with ValueError, whose words say what to write
instead. `str(address)` is what one would type, and parses to the same address again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

__all__ = ["EVERY_INTERFACE", "LARGEST_UNIX_PATH_OCTETS", "Address", "TcpAddress", "UnixAddress", "parse_address"]

EVERY_INTERFACE: Final = "*"
"""The host that stands for all interfaces of the machine, over IPv4 and IPv6."""

LARGEST_UNIX_PATH_OCTETS: Final = 107
"""sun_path has 108 octets on Linux, one of them for the NUL at the end (unix(7))."""

_LARGEST_PORT: Final = 65535
_LARGEST_HOST_OCTETS: Final = 253
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_LIKE_IPV4: Final = re.compile(r"[0-9.]+")
_UNIX_PREFIX: Final = "unix:"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpAddress:
    """A host and a port."""

    host: str
    """A name, an IPv4 or IPv6 address without brackets, or `*` for every interface."""
    port: int
    """0 to 65535; 0 lets the system choose a free one."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixAddress:
    """A socket in the file system."""

    path: Path

    def __str__(self) -> str:
        return f"{_UNIX_PREFIX}{self.path}"


Address: TypeAlias = TcpAddress | UnixAddress


def parse_address(text: str) -> Address:
    """Read an address as a person types it. Raises ValueError, in words."""
    if text.startswith(_UNIX_PREFIX):
        return _parse_unix(text.removeprefix(_UNIX_PREFIX))
    host, colon, port = text.rpartition(":")
    if not colon:
        raise ValueError("the port is missing: write host:port, such as 127.0.0.1:1110, or unix:path")
    # The port first: what is told of a missing host shows it, and by then it is known to be a number.
    number = _parse_port(port)
    return TcpAddress(host=_parse_host(host, number), port=number)


def _parse_unix(path: str) -> UnixAddress:
    if not path:
        raise ValueError("the path is missing after unix:")
    if "\0" in path:
        raise ValueError("a path holds no NUL")
    try:
        octets = len(str(Path(path)).encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise ValueError("the path is not text") from None
    if octets > LARGEST_UNIX_PATH_OCTETS:
        raise ValueError(
            f"the path of a socket has at most {LARGEST_UNIX_PATH_OCTETS} octets, and this has {octets}"
        )
    return UnixAddress(path=Path(path))


def _parse_port(port: str) -> int:
    # isdecimal alone would take the digits of other scripts too.
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= _LARGEST_PORT):
        raise ValueError(f"the port has to be a number from 0 to {_LARGEST_PORT}")
    return int(port)


def _parse_host(host: str, port: int) -> str:
    if host == EVERY_INTERFACE:
        return host
    if not host:
        raise ValueError(f"the host is missing: write *:{port} for every interface, or 127.0.0.1:{port}")
    if host.startswith("[") and host.endswith("]"):
        return _parse_ip(host[1:-1], version=6)
    if ":" in host:
        raise ValueError("an IPv6 address stands in brackets, such as [::1]:110")
    if _LIKE_IPV4.fullmatch(host):
        return _parse_ip(host, version=4)
    if len(host) > _LARGEST_HOST_OCTETS or not _HOST_NAME.fullmatch(host):
        raise ValueError("the host has to be a name, an IPv4 address, an IPv6 address in brackets, or *")
    return host


def _parse_ip(host: str, *, version: int) -> str:
    from ipaddress import IPv4Address, IPv6Address  # here, since few starts need it and each delivery is a start

    try:
        return str(IPv4Address(host) if version == 4 else IPv6Address(host))
    except ValueError:
        raise ValueError(f"the host is not an IPv{version} address") from None
