"""Recorded sessions of SMTP and LMTP: for each diagnosis one that shows it, and one like it that must not.

In the form of `recorded`. Those of real servers are files in `smtp_sessions`.
"""

from __future__ import annotations

from pathlib import Path

from tests.explain.recorded import ALERT, HELLO, play

from restante.explain.diagnoses import Finding
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.diagnoses import SmtpDiagnoser
from restante.explain.smtp.events import SmtpEvent
from restante.explain.smtp.reader import SmtpReader

__all__ = ["RECORDED", "SESSIONS", "diagnosed", "findings"]

SESSIONS = Path(__file__).parent / "smtp_sessions"

D = SmtpDiagnosis

GREETING = "S: 220 mail.example.org ESMTP\n"
EHLO = "C: EHLO client.example\nS: 250-mail.example.org\n"
OPENED = (
    f"{GREETING}{EHLO}S: 250-PIPELINING\nS: 250-SIZE 1000\nS: 250-8BITMIME\nS: 250-SMTPUTF8\nS: 250 AUTH PLAIN\n"
)
PLAIN_OPENED = f"{GREETING}{EHLO}S: 250 HELP\n"
WITH_STARTTLS = f"{GREETING}{EHLO}S: 250-STARTTLS\nS: 250 AUTH PLAIN\n"
MAIL = "C: MAIL FROM:<ann@away.example>\nS: 250 2.1.0 ok\n"
BYE = "C: QUIT\nS: 221 2.0.0 bye\n=closed S"
ACCEPTED = "250 2.1.5 ok"
DATA = "C: RCPT TO:<ted@home.example>\nS: 250 ok\nC: DATA\nS: 354 go\n"


def mail(answer: str) -> str:
    return f"{OPENED}C: MAIL FROM:<ann@away.example>\nS: {answer}\n{BYE}"


def rcpt(answer: str) -> str:
    return f"{OPENED}{MAIL}C: RCPT TO:<ted@home.example>\nS: {answer}\n{BYE}"


def message(*lines: str, answer: str = "250 2.0.0 queued", opened: str = OPENED) -> str:
    body = "".join(f"{line}\n" for line in lines)
    return f"{opened}{MAIL}{DATA}{body}C: .\nS: {answer}\n{BYE}"


def auth(answer: str, mechanism: str = "PLAIN") -> str:
    return f"=at 127.0.0.1:587\n{OPENED}C: AUTH {mechanism} AHRlZABTRUNSRVQ=\nS: {answer}\n{BYE}"


RECORDED: dict[SmtpDiagnosis, tuple[str, str]] = {
    D.TURNED_AWAY: ("S: 554 mail.example.org No SMTP service here\n=closed S", f"{GREETING}{BYE}"),
    D.TOO_MANY_CONNECTIONS: (
        "S: 421 4.7.0 mail.example.org Error: too many connections from 192.0.2.7\n=closed S",
        "S: 421 4.3.2 Service shutting down\n=closed S",
    ),
    D.NO_GREETING: ("@1\nC: EHLO me\n@60\n=closed C timed out", f"@1\n{OPENED}{BYE}"),
    D.TLS_TO_PLAIN_PORT: (f"C| {HELLO}\n{GREETING}=closed S", f"C| {HELLO}\nS| {HELLO}\n=closed S"),
    D.PLAIN_TO_TLS_PORT: (f"C: EHLO me\nS| {ALERT}2\n=closed S", f"{OPENED}{BYE}"),
    D.OTHER_CLIENT: (f"{GREETING}C: GET / HTTP/1.1\nS: 500 what\n=closed S", f"{OPENED}{BYE}"),
    D.OTHER_SERVER: ("S: +OK ready\nC: EHLO me\nS: -ERR what\n=closed C", f"{OPENED}{BYE}"),
    D.EARLY_TALKER: (f"C: EHLO me\n{GREETING}S: 250 ok\n{BYE}", f"{OPENED}{BYE}"),
    D.STARTTLS_REFUSED: (
        f"{OPENED}C: STARTTLS\nS: 454 4.7.0 TLS not available\n{BYE}",
        f"{OPENED}C: STARTTLS\nS: 220 go\n=tls\n{EHLO}S: 250 HELP\n{BYE}",
    ),
    D.STARTTLS_NEEDED: (
        mail("530 5.7.0 Must issue a STARTTLS command first"),
        mail("530 5.7.0 Authentication required"),
    ),
    D.STARTTLS_MISSING: (
        f"{OPENED}C: AUTH PLAIN AHRlZABTRUNSRVQ=\nS: 235 ok\n{BYE}",
        f"{WITH_STARTTLS}C: AUTH PLAIN AHRlZABTRUNSRVQ=\nS: 235 ok\n{BYE}",
    ),
    D.COMMANDS_BEHIND_STARTTLS: (
        f"{WITH_STARTTLS}C: STARTTLS\nC: MAIL FROM:<x@y.example>\nS: 220 go\n=tls\n",
        f"{WITH_STARTTLS}C: STARTTLS\nS: 220 go\n=tls\nC: EHLO me\nS: 250 ok\n{BYE}",
    ),
    D.PASSWORD_IN_THE_CLEAR: (
        f"{WITH_STARTTLS}C: AUTH PLAIN AHRlZABTRUNSRVQ=\nS: 235 ok\n{BYE}",
        f"=at 127.0.0.1:25\n{WITH_STARTTLS}C: AUTH PLAIN AHRlZABTRUNSRVQ=\nS: 235 ok\n{BYE}",
    ),
    D.AUTH_NEEDED: (
        mail("530 5.7.0 Authentication required"),
        mail("530 5.7.0 Must issue a STARTTLS command first"),
    ),
    D.AUTH_FAILED: (auth("535 5.7.8 Authentication credentials invalid"), auth("235 2.7.0 ok")),
    D.AUTH_FAILS_FOR_NOW: (auth("454 4.7.0 Temporary authentication failure"), auth("535 5.7.8 no")),
    D.AUTH_OTHER_WAY: (
        auth("534 5.7.9 Application-specific password required"),
        auth("504 5.5.4 Unrecognized authentication type", "CRAM-MD5"),
    ),
    D.AUTH_NOT_OFFERED: (
        auth("504 5.5.4 Unrecognized authentication type", "CRAM-MD5"),
        auth("534 5.7.9 Application-specific password required"),
    ),
    D.HELLO_REFUSED: (
        f"{GREETING}C: EHLO x\nS: 501 5.5.2 <x>: Helo command rejected: Invalid name\n{BYE}",
        f"{GREETING}C: EHLO x\nS: 502 5.5.1 not implemented\nC: HELO x\nS: 250 ok\n{BYE}",
    ),
    D.RELAY_DENIED: (rcpt("554 5.7.1 <…>: Relay access denied"), rcpt("550 5.1.1 User unknown")),
    D.USER_UNKNOWN: (rcpt("550 5.1.1 <…>: User unknown"), rcpt("550 5.7.1 Relaying denied")),
    D.DOMAIN_UNKNOWN: (rcpt("450 4.1.2 <…>: Domain not found"), rcpt("550 5.1.1 User unknown")),
    D.ADDRESS_MALFORMED: (rcpt("501 5.1.3 Bad recipient address syntax"), rcpt("550 5.1.1 User unknown")),
    D.MAILBOX_DISABLED: (rcpt("550 5.2.1 The account is disabled"), rcpt("452 4.2.2 Mailbox full")),
    D.MAILBOX_FULL: (rcpt("552 5.2.2 Over quota"), rcpt("452 4.3.1 Insufficient system storage")),
    D.STORAGE_FULL: (rcpt("452 4.3.1 Insufficient system storage"), rcpt("452 4.2.2 Mailbox full")),
    D.TOO_MANY_RECIPIENTS: (rcpt("452 4.5.3 Too many recipients"), rcpt("452 4.3.1 no room")),
    D.NO_RECIPIENTS: (
        f"{OPENED}{MAIL}C: RCPT TO:<x@home.example>\nS: 550 5.1.1 no\nC: DATA\nS: 554 5.5.1 no recipients\n{BYE}",
        f"{OPENED}{MAIL}C: RCPT TO:<x@home.example>\nS: {ACCEPTED}\nC: DATA\nS: 554 5.7.1 no\n{BYE}",
    ),
    D.SENDER_REFUSED: (mail("550 5.1.8 Sender domain does not exist"), mail("550 5.7.23 SPF failed")),
    D.SENDER_NOT_YOURS: (
        mail("553 5.7.1 <…>: Sender address rejected: not owned by user ted"),
        mail("550 5.1.8 Domain of sender does not exist"),
    ),
    D.GREYLISTED: (rcpt("450 4.7.1 Greylisted, try again later"), rcpt("450 4.2.0 Busy, try again later")),
    D.TOO_FAST: (mail("450 4.7.0 Rate limit exceeded, slow down"), mail("450 4.3.0 Busy, try again later")),
    D.SPF_FAILED: (rcpt("550 5.7.23 SPF check failed"), rcpt("550 5.7.26 DMARC policy of away.example")),
    D.DKIM_FAILED: (
        message("C: x", answer="550 5.7.20 No passing DKIM signature"),
        message("C: x", answer="550 5.7.1 Spam"),
    ),
    D.DMARC_FAILED: (
        message("C: x", answer="550 5.7.26 Unauthenticated email is not accepted due to the DMARC policy"),
        message("C: x", answer="550 5.7.23 SPF failed"),
    ),
    D.REVERSE_NAME_MISSING: (
        rcpt("450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.7]"),
        rcpt("450 4.7.1 Greylisted"),
    ),
    D.BLOCKLISTED: (
        rcpt("554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org"),
        rcpt("554 5.7.1 Relay access denied"),
    ),
    D.CONTENT_REFUSED: (
        message("C: x", answer="554 5.7.1 This looks like spam"),
        message("C: x", answer="554 5.7.1 Not today"),
    ),
    D.POLICY_REFUSED: (rcpt("550 5.7.1 Not today"), rcpt("550 5.1.1 User unknown")),
    D.MESSAGE_TOO_BIG: (mail("552 5.3.4 Message size exceeds fixed limit"), rcpt("552 5.2.2 Over quota")),
    D.EIGHT_BIT_UNANNOUNCED: (
        message("C: Subject: x", "C:", r"C| gr\xfc\xdfe\r\n", opened=PLAIN_OPENED),
        message("C: Subject: x", "C:", r"C| gr\xfc\xdfe\r\n"),
    ),
    D.UTF8_NEEDED: (
        message(r"C| Subject: gr\xc3\xbc\xc3\x9fe\r\n", "C:", "C: x"),
        message("C: Subject: x", "C:", r"C| gr\xc3\xbc\xc3\x9fe\r\n"),
    ),
    D.BARE_LINE_ENDS: (message(r"C| Subject: x\n", "C:"), message("C: Subject: x", "C:")),
    D.BARE_LINE_ENDS_REFUSED: (
        message(r"C| Subject: x\n", "C:", answer="550 5.5.2 Error: bare <LF> received"),
        message(r"C| Subject: x\n", "C:"),
    ),
    D.END_BETWEEN_BARE_LINE_ENDS: (
        f"{OPENED}{MAIL}{DATA}C| x\\n.\\n\nS: 250 ok\n{BYE}",
        message("C: x", r"C| .\n", "C: y"),
    ),
    D.END_MISSING: (
        f"{OPENED}{MAIL}{DATA}C| x\\n.\\n\n=closed S",
        f"{OPENED}{MAIL}{DATA}C: x\nC: .\n=closed S",
    ),
    D.MESSAGE_BROKEN_OFF: (
        f"{OPENED}{MAIL}{DATA}C: x\n=closed C",
        f"{OPENED}{MAIL}{DATA}C: x\nC: .\nS: 250 ok\n=closed C",
    ),
    D.UNDOUBLED_DOTS: (message("C: x", "C: .dot"), message("C: x", "C: ..dot")),
    D.LONG_LINE: (message(f"C: {'x' * 999}"), message(f"C: {'x' * 998}")),
    D.BAD_SEQUENCE: (
        f"{OPENED}C: RCPT TO:<x@y.example>\nS: 503 5.5.1 MAIL first\n{BYE}",
        # The recipient was sent before the sender was refused.
        f"{OPENED}C: MAIL FROM:<x@y.example>\nC: RCPT TO:<x@y.example>\nS: 550 5.7.1 no\nS: 503 MAIL first\n{BYE}",
    ),
    D.UNKNOWN_COMMAND: (f"{OPENED}C: FROB\nS: 502 what\n{BYE}", f"{OPENED}C: VRFY ted\nS: 502 no\n{BYE}"),
    D.PIPELINING_UNANNOUNCED: (
        f"{PLAIN_OPENED}C: MAIL FROM:<x@y.example>\nC: RCPT TO:<x@y.example>\nS: 250 ok\nS: 250 ok\n{BYE}",
        f"{OPENED}C: MAIL FROM:<x@y.example>\nC: RCPT TO:<x@y.example>\nS: 250 ok\nS: 250 ok\n{BYE}",
    ),
    D.REFUSED_FOR_NOW: (rcpt("451 4.3.0 Local error"), rcpt("550 5.0.0 no")),
    D.REFUSED: (rcpt("550 5.0.0 no"), rcpt("451 4.3.0 Local error")),
    D.TIMED_OUT: (f"{OPENED}S: 421 4.4.2 Error: timeout exceeded\n=closed S", f"{OPENED}{BYE}"),
    D.SERVER_CLOSES: (
        f"{OPENED}S: 421 4.3.2 Service shutting down\n=closed S",
        f"{OPENED}S: 421 4.4.2 Error: timeout exceeded\n=closed S",
    ),
    D.ANSWER_MISSING: (f"{OPENED}C: MAIL FROM:<x@y.example>\n=closed S", f"{OPENED}C: QUIT\n=closed S"),
    D.MESSAGE_UNANSWERED: (f"{OPENED}{MAIL}{DATA}C: x\nC: .\n=closed S", message("C: x")),
    D.QUIT_MISSING: (f"{OPENED}=closed C", f"{OPENED}{BYE}"),
}


def findings(script: str, *, excerpt: bool = False) -> list[Finding]:
    """Give what a script shows."""
    diagnoser, found = SmtpDiagnoser(), list[Finding]()

    def hear(event: SmtpEvent) -> None:
        found.extend(diagnoser.hear(event))

    play(script.splitlines(), SmtpReader(hear, excerpt=excerpt), server="mail.example.org:25")
    return found


def diagnosed(script: str) -> list[str]:
    """Give the ids of what a script shows, in their order."""
    return [finding.diagnosis.id for finding in findings(script)]
