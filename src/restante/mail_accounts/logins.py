"""From an account to what the libraries take: a `Login` for POP3 or submission, with its secret or a fresh token.

The one way for fetching, reading and sending. Fails with SecretFault and TokenFault, before a server is asked.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from restante.client.server import Login
from restante.mail_accounts.model import Account, OAuth
from restante.mail_accounts.secrets import Secrets
from restante.mail_accounts.tokens import Tokens

__all__ = ["Logins"]


@dataclass(frozen=True, slots=True)
class Logins:
    """Makes logins. One for each process."""

    secrets: Secrets
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        """Tokens come from the same places as passwords."""
        object.__setattr__(self, "tokens", Tokens(self.secrets))

    async def for_pop3(self, account: Account) -> Login:
        """Give the login for an account's POP3 server. Raises SecretFault, TokenFault."""
        return await self._made(account, account.login)

    async def for_smtp(self, account: Account) -> Login:
        """Give the login for handing mail in. Raises SecretFault, TokenFault."""
        name = account.smtp_login or account.login
        if account.smtp_credential is None:
            return await self._made(account, name)
        password = await asyncio.to_thread(
            self.secrets.get, account.smtp_credential, name=account.name, what="SMTP password"
        )
        return Login(name=name, password=password, mechanism=account.mechanism)

    async def _made(self, account: Account, name: str) -> Login:
        if isinstance(account.credential, OAuth):
            token = await self.tokens.access_token(account)
            return Login(name=name, token=token, mechanism=account.mechanism)
        password = await asyncio.to_thread(self.secrets.get, account.credential, name=account.name)
        return Login(name=name, password=password, mechanism=account.mechanism)
