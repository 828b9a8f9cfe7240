"""Attachments as files: names made safe, in one folder, over nothing that is there.

A name comes from whoever wrote the mail: it loses its path, what a terminal or a shell would act upon, leading dots
and dashes, and what other systems refuse; a file of that name in the folder is never touched, nor is a link of that
name followed. A crash leaves a file that ends early. Fails with OSError.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from restante.reading.letter import name_of
from restante.reading.mime import Part
from restante.reading.showing import one_line

__all__ = ["SavedFile", "safe_name", "save"]

LONGEST_NAME_OCTETS: Final = 120
MOST_TRIES: Final = 10_000

_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f\"*:<>?|\\/`$&;!'{}\[\]#~^%=]")
_RESERVED: Final = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")
_EXTENSIONS: Final = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "application/pgp-signature": ".asc",
    "application/zip": ".zip",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """A file that was written."""

    path: Path
    octets: int


def safe_name(name: str | None, *, type: str, number: int) -> str:  # noqa: A002 - MIME's word
    """Make a file's name of what a sender calls it."""
    # Of both kinds of path; a name of nothing but that is none.
    last = re.split(r"[\\/]", name or "")[-1]
    plain = _UNFIT.sub("_", one_line(last)).strip(" .-_")
    plain = re.sub(r"\s+", " ", plain)
    extension = _EXTENSIONS.get(type, "")
    if not plain:
        plain = f"part-{number}{extension or '.bin'}"
    elif type == "message/rfc822" and not plain.lower().endswith(".eml"):
        plain += extension
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    stem, suffix = _parted(plain)
    suffix = _cut(suffix, 20)
    return _cut(stem, LONGEST_NAME_OCTETS - len(os.fsencode(suffix))) + suffix


def save(parts: Sequence[Part], folder: Path) -> list[SavedFile]:
    """Write attachments into a folder, which is made if it is not there. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return [_written(part, folder, here) for part in parts]
    finally:
        os.close(here)


def _written(part: Part, folder: Path, here: int) -> SavedFile:
    octets = part.octets()[0]
    wanted = safe_name(name_of(part), type=part.type, number=part.number)
    stem, suffix = _parted(wanted)
    for attempt in range(1, MOST_TRIES):
        name = wanted if attempt == 1 else f"{stem} ({attempt}){suffix}"
        try:
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=here)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(octets)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=here)
            raise
        return SavedFile(path=folder / name, octets=len(octets))
    raise FileExistsError(17, f"{MOST_TRIES:,} files of that name are there", str(folder / wanted))


def _parted(name: str) -> tuple[str, str]:
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix), suffix


def _cut(text: str, octets: int) -> str:
    return os.fsencode(text)[:octets].decode("utf-8", "ignore")
