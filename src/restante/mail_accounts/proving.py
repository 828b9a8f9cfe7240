"""Proves that servers are there, and that an account can log in to them. Nothing is fetched, and nothing sent.

Fails with ClientFault, SubmissionFault and MailAccountFault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from restante.client import ClientFault, Server, connect
from restante.explain.wire import WireObserver
from restante.mail_accounts.logins import Logins
from restante.mail_accounts.model import Account
from restante.submission import SubmissionFault, SubmissionServer, submission

__all__ = ["fetched_by", "is_there", "sent_by"]

_PROBE_SECONDS: Final = 6.0


async def is_there(server: Server | SubmissionServer) -> bool:
    """Tell whether a server is there and shows a certificate that is trusted. Logs in to nothing."""
    try:
        if isinstance(server, Server):
            quick = replace(server.timeouts, connect_seconds=_PROBE_SECONDS, tls_seconds=_PROBE_SECONDS)
            quick = replace(quick, command_seconds=_PROBE_SECONDS)
            async with await connect(replace(server, timeouts=quick), login=None):
                return True
        brief = replace(server.timeouts, connect_seconds=_PROBE_SECONDS, command_seconds=_PROBE_SECONDS)
        async with submission(replace(server, timeouts=brief), None):
            return True
    except (ClientFault, SubmissionFault):
        return False


async def fetched_by(
    account: Account, logins: Logins, tell: Callable[[str], None], *, observe: WireObserver | None = None
) -> None:
    """Prove an account with a POP3 login. Raises ClientFault, MailAccountFault. `observe` hears the session."""
    if account.pop3 is None:
        return
    login = await logins.for_pop3(account)
    async with await connect(account.pop3, login=login, observe=observe) as maildrop:
        drop = await maildrop.stat()
    tell(f"POP3 {account.pop3.address}: logged in, {drop.messages} messages of {drop.octets} octets")


async def sent_by(
    account: Account, logins: Logins, tell: Callable[[str], None], *, observe: WireObserver | None = None
) -> None:
    """Prove an account with a login for submission; nothing is sent. Raises SubmissionFault, MailAccountFault."""
    if account.smtp is None:
        return
    login = await logins.for_smtp(account)
    async with submission(account.smtp, login, observe=observe):
        tell(f"SMTP {account.smtp.address}: logged in")
