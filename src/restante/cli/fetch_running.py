"""`restante fetch` at work: from what its options say to accounts, a policy, a destination, and an exit code.

Fails with CommandFailed, ConfigError, AccountFault and StoreFault.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from restante.cli.fetch_source import Source, secret_of_command
from restante.cli.options import settings_of
from restante.cli.outcome import CommandFailed, ExitCode, complain

if TYPE_CHECKING:
    from restante.fetch.plan import Policy
    from restante.fetch.runner import Job
    from restante.fetch.sinks import Destination, Sink
    from restante.fetch.state import State
    from restante.fetch.telling import Result, Tell
    from restante.proto.terms import Secret

__all__ = ["Delivering", "Wishes", "destination_named", "label_of", "opened_state", "run", "state_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to become of the mail, as the options have it."""

    keep: bool | None
    keep_days: int | None
    delete_when_removed: bool
    max_octets: int | None
    headers_only: bool
    limit: int | None
    newest_first: bool
    again: bool

    def policy(self, destination: Destination) -> Policy:
        """Make the policy of it. Raises CommandFailed for wishes that contradict each other."""
        from restante.fetch.plan import DAY_SECONDS, Order, Policy
        from restante.fetch.sinks.destination import ImapFolder, Maildir, OwnMaildrop, StandardOutput

        if self.keep is False and (self.keep_days is not None or self.delete_when_removed):
            raise CommandFailed(
                "--delete removes at once, --keep-days and --delete-when-removed later: give one of them",
                exit_code=ExitCode.USAGE,
            )
        if self.delete_when_removed and not isinstance(destination, (Maildir, ImapFolder, OwnMaildrop)):
            raise CommandFailed(
                "--delete-when-removed goes with maildir:, imap: and restante:, where one can see what is gone",
                exit_code=ExitCode.USAGE,
            )
        keep = isinstance(destination, StandardOutput) if self.keep is None else self.keep
        leave: float | None = None if keep or self.delete_when_removed else 0.0
        if self.keep_days is not None:
            leave = float(self.keep_days * DAY_SECONDS)
        return Policy(
            leave_seconds=leave,
            delete_when_removed=self.delete_when_removed,
            max_octets=self.max_octets,
            headers_only=self.headers_only,
            limit=self.limit,
            order=Order.NEWEST_FIRST if self.newest_first else Order.OLDEST_FIRST,
            again=self.again,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """What destinations need besides their name."""

    recipient: str | None
    password_command: str | None
    authorities: Path | None
    config: Path | None
    data: str | None


def destination_named(to: str | None) -> Destination:
    """Read what `--to` says. Raises CommandFailed."""
    from restante.fetch.sinks import NoDestination, parse_destination

    if to is None:
        raise CommandFailed(
            "say where the mail goes: --to maildir:~/Mail, for one; --to - shows it", exit_code=ExitCode.USAGE
        )
    try:
        return parse_destination(to)
    except NoDestination as error:
        raise CommandFailed(str(error), exit_code=ExitCode.USAGE) from None


def label_of(destination: Destination) -> str:
    """Give what the state calls a destination. Raises CommandFailed for one that goes by its recipient."""
    from restante.fetch.sinks import make_sink
    from restante.fetch.sinks.destination import MailServer, OwnMaildrop

    if isinstance(destination, OwnMaildrop):
        return f"restante:{destination.name}"
    if isinstance(destination, MailServer):
        raise CommandFailed("a mail server is no place to be moved: only maildir:, mbox: and imap: are")
    return make_sink(destination, stdout=sys.stdout.buffer, own=_no_store).label


def run(
    sources: Sequence[Source],
    destination: Destination,
    wishes: Wishes,
    delivering: Delivering,
    *,
    pause_seconds: float | None,
    state: Path | None,
    in_json: bool,
    dry_run: bool,
) -> int:
    """Fetch, and give the exit code. Raises CommandFailed."""
    from restante.cli.fetch_exit import exit_code_of
    from restante.cli.fetch_faces import face
    from restante.fetch.runner import Job
    from restante.fetch.sinks.destination import StandardOutput

    answers = sys.stderr if isinstance(destination, StandardOutput) else sys.stdout
    with (
        asyncio.Runner() as runner,
        _sinks(destination, delivering, runner) as make,
        opened_state(state) as opened,
    ):
        policy = wishes.policy(destination)
        jobs = [
            Job(
                account=source.name,
                maildrop_name=source.maildrop_name,
                connect=source.connect,
                sink=partial(make, source),
                policy=policy,
                dry_run=dry_run,
            )
            for source in sources
        ]
        with face(in_json=in_json, answers=answers, every=pause_seconds is not None) as tell:
            results = runner.run(_fetched(jobs, opened, tell, pause_seconds))
    return exit_code_of(results)


async def _fetched(jobs: Sequence[Job], state: State, tell: Tell, pause_seconds: float | None) -> list[Result]:
    """Fetch until done, or until told to stop: by the second signal at once, by the first in good order."""
    from restante.fetch.runner import fetch_all, fetch_every

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            loop.remove_signal_handler(number)
            os.kill(os.getpid(), number)
        complain("ending when the message in hand is stored; once more ends at once")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    if pause_seconds is None:
        return await fetch_all(jobs, state, tell=tell, clock=time.time, stopping=stop.is_set)
    return await fetch_every(
        jobs,
        state,
        every_seconds=pause_seconds,
        stop=stop,
        tell=tell,
        clock=time.time,
        chance=random.random,
    )


@contextlib.contextmanager
def _sinks(
    destination: Destination, delivering: Delivering, runner: asyncio.Runner
) -> Iterator[Callable[[Source], Sink]]:
    """Give what makes the destination for a source; a store of ours is open for the block."""
    from restante.fetch.sinks import NoDestination, make_sink
    from restante.fetch.sinks.destination import OwnMaildrop

    secrets: list[Secret] = []

    def password() -> Secret:
        if not secrets:
            secrets.append(_destination_password(destination, delivering.password_command))
        return secrets[0]

    with contextlib.ExitStack() as stack:
        own: Callable[[str], Sink] = _no_store
        if isinstance(destination, OwnMaildrop):
            own = stack.enter_context(_own_sinks(delivering, runner))

        def make(source: Source) -> Sink:
            try:
                return make_sink(
                    destination,
                    stdout=sys.stdout.buffer,
                    own=own,
                    recipient=delivering.recipient or source.address,
                    password=password,
                    authorities=None if delivering.authorities is None else str(delivering.authorities),
                )
            except NoDestination as error:
                raise CommandFailed(str(error), exit_code=ExitCode.USAGE) from None

        yield make


def _no_store(name: str) -> Sink:
    raise AssertionError(name)


@contextlib.contextmanager
def _own_sinks(delivering: Delivering, runner: asyncio.Runner) -> Iterator[Callable[[str], Sink]]:
    from restante import app
    from restante.cli.account import directory_of, found_account
    from restante.cli.data_folder import existing_data_folder
    from restante.fetch.sinks.own_store import StoreSink

    settings = settings_of(delivering.config, delivering.data)
    existing_data_folder(settings.data)
    store = app.open_site_store(settings)

    def own(name: str) -> Sink:
        with directory_of(settings) as directory:
            return StoreSink(store, found_account(directory, name))

    try:
        yield own
    finally:
        runner.run(store.close())


def _destination_password(destination: Destination, command: str | None) -> Secret:
    from restante.cli.password_input import ask_password
    from restante.fetch.sinks.destination import ImapFolder

    assert isinstance(destination, ImapFolder)
    if command is not None:
        return secret_of_command(command)
    return ask_password(str(destination.address), from_stdin=False)


@contextlib.contextmanager
def opened_state(path: Path | None) -> Iterator[State]:
    """Give the state, for the block. Raises CommandFailed."""
    from restante.fetch.state import State, StateFault

    try:
        with State(state_path(path)) as state:
            yield state
    except StateFault as error:
        raise CommandFailed(str(error), exit_code=ExitCode.STORAGE) from None


def state_path(path: Path | None) -> Path:
    """Give where the state is."""
    if path is not None:
        return path.expanduser()
    base = os.environ.get("XDG_DATA_HOME", "")
    folder = Path(base) if base.startswith("/") else Path("~/.local/share").expanduser()
    return folder / "restante" / "mail" / "fetch.sqlite3"
