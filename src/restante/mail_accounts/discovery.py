"""Finds the servers of an address, from the surest source to the least: what is known, what is published, what is
guessed.

1. The table of large providers, by the address's domain.
2. The domain's own settings for mail programs (autoconfig), over https.
3. The domain's SRV records (RFC 6186).
4. Who hosts the domain, by its mail exchangers, and the table again.
5. Mozilla's database of providers, over https.
6. Usual names (pop.DOMAIN, mail.DOMAIN), each tried with TLS.

No password is anywhere near. Everything is bounded in time, and told step by step. What is found in the DNS, which
nobody signs, is marked where it leads outside the domain: a person has to say yes to that (RFC 6186 §6).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from restante.client.server import Security, Server
from restante.mail_accounts.autoconfig import PublishedServer, read_autoconfig
from restante.mail_accounts.provider_facts import ProviderFacts, facts_of_domain, facts_of_exchangers
from restante.mail_accounts.resolving import ResolverPort
from restante.mail_accounts.web import Web, WebFault
from restante.submission.server import SubmissionSecurity, SubmissionServer

__all__ = ["Discovery", "Found", "Probe"]

ServerT = TypeVar("ServerT", Server, SubmissionServer)

Probe = Callable[[Server | SubmissionServer], Awaitable[bool]]
"""Tells whether a server is there, with TLS that can be trusted. Logs in to nothing."""

_MOZILLA: Final = "https://autoconfig.thunderbird.net/v1.1/{domain}"
_OWN: Final = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found for an address."""

    source: str
    """Where, as words for a person."""
    pop3: Server | None
    smtp: SubmissionServer | None
    login: str
    oauth: str | None = None
    """`google` or `microsoft`, where tokens are taken there."""
    oauth_only: bool = False
    notes: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    """Hosts outside the domain that only the DNS speaks for."""


def _silent(line: str) -> None:
    del line


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Looks for servers. `tell` is given a line for each step."""

    resolver: ResolverPort
    web: Web
    probe: Probe
    tell: Callable[[str], None] = field(default=_silent)

    async def find(self, address: str) -> Found | None:
        """Find the servers of an address, or None."""
        domain = _a_labels(address.rpartition("@")[2].lower())
        facts = facts_of_domain(domain)
        if facts is not None:
            self.tell(f"{domain}: is {facts.title}, which is known here")
            return _of_facts(facts, address)
        for url in _OWN:
            if (found := await self._published(url.format(domain=domain), address)) is not None:
                return found
        if (found := await self._services(domain, address)) is not None:
            return found
        facts = facts_of_exchangers(await self.resolver.exchangers(domain))
        if facts is not None:
            self.tell(f"{domain}: its mail is hosted by {facts.title}, which is known here")
            return _of_facts(facts, address)
        self.tell(f"{domain}: is hosted by nobody who is known here")
        if (found := await self._published(_MOZILLA.format(domain=domain), address)) is not None:
            return found
        return await self._guessed(domain, address)

    async def _published(self, url: str, address: str) -> Found | None:
        try:
            answer = await self.web.get(url)
        except WebFault as fault:
            self.tell(str(fault))
            return None
        if answer.status != 200:
            self.tell(f"{url}: nothing there (status {answer.status})")
            return None
        try:
            servers = read_autoconfig(answer.octets, address)
        except ValueError as error:
            self.tell(f"{url}: {error}")
            return None
        pop3 = _best([server for server in servers if server.kind == "pop3"])
        smtp = _best([server for server in servers if server.kind == "smtp"])
        if pop3 is None:
            self.tell(f"{url}: names no POP3 server with TLS")
            return None
        self.tell(f"{url}: names the servers")
        return Found(
            source=url,
            pop3=Server(
                host=pop3.host, port=pop3.port, security=Security.TLS if pop3.implicit_tls else Security.STLS
            ),
            smtp=None
            if smtp is None
            else SubmissionServer(
                host=smtp.host,
                port=smtp.port,
                security=SubmissionSecurity.TLS if smtp.implicit_tls else SubmissionSecurity.STARTTLS,
            ),
            login=pop3.login or address,
            oauth_only=pop3.oauth,
        )

    async def _services(self, domain: str, address: str) -> Found | None:
        pop3: Server | None = None
        smtp: SubmissionServer | None = None
        for name, security in (("_pop3s", Security.TLS), ("_pop3", Security.STLS)):
            for place in (await self.resolver.services(f"{name}._tcp.{domain}"))[:1]:
                pop3 = pop3 or Server(host=place.host, port=place.port, security=security)
        if pop3 is None:
            self.tell(f"{domain}: has no SRV record for POP3")
            return None
        for name, way in (
            ("_submissions", SubmissionSecurity.TLS),
            ("_submission", SubmissionSecurity.STARTTLS),
        ):
            for place in (await self.resolver.services(f"{name}._tcp.{domain}"))[:1]:
                smtp = smtp or SubmissionServer(host=place.host, port=place.port, security=way)
        self.tell(f"{domain}: its SRV records name {pop3.address}" + (f" and {smtp.address}" if smtp else ""))
        hosts = [server.host for server in (pop3, smtp) if server is not None]
        outside = tuple(dict.fromkeys(host for host in hosts if not _within(host, domain)))
        return Found(source=f"SRV records of {domain}", pop3=pop3, smtp=smtp, login=address, outside=outside)

    async def _guessed(self, domain: str, address: str) -> Found | None:
        pop3_hosts = [f"{name}.{domain}" for name in ("pop", "pop3", "mail")] + [domain]
        pop3: Server | None = None
        for security in (Security.TLS, Security.STLS):
            for host in pop3_hosts:
                if pop3 is None:
                    pop3 = await self._tried(Server(host=host, security=security))
        if pop3 is None:
            return None
        smtp: SubmissionServer | None = None
        for way in (SubmissionSecurity.TLS, SubmissionSecurity.STARTTLS):
            for host in dict.fromkeys((f"smtp.{domain}", f"mail.{domain}", pop3.host)):
                if smtp is None:
                    smtp = await self._tried(SubmissionServer(host=host, security=way))
        return Found(source="usual names", pop3=pop3, smtp=smtp, login=address)

    async def _tried(self, server: ServerT) -> ServerT | None:
        there = await self.probe(server)
        self.tell(f"{server.address}: {'answers, with a certificate that is trusted' if there else 'no'}")
        return server if there else None


def _of_facts(facts: ProviderFacts, address: str) -> Found:
    smtp: SubmissionServer | None = None
    if facts.smtp is not None:
        host, port, way = facts.smtp
        security = SubmissionSecurity.TLS if way == "tls" else SubmissionSecurity.STARTTLS
        smtp = SubmissionServer(host=host, port=port, security=security)
    return Found(
        source=f"what is known of {facts.title}",
        pop3=None if facts.pop3 is None else Server(host=facts.pop3[0], port=facts.pop3[1]),
        smtp=smtp,
        login=address,
        oauth=facts.oauth,
        oauth_only=facts.oauth_only,
        notes=facts.notes,
    )


def _best(servers: list[PublishedServer]) -> PublishedServer | None:
    """Give the first one, but TLS from the first octet before the others (RFC 8314 §3)."""
    return next((server for server in servers if server.implicit_tls), servers[0] if servers else None)


def _within(host: str, domain: str) -> bool:
    host = host.lower().rstrip(".")
    return host == domain or host.endswith("." + domain)


def _a_labels(domain: str) -> str:
    try:
        return domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
