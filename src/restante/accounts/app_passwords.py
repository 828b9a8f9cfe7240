"""Application passwords: named, revocable, made by us, for the programs of an owner who keeps the main one.

One is 120 random bits, written as 24 letters and digits in groups of four. That is why a fast hash keeps it safe:
argon2 is slow to make up for what people choose, of which a few billion tries find most; of 2^120 nobody tries a
part worth naming, however fast the hash. So a login by one is answered at once. The digest is an HMAC under the
account's id, which no two accounts share: one computation judges a login however many such passwords there are, and
none can be tried on all accounts in one go.

They work wherever the client shows its password: USER and PASS, AUTH PLAIN and LOGIN. Not with SCRAM, in which the
client names the account but not which of its passwords it will prove, and not with APOP or CRAM-MD5, for which they
would have to be kept recoverable.
How it fails: IllegalLabel.
Source: NIST SP 800-63B §5.1.2.2 (secrets of 112 random bits or more need no slow hash).
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final

from restante.accounts.credentials import AppPassword, Credentials
from restante.ports.accounts import AccountId
from restante.proto.terms import Secret

__all__ = [
    "APP_PASSWORDS",
    "APP_PASSWORD_BITS",
    "LABEL_CHARACTERS",
    "IllegalLabel",
    "app_password_digest",
    "check_label",
    "fitting_app_password",
    "new_app_password",
    "plain_app_password",
]

APP_PASSWORDS: Final = 64
"""The most that one account has: all are looked through at a login, and a person can keep no more apart."""

LABEL_CHARACTERS: Final = 64

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
"""Base32 in lower case: no digit that looks like a letter, nothing that a keyboard hides. Source: RFC 4648 §6."""

_LETTERS: Final = 24
_GROUP: Final = 4

APP_PASSWORD_BITS: Final = _LETTERS * 5

_LARGEST_TYPED_OCTETS: Final = 64
"""What is looked at as an application password: with a blank or hyphen behind each letter, and to spare."""

_PLAIN: Final = re.compile(rb"[a-z2-7]{24}")

_NOBODY: Final = AccountId("0" * 16)


class IllegalLabel(ValueError):
    """A label that no application password may bear."""

    def __init__(self, label: str, problem: str) -> None:
        super().__init__(
            f"{label[:LABEL_CHARACTERS]!r} cannot be the label of an application password: {problem}; "
            "name the program and the device, such as 'Thunderbird on the laptop'"
        )
        self.label = label
        self.problem = problem


def check_label(label: str) -> None:
    """Refuse a label that is empty, too long, or would not show as it is. Raises IllegalLabel."""
    if not label or label != label.strip():
        raise IllegalLabel(label, "it is empty, or starts or ends with a blank")
    if len(label) > LABEL_CHARACTERS:
        raise IllegalLabel(label, f"it is longer than {LABEL_CHARACTERS} characters")
    if not label.isprintable():
        raise IllegalLabel(label, "it holds characters that cannot be printed")


def new_app_password() -> Secret:
    """Draw a new one, in groups parted by hyphens. It is shown to its owner once, and kept as a digest only."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
    return Secret("-".join(letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP)).encode("ascii"))


def plain_app_password(password: Secret) -> Secret | None:
    """Give what was typed without hyphens, blanks and capitals; None where it cannot be one of ours."""
    octets = password.reveal()
    if len(octets) > _LARGEST_TYPED_OCTETS:
        return None
    plain = octets.replace(b"-", b"").replace(b" ", b"").lower()
    return Secret(plain) if _PLAIN.fullmatch(plain) else None


def app_password_digest(account_id: AccountId, plain: Secret) -> bytes:
    """Give the digest that is stored: 32 octets of HMAC-SHA-256. `plain` is as `plain_app_password` gave it."""
    return hmac.digest(b"restante app password " + account_id.encode("ascii"), plain.reveal(), "sha256")


def fitting_app_password(found: Credentials | None, password: Secret) -> AppPassword | None:
    """Give the application password that was typed, if it is one of the account's.

    Whether there is the account, and how many it has, changes nothing in the number of digests: one for what looks
    like an application password, none for all else.
    """
    plain = plain_app_password(password)
    if plain is None:
        return None
    digest = app_password_digest(_NOBODY if found is None else found.account.id, plain)
    fitting = None
    for each in () if found is None else found.app_passwords:
        if hmac.compare_digest(each.digest, digest):
            fitting = each
    return fitting
