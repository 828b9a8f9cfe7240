"""Makes a message: of what a person gives (`compose`), or of one that is written already (`complete`).

What has to be there is added (From, Date, Message-ID, the fields of MIME), what nobody else may see is taken out
(Bcc). A message that is written already stays as it is, octet by octet, but for that. Time and chance come in.
Fails with MessageFault. Sources: RFC 5322 §3.6, RFC 2045–2047, RFC 2231 (names of files), RFC 6532 (UTF-8).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from restante.proto.lines import canonical
from restante.submission.envelope import Outgoing
from restante.submission.faults import MessageFault
from restante.submission.fields import Field, Mailbox, mailboxes, part_header

if TYPE_CHECKING:  # takes a while to import, and most commands send nothing
    from email.headerregistry import Address

__all__ = ["Attachment", "Draft", "Stamp", "complete", "compose"]

_SECRET_FIELDS: Final = frozenset({b"bcc", b"resent-bcc", b"return-path"})
_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,900}>", re.ASCII)
_UNDISCLOSED: Final = "undisclosed-recipients:;"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes along."""

    name: str
    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person gives. Addresses are as people write them: several in one text, with names."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str = ""
    body: str = ""
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str | None = None
    """The Message-ID that this answers, in its angle brackets."""
    references: tuple[str, ...] = ()
    """The Message-IDs of what was said before, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Who sends, when, and what makes this message another than all others."""

    address: str
    display_name: str
    now: datetime
    """With a time zone."""
    unique: str
    """Random, in letters and digits."""

    @property
    def message_id(self) -> str:
        """The message's Message-ID. The domain is the sender's: it is theirs to keep apart."""
        domain = self.address.rpartition("@")[2] or "localhost"
        return f"<{self.unique}@{domain if domain.isascii() else 'localhost'}>"

    @property
    def date(self) -> str:
        """The time, as Date has it."""
        from email.utils import format_datetime

        return format_datetime(self.now)


def compose(draft: Draft, stamp: Stamp, *, sender: str | None = None) -> Outgoing:
    """Make a message of what a person gives. `sender` is the reverse-path where it is not the address."""
    from email.message import EmailMessage
    from email.policy import SMTP

    if any(sign in draft.subject for sign in "\r\n\0"):
        raise MessageFault("the subject holds a line end or a NUL: write it on one line")
    to, cc, bcc = mailboxes(draft.to), mailboxes(draft.cc), mailboxes(draft.bcc)
    everybody = [*to, *cc, *bcc]
    utf8 = not all(each.address.isascii() for each in (*to, *cc)) or not stamp.address.isascii()
    # 7-bit, so that it passes where 8BITMIME is not known; addresses in UTF-8 leave no such choice.
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit", utf8=utf8))

    def addresses(group: Sequence[Mailbox]) -> tuple[Address, ...]:
        return tuple(_address(each.display_name, each.address) for each in group)

    try:
        message["From"] = _address(stamp.display_name, stamp.address)
        if to or not cc:
            message["To"] = addresses(to) if to else _UNDISCLOSED
        if cc:
            message["Cc"] = addresses(cc)
        if draft.subject:
            message["Subject"] = draft.subject
        message["Date"] = stamp.now
        message["Message-ID"] = stamp.message_id
        message.set_content(draft.body)
        for attachment in draft.attachments:
            _attach(message, attachment)
        octets = message.as_bytes()
    except (ValueError, UnicodeError, IndexError) as error:
        raise MessageFault(f"the message cannot be made ({error}): check its fields") from None
    return Outgoing(
        sender=stamp.address if sender is None else sender,
        recipients=tuple(dict.fromkeys(each.address for each in everybody)),
        octets=_threaded(draft) + canonical(octets),
    )


def _threaded(draft: Draft) -> bytes:
    """Give the fields that say what is answered. The library would encode a Message-ID that is long."""
    ids = (*(() if draft.in_reply_to is None else (draft.in_reply_to,)), *draft.references)
    if not all(_MESSAGE_ID.fullmatch(each) for each in ids):
        raise MessageFault("what is answered has a Message-ID that is none: write a new message instead")
    lines = [] if draft.in_reply_to is None else [f"In-Reply-To: {draft.in_reply_to}"]
    if draft.references:
        lines.append("References: " + "\r\n ".join(draft.references))
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _address(display_name: str, address: str) -> Address:
    from email.headerregistry import Address

    if address.isascii():
        return Address(display_name=display_name, addr_spec=address)
    # The other way in, since the first refuses UTF-8 in a local part (RFC 6532).
    local, _, domain = address.rpartition("@")
    return Address(display_name=display_name, username=local, domain=domain)


def _attach(message: object, attachment: Attachment) -> None:
    from email.message import EmailMessage
    from mimetypes import guess_type

    assert isinstance(message, EmailMessage)
    kind, encoding = guess_type(attachment.name)
    # Whole messages and what is compressed go as plain octets, so that nobody unpacks or changes them on the way.
    if kind is None or encoding is not None or kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    main, _, sub = kind.partition("/")
    message.add_attachment(attachment.octets, maintype=main, subtype=sub, filename=attachment.name)


def complete(
    octets: bytes,
    stamp: Stamp,
    *,
    sender: str | None = None,
    recipients: Sequence[str] = (),
    from_header: bool,
) -> Outgoing:
    """Make a message of one that is written already, for `recipients`; `from_header`: for those it names, too."""
    octets = canonical(octets)
    if octets.startswith(b"From "):  # an mbox's line, which programs leave on
        octets = octets.partition(b"\r\n")[2]
    fields, body = part_header(octets)
    everybody = [*mailboxes(recipients), *(_named(fields) if from_header else ())]
    kept = [field for field in fields if field.name not in _SECRET_FIELDS]
    there = {field.name for field in kept}
    added = _added(stamp, there, body)
    header = b"".join(field.octets if field.octets.endswith(b"\r\n") else field.octets + b"\r\n" for field in kept)
    return Outgoing(
        sender=stamp.address if sender is None else sender,
        recipients=tuple(dict.fromkeys(each.address for each in everybody)),
        octets=added + header + b"\r\n" + body,
    )


def _named(fields: Sequence[Field]) -> list[Mailbox]:
    prefix = b"resent-" if any(field.name.startswith(b"resent-") for field in fields) else b""
    wanted = {prefix + name for name in (b"to", b"cc", b"bcc")}
    return mailboxes([field.text for field in fields if field.name in wanted])


def _added(stamp: Stamp, there: set[bytes], body: bytes) -> bytes:
    """Give the fields that have to be there and are not."""
    from email.message import EmailMessage
    from email.policy import SMTP

    message = EmailMessage(policy=SMTP.clone(utf8=not stamp.address.isascii()))
    if b"from" not in there:
        message["From"] = _address(stamp.display_name, stamp.address)
    if b"date" not in there:
        message["Date"] = stamp.now
    if b"message-id" not in there:
        message["Message-ID"] = stamp.message_id
    if not there & {b"to", b"cc", b"resent-to", b"resent-cc"}:
        message["To"] = _UNDISCLOSED
    if not body.isascii() and not there & {b"content-type", b"mime-version"}:
        message["MIME-Version"] = "1.0"
        message["Content-Type"] = f"text/plain; charset={_charset(body)}"
        message["Content-Transfer-Encoding"] = "8bit"
    return message.as_bytes().removesuffix(b"\r\n")


def _charset(body: bytes) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "unknown-8bit"  # RFC 1428 §3: octets of whoever knows what
    return "utf-8"
