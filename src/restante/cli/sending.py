"""The way of a message out of here: first into the outbox, durable, then to the server, and then what came of it.

Used by `send`, `send --flush` and `sendmail`. One session for each account, however many messages wait.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from restante.cli.outcome import CommandFailed, ExitCode, complain, say, shown
from restante.client.faults import UnusableArgument
from restante.mail_accounts import Account, Accounts, Logins, MailAccountFault, find_account
from restante.submission import Outbox, Refused, Stamp, SubmissionFault, submission

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from restante.explain.telling import Telling
    from restante.explain.wire import WireObserver
    from restante.submission import Outgoing, RecipientRefused, Session, Waiting

__all__ = [
    "Outcome",
    "exit_code_of_outcomes",
    "keep",
    "new_stamp",
    "sending_account",
    "tell_outcomes",
    "try_to_send",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one message in one try."""

    id: str
    taken: tuple[str, ...] = ()
    """The recipients for whom the server has it now."""
    refused: tuple[Refused, ...] = ()
    """Those for whom it never will."""
    waits_for: tuple[str, ...] = ()
    """Those for whom it is tried again."""
    error: str | None = None


def sending_account(accounts: Accounts, name: str | None) -> Account:
    """Give the account that sends. Raises CommandFailed where it cannot, and MailAccountFault."""
    account = find_account(accounts, name)
    if account.smtp is None:
        raise CommandFailed(
            f"account '{account.name}' only fetches: write [accounts.{account.name}.smtp] with its host into "
            f"{accounts.file}",
            exit_code=ExitCode.CONFIGURATION,
        )
    return account


def new_stamp(account: Account, *, address: str | None = None, display_name: str | None = None) -> Stamp:
    """Give who sends, and when."""
    import secrets

    return Stamp(
        address=address or account.address,
        display_name=account.display_name if display_name is None else display_name,
        now=datetime.now(UTC).astimezone(),
        unique=secrets.token_hex(16),
    )


def keep(outbox: Outbox, outgoing: Outgoing, account: Account, stamp: Stamp) -> str:
    """Put a message into the outbox; gives its id. When this returns it is durable. Raises CommandFailed."""
    mark = f"{stamp.now.astimezone(UTC):%Y%m%d-%H%M%S}-{stamp.unique[:6]}"
    try:
        outbox.add(outgoing, id=mark, account=account.name, now=time.time())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandFailed(
            f"{outbox.folder}: the message cannot be kept ({reason}), and was not sent: see to the disk",
            exit_code=ExitCode.STORAGE,
        ) from None
    return mark


async def try_to_send(
    outbox: Outbox, accounts: Accounts, logins: Logins, ids: Iterable[str], *, telling: Telling | None = None
) -> list[Outcome]:
    """Try messages of the outbox, each once. Those that another program sends just now are passed over.

    `telling` is told each session.
    """
    by_account: dict[str, list[str]] = {}
    wanted = set(ids)
    for waiting in outbox.waiting():
        if waiting.id in wanted:
            by_account.setdefault(waiting.account, []).append(waiting.id)
    outcomes: list[Outcome] = []
    for name, marks in by_account.items():
        observe = None if telling is None else telling.smtp_session()
        outcomes += await _try_those_of(outbox, _session(accounts, logins, name, observe), marks)
    return outcomes


async def _try_those_of(
    outbox: Outbox, opening: AbstractAsyncContextManager[Session], marks: Sequence[str]
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    left = list(marks)
    try:
        async with opening as session:
            while left:
                outcome, goes_on = await _try_one(outbox, session, left[0])
                left.pop(0)
                if outcome is not None:
                    outcomes.append(outcome)
                if not goes_on:
                    raise _SessionEnded(outcome.error if outcome is not None else None)
    except (MailAccountFault, SubmissionFault, UnusableArgument, CommandFailed, _SessionEnded) as fault:
        # What keeps a whole session from being is no fault of the messages: they wait until it is mended.
        for mark in left:
            with outbox.held(mark) as held:
                if held is not None:
                    outcomes.append(_settled(outbox, held[0], error=str(fault)))
    return outcomes


class _SessionEnded(Exception):
    """The connection broke with one message; the others were not tried."""


@contextlib.asynccontextmanager
async def _session(
    accounts: Accounts, logins: Logins, name: str, observe: WireObserver | None
) -> AsyncIterator[Session]:
    account = sending_account(accounts, name)
    assert account.smtp is not None
    login = await logins.for_smtp(account)
    async with submission(account.smtp, login, observe=observe) as session:
        yield session


async def _try_one(outbox: Outbox, session: Session, mark: str) -> tuple[Outcome | None, bool]:
    """Try one message; tells besides whether the session goes on."""
    with outbox.held(mark) as held:
        if held is None:
            return None, True
        waiting, outgoing = held
        if outgoing is None:
            return None, True
        try:
            submitted = await session.send(outgoing)
        except SubmissionFault as fault:
            if fault.temporary:
                return _settled(outbox, waiting, error=str(fault)), fault.code is not None
            everybody = tuple(Refused(recipient=each, said=str(fault)) for each in waiting.recipients)
            return _settled(outbox, waiting, refused=everybody, error=str(fault)), True
        refused = tuple(
            Refused(recipient=each.recipient, said=_with_advice(each))
            for each in submitted.refused
            if not each.temporary
        )
        later = [each for each in submitted.refused if each.temporary]
        error = "; ".join(f"{each.recipient}: {_with_advice(each)}" for each in later[:5]) or None
        return _settled(outbox, waiting, taken=submitted.taken, refused=refused, error=error), True


def _with_advice(refused: RecipientRefused) -> str:
    return f"{refused.code} {refused.said}" + (f" ({refused.advice})" if refused.advice else "")


def _settled(
    outbox: Outbox,
    waiting: Waiting,
    *,
    taken: tuple[str, ...] = (),
    refused: tuple[Refused, ...] = (),
    error: str | None = None,
) -> Outcome:
    gone = {*taken, *(each.recipient for each in refused)}
    left = tuple(each for each in waiting.recipients if each not in gone)
    outbox.settle(
        replace(
            waiting,
            recipients=left,
            refused=(*waiting.refused, *refused),
            attempts=waiting.attempts + 1,
            tried=time.time(),
            error=error,
            aside=not left,
        )
    )
    return Outcome(id=waiting.id, taken=taken, refused=refused, waits_for=left, error=error)


def tell_outcomes(outcomes: Sequence[Outcome], *, only_trouble: bool = False) -> None:
    """Say what became of messages: what was sent on standard output, trouble on standard error."""
    for outcome in outcomes:
        if outcome.taken and not only_trouble:
            say(f"sent to {shown(', '.join(outcome.taken))}")
        for refused in outcome.refused:
            complain(f"refused for {refused.recipient}: {refused.said}")
        if outcome.refused:
            complain(
                f"the message is kept aside: 'restante send --retry {outcome.id}' tries them again, 'restante send "
                f"--drop {outcome.id}' gives it up"
            )
        if outcome.waits_for:
            complain(
                f"not sent yet to {', '.join(outcome.waits_for)}: {outcome.error}; it waits in the outbox as "
                f"{outcome.id}: 'restante send --flush' tries again"
            )


def exit_code_of_outcomes(outcomes: Sequence[Outcome]) -> ExitCode:
    """Give the exit code for what became of messages; that one waits counts for more than that one was refused."""
    if any(outcome.waits_for for outcome in outcomes):
        return ExitCode.LATER
    return ExitCode.TRANSFER if any(outcome.refused for outcome in outcomes) else ExitCode.OK
