"""The client against our own server: both faces, all three ways of security, and what is in a maildrop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
import uvloop
from tests.e2e.bed import until

from restante.client import CommandRefused, Login, LoginRefused, Security, Server, blocking, connect
from restante.client.aio import Maildrop
from restante.explain.wire import Side
from restante.ports.stores import MaildropInUse
from restante.testing.running import RunningServer

MESSAGES = [
    b"Subject: caf\xc3\xa9\r\n\r\n.starts with a dot\r\nand goes on\r\n",
    b"Subject: two\r\n\r\n",
    b"Subject: three\r\n\r\n" + b".\r\n" * 5000,
]


@dataclass
class Site:
    server: RunningServer
    authorities: Path

    def left(self, login: Login) -> list[bytes]:
        """What is in the maildrop, without POP3, as soon as the server has noticed that the client left."""

        def look() -> tuple[list[bytes]] | None:
            try:
                return (self.server.messages(login.name),)
            except MaildropInUse:
                return None

        return until("the maildrop to be free", look)[0]

    def at(self, security: Security) -> Server:
        host, port = self.server.pop3
        secured = security is not Security.PLAIN
        return Server(host=host, port=port, security=security, authorities=self.authorities if secured else None)


class Said:
    """Keeps what the client said."""

    def __init__(self) -> None:
        self.octets_said = b""
        self._noop = asyncio.Event()

    def connected(self, server: str, *, at_seconds: float | None) -> None: ...

    def secured(self, description: str, *, at_seconds: float | None) -> None: ...

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        if side is Side.CLIENT:
            self.octets_said += octets
            if b"NOOP" in octets:
                self._noop.set()

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None: ...

    async def noop_went_out(self) -> None:
        await self._noop.wait()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "chain.pem").write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
    tls = ["--tls-certificate", str(folder / "chain.pem"), "--tls-key", str(folder / "key.pem")]
    with RunningServer(arguments=tls) as server:
        yield Site(server, folder / "authority.pem")


@pytest.fixture
def login(site: Site, request: pytest.FixtureRequest) -> Login:
    """An account of its own for each test, with three messages."""
    name = request.node.name.replace("[", "-").replace("]", "")[:60]
    site.server.add_account(name, "correct horse")
    for message in MESSAGES:
        site.server.deliver(name, message)
    return Login.by_password(name, "correct horse")


async def messages_of(maildrop: Maildrop) -> list[bytes]:
    return [await message.read() async for message in maildrop.messages()]


@pytest.mark.parametrize("security", [Security.STLS, Security.PLAIN], ids=["stls", "plain"])
async def test_a_maildrop_is_read_in_every_way(site: Site, login: Login, security: Security) -> None:
    async with await connect(site.at(security), login=login) as maildrop:
        told = await maildrop.stat()
        assert (told.messages, told.octets) == (3, sum(map(len, MESSAGES)))
        assert await messages_of(maildrop) == MESSAGES
        first, second, third = [message async for message in maildrop.messages()]
        assert first.octets == len(MESSAGES[0])
        assert (await first.headers())["Subject"] == "café"
        assert await first.peek(1) == b"Subject: caf\xc3\xa9\r\n\r\n.starts with a dot\r\n"
        assert b"".join([chunk async for chunk in third.stream()]) == MESSAGES[2]
        assert (await second.email())["Subject"] == "two"
        assert await maildrop.find(second.unique_id) is second
        assert await maildrop.find(b"nobody") is None
        found = [(got.message, got.octets) async for got in maildrop.read_many([third, first])]
        assert found == [(third, MESSAGES[2]), (first, MESSAGES[0])]
        heads = [got.octets async for got in maildrop.peek_many([first, second])]
        assert heads == [b"Subject: caf\xc3\xa9\r\n\r\n", MESSAGES[1]]
        await maildrop.noop()
        assert "UIDL" in await maildrop.capabilities()
    assert await asyncio.to_thread(site.left, login) == MESSAGES


async def test_leaving_normally_removes_what_is_marked(site: Site, login: Login) -> None:
    async with await connect(site.at(Security.STLS), login=login) as maildrop:
        first, second, third = [message async for message in maildrop.messages()]
        await second.mark_deleted()
        assert (await maildrop.stat()).messages == 2
        await maildrop.reset()
        assert (await maildrop.stat()).messages == 3
        assert await maildrop.mark_many([first, third]) == ()
    assert await asyncio.to_thread(site.left, login) == [MESSAGES[1]]


@pytest.mark.rule("S6")
async def test_leaving_by_an_exception_removes_nothing(site: Site, login: Login) -> None:
    async def mark_all_and_fail() -> None:
        async with await connect(site.at(Security.STLS), login=login) as maildrop:
            async for message in maildrop.messages():
                await message.mark_deleted()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await mark_all_and_fail()
    assert await asyncio.to_thread(site.left, login) == MESSAGES


def test_the_blocking_face_does_the_same(site: Site, login: Login) -> None:
    with blocking.connect(site.at(Security.STLS), login=login) as maildrop:
        assert maildrop.stat().messages == 3
        first, second, third = maildrop.messages()
        assert [message.read() for message in (first, second, third)] == MESSAGES
        assert first.headers()["Subject"] == "café"
        assert first.email()["Subject"] == "café"
        assert b"".join(third.stream()) == MESSAGES[2]
        assert [got.octets for got in maildrop.read_many([first, second])] == MESSAGES[:2]
        assert [got.octets for got in maildrop.peek_many([second])] == [MESSAGES[1]]
        assert maildrop.find(third.unique_id) is third
        first.mark_deleted()
        assert maildrop.mark_many([second]) == ()
    assert site.left(login) == [MESSAGES[2]]


def test_the_blocking_face_removes_nothing_after_an_exception(site: Site, login: Login) -> None:
    def mark_all_and_fail() -> None:
        with blocking.connect(site.at(Security.STLS), login=login) as maildrop:
            for message in maildrop.messages():
                message.mark_deleted()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        mark_all_and_fail()
    assert site.left(login) == MESSAGES


async def test_a_wrong_password_is_refused_with_its_code(site: Site, login: Login) -> None:
    with pytest.raises(LoginRefused) as raised:
        await connect(site.at(Security.STLS), login=Login.by_password(login.name, "wrong"))
    assert raised.value.code == b"AUTH"


async def test_a_mark_on_a_marked_message_is_refused_and_the_session_goes_on(site: Site, login: Login) -> None:
    async with await connect(site.at(Security.STLS), login=login) as maildrop:
        first, *_ = [message async for message in maildrop.messages()]
        await first.mark_deleted()
        with pytest.raises(CommandRefused):
            await first.mark_deleted()
        (not_marked,) = await maildrop.mark_many([first])
        assert not_marked.message is first
        with pytest.raises(CommandRefused):
            await first.read()
        await maildrop.reset()
        assert await first.read() == MESSAGES[0]


async def test_marks_may_be_set_while_a_window_of_messages_is_under_way(site: Site, login: Login) -> None:
    async with await connect(site.at(Security.STLS), login=login) as maildrop:
        messages = [message async for message in maildrop.messages()]
        read = []
        async for got in maildrop.read_many(messages):
            read.append(got.octets)
            await got.message.mark_deleted()
        assert read == MESSAGES
    assert await asyncio.to_thread(site.left, login) == []


async def test_a_maildrop_is_kept_alive_while_its_user_is_busy(site: Site, login: Login) -> None:
    said = Said()
    async with await connect(site.at(Security.STLS), login=login, observe=said) as maildrop:
        async with maildrop.kept_alive(after_seconds=0.05):
            await asyncio.wait_for(said.noop_went_out(), 30)
        assert (await maildrop.stat()).messages == 3


def test_a_maildrop_is_kept_alive_in_blocking_code_as_well(site: Site, login: Login) -> None:
    said = Said()
    with blocking.connect(site.at(Security.STLS), login=login, observe=said) as maildrop:
        with maildrop.kept_alive(after_seconds=0.05):
            until("a NOOP", lambda: b"NOOP" in said.octets_said)
        assert maildrop.stat().messages == 3


def test_the_client_works_on_uvloop(site: Site, login: Login) -> None:
    async def visit() -> list[bytes]:
        async with await connect(site.at(Security.STLS), login=login) as maildrop:
            messages = [message async for message in maildrop.messages()]
            return [retrieved.octets async for retrieved in maildrop.read_many(messages)]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(visit()) == MESSAGES


async def test_several_tasks_may_use_one_maildrop(site: Site, login: Login) -> None:
    async with await connect(site.at(Security.STLS), login=login) as maildrop:
        messages = [message async for message in maildrop.messages()] * 5
        assert await asyncio.gather(*(message.read() for message in messages)) == MESSAGES * 5


def test_without_a_login_commands_go_by_hand(site: Site, login: Login) -> None:
    with blocking.connect(site.at(Security.STLS), login=None) as maildrop:
        assert "STLS" not in maildrop.capabilities()
        assert maildrop.raw(b"USER " + login.name.encode()).status.ok
        assert maildrop.raw(b"PASS correct horse").status.ok
        listed = maildrop.raw(b"LIST")
        assert listed.body is not None
        assert len(listed.body.splitlines()) == len(MESSAGES)
        assert not maildrop.raw(b"RETR 99").status.ok
