"""Finds out which format a file has, from its first octets, and hands it to the source that reads it.

Captures are known by their first octets, logs by their first lines: the first format of which a line fits is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

from restante.explain.protocols import MailProtocol
from restante.explain.sources.capture import CaptureSource, looks_like_a_capture
from restante.explain.sources.curl_trace import CurlTraceSource, looks_like_a_curl_trace
from restante.explain.sources.server_log import ServerLogSource, looks_like_a_server_log
from restante.explain.sources.source import OpenSession, Source
from restante.explain.sources.terminal import TerminalSource, looks_like_a_terminal
from restante.explain.sources.text import TextSource
from restante.explain.sources.text_formats import TEXT_FORMATS, TextFormat
from restante.explain.undecided import SessionReader

__all__ = ["FORMATS", "HEAD_OCTETS", "Recognizer", "speaking"]

HEAD_OCTETS: Final = 256 * 1024
"""Looked at before a file counts as unknown: mpop and fetchmail tell of much before they speak."""

_SAID_ENOUGH: Final = 2
"""Lines that fit a format's pattern make a file one of it, unless its marks are so rare that one is enough."""


def _text(form: TextFormat) -> Callable[[OpenSession], Source]:
    return lambda open_session: TextSource(form, open_session)


_LOGS: Final[Mapping[str, Callable[[OpenSession], Source]]] = MappingProxyType(
    {
        **{form.name: _text(form) for form in TEXT_FORMATS},
        "curl-trace": CurlTraceSource,
        "server-log": ServerLogSource,
        "terminal": TerminalSource,
    }
)

FORMATS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{form.name: form.summary for form in TEXT_FORMATS},
        "capture": "pcap and pcapng, of tcpdump, tshark and Wireshark",
        "curl-trace": "curl --trace and --trace-ascii",
        "server-log": "the log of restante serve with log.wire, as text or in JSON",
        "terminal": "what stood on a terminal: telnet, nc, openssl s_client",
    }
)
"""Name, as `--format` takes it, to what it is."""


class Recognizer:
    """A source that finds out by itself what it reads.

    `name` is a format that is known beforehand, `ports` are those on which a capture has mail besides the usual
    ones, and `protocol` is what is spoken there and in all else, where it is known.
    """

    def __init__(
        self,
        open_session: OpenSession,
        *,
        name: str | None = None,
        ports: Collection[int] = (),
        protocol: MailProtocol | None = None,
    ) -> None:
        self._open = speaking(protocol, open_session)
        self._protocol = protocol
        self._ports = ports
        self._head = bytearray()
        self.name = name
        """The format; None while it is not known, or when nothing was recognised."""
        self._source = None if name is None else self._make(name)

    def _make(self, name: str) -> Source:
        return (
            CaptureSource(self._open, ports=self._ports, protocol=self._protocol)
            if name == "capture"
            else _LOGS[name](self._open)
        )

    def feed(self, octets: bytes) -> None:
        """Take the next octets."""
        if self._source is not None:
            self._source.feed(octets)
            return
        if len(self._head) < HEAD_OCTETS:
            self._head += octets
            self._recognize(at_end=len(self._head) >= HEAD_OCTETS)

    def finish(self) -> None:
        """Take note that there are no more."""
        if self._source is None and len(self._head) < HEAD_OCTETS:
            self._recognize(at_end=True)
        if self._source is not None:
            self._source.finish()

    def _recognize(self, *, at_end: bool) -> None:
        self.name = recognized(bytes(self._head), at_end=at_end)
        if self.name is not None:
            self._source = self._make(self.name)
            self._source.feed(bytes(self._head))
            self._head.clear()


class _Speaking:
    """Opens sessions of one protocol, whatever the source makes of it."""

    def __init__(self, protocol: MailProtocol, open_session: OpenSession) -> None:
        self._protocol = protocol
        self._open = open_session

    def __call__(
        self, label: str = "", *, client: str = "", excerpt: bool = False, protocol: MailProtocol | None = None
    ) -> SessionReader:
        """Begin a session."""
        del protocol
        return self._open(label, client=client, excerpt=excerpt, protocol=self._protocol)


def speaking(protocol: MailProtocol | None, open_session: OpenSession) -> OpenSession:
    """Give what opens sessions of a protocol, whatever a source makes of them; None: as they show themselves."""
    return open_session if protocol is None else _Speaking(protocol, open_session)


def recognized(head: bytes, *, at_end: bool) -> str | None:
    """Give the name of the format of which these are the first octets; None when it cannot be told (yet)."""
    if looks_like_a_capture(head):
        return "capture"
    if looks_like_a_curl_trace(head):
        return "curl-trace"
    if looks_like_a_server_log(head):
        return "server-log"
    lines = head.decode("utf-8", "replace").splitlines()
    for form in TEXT_FORMATS:
        fitting = sum(1 for line in lines if form.says.match(line))
        if form.needs is not None and form.needs.search(head.decode("utf-8", "replace")) is None:
            continue
        if fitting >= _SAID_ENOUGH or (fitting and (at_end or form.is_unmistakable)):
            return form.name
    if not at_end:
        return None
    if looks_like_a_terminal(head):
        return "terminal"
    # Nothing was said: TLS failed, or nobody greeted.
    return next((form.name for form in TEXT_FORMATS if any(form.begins(line) for line in lines)), None)
