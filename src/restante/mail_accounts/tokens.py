"""Access tokens from a refresh token: one function for all who log in with one.

A token is asked for anew five minutes before its end; a refresh token that the issuer replaced is kept before the
access token is given out, since the old one may be dead. Processes that refresh at once wait for each other, so
that none uses a refresh token that another has just replaced.
Sources: RFC 6749 §6 (refreshing) and §5.2 (its errors), RFC 9700 §4.14 (refresh tokens that rotate).
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from restante.mail_accounts.faults import ConsentWithdrawn, SecretFault, TokenFault
from restante.mail_accounts.model import Account, OAuth
from restante.mail_accounts.places import mail_data_folder
from restante.mail_accounts.secrets import Secrets
from restante.mail_accounts.web import Web, WebFault
from restante.proto.terms import Secret

__all__ = ["EARLY_SECONDS", "REFRESH_TOKEN", "IssuedTokens", "Tokens", "answer_of_issuer"]

EARLY_SECONDS: Final = 300.0
"""How long before its end a token is no longer used: a session that starts with it should not outlive it."""

REFRESH_TOKEN: Final = "refresh token"  # noqa: S105 - what it is called in the keyring

_MOST_LIFE_SECONDS: Final = 86_400.0
_USUAL_LIFE_SECONDS: Final = 3600.0
"""Where the issuer does not say."""

_GONE: Final = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})
_SHOWN_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """What an issuer gave."""

    access: Secret
    refresh: Secret | None
    life_seconds: float


class Tokens:
    """Access tokens of one process, kept as long as they are good."""

    def __init__(
        self, secrets: Secrets, *, web: Web | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take where refresh tokens lie, the web, and the clock."""
        self._secrets = secrets
        self._web = web or Web()
        self._clock = clock
        self._kept: dict[str, tuple[Secret, float]] = {}
        self._refreshing: dict[str, asyncio.Lock] = {}

    async def access_token(self, account: Account) -> Secret:
        """Give a token that is good for some minutes at least.

        Raises ConsentWithdrawn where the person has to say yes anew, TokenFault where the issuer gives none now,
        SecretFault where the refresh token is not where it should lie.
        """
        oauth = account.credential
        if not isinstance(oauth, OAuth):
            raise TypeError("this account logs in with a password")
        async with self._refreshing.setdefault(account.name, asyncio.Lock()):
            kept = self._kept.get(account.name)
            if kept is not None and self._clock() < kept[1]:
                return kept[0]
            lock = await asyncio.to_thread(_alone, mail_data_folder(self._secrets.environ) / "tokens.lock")
            try:
                issued = await self._refreshed(account, oauth)
            finally:
                os.close(lock)
            self._kept[account.name] = issued.access, self._clock() + issued.life_seconds - EARLY_SECONDS
            return issued.access

    def forget(self, account: Account) -> None:
        """Use the token that is kept no longer: a server refused it."""
        self._kept.pop(account.name, None)

    async def _refreshed(self, account: Account, oauth: OAuth) -> IssuedTokens:
        old = await asyncio.to_thread(self._secrets.get, oauth.refresh_token, name=account.name, what=REFRESH_TOKEN)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": old.reveal().decode("utf-8", "surrogateescape"),
            "client_id": oauth.client_id,
        }
        if oauth.client_secret is not None:
            form["client_secret"] = oauth.client_secret
        try:
            answer = await self._web.post(oauth.token_url, form)
        except WebFault as fault:
            raise TokenFault(f"account '{account.name}': no access token: {fault}: try again later") from None
        issued = answer_of_issuer(answer.status, answer.octets, name=account.name)
        if issued.refresh is not None and issued.refresh != old:
            await asyncio.to_thread(
                self._secrets.put, oauth.refresh_token, issued.refresh, name=account.name, what=REFRESH_TOKEN
            )
        return issued


def _alone(file: Path) -> int:
    """Wait until no other process refreshes; the descriptor that comes back is to be closed."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SecretFault(f"{file}: cannot be used ({reason}): see to its folder") from None
    return descriptor


def answer_of_issuer(status: int, octets: bytes, *, name: str) -> IssuedTokens:
    """Read what an issuer answers. Raises ConsentWithdrawn, TokenFault."""
    try:
        fields = json.loads(octets)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise TokenFault(
            f"account '{name}': the issuer of tokens answered with status {status} and no JSON: try later"
        )
    error = fields.get("error")
    if isinstance(error, str) and error in _GONE:
        raise ConsentWithdrawn(
            f"account '{name}': the issuer takes the refresh token no longer ({_told(fields)}): consent was "
            f"withdrawn, or it was not used for too long; say yes anew with 'restante setup --new-secret {name}'"
        )
    access = fields.get("access_token")
    if status != 200 or error is not None or not isinstance(access, str) or not access:
        raise TokenFault(
            f"account '{name}': the issuer gave no access token ({_told(fields) or f'status {status}'}): "
            "see client_id and client_secret, or try again later"
        )
    refresh = fields.get("refresh_token")
    life = fields.get("expires_in")
    if isinstance(life, str) and life.isascii() and life.isdecimal() and len(life) < 8:
        life = int(life)
    seconds = float(life) if isinstance(life, int | float) and 0 < life < 1e8 else _USUAL_LIFE_SECONDS
    return IssuedTokens(
        access=Secret(access.encode("utf-8", "replace")),
        refresh=Secret(refresh.encode("utf-8", "replace")) if isinstance(refresh, str) and refresh else None,
        life_seconds=min(seconds, _MOST_LIFE_SECONDS),
    )


def _told(fields: dict[str, object]) -> str:
    """Give what an issuer said, as a person may be shown it."""
    words = [fields.get("error"), fields.get("error_description")]
    text = ": ".join(word for word in words if isinstance(word, str))
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text[:_SHOWN_CHARACTERS])
