"""What an operation asks of the world: the few things that its pump can do.

An operation is a generator. It yields one of these, and is sent octets (none but for `Read`) when it is done, or
has the error thrown into it: OSError, or TimeoutError where the time was up. All else happens inside the generator,
so that the pumps for asyncio and for blocking code have nothing of POP3 or TLS in them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeAlias, TypeVar

__all__ = [
    "CLOSE",
    "Close",
    "Compute",
    "Give",
    "Open",
    "Operation",
    "Pause",
    "Read",
    "Returned",
    "Stream",
    "Want",
    "Write",
    "computed",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Connect, instead of whatever connection there was. Through the proxy, where there is one."""

    host: str
    port: int
    proxy: str | None = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class Write:
    """Send octets; they may be kept until there is room. There are never more than a window of commands."""

    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Read:
    """Give what has come, as soon as there is anything; no octets mean that the server ended the connection."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Compute:
    """Call what takes long and asks nothing of the world, where it holds up nobody else. It does not raise."""

    call: Callable[[], None]


class Close:
    """Close the connection. Not an error where there is none any more."""


@dataclass(frozen=True, slots=True)
class Give(Generic[T_co]):
    """Hand something to whoever iterates; go on when they want more."""

    item: T_co


@dataclass(frozen=True, slots=True)
class Returned(Generic[T_co]):
    """How a pump tells that an operation came to its end."""

    value: T_co


CLOSE: Final = Close()

Want: TypeAlias = Open | Write | Read | Pause | Compute | Close
Operation: TypeAlias = Generator[Want, bytes, T]
Stream: TypeAlias = Generator[Want | Give[T], bytes, None]


def computed(call: Callable[[], T]) -> Operation[T]:
    """Give what a call gives that may take a second of computing; raises what it raises."""
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:  # told to the operation, which is who called
            errors.append(error)

    yield Compute(run)
    if errors:
        raise errors[0]
    return results[0]
