"""Servers that mean harm: bounded memory, an end in time, and no credential octet where it must not go."""

from __future__ import annotations

import asyncio
import base64
import datetime
import itertools
import json
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import trustme
from tests.e2e.scripted import Peer, ScriptedServer

from restante.client import (
    ClientFault,
    ConnectionLost,
    LimitExceeded,
    Login,
    LoginImpossible,
    ProtocolFault,
    Security,
    Server,
    TemporaryFault,
    TimedOut,
    Timeouts,
    TlsFault,
    TlsProblem,
    UnusableArgument,
    blocking,
    connect,
)

SECRET: Final = "never-on-the-wire"
LOGIN: Final = Login.by_password("ted", SECRET)
HASTY: Final = Timeouts(connect_seconds=30, tls_seconds=2, command_seconds=1, login_seconds=1, update_seconds=1)
MOST_MEMORY_KIB: Final = 64 * 1024


def here(server: ScriptedServer, security: Security = Security.PLAIN, **more: object) -> Server:
    return Server(host="127.0.0.1", port=server.port, security=security, timeouts=HASTY, **more)  # type: ignore[arg-type]


# --- memory and time, in a process of its own ---------------------------------------------------------------------


def open_maildrop(peer: Peer, scan: bytes = b"1 120\r\n", unique_ids: bytes = b"1 a\r\n") -> None:
    """Let a client log in and list."""
    peer.say(b"+OK\r\n")
    peer.answer(b"+OK\r\nTOP\r\nUIDL\r\nPIPELINING\r\n.\r\n", b"+OK\r\n", b"+OK\r\n")
    peer.answer(b"+OK\r\n" + scan + b".\r\n", b"+OK\r\n" + unique_ids + b".\r\n")


def line_without_end(peer: Peer) -> None:
    peer.say_for_ever(b"+OK" + b"x" * 65536)


def capabilities_without_end(peer: Peer) -> None:
    peer.say(b"+OK\r\n")
    peer.answer(b"+OK\r\n")
    peer.say_for_ever(b"X-" + b"x" * 60 + b"\r\n")


def listing_without_end(peer: Peer) -> None:
    peer.say(b"+OK\r\n")
    peer.answer(b"-ERR\r\n", b"+OK\r\n", b"+OK\r\n", b"+OK\r\n")
    for number in itertools.count(1, 1000):
        peer.say(b"".join(b"%d 120\r\n" % n for n in range(number, number + 1000)))


def listing_of_one_line_without_end(peer: Peer) -> None:
    peer.say(b"+OK\r\n")
    peer.answer(b"-ERR\r\n", b"+OK\r\n", b"+OK\r\n", b"+OK\r\n")
    peer.say_for_ever(b"1 " + b"9" * 65536)


def listing_of_nothing_without_end(peer: Peer) -> None:
    peer.say(b"+OK\r\n")
    peer.answer(b"-ERR\r\n", b"+OK\r\n", b"+OK\r\n", b"+OK\r\n")
    peer.say_for_ever(b"\r\n" * 32768)


def unique_ids_without_end(peer: Peer) -> None:
    peer.say(b"+OK\r\n")
    peer.answer(b"-ERR\r\n", b"+OK\r\n", b"+OK\r\n", b"+OK\r\n.\r\n", b"+OK\r\n")
    for number in itertools.count(1, 100):
        peer.say(b"".join(b"%d %s\r\n" % (n, b"u" * 8000) for n in range(number, number + 100)))


def message_without_end(peer: Peer) -> None:
    open_maildrop(peer)
    peer.answer(b"+OK\r\n")
    peer.say_for_ever(b"x" * 65534 + b"\r\n")


def challenges_without_end(peer: Peer) -> None:
    peer.say(b"+OK\r\n")
    peer.answer(b"+OK\r\nSASL SCRAM-SHA-256\r\n.\r\n")
    while peer.hear():
        peer.say(b"+ " + b"A" * 12000 + b"\r\n")


def window_of_liars(peer: Peer) -> None:
    scan = b"".join(b"%d 1\r\n" % n for n in range(1, 65))
    open_maildrop(peer, scan, b"".join(b"%d u%d\r\n" % (n, n) for n in range(1, 65)))
    while peer.hear():
        peer.say(b"+OK\r\n" + b"x" * 3_000_000 + b"\r\n.\r\n")


def an_octet_a_second(peer: Peer) -> None:
    # Sped up tenfold, as the time-outs are.
    peer.say(b"+OK\r\n")
    peer.answer(b"-ERR\r\n", b"+OK\r\n", b"+OK\r\n", b"+OK\r\n")
    while True:
        peer.say(b"1")
        time.sleep(0.1)


HARMFUL: Final[dict[str, tuple[Callable[[Peer], None], str]]] = {
    "a line without end": (line_without_end, "LimitExceeded"),
    "capabilities without end": (capabilities_without_end, "LimitExceeded"),
    "a listing without end": (listing_without_end, "LimitExceeded"),
    "a listing of one line without end": (listing_of_one_line_without_end, "LimitExceeded"),
    "a listing of nothing without end": (listing_of_nothing_without_end, "LimitExceeded"),
    "unique-ids without end": (unique_ids_without_end, "LimitExceeded"),
    "a message without end": (message_without_end, "LimitExceeded"),
    "challenges without end": (challenges_without_end, "ProtocolFault"),
    "a window of messages that are longer than told": (window_of_liars, "LimitExceeded"),
    "an octet a second": (an_octet_a_second, "TimedOut"),
}

VISITOR: Final = """
import json, sys
from restante.client import ClientFault, Login, Security, Server, Timeouts, blocking

def visit(port):
    server = Server(host="127.0.0.1", port=port, security=Security.PLAIN,
                    timeouts=Timeouts(command_seconds=2, login_seconds=2, update_seconds=2))
    try:
        with blocking.connect(server, login=Login.by_password("ted", "secret")) as maildrop:
            messages = list(maildrop.messages())
            many = maildrop.read_many(messages)
            next(many)
            maildrop.noop()
            list(many)
    except ClientFault as fault:
        return type(fault).__name__

for port in map(int, sys.argv[1:]):
    fault = visit(port)
    status = open("/proc/self/status").read()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps([fault, peak]), flush=True)
"""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[str, int]]:
    """What a client in a process of its own met at each server, and its memory at the highest until then."""
    servers = [ScriptedServer(script) for script, _ in HARMFUL.values()]
    for server in servers:
        server.__enter__()
    try:
        command = [sys.executable, "-c", VISITOR, *(str(server.port) for server in servers)]
        ran = subprocess.run(command, capture_output=True, timeout=100, check=True)
    finally:
        for server in servers:
            server.__exit__(None, None, None)
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    return {name: (fault, peak) for name, (fault, peak) in zip(HARMFUL, told, strict=True)}


@pytest.mark.parametrize("name", HARMFUL)
def test_harm_ends_as_a_fault_in_bounded_memory(outcomes: dict[str, tuple[str, int]], name: str) -> None:
    fault, peak_kib = outcomes[name]
    assert fault == HARMFUL[name][1]
    assert peak_kib < MOST_MEMORY_KIB


# --- TLS ----------------------------------------------------------------------------------------------------------

CA: Final = trustme.CA()
EXPIRED: Final = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)


def context_of(
    *names: str, authority: trustme.CA = CA, not_after: datetime.datetime | None = None
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=not_after).configure_cert(context)
    return context


def self_signed_context(folder: Path) -> ssl.SSLContext:
    itself = trustme.CA()
    itself.cert_pem.write_to_path(folder / "self.pem")
    itself.private_key_pem.write_to_path(folder / "self.key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "self.pem", folder / "self.key")
    return context


@pytest.fixture
def authorities(tmp_path: Path) -> Path:
    CA.cert_pem.write_to_path(tmp_path / "authority.pem")
    return tmp_path / "authority.pem"


def under_tls(context: ssl.SSLContext) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.secure(context)
        peer.say(b"+OK\r\n")
        peer.hear_all()

    return script


def after_stls(context: ssl.SSLContext) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.answer(b"+OK\r\nSTLS\r\n.\r\n", b"+OK\r\n")
        peer.secure(context)
        peer.hear_all()

    return script


def fault_at(server: ScriptedServer, security: Security, authorities: Path | None, **more: object) -> TlsFault:
    """Connect by both faces; each has to fail in the same way, without a credential on the wire."""
    where = here(server, security, authorities=authorities, **more)
    with pytest.raises(TlsFault) as raised:
        blocking.connect(where, login=LOGIN)
    with pytest.raises(TlsFault) as raised_too:
        asyncio.run(connect(where, login=LOGIN))
    assert str(raised.value) == str(raised_too.value)
    assert_no_credential(server)
    return raised.value


def assert_no_credential(server: ScriptedServer) -> None:
    heard = bytes(server.heard)
    assert SECRET.encode() not in heard
    assert base64.b64encode(SECRET.encode())[:-4] not in heard
    assert b"PASS" not in heard
    assert b"AUTH" not in heard


@pytest.mark.rule("T5")
@pytest.mark.parametrize("secured", [under_tls, after_stls], ids=["TLS", "STLS"])
@pytest.mark.parametrize(
    ("make", "problem", "words"),
    [
        (lambda _: context_of("127.0.0.1", not_after=EXPIRED), TlsProblem.EXPIRED, "expired on 2020-01-02"),
        (
            lambda _: context_of("other.example.org"),
            TlsProblem.OTHER_NAME,
            r"is for other\.example\.org, not for 127\.0\.0\.1",
        ),
        (
            lambda _: context_of("127.0.0.1", authority=trustme.CA()),
            TlsProblem.UNKNOWN_AUTHORITY,
            "authority that is not trusted here; name a file",
        ),
        (self_signed_context, TlsProblem.SELF_SIGNED, "signed by nobody but itself; .*pin it by its fingerprint"),
    ],
    ids=["expired", "other name", "unknown authority", "self-signed"],
)
def test_a_certificate_that_is_not_right_is_told_in_plain_words(
    make: Callable[[Path], ssl.SSLContext],
    problem: TlsProblem,
    words: str,
    secured: Callable[[ssl.SSLContext], Callable[[Peer], None]],
    authorities: Path,
    tmp_path: Path,
) -> None:
    with ScriptedServer(secured(make(tmp_path))) as server:
        fault = fault_at(server, Security.TLS if secured is under_tls else Security.STLS, authorities)
    assert fault.problem is problem
    assert re.search(words, str(fault))
    assert fault.fingerprint is not None
    assert Server(host="x", fingerprint=fault.fingerprint).pinned is not None
    if problem is TlsProblem.OTHER_NAME:
        assert fault.names == ("other.example.org",)


@pytest.mark.rule("T5")
def test_a_pinned_certificate_is_trusted_by_its_fingerprint_alone(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.secure(context)
        peer.say(b"+OK\r\n")
        peer.answer(b"-ERR\r\n", b"+OK\r\n", b"+OK\r\n", b"+OK 0 0\r\n", b"+OK\r\n")

    context = self_signed_context(tmp_path)
    with ScriptedServer(script) as server:
        fault = fault_at(server, Security.TLS, None)
        pinned = here(server, Security.TLS, fingerprint=fault.fingerprint)
        with blocking.connect(pinned, login=LOGIN) as maildrop:
            assert maildrop.stat().messages == 0
    assert server.heard.endswith(b"QUIT\r\n")


@pytest.mark.rule("T5")
def test_another_certificate_than_the_pinned_one_ends_it_even_from_a_trusted_authority(authorities: Path) -> None:
    with ScriptedServer(under_tls(context_of("127.0.0.1"))) as server:
        fault = fault_at(server, Security.TLS, authorities, fingerprint="ab" * 32)
    assert fault.problem is TlsProblem.OTHER_FINGERPRINT


@pytest.mark.rule("T2")
@pytest.mark.parametrize("injected", [b"+OK injected\r\n", b"+", b"\r\n"])
def test_octets_after_the_answer_to_stls_close_the_connection(injected: bytes, authorities: Path) -> None:
    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.answer(b"+OK\r\nSTLS\r\n.\r\n", b"+OK begin\r\n" + injected)
        peer.hear_all()

    with ScriptedServer(script) as server:
        fault = fault_at(server, Security.STLS, authorities)
        assert fault.problem is TlsProblem.OCTETS_BEFORE_HANDSHAKE
    # Nothing at all was sent after STLS, no ClientHello either.
    assert server.heard == b"CAPA\r\nSTLS\r\n" * 2


@pytest.mark.rule("T2")
def test_octets_that_come_in_the_place_of_a_handshake_end_it(authorities: Path) -> None:
    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.answer(b"+OK\r\nSTLS\r\n.\r\n", b"+OK begin\r\n")
        peer.say(b"+OK logged in\r\n" * 10)
        peer.hear_all()

    with ScriptedServer(script) as server:
        assert fault_at(server, Security.STLS, authorities).problem in (
            TlsProblem.HANDSHAKE,
            TlsProblem.OCTETS_BEFORE_HANDSHAKE,
        )


@pytest.mark.rule("T5")
@pytest.mark.parametrize(
    "replies",
    [
        [b"+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n"],
        [b"+OK\r\nSTLS\r\n.\r\n", b"-ERR not now\r\n"],
        [b"-ERR\r\n", b"-ERR unknown\r\n"],
    ],
    ids=["not announced", "refused", "neither CAPA nor STLS"],
)
def test_stls_that_was_stripped_ends_the_session_before_any_credential(
    replies: list[bytes], authorities: Path
) -> None:
    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.answer(*replies)
        peer.hear_all()

    with ScriptedServer(script) as server:
        fault = fault_at(server, Security.STLS, authorities)
    assert fault.problem is TlsProblem.NOT_OFFERED


@pytest.mark.rule("T3")
def test_what_capa_said_before_tls_is_forgotten(authorities: Path) -> None:
    context = context_of("127.0.0.1")

    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.answer(b"+OK\r\nSTLS\r\nPIPELINING\r\nSASL CRAM-MD5 SCRAM-SHA-1\r\n.\r\n", b"+OK\r\n")
        peer.secure(context)
        peer.answer(
            b"+OK\r\nUSER\r\n.\r\n", b"+OK\r\n", b"+OK\r\n", b"-ERR\r\n", b"+OK\r\nTOP\r\n.\r\n", b"+OK\r\n"
        )

    with (
        ScriptedServer(script) as server,
        blocking.connect(here(server, Security.STLS, authorities=authorities), login=LOGIN) as maildrop,
    ):
        assert maildrop.session.capabilities.get("SASL") is None
        assert set(maildrop.capabilities()) == {"TOP"}


@pytest.mark.rule("T6")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_older_than_1_2_is_not_spoken(authorities: Path) -> None:
    context = context_of("127.0.0.1")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with ScriptedServer(under_tls(context)) as server:
        assert fault_at(server, Security.TLS, authorities).problem is TlsProblem.HANDSHAKE


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_greeting_in_the_same_octets_as_the_end_of_the_handshake_is_heard(
    version: ssl.TLSVersion, authorities: Path
) -> None:
    context = context_of("127.0.0.1")
    context.maximum_version = version

    def script(peer: Peer) -> None:
        peer.secure_and_say(context, b"-ERR [SYS/TEMP] heard\r\n")
        peer.hear_all()

    with ScriptedServer(script) as server, pytest.raises(TemporaryFault, match="heard"):
        blocking.connect(here(server, Security.TLS, authorities=authorities), login=LOGIN)


def silent_handshake(peer: Peer) -> None:
    peer.hear_all()


def cut_handshake(peer: Peer) -> None:
    return


def plain_greeting(peer: Peer) -> None:
    peer.say(b"+OK POP3 ready\r\n")
    peer.hear_all()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (silent_handshake, "did not finish the TLS handshake in time"),
        (cut_handshake, "in the TLS handshake"),
        (plain_greeting, "does not speak TLS from the first octet; use STLS"),
    ],
)
def test_a_handshake_that_fails_says_what_to_do(
    script: Callable[[Peer], None], words: str, authorities: Path
) -> None:
    with ScriptedServer(script) as server:
        where = here(server, Security.TLS, authorities=authorities)
        with pytest.raises(TlsFault, match=words):
            blocking.connect(where, login=LOGIN)
        with pytest.raises(TlsFault, match=words):
            asyncio.run(connect(where, login=LOGIN))


# --- both faces end the connection --------------------------------------------------------------------------------


def answer_nothing(peer: Peer) -> None:
    open_maildrop(peer)
    peer.hear_all()


def answer_nonsense(peer: Peer) -> None:
    open_maildrop(peer)
    peer.hear()
    peer.say(b"* BYE\x1b[31m\r\n")
    peer.hear_all()


def end_in_the_middle(peer: Peer) -> None:
    open_maildrop(peer)
    peer.answer(b"+OK\r\nSubject: cut\r\n\r\nbod")


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        (answer_nothing, TimedOut, "did not answer in 1 seconds"),
        (answer_nonsense, ProtocolFault, re.escape(r"* BYE\x1b[31m")),
        (end_in_the_middle, ConnectionLost, "was closed by the server"),
        (message_without_end, LimitExceeded, "raise the limit"),
    ],
)
def test_after_a_fault_of_the_line_the_connection_is_closed(
    script: Callable[[Peer], None], kind: type[ClientFault], words: str
) -> None:
    with ScriptedServer(script) as server:
        maildrop = blocking.connect(here(server), login=LOGIN)
        (message,) = maildrop.messages()
        with pytest.raises(kind, match=words):
            message.read()
        with pytest.raises(ConnectionLost, match="connect again"):
            message.read()

        async def same_by_asyncio() -> None:
            maildrop = await connect(here(server), login=LOGIN)
            (message,) = [message async for message in maildrop.messages()]
            with pytest.raises(kind, match=words):
                await message.read()
            with pytest.raises(ConnectionLost, match="connect again"):
                await message.read()

        asyncio.run(same_by_asyncio())
    assert b"QUIT" not in server.heard


@pytest.mark.rule("S6")
def test_a_lost_connection_says_how_many_marks_were_lost() -> None:
    def script(peer: Peer) -> None:
        open_maildrop(peer, b"1 1\r\n2 1\r\n", b"1 a\r\n2 b\r\n")
        peer.answer(b"+OK\r\n")
        peer.answer(b"+OK\r\n")
        peer.hear()

    with ScriptedServer(script) as server:
        maildrop = blocking.connect(here(server), login=LOGIN)
        for message in maildrop.messages():
            message.mark_deleted()
        with pytest.raises(ConnectionLost, match="2 deletion marks are lost") as raised:
            maildrop.noop()
    assert raised.value.marks_lost == 2


async def test_a_task_that_is_cancelled_in_the_middle_closes_the_connection() -> None:
    with ScriptedServer(answer_nothing) as server:
        maildrop = await connect(here(server), login=LOGIN)
        (message,) = [message async for message in maildrop.messages()]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await message.read()
        with pytest.raises(ConnectionLost):
            await maildrop.noop()


# --- what may not go out ------------------------------------------------------------------------------------------


@pytest.mark.rule("M4")
@pytest.mark.parametrize("evil", ["x\r\nDELE 1", "x\nQUIT", "x\0", "x" * 300])
@pytest.mark.parametrize("mechanism", ["USER", "APOP"])
def test_no_argument_makes_a_second_command(evil: str, mechanism: str) -> None:
    def script(peer: Peer) -> None:
        peer.say(b"+OK <1896.697170952@dbc.mtview.ca.us>\r\n")
        peer.answer(b"-ERR\r\n")
        peer.hear_all()

    with ScriptedServer(script) as server:
        with pytest.raises(UnusableArgument):
            blocking.connect(here(server), login=Login.by_password(evil, "secret", mechanism=mechanism))
        if mechanism == "USER":
            with pytest.raises(UnusableArgument):
                blocking.connect(here(server), login=Login.by_password("ted", evil, mechanism=mechanism))
    assert set(bytes(server.heard).split(b"\r\n")) == {b"CAPA", b""}


@pytest.mark.rule("A7")
@pytest.mark.parametrize(
    "greeting",
    [
        b"+OK",
        b"+OK <no at sign>",
        b"+OK <a@b\x80c>",
        b"+OK <@b>",
        b"+OK <a@>",
        b"+OK <a b@c>",
        b"+OK <" + b"a" * 300 + b"@b>",
        b"+OK a@b",
    ],
)
def test_apop_needs_a_timestamp_that_is_a_msg_id(greeting: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.say(greeting + b"\r\n")
        peer.answer(b"-ERR\r\n")
        peer.hear_all()

    with ScriptedServer(script) as server:
        with pytest.raises(LoginImpossible, match="without a timestamp"):
            blocking.connect(here(server), login=Login.by_password("ted", SECRET, mechanism="APOP"))
        assert_no_credential(server)
