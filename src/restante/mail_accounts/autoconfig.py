"""Reads the settings that a domain publishes for mail programs, in Mozilla's XML.

The XML comes from outside: no document type, so no entities; bounded in octets (by `web.py`), depth and elements.
Only servers with TLS are taken. Pure. Fails with ValueError.
Source: wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat (no RFC), RFC 8314 §3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn
from xml.parsers import expat

__all__ = ["PublishedServer", "read_autoconfig"]

_MOST_DEPTH: Final = 16
_MOST_ELEMENTS: Final = 2000
_LARGEST_TEXT: Final = 1000
_HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_KINDS: Final = {("incomingServer", "pop3"): "pop3", ("outgoingServer", "smtp"): "smtp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedServer:
    """A server as it is published."""

    kind: str
    """`pop3` or `smtp`."""
    host: str
    port: int
    implicit_tls: bool
    """False: STLS or STARTTLS."""
    login: str | None
    oauth: bool


class _Reader:
    def __init__(self) -> None:
        self.path: list[str] = []
        self.count = 0
        self.kind: str | None = None
        self.fields: dict[str, list[str]] = {}
        self.found: list[dict[str, list[str]]] = []
        self.kinds: list[str] = []
        self.text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        self.count += 1
        if len(self.path) > _MOST_DEPTH or self.count > _MOST_ELEMENTS:
            raise ValueError("the settings are nested too deeply, or too long")
        if self.path[:2] == ["clientConfig", "emailProvider"] and len(self.path) == 3:
            self.kind = _KINDS.get((name, attributes.get("type", "")))
            self.fields = {}
        self.text = []

    def end(self, name: str) -> None:
        if self.kind is not None and len(self.path) == 4:
            self.fields.setdefault(name, []).append("".join(self.text).strip())
        elif self.kind is not None and len(self.path) == 3:
            self.found.append(self.fields)
            self.kinds.append(self.kind)
            self.kind = None
        self.path.pop()
        self.text = []

    def character_data(self, text: str) -> None:
        if self.kind is not None and sum(map(len, self.text)) < _LARGEST_TEXT:
            self.text.append(text[:_LARGEST_TEXT])


def read_autoconfig(octets: bytes, address: str) -> list[PublishedServer]:
    """Read the servers for an address, in the order of the file. Raises ValueError."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.character_data
    try:
        parser.Parse(octets, True)
    except expat.ExpatError:
        raise ValueError("the settings are no XML") from None
    found = [_server(kind, fields, address) for kind, fields in zip(reader.kinds, reader.found, strict=True)]
    return [server for server in found if server is not None]


def _no_document_type(*_: object) -> NoReturn:
    raise ValueError("the settings hold a document type, which is not read")


def _server(kind: str, fields: dict[str, list[str]], address: str) -> PublishedServer | None:
    """Give a server, or None for one that is incomplete or has no TLS."""

    def first(name: str) -> str:
        return _filled_in(fields.get(name, [""])[0], address)

    host, port, security = first("hostname"), first("port"), first("socketType").upper()
    if not _HOST.fullmatch(host) or not (port.isascii() and port.isdecimal() and 1 <= int(port[:6]) <= 65535):
        return None
    if security not in ("SSL", "STARTTLS"):
        return None
    login = first("username")
    ways = fields.get("authentication", [])
    return PublishedServer(
        kind=kind,
        host=host,
        port=int(port),
        implicit_tls=security == "SSL",
        login=login if login and login.isprintable() else None,
        oauth="OAuth2" in ways and not any(way.startswith("password") for way in ways),
    )


def _filled_in(text: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    for name, value in (("ADDRESS", address), ("LOCALPART", local), ("DOMAIN", domain)):
        text = text.replace(f"%EMAIL{name}%", value)
    return text
