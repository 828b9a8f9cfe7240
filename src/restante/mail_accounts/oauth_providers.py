"""Facts about the issuers of tokens whose mail people have: their addresses, and what is to be asked for.

Nobody's client id is here: each person has their own (docs/howto/oauth.md), so that no quota and no ban is shared.
Sources: RFC 6749, RFC 7636 (PKCE), RFC 8252 (programs on a desk), RFC 8628 (device code); the providers' pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["PROVIDERS", "Provider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An issuer of tokens."""

    title: str
    authorize_url: str
    token_url: str
    device_url: str | None
    """None: no device code for mail there."""
    scopes: tuple[str, ...]
    extra: tuple[tuple[str, str], ...] = ()
    """What its authorize address wants besides."""


PROVIDERS: Final[Mapping[str, Provider]] = {
    "google": Provider(
        title="Google",
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        device_url=None,  # Google gives device codes for few scopes, and mail is none of them
        scopes=("https://mail.google.com/",),
        extra=(("access_type", "offline"), ("prompt", "consent")),
    ),
    "microsoft": Provider(
        title="Microsoft",
        authorize_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",  # noqa: S106 - an address
        device_url="https://login.microsoftonline.com/common/oauth2/v2.0/devicecode",
        scopes=(
            "https://outlook.office.com/POP.AccessAsUser.All",
            "https://outlook.office.com/SMTP.Send",
            "offline_access",
        ),
    ),
}
