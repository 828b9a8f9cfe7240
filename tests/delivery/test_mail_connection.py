"""The stream of a connection: pipelines, limits, time-outs, and how it ends."""

from __future__ import annotations

import asyncio
import logging

import pytest
from tests.delivery.rig import TED, TO_TED, Client, Clock, FakeTransport, Rig, codes, settle

from restante.delivery.limits import DoorLimits
from restante.doors.peers import peer_of
from restante.ports.events import ConnectionOpened, Door

WHOLE = (
    b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<ted>\r\nRCPT TO:<no>\r\nDATA\r\n..a\r\n.\r\nNOOP\r\nQUIT\r\n"
)


async def test_a_pipeline_is_answered_in_order_however_it_is_cut() -> None:
    wanted = [b"220", b"250", b"250", b"250", b"550", b"354", b"250", b"250", b"221"]
    for cut in range(1, len(WHOLE)):
        rig = Rig()
        client = Client(rig.smtp_door)
        client.feed(WHOLE[:cut])
        await settle()
        assert codes(await client.send(WHOLE[cut:]) if not client.transport.closed else client.replies()) == wanted
        assert rig.store.bodies() == [b".a\r\n"]
        assert client.transport.closed
    client = Client(Rig().smtp_door)
    for octet in WHOLE:
        client.feed(bytes([octet]))
        await settle()
    assert codes(client.replies()) == wanted


async def test_the_replies_to_a_pipeline_go_out_together() -> None:
    client = await Rig().smtp()
    client.transport.writes = 0
    await client.say("MAIL FROM:<>", "RCPT TO:<ted>", "RCPT TO:<ops>", "DATA")
    assert client.transport.writes == 1


async def test_replies_to_an_endless_pipeline_are_not_gathered_for_ever() -> None:
    client = await Rig(limits=DoorLimits(commands=20_000)).smtp()
    client.transport.writes = 0
    assert codes(await client.send(b"NOOP\r\n" * 10_000)) == [b"250"] * 10_000
    assert client.transport.writes > 5


async def test_a_client_that_closes_its_half_gets_its_answers() -> None:
    rig = Rig()
    client = Client(rig.smtp_door)
    client.feed(WHOLE.removesuffix(b"QUIT\r\n"))
    client.protocol.eof_received()
    await settle()
    assert codes(client.replies())[-2:] == [b"250", b"250"]
    assert client.transport.closed
    assert len(rig.store.messages()) == 1


@pytest.mark.parametrize("ending", ["eof", "reset"])
async def test_a_message_that_breaks_off_is_not_delivered(ending: str) -> None:
    rig = Rig()
    client = await rig.smtp(*TO_TED)
    await client.send(b"half of it\r\n")
    if ending == "eof":
        await client.end()
    else:
        client.transport.lose(ConnectionResetError())
        await settle()
    assert rig.store.messages() == []
    assert len(rig.smtp_door) == 0


async def test_a_delivery_that_has_begun_goes_on_when_the_connection_is_lost() -> None:
    rig = Rig(wants_wire=True)
    rig.store.gate = asyncio.Event()
    client = await rig.smtp(*TO_TED)
    await client.send(b"x\r\n.\r\n")
    client.transport.lose(ConnectionResetError())
    await settle()
    assert len(rig.smtp_door) == 1
    rig.store.gate.set()
    await settle()
    assert rig.store.bodies() == [b"x\r\n"]
    assert len(rig.smtp_door) == 0
    assert not any(line.startswith(b"250 2.0.0 Kept") for line in rig.heard.wire)  # nobody got that reply


async def test_a_client_that_pours_does_not_keep_out_the_others() -> None:
    rig = Rig(limits=DoorLimits(commands=100_000))
    pouring, other = await rig.smtp(), await rig.smtp()
    pouring.feed(b"NOOP\r\n" * 50_000)
    other.feed(b"NOOP\r\n")
    for _ in range(3):
        await asyncio.sleep(0)
    assert codes(other.replies()) == [b"250"]
    assert 0 < len(pouring.replies()) < 20_000


async def test_too_many_errors_end_the_session_and_a_message_wipes_them_out() -> None:
    rig = Rig(limits=DoorLimits(errors=3))
    client = await rig.smtp()
    assert codes(await client.say("X", "RCPT TO:<ted>", *TO_TED)) == [b"500", b"503", b"250", b"250", b"354"]
    await client.send(b"x\r\n.\r\n")
    replies = await client.say("MAIL FROM:<>", "RCPT TO:<no>", "RCPT TO:<no>", "RCPT TO:<no>", "NOOP")
    assert codes(replies) == [b"250", b"550", b"550", b"550", b"421"]
    assert replies[-1].startswith(b"421 4.7.0 ")
    assert client.transport.closed
    assert len(rig.smtp_door) == 0


async def test_an_idle_client_gets_421_even_if_it_dribbles() -> None:
    clock, rig = Clock(), Rig()
    client = await rig.smtp()
    for _ in range(2):
        await clock.advance(200)
        assert not client.transport.closed
        assert codes(await client.say("NOOP")) == [b"250"]
    for _ in range(29):
        await clock.advance(10)
        await client.send(b"x")  # never a whole command
    assert not client.transport.closed
    await clock.advance(10)
    assert [reply[:9] for reply in client.replies()] == [b"421 4.4.2"]
    assert client.transport.closed
    assert len(rig.smtp_door) == 0


async def test_a_message_that_dribbles_has_an_end() -> None:
    clock, rig = Clock(), Rig(limits=DoorLimits(message_seconds=1_000))
    client = await rig.smtp(*TO_TED)
    for _ in range(4):
        await clock.advance(240)
        await client.send(b"x\r\n")
    assert not client.transport.closed
    await clock.advance(41)
    assert [reply[:9] for reply in client.replies()] == [b"421 4.4.2"]
    assert client.transport.closed
    assert rig.receiver.room.held == 0
    assert rig.store.messages() == []


async def test_a_message_in_pieces_keeps_the_session_alive_and_a_slow_store_is_waited_for() -> None:
    clock, rig = Clock(), Rig()
    rig.store.gate = asyncio.Event()
    client = await rig.smtp(*TO_TED)
    for _ in range(3):
        await clock.advance(200)
        await client.send(b"x\r\n")
    await client.send(b".\r\n")
    for _ in range(3):
        await clock.advance(299)
    assert not client.transport.closed
    rig.store.gate.set()
    await settle()
    assert codes(client.replies()) == [b"250"]
    assert rig.store.bodies() == [b"x\r\n" * 3]
    await clock.advance(299)
    assert codes(await client.say("NOOP")) == [b"250"]
    await clock.advance(301)
    assert client.transport.closed


async def test_a_client_that_takes_nothing_is_broken_off() -> None:
    clock, rig = Clock(), Rig()
    client = await rig.smtp()
    client.transport.stuck = True
    await clock.advance(301)
    await clock.advance(11)
    assert client.transport.aborted
    assert len(rig.smtp_door) == 0


async def test_nothing_is_logged_beside_the_events(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    rig.store.stage_errors[TED.id] = RuntimeError("oh")
    client = await rig.smtp("WRONG", *TO_TED)
    await client.send(b"x\r\n.\r\nQUIT\r\n")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_connection_is_told_with_its_peer() -> None:
    rig = Rig()
    Client(rig.smtp_door, ("2001:db8::1", 99, 0, 0))
    Client(rig.lmtp_door, "")
    await settle()
    assert rig.heard.of(ConnectionOpened) == [
        ConnectionOpened(session="s1", door=Door.SMTP, peer="2001:db8::1"),
        ConnectionOpened(session="s2", door=Door.LMTP, peer="unix"),
    ]
    assert peer_of(FakeTransport(None)) == "unix"
