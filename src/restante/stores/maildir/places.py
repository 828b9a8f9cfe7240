"""Where things lie: the folders and control files of one Maildir. Paths only; nothing here touches the disk.

Paths are octets, since names in a Maildir are octets.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from restante.ports.accounts import AccountId

__all__ = ["MAILDROPS", "Places", "places_in", "places_of"]

MAILDROPS = "maildrops"
"""The folder below the data folder that holds our own maildrops, one folder for each account's id."""


@dataclass(init=False, slots=True, eq=False)
class Places:
    """The paths of one maildrop, joined when asked for: thousands of maildrops are remembered."""

    folder: bytes
    ours: bool
    """Whether we make the folder on need; False for one that is there by the administrator's word."""
    named: Path | None
    """As the administrator named it."""

    def __init__(self, *, folder: bytes, ours: bool, named: Path | None = None) -> None:
        self.folder = folder
        self.ours = ours
        self.named = named

    @property
    def new(self) -> bytes:
        """Where messages come in."""
        return self.folder + b"/new"

    @property
    def cur(self) -> bytes:
        """Where other programs put what they have seen."""
        return self.folder + b"/cur"

    @property
    def lock(self) -> bytes:
        """The file whose flock is the exclusive-access lock.

        Never unlinked: a lock on a file without a name holds nobody off.
        """
        return self.folder + b"/restante.lock"

    @property
    def redo(self) -> bytes:
        """What UPDATE is to remove; there only from its commit to its end."""
        return self.folder + b"/restante.redo"

    @property
    def tmp(self) -> bytes:
        """Where messages are written before they have their place."""
        return self.folder + b"/tmp"

    @property
    def reserve(self) -> bytes:
        """Room on the disk, set aside for the redo record of a full disk."""
        return self.folder + b"/restante.reserve"

    @property
    def redo_draft(self) -> bytes:
        """A redo record too long for the reserve, while it is written."""
        return self.folder + b"/restante.redo.new"

    @property
    def index(self) -> bytes:
        """The SQLite file with measures and unique-ids that names cannot tell."""
        return self.folder + b"/restante.index"

    @property
    def seen(self) -> bytes:
        """The unique-ids at the end of the last session."""
        return self.folder + b"/restante.seen"

    @property
    def trash(self) -> bytes:
        """Where removed mail waits, a folder for each day; see `trash`."""
        return self.folder + b"/restante.trash"


def places_in(maildir: Path, *, ours: bool) -> Places:
    """Give the places of a Maildir."""
    return Places(folder=os.fsencode(maildir), ours=ours)


def places_of(root: Path, account_id: AccountId, maildir: Path | None) -> Places:
    """Give the places of an account's maildrop, below `root` unless the administrator named another Maildir.

    Raises ValueError for an id that is not one: it would lead out of the folder.
    """
    if maildir is not None:
        # By a copy: a path keeps the text that it was asked for, and the account keeps the path.
        return Places(folder=os.fsencode(Path(maildir)), ours=False, named=maildir)
    if not (account_id.isascii() and account_id.isalnum()):
        raise ValueError(f"not an account's id: {account_id!r}")
    return places_in(root / MAILDROPS / account_id, ours=True)
