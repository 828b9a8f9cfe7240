"""One event of each kind, for the tests of what reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, get_args

from restante.ports.accounts import RefusalReason
from restante.ports.events import (
    CertificatesRead,
    CommandReceived,
    ConnectionOpened,
    ConnectionRefused,
    DeliveryDeferred,
    DeliveryRefused,
    Door,
    Event,
    FaultMet,
    Listening,
    LoginAccepted,
    LoginDeferred,
    LoginRefused,
    MaildropBusy,
    MailSessionEnded,
    MessageDelivered,
    Outcome,
    ReplySent,
    SenderLoggedIn,
    ServerStopping,
    SessionEnded,
    TlsFailed,
    UpdateFailed,
)

ENDED: Final = SessionEnded(
    session="k3f9",
    peer="203.0.113.5",
    account="ted",
    outcome=Outcome.QUIT,
    seconds=0.031234,
    commands=6,
    retrieved=2,
    retrieved_octets=4310,
    peeked=3,
    removed=1,
    removed_octets=2155,
    left=2,
    left_octets=7716,
    unique_ids_changed=0,
)

REFUSED: Final = LoginRefused(
    session="k3f9", peer="203.0.113.5", name="ted", mechanism="USER", reason=RefusalReason.WRONG_PASSWORD
)

DELIVERED: Final = MessageDelivered(
    session="k3fa", door=Door.LMTP, account="ted", octets=812, reverse_path="anna@example.org"
)

SAMPLES: Final[tuple[Event, ...]] = (
    Listening(door=Door.POP3, address="127.0.0.1:1110"),
    ServerStopping(sessions=3),
    ConnectionOpened(session="k3f9", door=Door.POP3, peer="203.0.113.5"),
    ConnectionRefused(door=Door.POP3, peer="203.0.113.5", reason="too many connections"),
    CommandReceived(session="k3f9", line=b"RETR 1"),
    ReplySent(session="k3f9", line=b"+OK 120 octets", octets=141),
    LoginAccepted(session="k3f9", peer="2001:db8::5", account="ted", mechanism="USER", messages=3, octets=9871),
    REFUSED,
    LoginDeferred(session="k3f9", peer="203.0.113.5", name="ted", mechanism="USER", reason="too many hashes wait"),
    MaildropBusy(
        session="k3f9",
        peer="203.0.113.5",
        account="ted",
        held_by="198.51.100.7",
        held_since_epoch_seconds=1_700_000_000.5,
    ),
    SenderLoggedIn(session="k3f9", door=Door.SMTP, peer="203.0.113.5", account="ted", mechanism="PLAIN"),
    MailSessionEnded(
        session="k3f9",
        door=Door.SMTP,
        peer="203.0.113.5",
        account="ted",
        outcome=Outcome.QUIT,
        seconds=0.031234,
        commands=6,
        messages=1,
        secured=True,
    ),
    TlsFailed(door=Door.POP3, session="k3f9", peer="203.0.113.5", reason="no shared cipher"),
    CertificatesRead(problem=None),
    CertificatesRead(problem="/etc/tls/key.pem: it does not fit the certificate: name the right one"),
    UpdateFailed(session="k3f9", account="ted", error="no room on the disk; free some"),
    FaultMet(session="k3f9", what="a session", error="OSError: broken"),
    ENDED,
    DELIVERED,
    DeliveryRefused(session="k3fa", door=Door.SMTP, recipient="bob@example.org", reason="no such account"),
    DeliveryDeferred(session=None, door=Door.PIPE, recipient="ted", reason="the disk is full"),
)

assert {type(sample) for sample in SAMPLES} == set(get_args(Event)), "a sample for each kind of event"


def every_text_replaced(event: Event, text: str) -> Event:
    """Give an event whose texts are all hostile; the session's id is ours and stays."""
    texts = {
        name: text
        for name in type(event).__dataclass_fields__
        if name != "session" and isinstance(getattr(event, name), str)
    }
    octets = {
        name: text.encode("utf-8", "surrogatepass")
        for name in type(event).__dataclass_fields__
        if isinstance(getattr(event, name), bytes)
    }
    return replace(event, **texts, **octets)  # type: ignore[arg-type]  # the kinds were looked at one by one
