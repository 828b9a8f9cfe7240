"""Channel bindings: what ties a login to the TLS channel it came through.

Whoever owns the TLS layer hands in the octets; here they become what SCRAM-…-PLUS speaks of. tls-unique is not here
and will not be: it does not exist in TLS 1.3 and does not bind in 1.2 without extended master secrets.
Sources: RFC 5929 §4 (tls-server-end-point), RFC 9266 §2 and §4 (tls-exporter).
"""

from __future__ import annotations

import hashlib
from typing import Final

from restante.sasl.terms import BindingType, ChannelBinding

__all__ = ["EXPORTER_LABEL", "EXPORTER_OCTETS", "exporter", "server_end_point"]

EXPORTER_LABEL: Final = b"EXPORTER-Channel-Binding"
"""For the TLS exporter, with an empty context. Source: RFC 9266 §2."""

EXPORTER_OCTETS: Final = 32
"""How much to export. Source: RFC 9266 §2."""

_RAISED_TO_SHA256: Final = frozenset({"md5", "sha1"})
_ALLOWED: Final = frozenset(
    {"sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512"}
)


def server_end_point(certificate: bytes, *, signature_hash: str | None) -> ChannelBinding | None:
    """Give the tls-server-end-point binding of a server's certificate.

    `certificate` is its DER; `signature_hash` is the one hash function of its signature algorithm as hashlib names
    it, None where there is not exactly one (Ed25519). None comes back where the binding is undefined: then it is
    not to be offered. Source: RFC 5929 §4.1.
    """
    if signature_hash in _RAISED_TO_SHA256:
        signature_hash = "sha256"
    if signature_hash not in _ALLOWED:
        return None
    octets = hashlib.new(signature_hash, certificate).digest()
    return ChannelBinding(type=BindingType.TLS_SERVER_END_POINT, octets=octets)


def exporter(octets: bytes) -> ChannelBinding:
    """Give the tls-exporter binding from what TLS exported under `EXPORTER_LABEL` with an empty context.

    Only for TLS 1.3, or 1.2 with an extended master secret (RFC 9266 §4.2). Raises ValueError for another count of
    octets.
    """
    if len(octets) != EXPORTER_OCTETS:
        raise ValueError(f"tls-exporter is {EXPORTER_OCTETS} octets, not {len(octets)}; export that many")
    return ChannelBinding(type=BindingType.TLS_EXPORTER, octets=octets)
