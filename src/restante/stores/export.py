"""A maildrop written out, for people who leave or keep a copy: as a Maildir or as an mbox, whole or not at all.

Maildir files and mbox have LF line ends, as the programs that read them expect; nothing is lost by that, since the
canonical form has no bare CR and no bare LF. Writes files as it goes: for a command, not beside sessions.
One message that cannot be read never stops the rest: it is counted and named. Fails with TargetInTheWay, OSError.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from restante.ports.stores import OpenMaildrop, StoreFault
from restante.proto.terms import MessageNumber
from restante.stores.mbox import MboxWriter, TargetInTheWay
from restante.stores.transfer import TOLD_FAILURES, MessageFailure, message_chunks

__all__ = ["ExportReport", "export_maildir", "export_mbox"]

_PIECE_OCTETS: Final = 64 * 1024
_RETURN_PATH: Final = re.compile(rb"return-path:[ \t]*<([!-;=?-~]{0,256})>[ \t]*\r\n", re.IGNORECASE)
_NO_FILE_NAME: Final = re.compile(rb"[/:]|\A\.|,[SW]=")
"""What keeps a unique-id from being a base name: it would be a path, have flags, be hidden, or tell a size that
is not that of the exported file, which readers of Maildirs believe."""


@dataclass(slots=True, kw_only=True)
class ExportReport:
    """What an export did."""

    exported: int = 0
    exported_octets: int = 0
    """Canonical, as LIST tells them."""
    failed: int = 0
    failures: list[MessageFailure] = field(default_factory=list)
    """The first TOLD_FAILURES of them, by unique-id."""

    def fail(self, unique_id: bytes, reason: str) -> None:
        """Count a message that was left out."""
        self.failed += 1
        if len(self.failures) < TOLD_FAILURES:
            self.failures.append(MessageFailure(key=unique_id, reason=reason))


async def export_mbox(
    maildrop: OpenMaildrop, path: Path, *, now_epoch_seconds: float, overwrite: bool = False
) -> ExportReport:
    """Write all messages of an open maildrop into an mbox (mboxrd), in order.

    The `From ` line has the reverse-path of a Return-Path header where the message starts with one; its date is
    that of the export, since none is kept. An mbox has no place for unique-ids. A crash leaves what MboxWriter
    says. Raises TargetInTheWay, OSError.
    """
    report = ExportReport()
    with MboxWriter(path, overwrite=overwrite) as writer:
        for place, unique_id in enumerate(maildrop.snapshot.unique_ids, 1):
            octets = 0
            try:
                async for chunk in message_chunks(maildrop, MessageNumber(place)):
                    if not octets:
                        writer.begin(reverse_path=_reverse_path(chunk), received_epoch_seconds=now_epoch_seconds)
                    octets += len(chunk)
                    writer.write(chunk)
            except StoreFault as fault:
                writer.abandon()
                report.fail(unique_id, str(fault))
                continue
            if not octets:
                writer.begin(received_epoch_seconds=now_epoch_seconds)
            writer.end()
            report.exported += 1
            report.exported_octets += octets
    return report


async def export_maildir(maildrop: OpenMaildrop, path: Path, *, now_epoch_seconds: float) -> ExportReport:
    """Write all messages of an open maildrop into a new Maildir, with their unique-ids.

    A file is named by its unique-id where that is fit for it. All unique-ids, and the order, also stand in a
    `dovecot-uidlist`: a Dovecot that serves the Maildir shows the very same ones, and so does an import with
    `--unique-ids` from that file. The target must not be there, or be an empty folder.

    A crash before the last rename leaves a hidden folder beside the target (`.NAME.….part`, safe to remove); after
    it, the whole Maildir, every file of which was durable before. Raises TargetInTheWay, OSError.
    """
    part = _part_beside(path)
    try:
        report = await _fill(part, maildrop, now_epoch_seconds)
        _put_in_place(part, path)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return report


def _reverse_path(octets: bytes) -> bytes:
    found = _RETURN_PATH.match(octets)
    return found[1] if found else b""


def _part_beside(path: Path) -> Path:
    path = path.absolute()
    if path.is_symlink() or (path.exists() and (not path.is_dir() or any(path.iterdir()))):
        raise TargetInTheWay(path)
    return Path(mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))


def _put_in_place(part: Path, path: Path) -> None:
    try:
        # A rename takes the place of an empty folder, never of one with something in it.
        part.rename(path)
    except OSError as error:
        if path.exists():
            raise TargetInTheWay(path) from error
        raise
    _make_durable(path.absolute().parent)


async def _fill(part: Path, maildrop: OpenMaildrop, now_epoch_seconds: float) -> ExportReport:
    for folder in ("cur", "new", "tmp"):
        (part / folder).mkdir(mode=0o700)
    report = ExportReport()
    unique_ids = maildrop.snapshot.unique_ids
    used = set(unique_ids)
    now = int(now_epoch_seconds)
    with (part / "dovecot-uidlist").open("wb") as uidlist:
        uidlist.write(b"3 V%d N%d\n" % (min(max(1, now), 2**32 - 1), len(unique_ids) + 1))
        for place, unique_id in enumerate(unique_ids, 1):
            name = unique_id
            if _NO_FILE_NAME.search(unique_id):
                name = b"%d.N%010d.restante" % (now, place)
                while name in used:
                    name += b"x"
            target = part / "new" / os.fsdecode(name)
            try:
                octets = await _write_message(maildrop, MessageNumber(place), target)
            except StoreFault as fault:
                target.unlink(missing_ok=True)
                report.fail(unique_id, str(fault))
                continue
            uidlist.write(b"%d P%s :%s\n" % (place, unique_id, name))
            report.exported += 1
            report.exported_octets += octets
        uidlist.flush()
        os.fsync(uidlist.fileno())
    for folder in ("cur", "new", "tmp"):
        _make_durable(part / folder)
    _make_durable(part)
    return report


async def _write_message(maildrop: OpenMaildrop, number: MessageNumber, target: Path) -> int:
    """Write one message with LF line ends; give its canonical octets."""
    octets = 0
    held_cr = b""
    with target.open("xb", _PIECE_OCTETS) as file:
        async for chunk in message_chunks(maildrop, number):
            octets += len(chunk)
            data = held_cr + chunk
            held_cr = b"\r" if data.endswith(b"\r") else b""
            file.write(data[: len(data) - len(held_cr)].replace(b"\r\n", b"\n"))
        file.write(held_cr)
        file.flush()
        os.fsync(file.fileno())
    return octets


def _make_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
