"""What is known of the line under a session, whichever protocol it is: its ends, who spoke, TLS, gaps, silences."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from restante.explain.events import WireEvent
from restante.explain.line_events import Connected, Joined, Lost, Sealed, StrayLine
from restante.explain.smtp.events import SmtpEvent
from restante.explain.wire import Side

__all__ = ["READABLE_MECHANISMS", "LineFacts"]

READABLE_MECHANISMS: Final = frozenset({"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"})
"""What they send can be used again by whoever reads it."""


class LineFacts:
    """Of one session, which comes from `client`, if that is known."""

    def __init__(self, client: str = "") -> None:
        self.client = client
        self.server = ""
        self.is_partial = False
        """Whether something of the session was not heard: what is not known of it need not be so."""
        self.began_at_seconds: float | None = None
        self.server_spoke = False
        self.client_spoke = False
        self.has_gap = False
        self.sealed: set[Side] = set()
        self.quiet_seconds: float | None = None
        """How long nobody had said anything before the last event; None where nobody knows."""
        self.last_at_seconds: float | None = None

    @property
    def is_local(self) -> bool:
        """Whether both sides are on one machine, so that nobody is on the way."""
        return _is_this_machine(self.server) or _is_this_machine(self.client)

    @property
    def knows_the_line(self) -> bool:
        """Whether the record would show TLS, if there were any; a bare transcript looks the same with it."""
        return bool(self.server or self.client)

    def hear_line(self, event: WireEvent | SmtpEvent) -> None:
        """Take an event into account, as far as it is about the line."""
        self.quiet_seconds = None
        if event.at_seconds is not None:
            if self.last_at_seconds is not None:
                self.quiet_seconds = event.at_seconds - self.last_at_seconds
            self.last_at_seconds = event.at_seconds
        match event:
            case Connected():
                self.server, self.began_at_seconds = event.server, event.at_seconds
            case Joined():
                self.is_partial = self.server_spoke = self.client_spoke = True
            case StrayLine():
                self.server_spoke = True
            case Sealed():
                self.sealed.add(event.side)
            case Lost():
                self.has_gap = True
            case _:
                return


def _is_this_machine(address: str) -> bool:
    """Tell whether an address, or `host:port`, is on this machine, so that nobody is on the way."""
    host = address
    if address.startswith("["):
        host = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        host = address.partition(":")[0]
    if host == "localhost" or address.startswith("unix:"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
