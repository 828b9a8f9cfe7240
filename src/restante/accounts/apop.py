"""APOP's digest: MD5 over the greeting's timestamp and a shared secret.

The secret has to be had back for it, hence is kept sealed (`sealing`).
Source: RFC 1939 §7.
"""

from __future__ import annotations

import hashlib
import hmac

from restante.proto.terms import Secret

__all__ = ["apop_digest", "apop_digest_fits"]


def apop_digest(timestamp: bytes, secret: Secret) -> bytes:
    """Give the digest of APOP: lower-case hex MD5 over the timestamp, brackets included, and the secret.

    Source: RFC 1939 §7.
    """
    # MD5 because the protocol says so; a system under FIPS rules has to be told that it guards nothing else.
    return hashlib.md5(timestamp + secret.reveal(), usedforsecurity=False).hexdigest().encode("ascii")


def apop_digest_fits(digest: bytes, timestamp: bytes, secret: Secret) -> bool:
    """Tell whether a client's digest is right, in a time that does not tell how nearly."""
    return hmac.compare_digest(digest, apop_digest(timestamp, secret))
