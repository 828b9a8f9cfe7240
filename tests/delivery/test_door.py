"""The number of a door's sessions, and its closing."""

from __future__ import annotations

import asyncio

import pytest
from tests.delivery.rig import TO_TED, Client, Rig, codes, settle

from restante.delivery.limits import DoorLimits
from restante.ports.events import ConnectionRefused, Door


async def test_connections_past_the_limit_get_421_until_one_ends() -> None:
    rig = Rig(limits=DoorLimits(connections=2))
    first, _ = await rig.smtp(), await rig.smtp()
    third = Client(rig.smtp_door)
    await settle()
    assert third.replies() == [b"421 4.3.2 mx.example.org is busy; try again later"]
    assert third.transport.closed
    assert rig.heard.of(ConnectionRefused) == [
        ConnectionRefused(door=Door.SMTP, peer="192.0.2.1", reason="too many connections")
    ]
    await first.say("QUIT")
    assert codes(await (await rig.smtp()).say("NOOP")) == [b"250"]


async def test_closing_sends_idle_sessions_away_and_lets_a_message_in_flight_finish() -> None:
    rig = Rig()
    rig.store.gate = asyncio.Event()
    idle = await rig.smtp("MAIL FROM:<>", "RCPT TO:<ted>")
    receiving, delivering = await rig.smtp(*TO_TED), await rig.smtp(*TO_TED)
    await receiving.send(b"first half\r\n")
    await delivering.send(b"x\r\n.\r\n")
    closing = asyncio.create_task(rig.smtp_door.close())
    await settle()
    assert idle.replies()[0].startswith(b"421 4.3.2 ")
    assert idle.transport.closed
    late = Client(rig.smtp_door)
    await settle()
    assert codes(late.replies()) == [b"421"]
    assert not closing.done()
    rig.store.gate.set()
    await settle()
    assert codes(delivering.replies()) == [b"250", b"421"]
    assert not closing.done()
    assert codes(await receiving.send(b"second half\r\n.\r\nMAIL FROM:<>\r\n")) == [b"250", b"421"]
    assert closing.done()
    assert sorted(rig.store.bodies()) == [b"first half\r\nsecond half\r\n", b"x\r\n"]


async def test_a_connection_that_comes_in_the_moment_of_closing_is_sent_away() -> None:
    rig = Rig()
    protocol = rig.smtp_door.protocol()
    closing = asyncio.create_task(rig.smtp_door.close())
    await settle()
    late = Client(rig.smtp_door, protocol=protocol)
    await settle()
    assert codes(late.replies()) == [b"421"]
    assert closing.done()


def test_a_message_limit_that_could_never_be_held_is_refused() -> None:
    with pytest.raises(ValueError, match="lower the one"):
        Rig(held_octets=999, limits=DoorLimits(message_octets=1_000))


async def test_a_door_without_sessions_closes_at_once_and_twice() -> None:
    rig = Rig()
    await rig.lmtp_door.close()
    await rig.lmtp_door.close()
    assert len(rig.lmtp_door) == 0
