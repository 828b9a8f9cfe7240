"""What the last session saw: the unique-ids at its end, so that a change of unique-ids can be told to the log.

Clients that leave mail on the server download a message again when its unique-id changed. Mail that comes and goes
is no such change, so only these count as changed, of the messages that were there and are not there by unique-id:

1. those whose file is there under another unique-id (the same inode, octets and time): base names were renamed;
2. when not one of two or more unique-ids is left, and the octets of all those messages stand at the head of the
   maildrop in the same order: a backup was restored, or another program copied the Maildir, under other names.

It is a heuristic for a log line and decides nothing. A single message replaced by copying is not noticed, nor is a
file renamed whose time changed so lately that it proves nothing.

The file is written without fsync and replaced whole: a crash leaves the old one or the new one, and a power cut may
leave none, or one that does not add up, which counts as none.
"""

# Paths are octets here, and pathlib does not take those.
# ruff: noqa: PTH104, PTH108
from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Sequence

from restante.stores.maildir.measure import UNSETTLED

__all__ = ["Seen", "compare", "digest_of", "write_seen"]

FEWEST_FOR_A_RESTORE = 2
"""Fewer messages than these are no sequence: one new message may have the octets of one that went."""

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAGIC = b"restante seen 2"

Seen = Sequence[tuple[int, int, int, bytes]]
"""Octets, inode, time (UNSETTLED for none) and unique-id of each message, by message number."""


def digest_of(unique_ids: Sequence[bytes]) -> str:
    """Give a digest that tells whether a list of unique-ids is the one recorded."""
    return hashlib.sha256(b"\n".join(unique_ids)).hexdigest()


def write_seen(path: bytes, seen: Seen, digest: str) -> None:
    """Record the messages that a session leaves behind. Never fails: without a record nothing is lost."""
    draft = path + b"." + secrets.token_hex(4).encode()
    body = b"".join([b"%d %d %d %s\n" % row for row in seen])
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with contextlib.suppress(OSError):
        descriptor = os.open(draft, flags, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"%s %d %s\n" % (_MAGIC, len(seen), digest.encode()))
                file.write(body)
            os.rename(draft, path)
        except OSError:
            os.unlink(draft)


def compare(path: bytes, now: Callable[[], Seen], digest: str) -> tuple[bool, int]:
    """Hold a maildrop against the record of the last session.

    Gives whether the record has those very unique-ids already, and how many messages have another one now. A
    record that is not there or does not add up gives no change.
    """
    before = []
    try:
        with os.fdopen(os.open(path, _READ_FLAGS), "rb") as file:
            header = file.readline(256).split()
            if header[:3] != _MAGIC.split() or len(header) != 5:
                return False, 0
            if header[4] == digest.encode():
                return True, 0
            for line in file:
                octets, inode, mtime_ns, unique_id = line.split()
                before.append((int(octets), int(inode), int(mtime_ns), unique_id))
            if len(before) != int(header[3]):
                return False, 0
    except (OSError, ValueError):
        return False, 0
    return False, _count_changed(before, now())


def _count_changed(before: Seen, now: Seen) -> int:
    """Count the messages that have another unique-id now, as the module's docstring says."""
    ids_before = {row[3] for row in before}
    ids_now = {row[3] for row in now}
    missing = [row for row in before if row[3] not in ids_now]
    if not missing:
        return 0
    if len(missing) == len(before) >= FEWEST_FOR_A_RESTORE and [row[0] for row in before] == [
        row[0] for row in now[: len(before)]
    ]:
        return len(before)
    unknown = {row[:3] for row in now if row[3] not in ids_before and row[2] != UNSETTLED}
    return sum(1 for row in missing if row[:3] in unknown)
