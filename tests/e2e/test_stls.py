"""STLS and implicit TLS over real sockets, on both event loops: nothing of before TLS lives on under it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from tests.e2e.tls_client import (
    BEHIND,
    SPOILERS,
    Client,
    Run,
    client_context,
    run_fixture,
    server_context,
    turns,
    until,
)

from restante.doors.security import Plaintext, Security
from restante.ports.accounts import Verdict
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Event,
    FaultMet,
    Outcome,
    SessionEnded,
    TlsFailed,
)
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret
from restante.server.limits import Limits
from restante.server.pop3 import Pop3Server
from restante.server.services import Services
from restante.stores.memory import MemoryStore
from restante.testing.link import RecordingListener, ScriptedAuthenticator

run = run_fixture


class Pop3Client(Client):
    """The same, with what only POP3 has."""

    async def capabilities(self) -> set[bytes]:
        assert (await self.say("CAPA")).startswith(b"+OK")
        found = set()
        while (line := await self.line()) != b".":
            found.add(line.partition(b" ")[0])
        return found

    async def begin_stls(self) -> None:
        """Say STLS and shake hands."""
        assert (await self.say("STLS")).startswith(b"+OK")
        await self.shake_hands()


@dataclass
class Rig:
    """A POP3 server on loopback."""

    server: Pop3Server
    told: RecordingListener
    address: tuple[str, int]
    stray: list[dict[str, Any]]  # Any: what the event loop says of errors that nobody took
    clients: list[Pop3Client] = field(default_factory=list)

    async def connect(self) -> Pop3Client:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Pop3Client(sock)
        self.clients.append(client)
        await asyncio.get_running_loop().sock_connect(sock, self.address)
        return client

    async def greeted(self) -> Pop3Client:
        client = await self.connect()
        assert (await client.line()).startswith(b"+OK")
        return client

    def events(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.told.events if isinstance(event, kinds)]

    def commands(self) -> list[bytes]:
        return [event.line for event in self.told.events if isinstance(event, CommandReceived)]

    async def outcome(self) -> Outcome:
        """Wait for the end of a session, and give how it was."""
        await until(lambda: bool(self.events(SessionEnded)))
        (ended,) = self.events(SessionEnded)
        assert isinstance(ended, SessionEnded)
        return ended.outcome

    async def is_empty(self) -> None:
        """Wait until nobody is counted in, and hold that nothing went wrong on the way."""
        await until(lambda: len(self.server) == 0 and len(self.server.gate) == 0)
        assert self.stray == []
        assert self.events(FaultMet) == []


class LateAuthenticator(ScriptedAuthenticator):
    """Lets everybody wait for its verdict."""

    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        async def wait() -> Verdict:
            await asyncio.sleep(0)
            verdict = super(LateAuthenticator, self).verify_password(name, password)
            assert not isinstance(verdict, Later)
            return verdict

        return Later(wait())


@asynccontextmanager
async def serving(
    security: Security,
    *,
    implicit: bool = False,
    authenticator: type[ScriptedAuthenticator] = ScriptedAuthenticator,
) -> AsyncIterator[Rig]:
    loop = asyncio.get_running_loop()
    stray: list[dict[str, Any]] = []  # Any: as in Rig
    loop.set_exception_handler(lambda _loop, context: stray.append(context))
    told = RecordingListener(wants_wire=True)
    server = Pop3Server(
        Services(
            store=MemoryStore(),
            authenticator=authenticator({"Ted": b"SECRET"}),
            tell=told,
            limits=Limits(),
            security=security,
            hostname="pop.example.org",
            implementation="Restante-test",
        )
    )
    server.start()
    make = server.protocol_under_tls if implicit else server.protocol
    listener = await loop.create_server(make, "127.0.0.1", 0)
    rig = Rig(server, told, listener.sockets[0].getsockname()[:2], stray)
    try:
        yield rig
    finally:
        for client in rig.clients:
            client.socket.close()
        listener.close()
        await server.stop(5)


SECURITY: Final = Security(tls=server_context(), plaintext=Plaintext.TLS)


@pytest.mark.rule("T1", "T3", "T4", "C10")
def test_stls_is_announced_and_taken_before_a_login_in_the_clear_and_nowhere_else(run: Run) -> None:
    async def session() -> None:
        async with serving(SECURITY) as rig:
            client = await rig.greeted()
            before = await client.capabilities()
            assert b"STLS" in before
            assert b"USER" not in before
            assert (await client.say("USER Ted")).startswith(b"-ERR")
            await client.begin_stls()
            after = await client.capabilities()
            assert b"STLS" not in after
            assert {b"USER", b"SASL"} <= after
            assert (await client.say("STLS")).startswith(b"-ERR")
            assert (await client.say("USER Ted")).startswith(b"+OK")
            assert (await client.say("PASS SECRET")).startswith(b"+OK")
            assert (await client.say("STLS")).startswith(b"-ERR")
            assert b"STLS" not in await client.capabilities()
            assert (await client.say("QUIT")).startswith(b"+OK")
            assert await client.rest() == b""
            assert await rig.outcome() is Outcome.QUIT
            await rig.is_empty()

    run(session())


@pytest.mark.rule("T1")
def test_stls_is_refused_after_a_login_in_the_clear_and_where_there_is_no_certificate(run: Run) -> None:
    async def session() -> None:
        async with serving(Security(tls=SECURITY.tls)) as rig:
            client = await rig.greeted()
            for command in ("USER Ted", "PASS SECRET"):
                assert (await client.say(command)).startswith(b"+OK")
            assert (await client.say("STLS")).startswith(b"-ERR")
            assert (await client.say("STAT")).startswith(b"+OK")
        async with serving(Security()) as rig:
            client = await rig.greeted()
            assert b"STLS" not in await client.capabilities()
            assert (await client.say("STLS")).startswith(b"-ERR")
            assert (await client.say("USER Ted")).startswith(b"+OK")

    run(session())


@pytest.mark.rule("T1")
def test_stls_in_one_segment_with_a_login_that_is_waited_for_begins_tls(run: Run) -> None:
    async def session() -> None:
        async with serving(Security(tls=SECURITY.tls), authenticator=LateAuthenticator) as rig:
            client = await rig.greeted()
            await client.send(b"USER Ted\r\nPASS WRONG\r\nSTLS\r\n")
            assert [(await client.line())[:4].strip() for _ in range(3)] == [b"+OK", b"-ERR", b"+OK"]
            await client.shake_hands()
            for command in ("USER Ted", "PASS SECRET", "STAT"):
                assert (await client.say(command)).startswith(b"+OK")

    run(session())


@pytest.mark.rule("T1", "T2")
def test_a_name_given_before_tls_is_forgotten_and_the_state_is_authorization(run: Run) -> None:
    async def session() -> None:
        async with serving(Security(tls=SECURITY.tls)) as rig:
            client = await rig.greeted()
            assert (await client.say("USER Ted")).startswith(b"+OK")
            await client.begin_stls()
            assert (await client.say("PASS SECRET")).startswith(b"-ERR")
            assert (await client.say("STAT")).startswith(b"-ERR")
            for command in ("USER Ted", "PASS SECRET", "STAT"):
                assert (await client.say(command)).startswith(b"+OK")

    run(session())


@pytest.mark.rule("T2")
@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
@pytest.mark.parametrize("delay", [0, 1, 2, 5, 20])
def test_octets_behind_stls_are_never_run_wherever_they_are_cut_and_whenever_they_come(
    run: Run, behind: bytes, delay: int
) -> None:
    """Those that come in time with STLS end the connection; those that come later are a handshake that is none."""
    octets = b"STLS\r\n" + behind

    async def one(cut: int) -> None:
        async with serving(Security(tls=SECURITY.tls, tls_handshake_seconds=0.2)) as rig:
            client = await rig.greeted()
            await client.send(octets[:cut])
            await turns(delay)
            with suppress(ConnectionError):
                await client.send(octets[cut:])
            answer, _, after = (await client.rest()).partition(b"\r\n")
            assert answer == b"" or answer.startswith(b"+OK begin TLS")
            assert after == b"" or after[0] == 0x15, "a TLS alert at the most"
            assert await rig.outcome() in {Outcome.TOO_EARLY_FOR_TLS, Outcome.TLS_FAILED}
            assert rig.commands() == [b"STLS"]
            await rig.is_empty()

    async def every_cut() -> None:
        for cut in range(1, len(octets) + 1):
            if octets[:cut] != octets or delay == 0:
                await one(cut)

    run(every_cut())


@pytest.mark.rule("T2")
@pytest.mark.parametrize("delay", [0, 1, 5])
def test_a_command_slipped_in_before_a_real_handshake_never_runs_under_tls(run: Run, delay: int) -> None:
    """The attack itself (CVE-2011-0411): octets in the clear, then the victim's own ClientHello."""

    async def attack(together: bool) -> None:
        async with serving(Security(tls=SECURITY.tls)) as rig:
            client = await rig.greeted()
            hello = client.begin()
            pieces = [b"STLS\r\nUSER Ted\r\nPASS SECRET\r\n" + hello]
            if not together:
                pieces = [b"STLS\r\n", b"USER Ted\r\nPASS SECRET\r\n", hello]
            with suppress(ConnectionError):
                for piece in pieces:
                    await client.send_raw(piece)
                    await turns(delay)
            client.tls = None
            came = await client.rest()
            assert came.count(b"+OK") <= 1
            assert await rig.outcome() in {Outcome.TOO_EARLY_FOR_TLS, Outcome.TLS_FAILED}
            assert rig.commands() == [b"STLS"]
            await rig.is_empty()

    async def both() -> None:
        await attack(True)
        await attack(False)

    run(both())


@pytest.mark.rule("T2", "L10")
def test_commands_before_stls_in_the_same_piece_are_answered_in_the_clear(run: Run) -> None:
    async def session() -> None:
        async with serving(Security(tls=SECURITY.tls)) as rig:
            client = await rig.greeted()
            await client.send(b"USER Ted\r\nNONSENSE\r\nSTLS\r\n")
            answers = [await client.line() for _ in range(3)]
            assert [answer[:3] for answer in answers] == [b"+OK", b"-ER", b"+OK"]
            await client.shake_hands()
            assert (await client.say("PASS SECRET")).startswith(b"-ERR")

    run(session())


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_handshake_octet_by_octet_is_as_good_as_one_in_large_pieces(
    run: Run, version: ssl.TLSVersion, implicit: bool
) -> None:
    async def session() -> None:
        async with serving(SECURITY, implicit=implicit) as rig:
            client = await (rig.connect() if implicit else rig.greeted())
            if not implicit:
                assert (await client.say("STLS")).startswith(b"+OK")
            for octet in client.begin(client_context(version)):
                await client.send_raw(bytes([octet]))
                await turns(1)
            for octet in await client.finish():
                await client.send_raw(bytes([octet]))
                await turns(1)
            if implicit:
                assert (await client.line()).startswith(b"+OK")
            assert b"USER" in await client.capabilities()

    run(session())


@pytest.mark.rule("L10")
@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_commands_that_come_with_the_last_octets_of_the_handshake_are_answered(
    run: Run, version: ssl.TLSVersion, implicit: bool
) -> None:
    async def session() -> None:
        async with serving(SECURITY, implicit=implicit) as rig:
            client = await (rig.connect() if implicit else rig.greeted())
            if not implicit:
                assert (await client.say("STLS")).startswith(b"+OK")
            await client.send_raw(client.begin(client_context(version)))
            last = await client.finish()
            assert client.tls is not None
            client.tls.write(b"USER Ted\r\nPASS SECRET\r\nQUIT\r\n")
            await client.send_raw(last + client.outgoing.read())
            lines = (await client.rest()).splitlines()
            assert [line[:3] for line in lines] == [b"+OK"] * (4 if implicit else 3)
            assert await rig.outcome() is Outcome.QUIT
            await rig.is_empty()

    run(session())


@pytest.mark.rule("T1", "T4")
def test_implicit_tls_greets_under_tls_and_neither_offers_nor_takes_stls(run: Run) -> None:
    async def session() -> None:
        async with serving(SECURITY, implicit=True) as rig:
            client = await rig.connect()
            await client.shake_hands()
            assert (await client.line()).startswith(b"+OK")
            found = await client.capabilities()
            assert b"STLS" not in found
            assert b"USER" in found
            assert (await client.say("STLS")).startswith(b"-ERR")
            assert (await client.say("QUIT")).startswith(b"+OK")
            assert await client.rest() == b""
            assert await rig.outcome() is Outcome.QUIT
            await rig.is_empty()

    run(session())


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS)
def test_a_handshake_that_goes_wrong_is_told_once_and_leaves_nobody_counted_in(
    run: Run, spoil: Callable[[Client], Awaitable[None]], implicit: bool
) -> None:
    async def session() -> None:
        security = Security(tls=SECURITY.tls, tls_handshake_seconds=0.3)
        async with serving(security, implicit=implicit) as rig:
            client = await (rig.connect() if implicit else rig.greeted())
            if not implicit:
                assert (await client.say("STLS")).startswith(b"+OK")
            await spoil(client)
            await until(lambda: bool(rig.events(TlsFailed)))
            await rig.is_empty()
            (failed,) = rig.events(TlsFailed)
            assert isinstance(failed, TlsFailed)
            assert failed.peer == "127.0.0.1"
            assert failed.reason not in {"", "None", "NoneType"}
            assert rig.commands() == ([] if implicit else [b"STLS"])
            if implicit:
                assert rig.events(ConnectionOpened, SessionEnded) == []
            else:
                assert await rig.outcome() is Outcome.TLS_FAILED

    run(session())


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("how", ["close_notify", "end", "reset"])
def test_a_client_that_leaves_right_after_the_handshake_leaves_nobody_counted_in(
    run: Run, how: str, implicit: bool
) -> None:
    async def session() -> None:
        async with serving(SECURITY, implicit=implicit) as rig:
            client = await (rig.connect() if implicit else rig.greeted())
            if not implicit:
                assert (await client.say("STLS")).startswith(b"+OK")
            await client.send_raw(client.begin())
            last = await client.finish()
            assert client.tls is not None
            if how == "close_notify":
                with suppress(ssl.SSLWantReadError):
                    client.tls.unwrap()
                last += client.outgoing.read()
            await client.send_raw(last)
            if how == "end":
                client.socket.shutdown(socket.SHUT_WR)
            elif how == "reset":
                client.reset()
            assert await rig.outcome() in {Outcome.DISCONNECTED, Outcome.TLS_FAILED}
            await rig.is_empty()

    run(session())


def test_a_client_that_ends_its_tls_in_the_middle_of_a_session_ends_it(run: Run) -> None:
    async def session() -> None:
        async with serving(SECURITY, implicit=True) as rig:
            client = await rig.connect()
            await client.shake_hands()
            for command in ("", "USER Ted", "PASS SECRET"):
                assert (await (client.say(command) if command else client.line())).startswith(b"+OK")
            assert client.tls is not None
            with suppress(ssl.SSLWantReadError):
                client.tls.unwrap()
            await client.send_raw(client.outgoing.read())
            assert await rig.outcome() is Outcome.DISCONNECTED
            await rig.is_empty()

    run(session())


def test_a_shutdown_in_the_middle_of_a_handshake_does_not_wait_for_its_end(run: Run) -> None:
    async def session() -> None:
        async with serving(SECURITY) as rig:
            client = await rig.greeted()
            assert (await client.say("STLS")).startswith(b"+OK")
            await client.send_raw(client.begin()[:40])
            await turns(5)
            async with asyncio.timeout(5):
                await rig.server.stop(0.1)
            await rig.is_empty()

    run(session())
