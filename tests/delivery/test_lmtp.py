"""What is LMTP's own: LHLO, and an answer for each recipient."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.delivery.rig import ANN, HOSTILE, OPS, TED, Client, Rig, codes, settle, stuffed

from restante.delivery.limits import DoorLimits
from restante.delivery.replies import BareLineEnds
from restante.ports.stores import StoreFault, StoreFull
from restante.proto.lines import canonical

MANY = (
    "MAIL FROM:<>",
    "RCPT TO:<ted>",
    "RCPT TO:<ann@example.org>",
    "RCPT TO:<nobody>",
    "RCPT TO:<ops>",
    "RCPT TO:<ted>",
)


async def test_lhlo_is_the_one_greeting() -> None:
    client = Client(Rig().lmtp_door)
    await settle()
    assert client.replies() == [b"220 mx.example.org LMTP Restante"]
    replies = await client.say("HELO client.example", "EHLO client.example", "MAIL FROM:<>")
    assert codes(replies) == [b"500", b"500", b"503"]
    assert b"LHLO" in replies[2]
    assert (await client.say("LHLO client.example"))[-1] == b"250 HELP"


@pytest.mark.rule("M2")
async def test_each_accepted_recipient_has_its_answer_in_order() -> None:
    rig = Rig()
    rig.store.stage_errors[ANN.id] = StoreFull("full")
    rig.store.publish_errors[OPS.id] = StoreFault("gone")
    client = await rig.lmtp()
    assert codes(await client.say(*MANY, "DATA")) == [b"250", b"250", b"250", b"550", b"250", b"250", b"354"]
    replies = await client.send(b"x\r\n.\r\n")
    assert codes(replies) == [b"250", b"452", b"451", b"250"]
    assert replies[0] == b"250 2.1.5 Kept as s1.1"
    assert rig.store.bodies(TED) == [b"x\r\n"]
    assert b" with LMTP id s1.1\r\n" in rig.store.messages()[0]


@pytest.mark.rule("M2")
async def test_a_message_that_is_refused_is_refused_to_each_recipient() -> None:
    limits = DoorLimits(message_octets=5)
    for octets, bare, code in (
        (b"too long\r\n.\r\n", BareLineEnds.NORMALISE, b"552"),
        (b"a\nb\r\n.\r\n", BareLineEnds.REFUSE, b"550"),
    ):
        client = await Rig(limits=limits, bare_line_ends=bare).lmtp(*MANY, "DATA")
        assert codes(await client.send(octets)) == [code] * 4
        assert codes(await client.say("NOOP")) == [b"250"]


async def test_data_without_a_recipient_is_out_of_sequence() -> None:
    client = await Rig().lmtp("MAIL FROM:<>", "RCPT TO:<nobody>")
    assert (await client.say("DATA"))[0].startswith(b"503 5.5.1")


@pytest.mark.rule("M2")
async def test_nothing_is_answered_before_the_message_is_durable() -> None:
    rig = Rig()
    rig.store.gate = asyncio.Event()
    client = await rig.lmtp(*MANY, "DATA")
    assert await client.send(b"x\r\n.\r\nNOOP\r\n") == []
    rig.store.gate.set()
    await settle()
    assert codes(client.replies()) == [b"250"] * 5
    assert len(rig.store.messages()) == 1


async def test_refused_recipients_do_not_end_the_session_of_a_queue() -> None:
    client = await Rig(limits=DoorLimits(errors=3)).lmtp("MAIL FROM:<>")
    assert codes(await client.say(*["RCPT TO:<nobody>"] * 20)) == [b"550"] * 20


@pytest.mark.rule("M1", "C6")
@given(st.lists(HOSTILE, min_size=1, max_size=3), st.lists(st.integers(1, 30), max_size=40))
async def test_any_octets_come_to_rest_in_canonical_form_however_they_are_cut(
    messages: list[bytes], cuts: list[int]
) -> None:
    rig = Rig()
    stream = b"LHLO client.example\r\n"
    for message in messages:
        # As any good client does: the message's own end is a CRLF, then each line is stuffed.
        ended = message if message.endswith(b"\r\n") or not message else message + b"\r\n"
        stream += b"MAIL FROM:<>\r\nRCPT TO:<ted>\r\nDATA\r\n" + stuffed(ended) + b".\r\n"
    stream += b"NOOP\r\n"
    client = Client(rig.lmtp_door)
    for cut in cuts:
        client.feed(stream[:cut])
        stream = stream[cut:]
        await asyncio.sleep(0)
        if not stream:
            break
    replies = await client.send(stream) if stream else []
    await settle()
    replies += client.replies()
    assert codes(replies) == [b"220", b"250", *[b"250", b"250", b"354", b"250"] * len(messages), b"250"]
    wanted = [canonical(m if m.endswith(b"\r\n") or not m else m + b"\r\n") for m in messages]
    assert rig.store.bodies() == wanted
