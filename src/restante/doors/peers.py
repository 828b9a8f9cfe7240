"""Whom a connection comes from, in words: an IP address as the kernel writes it, `unix`, or what a proxy said.

An IPv4 address that is mapped into IPv6 (RFC 4291 §2.5.5.2) is the IPv4 address it holds: one client is to have one
address. What is no address at all is None, and never an error.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
from typing import Final, TypeAlias

__all__ = ["LOCAL_PEER", "REMEMBERED_PEERS", "Address", "address_of", "is_local", "peer_of", "unmapped"]

LOCAL_PEER: Final = "unix"
"""The peer of a connection over a socket in the file system."""

REMEMBERED_PEERS: Final = 4096
"""Peers whose address is not read anew: each connection asks for it, and clients come again."""

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def peer_of(transport: asyncio.BaseTransport) -> str:
    """Give the address of a client, or `unix`."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else LOCAL_PEER


@functools.lru_cache(maxsize=REMEMBERED_PEERS)
def address_of(peer: str) -> Address | None:
    """Give the address of a peer, or None where it has none."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return None
    return unmapped(address)


def unmapped(address: Address) -> Address:
    """Give an address that is mapped into IPv6 as what it is."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@functools.lru_cache(maxsize=REMEMBERED_PEERS)
def is_local(peer: str) -> bool:
    """Tell whether a peer is on this machine."""
    address = address_of(peer)
    return peer == LOCAL_PEER or (address is not None and address.is_loopback)
