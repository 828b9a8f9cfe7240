"""Why a server refuses: by its code, by the status code of RFC 3463, and, where those say little, by its words.

Servers use the same codes for different things, so that words go first where they are plain. The rules are data,
and the first that fits is taken. Sources: RFC 5321 §4.2, RFC 3463 §3, RFC 4954 §6, RFC 7372 §3, RFC 1870 §6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from re import Pattern
from typing import Final

from restante.explain.diagnoses.catalog import Finding
from restante.explain.diagnoses.found import found
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.commands import HELLOS
from restante.explain.smtp.diagnoses.facts import SmtpFacts
from restante.explain.smtp.events import CommandSent, Replied, SmtpEvent
from restante.explain.wire_lines import printable

__all__ = ["refusals"]

_OF_POLICY: Final = frozenset({b"VRFY", b"EXPN", b"HELP", b"NOOP", b"RSET", b"QUIT"})
"""Commands that a server may refuse without anything being wrong."""

_TO_ENVELOPE: Final = frozenset({b"MAIL", b"RCPT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A reply that fits all that is given here is this diagnosis."""

    diagnosis: SmtpDiagnosis
    codes: frozenset[int] = frozenset()
    status: Pattern[str] | None = None
    """The status code of RFC 3463."""
    words: Pattern[str] | None = None
    verbs: frozenset[bytes] = frozenset()

    def fits(self, event: Replied, sent: CommandSent | None, text: str) -> bool:
        return (
            (not self.codes or event.code in self.codes)
            and (self.status is None or self.status.fullmatch(event.enhanced.decode("ascii")) is not None)
            and (self.words is None or self.words.search(text) is not None)
            and (not self.verbs or (sent is not None and sent.verb in self.verbs))
        )


def _rule(
    diagnosis: SmtpDiagnosis, *codes: int, status: str = "", words: str = "", verbs: frozenset[bytes] = frozenset()
) -> _Rule:
    return _Rule(
        diagnosis=diagnosis,
        codes=frozenset(codes),
        status=re.compile(status) if status else None,
        words=re.compile(words, re.IGNORECASE) if words else None,
        verbs=verbs,
    )


_D = SmtpDiagnosis

_ANYWHERE: Final = (
    _rule(
        _D.TOO_MANY_CONNECTIONS,
        words=r"too many (?:\S+ ){0,3}(?:connections|sessions)|concurren\w+ (?:\S+ )?(?:connections|sessions)"
        r"|(?:maximum|max) (?:\S+ ){0,4}connections|connection (?:rate|frequency|limit)",
    ),
    _rule(_D.TIMED_OUT, 421, status=r"4\.4\.2"),
    _rule(_D.TIMED_OUT, 421, words=r"tim(?:ed|e)[ -]?out|\bidle\b|inactiv"),
    _rule(_D.BARE_LINE_ENDS_REFUSED, words=r"\bbare (?:<?lf>?|<?cr>?|newline|line ?feed|carriage)"),
    _rule(_D.DMARC_FAILED, words=r"\bDMARC\b"),
    _rule(_D.DMARC_FAILED, status=r"[45]\.7\.26"),
    _rule(_D.SPF_FAILED, status=r"[45]\.7\.2[34]"),
    _rule(_D.SPF_FAILED, words=r"\bSPF\b|openspf"),
    _rule(_D.DKIM_FAILED, status=r"[45]\.7\.2[012]"),
    _rule(_D.DKIM_FAILED, words=r"\bDKIM\b"),
    _rule(_D.REVERSE_NAME_MISSING, status=r"[45]\.7\.25"),
    _rule(
        _D.REVERSE_NAME_MISSING,
        words=r"reverse[ -](?:dns|hostname|lookup|name|mapping)|\bPTR\b|\brDNS\b"
        r"|cannot find your (?:reverse )?hostname",
    ),
    _rule(
        _D.BLOCKLISTED,
        words=r"\b(?:spamhaus|spamcop|barracuda(?:central)?|sorbs|dns[brw]l|rbl)\b|block[ -]?list|black[ -]?list"
        r"|blocked using|\blisted (?:in|by|at|on)\b|reputation",
    ),
    _rule(_D.GREYLISTED, words=r"gr[ae]y[ -]?list|postgrey"),
)
"""Wherever it is said."""

_OF_TRANSACTION: Final = (
    _rule(_D.MESSAGE_TOO_BIG, status=r"[45]\.(?:3\.4|2\.3)"),
    _rule(_D.MAILBOX_FULL, status=r"[45]\.2\.2"),
    _rule(
        _D.MAILBOX_FULL,
        words=r"over ?quota|quota (?:\S+ )?exceeded|exceed\w* (?:\S+ ){0,4}quota"
        r"|mailbox (?:is |size )?(?:full|limit)",
    ),
    _rule(_D.MESSAGE_TOO_BIG, words=r"too (?:big|large)|(?:message|mail) size|size (?:\S+ ){0,3}(?:limit|exceed)"),
    _rule(_D.TOO_MANY_RECIPIENTS, status=r"[45]\.5\.3"),
    _rule(_D.TOO_MANY_RECIPIENTS, words=r"too many (?:\S+ )?recipients"),
    _rule(_D.STORAGE_FULL, status=r"[45]\.3\.1"),
    _rule(_D.STORAGE_FULL, 452),
    _rule(_D.MESSAGE_TOO_BIG, 552, verbs=frozenset({b"MAIL"})),
    _rule(_D.MAILBOX_FULL, 552, verbs=frozenset({b"RCPT"})),
    _rule(_D.MESSAGE_TOO_BIG, 552),
    _rule(_D.UTF8_NEEDED, status=r"[45]\.6\.[79]"),
    _rule(_D.UTF8_NEEDED, words=r"SMTPUTF8|internationali[sz]ed"),
    _rule(_D.RELAY_DENIED, status=r"[45]\.7\.54"),
    _rule(
        _D.RELAY_DENIED,
        words=r"\brelay|rcpthosts|not (?:a )?local(?:ly)?\b|not (?:\S+ ){0,2}(?:open|permitted) (?:\S+ )?relay",
    ),
    _rule(_D.AUTH_NEEDED, status=r"[45]\.7\.57"),
    _rule(
        _D.AUTH_NEEDED,
        words=r"auth\w* (?:is )?(?:required|needed)|must (?:first )?(?:auth|log ?in)"
        r"|not authenticated|log ?in first",
    ),
    _rule(_D.SENDER_NOT_YOURS, status=r"[45]\.7\.60"),
    _rule(
        _D.SENDER_NOT_YOURS,
        words=r"not (?:owned by|allowed to send|authori[sz]ed to (?:send|use))|send ?as\b"
        r"|does not match (?:\S+ )?(?:user|login)|not your address",
        verbs=frozenset({b"MAIL", b"RCPT", b"DATA", b"BDAT"}),
    ),
    _rule(
        _D.HELLO_REFUSED, words=r"\b(?:helo|ehlo)\b (?:\S+ ){0,3}(?:rejected|refused|invalid)|need fully-qualified"
    ),
    _rule(
        _D.TOO_FAST,
        *(421, 450, 451, 452, 454),
        words=r"\brate\b|too (?:many|much|fast|quick)|throttl|limit(?:ed)? exceeded",
    ),
    _rule(_D.DOMAIN_UNKNOWN, status=r"[45]\.1\.2", verbs=frozenset({b"RCPT"})),
    _rule(_D.ADDRESS_MALFORMED, status=r"[45]\.1\.[37]"),
    _rule(_D.SENDER_REFUSED, status=r"[45]\.1\.8"),
    _rule(_D.USER_UNKNOWN, 550, 551, 553, 554, status=r"5\.1\.(?:0|1|6|10)", verbs=frozenset({b"RCPT"})),
    _rule(_D.USER_UNKNOWN, 550, 551, 553, 554, status=r"5\.1\.(?:1|6|10)"),
    _rule(
        _D.USER_UNKNOWN,
        *(550, 551, 553, 554),
        words=r"(?:user|recipient|address|mailbox|account) (?:is )?(?:unknown|not found)|unknown (?:user|recipient)"
        r"|no such (?:user|recipient|mailbox|address|person)|does(?: not|n't) exist|no mailbox",
    ),
    _rule(_D.MAILBOX_DISABLED, status=r"[45]\.2\.1"),
    _rule(
        _D.MAILBOX_DISABLED, 550, words=r"(?:mailbox|account|user) (?:is )?(?:disabled|inactive|suspended|locked)"
    ),
    _rule(_D.CONTENT_REFUSED, words=r"\bspam\b|\bvirus|malware|phish|\bcontent\b"),
    _rule(_D.ADDRESS_MALFORMED, 501, verbs=_TO_ENVELOPE),
    _rule(_D.GREYLISTED, 450, 451, status=r"4\.7\.1", verbs=frozenset({b"RCPT", b"DATA"})),
    _rule(_D.POLICY_REFUSED, status=r"5\.7\.\d+"),
    _rule(_D.SENDER_REFUSED, 550, 553, 554, verbs=frozenset({b"MAIL"})),
)
"""Said to MAIL, RCPT, DATA and the message."""

_STARTTLS_WORDS: Final = re.compile(r"STARTTLS|\bTLS\b|\bSSL\b|encrypt|secure", re.IGNORECASE)


def refusals(event: SmtpEvent, facts: SmtpFacts) -> Iterator[Finding]:
    """Find why the server refused."""
    if not isinstance(event, Replied) or event.good or facts.sealed:
        # What a server says to TLS that it did not expect tells nothing of what is wrong.
        return
    diagnosis = _why(event, facts)
    if diagnosis is None:
        return
    sent, values = event.to, {"text": printable(event.text)}
    verb = sent.verb.decode("ascii") if sent is not None else ""
    if diagnosis in (_D.USER_UNKNOWN, _D.MAILBOX_FULL, _D.MAILBOX_DISABLED, _D.DOMAIN_UNKNOWN, _D.RELAY_DENIED):
        address = printable(sent.argument) if sent is not None and sent.verb == b"RCPT" else ""
        values["address"] = address or "…"
    elif diagnosis in (_D.REFUSED, _D.REFUSED_FOR_NOW, _D.BAD_SEQUENCE, _D.UNKNOWN_COMMAND):
        values["command"] = verb or "…"
    elif diagnosis in (_D.AUTH_OTHER_WAY, _D.AUTH_NOT_OFFERED):
        values["mechanism"] = (sent.mechanism if sent is not None else None) or "…"
    yield found(diagnosis, event, **values)


def _why(event: Replied, facts: SmtpFacts) -> SmtpDiagnosis | None:
    sent, text = event.to, event.text.decode("utf-8", "replace")
    for rule in _ANYWHERE:
        if rule.fits(event, sent, text):
            return rule.diagnosis
    if event.is_greeting and event.code != 421:
        return _D.TURNED_AWAY
    if event.code == 421 or sent is None:
        is_fast = any(rule.diagnosis is _D.TOO_FAST and rule.fits(event, sent, text) for rule in _OF_TRANSACTION)
        return _D.TOO_FAST if is_fast else _D.SERVER_CLOSES
    if event.code in (530, 538) or event.enhanced == b"5.7.11":
        return _D.STARTTLS_NEEDED if _STARTTLS_WORDS.search(text) else _D.AUTH_NEEDED
    if sent.verb == b"AUTH":
        return _why_no_login(event, sent, facts)
    if sent.verb == b"STARTTLS" and not event.secured:
        return _D.STARTTLS_REFUSED
    if event.code in (500, 502):
        return None if sent.verb in _OF_POLICY else _D.UNKNOWN_COMMAND
    if sent.verb in HELLOS:
        return _D.HELLO_REFUSED if event.code >= 500 else _D.REFUSED_FOR_NOW
    if sent.verb in (b"DATA", b"BDAT") and facts.has_no_recipients and not event.for_message:
        return _D.NO_RECIPIENTS
    if event.code == 503:
        # What was sent behind a MAIL that was refused meanwhile is out of order by no fault of its own.
        return None if facts.mail_was_refused else _D.BAD_SEQUENCE
    if sent.verb in _OF_POLICY:
        return None
    for rule in _OF_TRANSACTION:
        if rule.fits(event, sent, text):
            return rule.diagnosis
    return _D.REFUSED if event.code >= 500 else _D.REFUSED_FOR_NOW


def _why_no_login(event: Replied, sent: CommandSent, facts: SmtpFacts) -> SmtpDiagnosis | None:
    if event.code == 535 or event.enhanced == b"5.7.8":
        return _D.AUTH_FAILED
    if event.code < 500:
        return _D.AUTH_FAILS_FOR_NOW
    is_offered = facts.offers(sent.mechanism) if sent.mechanism is not None else facts.announces(b"AUTH")
    if is_offered is False:
        return _D.AUTH_NOT_OFFERED
    if event.code in (504, 534):
        return _D.AUTH_OTHER_WAY
    if event.code in (500, 502):
        return _D.AUTH_NOT_OFFERED
    return _D.BAD_SEQUENCE if event.code == 503 else _D.REFUSED
