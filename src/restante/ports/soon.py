"""An answer that is here, or comes later: how a port says "at once" without a task or a coroutine.

The hot path asks a store or an authenticator and, nearly always, the answer is known at once: from a cache, from
memory, from the page cache. A coroutine for that costs a task; a plain value costs nothing. So a port returns
`Soon[T]`: the value itself, or a `Later` around an awaitable. There is one path: `then` runs the next step on
whichever it got.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeAlias, TypeVar

__all__ = ["Later", "Soon", "then"]

T = TypeVar("T")
U = TypeVar("U")


class Later(Generic[T]):
    """An answer that has to be waited for. Await it once."""

    __slots__ = ("_awaitable",)

    def __init__(self, awaitable: Awaitable[T]) -> None:
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, T]:  # Any: what asyncio's own awaitables yield
        return self._awaitable.__await__()


Soon: TypeAlias = T | Later[T]


def then(answer: Soon[T], step: Callable[[T], Soon[U]]) -> Soon[U]:
    """Run step on the answer: now if it is here, else once it has come. Errors of either pass through."""
    if isinstance(answer, Later):
        return Later(_wait_then(answer, step))
    return step(answer)


async def _wait_then(answer: Later[T], step: Callable[[T], Soon[U]]) -> U:
    result = step(await answer)
    return await result if isinstance(result, Later) else result
