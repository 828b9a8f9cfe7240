"""Recorded sessions: for each diagnosis one that shows it, and one like it that must not.

C: and S: lines, as in `told`; C| and S| octets as they stand
@12       the time from here on, in seconds
=tls      TLS stands from here on       =lost S 12   octets of a side were not captured
=closed S reason     who closed (C, S or - for nobody knows) and why
=from 192.0.2.1      the client's address          ---   another session
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.explain.told import pieces

from restante.explain.diagnoses import Diagnoser, Diagnosis, Finding, History
from restante.explain.reader import Reader
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.undecided import SessionReader
from restante.explain.wire import Side

__all__ = ["ALERT", "HELLO", "RECORDED", "findings", "play"]

HELLO = (
    r"\x16\x03\x01\x00\x52\x01\x00\x00\x4e\x03\x03" + r"\x00" * 32 + r"\x00\x00\x02\x13\x01\x01\x00"
    r"\x00\x23\x00\x00\x00\x14\x00\x12\x00\x00\x0fpop.example.org\x00\x2b\x00\x07\x06\x0a\x0a\x03\x04\x03\x03"
)

ALERT = r"\x15\x03\x03\x00\x02\x02"

CLOSE_NOTIFY = r"\x15\x03\x03\x00\x02\x01\x00"

SEALED_ALERT = r"\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x13" + r"\x99" * 19
"""What a client sends under TLS 1.3 instead of its Finished, which has 53 octets or more."""

SEALED_FINISHED = r"\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x35" + r"\x99" * 53

IN = """
S: +OK
=tls
C: USER ted
S: +OK
C: PASS SECRET
S: +OK
"""
"""Logged in, under TLS."""

BEN_IN = IN.replace("ted", "ben")

DOVECOT_WANTS_TLS = "-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections."

CAPA = """
C: CAPA
S: +OK
S: USER
S: UIDL
S: TOP
S: SASL PLAIN XOAUTH2
S: {more}
S: .
"""

STLS_ANNOUNCED = "S: +OK\n" + CAPA.format(more="STLS")
STLS_MISSING = "S: +OK\n" + CAPA.format(more="RESP-CODES")

MESSAGE = """
C: RETR {number}
S: +OK
S: Subject: {subject}
S:
S: {line}
S: .
"""

LETTER = MESSAGE.format(number=1, subject="x", line="hello")
LETTER_OCTETS = len("Subject: x\r\n\r\nhello\r\n")

BYE = "C: QUIT\nS: +OK bye\n=closed S"


def refused(line: str, answer: str) -> str:
    return f"{IN}C: {line}\nS: {answer}\n"


def login(answer: str) -> str:
    return f"S: +OK\n=tls\nC: USER ted\nS: +OK\nC: PASS x\nS: {answer}\n"


def listed(*octets: int) -> str:
    lines = "".join(f"S: {number} {each}\n" for number, each in enumerate(octets, start=1))
    return f"C: LIST\nS: +OK\n{lines}S: .\n"


def named(*ids: str) -> str:
    lines = "".join(f"S: {number} {each}\n" for number, each in enumerate(ids, start=1))
    return f"C: UIDL\nS: +OK\n{lines}S: .\n"


def minutes(*begins: int, fetched: bool = False) -> str:
    """Sessions that begin at these seconds."""
    return "---\n".join(f"@{at}\n=from 192.0.2.7\n{IN}{LETTER if fetched else ''}{BYE}\n" for at in begins)


RECORDED: dict[Diagnosis, tuple[str, str]] = {
    # --- the line
    Diagnosis.GREETING_REFUSED: ("S: -ERR too many connections", "S: +OK ready\nC: QUIT\nS: +OK"),
    Diagnosis.NO_GREETING: ("=closed C timed out", "=closed C its certificate is signed by itself"),
    Diagnosis.TLS_TO_PLAIN_PORT: (f"S: +OK\nC| {HELLO}\nS: -ERR what?", f"C| {HELLO}\nS| {HELLO}"),
    Diagnosis.PLAIN_TO_TLS_PORT: (f"C: USER ted\nS| {ALERT}\\x0a", f"C| {HELLO}\nS| {ALERT}\\x28"),
    Diagnosis.HTTP_CLIENT: ("S: +OK\nC: GET / HTTP/1.1", "S: +OK\nC: GET ready"),
    Diagnosis.OTHER_CLIENT: ("S: +OK\nC: EHLO me", "S: +OK\nC: HELP"),
    Diagnosis.OTHER_SERVER: ("S: 220 mail.example.org ESMTP", f"{IN}C: RETR 1\nS: +OK\nS: 220 words\nS: ."),
    Diagnosis.CAPTURE_GAP: ("S: +OK\n=lost S 12", "S: +OK"),
    # --- TLS
    Diagnosis.CERTIFICATE_REJECTED: (
        f"C| {HELLO}\nS| {HELLO}\nC| {ALERT}\\x30",
        f"C| {HELLO}\nS| {ALERT}\\x46",
    ),
    Diagnosis.TLS_BROKEN_OFF: (
        f"C| {HELLO}\nS| {HELLO}\nC| {SEALED_ALERT}",
        f"C| {HELLO}\nS| {HELLO}\nC| {SEALED_FINISHED}\nC| {SEALED_ALERT}",
    ),
    Diagnosis.TLS_NO_AGREEMENT: (f"C| {HELLO}\nS| {ALERT}\\x46", f"C| {HELLO}\nS| {CLOSE_NOTIFY}"),
    Diagnosis.STLS_REFUSED: ("S: +OK\nC: STLS\nS: -ERR no certificate", "S: +OK\n=tls\nC: STLS\nS: -ERR under TLS"),
    Diagnosis.STLS_UNDER_TLS: (
        "S: +OK\n=tls\nC: STLS\nS: -ERR under TLS",
        "S: +OK\nC: STLS\nS: -ERR no certificate",
    ),
    Diagnosis.STLS_MISSING: (f"{STLS_MISSING}C: USER ted\nS: +OK\nC: PASS x", f"{STLS_MISSING}=tls\nC: PASS x"),
    Diagnosis.STLS_VANISHED: (
        # It used TLS, and asked again under it.
        f"{STLS_ANNOUNCED}C: STLS\nS: +OK\n=tls\n{CAPA.format(more='EXPIRE 30')}=closed S\n"
        f"---\n{STLS_MISSING}C: USER ted",
        f"{STLS_ANNOUNCED}C: QUIT\nS: +OK\n=closed S\n---\n{STLS_ANNOUNCED}C: USER ted",
    ),
    Diagnosis.LOGIN_AFTER_STLS_REFUSED: (
        "S: +OK\nC: STLS\nS: -ERR\nC: USER ted\nS: +OK\nC: PASS x",
        "S: +OK\nC: STLS\nS: -ERR\nC: QUIT",
    ),
    Diagnosis.COMMANDS_BEHIND_STLS: (
        "S: +OK\nC| STLS\\r\\nUSER ted\\r\\n\nS: +OK",
        "S: +OK\nC: STLS\nS: +OK\n=tls\nC: USER x",
    ),
    Diagnosis.SERVER_SPEAKS_BEHIND_STLS: (
        "S: +OK\nC: STLS\nS| +OK\\r\\n+OK injected\\r\\n",
        "S: +OK\nC: STLS\nS: +OK\n=tls\nC: CAPA\nS: +OK\nS: .",
    ),
    Diagnosis.PASSWORD_IN_THE_CLEAR: (
        f"{STLS_ANNOUNCED}C: USER ted\nS: +OK\nC: PASS x",
        # It was proposed only: nothing crossed.
        "S: +OK\nC: AUTH PLAIN\nS: -ERR not here",
    ),
    Diagnosis.TLS_NOT_RECORDED: (f"=at \n{login('+OK')}".replace("=tls\n", ""), f"=at \n{login('+OK')}"),
    # --- the login
    Diagnosis.CREDENTIALS_REFUSED: (
        login("-ERR [AUTH] wrong"),
        f"S: +OK\nC: AUTH PLAIN\nS: {DOVECOT_WANTS_TLS}",
    ),
    Diagnosis.LOGIN_REFUSED: (login("-ERR no"), "S: +OK\n=tls\nC: AUTH PLAIN\nS: + \nC: *\nS: -ERR as you like"),
    Diagnosis.LOGIN_FAILS_FOR_NOW: (login("-ERR [SYS/TEMP] later"), login("-ERR [SYS/PERM] broken")),
    Diagnosis.LOGIN_FAILS_FOR_GOOD: (login("-ERR [SYS/PERM] broken"), login("-ERR [SYS/TEMP] later")),
    Diagnosis.POP3_SWITCHED_OFF: (
        login("-ERR [SYS/PERM] Your account is not enabled for POP access."),
        login("-ERR [SYS/PERM] POP3 store is broken"),
    ),
    Diagnosis.LOCK_HELD: (login("-ERR maildrop already locked"), login("-ERR account is locked, too many tries")),
    Diagnosis.LOGIN_TOO_SOON: (login("-ERR [LOGIN-DELAY] wait"), login("+OK")),
    Diagnosis.USER_REFUSED: ("S: +OK\n=tls\nC: USER nobody\nS: -ERR no such user", IN),
    Diagnosis.TLS_WANTED_FIRST: (
        f"S: +OK\nC: USER ted\nS: {DOVECOT_WANTS_TLS}",
        f"{STLS_ANNOUNCED}C: USER ted\nS: -ERR no such user",
    ),
    Diagnosis.PASS_WITHOUT_USER: ("S: +OK\nC: PASS x\nS: -ERR USER first", login("-ERR wrong")),
    Diagnosis.MANY_FAILED_LOGINS: (
        "S: +OK\n" + "C: USER a\nS: +OK\nC: PASS b\nS: -ERR\n" * 3,
        "S: +OK\n" + "C: USER a\nS: +OK\nC: PASS b\nS: -ERR [IN-USE] somebody is there\n" * 5,
    ),
    Diagnosis.MECHANISM_NOT_OFFERED: (
        f"{STLS_ANNOUNCED}C: AUTH CRAM-MD5\nS: -ERR what?",
        # A challenge shows that the server knows it.
        f"{STLS_ANNOUNCED}C: AUTH CRAM-MD5\nS: + PDE+\nC: dGVk\nS: -ERR wrong",
    ),
    Diagnosis.SASL_CANCELLED: (
        "S: +OK\nC: AUTH PLAIN\nS: + \nC: *\nS: -ERR",
        # So a client takes note of why its token is refused.
        "S: +OK\nC: AUTH XOAUTH2 dGVk\nS: + eyJzdGF0dXMiOiI0MDAifQ==\nC: *\nS: -ERR",
    ),
    Diagnosis.SASL_BAD_BASE64: (
        "S: +OK\nC: AUTH PLAIN\nS: + \nC: AGEA Yg\nS: -ERR",
        "S: +OK\nC: AUTH PLAIN\nS: + \nC: AGEAYg==\nS: -ERR",
    ),
    Diagnosis.OAUTH_REFUSED: (
        "S: +OK\nC: AUTH XOAUTH2 dGVk\nS: + eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=\nC: \nS: -ERR",
        "S: +OK\nC: AUTH XOAUTH2\nS: + \nC: dGVk\nS: +OK",
    ),
    Diagnosis.AUTH_LINE_TOO_LONG: (
        f"S: +OK\nC: AUTH PLAIN {'A' * 300}\nS: -ERR",
        f"S: +OK\nC: AUTH PLAIN\nS: + \nC: {'A' * 300}\nS: +OK",
    ),
    Diagnosis.APOP_WITHOUT_TIMESTAMP: ("S: +OK ready\nC: APOP ted 0f", "S: +OK <1.2@h>\nC: APOP ted 0f"),
    Diagnosis.APOP_TIMESTAMP_MALFORMED: ("S: +OK <1.2@h\\x80>".replace("\\x80", "é"), "S: +OK <1.2@h.example>"),
    Diagnosis.APOP_TIMESTAMP_REPEATED: (
        "S: +OK <1.2@h>\n=closed S\n---\nS: +OK <1.2@h>",
        "S: +OK <1.2@h>\n=closed S\n---\nS: +OK <1.3@h>",
    ),
    Diagnosis.WEAK_DIGEST: ("S: +OK <1.2@h>\nC: APOP ted 0f", "=at 127.0.0.1:110\nS: +OK <1.2@h>\nC: APOP ted 0f"),
    # --- commands and lines
    Diagnosis.COMMAND_BEFORE_LOGIN: ("S: +OK\nC: STAT\nS: -ERR log in", refused("STAT", "-ERR broken")),
    Diagnosis.LOGIN_COMMAND_AFTER_LOGIN: (refused("USER ted", "-ERR in already"), login("-ERR")),
    Diagnosis.UNKNOWN_COMMAND: (refused("XYZZY", "-ERR what?"), refused("NOOP", "+OK")),
    Diagnosis.BAD_ARGUMENTS: (refused("RETR one", "-ERR what?"), refused("RETR 1", "-ERR gone")),
    Diagnosis.NUMBER_ZERO: (refused("DELE 0", "-ERR what?"), refused("DELE 1", "+OK")),
    Diagnosis.NO_SUCH_MESSAGE: (
        f"{IN}{listed(5)}C: RETR 2\nS: -ERR none",
        refused("RETR 1", "-ERR [SYS/TEMP] disk error"),
    ),
    Diagnosis.MESSAGE_MARKED_ALREADY: (
        f"{IN}{listed(5)}C: DELE 1\nS: +OK\nC: RETR 1\nS: -ERR marked",
        f"{IN}{listed(5)}C: DELE 1\nS: +OK\nC: RSET\nS: +OK\nC: RETR 1\nS: -ERR broken",
    ),
    Diagnosis.MESSAGE_REFUSED: (
        f"{IN}{listed(5)}C: RETR 1\nS: -ERR cannot open message",
        f"{IN}{listed(5)}C: RETR 2\nS: -ERR none",
    ),
    Diagnosis.UTF8_NEEDED: (
        f"{IN}{listed(5)}C: RETR 1\nS: -ERR [UTF8] say UTF8 first",
        f"{IN}{listed(5)}C: RETR 1\nS: -ERR cannot open message",
    ),
    Diagnosis.COMMAND_REFUSED: (refused("STAT", "-ERR mailbox error"), refused("STAT 1", "-ERR what?")),
    Diagnosis.COMMAND_LINE_TOO_LONG: (refused(f"NOOP {'x' * 300}", "-ERR"), refused(f"NOOP {'x' * 240}", "-ERR")),
    Diagnosis.STATUS_LINE_TOO_LONG: (f"S: +OK {'x' * 507}", f"S: +OK {'x' * 506}"),
    Diagnosis.CLIENT_BARE_LF: ("S: +OK\nC| NOOP\\n", "S: +OK\nC| NOOP\\r\\n"),
    Diagnosis.SERVER_BARE_LF: ("S| +OK\\n", f"{IN}{LETTER}"),
    Diagnosis.STRAY_LINES: (f"{IN}C: STAT\nS: what is this", f"{IN}C: LIST\nS: +OK\nS: what is this\nS: ."),
    Diagnosis.PIPELINING_UNANNOUNCED: (
        f"{STLS_ANNOUNCED}C| USER ted\\r\\nPASS x\\r\\n",
        f"S: +OK\n{CAPA.format(more='PIPELINING')}C| USER ted\\r\\nPASS x\\r\\n",
    ),
    Diagnosis.UIDL_REFUSED: (refused("UIDL", "-ERR no"), f"{IN}{listed()}C: UIDL 1\nS: -ERR none"),
    Diagnosis.TOP_REFUSED: (f"{IN}{listed(5)}C: TOP 1 0\nS: -ERR no", f"{IN}{listed()}C: TOP 1 0\nS: -ERR none"),
    Diagnosis.CAPABILITY_UNANNOUNCED: (
        f"{STLS_ANNOUNCED.replace('S: UIDL', 'S: EXPIRE NEVER')}C: PASS x\nS: +OK\n{named('a')}",
        f"{STLS_ANNOUNCED}C: PASS x\nS: +OK\n{named('a')}",
    ),
    Diagnosis.CAPA_REFUSED: (refused("CAPA", "-ERR no"), STLS_ANNOUNCED),
    # --- mail on its way
    # The records of the second ones end, which says nothing of the connection.
    Diagnosis.MESSAGE_CUT: (
        f"{IN}C: RETR 1\nS: +OK\nS: Subject: x\n=closed S",
        f"{IN}C: RETR 1\nS: +OK\nS: Subject: x",
    ),
    Diagnosis.LISTING_CUT: (f"{IN}C: LIST\nS: +OK\nS: 1 5\n=closed S", f"{IN}C: LIST\nS: +OK\nS: 1 5"),
    Diagnosis.OCTETS_DIFFER: (
        f"{IN}{listed(LETTER_OCTETS - 3)}{LETTER}",
        f"{IN}{listed(LETTER_OCTETS)}{LETTER.replace('S: hello', '=lost S 7')}",
    ),
    Diagnosis.DROP_LISTING_DIFFERS: (
        f"{IN}{listed(5, 5)}C: STAT\nS: +OK 2 11",
        # What STAT said holds no longer once marks are taken off.
        f"{IN}C: DELE 1\nS: +OK\nC: STAT\nS: +OK 1 5\nC: RSET\nS: +OK\n{listed(5, 5)}",
    ),
    Diagnosis.LISTINGS_DIFFER: (
        f"{IN}{listed(5, 5)}{named('a')}",
        f"{IN}{listed(5, 5)}C: DELE 2\nS: +OK\n{named('a')}",
    ),
    Diagnosis.LISTING_MALFORMED: (
        f"{IN}C: LIST\nS: +OK\nS: 1  120\nS: .",
        f"{IN}C: LIST\nS: +OK\nS: 1 120 and more\nS: .",
    ),
    Diagnosis.TOP_TOO_LONG: (
        f"{IN}C: TOP 1 1\nS: +OK\nS: Subject: x\nS:\nS: one\nS: two\nS: .",
        f"{IN}C: TOP 1 1\nS: +OK\nS: Subject: x\nS: To: y\nS:\nS: one\nS: .",
    ),
    Diagnosis.UNSTUFFED_DOTS: (
        IN + MESSAGE.format(number=1, subject="x", line=".profile"),
        IN + MESSAGE.format(number=1, subject="x", line="..profile"),
    ),
    Diagnosis.UNIQUE_IDS_DOUBLED: (IN + named("a", "b", "a"), IN + named("a", "b", "c")),
    Diagnosis.UNIQUE_ID_ILLEGAL: (IN + named("a", "x" * 71), IN + named("a", "x" * 70)),
    Diagnosis.LONG_MESSAGE_LINE: (
        IN + MESSAGE.format(number=1, subject="x", line="y" * 999),
        IN + MESSAGE.format(number=1, subject="x", line="y" * 998),
    ),
    Diagnosis.GMAIL_NEW_ONLY: (
        IN.replace("S: +OK\n", "S: +OK Gpop ready for requests from 192.0.2.7\n", 1) + "C: STAT\nS: +OK 0 0",
        IN.replace("S: +OK\n", "S: +OK Gpop ready for requests from 192.0.2.7\n", 1) + "C: STAT\nS: +OK 265 9000",
    ),
    # Whoever guesses passwords is made to wait.
    Diagnosis.SLOW_ANSWER: (
        f"@1\n{IN}@2\nC: STAT\n@30\nS: +OK 0 0",
        "@1\nS: +OK\n=tls\nC: USER ted\nS: +OK\nC: PASS x\n@20\nS: -ERR [AUTH] wrong",
    ),
    # --- the end
    Diagnosis.BROKEN_WITH_MARKS: (f"{IN}C: DELE 1\nS: +OK\n=closed C", f"{IN}C: DELE 1\nS: +OK\n{BYE}"),
    Diagnosis.BROKEN_BEFORE_QUIT: (f"{IN}C: STAT\nS: +OK 0 0\n=closed C", f"{IN}{BYE}"),
    Diagnosis.QUIT_UNANSWERED: (f"{IN}C: DELE 1\nS: +OK\nC: QUIT\n=closed S", f"{IN}C: QUIT\n=closed C"),
    Diagnosis.UPDATE_FAILED: (f"{IN}C: DELE 1\nS: +OK\nC: QUIT\nS: -ERR disk full", f"{IN}{BYE}"),
    Diagnosis.CLIENT_CHOKED: (
        f"{IN}{MESSAGE.format(number=1, subject='x', line='y' * 3000)}=closed C",
        f"{IN}{LETTER}=closed C",
    ),
    Diagnosis.SERVER_HUNG_UP: (
        f"@1\n{IN}@5\nS: -ERR [SYS/TEMP] the server is being stopped\n=closed S",
        f"@1\n{IN}@700\nS: -ERR idle for too long\n=closed S",
    ),
    Diagnosis.AUTOLOGOUT: (f"@1\n{IN}@700\n=closed S", f"@1\n{IN}@20\n=closed S"),
    Diagnosis.ANSWER_MISSING: (f"{IN}C: RETR 1\n=closed S", "C: CAPA\nS: 220 mail.example.org ESMTP\n=closed S"),
    Diagnosis.KEPT_AFTER_READING: (f"{IN}{LETTER}{BYE}", f"{IN}{LETTER}C: DELE 1\nS: +OK\n{BYE}"),
    Diagnosis.DELETED_UNREAD: (
        f"{IN}C: DELE 2\nS: +OK\n{BYE}",
        # An earlier session fetched it.
        f"{IN}{named('a')}{LETTER}{BYE}\n---\n{IN}{named('a')}C: DELE 1\nS: +OK\n{BYE}",
    ),
    Diagnosis.DUPLICATE_DELETED: (
        f"{IN}{named('a', 'a')}{LETTER}C: DELE 1\nS: +OK\nC: DELE 2\nS: +OK\n{BYE}",
        f"{IN}{named('a', 'b')}{LETTER}C: DELE 1\nS: +OK\nC: DELE 2\nS: +OK\n{BYE}",
    ),
    Diagnosis.MARKS_TAKEN_OFF: (
        f"{IN}{LETTER}C: DELE 1\nS: +OK\nC: RSET\nS: +OK\n{BYE}",
        f"{IN}{LETTER}C: DELE 1\nS: +OK\nC: RSET\nS: +OK\nC: DELE 1\nS: +OK\n{BYE}",
    ),
    # --- several sessions
    Diagnosis.UNIQUE_IDS_CHANGED: (
        f"{IN}{named('a', 'b')}{listed(500, 700)}{BYE}\n---\n{IN}{listed(500, 700)}{named('x', 'y')}{BYE}",
        # Two accounts that got the same mail.
        f"{IN}{named('a', 'b')}{listed(500, 700)}{BYE}\n---\n{BEN_IN}{listed(500, 700)}{named('x', 'y')}{BYE}",
    ),
    Diagnosis.DOWNLOADED_AGAIN: (
        f"{IN}{named('a')}{LETTER}{BYE}\n---\n{IN}{named('a')}{LETTER}",
        # Two accounts of a server that counts its unique-ids from 1 for each.
        f"{IN}{named('1')}{LETTER}{BYE}\n---\n{BEN_IN}{named('1')}{LETTER}",
    ),
    Diagnosis.STUCK_AT_MESSAGE: (
        f"{IN}{listed(21)}{LETTER}=closed C\n---\n{IN}{listed(21)}{LETTER}=closed C",
        f"{IN}{listed(21)}{LETTER}=closed C\n---\n{IN}{listed(21)}{LETTER}{BYE}",
    ),
    # The second ones are of four accounts, each asked for once.
    Diagnosis.ASKS_TOO_OFTEN: (
        minutes(0, 10, 20, 30),
        "---\n".join(f"@{n}\n=from 192.0.2.7\n{IN.replace('ted', f'ted{n}')}{BYE}\n" for n in range(4)),
    ),
    Diagnosis.OWN_LOCK: (
        f"{IN}=closed C\n---\n{login('-ERR [IN-USE] locked')}",
        f"{IN}=closed C\n---\n{login('-ERR [IN-USE] locked').replace('ted', 'ben')}",
    ),
}


def findings(script: str, *, excerpt: bool = False) -> list[Finding]:
    """Give what a script shows."""
    history, found = History(), []
    for session in script.split("---\n"):
        lines = session.splitlines()
        client = next((line[len("=from ") :] for line in lines if line.startswith("=from ")), "")
        diagnoser, told = Diagnoser(history, client=client), list[Finding]()
        reader = Reader(lambda event, told=told, hear=diagnoser.hear: told.extend(hear(event)), excerpt=excerpt)  # type: ignore[misc]
        play(lines, reader, server="pop.example.org:110")
        found += told
    return found


def play(lines: list[str], reader: SessionReader, *, server: str) -> None:
    """Tell a reader one session, with `server` if the script names none."""
    server, now = next((line[len("=at ") :] for line in lines if line.startswith("=at ")), server), None
    began = False
    for line in lines:
        if line.startswith("@"):
            now = float(line[1:])
            continue
        if not began:
            reader.connected(server, at_seconds=now)
            began = True
        _hear(reader, line, now)
    reader.closed(None, "", at_seconds=now)


def _hear(reader: SessionReader, line: str, now: float | None) -> None:
    words = line.split(" ", 2)
    match words:
        case ["=tls"]:
            reader.secured("TLS 1.3", at_seconds=now)
        case ["=lost", side, octets]:
            reader.lost(Side(side), int(octets), at_seconds=now)
        case ["=closed", by, *reason]:
            reader.closed(None if by == "-" else Side(by), "".join(reason), at_seconds=now)
        case ["=from" | "=at", *_]:
            return
        case _:
            for speaker, said in pieces(line):
                reader.octets(speaker, said, at_seconds=now)


def diagnosed(script: str) -> Iterator[Diagnosis | SmtpDiagnosis]:
    """Give the diagnoses of a script, in their order."""
    return (finding.diagnosis for finding in findings(script))
