"""What waits to be sent, on disk, so that no crash and no dead network loses a message.

A message is two files: `ID.eml` has its octets, `ID.json` its envelope and what became of each try. The order of
writes, and what a crash after each leaves:

1. `ID.eml` is written and fsynced. *Octets without an envelope: nobody lists them, and a sweep removes them.*
2. `ID.json` is written beside, fsynced, renamed, and the folder fsynced. *From here on the message waits.*
3. Only now a server is asked. *A crash while it is: the message still waits, and is sent again.*
4. When the server has it for all: `ID.json` goes and the folder is fsynced, then `ID.eml`. *As after 1.*

Between the server's yes and step 4 a crash sends the message twice. The other order would lose it.
Who sends a message holds a kernel lock on its octets meanwhile, so that two programs do not send it both.
What it is not: a queue with a daemon. `restante send --flush` tries again, from a timer or by hand.
How it fails: OSError of the disk, OutboxFault for a file that somebody damaged.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from restante.submission.envelope import Outgoing
from restante.submission.faults import MessageFault

__all__ = ["LARGEST_ENVELOPE_OCTETS", "LARGEST_MESSAGE_OCTETS", "Outbox", "OutboxFault", "Refused", "Waiting"]

LARGEST_ENVELOPE_OCTETS: Final = 4 * 1024 * 1024
LARGEST_MESSAGE_OCTETS: Final = 256 * 1024 * 1024

_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_SWEPT_AFTER_SECONDS: Final = 3600.0
"""How old octets without an envelope are before they are removed: whoever writes them has written it by then."""


class OutboxFault(Exception):
    """A file of the outbox is not what was written there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A recipient for whom the message will not be taken."""

    recipient: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message in the outbox, without its octets."""

    id: str
    account: str
    """The name of the account that sends it."""
    sender: str
    recipients: tuple[str, ...]
    """Those who do not have it yet. None: it is kept aside for those who were refused."""
    refused: tuple[Refused, ...] = ()
    octets: int
    since: float
    """Seconds since 1970."""
    attempts: int = 0
    tried: float | None = None
    """When it was last tried."""
    error: str | None = None
    """What was told then."""
    aside: bool = False
    """Not tried again by itself: a server said that it never will take it."""


class Outbox:
    """The outbox in a folder, which is made when the first message comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, outgoing: Outgoing, *, id: str, account: str, now: float) -> Waiting:  # noqa: A002 - the file's name
        """Keep a message; when this returns it is durable. Raises OSError."""
        waiting = Waiting(
            id=id,
            account=account,
            sender=outgoing.sender,
            recipients=outgoing.recipients,
            octets=len(outgoing.octets),
            since=now,
        )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._message(id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(outgoing.octets)
            stream.flush()
            os.fsync(stream.fileno())
        self._write(waiting)
        return waiting

    def waiting(self) -> list[Waiting]:
        """List what is there, the oldest first. A damaged envelope raises OutboxFault."""
        try:
            names = [entry.name for entry in os.scandir(self.folder)]
        except FileNotFoundError:
            return []
        found = [self._read(name[:-5]) for name in names if name.endswith(".json") and _ID.fullmatch(name[:-5])]
        return sorted((each for each in found if each is not None), key=lambda each: (each.since, each.id))

    @contextlib.contextmanager
    def held(self, id: str) -> Iterator[tuple[Waiting, Outgoing | None] | None]:  # noqa: A002
        """Hold a message against other programs. None: it is gone, or another one holds it.

        The octets come along while somebody is still to get them.
        """
        if not _ID.fullmatch(id):
            yield None
            return
        try:
            stream = self._message(id).open("rb")
        except FileNotFoundError:
            yield None
            return
        with stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            waiting = self._read(id)
            if waiting is None:
                yield None
                return
            octets = stream.read(LARGEST_MESSAGE_OCTETS)
            # Octets that are not all there are not sent: half a message would be believed.
            if len(octets) != waiting.octets:
                raise OutboxFault(f"{self._message(id)}: is not what was written there: restore it, or drop it")
            yield waiting, self._outgoing(waiting, octets)

    def settle(self, waiting: Waiting) -> None:
        """Write down what became of a message; one that nobody waits for and nobody was refused goes. Held only."""
        if waiting.recipients or waiting.refused:
            self._write(replace(waiting, aside=waiting.aside or not waiting.recipients))
        else:
            self.remove(waiting.id)

    def remove(self, id: str) -> None:  # noqa: A002
        """Forget a message. Held only."""
        self._envelope(id).unlink(missing_ok=True)
        self._sync()
        self._message(id).unlink(missing_ok=True)

    def sweep(self, *, now: float) -> None:
        """Remove what a crash left: octets without an envelope, envelopes half written. Nobody waits for them."""
        with contextlib.suppress(FileNotFoundError):
            for entry in list(os.scandir(self.folder)):
                stem, dot, kind = entry.name.rpartition(".")
                half = entry.name.startswith(".") and kind == "new"
                lone = dot and kind == "eml" and not self._envelope(stem).exists()
                if (half or lone) and entry.stat().st_mtime < now - _SWEPT_AFTER_SECONDS:
                    Path(entry.path).unlink(missing_ok=True)

    def _outgoing(self, waiting: Waiting, octets: bytes) -> Outgoing | None:
        if not waiting.recipients:
            return None
        try:
            return Outgoing(sender=waiting.sender, recipients=waiting.recipients, octets=octets)
        except MessageFault as fault:
            raise OutboxFault(f"{self._envelope(waiting.id)}: {fault}") from None

    def _message(self, id: str) -> Path:  # noqa: A002
        return self.folder / f"{id}.eml"

    def _envelope(self, id: str) -> Path:  # noqa: A002
        return self.folder / f"{id}.json"

    def _write(self, waiting: Waiting) -> None:
        octets = json.dumps({"version": 1, **asdict(waiting)}, indent=1).encode()
        descriptor, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=self.folder)  # mode 0600
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(octets)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(self._envelope(waiting.id))
        self._sync()

    def _sync(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _read(self, id: str) -> Waiting | None:  # noqa: A002
        file = self._envelope(id)
        try:
            with file.open("rb") as stream:
                fields = json.loads(stream.read(LARGEST_ENVELOPE_OCTETS))
            refused = tuple(
                Refused(recipient=str(each["recipient"]), said=str(each["said"])) for each in fields["refused"]
            )
            return Waiting(
                id=id,
                account=str(fields["account"]),
                sender=str(fields["sender"]),
                recipients=tuple(str(each) for each in fields["recipients"]),
                refused=refused,
                octets=int(fields["octets"]),
                since=float(fields["since"]),
                attempts=int(fields["attempts"]),
                tried=None if fields["tried"] is None else float(fields["tried"]),
                error=None if fields["error"] is None else str(fields["error"]),
                aside=bool(fields["aside"]),
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
            raise OutboxFault(f"{file}: is not what was written there: restore it, or remove it by hand") from None
