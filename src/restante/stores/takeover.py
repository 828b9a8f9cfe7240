"""Unique-ids that another server gave, read from the file where it kept them.

Clients that leave mail on the server know messages by unique-id only; a server that takes over a maildrop and shows
other ones makes them download everything again. Here the files of Dovecot (`dovecot-uidlist`, versions 1 and 3) and
Courier (`courierpop3dsizelist`, versions 0 to 3) become a mapping from a file's base name to the unique-id that the
old server showed. Pure: octets in, values out; nothing is opened. Not for Dovecot's other formats (mdbox, mbox),
and not for `pop3_reuse_xuidl`, where ids lie in the messages themselves.

Sources: RFC 1939 §7 (what a unique-id is); the formats as the two servers write them. One bad line never stops the
rest: it is told as a fault with its number. Fails with UnreadableList.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from restante.proto.terms import UniqueId, is_legal_unique_id
from restante.stores.uidl_format import DEFAULT_UIDL_FORMAT, UidlFormat

__all__ = [
    "LARGEST_LIST_OCTETS",
    "FaultReason",
    "ListFault",
    "ListedMessage",
    "Takeover",
    "UniqueIdList",
    "UnreadableList",
    "base_name",
    "read_unique_id_list",
    "take_over",
]

LARGEST_LIST_OCTETS: Final = 256 * 1024 * 1024
"""A line has about 100 octets: room for more than two million messages."""

_LARGEST_UID: Final = 2**32 - 2
"""Dovecot's own limit; the number after it means none."""
_FOLDER_UID_VALIDITY: Final = re.compile(rb"[1-9]\d{0,9}")
_DOVECOT_LINE: Final = re.compile(rb"(\d{1,10}) +((?:[^: ][^ ]* +)*):([^/]+)")
_DOVECOT_OLD_LINE: Final = re.compile(rb"(\d{1,10}) +([^/]+)")
_COURIER_LINE: Final = re.compile(rb"([^/]+) \d{1,20} (\d{1,20})(?::(\d{1,20}))?(?::\d{1,9})?")
_COURIER_OLDEST_LINE: Final = re.compile(rb"([^/ ]+) \d{1,20}")


class UnreadableList(Exception):
    """The octets are no list of unique-ids that is known here, or one that is too long."""


class FaultReason(Enum):
    """Why an entry of a list could not be used."""

    MALFORMED = "the line is malformed"
    CUT_OFF = "the last line has no end: the file was cut off while it was written or copied"
    ILLEGAL = "the unique-id is illegal (1 to 70 octets of 0x21 to 0x7E)"
    DOUBLED = "another message has the same unique-id"
    DOUBLED_FILE = "a later line names the same file, and holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFault:
    """An entry that could not be used. The message it names is not lost: it gets a new unique-id."""

    line: int
    """From 1."""
    reason: FaultReason
    text: bytes
    """The start of the line, or the unique-id; hostile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMessage:
    """A message as the old server's list has it."""

    base: bytes
    """The base name of its file: what stands before `:2,`."""
    unique_id: UniqueId
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueIdList:
    """What a list says, whether or not the files are there."""

    messages: tuple[ListedMessage, ...]
    """Each base name once, in the order in which the old server numbered the messages."""
    faults: tuple[ListFault, ...]

    @property
    def order(self) -> tuple[bytes, ...]:
        """The base names, in the order in which the old server numbered the messages."""
        return tuple(message.base for message in self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """A list held against the files that are there."""

    unique_ids: Mapping[bytes, UniqueId]
    """Base name to unique-id: what is taken over. No unique-id stands twice."""
    without_id: tuple[bytes, ...]
    """Base names of files that get a new unique-id: not in the list, or their entry has a fault."""
    without_file: tuple[ListedMessage, ...]
    """Listed messages whose file is not there: most were removed since the list was written."""
    faults: tuple[ListFault, ...]
    """Those of the list, and unique-ids that two of the files would share."""


def base_name(name: bytes) -> bytes:
    """Give what stays of a Maildir file's name when its flags change: the part before the first `:`."""
    return name.partition(b":")[0]


def take_over(listed: UniqueIdList, bases: Iterable[bytes]) -> Takeover:
    """Hold a list against the base names of the files that are there.

    Where two of the files would share a unique-id, the first in the old server's order keeps it and the other gets
    a new one; the fault says so.
    """
    there = dict.fromkeys(bases)
    unique_ids: dict[bytes, UniqueId] = {}
    used: set[bytes] = set()
    without_file: list[ListedMessage] = []
    faults = list(listed.faults)
    for message in listed.messages:
        if message.base not in there:
            without_file.append(message)
        elif message.unique_id in used:
            faults.append(ListFault(line=message.line, reason=FaultReason.DOUBLED, text=message.unique_id))
        else:
            used.add(message.unique_id)
            unique_ids[message.base] = message.unique_id
    return Takeover(
        unique_ids=unique_ids,
        without_id=tuple(base for base in there if base not in unique_ids),
        without_file=tuple(without_file),
        faults=tuple(faults),
    )


def read_unique_id_list(octets: bytes, *, uidl_format: UidlFormat = DEFAULT_UIDL_FORMAT) -> UniqueIdList:
    """Read a `dovecot-uidlist` or a `courierpop3dsizelist`, whichever it is.

    `uidl_format` is what Dovecot's `pop3_uidl_format` was; an id stored with the message (`pop3_save_uidl`) wins
    over it. Courier needs none. Raises UnreadableList.
    """
    if len(octets) > LARGEST_LIST_OCTETS:
        raise UnreadableList(f"longer than {LARGEST_LIST_OCTETS} octets: this is no list of unique-ids")
    header = octets.partition(b"\n")[0]
    if _COURIER_OLDEST_LINE.fullmatch(header):
        reading = _Reading(octets, first_line=1)
        reading.courier_oldest()
        return reading.result()
    reading = _Reading(octets[len(header) + 1 :], first_line=2)
    if found := re.fullmatch(rb"/([123]) (\d{1,20})(?: (\d{1,20}))?", header):
        reading.courier(1 if found[1] == b"1" else 2)
    elif header.startswith(b"3 "):
        reading.dovecot(_uid_validity(header), uidl_format)
    elif found := re.fullmatch(rb"1 (\d{1,10}) (\d{1,10})", header):
        reading.dovecot_old(_checked_uid_validity(found[1]), uidl_format)
    else:
        raise UnreadableList(
            "neither a dovecot-uidlist of version 1 or 3 nor a courierpop3dsizelist; "
            "give the file of that name from the Maildir of the old server"
        )
    return reading.result()


def _uid_validity(header: bytes) -> int:
    for field in header.split(b" ")[1:]:
        if field.startswith(b"V"):
            return _checked_uid_validity(field[1:])
    raise UnreadableList("the dovecot-uidlist has no UID validity (V…) in its first line; take a whole copy of it")


def _checked_uid_validity(digits: bytes) -> int:
    if not _FOLDER_UID_VALIDITY.fullmatch(digits) or int(digits) >= 2**32:
        raise UnreadableList("the dovecot-uidlist has an illegal UID validity; take a whole copy of it")
    return int(digits)


class _Reading:
    """The lines of one list on their way to messages and faults."""

    def __init__(self, octets: bytes, *, first_line: int) -> None:
        self._faults: list[ListFault] = []
        self._messages: dict[bytes, tuple[tuple[int, int], ListedMessage]] = {}
        self._first_line = first_line
        *self._lines, cut = octets.split(b"\n")
        if cut:
            # The servers end each line; a number at the end of one that was cut off would be another number.
            self._fault(first_line + len(self._lines), FaultReason.CUT_OFF, cut)

    def dovecot(self, uid_validity: int, uidl_format: UidlFormat) -> None:
        """`<uid> [<key><value> …] :<file name>`; keys P (unique-id), O (place), G (GUID) and others."""
        for number, found in self._dovecot_matches(_DOVECOT_LINE):
            uid, base = int(found[1]), base_name(found[3])
            fields = {field[:1]: field[1:] for field in found[2].split()}
            stored = fields.get(b"P")
            if stored is not None:
                # An empty one is short for the base name.
                unique_id = stored or base
            else:
                guid = fields.get(b"G") or base
                unique_id = uidl_format.expand(uid_validity=uid_validity, uid=uid, base=base, guid=guid)
            place = fields.get(b"O", b"")
            # Messages with a place come first, the others after them by UID.
            rank = (int(place), uid) if place.isdigit() and len(place) <= 10 else (2**40, uid)
            self._message(number, base, unique_id, rank)

    def dovecot_old(self, uid_validity: int, uidl_format: UidlFormat) -> None:
        """`<uid> <file name>`."""
        for number, found in self._dovecot_matches(_DOVECOT_OLD_LINE):
            uid, base = int(found[1]), base_name(found[2])
            unique_id = uidl_format.expand(uid_validity=uid_validity, uid=uid, base=base, guid=base)
            self._message(number, base, unique_id, (0, uid))

    def courier(self, version: int) -> None:
        """`<file name> <octets> <n>[:<uid validity>[:<utf8>]]`; n is 0 for a message named by its file."""
        for number, line, found in self._matches(_COURIER_LINE):
            if version > 1 and found[3] is None:
                self._fault(number, FaultReason.MALFORMED, line)
                continue
            base, n, uid_validity = base_name(found[1]), int(found[2]), int(found[3] or b"0")
            if not n:
                unique_id = _courier_name_id(base)
            elif uid_validity:
                unique_id = b"UID%d-%d" % (n, uid_validity)
            else:
                unique_id = b"UID%d" % n
            self._message(number, base, unique_id, _courier_rank(base))

    def courier_oldest(self) -> None:
        """`<file name> <octets>`, without a header: the unique-id is the base name."""
        for number, _, found in self._matches(_COURIER_OLDEST_LINE):
            base = base_name(found[1])
            self._message(number, base, _courier_name_id(base), _courier_rank(base))

    def result(self) -> UniqueIdList:
        """Give what was read. Courier orders by the time in the name, then the name; Dovecot by place and UID."""
        ranked = sorted(self._messages.values(), key=lambda ranked: (ranked[0], ranked[1].base))
        return UniqueIdList(messages=tuple(message for _, message in ranked), faults=tuple(self._faults))

    def _matches(self, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, bytes, re.Match[bytes]]]:
        for number, line in enumerate(self._lines, self._first_line):
            found = pattern.fullmatch(line)
            if found:
                yield number, line, found
            else:
                self._fault(number, FaultReason.MALFORMED, line)

    def _dovecot_matches(self, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, re.Match[bytes]]]:
        for number, line, found in self._matches(pattern):
            if 1 <= int(found[1]) <= _LARGEST_UID:
                yield number, found
            else:
                self._fault(number, FaultReason.MALFORMED, line)

    def _message(self, number: int, base: bytes, unique_id: bytes, rank: tuple[int, int]) -> None:
        if not is_legal_unique_id(unique_id):
            self._fault(number, FaultReason.ILLEGAL, unique_id)
            return
        if base in self._messages:
            earlier = self._messages[base][1]
            self._fault(earlier.line, FaultReason.DOUBLED_FILE, base)
        self._messages[base] = rank, ListedMessage(base=base, unique_id=UniqueId(unique_id), line=number)

    def _fault(self, number: int, reason: FaultReason, text: bytes) -> None:
        self._faults.append(ListFault(line=number, reason=reason, text=text[:100]))


def _courier_name_id(base: bytes) -> bytes:
    """Give the id of a message that Courier names by its file: unfit octets stand as `+` and two digits."""
    return re.sub(rb"[^!#-&(-*,-~]", lambda found: b"+%02X" % found[0][0], base)


def _courier_rank(base: bytes) -> tuple[int, int]:
    digits = re.match(rb"\d{0,20}", base)
    return (int(digits[0]) if digits and digits[0] else 0, 0)
