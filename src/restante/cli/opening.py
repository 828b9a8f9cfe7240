"""Opening a maildrop for a command: its exclusive-access lock, and what to say when another has it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from restante.cli.outcome import CommandFailed, ExitCode
from restante.config import Settings
from restante.ports.accounts import Account
from restante.ports.soon import Later
from restante.ports.stores import Holder, MaildropInUse, OpenMaildrop, Store

__all__ = ["Opened", "in_use_told", "opened", "ourselves", "running_store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A maildrop under its lock, and the loop that its waits run on."""

    maildrop: OpenMaildrop
    runner: asyncio.Runner


def ourselves(command: str) -> Holder:
    """Say who holds the lock, for those who find it held. `command` is such as `maildrop list`."""
    return Holder(peer=f"restante {command}", since_epoch_seconds=time.time())


@contextlib.contextmanager
def running_store(settings: Settings) -> Iterator[tuple[Store, asyncio.Runner]]:
    """Give the store, and a loop for it; both end with the block."""
    from restante import app

    store = app.open_store(settings)
    with asyncio.Runner() as runner:
        try:
            yield store, runner
        finally:
            runner.run(store.close())


@contextlib.contextmanager
def opened(settings: Settings, account: Account, command: str) -> Iterator[Opened]:
    """Hold a maildrop for the block. Raises CommandFailed when it is in use, StoreFault."""
    with running_store(settings) as (store, runner):
        with in_use_told(account.name):
            maildrop = runner.run(_open(store, account, ourselves(command)))
        try:
            yield Opened(maildrop=maildrop, runner=runner)
        finally:
            maildrop.release()


@contextlib.contextmanager
def in_use_told(name: str) -> Iterator[None]:
    """Turn MaildropInUse into CommandFailed, with the words of since when and from where."""
    try:
        yield
    except MaildropInUse as error:
        raise CommandFailed(_in_use(name, error.holder), exit_code=ExitCode.IN_USE) from None


async def _open(store: Store, account: Account, holder: Holder) -> OpenMaildrop:
    answer = store.open(account, holder)
    return await answer if isinstance(answer, Later) else answer


def _in_use(name: str, holder: Holder | None) -> str:
    by = ""
    # What the holder left of itself is a file that a hand may have changed: a time that there is not goes unsaid.
    with contextlib.suppress(ValueError, OverflowError, OSError):
        if holder is not None:
            by = f", from {holder.peer}"
            since = datetime.fromtimestamp(holder.since_epoch_seconds).astimezone()
            by = f" since {since:%Y-%m-%d %H:%M:%S %z}{by}"
    return f"the maildrop of {name} is in use{by}: try again when that session has ended"
