"""Hostile peers at the doors through which mail comes in: bounded, answered, without a fault."""

from __future__ import annotations

import asyncio

import pytest
from tests.delivery.rig import OPS, TED, TO_TED, Client, Rig, codes, settle

from restante.delivery.limits import READ_OCTETS, DoorLimits
from restante.ports.events import ConnectionOpened, ConnectionRefused, FaultMet, MailSessionEnded, Outcome


async def connect(rig: Rig, peer: str) -> Client:
    client = Client(rig.smtp_door, (peer, 4711))
    await settle()
    return client


async def test_connections_from_one_address_have_a_limit_and_others_come_in() -> None:
    rig = Rig(limits=DoorLimits(connections_per_address=2))
    first = await connect(rig, "2001:db8::1")
    assert codes((await connect(rig, "2001:db8::2")).replies()) == [b"220"]
    third = await connect(rig, "2001:db8::ffff")
    assert third.replies() == [b"421 4.3.2 mx.example.org is busy; try again later"]
    assert third.transport.closed
    (refused,) = rig.heard.of(ConnectionRefused)
    assert refused.reason == "too many connections from the address"
    assert codes((await connect(rig, "2001:db8:0:1::1")).replies()) == [b"220"]
    await first.say("QUIT")
    assert codes((await connect(rig, "2001:db8::1")).replies()) == [b"220"]


async def test_a_proxy_says_whom_it_speaks_for_before_anything_else() -> None:
    rig = Rig(trusted_proxies=("192.0.2.1",))
    client = Client(rig.smtp_door)
    assert codes(await client.send(b"PROXY TCP4 203.0.113.7 192.0.2.1 50000 25\r\nEHLO c\r\n")) == [b"220", b"250"]
    assert [event.peer for event in rig.heard.of(ConnectionOpened)] == ["203.0.113.7"]
    await client.say(*TO_TED)
    assert codes(await client.send(b"x\r\n.\r\n")) == [b"250"]
    assert b"([203.0.113.7])" in rig.store.messages()[0]
    liar = Client(rig.smtp_door)
    await liar.send(b"EHLO c\r\nEHLO c\r\n")
    assert liar.transport.closed
    assert liar.transport.written == b""


@pytest.mark.parametrize("command", ["NOOP", "RSET", "EHLO c", "HELP", "VRFY ted"])
async def test_commands_without_a_message_have_an_end(command: str) -> None:
    rig = Rig(limits=DoorLimits(commands=50))
    client = await rig.smtp()
    replies = await client.say(*[command] * 100)
    assert replies[-1].startswith(b"421 4.7.0 ")
    assert codes(replies)[:-1] == [codes(replies)[0]] * 49
    assert client.transport.closed
    assert [event.outcome for event in rig.heard.of(MailSessionEnded)] == [Outcome.TOO_MANY_BAD_COMMANDS]


async def test_thousands_of_recipients_are_deferred_and_then_have_an_end() -> None:
    rig = Rig()
    client = await rig.smtp("MAIL FROM:<>")
    replies = await client.say(*["RCPT TO:<ted>"] * 5_000)
    assert codes(replies) == [b"250"] * 100 + [b"452"] * (2_000 - 102) + [b"421"]
    assert client.transport.closed


@pytest.mark.parametrize("lmtp", [False, True])
async def test_an_endless_line_is_not_kept(lmtp: bool) -> None:
    rig = Rig()
    client = await (rig.lmtp() if lmtp else rig.smtp())
    for _ in range(200):
        assert await client.send(b"x" * READ_OCTETS) == []
    (session,) = (rig.lmtp_door if lmtp else rig.smtp_door)._sessions.values()
    assert len(session._intake._buffer) <= 2 * READ_OCTETS
    assert codes(await client.send(b"\r\nNOOP\r\n")) == [b"500", b"250"]


async def test_what_comes_while_a_message_is_delivered_stops_the_reading() -> None:
    rig = Rig()
    gate = rig.store.gate = asyncio.Event()
    client = await rig.smtp(*TO_TED)
    await client.send(b"x\r\n.\r\n")
    fed = 0
    while client.transport.reading and fed < 100 * READ_OCTETS:
        client.feed(b"NOOP\r\n" * 1_000)
        fed += 6_000
    assert fed <= 2 * READ_OCTETS
    gate.set()
    await settle()
    assert client.transport.reading
    assert codes(client.replies())[:2] == [b"250", b"250"]


async def test_chunks_that_were_not_offered_are_no_message() -> None:
    rig = Rig()
    client = await rig.smtp("MAIL FROM:<>", "RCPT TO:<ted>")
    replies = await client.send(b"BDAT 24 LAST\r\nMAIL FROM:<x@y.example>\r\n" * 30)
    assert set(codes(replies)) == {b"500", b"503", b"421"}
    assert client.transport.closed
    assert rig.store.messages(TED) == rig.store.messages(OPS) == []


@pytest.mark.parametrize("octets", [b"\0" * 5_000, b"\r\r\r\n" * 100, b"\xff\xfe\r\n" * 100, b"DATA\0\r\n" * 100])
async def test_octets_that_are_no_commands_end_in_421_without_a_fault(octets: bytes) -> None:
    rig = Rig()
    for client in (await rig.smtp(), await rig.lmtp()):
        replies = await client.send(octets + b"\r\n" * 30)
        assert codes(replies)[-1:] == [b"421"]
        assert client.transport.closed
    assert rig.heard.of(FaultMet) == []
