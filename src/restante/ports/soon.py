"""An answer that is here, or comes later: how a port says "at once" without a task or a coroutine.

The hot path asks a store or an authenticator and, nearly always, the answer is known at once: from a cache, from
memory, from the page cache. A coroutine for that costs a task; a plain value costs nothing. So a port returns
`Soon[T]`: the value itself, or a `Later` around an awaitable. There is one path: `then` runs the next step on
whichever it got.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeAlias, TypeVar

__all__ = ["Later", "Soon", "attempt", "attempt_later", "then"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


class Later(Generic[T_co]):
    """An answer that has to be waited for. Await it once."""

    __slots__ = ("_awaitable",)

    def __init__(self, awaitable: Awaitable[T_co]) -> None:
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, T_co]:  # Any: what asyncio's own awaitables yield
        return self._awaitable.__await__()


Soon: TypeAlias = T | Later[T]
"""mypy cannot always solve T here, since T might be the `Later` itself: where it gives up, the line says so."""


def then(answer: Soon[T], step: Callable[[T], Soon[U]]) -> Soon[U]:
    """Run step on the answer: now if it is here, else once it has come. Errors of either pass through."""
    if isinstance(answer, Later):
        return Later(_wait_then(answer, step))
    return step(answer)


def attempt(
    ask: Callable[[], Soon[T]],
    step: Callable[[T], Soon[U]],
    *,
    errors: tuple[type[Exception], ...],
    rescue: Callable[[Exception], Soon[U]],
) -> Soon[U]:
    """`then`, for a question that may fail: one of `errors` becomes what rescue makes of it.

    Errors of the step itself pass through.
    """
    try:
        answer = ask()
    except errors as error:
        return rescue(error)
    if isinstance(answer, Later):
        return attempt_later(answer, step, errors=errors, rescue=rescue)
    return step(answer)


def attempt_later(
    later: Later[T],
    step: Callable[[T], Soon[U]],
    *,
    errors: tuple[type[Exception], ...],
    rescue: Callable[[Exception], Soon[U]],
) -> Later[U]:
    """`attempt`, for what has been asked and comes later: for a caller that takes an answer at once by itself.

    What happens at each login does so, since each function that is made for `attempt` costs as much as it does.
    """
    return Later(_wait_attempt(later, step, errors, rescue))


async def _wait_attempt(
    later: Later[T],
    step: Callable[[T], Soon[U]],
    errors: tuple[type[Exception], ...],
    rescue: Callable[[Exception], Soon[U]],
) -> U:
    try:
        answer = await later
    except errors as error:
        result = rescue(error)
    else:
        result = step(answer)
    return await result if isinstance(result, Later) else result


async def _wait_then(answer: Later[T], step: Callable[[T], Soon[U]]) -> U:
    result = step(await answer)
    return await result if isinstance(result, Later) else result
