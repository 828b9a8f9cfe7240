"""What is known of certain providers and servers, which surprises people though no check finds it.

Data: how one recognises the server, and what to know. `reading_changes` says that retrieving a message may change
it there: the doctor then retrieves none, unless the maildrop is disposable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from restante.proto.listings import Capabilities

__all__ = ["PECULIARITIES", "Peculiarity", "recognised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peculiarity:
    """A kind of server."""

    id: str
    name: str
    hosts: str = ""
    """A pattern of the names of its hosts."""
    greetings: str = ""
    """A pattern of what it greets with."""
    implementations: str = ""
    """A pattern of what IMPLEMENTATION says."""
    capability: str = ""
    """A capability, with its parameters, that is enough to know it by."""
    reading_changes: bool = False
    told: tuple[str, ...]
    """Sentences."""


PECULIARITIES: Final = (
    Peculiarity(
        id="gmail",
        name="Gmail",
        hosts=r"(^|\.)(gmail|googlemail)\.com$",
        greetings=r"^Gpop ready",
        reading_changes=True,
        told=(
            "A message is listed until one session has fetched it, and then hidden from all others; with `recent:` "
            "before the name one sees the mail of the last 30 days each time.",
            "RETR and DELE do what the settings of the web page say: keep, mark as read, archive or delete.",
            "Mail that you sent yourself may be in the listing, spam is not.",
            "A password works only as one made for an app, with two-step verification; else log in by XOAUTH2 or "
            "OAUTHBEARER.",
        ),
    ),
    Peculiarity(
        id="outlook",
        name="Outlook.com and Microsoft 365",
        hosts=r"(^|\.)(outlook|hotmail|live|office365)\.com$",
        greetings=r"Microsoft Exchange|The Microsoft Exchange POP3",
        told=(
            "Logins by password are switched off; XOAUTH2 is what is left.",
            "XOAUTH2 goes in two steps: `AUTH XOAUTH2` alone, and the response after the `+ `, since with the "
            "response in the first line it passes the 255 octets that a command may have.",
            "A session that is silent for a minute or two may be ended, long before the ten minutes of RFC 1939.",
            "POP3 has to be switched on for the mailbox, and a switch takes up to an hour to be heeded.",
        ),
    ),
    Peculiarity(
        id="yahoo",
        name="Yahoo and AOL Mail",
        hosts=r"(^|\.)(yahoo|aol)\.(com|[a-z]{2}|co\.[a-z]{2})$",
        greetings=r"jpop|Yahoo",
        told=(
            "A password works only as one made for an app; else log in by OAUTHBEARER or XOAUTH2.",
            "The listing may stop at some thousand messages; the older ones come up as newer ones are removed.",
        ),
    ),
    Peculiarity(
        id="dovecot",
        name="Dovecot",
        greetings=r"Dovecot",
        implementations=r"Dovecot",
        told=(
            "RETR marks a message as read for IMAP, unless pop3_no_flag_updates is on.",
            "Unique-ids follow pop3_uidl_format: when that is changed, every client fetches all mail again.",
            "Each failed login from one address makes the next ones wait longer, up to some 15 seconds.",
        ),
    ),
    Peculiarity(
        id="courier",
        name="Courier",
        greetings=r"Hello there",
        implementations=r"Courier",
        told=("TOP and RETR mark a message as read for IMAP: it moves from new/ to cur/.",),
    ),
    Peculiarity(
        id="cyrus",
        name="Cyrus",
        greetings=r"Cyrus POP3",
        implementations=r"Cyrus",
        told=(
            "Two folders with the same UIDVALIDITY can give the same unique-ids.",
            "With popexpiretime set, mail goes away by its age whether it was fetched or not.",
        ),
    ),
    Peculiarity(
        id="qpopper",
        name="Qpopper",
        greetings=r"QPOP|Qpopper",
        implementations=r"Qpopper",
        told=(
            "It keeps its notes in headers of the messages (X-UIDL, Status), so that the octets may change between "
            "sessions, and TOP or RETR marks a message as read.",
        ),
    ),
    Peculiarity(
        id="expire-0",
        name="a server that keeps nothing",
        capability="EXPIRE 0",
        reading_changes=True,
        told=("It announces EXPIRE 0: a message that was retrieved may be gone with the end of the session.",),
    ),
)


def recognised(host: str, greeting: bytes, capabilities: Capabilities) -> tuple[Peculiarity, ...]:
    """Give the kinds that a server is of."""
    said = greeting.decode("latin-1")
    implementation = " ".join(capabilities.get("IMPLEMENTATION", ()))
    told = {" ".join((tag, *parameters)).rstrip() for tag, parameters in capabilities.items()}
    return tuple(
        kind
        for kind in PECULIARITIES
        if _found(kind.hosts, host.lower().rstrip("."))
        or _found(kind.greetings, said)
        or _found(kind.implementations, implementation)
        or kind.capability in told
    )


def _found(pattern: str, text: str) -> bool:
    return bool(pattern) and re.search(pattern, text, re.IGNORECASE) is not None
