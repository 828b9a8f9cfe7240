"""What a fetch needs of an open remote maildrop: a part of the client's `Maildrop`, so that tests can play one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol, TypeVar

__all__ = ["Given", "RemoteMaildrop", "RemoteMessage", "Unmarked"]

M = TypeVar("M", bound="RemoteMessage")
M_co = TypeVar("M_co", bound="RemoteMessage", covariant=True)


class RemoteMessage(Protocol):
    """A message as it is listed."""

    @property
    def unique_id(self) -> bytes:
        """What names it in every session; no two of a listing have the same."""
        ...

    @property
    def octets(self) -> int:
        """As the server tells them."""
        ...


class Given(Protocol[M_co]):
    """What came of asking for a message."""

    @property
    def message(self) -> M_co:
        """Which one."""
        ...

    @property
    def refusal(self) -> Exception | None:
        """Why the server would not give it."""
        ...

    @property
    def given(self) -> bytes | None:
        """Its octets, or None."""
        ...


class Unmarked(Protocol[M_co]):
    """A message that the server would not mark."""

    @property
    def message(self) -> M_co:
        """Which one."""
        ...

    @property
    def refusal(self) -> Exception:
        """Why."""
        ...


class RemoteMaildrop(Protocol[M]):
    """An open maildrop of another server. All raise ClientFault."""

    def messages(self) -> AsyncIterator[M]:
        """Give all messages, in their order."""
        ...

    def read_many(self, messages: Iterable[M], /) -> AsyncIterator[Given[M]]:
        """Retrieve messages, in this order."""
        ...

    def peek_many(self, messages: Iterable[M], /, lines: int = 0) -> AsyncIterator[Given[M]]:
        """Retrieve headers, and so many lines of the bodies."""
        ...

    async def mark_many(self, messages: Iterable[M], /) -> Sequence[Unmarked[M]]:
        """Set deletion marks; give those that the server refused to set."""
        ...

    async def keep_alive(self) -> None:
        """Send NOOP if nothing was sent for a while."""
        ...

    async def quit(self) -> None:
        """Have removed what is marked, and close."""
        ...

    async def close(self) -> None:
        """Close without removing anything."""
        ...
