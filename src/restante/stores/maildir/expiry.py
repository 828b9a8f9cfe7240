"""Between sessions: removing what a site's policy says is due, sweeping the trash, and bringing mail back from it.

What sessions do at UPDATE, for maildrops that nobody opens; meant to be run by a timer. Each call takes the
exclusive-access lock of one Maildir. The steps of a removal, and what a crash leaves, are told in `removal` and
`trash`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from restante.maildrop.policies import MaildropPolicies, RetentionPolicy
from restante.ports.stores import Holder
from restante.proto.terms import MessageNumber, UniqueId
from restante.stores.maildir import removal, trash
from restante.stores.maildir.delivery import ensure_folders
from restante.stores.maildir.disk import Disk, fault
from restante.stores.maildir.index import ANY_FILE, Index
from restante.stores.maildir.listing import Listing, list_maildrop
from restante.stores.maildir.lock import ExclusiveLock
from restante.stores.maildir.places import Places, places_in
from restante.stores.maildir.retention import ages_of, due_places
from restante.stores.maildir.trash import Trashed

__all__ = ["ExpiryReport", "Undeleted", "expire", "list_trash", "undelete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryReport:
    """What was due, or would have been where nothing was to be changed."""

    expired: tuple[UniqueId, ...]
    """The messages that were due, in order."""
    expired_octets: int
    left: int
    """Messages that stay."""
    swept: int
    """Files in the trash whose days were over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeleted:
    """What was brought back from the trash."""

    back: tuple[Trashed, ...]
    in_the_way: tuple[Trashed, ...]
    """Not brought back: another message bears the name by now."""
    unknown: tuple[UniqueId, ...]
    """Asked for, and not in the trash."""


def expire(
    maildir: Path, *, policies: MaildropPolicies, now: float, dry_run: bool = False, disk: Disk | None = None
) -> ExpiryReport:
    """Remove what is due from a Maildir, all or nothing, and what has waited its days in the trash.

    `now` is in seconds since the epoch. `dry_run` changes nothing but for finishing an UPDATE that a crash
    interrupted. Raises MaildropInUse, StoreFault.
    """
    disk = disk or Disk()
    with _held(maildir, disk, "maildrop expire", now) as places:
        listing = list_maildrop(places)
        ages = ages_of(listing, places, policies.retention)
        due = due_places(ages, policies.retention, now)
        if due and not dry_run:
            removal.make_reserve(places, disk)
            removals = [
                removal.Removal(listing.base(place), listing.inode(place), listing.path(place, places))
                for place in sorted(due)
            ]
            removal.remove(places, disk, removals, day=trash.day_of(now) if policies.trash_days else None)
            listing.record(places, due)
        swept = trash.sweep(places, disk, now=now, days=policies.trash_days, dry_run=dry_run)
    return ExpiryReport(
        expired=tuple(listing.snapshot.unique_id(MessageNumber(place + 1)) for place in sorted(due)),
        expired_octets=_octets(listing, due),
        left=len(listing) - len(due),
        swept=swept,
    )


def list_trash(maildir: Path, *, now: float) -> list[Trashed]:
    """Give what is in the trash of a Maildir, in the order of the message numbers.

    Raises MaildropInUse, StoreFault.
    """
    with _held(maildir, Disk(), "maildrop undelete", now) as places:
        return trash.read_trash(places)


def undelete(
    maildir: Path,
    *,
    unique_ids: Collection[UniqueId] | None,
    retention: RetentionPolicy,
    now: float,
    disk: Disk | None = None,
) -> Undeleted:
    """Bring messages back from the trash with their unique-ids; None brings all of them.

    Where a retention policy is on, their time begins anew: else the next QUIT would remove them again. That is
    durable before they are back; a crash in between leaves a row for a message in the trash.
    Raises MaildropInUse, StoreFault.
    """
    disk = disk or Disk()
    with _held(maildir, disk, "maildrop undelete", now) as places:
        there = trash.read_trash(places)
        wanted = there if unique_ids is None else [one for one in there if one.unique_id in unique_ids]
        if wanted and retention.is_on:
            by_inode = {key for key in Index(places.index).read().unique_ids if key[1] != ANY_FILE}
            keys = {(one.base, ANY_FILE) for one in wanted}
            # Of two files with one name each is known by its inode, as long as both are there.
            keys |= {(one.base, one.inode) for one in wanted} & by_inode
            Index(places.index).note_restored(sorted(keys), int(now))
        in_the_way = trash.restore(places, disk, wanted)
    known = {one.unique_id for one in there}
    return Undeleted(
        back=tuple(one for one in wanted if one not in in_the_way),
        in_the_way=tuple(in_the_way),
        unknown=tuple(one for one in unique_ids or () if one not in known),
    )


@contextlib.contextmanager
def _held(maildir: Path, disk: Disk, command: str, now: float) -> Iterator[Places]:
    """Hold a Maildir for the block, with the UPDATE finished that a crash interrupted.

    Raises MaildropInUse, StoreFault.
    """
    places = places_in(maildir, ours=False)
    try:
        ensure_folders(places, disk)
        lock = ExclusiveLock(places.lock, Holder(peer=f"restante {command}", since_epoch_seconds=now))
        try:
            lock.sign_at_once()
            removal.finish(places, disk)
            yield places
        finally:
            lock.release()
    except OSError as error:
        raise fault(error, os.fsencode(error.filename or places.folder)) from error


def _octets(listing: Listing, places: Collection[int]) -> int:
    return sum(listing.snapshot.octets(MessageNumber(place + 1)) for place in places)
