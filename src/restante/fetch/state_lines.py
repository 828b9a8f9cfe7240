"""The seen-state as lines of JSON, to be kept, read and carried to another machine.

The first line says what it is: `{"format": "restante fetch state", "version": 1}`. Each line after it is a message
of a remote maildrop, with the keys of docs/reference/fetch-state.md. Pure: text in, values out, and back.
One bad line never stops the rest: it is told by its number. Fails with NotAnExport.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from restante.fetch.plan import SeenMessage, SeenStatus
from restante.fetch.takeover import LONGEST_ID_OCTETS

__all__ = ["FORMAT", "VERSION", "NotAnExport", "StateLines", "is_export", "read_lines", "write_lines"]

FORMAT: Final = "restante fetch state"
VERSION: Final = 1

_LARGEST: Final = 2**62
_DIGEST_OCTETS: Final = 32
_PRINTABLE: Final = range(0x21, 0x7F)


class NotAnExport(Exception):
    """The octets are no export of a state, or one of a newer version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLines:
    """What an export holds."""

    messages: dict[str, list[SeenMessage]]
    """By remote maildrop."""
    bad_lines: tuple[int, ...]


def is_export(octets: bytes) -> bool:
    """Tell whether the octets start as an export does."""
    return FORMAT.encode() in octets[:200].partition(b"\n")[0]


def write_lines(maildrops: Iterable[tuple[str, Iterable[SeenMessage]]]) -> Iterator[str]:
    """Give the lines, without their ends."""
    yield json.dumps({"format": FORMAT, "version": VERSION})
    for maildrop, messages in maildrops:
        for message in messages:
            yield json.dumps(_written(maildrop, message))


def read_lines(octets: bytes) -> StateLines:
    """Read an export. Raises NotAnExport."""
    first, *lines = octets.split(b"\n")
    try:
        head = json.loads(first)
        version = head["version"] if head["format"] == FORMAT else None
    except (ValueError, TypeError, KeyError, RecursionError):
        version = None
    if version is None:
        raise NotAnExport("no export of `restante state`: its first line does not say so")
    if version != VERSION:
        raise NotAnExport(
            f"an export of version {str(version)[:20]}, and this Restante knows {VERSION}: use a newer one"
        )
    messages: dict[str, list[SeenMessage]] = {}
    bad: list[int] = []
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        try:
            maildrop, message = _read(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, OSError):
            bad.append(number)
        else:
            messages.setdefault(maildrop, []).append(message)
    return StateLines(messages=messages, bad_lines=tuple(bad))


def _written(maildrop: str, message: SeenMessage) -> dict[str, object]:
    fields: dict[str, object] = {"maildrop": maildrop}
    if all(octet in _PRINTABLE for octet in message.unique_id):
        fields["unique_id"] = message.unique_id.decode("ascii")
    else:
        fields["unique_id_hex"] = message.unique_id.hex()
    fields["status"] = message.status.value
    fields["since"] = datetime.fromtimestamp(message.since_epoch_seconds, UTC).isoformat()
    if message.octets is not None:
        fields["octets"] = message.octets
    if message.digest:
        fields["sha256"] = message.digest.hex()
    for key in ("destination", "place", "taken_over_from"):
        if getattr(message, key):
            fields[key] = getattr(message, key)
    return fields


def _read(fields: dict[str, object]) -> tuple[str, SeenMessage]:
    """Read a line. Raises what a wrong one makes Python raise."""
    maildrop = _text(fields["maildrop"])
    digest = bytes.fromhex(_text(fields.get("sha256", "")))
    if "unique_id_hex" in fields:
        unique_id = bytes.fromhex(_text(fields["unique_id_hex"]))
    else:
        unique_id = _text(fields["unique_id"]).encode("ascii")
    if len(digest) not in {0, _DIGEST_OCTETS} or len(unique_id) > LONGEST_ID_OCTETS or not maildrop:
        raise ValueError
    since = datetime.fromisoformat(_text(fields["since"]))
    if since.tzinfo is None:
        raise ValueError
    return maildrop, SeenMessage(
        unique_id=unique_id,
        digest=digest,
        octets=_number(fields["octets"]) if "octets" in fields else None,
        status=SeenStatus(_text(fields["status"])),
        since_epoch_seconds=since.timestamp(),
        destination=_text(fields.get("destination", "")),
        place=_text(fields.get("place", "")),
        taken_over_from=_text(fields.get("taken_over_from", "")),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    # SQLite takes no lone surrogates.
    value.encode("utf-8")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -_LARGEST <= value <= _LARGEST:
        raise ValueError
    return value
