"""STARTTLS and AUTH on the doors through which mail comes in, octet by octet, without sockets."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from tests.delivery.rig import OPS, TED, Client, Rig, codes, settle
from tests.sasl.acting import World, ted

from restante.accounts.throttle import Throttle
from restante.delivery.limits import DoorLimits
from restante.delivery.services import LoginRequired
from restante.doors.gate import Places
from restante.doors.security import Plaintext, Security
from restante.doors.sessions import MailState
from restante.ports.accounts import AccountFault, Judgement, RefusalReason
from restante.ports.events import (
    CommandReceived,
    Door,
    FaultMet,
    LoginDeferred,
    LoginRefused,
    MailSessionEnded,
    Outcome,
    ReplySent,
    SenderLoggedIn,
    TlsFailed,
)
from restante.sasl.registry import ClientMaterial, find
from restante.sasl.scram import ENTROPY_OCTETS
from restante.sasl.terms import Request, TokenDenied

CA = trustme.CA()
NAME = "mx.example.org"


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert(NAME).configure_cert(context)
    return context


CONTEXT = server_context()
SECURITY = Security(tls=CONTEXT)


class TlsClient:
    """A client's TLS over a link in memory."""

    def __init__(self, client: Client) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        CA.configure_trust(context)
        self.client = client
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=NAME)

    def hello(self) -> bytes:
        """Give the ClientHello."""
        with suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        return self._outgoing.read()

    async def shake_hands(self, first: bytes | None = None) -> None:
        self.client.feed(self.hello() if first is None else first)
        while True:
            await settle()
            self._take()
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self.client.feed(self._outgoing.read())
            else:
                self.client.feed(self._outgoing.read())
                await settle()
                return

    async def say(self, *commands: str) -> list[bytes]:
        self._tls.write("".join(command + "\r\n" for command in commands).encode())
        self.client.feed(self._outgoing.read())
        await settle()
        return self.replies()

    def replies(self) -> list[bytes]:
        self._take()
        plain = b""
        with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError, ssl.SSLEOFError):
            while part := self._tls.read(65536):
                plain += part
        return plain.split(b"\r\n")[:-1]

    def _take(self) -> None:
        written, self.client.transport.written = self.client.transport.written, b""
        self._incoming.write(written)


async def under_tls(rig: Rig, *, lmtp: bool = False) -> TlsClient:
    client = await (rig.lmtp() if lmtp else rig.smtp())
    assert codes(await client.say("STARTTLS")) == [b"220"]
    tls = TlsClient(client)
    await tls.shake_hands()
    return tls


def plain(name: str, password: str) -> str:
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@contextmanager
def no_faults(rig: Rig) -> Iterator[None]:
    yield
    assert rig.heard.of(FaultMet) == []


# --- STARTTLS ---


@pytest.mark.parametrize("lmtp", [False, True])
async def test_starttls_is_announced_before_tls_and_not_under_it(lmtp: bool) -> None:
    rig, hello = Rig(security=SECURITY), "LHLO c" if lmtp else "EHLO c"
    client = await (rig.lmtp() if lmtp else rig.smtp())
    assert b"250-STARTTLS" in await client.say(hello)
    assert codes(await client.say("STARTTLS now")) == [b"501"]
    tls = await under_tls(rig, lmtp=lmtp)
    lines = await tls.say(hello)
    assert b"250-STARTTLS" not in lines
    assert any(line.startswith(b"250-AUTH ") for line in lines) is not lmtp
    assert codes(await tls.say("STARTTLS")) == [b"503"]


@pytest.mark.parametrize("lmtp", [False, True])
async def test_without_a_certificate_there_is_no_starttls(lmtp: bool) -> None:
    client = await (Rig().lmtp() if lmtp else Rig().smtp())
    assert b"250-STARTTLS" not in await client.say("LHLO c" if lmtp else "EHLO c")
    assert codes(await client.say("STARTTLS")) == [b"500"]


@pytest.mark.rule("T2")
async def test_what_was_said_before_tls_is_forgotten() -> None:
    rig = Rig(security=Security(tls=CONTEXT, plaintext=Plaintext.ALWAYS))
    client = await rig.smtp()
    assert codes(await client.say(f"AUTH PLAIN {plain('ted', 'secret')}", "MAIL FROM:<a@b.example>")) == [
        b"235",
        b"250",
    ]
    assert codes(await client.say("RCPT TO:<ted>", "STARTTLS")) == [b"250", b"220"]
    tls = TlsClient(client)
    await tls.shake_hands()
    (info,) = rig.smtp_door.sessions()
    assert (info.account, info.state) == (None, MailState.GREETING)
    assert codes(await tls.say("DATA", "MAIL FROM:<a@b.example>", "RCPT TO:<ted>")) == [b"503", b"503", b"503"]
    assert codes(await tls.say("EHLO c", "DATA", "RCPT TO:<ted>")) == [b"250", b"503", b"503"]


@pytest.mark.rule("T2")
@pytest.mark.parametrize("lmtp", [False, True])
@pytest.mark.parametrize("behind", [b"RSET\r\n", b"R", b"\r\n", b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n"])
async def test_octets_that_came_with_starttls_are_never_run(behind: bytes, lmtp: bool) -> None:
    rig = Rig(security=SECURITY, wants_wire=True)
    client = await (rig.lmtp() if lmtp else rig.smtp())
    before = len(rig.heard.of(CommandReceived))
    (reply,) = await client.send(b"STARTTLS\r\n" + behind)
    assert reply.startswith(b"421 4.7.0 ")
    assert client.transport.closed
    assert [event.line for event in rig.heard.of(CommandReceived)][before:] == [b"STARTTLS"]
    (ended,) = rig.heard.of(MailSessionEnded)
    assert ended.outcome is Outcome.TOO_EARLY_FOR_TLS
    assert len(rig.smtp_door) == len(rig.smtp_door.gate) == 0


@pytest.mark.rule("T2")
async def test_octets_that_come_behind_the_answer_are_a_handshake_that_is_none() -> None:
    rig = Rig(security=SECURITY, wants_wire=True)
    client = await rig.smtp()
    assert codes(await client.say("STARTTLS")) == [b"220"]
    client.feed(b"MAIL FROM:<a@b.example>\r\n" + TlsClient(client).hello())
    await settle()
    assert client.transport.closed
    assert client.transport.written[:1] in {b"", b"\x15"}, "a TLS alert at the most"
    (failed,) = rig.heard.of(TlsFailed)
    assert (failed.session, failed.door.value, failed.peer) == ("s1", "smtp", "192.0.2.1")
    (ended,) = rig.heard.of(MailSessionEnded)
    assert ended.outcome is Outcome.TLS_FAILED
    assert len(rig.smtp_door) == len(rig.smtp_door.gate) == 0


async def test_commands_before_starttls_in_the_same_piece_are_answered_in_the_clear() -> None:
    rig = Rig(security=SECURITY)
    client = await rig.smtp()
    assert codes(await client.say("NOOP", "RSET", "STARTTLS")) == [b"250", b"250", b"220"]
    await TlsClient(client).shake_hands()


async def test_a_handshake_in_single_octets_is_as_good() -> None:
    rig = Rig(security=SECURITY)
    client = await rig.smtp("STARTTLS")
    tls = TlsClient(client)
    hello = tls.hello()
    for octet in hello[:-1]:
        client.feed(bytes([octet]))
    await tls.shake_hands(hello[-1:])
    assert codes(await tls.say("EHLO c")) == [b"250"]


@pytest.mark.parametrize(
    ("lmtp", "login", "protocol"), [(False, False, b"ESMTPS"), (False, True, b"ESMTPSA"), (True, False, b"LMTPS")]
)
async def test_the_trace_says_how_the_message_came(lmtp: bool, login: bool, protocol: bytes) -> None:
    rig = Rig(security=SECURITY)
    tls = await under_tls(rig, lmtp=lmtp)
    await tls.say("LHLO c" if lmtp else "EHLO c")
    if login:
        assert codes(await tls.say(f"AUTH PLAIN {plain('ted', 'secret')}")) == [b"235"]
    await tls.say("MAIL FROM:<a@b.example>", "RCPT TO:<ted>", "DATA")
    assert codes(await tls.say("x", ".")) == [b"250"]
    (message,) = rig.store.messages()
    assert b"with " + protocol + b" id s1.1" in message
    assert b"for <ted> tls TLS_AES_256_GCM_SHA384;" in message


async def test_a_shutdown_in_the_middle_of_a_handshake_ends_it_with_the_handshake() -> None:
    rig = Rig(security=SECURITY)
    client = await rig.smtp("STARTTLS")
    (session,) = [info.id for info in rig.smtp_door.sessions()]
    assert rig.smtp_door.end(session)
    tls = TlsClient(client)
    await tls.shake_hands()
    assert codes(tls.replies()) == [b"421"]
    assert client.transport.closed


async def test_tls_from_the_first_octet_greets_under_tls_only() -> None:
    rig = Rig(security=SECURITY)
    client = Client(rig.smtp_door, protocol=rig.smtp_door.protocol_under_tls())
    await settle()
    assert client.transport.written == b""
    tls = TlsClient(client)
    await tls.shake_hands()
    assert codes(tls.replies()) == [b"220"]
    assert b"250-STARTTLS" not in await tls.say("EHLO c")


# --- AUTH ---


async def test_no_password_is_taken_over_an_open_line() -> None:
    rig = Rig(security=SECURITY)
    client = await rig.smtp()
    assert not any(line.startswith(b"250-AUTH") for line in await client.say("EHLO c"))
    for mechanism in ("PLAIN", "LOGIN"):
        (reply,) = await client.say(f"AUTH {mechanism} {plain('ted', 'secret')}")
        assert reply.startswith(b"538 5.7.11 ")
    local = Client(rig.smtp_door, ("127.0.0.1", 1))
    assert b"250-AUTH PLAIN LOGIN" in await local.say("EHLO c")
    assert codes(await local.say(f"AUTH PLAIN {plain('ted', 'secret')}")) == [b"235"]


@pytest.mark.parametrize(
    "lines",
    [
        [f"AUTH PLAIN {plain('ted', 'secret')}"],
        [f"auth plain {plain('ted', 'secret')}"],
        ["AUTH PLAIN", plain("ted", "secret")],
        ["AUTH LOGIN", encoded("ted"), encoded("secret")],
        [f"AUTH LOGIN {encoded('ted')}", encoded("secret")],
    ],
)
async def test_a_login_by_plain_and_by_login_is_accepted_and_told(lines: list[str]) -> None:
    rig = Rig(security=SECURITY, wants_wire=True)
    tls = await under_tls(rig)
    await tls.say("EHLO c")
    replies = [(await tls.say(line))[-1] for line in lines]
    assert codes(replies) == [b"334"] * (len(lines) - 1) + [b"235"]
    (told,) = rig.heard.of(SenderLoggedIn)
    assert (told.account, told.mechanism) == ("ted", lines[0].split()[1].upper())
    assert [info.account for info in rig.smtp_door.sessions()] == ["ted"]
    assert codes(await tls.say(lines[0], "MAIL FROM:<a@b.example> AUTH=<>", "AUTH PLAIN")) == [
        b"503",
        b"250",
        b"503",
    ]
    wire = b"\n".join(event.line for event in rig.heard.of(CommandReceived, ReplySent))
    assert b"secret" not in wire
    assert encoded("secret").encode() not in wire
    assert plain("ted", "secret").encode() not in wire


async def test_refused_logins_are_told_apart_in_the_log_only() -> None:
    rig = Rig(security=SECURITY)
    tls = await under_tls(rig)
    await tls.say("EHLO c")
    wrong = await tls.say(f"AUTH PLAIN {plain('ted', 'nonsense')}")
    unknown = await tls.say(f"AUTH PLAIN {plain('nobody', 'nonsense')}")
    assert wrong == unknown
    assert wrong[0].startswith(b"535 5.7.8 ")
    assert [event.reason for event in rig.heard.of(LoginRefused)] == [
        RefusalReason.WRONG_PASSWORD,
        RefusalReason.UNKNOWN_NAME,
    ]
    assert codes(await tls.say(f"AUTH PLAIN {plain('ted', 'secret')}")) == [b"235"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["AUTH PLAIN", "*"], b"501 5.7.0"),
        (["AUTH PLAIN", "no base64!"], b"501 5.5.2"),
        (["AUTH PLAIN no=base64"], b"501 5.5.2"),
        (["AUTH PLAIN =", "x"], b"501 5.5.4"),
        (["AUTH PLAIN", encoded("no nul in it")], b"501 5.5.4"),
        (["AUTH PLAIN", "A" * 17_000], b"500 5.5.6"),
        (["AUTH PLAIN " + "A" * 17_000], b"500 5.5.2"),
        (["AUTH"], b"504 5.5.4"),
        (["AUTH NONSENSE"], b"504 5.5.4"),
        (["AUTH EXTERNAL ="], b"504 5.5.4"),
    ],
)
async def test_an_exchange_that_goes_wrong_has_its_reply_and_the_session_goes_on(
    lines: list[str], code: bytes
) -> None:
    rig = Rig(security=SECURITY)
    with no_faults(rig):
        tls = await under_tls(rig)
        await tls.say("EHLO c")
        replies = [reply for line in lines for reply in await tls.say(line)]
        assert any(reply.startswith(code + b" ") for reply in replies), replies
        assert codes(await tls.say("RSET", f"AUTH PLAIN {plain('ted', 'secret')}")) == [b"250", b"235"]


async def test_auth_comes_after_the_greeting_and_not_by_lmtp() -> None:
    rig = Rig(security=SECURITY)
    assert codes(await (await under_tls(rig)).say(f"AUTH PLAIN {plain('ted', 'secret')}")) == [b"503"]
    tls = await under_tls(rig, lmtp=True)
    assert codes(await tls.say("LHLO c", f"AUTH PLAIN {plain('ted', 'secret')}")) == [b"250", b"500"]


async def test_failed_logins_slow_down_the_address_as_at_pop3() -> None:
    rig = Rig(security=SECURITY, throttle=Throttle(clock=lambda: 0.0, place_of=Places()))
    tls = await under_tls(rig)
    await tls.say("EHLO c")
    for number in range(4):
        assert codes(await tls.say(f"AUTH PLAIN {plain('ted', f'wrong {number}')}")) == [b"535"]
    assert rig.delays == sorted(rig.delays)
    assert len(rig.delays) >= 3


async def test_a_login_that_cannot_be_judged_is_deferred() -> None:
    rig = Rig(security=SECURITY)
    tls = await under_tls(rig)
    await tls.say("EHLO c")

    def fail(_: object) -> None:
        raise AccountFault("the database is away")

    rig.judge.judge = fail  # type: ignore[method-assign,assignment]  # a database that fails
    (reply,) = await tls.say(f"AUTH PLAIN {plain('ted', 'secret')}")
    assert reply.startswith(b"454 4.7.0 ")
    assert [event.reason for event in rig.heard.of(LoginDeferred)] == ["the database is away"]


async def test_sessions_of_one_account_have_a_limit() -> None:
    rig = Rig(security=SECURITY, limits=DoorLimits(connections_per_account=1))
    login = f"AUTH PLAIN {plain('ted', 'secret')}"
    for code in (b"235", b"454"):
        tls = await under_tls(rig)
        assert codes(await tls.say("EHLO c", login)) == [b"250", code]


async def test_where_a_login_is_required_nobody_else_sends() -> None:
    rig = Rig(security=SECURITY, login_required=LoginRequired.ALWAYS)
    client = await rig.smtp()
    (reply,) = await client.say("MAIL FROM:<a@b.example>")
    assert reply.startswith(b"530 5.7.0 ")
    assert b"begin TLS" in reply
    tls = await under_tls(rig)
    await tls.say("EHLO c")
    (reply,) = await tls.say("MAIL FROM:<a@b.example>")
    assert reply.startswith(b"530 5.7.0 ")
    assert codes(await tls.say(f"AUTH PLAIN {plain('ted', 'secret')}", "MAIL FROM:<a@b.example>")) == [
        b"235",
        b"250",
    ]
    # Who logged in reaches the accounts here and nobody else.
    assert codes(await tls.say("RCPT TO:<x@elsewhere.net>", "RCPT TO:<ops>")) == [b"550", b"250"]
    lmtp = await rig.lmtp()
    assert codes(await lmtp.say("MAIL FROM:<a@b.example>")) == [b"250"]


async def test_by_default_a_login_is_required_where_tls_begins_with_the_first_octet() -> None:
    rig = Rig(security=SECURITY, login_required=LoginRequired.SMTPS)
    assert codes(await (await rig.smtp()).say("MAIL FROM:<a@b.example>")) == [b"250"]
    tls = TlsClient(Client(rig.smtp_door, protocol=rig.smtp_door.protocol_under_tls()))
    await tls.shake_hands()
    assert codes(await tls.say("EHLO c", "MAIL FROM:<a@b.example>"))[-1:] == [b"530"]


@given(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), max_size=6))
async def test_no_line_of_an_exchange_makes_a_fault(lines: list[bytes]) -> None:
    rig = Rig(security=Security(plaintext=Plaintext.ALWAYS), limits=DoorLimits(errors=1_000))
    with no_faults(rig):
        client = await rig.smtp()
        for line in lines:
            await client.send(b"AUTH LOGIN\r\n" + line + b"\r\n*\r\n*\r\n")
        assert codes(await client.say("NOOP")) == [b"250"]
    assert rig.store.messages(TED) == rig.store.messages(OPS) == []


# --- tokens and SCRAM ---


@pytest.mark.rule("A5", "C12")
@pytest.mark.parametrize("end", [b"AQ==\r\n", b"*\r\n", None])
async def test_a_token_that_was_denied_is_a_failed_login_though_the_client_hangs_up(end: bytes | None) -> None:
    def deny(_: object) -> Judgement:
        return Judgement(answer=TokenDenied(), claimed="ted", reason=RefusalReason.WRONG_TOKEN)

    throttle = Throttle(clock=lambda: 0.0, place_of=Places())
    rig = Rig(security=Security(mechanisms=("OAUTHBEARER",), plaintext=Plaintext.ALWAYS), throttle=throttle)
    rig.judge.judge = deny  # type: ignore[method-assign,assignment]  # an issuer that denies
    client = await rig.smtp()
    token = base64.b64encode(b"n,,\1auth=Bearer t\1\1").decode()
    assert codes(await client.say(f"AUTH OAUTHBEARER {token}")) == [b"334"]
    if end is None:
        await client.end()
    else:
        assert codes(await client.send(end)) == [b"535"]
    told = [(each.name, each.mechanism, each.reason, each.door) for each in rig.heard.of(LoginRefused)]
    assert told == [("ted", "OAUTHBEARER", RefusalReason.WRONG_TOKEN, Door.SMTP)]


@pytest.mark.rule("A6")
@pytest.mark.parametrize(("password", "code"), [("SECRET", b"235"), ("nonsense", b"535")])
async def test_a_login_by_scram_is_judged_by_its_proof(password: str, code: bytes) -> None:
    world = World()

    def judge(request: Request) -> Judgement:
        return Judgement(answer=world.answer(request), claimed="ted", account=TED)

    rig = Rig(security=Security(tls=CONTEXT, mechanisms=("SCRAM-SHA-256",)))
    rig.judge.judge = judge  # type: ignore[method-assign]  # a directory with keys
    tls = await under_tls(rig)
    await tls.say("EHLO c")
    mechanism = find("SCRAM-SHA-256")
    assert mechanism is not None
    scram = mechanism.client(ClientMaterial(credentials=ted(password), entropy=bytes(range(ENTROPY_OCTETS))))
    (reply,) = await tls.say(f"AUTH SCRAM-SHA-256 {base64.b64encode(scram.start() or b'').decode()}")
    while reply.startswith(b"334 "):
        response = scram.respond(base64.b64decode(reply.removeprefix(b"334 ")))
        (reply,) = await tls.say(base64.b64encode(response).decode())
    assert codes([reply]) == [code]
    if code == b"235":
        scram.finished()
