"""For each check, a server that fails it. The toy as it is passes all, but for those in PASSING."""

from __future__ import annotations

from collections.abc import Callable

from tests.doctor.toy import TAGS, Toy, tls

from restante.doctor.patient import Door
from restante.doctor.world import TlsOffer

OK, ERR = b"+OK\r\n", b"-ERR\r\n"


def answers(*pairs: tuple[bytes, bytes]) -> Callable[[], Toy]:
    """A server that answers these lines so."""
    return lambda: Toy(answers=dict(pairs))


def toy(**faults: object) -> Callable[[], Toy]:
    """A server with these faults."""
    return lambda: Toy(**faults)  # type: ignore[arg-type]  # named in each script


def tagged(*more: str, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    return (*(tag for tag in TAGS if tag not in without), *more)


TOKENS = tagged("SASL PLAIN OAUTHBEARER", without=("SASL PLAIN",))

PASSING: dict[str, Callable[[], Toy]] = {
    "rfc2449.6.5.login-delay-form": toy(tags=tagged("LOGIN-DELAY 60 USER")),
    "rfc2449.8.resp-codes-announced": lambda: Toy(tags=tagged(without=("RESP-CODES",)), answers={b"PASS": ERR}),
    "pipelining.announced": toy(tags=tagged(without=("PIPELINING",)), drops_pipeline=True),
    "rfc2449.6.5.login-delay-after-login": toy(
        tags=tagged("LOGIN-DELAY 60 USER"), tags_after=tagged("LOGIN-DELAY 10")
    ),
    "rfc2449.6.5.login-delay-kept": toy(tags=tagged("LOGIN-DELAY 60"), delay_seconds=60.0),
    "rfc2449.8.1.1.login-delay-code": toy(tags=tagged("LOGIN-DELAY 60"), delay_seconds=60.0),
    "login.guessing": toy(most_failures=3),
    "rfc7628.3.wrong-token": toy(tags=TOKENS),
    "rfc7628.3.2.2.error": toy(tags=TOKENS),
    "rfc2449.6.9.implementation": toy(tags=tagged("IMPLEMENTATION Toy")),
    "network.each-address": toy(hosts=("192.0.2.1", "192.0.2.2")),
}

FAILING: dict[str, Callable[[], Toy]] = {
    "dns.addresses": toy(hosts=()),
    "dns.ipv6": toy(hosts=("192.0.2.1",)),
    "rfc8314.5.1.srv-pop3s": toy(srv=False),
    "rfc8314.5.1.srv-submissions": toy(srv=False),
    "rfc2782.srv-no-alias": toy(alias=True),
    "autoconfig.file": toy(config=None),
    "autoconfig.tls": toy(
        config=b'<incomingServer type="pop3"><socketType>plain</socketType></incomingServer>',
    ),
    "rfc8314.3.3.pop3s-listens": toy(refused=frozenset({Door.POP3S})),
    "rfc8314.3.3.pop3s-is-tls": toy(no_tls=True),
    "rfc1939.3.pop3-in-the-clear": toy(greeting=b"220 smtp\r\n"),
    "network.each-address": toy(dead_addresses=frozenset({"2001:db8::1"})),
    "network.greets-quickly": toy(greeting_seconds=9.0),
    "network.several-at-once": toy(most_connections=2),
    "rfc8314.4.1.tls-version": toy(tls=tls(version="TLSv1.1")),
    "rfc8996.old-tls-refused": toy(offers=frozenset(TlsOffer)),
    "rfc9325.3.1.1.tls-1-3": toy(offers=frozenset({TlsOffer.TODAY})),
    "rfc8446.6.1.close-notify": toy(clean_end=False),
    "rfc8314.5.certificate-trusted": toy(tls=tls(trusted=False, trouble="it is signed by nobody but itself")),
    "rfc7817.3.certificate-name": toy(tls=tls(name_matches=False)),
    "certificate.renewed-in-time": toy(tls=tls(days_left=3.0)),
    "rfc9325.4.certificate-strength": toy(tls=tls(key="RSA 1024", key_is_strong=False)),
    "certificate.same-at-both-doors": toy(
        tls_at={Door.POP3: tls(fingerprint="AA", trusted=False, trouble="it ended")}
    ),
    "rfc2595.4.stls-offered": answers((b"CAPA", b"+OK\r\nTOP\r\n.\r\n")),
    "rfc2595.4.stls-works": answers((b"STLS", ERR)),
    "rfc2595.4.stls-not-twice": answers((b"STLS", OK)),
    "rfc2595.4.stls-not-after-login": answers((b"STLS!", OK)),
    "rfc2595.4.no-injection": toy(keeps_plain=True),
    "rfc8314.3.plaintext-refused": answers((b"USER doctor-nobody", OK), (b"PASS doctor-no-password", ERR)),
    "rfc1939.4.greeting": toy(greeting=b"+ok ready\r\n"),
    "rfc2449.4.greeting-length": toy(greeting=b"+OK " + b"a" * 600 + b"\r\n"),
    "rfc1939.4.one-greeting": toy(greeting=b"+OK ready\r\nand more\r\n"),
    "rfc1939.7.timestamp-form": toy(greeting=b"+OK <ready>\r\n"),
    "rfc1939.7.timestamp-unique": toy(greeting=b"+OK <1.1@pop.example.org>\r\n"),
    "greeting.tells-no-version": toy(greeting=b"+OK Popper 1.2.3\r\n"),
    "rfc2449.5.capa": answers((b"CAPA", ERR)),
    "rfc2449.5.capa-form": toy(tags=tagged("BAD  TAG")),
    "rfc2449.5.capa-in-both-states": answers((b"CAPA!", ERR)),
    "rfc2449.5.capa-kept": toy(tags_after=tagged(without=("TOP",))),
    "rfc1939.7.top-and-uidl": toy(tags=tagged(without=("UIDL",))),
    "rfc2449.6.1.top-works": answers((b"TOP", ERR)),
    "rfc2449.6.8.uidl-works": answers((b"UIDL", ERR)),
    "rfc2449.6.2.user-works": answers((b"USER doctor", ERR), (b"USER ted", ERR)),
    "rfc2449.6.5.login-delay-form": toy(tags=tagged("LOGIN-DELAY often")),
    "rfc2449.8.resp-codes-announced": lambda: Toy(
        tags=tagged(without=("RESP-CODES",)), answers={b"STAT": b"-ERR [SYS/TEMP] no\r\n"}
    ),
    "rfc1939.3.keyword-case": answers((b"cApA", ERR)),
    "rfc1939.3.unknown-refused": answers((b"DOCTOR", OK)),
    "rfc1939.3.state-before-login": answers((b"NOOP", OK)),
    "rfc1939.3.state-after-login": answers((b"USER!", OK)),
    "rfc1939.3.nul-refused": answers((b"CA\0PA", OK)),
    "grammar.empty-line": answers((b"", b"")),
    "grammar.space-at-the-end": answers((b"DOCTOR ", ERR + ERR)),
    "grammar.bare-lf": toy(lf_ends_commands=True),
    "rfc1939.3.crlf": answers((b"DOCTOR", b"-ERR no\n")),
    "rfc1939.3.upper-case": answers((b"DOCTOR", b"-err no\r\n")),
    "grammar.no-echo": answers((b"DOCTOR\x1b[31m", b"-ERR DOCTOR\x1b[31m?\r\n")),
    "rfc1939.4.quit-before-login": toy(stays_open=True),
    "rfc2449.4.255-octets": answers((b"DOCTOR", ERR + ERR)),
    "rfc2449.4.longer-line": toy(chops=True),
    "limits.endless-line": toy(chops=True, bad_commands=10**9),
    "rfc2449.4.answer-length": answers((b"DOCTOR", b"-ERR " + b"a" * 600 + b"\r\n")),
    "limits.bad-commands": toy(bad_commands=10**9),
    "rfc6856.2.utf8-works": answers((b"UTF8", ERR)),
    "rfc6856.2.utf8-no-argument": answers((b"UTF8 YES", OK)),
    "rfc6856.2.utf8-before-login": answers((b"UTF8!", OK)),
    "rfc6856.3.lang-lists": answers((b"LANG", ERR)),
    "rfc6856.3.lang-unknown": answers((b"LANG qaa-doctor", OK)),
    "rfc5034.6.plain-offered": toy(tags=tagged("SASL CRAM-MD5", without=("SASL PLAIN",))),
    "rfc2449.6.3.mechanisms-work": answers((b"AUTH", ERR)),
    "rfc1939.7.user-and-pass": lambda: _lets_in_once(),
    "mechanisms.of-today": toy(tags=tagged("SASL NTLM")),
    "rfc5034.4.cancel": answers((b"*", OK)),
    "rfc5034.4.empty-challenge": answers((b"AUTH PLAIN", b"+\r\n")),
    "rfc5034.4.bad-base64": answers((b"AUTH PLAIN !!!!", OK)),
    "rfc5034.4.unknown-mechanism": answers((b"AUTH DOCTOR-1", OK)),
    "rfc1939.7.apop-refuses": answers((b"APOP", OK)),
    "rfc1939.5.stat-form": answers((b"STAT!", b"+OK two messages\r\n")),
    "rfc1939.5.list-form": answers((b"LIST!", b"+OK\r\nfirst 61\r\n.\r\n")),
    "rfc1939.4.numbered-from-1": answers((b"LIST!", b"+OK\r\n2 61\r\n3 42\r\n.\r\n")),
    "rfc1939.5.stat-agrees-with-list": answers((b"STAT!", b"+OK 2 7\r\n")),
    "rfc1939.5.list-one": answers((b"LIST 1", b"+OK 1 7\r\n")),
    "rfc1939.5.noop": answers((b"NOOP", ERR)),
    "rfc1939.5.rset": answers((b"RSET", ERR)),
    "rfc1939.5.number-zero": answers((b"LIST 0", OK)),
    "rfc1939.5.number-negative": answers((b"LIST -1", OK)),
    "rfc1939.5.number-past-the-end": answers((b"UIDL 3", OK)),
    "rfc1939.5.number-is-a-word": answers((b"TOP one 0", OK)),
    "rfc1939.5.number-huge": answers((b"LIST 4294967297", OK)),
    "rfc1939.5.number-missing": answers((b"TOP 1", OK)),
    "rfc1939.7.top-negative-lines": answers((b"TOP 1 -1", OK)),
    "rfc1939.11.octets": answers((b"LIST!", b"+OK\r\n1 60\r\n2 41\r\n.\r\n")),
    "rfc1939.3.byte-stuffing": answers((b"RETR", b"+OK\r\nSubject: 1\r\n\r\n.dot\r\n.\r\n")),
    "rfc1939.3.message-crlf": answers((b"RETR", b"+OK\r\nSubject: 1\n\r\none\r\n.\r\n")),
    "retrieval.same-twice": lambda: _changing(),
    "retrieval.begins-with-header": answers((b"RETR", b"+OK\r\nFrom a@example.org today\r\n\r\n.\r\n")),
    "rfc1939.7.top-zero": answers((b"TOP 2 0", b"+OK\r\nSubject: 2\r\n\r\ntwo\r\n.\r\n")),
    "rfc1939.7.top-lines": answers((b"TOP 1 1", b"+OK\r\nSubject: 1\r\n\r\n.\r\n")),
    "rfc1939.7.top-all": answers((b"TOP", b"+OK\r\nSubject: 2\r\n\r\n.\r\n")),
    "rfc1939.7.unique-id-form": answers((b"UIDL", b"+OK\r\n1 caf\xc3\xa9\r\n2 b\r\n.\r\n")),
    "rfc1939.7.unique-id-unique": answers((b"UIDL", b"+OK\r\n1 a\r\n2 a\r\n.\r\n")),
    "rfc1939.7.uidl-complete": answers((b"UIDL", b"+OK\r\n1 a\r\n.\r\n")),
    "rfc1939.7.uidl-one": answers((b"UIDL 1", b"+OK 1 other\r\n")),
    "rfc1939.7.unique-id-stable": toy(ids_change=True),
    "rfc2449.6.6.pipelining": toy(drops_pipeline=True),
    "rfc2449.6.6.pipelining-each-cut": toy(drops_pipeline=True),
    "rfc2449.6.6.pipelining-before-login": toy(drops_pipeline=True),
    "rfc2449.6.6.pipelining-window": toy(drops_pipeline=True),
    "pipelining.announced": toy(tags=tagged(without=("PIPELINING",))),
    "rfc2449.6.7.expire-told": toy(tags=tagged(without=("EXPIRE NEVER",))),
    "rfc2449.6.7.expire-form": toy(tags=tagged("EXPIRE soon", without=("EXPIRE NEVER",))),
    "rfc2449.6.7.expire-0": toy(tags=tagged("EXPIRE 0", without=("EXPIRE NEVER",))),
    "rfc1939.5.rset-unmarks": toy(marks_stay=True),
    "rfc1939.5.dele-twice": answers((b"DELE", OK)),
    "rfc1939.5.list-skips-marked": toy(shows_marked=frozenset({b"LIST"})),
    "rfc1939.5.list-marked-refused": toy(shows_marked=frozenset({b"LIST"})),
    "rfc1939.5.stat-skips-marked": toy(shows_marked=frozenset({b"STAT"})),
    "rfc1939.7.uidl-skips-marked": toy(shows_marked=frozenset({b"UIDL"})),
    "rfc1939.5.retr-marked-refused": toy(shows_marked=frozenset({b"RETR"})),
    "rfc1939.7.top-marked-refused": toy(shows_marked=frozenset({b"TOP"})),
    "rfc1939.4.numbers-stay": toy(renumbers=True),
    "rfc1939.4.lock": toy(locks=False),
    "rfc2449.8.1.2.in-use": lambda: _lock_without_code(),
    "lock.free-after-quit": lambda: _lock_stays(),
    "lock.free-after-a-break": toy(stale_lock=True),
    "rfc1939.6.quit": toy(stays_open=True),
    "rfc8314.3.3.submissions": toy(refused=frozenset({Door.SUBMISSIONS})),
    "rfc8314.5.certificate-for-sending": toy(
        tls_at={Door.SUBMISSIONS: tls(trusted=False, trouble="it ended")},
    ),
    "rfc3207.4.starttls": toy(ehlo_clear=()),
    "rfc4954.4.no-auth-in-the-clear": toy(ehlo_clear=("STARTTLS", "AUTH PLAIN")),
    "rfc6409.4.3.auth": toy(ehlo_auth=""),
    "rfc6409.4.3.auth-required": toy(relays=True),
    "rfc1870.size": toy(ehlo=()),
    "rfc3207.4.no-injection": toy(keeps_plain=True),
    "round-trip.arrives": toy(delivers=False),
    "round-trip.same": toy(mangles=True),
    "rfc1939.6.broken-removes-nothing": toy(removes_when_broken=True),
    "rfc1939.6.quit-removes": toy(keeps_marked=True),
    "rfc1939.7.pass-after-user": answers((b"PASS doctor", OK)),
    "rfc1939.7.wrong-password": answers((b"PASS doctor-is-not-the-password", OK)),
    "rfc1939.7.password-not-stripped": answers((b"PASS SECRET ", OK)),
    "rfc3206.6.auth-code": answers((b"PASS doctor-is-not-the-password", ERR)),
    "login.same-text": lambda: _tells_names(),
    "login.same-time": toy(failure_seconds={b"ted": 2.0}),
    "login.user-tells-nothing": answers((b"USER doctor-nobody-3", ERR)),
    "login.guessing": toy(most_failures=10**9),
    "rfc2449.6.5.login-delay-after-login": toy(
        tags=tagged("LOGIN-DELAY 10"), tags_after=tagged("LOGIN-DELAY 60"), delay_seconds=60.0
    ),
    "rfc2449.6.5.login-delay-kept": toy(tags=tagged("LOGIN-DELAY 60")),
    "rfc2449.8.1.1.login-delay-code": toy(tags=tagged("LOGIN-DELAY 60"), delay_seconds=60.0, delay_error=ERR),
    "rfc7628.3.wrong-token": toy(tags=TOKENS, takes_any_token=True),
    "rfc7628.3.2.2.error": toy(tags=TOKENS, token_error=b"invalid_token"),
    "rfc2449.6.9.implementation": toy(tags=tagged("IMPLEMENTATION Toy-1.2")),
    "rfc5034.4.two-steps": answers((b"AUTH PLAIN", ERR)),
    "rfc1939.7.apop-works": answers((b"APOP", ERR)),
    "rfc6856.2.stls-after-utf8": toy(hangs_after_utf8=True),
    "rfc2449.6.6.pipelining-multi-line": toy(drops_pipeline=True),
    "rfc2449.6.7.expire-after-login": toy(
        tags=tagged("EXPIRE 90", without=("EXPIRE NEVER",)),
        tags_after=tagged("EXPIRE 30", without=("EXPIRE NEVER",)),
    ),
    "rfc8996.4.old-tls-refused-for-sending": toy(offers=frozenset(TlsOffer)),
    "rfc4954.4.login": toy(lets_none_send=True),
    "rfc4954.4.wrong-password": toy(lets_all_send=True),
    "rfc1870.6.1.size-kept": toy(takes_any_size=True),
    "round-trip.eight-bit": toy(flips_eight_bit=True),
    "round-trip.size": toy(sizes_off=3),
    "rfc1939.3.autologout": toy(idle_seconds=300.0),
}


def _changing() -> Toy:
    server = Toy()

    def hear(line: bytes) -> None:
        if line.startswith(b"RETR"):
            server.messages[1] = server.messages[1] + b"X-Status: read\r\n"

    server.hears = hear
    return server


def _lock_without_code() -> Toy:
    server = Toy()

    def hear(line: bytes) -> None:
        server.answers.pop(b"PASS", None)
        if server.locked_by is not None:
            server.answers[b"PASS"] = b"-ERR locked\r\n"

    server.hears = hear
    return server


def _lock_stays() -> Toy:
    server = Toy()

    def hear(line: bytes) -> None:
        if line == b"QUIT" and server.locked_by is not None:
            server.answers[b"PASS"] = b"-ERR [IN-USE] no\r\n"

    server.hears = hear
    return server


def _tells_names() -> Toy:
    server = Toy()

    def hear(line: bytes) -> None:
        if line.startswith(b"USER "):
            server.answers.pop(b"PASS", None)
            if b"nobody" in line:
                server.answers[b"PASS"] = b"-ERR [AUTH] no such user\r\n"

    server.hears = hear
    return server


def _lets_in_once() -> Toy:
    server = Toy()

    def hear(line: bytes) -> None:
        if line == b"QUIT" and server.locked_by is not None:
            server.answers[b"PASS"] = ERR

    server.hears = hear
    return server
