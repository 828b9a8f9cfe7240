"""Contracts for stores: where mail lies between its arrival and its owner's call.

Every store holds messages in canonical form to the outside: CRLF line ends, the last line ended too, not stuffed.
So the octets of LIST are the length of what `retrieve` gives. Every store passes `testing/store_contract.py`.
Sources: RFC 1939 §4 (lock, numbers), §6 (UPDATE), §7 (unique-ids), §8 (site policies), §11 (octets).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from restante.maildrop.policies import Quota, Usage
from restante.maildrop.snapshot import Snapshot
from restante.maildrop.transaction import UpdatePlan
from restante.ports.accounts import Account
from restante.ports.soon import Soon
from restante.proto.terms import MessageNumber, UniqueId

__all__ = [
    "LONGEST_CHUNK_OCTETS",
    "Holder",
    "LongMessage",
    "MaildropInUse",
    "MessageGone",
    "OpenMaildrop",
    "OverQuota",
    "QuotaOf",
    "StagedMessage",
    "Store",
    "StoreFault",
    "StoreFull",
    "TooSoon",
    "no_quota",
]


LONGEST_CHUNK_OCTETS: Final = 128 * 1024
"""Of a long message: what a client costs that does not read, and one write to the client that does."""


@dataclass(init=False, slots=True, kw_only=True, unsafe_hash=True)
class Holder:
    """Who holds a maildrop's exclusive-access lock; told to an owner who finds it in use."""

    peer: str
    """Where the session comes from: an address, or `unix`, or the name of a command of ours."""
    since_epoch_seconds: float

    def __init__(self, *, peer: str, since_epoch_seconds: float) -> None:
        self.peer = peer
        self.since_epoch_seconds = since_epoch_seconds


class MaildropInUse(Exception):
    """Another session holds the exclusive-access lock (RFC 2449 §8.1.2, `[IN-USE]`)."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__("the maildrop is in use")
        self.holder = holder
        """None when it is not known, as of a session of another process that began a moment ago."""


class TooSoon(Exception):
    """The account logged in a moment ago, and the site wants more time between logins (`[LOGIN-DELAY]`).

    Source: RFC 2449 §6.5 and §8.1.1.
    """

    def __init__(self, retry_in_seconds: int) -> None:
        super().__init__(f"logged in a moment ago: try again in {retry_in_seconds} seconds")
        self.retry_in_seconds = retry_in_seconds
        """How long to wait, at least 1."""


class StoreFault(Exception):
    """The world failed the store: disk, permissions, database. `-ERR [SYS/TEMP]`, SMTP 451.

    The message is for the log and says what to do; it may name paths and never goes out on the wire.
    """


class StoreFull(StoreFault):
    """No room (ENOSPC, EDQUOT): SMTP 452. What is there can still be read and removed."""


class OverQuota(StoreFault):
    """The account may not keep more: SMTP 452 or 552, as the site chooses. What is there can be read and removed.

    A fault among the others for who does not know it: the sender is told to try again, and nothing is lost.
    """

    def __init__(self, quota: Quota, usage: Usage) -> None:
        bounds = [
            f"{bound} {what}"
            for bound, what in ((quota.messages, "messages"), (quota.octets, "octets"))
            if bound is not None
        ]
        super().__init__(
            f"the quota of {' and '.join(bounds)} leaves no room beside {usage.messages} messages and "
            f"{usage.octets} octets: let the owner remove mail, or raise the quota"
        )
        self.quota = quota
        self.usage = usage
        """What is there, and what other deliveries have under way."""


class QuotaOf(Protocol):
    """Knows how much an account may keep. Asked at each delivery: it answers from memory and does not wait."""

    def __call__(self, account: Account, /) -> Quota | None:
        """Give the account's quota, or None where it has none."""
        ...


def no_quota(account: Account, /) -> Quota | None:
    """Let everybody keep what comes: the default `QuotaOf`."""
    del account
    return None


class MessageGone(StoreFault):
    """A message vanished or is no longer of its listed octets: another program touched it during the session."""


class LongMessage(Protocol):
    """A message too long to hold: its canonical octets in chunks of at most LONGEST_CHUNK_OCTETS."""

    def next_chunk(self) -> Soon[bytes]:
        """Give the next octets, or none at the end.

        Raises MessageGone where the message is shorter or longer than was listed, before the end is told.
        """
        ...

    def close(self) -> None:
        """Let go of the file. Safe to call twice, and before the end."""
        ...


class OpenMaildrop(Protocol):
    """A maildrop under its exclusive-access lock, from login to the end of the session."""

    @property
    def snapshot(self) -> Snapshot:
        """What was there when it was opened.

        What it tells of a message's octets and dots holds for what `retrieve` gives, or `retrieve` gives none.
        """
        ...

    @property
    def ascii_snapshot(self) -> Snapshot:
        """The same by the octets that a client without UTF8 gets, which are a surrogate's where a header needs one.

        The very same object as `snapshot` where no message needs UTF8, so that nothing is looked at then.
        Source: RFC 6856 §2.1; `maildrop.downgrade` makes the surrogates.
        """
        ...

    @property
    def unique_ids_changed(self) -> int:
        """How many messages that were there at the end of the last session have another unique-id now."""
        ...

    def retrieve(self, number: MessageNumber) -> Soon[bytes | LongMessage]:
        """Give a message's canonical octets: whole when short, else in chunks.

        Raises MessageGone when it vanished or changed its length, StoreFault when it cannot be read.
        """
        ...

    def note_retrieved(self, number: MessageNumber) -> None:
        """Hear that a message went out by RETR. Counts for the retention policy once UPDATE comes, never before.

        Does nothing where no policy asks. Never fails.
        """
        ...

    def update(self, plan: UpdatePlan) -> Soon[None]:
        """Remove what the plan names, durably, all or nothing: when this returns, none of it ever comes back.

        What the site's retention policy says is due goes in the same step, so this is called at each QUIT, with an
        empty plan too; it answers at once where there is nothing to do.
        Raises StoreFault when that cannot be done; then nothing that was not in the plan, nor due, is gone.
        """
        ...

    @property
    def expired(self) -> int:
        """How many messages UPDATE removed by the retention policy alone, without a deletion mark."""
        ...

    @property
    def expired_octets(self) -> int:
        """Their octets."""
        ...

    def release(self) -> None:
        """Let go of the lock. Safe to call twice; never fails. Called once nothing else of this object runs."""
        ...


class StagedMessage(Protocol):
    """A message that is durable but not yet in the maildrop: the first of the two phases of a delivery."""

    async def publish(self) -> None:
        """Put it into the maildrop, durably. Raises StoreFault."""
        ...

    async def discard(self) -> None:
        """Forget it. Never fails; what a crash leaves instead is swept by `check`."""
        ...


class Store(Protocol):
    """Keeps maildrops."""

    def open(self, account: Account, holder: Holder) -> Soon[OpenMaildrop]:
        """Take the exclusive-access lock, finish what a crash left of an UPDATE, and list the maildrop.

        Raises MaildropInUse at once when another holds the lock, TooSoon where the site wants more time between two
        logins, StoreFault when it cannot be read.
        """
        ...

    async def stage(
        self, account: Account, parts: Sequence[bytes], *, unique_id: UniqueId | None = None
    ) -> StagedMessage:
        """Write a message, canonical octets in parts, durably and out of sight.

        `unique_id` is one taken over from another server; None lets the store choose.
        Raises OverQuota, StoreFull, StoreFault, and ValueError for a unique-id that is illegal or there already.
        """
        ...

    async def close(self) -> None:
        """Let go of all that the store holds: threads, caches, files."""
        ...
