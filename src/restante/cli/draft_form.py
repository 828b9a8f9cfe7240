"""A draft as a person edits it: To, Cc and Subject at the top, an empty line, the text; and the draft of a reply.

What stands in the mail that is answered is hostile: addresses are read before their names are decoded, so that no
name becomes a recipient; names, subject and text come fit for a terminal, since an editor shows them. Fails with
MessageFault. Sources: RFC 5322 §3.6.3 (Reply-To), §3.6.4 (In-Reply-To, References), §3.6.5 (Re:).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.reading import Readable, one_line
from restante.submission import Draft, MessageFault
from restante.submission.fields import mailboxes

if TYPE_CHECKING:
    from restante.reading.mime import Fields
    from restante.submission.fields import Mailbox

__all__ = ["draft_of", "draft_text", "reply_draft"]

MOST_QUOTED_CHARACTERS: Final = 100_000
"""Of the text that is answered: a hundred pages, of which nobody keeps so much."""

MOST_REFERENCES: Final = 20
"""The first, which began it all, and the last."""

_PLAIN_NAME: Final = re.compile(r"[\w ]+")
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
        value = fields.first(name)
        if value is None:
            continue
        try:
            found = mailboxes([" ".join(value.decode("utf-8", "replace").split())])
        except MessageFault:
            continue
        if found:
            return tuple(_written(each) for each in found)
    return ()


def _written(mailbox: Mailbox) -> str:
    name = one_line(mailbox.display_name)
    if not name:
        return mailbox.address
    if not _PLAIN_NAME.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{mailbox.address}>"


def _message_ids(fields: Fields, name: str) -> list[str]:
    return [found.decode("ascii") for found in _MESSAGE_ID.findall(fields.first(name) or b"")]
