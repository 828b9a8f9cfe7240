"""The PROXY protocol: what a proxy in front says about the client, before the client's first octet.

Pure: octets in, a header or what is wrong with it out. It takes versions 1 (a line) and 2 (binary), from stream
sockets. Whether a peer may say such things at all is the caller's to ask `TrustedPeers` first: of another peer
nothing is parsed, and of a trusted one the header is not optional (the specification forbids to guess).
How it fails: `ProxyHeaderBad` with the reason, for the log; then the connection is to be closed without a word. No
octets make it raise, and it holds no more than `HEADER_OCTETS`.
Sources: HAProxy's proxy-protocol.txt §2 (both formats), §2.2 (fields); RFC 9260 appendix A (CRC32c).
"""

from __future__ import annotations

import functools
import ipaddress
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final, TypeAlias

from restante.doors.peers import LOCAL_PEER, Address, address_of, unmapped

__all__ = [
    "HEADER_OCTETS",
    "LINE_OCTETS",
    "IpEndpoint",
    "Need",
    "ProxiedTls",
    "ProxyHeader",
    "ProxyHeaderBad",
    "ProxyHeaderParser",
    "TrustedPeers",
    "UnixEndpoint",
    "crc32c",
]

LINE_OCTETS: Final = 107
"""The longest header of version 1, its CRLF included. Source: §2.1, worst case."""

HEADER_OCTETS: Final = 4096
"""The longest header of version 2. It may announce 16 + 65535, and is meant to fit 536; but a client's certificate
may be part of it, and such are about 2 KiB."""

_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_FIXED_OCTETS: Final = 16
_LINE_START: Final = b"PROXY "
_LINE: Final = re.compile(rb"PROXY (TCP4|TCP6) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})")
_UNKNOWN: Final = b"PROXY UNKNOWN"
_UNIX_FAMILY: Final = 3
_LAYOUTS: Final = {1: "!4s4sHH", 2: "!16s16sHH", _UNIX_FAMILY: "!108s108s"}
"""The two ends, by family: IPv4, IPv6, sockets in the file system."""
_LARGEST_PORT: Final = 65535
_FIELD_HEAD_OCTETS: Final = 3
_CRC_OCTETS: Final = 4


class _Field(IntEnum):
    """The fields (TLV) that are read; others are skipped. Source: §2.2."""

    AUTHORITY = 0x02
    CRC32C = 0x03
    SSL = 0x20
    # Within SSL:
    SSL_VERSION = 0x21
    SSL_CN = 0x22
    SSL_CIPHER = 0x23
    SSL_CLIENT_CERT = 0x28


_CAME_BY_TLS: Final = 0x01
"""PP2_CLIENT_SSL."""
_SHOWED_CERTIFICATE: Final = 0x02 | 0x04
"""PP2_CLIENT_CERT_CONN, on this connection, and PP2_CLIENT_CERT_SESS, earlier in its session."""


class Need(Enum):
    """More octets are needed."""

    MORE = "more"


@dataclass(frozen=True, slots=True, kw_only=True)
class IpEndpoint:
    """An end of the client's connection."""

    host: str
    """An IP address in its canonical text; an IPv4 address mapped into IPv6 is given as IPv4."""
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixEndpoint:
    """An end of a connection over a socket in the proxy's file system, not in ours."""

    path: bytes
    """Up to the first NUL; empty for an end without a name."""


Endpoint: TypeAlias = IpEndpoint | UnixEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxiedTls:
    """The client's TLS, which ends at the proxy (PP2_TYPE_SSL). Its octets are as the proxy sent them."""

    version: bytes = b""
    cipher: bytes = b""
    verified: bool = False
    """Whether the client showed a certificate and the proxy found it good."""
    common_name: bytes = b""
    """Of that certificate, or of one that was not found good."""
    certificate: bytes = b""
    """DER, where the proxy sends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyHeader:
    """What the proxy says.

    Without a source the proxy speaks for itself (LOCAL: it looks whether we are well) or does not know whom it
    speaks for (UNKNOWN, UNSPEC, datagrams): the real ends of the connection are then all there is to go by.
    """

    version: int
    source: Endpoint | None = None
    """The client."""
    destination: Endpoint | None = None
    """What the client connected to."""
    authority: bytes = b""
    """The server name that the client asked for, in UTF-8 if it kept to the rules. Hostile."""
    tls: ProxiedTls | None = None
    """None where the client came to the proxy without TLS, or where the proxy says nothing about it."""
    rest: bytes
    """What came behind the header: the client's first octets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyHeaderBad:
    """What came is no header, or not one that can be relied on."""

    reason: str
    """For the log; holds nothing of what came."""


class ProxyHeaderParser:
    """Reads the header of one connection: call `receive` with what came until it gives something else than Need."""

    __slots__ = ("_buffer", "_given")

    def __init__(self) -> None:
        self._buffer = b""
        self._given: ProxyHeader | ProxyHeaderBad | None = None

    def receive(self, octets: bytes) -> Need | ProxyHeader | ProxyHeaderBad:
        """Take octets from the wire. Not to be called after a header; after ProxyHeaderBad it stays at that."""
        if isinstance(self._given, ProxyHeaderBad):
            return self._given
        assert self._given is None, "the header was given, with the rest of what came"
        self._buffer += octets
        found: Need | ProxyHeader | ProxyHeaderBad
        try:
            found = _parse(self._buffer)
        except _Bad as bad:
            found = ProxyHeaderBad(reason=str(bad))
        if not isinstance(found, Need):
            self._buffer = b""
            self._given = found
        return found


class TrustedPeers:
    """Whose word on the client is taken: networks, and `unix` for sockets in the file system."""

    __slots__ = ("_networks", "_takes_unix")

    def __init__(self, texts: Iterable[str]) -> None:
        """Take `10.0.0.0/8`, `2001:db8::1`, `unix`. Raises ValueError, whose message names the wrong one."""
        self._takes_unix = False
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for text in texts:
            if text.strip().lower() == "unix":
                self._takes_unix = True
                continue
            try:
                network = ipaddress.ip_network(text.strip())
            except ValueError as error:
                # Bits behind the prefix are refused, too: who is trusted has to be clear.
                raise ValueError(
                    f"'{text}' is no address and no network ({error}); write 10.0.0.0/8, 2001:db8::1 or unix"
                ) from None
            self._networks.append(network)

    def __bool__(self) -> bool:
        """Tell whether anybody is trusted."""
        return self._takes_unix or bool(self._networks)

    def __contains__(self, peer: object) -> bool:
        """Tell whether a peer is trusted: an address in text, or `unix`."""
        if peer == LOCAL_PEER:
            return self._takes_unix
        if not self._networks:
            return False
        address = address_of(peer) if isinstance(peer, str) else None
        return address is not None and any(address in network for network in self._networks)


class _Bad(Exception):
    """What is wrong; stays within this module."""


def _parse(octets: bytes) -> Need | ProxyHeader:
    """Give the header at the start of octets. Raises _Bad."""
    if octets.startswith(_SIGNATURE[: len(octets)]):
        return _parse_binary(octets) if len(octets) >= _FIXED_OCTETS else Need.MORE
    if octets.startswith(_LINE_START[: len(octets)]):
        return _parse_line(octets)
    raise _Bad("no PROXY header came: it has to be switched on at the proxy, or this peer is no proxy")


# --- version 1 ---------------------------------------------------------------------------------------------------


def _parse_line(octets: bytes) -> Need | ProxyHeader:
    end = octets.find(b"\n", 0, LINE_OCTETS)
    if end < 0:
        if len(octets) >= LINE_OCTETS:
            raise _Bad(f"a PROXY line has no end within {LINE_OCTETS} octets")
        return Need.MORE
    line, rest = octets[: end + 1], octets[end + 1 :]
    if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
        raise _Bad("a PROXY line ends with something else than CRLF")
    line = line[:-2]
    if line == _UNKNOWN or line.startswith(_UNKNOWN + b" "):
        return ProxyHeader(version=1, rest=rest)
    match = _LINE.fullmatch(line)
    if match is None:
        raise _Bad("a PROXY line is not of the form: PROXY TCP4|TCP6 source destination port port")
    family, source, destination, source_port, destination_port = match.groups()
    return ProxyHeader(
        version=1,
        source=_endpoint_of_text(family, source, source_port),
        destination=_endpoint_of_text(family, destination, destination_port),
        rest=rest,
    )


def _endpoint_of_text(family: bytes, host: bytes, port: bytes) -> IpEndpoint:
    text = host.decode("ascii")
    try:
        address = ipaddress.IPv4Address(text) if family == b"TCP4" else ipaddress.IPv6Address(text)
    except ValueError:
        raise _Bad("a PROXY line has an address that is none of its family") from None
    if int(port) > _LARGEST_PORT:
        raise _Bad("a PROXY line has a port beyond 65535")
    return _endpoint(address, int(port))


# --- version 2 ---------------------------------------------------------------------------------------------------


def _parse_binary(octets: bytes) -> Need | ProxyHeader:
    """Parse what begins with the signature and has the 16 octets that all have."""
    version_and_command, family_and_transport, length = struct.unpack_from("!BBH", octets, len(_SIGNATURE))
    version, command = version_and_command >> 4, version_and_command & 0x0F
    family, transport = family_and_transport >> 4, family_and_transport & 0x0F
    if version != 2:
        raise _Bad(f"a binary PROXY header has version {version}, not 2")
    if command > 1:
        raise _Bad(f"a PROXY header has command {command}, which nobody knows")
    if family > _UNIX_FAMILY or transport > 2:
        raise _Bad(f"a PROXY header has family {family} and transport {transport}, which nobody knows")
    end = _FIXED_OCTETS + length
    if end > HEADER_OCTETS:
        raise _Bad(f"a PROXY header announces {end} octets; at most {HEADER_OCTETS} are taken")
    if len(octets) < end:
        return Need.MORE
    header, rest = octets[:end], octets[end:]
    if command == 0 or family == 0 or transport != 1:
        # LOCAL, or ends that are unspecified or no streams: all that is in there is to be skipped.
        return ProxyHeader(version=2, rest=rest)
    source, destination, fields_start = _endpoints(header, family)
    authority, tls = b"", None
    for kind, start, value in _fields(header, fields_start):
        match kind:
            case _Field.AUTHORITY:
                authority = value
            case _Field.CRC32C:
                _check_sum(header, start, value)
            case _Field.SSL:
                tls = _tls(value)
    return ProxyHeader(version=2, source=source, destination=destination, authority=authority, tls=tls, rest=rest)


def _endpoints(header: bytes, family: int) -> tuple[Endpoint, Endpoint, int]:
    """Give the two ends, and where the fields start."""
    layout = _LAYOUTS[family]
    end = _FIXED_OCTETS + struct.calcsize(layout)
    if len(header) < end:
        raise _Bad("a PROXY header is too short for the addresses of its family")
    values = struct.unpack_from(layout, header, _FIXED_OCTETS)
    if family == _UNIX_FAMILY:
        source, destination = (UnixEndpoint(path=value.partition(b"\0")[0]) for value in values)
        return source, destination, end
    hosts = [ipaddress.ip_address(octets) for octets in values[:2]]  # of 4 octets or of 16
    return _endpoint(hosts[0], values[2]), _endpoint(hosts[1], values[3]), end


def _fields(octets: bytes, start: int) -> Iterator[tuple[int, int, bytes]]:
    """Give kind, start and octets of each field (TLV). Raises _Bad where they do not fill what is there."""
    while start < len(octets):
        value_start = start + _FIELD_HEAD_OCTETS
        if value_start > len(octets):
            raise _Bad("a PROXY header ends in the middle of a field")
        kind, length = struct.unpack_from("!BH", octets, start)
        start = value_start + length
        if start > len(octets):
            raise _Bad("a PROXY header has a field that is longer than what is left")
        yield kind, value_start, octets[value_start:start]


def _tls(value: bytes) -> ProxiedTls | None:
    if len(value) < 5:
        raise _Bad("a PROXY header has a TLS field that is too short")
    client, verify = struct.unpack_from("!BI", value)
    inner = {kind: octets for kind, _, octets in _fields(value, 5)}
    if not client & _CAME_BY_TLS:
        return None
    return ProxiedTls(
        version=inner.get(_Field.SSL_VERSION, b""),
        cipher=inner.get(_Field.SSL_CIPHER, b""),
        # Zero without a certificate says nothing.
        verified=bool(client & _SHOWED_CERTIFICATE) and verify == 0,
        common_name=inner.get(_Field.SSL_CN, b""),
        certificate=inner.get(_Field.SSL_CLIENT_CERT, b""),
    )


def _check_sum(header: bytes, start: int, value: bytes) -> None:
    if len(value) != _CRC_OCTETS:
        raise _Bad("a PROXY header has a checksum that is no CRC32c")
    zeroed = header[:start] + bytes(_CRC_OCTETS) + header[start + _CRC_OCTETS :]
    if crc32c(zeroed) != int.from_bytes(value, "big"):
        raise _Bad("a PROXY header does not agree with its checksum")


def crc32c(octets: bytes) -> int:
    """Give the CRC32c (Castagnoli) of octets. Source: RFC 9260 appendix A."""
    table, register = _crc_table(), 0xFFFFFFFF
    for octet in octets:
        register = table[(register ^ octet) & 0xFF] ^ (register >> 8)
    return register ^ 0xFFFFFFFF


@functools.cache
def _crc_table() -> tuple[int, ...]:
    """Divide each octet by the polynomial 0x1EDC6F41, bits reversed."""
    table = []
    for octet in range(256):
        register = octet
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
        table.append(register)
    return tuple(table)


# --- addresses ---------------------------------------------------------------------------------------------------


def _endpoint(address: Address, port: int) -> IpEndpoint:
    return IpEndpoint(host=str(unmapped(address)), port=port)
