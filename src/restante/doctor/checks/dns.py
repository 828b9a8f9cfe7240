"""How people's programs find the server: its addresses, its SRV records, and the file that sets programs up.

Sources: RFC 6186 §3, RFC 8314 §5.1, RFC 2782.
"""

from __future__ import annotations

import re
from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed

__all__ = ["CHECKS"]


def _has_addresses(bench: Bench) -> Verdict:
    found = bench.world.addresses()
    return judged(found, f"{bench.patient.host} is {', '.join(found[:6])}" if found else "it has no address")


def _has_ipv6(bench: Bench) -> Verdict:
    six = [address for address in bench.world.addresses() if ":" in address]
    return judged(six, f"it has {', '.join(six[:4])}" if six else "all its addresses are IPv4")


def _announced(bench: Bench, service: str) -> Verdict:
    found = bench.world.services(service)
    told = ", ".join(f"{shown(one.value.encode())}:{one.port}" for one in found[:4])
    return judged(found, f"{service}.{bench.patient.domain} " + (f"names {told}" if found else "has no SRV record"))


def _srv_pop3s(bench: Bench) -> Verdict:
    return _announced(bench, "_pop3s._tcp")


def _srv_submissions(bench: Bench) -> Verdict:
    return _announced(bench, "_submissions._tcp")


def _srv_is_no_alias(bench: Bench) -> Verdict:
    found = [*bench.world.services("_pop3s._tcp"), *bench.world.services("_pop3._tcp")]
    targets = sorted({one.value for one in found if one.value})
    if not targets:
        raise NotApplicable("there is no SRV record for POP3")
    aliases = [name for name in targets if bench.world.is_alias(name)]
    if aliases:
        return failed(f"the SRV record names {shown(aliases[0].encode())}, which is an alias")
    return passed(
        f"the SRV records name {', '.join(shown(name.encode()) for name in targets[:4])}, no alias among them"
    )


_POP3: Final = re.compile(rb'<incomingServer type="pop3">(.*?)</incomingServer>', re.DOTALL)


def _autoconfig(bench: Bench) -> Verdict:
    found = bench.world.autoconfig()
    return judged(found, f"{bench.patient.domain} {'has' if found else 'has no'} config-v1.1.xml")


def _autoconfig_is_safe(bench: Bench) -> Verdict:
    found = bench.world.autoconfig()
    servers = _POP3.findall(found or b"")
    if not servers:
        raise NotApplicable("there is no config-v1.1.xml that names a POP3 server")
    plain = [one for one in servers if b"<sockettype>plain" in one.replace(b" ", b"").lower()]
    return judged(not plain, f"{len(plain)} of {len(servers)} POP3 servers in it are to be used without TLS")


CHECKS: Final = (
    Check(
        id="dns.addresses",
        level=Level.MUST,
        source="RFC 1034 §3.6",
        requirement="The server's name has an address.",
        meaning="Without one no mail program finds the server.",
        remedy="Add an A and an AAAA record for the name.",
        needs=Need.NAME,
        judge=_has_addresses,
    ),
    Check(
        id="dns.ipv6",
        level=Level.PRACTICE,
        source="RFC 6540 §2",
        requirement="The server's name has an IPv6 address.",
        meaning="People whose network has IPv6 alone reach the server by a detour, or not at all.",
        remedy="Let the server listen on IPv6 too, and add an AAAA record.",
        needs=Need.NAME,
        judge=_has_ipv6,
    ),
    Check(
        id="rfc8314.5.1.srv-pop3s",
        level=Level.SHOULD,
        source="RFC 8314 §5.1, RFC 6186 §3",
        requirement="An SRV record _pop3s._tcp at the mail domain names the server.",
        meaning="With it a mail program needs the mail address alone to set itself up.",
        remedy="Add `_pop3s._tcp.DOMAIN. SRV 0 1 995 HOST.` to the zone.",
        needs=Need.NAME,
        judge=_srv_pop3s,
    ),
    Check(
        id="rfc8314.5.1.srv-submissions",
        level=Level.SHOULD,
        source="RFC 8314 §5.1",
        requirement="An SRV record _submissions._tcp at the mail domain names the server for mail on its way out.",
        meaning="With it a mail program can send as soon as it can receive.",
        remedy="Add `_submissions._tcp.DOMAIN. SRV 0 1 465 HOST.` to the zone.",
        needs=Need.NAME,
        judge=_srv_submissions,
    ),
    Check(
        id="rfc2782.srv-no-alias",
        level=Level.MUST,
        source="RFC 2782 (Target)",
        requirement="The target of an SRV record has addresses itself and is no alias.",
        meaning="Some mail programs do not follow an alias there, and do not find the server.",
        remedy="Name the host that has the A and AAAA records in the SRV record.",
        needs=Need.NAME,
        judge=_srv_is_no_alias,
    ),
    Check(
        id="autoconfig.file",
        level=Level.PRACTICE,
        source="Thunderbird's autoconfiguration",
        requirement="The mail domain has a config-v1.1.xml where mail programs look for one.",
        meaning="With it Thunderbird, K-9 and others set themselves up without questions.",
        remedy="Put it at https://autoconfig.DOMAIN/mail/config-v1.1.xml.",
        needs=Need.NAME,
        judge=_autoconfig,
    ),
    Check(
        id="autoconfig.tls",
        level=Level.MUST,
        source="RFC 8314 §3",
        requirement="The config-v1.1.xml names TLS for each POP3 server.",
        meaning="A mail program that follows it as it is sends passwords in the clear.",
        remedy="Set socketType to SSL (port 995) or STARTTLS (port 110).",
        needs=Need.NAME,
        judge=_autoconfig_is_safe,
    ),
)
