"""Contracts for accounts: who may call for mail, and how they prove it.

A directory knows accounts by name; an authenticator judges credentials. What a refusal means on the wire is
chosen by the server, in one place: the reasons here are for the log and the owner, never for the client.
Sources: RFC 1939 §7 (USER, PASS, APOP), RFC 3206 (AUTH and SYS).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NewType, Protocol, TypeAlias

from restante.ports.soon import Soon
from restante.proto.terms import Secret

if TYPE_CHECKING:
    # Most who know an account have no use for SASL.
    from restante.sasl.terms import Answer, Request

__all__ = [
    "Accepted",
    "Account",
    "AccountDirectory",
    "AccountFault",
    "AccountId",
    "AccountStatus",
    "Authenticator",
    "Judgement",
    "RefusalReason",
    "Refused",
    "Unavailable",
    "Verdict",
]

AccountId = NewType("AccountId", str)
"""Names an account for ever: 16 lower-case hexadecimal digits. Folders on disk bear it, never the name."""


class AccountStatus(Enum):
    """Whether an account may log in. Mail is accepted for a locked account all the same."""

    ACTIVE = "active"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One owner of a maildrop. Holds no secret."""

    id: AccountId
    name: str
    """As the administrator typed it; compared without regard to case."""
    status: AccountStatus = AccountStatus.ACTIVE
    maildir: Path | None = None
    """A Maildir that other programs fill, by the administrator's word; None: a maildrop in the data folder."""
    apop: bool = False
    generation: int = 1
    """Grows with each change of password or status, so that what was cached about the account is forgotten."""


class RefusalReason(Enum):
    """Why a login was refused. For the log: on the wire all of these look the same (RFC 3206 §5)."""

    UNKNOWN_NAME = "unknown name"
    WRONG_PASSWORD = "wrong password"  # noqa: S105 - the words of a log line
    LOCKED = "account locked"
    NO_APOP = "APOP not enabled for the account"
    NO_KEYS = "no keys stored for the mechanism"
    WRONG_TOKEN = "token not good here"  # noqa: S105 - the words of a log line
    NOT_ALLOWED = "may not act for another account"
    SEVERAL_ACCOUNTS = "certificate names several accounts, and the client none"


@dataclass(init=False, slots=True, kw_only=True, unsafe_hash=True)
class Accepted:
    """The credentials are right."""

    account: Account

    def __init__(self, *, account: Account) -> None:
        self.account = account


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The credentials are at fault: `-ERR [AUTH]`."""

    reason: RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """The system cannot tell now: `-ERR [SYS/TEMP]`."""

    reason: str
    """One sentence for the log."""


Verdict: TypeAlias = Accepted | Refused | Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an authenticator says to a mechanism, and what the log is to know of it."""

    answer: Answer
    """Goes to the mechanism."""
    claimed: str = ""
    """Whom the client claims to be, for the log; hostile."""
    account: Account | None = None
    """Who is logged in if the exchange ends well."""
    reason: RefusalReason | None = None
    """Why it cannot end well; None where only the exchange will tell, as with SCRAM."""
    unavailable: str | None = None
    """Why it could not be judged: one sentence for the log."""


class AccountFault(Exception):
    """The directory cannot be read or written: the world's fault, not the caller's. The message says what to do."""


class AccountDirectory(Protocol):
    """Knows accounts by name. Delivery asks it whether a recipient is local."""

    def find(self, name: str) -> Soon[Account | None]:
        """Give the account of that name, without regard to case, or None. Raises AccountFault."""
        ...


class Authenticator(Protocol):
    """Judges credentials. Never raises for bad ones; takes the same time whatever is wrong with them."""

    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        """Judge a name and a password."""
        ...

    def verify_apop(self, name: bytes, timestamp: bytes, digest: bytes) -> Soon[Verdict]:
        """Judge an APOP digest: lower-case hex MD5 over the timestamp, brackets included, and the secret."""
        ...

    def judge(self, request: Request) -> Soon[Judgement]:
        """Answer what a SASL mechanism asks."""
        ...

    def offers_apop(self) -> bool:
        """Tell whether some account has APOP enabled, so that the greeting carries a timestamp."""
        ...
