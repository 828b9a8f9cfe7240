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
from restante.proto.terms import State

__all__ = ["digests", "refusals", "sasl"]

MANY_FAILED: Final = 3
COMMAND_LINE_OCTETS: Final = 255
"""Source: RFC 2449 §4."""

_LOGINS: Final = frozenset({b"PASS", b"APOP", b"AUTH"})
_OAUTH: Final = frozenset({"XOAUTH2", "OAUTHBEARER"})
_CODES: Final[Mapping[bytes, Diagnosis]] = {
    b"AUTH": Diagnosis.CREDENTIALS_REFUSED,
    b"IN-USE": Diagnosis.LOCK_HELD,
    b"LOGIN-DELAY": Diagnosis.LOGIN_TOO_SOON,
    b"SYS/TEMP": Diagnosis.LOGIN_FAILS_FOR_NOW,
    b"SYS/PERM": Diagnosis.LOGIN_FAILS_FOR_GOOD,
    b"UTF8": Diagnosis.UTF8_NEEDED,
}
_MESSAGE_ID: Final = re.compile(rb"<[!-;=?A-~]+@[!-;=?A-~]+>")
# Many servers say it in words only. Each pattern names the thing itself: a locked account is no locked maildrop.
_WANTS_TLS: Final = re.compile(
    rb"\b(?:TLS|SSL|STLS|STARTTLS)\b|(?:plain|clear) ?text|encrypt|secure (?:connection|channel|transport)",
    re.IGNORECASE,
)
_LOCKED: Final = re.compile(
    rb"\b(?:maildrop|mail drop|mailbox|mail box|spool|popdrop)\b.{0,40}\b(?:lock(?:ed)?|in use|busy|open(?:ed)?)\b"
    rb"|\block(?:ed|ing)?\b.{0,30}\b(?:maildrop|mail drop|mailbox|mail box|spool|popdrop)\b",
    re.IGNORECASE,
)
_SWITCHED_OFF: Final = re.compile(
    rb"\bPOP(?:3| access)?\b.{0,60}\b(?:disabled|switched off|turned off|deactivated|(?:not|n't) "
    rb"(?:been )?(?:enabled|activated|allowed|permitted))\b"
    rb"|\b(?:disabled|(?:not|n't) (?:been )?(?:enabled|activated|allowed|permitted))\b.{0,30}\bPOP(?:3| access)?\b"
    rb"|\benable POP",
    re.IGNORECASE,
)
_STATUS_OF_OAUTH: Final = re.compile(rb'"status"\s*:\s*"?([A-Za-z0-9_ -]{1,40})')


def refusals(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find why a login is refused."""
    if not isinstance(event, Replied) or event.to is None or event.good or event.state is not State.AUTHORIZATION:
        return
    sent, text = event.to, printable(event.text)
    if sent.misuse is not None or not sent.has_argument or sent.keyword not in _LOGINS | {b"USER"}:
        return
    diagnosis = _reason(event, sent, facts)
    if diagnosis is None:
        return
    judged = diagnosis in (Diagnosis.CREDENTIALS_REFUSED, Diagnosis.LOGIN_REFUSED)
    if judged and facts.refused_logins + 1 == MANY_FAILED:
        yield found(Diagnosis.MANY_FAILED_LOGINS, event, count=MANY_FAILED)
    if diagnosis is Diagnosis.OAUTH_REFUSED:
        yield found(diagnosis, event, status=text)
    else:
        yield found(diagnosis, event, text=text)


def _reason(event: Replied, sent: CommandSent, facts: Facts) -> Diagnosis | None:
    """Give what keeps somebody out; None where another finding tells it."""
    # Dovecot marks it [AUTH], as it does a wrong password, so the words come first.
    if not event.secured and _wants_tls(event, sent, facts):
        return Diagnosis.TLS_WANTED_FIRST
    if _SWITCHED_OFF.search(event.text):
        return Diagnosis.POP3_SWITCHED_OFF
    if event.code not in (None, b"AUTH") and event.code in _CODES:
        return _CODES[event.code]
    if sent.keyword == b"USER":
        return Diagnosis.USER_REFUSED
    if sent.keyword == b"AUTH" and _told_otherwise(sent, facts):
        return None
    if sent.mechanism in _OAUTH:
        return Diagnosis.OAUTH_REFUSED
    if event.code == b"AUTH":
        return Diagnosis.CREDENTIALS_REFUSED
    if _LOCKED.search(event.text):
        return Diagnosis.LOCK_HELD
    return Diagnosis.PASS_WITHOUT_USER if _pass_out_of_place(sent, facts) else Diagnosis.LOGIN_REFUSED


def _wants_tls(event: Replied, sent: CommandSent, facts: Facts) -> bool:
    # A server that takes names under TLS only does not announce USER before it (RFC 2595 §2.3).
    hides_user = sent.keyword == b"USER" and facts.announces(b"STLS") is True and facts.announces(b"USER") is False
    return hides_user or _WANTS_TLS.search(event.text) is not None


def _pass_out_of_place(sent: CommandSent, facts: Facts) -> bool:
    if sent.keyword != b"PASS" or facts.is_partial or not facts.saw_beginning:
        return False
    before = facts.last_replied
    return before is None or before.to is None or before.to.keyword != b"USER" or not before.good


def _told_otherwise(sent: CommandSent, facts: Facts) -> bool:
    """Tell whether the refusal of an AUTH has a finding of its own already."""
    return sent.sequence == facts.broken_exchange or sent.octets > COMMAND_LINE_OCTETS or _not_offered(sent, facts)


def _not_offered(sent: CommandSent, facts: Facts) -> bool:
    offered = facts.mechanisms()
    # A server that gives a challenge knows the mechanism, announced or not.
    is_known = sent.sequence == facts.challenged
    return offered is not None and sent.mechanism is not None and sent.mechanism not in offered and not is_known


def sasl(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what goes wrong within AUTH."""
    match event:
        case Replied(to=CommandSent(keyword=b"AUTH", mechanism=str() as mechanism) as sent, good=False, code=None):
            if _not_offered(sent, facts):
                yield found(Diagnosis.MECHANISM_NOT_OFFERED, event, mechanism=mechanism)
        case AuthResponseSent(kind=ResponseKind.CANCEL) if event.to.sequence != facts.broken_exchange:
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
            elif not event.secured and facts.is_open_line:
                yield found(Diagnosis.WEAK_DIGEST, event, mechanism="APOP")
        case Replied(to=CommandSent(keyword=b"AUTH", mechanism="CRAM-MD5" | "DIGEST-MD5" | "NTLM") as sent):
            has_crossed = facts.challenged == sent.sequence != facts.broken_exchange
            if has_crossed and not event.secured and facts.is_open_line:
                yield found(Diagnosis.WEAK_DIGEST, event, mechanism=sent.mechanism or "")
        case _:
            return
