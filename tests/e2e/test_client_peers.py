"""The client against servers that nobody here wrote: Dovecot, popa3d, and the dummy of CPython's test_poplib."""

from __future__ import annotations

import hashlib
import importlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.e2e.servers.dovecot import running_dovecot
from tests.e2e.servers.peer import Peer
from tests.e2e.servers.popa3d import running_popa3d

from restante.client import CommandRefused, Login, LoginRefused, Security, Server, TlsFault, blocking, connect

MESSAGES: Final = [
    b"Subject: one\r\n\r\n.starts with a dot\r\n..and with two\r\n.\r\n",
    b"Subject: =?utf-8?q?two_=E2=98=95?=\r\nMessage-ID: <2@example.org>\r\n\r\nno line end",
    b"Subject: three\r\nMessage-ID: <3@example.org>\r\n\r\n" + b"A line of some length.\r\n" * 40_000,
    b"Subject: four\r\nMessage-ID: <4@example.org>\r\n\r\n",
]


# --- Dovecot ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Peer]:
    with running_dovecot(MESSAGES) as peer:
        yield peer


def at(peer: Peer, security: Security) -> Server:
    port = peer.pop3s if security is Security.TLS else peer.pop3
    return Server(host="127.0.0.1", port=port, security=security, authorities=peer.authorities)


def whole(message: bytes) -> bytes:
    """What a server sends of a message: its last line is ended."""
    return message if message.endswith(b"\r\n") else message + b"\r\n"


@pytest.mark.peer("dovecot")
async def test_dovecot_by_both_ways_of_tls(dovecot: Peer) -> None:
    login = Login.by_password("ted", "SECRET")
    async with await connect(at(dovecot, Security.TLS), login=login) as maildrop:
        assert "PIPELINING" in await maildrop.capabilities()
        messages = [message async for message in maildrop.messages()]
        assert [await message.read() for message in messages] == [whole(message) for message in MESSAGES]
        # It does not count the line end that it adds to the last line.
        assert [message.octets for message in messages] == [len(message) for message in MESSAGES]
        assert [retrieved.octets async for retrieved in maildrop.read_many(messages)] == [
            whole(message) for message in MESSAGES
        ]
        assert b"".join([chunk async for chunk in messages[2].stream()]) == MESSAGES[2]
        assert (await messages[1].headers())["Subject"] == "two ☕"
        heads = [retrieved.octets async for retrieved in maildrop.peek_many(messages)]
        assert heads == [message[: message.index(b"\r\n\r\n") + 4] for message in MESSAGES]
        await messages[0].mark_deleted()
        assert await maildrop.mark_many(messages[2:]) == ()
    with blocking.connect(at(dovecot, Security.STLS), login=login) as again:
        (left,) = again.messages()
        assert left.unique_id == messages[1].unique_id
        assert again.stat().messages == 1


@pytest.mark.peer("dovecot")
@pytest.mark.parametrize("mechanism", [None, "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "USER"])
def test_dovecot_takes_each_mechanism(dovecot: Peer, mechanism: str | None) -> None:
    login = Login.by_password("ted", "SECRET", mechanism=mechanism)
    with blocking.connect(at(dovecot, Security.STLS), login=login) as maildrop:
        assert maildrop.stat().messages > 0


@pytest.mark.peer("dovecot")
def test_dovecot_refuses_a_wrong_password(dovecot: Peer) -> None:
    with pytest.raises(LoginRefused) as raised:
        blocking.connect(at(dovecot, Security.STLS), login=Login.by_password("ted", "wrong"))
    assert raised.value.code == b"AUTH"


@pytest.mark.peer("dovecot")
def test_dovecot_s_certificate_is_checked(dovecot: Peer) -> None:
    server = Server(host="localhost", port=dovecot.pop3s, authorities=dovecot.authorities)
    with pytest.raises(TlsFault, match=r"is for 127\.0\.0\.1, not for localhost"):
        blocking.connect(server, login=Login.by_password("ted", "SECRET"))


# --- popa3d -------------------------------------------------------------------------------------------------------


@pytest.mark.peer("popa3d")
def test_popa3d_which_knows_no_capa_and_names_several_messages_alike() -> None:
    with running_popa3d(MESSAGES) as peer:
        server = Server(host="127.0.0.1", port=peer.pop3, security=Security.PLAIN)
        login = Login.by_password("ted", "SECRET")
        with blocking.connect(server, login=login) as maildrop:
            assert not maildrop.capabilities().told
            messages = list(maildrop.messages())
            # Its unique-ids are a hash of a few headers: the first message has none of them.
            assert len({message.unique_id for message in messages}) == len(MESSAGES)
            assert [message.read() for message in messages] == [whole(message) for message in MESSAGES]
            assert [retrieved.octets for retrieved in maildrop.read_many(messages)] == [
                whole(message) for message in MESSAGES
            ]
            assert messages[1].headers()["Subject"] == "two ☕"
            assert maildrop.mark_many([messages[0], messages[2]]) == ()
        with blocking.connect(server, login=login) as maildrop:
            assert [message.unique_id for message in maildrop.messages()] == [
                messages[1].unique_id,
                messages[3].unique_id,
            ]
        with pytest.raises(LoginRefused):
            blocking.connect(server, login=Login.by_password("ted", "wrong"))


# --- the dummy of CPython's test_poplib ---------------------------------------------------------------------------


@pytest.fixture
def dummy() -> Iterator[Any]:  # Any: it is not typed
    try:
        module = importlib.import_module("test.test_poplib")
    except ModuleNotFoundError:
        pytest.fail("needs Python's own tests: apt-get install libpython3-testsuite", pytrace=False)
    server = module.DummyPOP3Server(("127.0.0.1", 0))
    server.handler = module.DummyPOP3Handler
    server.start()
    yield server
    server.stop()


def fingerprint_of_the_dummy() -> str:
    module = importlib.import_module("test.test_poplib")
    pem = Path(module.CERTFILE).read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :].strip())).hexdigest()


@pytest.mark.parametrize("security", [Security.PLAIN, Security.STLS], ids=["plain", "stls"])
async def test_the_dummy_of_cpython(dummy: Any, security: Security) -> None:  # Any: it is not typed
    pinned = fingerprint_of_the_dummy() if security is Security.STLS else None
    where = Server(host=dummy.host, port=dummy.port, security=security, fingerprint=pinned)
    login = Login.by_password("guido", "python")
    async with await connect(where, login=login) as maildrop:
        assert (await maildrop.stat()).octets == 100
        messages = [message async for message in maildrop.messages()]
        assert [(message.unique_id, message.octets) for message in messages] == [
            (b"%d" % n, n) for n in range(1, 6)
        ]
        assert (await messages[0].headers())["Subject"] == "Dummy"
        assert (await messages[4].email()).get_content() == "line1\r\nline2\r\nline3\r\n"
        assert await messages[0].peek(1) == (await messages[0].read()).removesuffix(b"line2\r\nline3\r\n")
        await messages[0].mark_deleted()
        await maildrop.noop()
        with pytest.raises(CommandRefused):
            await maildrop.reset()  # it knows no RSET


def test_the_dummy_refuses_a_wrong_password(dummy: Any) -> None:  # Any: it is not typed
    where = Server(host=dummy.host, port=dummy.port, security=Security.PLAIN)
    with pytest.raises(LoginRefused, match="wrong password"):
        blocking.connect(where, login=Login.by_password("guido", "perl"))
