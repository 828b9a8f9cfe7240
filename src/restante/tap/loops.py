"""A proxy that would connect to itself: found out from addresses, whatever names they go by.

It resolves, and asks the kernel which addresses are this machine's; it connects to nobody. It never fails: a name
that cannot be found leads nowhere, which is told when a client comes.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

from restante.client.server import Server
from restante.server.sockets import BoundSocket

__all__ = ["leads_back"]

_Address: TypeAlias = IPv4Address | IPv6Address


def leads_back(server: Server, sockets: Sequence[BoundSocket]) -> bool:
    """Tell whether one of these sockets would take the connections to the server."""
    ours = [bound.socket.getsockname() for bound in sockets if bound.socket.family != socket.AF_UNIX]
    listening = [ip_address(name[0]) for name in ours if name[1] == server.real_port]
    if not listening:
        return False
    try:
        found = socket.getaddrinfo(server.host, server.real_port, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return any(_takes(each, ip_address(str(name[0]))) for *_, name in found for each in listening)


def _takes(listening: _Address, there: _Address) -> bool:
    if listening.version != there.version:
        return False
    if there.is_unspecified:
        # Who connects to 0.0.0.0 or :: gets this machine.
        return listening.is_unspecified or listening.is_loopback
    return listening == there or (listening.is_unspecified and _is_of_this_machine(there))


def _is_of_this_machine(address: _Address) -> bool:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # Nobody but this machine may have it.
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True
