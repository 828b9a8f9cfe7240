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

from restante.cli.fetch_source import Source, brought, secrets_here
from restante.cli.options import settings_of
from restante.cli.outcome import CommandFailed, ExitCode, complain

if TYPE_CHECKING:
    from restante.config import Settings
    from restante.fetch.plan import Policy
    from restante.fetch.runner import Job
    from restante.fetch.sinks import Destination, Sink
    from restante.fetch.state import State
    from restante.fetch.telling import Result, Tell
    from restante.mail_accounts import Account
    from restante.proto.terms import Secret
    from restante.stores.maildir import MaildirStore

__all__ = ["Delivering", "Wishes", "destination_named", "label_of", "opened_state", "run", "state_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to become of the mail, as the options have it; what they leave open, the account decides."""

    to: str | None
    recipient: str | None
    keep: bool | None
    keep_days: int | None
    delete_when_removed: bool
    max_octets: int | None
    headers_only: bool
    limit: int | None
    newest_first: bool
    again: bool

    def destination(self, account: Account) -> Destination:
        """Give where an account's mail goes. Raises CommandFailed."""
        to = self.to or account.fetch.to
        if to is None:
            raise CommandFailed(
                "say where the mail goes: --to maildir:~/Mail, for one, or --to - to see it; or write "
                f'to = "maildir:~/Mail" under [accounts.{account.name}.fetch]',
                exit_code=ExitCode.USAGE,
            )
        return destination_named(to)

    def policy(self, account: Account) -> Policy:
        """Make the policy for an account. Raises CommandFailed for wishes that contradict each other."""
        from restante.fetch.plan import DAY_SECONDS, Order, Policy
        from restante.fetch.sinks.destination import ImapFolder, Maildir, OwnMaildrop, StandardOutput

        destination, file = self.destination(account), account.fetch
        keep, keep_days, when_removed = self.keep, self.keep_days, self.delete_when_removed
        if keep is None and keep_days is None and not when_removed:
            keep, keep_days, when_removed = file.keep, file.keep_days, bool(file.delete_when_removed)
        if keep is False and (keep_days is not None or when_removed):
            raise CommandFailed(
                "--delete removes at once, --keep-days and --delete-when-removed later: give one of them",
                exit_code=ExitCode.USAGE,
            )
        if when_removed and not isinstance(destination, (Maildir, ImapFolder, OwnMaildrop)):
            raise CommandFailed(
                "--delete-when-removed goes with maildir:, imap: and restante:, where one can see what is gone",
                exit_code=ExitCode.USAGE,
            )
        if keep is None:
            keep = isinstance(destination, StandardOutput) or when_removed
        return Policy(
            leave_seconds=float(keep_days * DAY_SECONDS) if keep_days is not None else None if keep else 0.0,
            delete_when_removed=when_removed,
            max_octets=self.max_octets or file.max_octets,
            headers_only=self.headers_only,
            limit=self.limit,
            order=Order.NEWEST_FIRST if self.newest_first else Order.OLDEST_FIRST,
            again=self.again,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """What destinations need besides their name."""

    password_command: str | None
    authorities: Path | None
    config: Path | None
    data: str | None


def destination_named(to: str) -> Destination:
    """Read what `--to` says. Raises CommandFailed."""
    from restante.fetch.sinks import NoDestination, parse_destination

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

    destinations = [wishes.destination(source.account) for source in sources]
    # What goes to standard output is the mail, then.
    answers = sys.stderr if any(isinstance(each, StandardOutput) for each in destinations) else sys.stdout
    with asyncio.Runner() as runner, contextlib.ExitStack() as stack:
        opened = stack.enter_context(opened_state(state))
        sinks = _Sinks(wishes, delivering, runner, stack)
        jobs = [
            Job(
                account=source.account.name,
                maildrop_name=source.maildrop_name,
                connect=source.connect,
                sink=sinks.ready(source.account, destination),
                policy=wishes.policy(source.account),
                dry_run=dry_run,
            )
            for source, destination in zip(sources, destinations, strict=True)
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


class _Sinks:
    """Makes destinations; a store of ours is opened once, and open until the end."""

    def __init__(
        self, wishes: Wishes, delivering: Delivering, runner: asyncio.Runner, stack: contextlib.ExitStack
    ) -> None:
        self._wishes = wishes
        self._delivering = delivering
        self._runner = runner
        self._stack = stack
        self._store: MaildirStore | None = None
        self._settings: Settings | None = None
        self._secret: Secret | None = None

    def ready(self, account: Account, destination: Destination) -> Callable[[], Sink]:
        """Give what makes the destination of an account, having tried once. Raises CommandFailed."""
        make = partial(self._made, account, destination)
        make()
        return make

    def _made(self, account: Account, destination: Destination) -> Sink:
        from restante.fetch.sinks import NoDestination, make_sink

        authorities = self._delivering.authorities
        try:
            return make_sink(
                destination,
                stdout=sys.stdout.buffer,
                own=self._own,
                recipient=self._wishes.recipient or account.fetch.recipient or account.address,
                password=partial(self._password, account, destination),
                authorities=None if authorities is None else str(authorities),
            )
        except NoDestination as error:
            raise CommandFailed(str(error), exit_code=ExitCode.USAGE) from None

    def _password(self, account: Account, destination: Destination) -> Secret:
        from restante.fetch.sinks.destination import ImapFolder
        from restante.mail_accounts.model import ASK, InCommand

        assert isinstance(destination, ImapFolder)
        command = self._delivering.password_command
        place = account.fetch.to_password or ASK if command is None else InCommand(command=command)
        if self._secret is None or place != ASK:
            self._secret = brought(secrets_here(), place, name=str(destination.address), what="password")
        return self._secret

    def _own(self, name: str) -> Sink:
        from restante import app
        from restante.cli.data_folder import existing_data_folder
        from restante.cli.site_accounts import site_account
        from restante.fetch.sinks.own_store import StoreSink

        if self._store is None or self._settings is None:
            self._settings = settings_of(self._delivering.config, self._delivering.data)
            existing_data_folder(self._settings.data)
            store = self._store = app.open_site_store(self._settings)
            self._stack.callback(lambda: self._runner.run(store.close()))
        return StoreSink(self._store, site_account(self._settings, name))


def _no_store(name: str) -> Sink:
    raise AssertionError(name)


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
    """Give where the state is. Raises CommandFailed."""
    from restante.mail_accounts import MailAccountFault, mail_data_folder

    try:
        return mail_data_folder(os.environ) / "fetch.sqlite3" if path is None else path.expanduser()
    except MailAccountFault as error:
        raise CommandFailed(f"{error}, or give --state FILE", exit_code=ExitCode.USAGE) from None
