"""What a source of sessions is: octets of a file go in, and what they tell goes to readers that it asks for."""

from __future__ import annotations

from typing import Protocol

from restante.explain.protocols import MailProtocol
from restante.explain.undecided import SessionReader

__all__ = ["OpenSession", "Source"]


class OpenSession(Protocol):
    """Gives a reader for one more session, as `explain.telling.Telling.any_session` does."""

    def __call__(
        self, label: str = "", *, client: str = "", excerpt: bool = False, protocol: MailProtocol | None = None
    ) -> SessionReader:
        """Begin a session, from a client's address if that is known; `excerpt`: parts of it may be left out.

        `protocol` is given where the source tells it.
        """
        ...


class Source(Protocol):
    """Takes the octets of a file in pieces of any length. It never raises for what they hold."""

    def feed(self, octets: bytes) -> None:
        """Take the next octets."""
        ...

    def finish(self) -> None:
        """Take note that there are no more."""
        ...
