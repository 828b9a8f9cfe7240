"""Facts about the large providers: their servers, what they take instead of a password, and what surprises people.

A short table, kept by hand and dated; a domain that is not here is asked (`discovery.py`). Where a fact has
changed, the login that ends a set-up tells.
Source: the providers' own help pages, as of November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["FACTS", "ProviderFacts", "facts_of_domain", "facts_of_exchangers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """What is known of a provider."""

    title: str
    domains: tuple[str, ...]
    """The domains of its addresses."""
    exchangers: tuple[str, ...] = ()
    """How the mail exchangers of domains end that it hosts for others."""
    pop3: tuple[str, int] | None
    """Host and port, TLS from the first octet. None: it has no POP3."""
    smtp: tuple[str, int, str] | None
    """Host, port, and `tls` or `starttls`."""
    oauth: str | None = None
    """`google` or `microsoft`, where tokens are taken."""
    oauth_only: bool = False
    """Whether passwords are refused."""
    notes: tuple[str, ...] = ()
    """What a person has to know, one sentence each."""


_APP_PASSWORD: Final = "It wants an app password, which its security settings give, and not the account's own."  # noqa: S105 - a sentence

FACTS: Final[Sequence[ProviderFacts]] = (
    ProviderFacts(
        title="Gmail",
        domains=("gmail.com", "googlemail.com"),
        exchangers=(".google.com", ".googlemail.com"),
        pop3=("pop.gmail.com", 995),
        smtp=("smtp.gmail.com", 465, "tls"),
        oauth="google",
        notes=(
            "POP has to be switched on in Gmail's settings, under Forwarding and POP/IMAP.",
            "Without a client id of your own, take an app password (two-step verification has to be on).",
            "Gmail shows POP3 only mail that was never fetched; with --login recent:ADDRESS it shows the last 30 "
            "days to each client.",
        ),
    ),
    ProviderFacts(
        title="Outlook.com",
        domains=("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de", "live.de"),
        pop3=("outlook.office365.com", 995),
        smtp=("smtp-mail.outlook.com", 587, "starttls"),
        oauth="microsoft",
        oauth_only=True,
        notes=(
            "POP has to be switched on in Outlook's settings, under Mail, Forwarding and IMAP.",
            "Passwords are refused: it needs OAuth and a client id of your own (docs/howto/oauth.md).",
        ),
    ),
    ProviderFacts(
        title="Microsoft 365",
        domains=("onmicrosoft.com",),
        exchangers=(".protection.outlook.com", ".mx.microsoft"),
        pop3=("outlook.office365.com", 995),
        smtp=("smtp.office365.com", 587, "starttls"),
        oauth="microsoft",
        oauth_only=True,
        notes=(
            "POP and authenticated SMTP have to be switched on for the mailbox by its administrator.",
            "Passwords are refused: it needs OAuth and a client id of your own (docs/howto/oauth.md).",
        ),
    ),
    ProviderFacts(
        title="Yahoo",
        domains=("yahoo.com", "yahoo.de", "yahoo.co.uk", "yahoo.fr", "ymail.com", "rocketmail.com"),
        exchangers=(".yahoodns.net",),
        pop3=("pop.mail.yahoo.com", 995),
        smtp=("smtp.mail.yahoo.com", 465, "tls"),
        notes=(_APP_PASSWORD,),
    ),
    ProviderFacts(
        title="AOL",
        domains=("aol.com", "aim.com"),
        pop3=("pop.aol.com", 995),
        smtp=("smtp.aol.com", 465, "tls"),
        notes=(_APP_PASSWORD,),
    ),
    ProviderFacts(
        title="iCloud",
        domains=("icloud.com", "me.com", "mac.com"),
        exchangers=(".mail.icloud.com",),
        pop3=None,
        smtp=("smtp.mail.me.com", 587, "starttls"),
        notes=("iCloud has no POP3: mail can be sent, and not fetched.", _APP_PASSWORD),
    ),
    ProviderFacts(
        title="GMX",
        domains=("gmx.de", "gmx.net", "gmx.at", "gmx.ch"),
        pop3=("pop.gmx.net", 995),
        smtp=("mail.gmx.net", 465, "tls"),
        notes=("POP3 has to be switched on in GMX's settings, under POP3/IMAP.",),
    ),
    ProviderFacts(
        title="GMX",
        domains=("gmx.com", "gmx.us", "mail.com"),
        pop3=("pop.gmx.com", 995),
        smtp=("mail.gmx.com", 465, "tls"),
        notes=("POP3 has to be switched on in the settings, under POP3 & IMAP.",),
    ),
    ProviderFacts(
        title="web.de",
        domains=("web.de",),
        pop3=("pop3.web.de", 995),
        smtp=("smtp.web.de", 587, "starttls"),
        notes=("POP3 has to be switched on in web.de's settings, under POP3/IMAP.",),
    ),
    ProviderFacts(
        title="mail.ru",
        domains=("mail.ru", "inbox.ru", "list.ru", "bk.ru"),
        exchangers=(".mail.ru",),
        pop3=("pop.mail.ru", 995),
        smtp=("smtp.mail.ru", 465, "tls"),
        notes=("It wants a password for external applications, which its security settings give.",),
    ),
    ProviderFacts(
        title="Yandex",
        domains=("yandex.ru", "yandex.com", "ya.ru"),
        exchangers=(".yandex.net", ".yandex.ru"),
        pop3=("pop.yandex.com", 995),
        smtp=("smtp.yandex.com", 465, "tls"),
        notes=("POP3 has to be switched on in its settings, under Email clients.", _APP_PASSWORD),
    ),
    ProviderFacts(
        title="Fastmail",
        domains=("fastmail.com", "fastmail.fm"),
        exchangers=(".messagingengine.com",),
        pop3=("pop.fastmail.com", 995),
        smtp=("smtp.fastmail.com", 465, "tls"),
        notes=(_APP_PASSWORD,),
    ),
    ProviderFacts(
        title="Proton",
        domains=("proton.me", "protonmail.com", "pm.me"),
        exchangers=(".protonmail.ch",),
        pop3=None,
        smtp=None,
        notes=("Proton Mail has no POP3, and its bridge offers IMAP and SMTP only: mail cannot be fetched.",),
    ),
    ProviderFacts(
        title="Zoho",
        domains=("zoho.com", "zohomail.com"),
        exchangers=(".zoho.com",),
        pop3=("pop.zoho.com", 995),
        smtp=("smtp.zoho.com", 465, "tls"),
        notes=(
            "POP has to be switched on in Zoho's settings; domains of one's own use poppro.zoho.com.",
            _APP_PASSWORD,
        ),
    ),
)

_BY_DOMAIN: Final[Mapping[str, ProviderFacts]] = {domain: facts for facts in FACTS for domain in facts.domains}


def facts_of_domain(domain: str) -> ProviderFacts | None:
    """Give what is known of the domain of an address, or of one above it."""
    domain = domain.lower()
    while domain:
        if domain in _BY_DOMAIN:
            return _BY_DOMAIN[domain]
        domain = domain.partition(".")[2]
    return None


def facts_of_exchangers(exchangers: Sequence[str]) -> ProviderFacts | None:
    """Give what is known of who hosts a domain, by the names of its mail exchangers."""
    for exchanger in exchangers:
        name = "." + exchanger.lower().rstrip(".")
        for facts in FACTS:
            if any(name.endswith(end) for end in facts.exchangers):
                return facts
    return None
