"""What is SMTP's own: its greetings, and one answer for a message."""

from __future__ import annotations

from tests.delivery.rig import ANN, OPS, TED, TO_TED, Client, Rig, codes, settle

from restante.ports.stores import StoreFault


async def test_ehlo_announces_what_works_and_nothing_else() -> None:
    client = Client(Rig().smtp_door)
    await settle()
    assert client.replies() == [b"220 mx.example.org ESMTP Restante"]
    assert await client.say("EHLO client.example") == [
        b"250-mx.example.org",
        b"250-SIZE 52428800",
        b"250-8BITMIME",
        b"250-PIPELINING",
        b"250-ENHANCEDSTATUSCODES",
        b"250 HELP",
    ]


async def test_helo_is_answered_by_the_name_alone_and_leads_to_smtp_without_parameters() -> None:
    rig = Rig()
    client = await rig.smtp(hello=None)
    assert await client.say("HELO client.example") == [b"250 mx.example.org"]
    assert codes(await client.say("MAIL FROM:<> SIZE=1", *TO_TED)) == [b"501", b"250", b"250", b"354"]
    await client.send(b"x\r\n.\r\n")
    assert b" with SMTP id s1.1\r\n" in rig.store.messages()[0]


async def test_mail_before_a_greeting_is_out_of_sequence() -> None:
    client = await Rig().smtp(hello=None)
    replies = await client.say("MAIL FROM:<>", "DATA", "EHLO", "HELO", "LHLO client.example", "NOOP")
    assert [reply[:9] for reply in replies] == [
        b"503 5.5.1",
        b"503 5.5.1",
        b"501 5.5.4",
        b"501 5.5.4",
        b"500 5.5.2",
        b"250 2.0.0",
    ]
    assert b"EHLO" in replies[0]


async def test_a_message_for_many_gets_one_answer_and_each_has_a_copy() -> None:
    rig = Rig()
    client = await rig.smtp("MAIL FROM:<>", "RCPT TO:<ted>", "RCPT TO:<ann@example.org>", "RCPT TO:<TED>", "DATA")
    assert await client.send(b"x\r\n.\r\n") == [b"250 2.0.0 Kept as s1.1"]
    assert rig.store.bodies(TED) == rig.store.bodies(ANN) == [b"x\r\n"]
    assert b" with ESMTP id s1.1\r\n" in rig.store.messages()[0]


async def test_one_account_that_fails_defers_the_message_for_all() -> None:
    rig = Rig()
    rig.store.stage_errors[ANN.id] = StoreFault("gone")
    client = await rig.smtp("MAIL FROM:<>", "RCPT TO:<ted>", "RCPT TO:<ann@example.org>", "RCPT TO:<ops>", "DATA")
    assert codes(await client.send(b"x\r\n.\r\n")) == [b"451"]
    assert rig.store.messages(TED) == rig.store.messages(OPS) == []
