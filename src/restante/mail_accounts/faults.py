"""What can go wrong with an account before a server is asked: its file, its secret, its token.

Each message is one line that ends with what to do. None shows a secret.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["AccountFileFault", "ConsentWithdrawn", "MailAccountFault", "SecretFault", "TokenFault"]


class MailAccountFault(Exception):
    """An account of the mail program cannot be used as it is. All others here are kinds of it."""


class AccountFileFault(MailAccountFault):
    """The file of accounts is wrong, cannot be read or written, or has no such account."""

    def __init__(self, what: str, *, file: Path, where: str | None = None) -> None:
        super().__init__(": ".join(part for part in (str(file), where, what) if part))
        self.file = file
        self.where = where
        """The line, or the key as it is written in full; None for the file as a whole."""
        self.what = what


class SecretFault(MailAccountFault):
    """A password or token is not where the account says, or that place does not answer."""


class TokenFault(MailAccountFault):
    """The issuer gave no access token. Another time it may."""


class ConsentWithdrawn(TokenFault):
    """The issuer takes the refresh token no longer: the person has to say yes anew."""
