"""A whole message as a person reads it: its header decoded, its text, what is attached, and what is wrong with it.

Of several forms of one text (multipart/alternative) the plain one is shown, unless it is empty or HTML is wished
for. A message within a message is an attachment. Nothing is fetched, verified or decrypted; signatures and
encryption are named. Never fails. Sources: RFC 2046 §5.1.4 (alternatives), RFC 2387 (related), RFC 1847 (signed,
encrypted), RFC 3676 (flowed), RFC 3462 (reports).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from restante.reading.flowed import unflowed
from restante.reading.html import html_as_text
from restante.reading.mime import Fields, Part, leaves, parsed
from restante.reading.showing import many_lines, one_line
from restante.reading.words import decoded, words_decoded

__all__ = ["SHOWN_FIELDS", "Attached", "Readable", "name_of", "part_text", "readable"]

SHOWN_FIELDS: Final = ("From", "Sender", "Reply-To", "To", "Cc", "Date", "Subject")
"""What is shown of a header, where a message has it; Sender only where it is not From."""

MOST_TEXT_OCTETS: Final = 4 * 1024 * 1024
"""Of one part, as text. Ten thousand pages; the rest is there with --part."""

MOST_FIELD_CHARACTERS: Final = 2000

_TEXTS: Final = frozenset({"message/delivery-status", "message/disposition-notification"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A part that is not shown."""

    part: Part
    name: str | None
    """Fit for a terminal; `saving` makes a file's name of what the sender called it."""
    octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """A message that a terminal may be given; all texts are fit for one."""

    fields: Fields
    """As they came; hostile."""
    header: tuple[tuple[str, str], ...]
    """The fields that are shown, decoded."""
    all_fields: tuple[tuple[str, str], ...]
    text: str
    attached: tuple[Attached, ...]
    parts: tuple[Part, ...]
    """All that has a number, shown or attached."""
    remarks: tuple[str, ...]


def readable(octets: bytes, *, prefers_html: bool = False) -> Readable:
    """Make a message readable. Never raises."""
    return _Reading(octets, prefers_html=prefers_html).done()


def part_text(part: Part) -> tuple[str, list[str]]:
    """Give a part of text, fit for a terminal, and remarks."""
    octets, remark = part.octets()
    remarks = [] if remark is None else [remark]
    if len(octets) > MOST_TEXT_OCTETS:
        octets = octets[:MOST_TEXT_OCTETS]
        remarks.append(f"its text has more than {MOST_TEXT_OCTETS:,} octets; the rest is not shown")
    text, remark = decoded(octets, part.parameters.get("charset", ""))
    if remark is not None:
        remarks.append(remark)
    if part.type == "text/html":
        text, more = html_as_text(text)
        remarks += more
    elif part.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text.replace("\r\n", "\n"), drop_space=part.parameters.get("delsp", "").lower() == "yes")
    return many_lines(text).strip("\n"), [one_line(remark) for remark in remarks]


class _Reading:
    """Goes through the parts of one message."""

    def __init__(self, octets: bytes, *, prefers_html: bool) -> None:
        self._root = parsed(octets)
        self._prefers_html = prefers_html
        self._texts: list[str] = []
        self._attached: list[Part] = []
        self._remarks: list[str] = []

    def done(self) -> Readable:
        fields = self._root.fields
        self._show(self._root)
        parts = tuple(leaves(self._root))
        every = tuple((name, _field_text(value)) for name, value in fields.all)
        return Readable(
            fields=fields,
            header=_chosen(fields),
            all_fields=every,
            text="\n\n".join(text for text in self._texts if text.strip()),
            attached=tuple(_attached(part) for part in self._attached),
            parts=parts,
            remarks=tuple(dict.fromkeys(one_line(remark) for remark in self._remarks)),
        )

    def _show(self, part: Part) -> None:
        self._remarks += part.remarks
        match part.type:
            case "multipart/alternative" if part.parts:
                self._alternatives(part.parts)
            case "multipart/related" if part.parts:
                self._show(part.parts[0])
                for other in part.parts[1:]:
                    self._attach(other)
            case "multipart/encrypted" if part.parts:
                self._remarks.append("it is encrypted (PGP/MIME): save its parts and give them to gpg")
                for other in part.parts:
                    self._attach(other)
            case _ if part.parts:
                for each in part.parts:
                    self._show(each)
            case "application/pkcs7-mime" | "application/x-pkcs7-mime":
                self._remarks.append("it is encrypted or signed (S/MIME): save its part and give it to openssl cms")
                self._attach(part)
            case _ if part.disposition == "attachment" or not _is_text(part) or (part.name and not _is_body(part)):
                self._attach(part)
            case _:
                self._text(part)

    def _alternatives(self, parts: tuple[Part, ...]) -> None:
        plain = [part for part in parts if part.type == "text/plain" and part.disposition != "attachment"]
        rich = [part for part in parts if part not in plain and _holds_html(part)]
        filled = [part for part in plain if part.octets()[0].strip()]
        chosen = (rich or plain) if self._prefers_html or not filled else filled
        if not chosen:
            chosen = list(parts[-1:])
        shown = chosen[-1]
        self._show(shown)
        for other in parts:
            if other is shown:
                continue
            self._remarks += other.remarks
            for leaf in leaves(other):
                if not _is_text(leaf) or leaf.disposition == "attachment" or leaf.type == "text/calendar":
                    self._attached.append(leaf)

    def _attach(self, part: Part) -> None:
        for leaf in leaves(part):
            self._remarks += leaf.remarks
            self._attached.append(leaf)

    def _text(self, part: Part) -> None:
        text, remarks = part_text(part)
        self._remarks += remarks
        self._texts.append(text)


def _is_text(part: Part) -> bool:
    return part.type.startswith("text/") or part.type in _TEXTS


def _is_body(part: Part) -> bool:
    """Tell whether a part with a name is nonetheless what a person wrote: some programs name every part."""
    return part.disposition == "inline" and part.type in {"text/plain", "text/html"}


def _holds_html(part: Part) -> bool:
    return any(leaf.type == "text/html" for leaf in leaves(part))


def name_of(part: Part) -> str | None:
    """Give what a part is called: a message that has no name goes by its subject. Hostile."""
    if not part.name and part.type == "message/rfc822":
        return parsed(part.octets()[0][: 64 * 1024]).fields.text("Subject") or None
    return part.name


def _attached(part: Part) -> Attached:
    name = name_of(part)
    return Attached(part=part, name=one_line(name)[:200] if name else None, octets=len(part.octets()[0]))


def _chosen(fields: Fields) -> tuple[tuple[str, str], ...]:
    chosen = []
    for name in SHOWN_FIELDS:
        value = fields.first(name)
        if value is None or (name == "Sender" and value == fields.first("From")):
            continue
        chosen.append((name, _field_text(value)))
    return tuple(chosen)


def _field_text(value: bytes) -> str:
    text = one_line(words_decoded(value))
    return text if len(text) <= MOST_FIELD_CHARACTERS else text[: MOST_FIELD_CHARACTERS - 3] + "..."
