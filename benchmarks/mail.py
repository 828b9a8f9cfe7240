"""The mail of the benchmark: the same messages for both servers, each in the form that it writes itself.

Deterministic: the same messages in each run. Names bear the octets (S in the file, W on the wire), as both servers
write them on delivery, and in `Form.CRLF` the dots (D), with the file's time, as Restante does, which is nothing to
Dovecot. In `Form.POSTFIX` nothing is known of a file but its time.
"""

from __future__ import annotations

import os
import random
import shutil
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Final

__all__ = ["Form", "empty", "letter", "make_maildrop", "many", "refill"]

MESSAGE_OCTETS: Final = 5_500
LINE_OCTETS: Final = 76
FIRST_SECOND: Final = 1_700_000_000
"""When the first message came, in seconds since the epoch; each came a second after the one before."""
_TEXT: Final = "the post waits here until it is called for and the clerk looks it up by name then hands it over"
_WORDS: Final = tuple(_TEXT.split(" "))


class Form(Enum):
    """How a file holds a message."""

    CRLF = "CRLF lines; S, W and D in the name"
    LF = "LF lines, S and W in the name"
    POSTFIX = "LF lines, nothing in the name"


@lru_cache(512)
def letter(seed: int, octets: int = MESSAGE_OCTETS) -> bytes:
    """Make a message of about so many octets, in canonical form; one in ten has a line that starts with a dot."""
    chance = random.Random(seed)
    octets = int(octets * chance.uniform(0.9, 1.1))
    lines = [
        "Return-Path: <sender@example.org>",
        "Delivered-To: user@localhost",
        f"Received: from mail.example.org (mail.example.org [192.0.2.{seed % 250 + 1}])",
        f"\tby mx.example.net with ESMTPS id {seed:012x}; Tue, 14 Nov 2023 22:13:20 +0000",
        "From: A Sender <sender@example.org>",
        "To: A Reader <user@example.net>",
        f"Subject: letter {seed}",
        f"Message-ID: <{seed}@example.org>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "",
    ]
    if seed % 10 == 0:
        lines.append(".this line starts with a dot")
    held = sum(len(line) + 2 for line in lines)
    while held < octets:
        line = ""
        while len(line) < LINE_OCTETS - 12:
            line += chance.choice(_WORDS) + " "
        lines.append(line.rstrip())
        held += len(lines[-1]) + 2
    return "\r\n".join([*lines, ""]).encode()


def make_maildrop(folder: Path, form: Form, count: int, *, octets: int = MESSAGE_OCTETS, owner: int = -1) -> None:
    """Make a Maildir with messages in `new`, as a delivery leaves them. `owner`: uid and gid, or -1 for us."""
    _make_folders(folder, owner)
    for number in range(count):
        _write(folder / "new", form, number, letter(number, octets), owner)


def refill(folder: Path, source: Path, owner: int, *, batch: int) -> None:
    """Put the messages of `source` into a Maildir as hard links under names of their own.

    With another `batch` the names are others.
    """
    _make_folders(folder, owner)
    for number, file in enumerate(sorted(source.iterdir())):
        _, _, rest = file.name.partition(".")
        to = folder / "new" / f"{FIRST_SECOND + 1_000 * batch + number}.{rest}"
        to.hardlink_to(file)


def many(folder: Path, form: Form, count: int, *, owner: int) -> None:
    """Make a Maildir with very many messages: hard links to a few files, since only their names are read."""
    originals = folder.parent / f"{folder.name}-originals"
    _make_folders(originals, owner)
    _make_folders(folder, owner)
    for number in range(100):
        _write(originals / "new", form, number, letter(number, 1_000), owner)
    files = sorted((originals / "new").iterdir())
    tails = [file.name.partition(",")[2] for file in files]
    for number in range(count):
        which = number % len(files)
        os.link(files[which], folder / "new" / f"{_stem(FIRST_SECOND + number, number)},{tails[which]}")
    shutil.rmtree(originals)


def empty(folder: Path) -> None:
    """Take all mail out of a Maildir, and what Dovecot noted of it. No server may be at work there."""
    for file in [*folder.glob("new/*"), *folder.glob("cur/*"), *folder.glob("dovecot*")]:
        file.unlink()


def _stem(second: int, number: int) -> str:
    return f"{second}.M{number % 1_000_000:06}P4711Q{number}R7a.mx"


def _write(folder: Path, form: Form, number: int, message: bytes, owner: int) -> None:
    on_wire, dots = len(message), message.count(b"\n.")
    if form is not Form.CRLF:
        message = message.replace(b"\r\n", b"\n")
    second = FIRST_SECOND + number
    name = f"{_stem(second, number)},S={len(message)},W={on_wire}"
    if form is Form.CRLF:
        name += f",D={dots}"
    elif form is Form.POSTFIX:
        name = f"{second}.Vfe00I{number:x}M{number:06}.mx"
    file = folder / name
    file.write_bytes(message)
    time_ns = second * 10**9 + number * 1000
    os.utime(file, ns=(time_ns, time_ns))
    os.chown(file, owner, owner)


def _make_folders(folder: Path, owner: int) -> None:
    for each in (folder, *(folder / name for name in ("tmp", "new", "cur"))):
        each.mkdir(mode=0o755, parents=True, exist_ok=True)
        os.chown(each, owner, owner)
