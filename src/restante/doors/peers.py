"""Whom a connection comes from, in words: an IP address, `unix`, or what a proxy said."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Final

__all__ = ["LOCAL_PEER", "is_local", "peer_of"]

LOCAL_PEER: Final = "unix"
"""The peer of a connection over a socket in the file system."""


def peer_of(transport: asyncio.BaseTransport) -> str:
    """Give the address of a client, or `unix`."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else LOCAL_PEER


def is_local(peer: str) -> bool:
    """Tell whether a peer is on this machine: on loopback, or at a socket in the file system."""
    if peer == LOCAL_PEER:
        return True
    try:
        return ipaddress.ip_address(peer.partition("%")[0]).is_loopback
    except ValueError:
        return False
