"""The composition root: which stores and directories there are, made from the settings.

Everything above asks here for what it needs; everything below knows contracts only. What only a server needs
(doors, sinks, TLS) is put together in `serving`.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from restante.config.settings import Settings
from restante.maildrop.policies import LoginDelay, MaildropPolicies, Quota, RetentionPolicy
from restante.sources import (
    NotSetUp,
    check_sources,
    list_accounts,
    open_accounts,
    open_hasher,
    open_logins,
    open_passwd_file,
    open_sealer,
)
from restante.sources import open_built_in as open_directory

if TYPE_CHECKING:
    from restante.delivery import OctetStream, Receiver
    from restante.ports.accounts import AccountDirectory
    from restante.ports.events import Event, Listener
    from restante.stores.maildir import MaildirStore

# What a command needs is imported where it is needed: `restante deliver` runs once for each message.

__all__ = [
    "NotSetUp",
    "check_sources",
    "deliver",
    "list_accounts",
    "open_accounts",
    "open_directory",
    "open_hasher",
    "open_logins",
    "open_passwd_file",
    "open_receiver",
    "open_sealer",
    "open_site_store",
    "open_store",
    "policies_of",
]


def policies_of(settings: Settings) -> MaildropPolicies:
    """Give the site's policies on the mail it keeps."""
    maildrop = settings.maildrop
    return MaildropPolicies(
        retention=RetentionPolicy(
            expire_days=maildrop.expire_days,
            expire_after_retrieval_days=maildrop.expire_after_retrieval_days,
        ),
        login_delay=LoginDelay(seconds=maildrop.login_delay_seconds),
        trash_days=maildrop.trash_days,
    )


def open_store(settings: Settings) -> MaildirStore:
    """Open the maildrops of a data folder for a command: it keeps all that is there, and everything comes in."""
    from restante.stores.maildir import MaildirStore

    return MaildirStore(settings.data, hostname=settings.hostname, signs_at_once=True)


def open_site_store(settings: Settings) -> MaildirStore:
    """Open the maildrops of a data folder for clients and senders, for whom the site's policies hold."""
    from restante.stores.maildir import MaildirStore

    maildrop = settings.maildrop
    quota = Quota(messages=maildrop.quota_messages, octets=maildrop.quota_octets)
    return MaildirStore(
        settings.data,
        hostname=settings.hostname,
        policies=policies_of(settings),
        quota_of=lambda _account: quota if quota != Quota() else None,
    )


def deliver(settings: Settings, name: str, stream: OctetStream, sender: str | None) -> tuple[int, str]:
    """Deliver what a stream holds to an account. Gives a code of sysexits(3) and a line for standard error."""
    from restante.delivery import deliver_from_pipe

    async def run() -> tuple[int, str]:
        async with AsyncExitStack() as closing:
            store = open_site_store(settings)
            closing.push_async_callback(store.close)
            receiver = open_receiver(settings, store, open_accounts(settings, closing), _Nobody())
            result = await deliver_from_pipe(
                receiver, name, stream, sender=sender, message_octets=settings.delivery.message_octets
            )
            return int(result.code), result.message

    return asyncio.run(run())


def open_receiver(settings: Settings, store: MaildirStore, directory: AccountDirectory, tell: Listener) -> Receiver:
    """Make what takes mail in for the accounts of a data folder."""
    from restante.delivery import OverQuotaAnswer, Receiver

    return Receiver(
        store,
        directory,
        tell,
        hostname=settings.hostname,
        domains=frozenset(settings.domains),
        recipient_delimiter=settings.delivery.recipient_delimiter,
        postmaster=settings.delivery.postmaster,
        clock=time.time,
        held_octets=settings.delivery.octets_at_once,
        over_quota=OverQuotaAnswer(settings.delivery.over_quota.value),
    )


class _Nobody:
    """Listens to nothing: a command that delivers one message says what went wrong by its exit code."""

    wants_wire = False

    def __call__(self, event: Event, /) -> None:
        """Let it pass."""
