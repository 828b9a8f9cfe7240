"""What the DNS says of a domain's mail: SRV records, and mail exchangers. A port, so that a test has its own DNS.

Nothing that comes from here is believed beyond "ask there": TLS decides who a server is. Bounded in time; what is
not there, or does not answer, is an empty list.
Sources: RFC 6186 §3 (SRV), RFC 8314 §5.1 (_submissions), RFC 5321 §5.1 (MX).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import dns.asyncresolver

__all__ = ["Resolver", "ResolverPort", "ServicePlace"]

_SECONDS: Final = 5.0
_MOST_RECORDS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlace:
    """Where a service is: the target of an SRV record."""

    host: str
    port: int


class ResolverPort(Protocol):
    """What is asked of the DNS."""

    async def services(self, name: str) -> list[ServicePlace]:
        """Give where a service is, such as `_pop3s._tcp.example.org`, the best first."""
        ...

    async def exchangers(self, domain: str) -> list[str]:
        """Give the names of a domain's mail exchangers, the best first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Asks the system's DNS servers, or the ones that are named."""

    nameservers: tuple[str, ...] = ()
    port: int = 53
    seconds: float = field(default=_SECONDS)

    async def services(self, name: str) -> list[ServicePlace]:
        """See ResolverPort. RFC 2782: by priority, then by weight; a target of `.` says that there is none."""
        records = sorted(await self._asked(name, "SRV"), key=lambda record: (record.priority, -record.weight))
        places = [
            ServicePlace(host=record.target.to_text(omit_final_dot=True), port=record.port) for record in records
        ]
        return [place for place in places if place.host not in (".", "@", "") and place.port]

    async def exchangers(self, domain: str) -> list[str]:
        """See ResolverPort."""
        records = sorted(await self._asked(domain, "MX"), key=lambda record: record.preference)
        return [record.exchange.to_text(omit_final_dot=True) for record in records]

    async def _asked(self, name: str, kind: str) -> list[Any]:  # Any: records of each kind have their own fields
        import dns.exception

        try:
            answer = await self._resolver().resolve(name, kind, lifetime=self.seconds)
        except (dns.exception.DNSException, OSError, ValueError):
            return []
        return list(answer)[:_MOST_RECORDS]

    def _resolver(self) -> dns.asyncresolver.Resolver:
        import dns.asyncresolver

        resolver = dns.asyncresolver.Resolver(configure=not self.nameservers)
        if self.nameservers:
            resolver.nameservers = list(self.nameservers)
            resolver.port = self.port
        return resolver
