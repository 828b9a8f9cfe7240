"""A draft as a person edits it: To, Cc and Subject at the top, an empty line, the text; and drafts of an answer, to
the sender or to all, and of a message that is sent on.

What stands in the mail that is answered is hostile: addresses are read before their names are decoded, so that no
name becomes a recipient; names, subject and text come fit for a terminal, since an editor shows them. Fails with
MessageFault. Sources: RFC 5322 §3.6.3 (Reply-To, an answer to all), §3.6.4 (In-Reply-To, References), §3.6.5 (Re:).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.reading import Readable, one_line
from restante.reading.saving import safe_name
from restante.submission import Attachment, Draft, MessageFault
from restante.submission.fields import mailboxes

if TYPE_CHECKING:
    from restante.reading.mime import Fields
    from restante.submission.fields import Mailbox

__all__ = ["draft_of", "draft_text", "forward_draft", "reply_all_draft", "reply_draft"]

MOST_QUOTED_CHARACTERS: Final = 100_000
"""Of the text that is answered: a hundred pages, of which nobody keeps so much."""

MOST_ANSWERED: Final = 100
"""Addresses of an answer to all: beyond it somebody is being used to send to a crowd."""

MOST_REFERENCES: Final = 20
"""The first, which began it all, and the last."""

_PLAIN_NAME: Final = re.compile(r"[\w ]+")
_FORWARDED: Final = re.compile(r"fwd?\s*:", re.IGNORECASE)
_REPLIED: Final = re.compile(r"re\s*:", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(rb"<[!-;=?-~]{1,400}>")


def draft_text(draft: Draft) -> str:
    """Give a draft as a text to edit."""
    header = f"To: {', '.join(draft.to)}\nCc: {', '.join(draft.cc)}\nSubject: {draft.subject}\n"
    return f"{header}\n{draft.body}"


def draft_of(text: str, draft: Draft) -> Draft:
    """Read a text that was edited; what the text does not say is taken from `draft`. Raises MessageFault."""
    header, _, body = text.replace("\r\n", "\n").partition("\n\n")
    found: dict[str, list[str]] = {"to": [], "cc": [], "bcc": [], "subject": []}
    values: list[str] = []
    for line in header.lstrip("\n").split("\n"):
        name, colon, value = line.partition(":")
        if line[:1] in {" ", "\t"} and values:
            values[-1] += f" {line.strip()}"
        elif colon and name.strip().lower() in found:
            values = found[name.strip().lower()]
            values.append(value.strip())
        else:
            raise MessageFault(
                f"'{one_line(line)[:60]}' is no To, Cc, Bcc or Subject: put an empty line before the text"
            )
    return replace(
        draft,
        to=tuple(filter(None, found["to"])),
        cc=tuple(filter(None, found["cc"])),
        bcc=tuple(filter(None, found["bcc"])),
        subject=" ".join(found["subject"]),
        body=body if body.endswith("\n") or not body else body + "\n",
    )


def reply_draft(letter: Readable) -> Draft:
    """Begin an answer to whoever wrote a message. To stays empty where it names no address to answer to."""
    shown = dict(letter.header)
    subject = shown.get("Subject", "")
    own = _message_ids(letter.fields, "Message-ID")[:1]
    before = _message_ids(letter.fields, "References")
    if not before:
        parents = _message_ids(letter.fields, "In-Reply-To")
        before = parents if len(parents) == 1 else []
    references = list(dict.fromkeys([*before, *own]))
    if len(references) > MOST_REFERENCES:
        references = [references[0], *references[1 - MOST_REFERENCES :]]
    return Draft(
        to=_answered(letter.fields),
        subject=subject if _REPLIED.match(subject) else f"Re: {subject}".rstrip(),
        body=_quoted(letter, shown),
        in_reply_to=own[0] if own else None,
        references=tuple(references) if own else (),
    )


def reply_all_draft(letter: Readable, own: str) -> Draft:
    """Begin an answer to whoever wrote a message and all it went to, but for one's own address."""
    draft = reply_draft(letter)
    answered = {each.address.lower() for each in _mailboxes(letter.fields, "Reply-To", "From")}
    others: dict[str, str] = {}
    for mailbox in (*_mailboxes(letter.fields, "To"), *_mailboxes(letter.fields, "Cc")):
        address = mailbox.address.lower()
        if address != own.lower() and address not in answered and len(others) < MOST_ANSWERED:
            others.setdefault(address, _written(mailbox))
    return replace(draft, cc=tuple(others.values()))


def forward_draft(letter: Readable) -> Draft:
    """Begin a message that sends one on: what is shown of it as text, and what is attached to it attached."""
    shown = dict(letter.header)
    subject = shown.get("Subject", "")
    header = [f"{name}: {value}" for name, value in letter.header]
    text = letter.text[:MOST_QUOTED_CHARACTERS]
    return Draft(
        subject=subject if _FORWARDED.match(subject) else f"Fwd: {subject}".rstrip(),
        body="\n".join(["", "---------- Forwarded message ----------", *header, "", text]).rstrip("\n") + "\n",
        attachments=tuple(
            Attachment(
                name=safe_name(each.part.name, type=each.part.type, number=each.part.number),
                octets=each.part.octets()[0],
            )
            for each in letter.attached
        ),
    )


def _quoted(letter: Readable, shown: dict[str, str]) -> str:
    date = shown.get("Date")
    opening = f"{'' if date is None else f'On {date}, '}{shown.get('From') or 'somebody'} wrote:"
    lines = letter.text[:MOST_QUOTED_CHARACTERS].split("\n")
    return (
        "\n".join([opening, *(f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in lines)])
        + "\n"
    )


def _answered(fields: Fields) -> tuple[str, ...]:
    for name in ("Reply-To", "From"):
        if found := _mailboxes(fields, name):
            return tuple(_written(each) for each in found)
    return ()


def _mailboxes(fields: Fields, *names: str) -> list[Mailbox]:
    """Give the addresses of the first of these fields that has any."""
    for name in names:
        value = fields.first(name)
        if value is None:
            continue
        try:
            found = mailboxes([" ".join(value.decode("utf-8", "replace").split())])
        except MessageFault:
            continue
        if found:
            return found
    return []


def _written(mailbox: Mailbox) -> str:
    name = one_line(mailbox.display_name)
    if not name:
        return mailbox.address
    if not _PLAIN_NAME.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{mailbox.address}>"


def _message_ids(fields: Fields, name: str) -> list[str]:
    return [found.decode("ascii") for found in _MESSAGE_ID.findall(fields.first(name) or b"")]
