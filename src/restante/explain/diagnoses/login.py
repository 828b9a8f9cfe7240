"""Why somebody does not get in. Sources: RFC 1939 §7, RFC 2449 §8, RFC 3206, RFC 5034 §4, RFC 6151, RFC 7628."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts
from restante.explain.diagnoses.found import found
from restante.explain.events import (
    AuthResponseSent,
    Challenged,
    CommandSent,
    Greeted,
    Replied,
    ResponseKind,
    WireEvent,
)
from restante.explain.wire_lines import printable
from restante.proto.parser import MisuseKind
from restante.proto.terms import State

__all__ = ["digests", "refusals", "sasl"]

MANY_FAILED: Final = 3
COMMAND_LINE_OCTETS: Final = 255
"""Source: RFC 2449 §4."""

_LOGINS: Final = frozenset({b"PASS", b"APOP", b"AUTH"})
_CODES: Final[Mapping[bytes, Diagnosis]] = {
    b"AUTH": Diagnosis.CREDENTIALS_REFUSED,
    b"IN-USE": Diagnosis.LOCK_HELD,
    b"LOGIN-DELAY": Diagnosis.LOGIN_TOO_SOON,
    b"SYS/TEMP": Diagnosis.LOGIN_FAILS_FOR_NOW,
    b"SYS/PERM": Diagnosis.LOGIN_FAILS_FOR_GOOD,
}
_MESSAGE_ID: Final = re.compile(rb"<[!-;=?A-~]+@[!-;=?A-~]+>")
_STATUS_OF_OAUTH: Final = re.compile(rb'"status"\s*:\s*"?([A-Za-z0-9_ -]{1,40})')


def refusals(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find why a login is refused."""
    if not isinstance(event, Replied) or event.to is None or event.good or event.state is not State.AUTHORIZATION:
        return
    sent, text = event.to, printable(event.text)
    if sent.keyword == b"USER":
        if not event.secured and facts.announces(b"STLS"):
            yield found(Diagnosis.TLS_WANTED_FIRST, event, text=text)
        else:
            yield found(Diagnosis.USER_REFUSED, event, text=text)
        return
    if sent.keyword not in _LOGINS or not sent.has_argument:
        return
    if facts.refused_logins + 1 == MANY_FAILED:
        yield found(Diagnosis.MANY_FAILED_LOGINS, event, count=MANY_FAILED)
    if event.code is not None and event.code in _CODES:
        yield found(_CODES[event.code], event, text=text)
    elif _pass_out_of_place(sent, facts):
        yield found(Diagnosis.PASS_WITHOUT_USER, event, text=text)
    elif _wants_tls(event, sent, facts):
        yield found(Diagnosis.TLS_WANTED_FIRST, event, text=text)
    elif sent.keyword != b"AUTH" or not _told_otherwise(event, sent, facts):
        yield found(Diagnosis.LOGIN_REFUSED, event, text=text)


def _wants_tls(event: Replied, sent: CommandSent, facts: Facts) -> bool:
    if event.secured or sent.keyword != b"PASS" or not facts.announces(b"STLS"):
        return False
    return b"TLS" in event.text.upper() or b"SSL" in event.text.upper()


def _pass_out_of_place(sent: CommandSent, facts: Facts) -> bool:
    if sent.keyword != b"PASS" or facts.is_partial:
        return False
    before = facts.last_replied
    return before is None or before.to is None or before.to.keyword != b"USER"


def _told_otherwise(event: Replied, sent: CommandSent, facts: Facts) -> bool:
    """Tell whether the refusal of an AUTH has a finding of its own already."""
    offered = facts.mechanisms()
    return (offered is not None and sent.mechanism is not None and sent.mechanism not in offered) or (
        sent.misuse is MisuseKind.LINE_TOO_LONG or sent.octets > COMMAND_LINE_OCTETS
    )


def sasl(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what goes wrong within AUTH."""
    match event:
        case Replied(to=CommandSent(keyword=b"AUTH", mechanism=str() as mechanism), good=False, code=None):
            offered = facts.mechanisms()
            if offered is not None and mechanism not in offered:
                yield found(Diagnosis.MECHANISM_NOT_OFFERED, event, mechanism=mechanism)
        case AuthResponseSent(kind=ResponseKind.CANCEL):
            yield found(Diagnosis.SASL_CANCELLED, event, mechanism=event.to.mechanism or "…")
        case AuthResponseSent(kind=ResponseKind.BAD_BASE64):
            yield found(Diagnosis.SASL_BAD_BASE64, event, mechanism=event.to.mechanism or "…")
        case Challenged() if (status := _STATUS_OF_OAUTH.search(event.text)) is not None:
            yield found(Diagnosis.OAUTH_REFUSED, event, status=printable(status[1]))
        case CommandSent(keyword=b"AUTH") if event.octets > COMMAND_LINE_OCTETS:
            yield found(Diagnosis.AUTH_LINE_TOO_LONG, event, octets=event.octets)
        case _:
            return


def digests(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what makes APOP and CRAM-MD5 weak, or impossible."""
    match event:
        case Greeted(timestamp=bytes() as timestamp) if not _MESSAGE_ID.fullmatch(timestamp):
            yield found(Diagnosis.APOP_TIMESTAMP_MALFORMED, event)
        case CommandSent(keyword=b"APOP"):
            if facts.greeted is not None and facts.greeted.timestamp is None:
                yield found(Diagnosis.APOP_WITHOUT_TIMESTAMP, event)
            elif not event.secured:
                yield found(Diagnosis.WEAK_DIGEST, event, mechanism="APOP")
        case CommandSent(keyword=b"AUTH", mechanism="CRAM-MD5" | "DIGEST-MD5" | "NTLM", secured=False):
            yield found(Diagnosis.WEAK_DIGEST, event, mechanism=event.mechanism or "")
        case _:
            return
