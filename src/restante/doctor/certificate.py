"""What a certificate says, as the doctor asks it: for whom, until when, by what key.

It judges nobody's chain; that is for the handshake. What cannot be read gives what is known.
Sources: RFC 9525 §6 (names), RFC 9325 §4.2 and §4.5 (keys).
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Final

from restante.client.faults import shown
from restante.client.tls import fingerprint_of
from restante.doctor.world import TlsFacts

__all__ = ["facts_of", "matches"]

_DAY_SECONDS: Final = 86_400
_SMALLEST_RSA_BITS: Final = 2048
_SMALLEST_EC_BITS: Final = 224


def facts_of(certificate: bytes, host: str, *, version: str, trouble: str) -> TlsFacts:
    """Read a certificate in DER."""
    # Takes a tenth of a second to import.
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        parsed = x509.load_der_x509_certificate(certificate)
        key = parsed.public_key()
        left = parsed.not_valid_after_utc - datetime.now(UTC)
        hash_ = parsed.signature_hash_algorithm
    except ValueError as error:
        return TlsFacts(version=version, trusted=not trouble, trouble=trouble or str(error))
    names: list[str] = []
    try:
        alternatives = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names += alternatives.get_values_for_type(x509.DNSName)
        names += [str(address) for address in alternatives.get_values_for_type(x509.IPAddress)]
    except (x509.ExtensionNotFound, ValueError):
        pass
    described, strong = type(key).__name__.replace("PublicKey", "").lstrip("_"), True
    if isinstance(key, rsa.RSAPublicKey):
        described, strong = f"RSA {key.key_size}", key.key_size >= _SMALLEST_RSA_BITS
    elif isinstance(key, ec.EllipticCurvePublicKey):
        described, strong = f"EC {key.key_size}", key.key_size >= _SMALLEST_EC_BITS
    return TlsFacts(
        version=version,
        trusted=not trouble,
        trouble=trouble,
        name_matches=matches(host, names),
        names=tuple(shown(name.encode()) for name in names),
        days_left=left.total_seconds() / _DAY_SECONDS,
        key=described,
        key_is_strong=strong,
        signature="none of its own" if hash_ is None else hash_.name,
        fingerprint=fingerprint_of(certificate),
    )


def matches(host: str, names: list[str]) -> bool:
    """Tell whether a host is one of the names; `*` stands for one whole first label."""
    wanted = host.rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(wanted)) in names
    except ValueError:
        pass
    _, _, parent = wanted.partition(".")
    return any(name.lower() == wanted or ("." in parent and name.lower() == f"*.{parent}") for name in names)
