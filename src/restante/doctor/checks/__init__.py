"""All checks, in the order in which they run: from the name of a server to mail that went through it."""

from typing import Final

from restante.doctor.check import Check
from restante.doctor.checks import (
    capabilities,
    certificates,
    delays,
    dns,
    grammar,
    greeting,
    idle,
    leaving,
    limits,
    listings,
    lock,
    login,
    marks,
    mechanisms,
    network,
    numbers,
    pipelining,
    removal,
    retention,
    retrieval,
    round_trip,
    secrecy,
    sending,
    stls,
    submission,
    tls,
    tokens,
    top,
    unique_ids,
    utf8,
)

__all__ = ["CHECKS"]

CHECKS: Final[tuple[Check, ...]] = (
    *dns.CHECKS,
    *network.CHECKS,
    *tls.CHECKS,
    *certificates.CHECKS,
    *stls.CHECKS,
    *greeting.CHECKS,
    *capabilities.CHECKS,
    *grammar.CHECKS,
    *limits.CHECKS,
    *utf8.CHECKS,
    *listings.CHECKS,
    *numbers.CHECKS,
    *retrieval.CHECKS,
    *top.CHECKS,
    *unique_ids.CHECKS,
    *pipelining.CHECKS,
    *retention.CHECKS,
    *marks.CHECKS,
    *lock.CHECKS,
    *leaving.CHECKS,
    *submission.CHECKS,
    *round_trip.CHECKS,
    *removal.CHECKS,
    # From here on logins fail, and servers make whoever fails wait longer and longer.
    *mechanisms.CHECKS,
    *tokens.CHECKS,
    *sending.CHECKS,
    *secrecy.CHECKS,
    *login.CHECKS,
    *idle.CHECKS,
    *delays.CHECKS,
)
"""Failed logins come late, since servers make an address wait for them; what may lock us out comes last."""
