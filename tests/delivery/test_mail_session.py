"""The commands that SMTP and LMTP share."""

from __future__ import annotations

import pytest
from tests.delivery.rig import ANN, OPS, TED, TO_TED, Client, Rig, codes, settle

from restante.delivery.limits import DoorLimits
from restante.delivery.replies import BareLineEnds
from restante.ports.accounts import AccountFault
from restante.ports.events import CommandReceived, DeliveryDeferred, DeliveryRefused, FaultMet, ReplySent
from restante.ports.stores import StoreFull


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL FROM:<sue@elsewhere.net>", b"250 2.1.0"),
        ("mail from:<> size=10 body=8bitmime", b"250 2.1.0"),
        ("MAIL FROM:<sue@elsewhere.net> SIZE=101", b"552 5.3.4"),
        ("MAIL FROM:<sue@elsewhere.net> SIZE=x", b"501 5.5.4"),
        ("MAIL FROM:<sue@elsewhere.net> BODY=BINARYMIME", b"501 5.5.4"),
        ("MAIL FROM:<sue@elsewhere.net> RET=HDRS", b"555 5.5.4"),
        ("MAIL FROM:<sue@elsewhere.net> SMTPUTF8", b"555 5.6.7"),
        ("MAIL FROM:<s\xfce@elsewhere.net>", b"553 5.6.7"),
        ("MAIL FROM:<s\xfce@elsewhere.net> SMTPUTF8", b"553 5.6.7"),
        ("MAIL FROM:<sue", b"553 5.1.3"),
        ("MAIL", b"501 5.5.4"),
        ("MAIL TO:<x>", b"501 5.5.4"),
        ("RCPT TO:<ted>", b"503 5.5.1"),
        ("DATA", b"503 5.5.1"),
        ("DATA now", b"501 5.5.4"),
        ("VRFY ted", b"252 2.0.0"),
        ("VRFY nobody", b"252 2.0.0"),
        ("VRFY", b"501 5.5.4"),
        ("EXPN staff", b"502 5.5.1"),
        ("HELP", b"214 2.0.0"),
        ("HELP mail", b"214 2.0.0"),
        ("NOOP", b"250 2.0.0"),
        ("RSET", b"250 2.0.0"),
        ("RSET x", b"501 5.5.4"),
        ("QUIT x", b"501 5.5.4"),
        ("QUIT", b"221 2.0.0"),
        ("STARTTLS", b"500 5.5.2"),
        ("BDAT 10", b"500 5.5.2"),
        ("", b"500 5.5.2"),
        (" NOOP", b"500 5.5.2"),
        ("N\xd6\xd6P", b"500 5.5.2"),
        ("NOOP \xff", b"501 5.5.2"),
        ("NO\0OP", b"500 5.5.2"),
        ("EVIL\rX", b"500 5.5.2"),
        ("NOOP \x1b[2J", b"500 5.5.2"),
        ("NOOP " + "x" * 505, b"250 2.0.0"),
        ("NOOP " + "x" * 506, b"500 5.5.2"),
        ("MAIL FROM:<sue@elsewhere.net> X" + "=" * 3000, b"500 5.5.2"),
    ],
)
async def test_each_command_has_its_reply_with_a_status_code(command: str, reply: bytes) -> None:
    for connect in ("smtp", "lmtp"):
        rig = Rig(limits=DoorLimits(message_octets=100))
        client = await getattr(rig, connect)()
        (line,) = await client.say(command)
        assert line.startswith(reply + b" "), (connect, line)
        if not command.startswith("QUIT") or command == "QUIT x":
            assert codes(await client.say("NOOP")) == [b"250"]  # in step, and alive


async def test_no_reply_repeats_what_the_client_said() -> None:
    client = await (Rig()).smtp()
    for line in ("ZZZZ", "VRFY zzzz", "EXPN zzzz", "HELP zzzz", "MAIL FROM:<zzzz", "RSET zzzz", "RCPT zzzz"):
        assert not any(b"zzzz" in reply.lower() for reply in await client.say(line))


async def test_a_recipient_is_judged_by_whose_it_is() -> None:
    rig = Rig()
    client = await rig.smtp("MAIL FROM:<>")
    replies = await client.say(
        "RCPT TO:<ted@example.org>",
        "RCPT TO:<nobody@example.org>",
        "RCPT TO:<ted@elsewhere.net>",
        "RCPT TO:<>",
        "RCPT TO:<ted",
        "RCPT TO:<t\xe9d@example.org>",
        "RCPT TO:<ted@example.org> NOTIFY=NEVER",
        "RCPT TO:<Postmaster>",
    )
    assert [reply[:9] for reply in replies] == [
        b"250 2.1.5",
        b"550 5.1.1",
        b"550 5.7.1",
        b"553 5.1.3",
        b"553 5.1.3",
        b"553 5.6.7",
        b"555 5.5.4",
        b"250 2.1.5",
    ]
    refused = rig.heard.of(DeliveryRefused)
    assert [event.recipient for event in refused] == ["nobody@example.org", "ted@elsewhere.net", "<>"]


async def test_a_directory_that_fails_defers_the_recipient() -> None:
    rig = Rig()
    client = await rig.smtp("MAIL FROM:<>")
    rig.accounts.fault = AccountFault("the database is away")
    assert (await client.say("RCPT TO:<ted>"))[0].startswith(b"451 4.3.0")
    assert len(rig.heard.of(DeliveryDeferred)) == 1


async def test_recipients_past_the_limit_are_deferred_and_the_others_get_their_mail() -> None:
    rig = Rig(limits=DoorLimits(recipients=2))
    client = await rig.smtp("MAIL FROM:<>")
    replies = await client.say("RCPT TO:<ted>", "RCPT TO:<ops>", "RCPT TO:<ann@example.org>", "DATA")
    assert [reply[:9] for reply in replies[:3]] == [b"250 2.1.5", b"250 2.1.5", b"452 4.5.3"]
    assert codes(await client.send(b"x\r\n.\r\n")) == [b"250"]
    assert [len(rig.store.messages(account)) for account in (TED, OPS, ANN)] == [1, 1, 0]


async def test_a_message_past_the_limit_is_refused_and_the_session_is_in_step() -> None:
    rig = Rig(limits=DoorLimits(message_octets=100))
    client = await rig.smtp(*TO_TED)
    for _ in range(100):
        assert await client.send(b"x" * 1_000 + b"\r\nQUIT\r\n") == []
        assert rig.receiver.room.held <= 100
    (reply, noop) = await client.send(b".\r\nNOOP\r\n")
    assert reply.startswith(b"552 5.3.4")
    assert noop.startswith(b"250")
    assert rig.store.messages() == []
    assert [event.recipient for event in rig.heard.of(DeliveryRefused)] == [""]
    await client.say(*TO_TED)
    assert codes(await client.send(b"x" * 98 + b"\r\n.\r\n")) == [b"250"]
    assert rig.store.bodies() == [b"x" * 98 + b"\r\n"]


async def test_messages_that_all_sessions_hold_together_are_bounded() -> None:
    rig = Rig(held_octets=1_000, limits=DoorLimits(message_octets=1_000))
    first, second = await rig.smtp(*TO_TED), await rig.lmtp(*TO_TED)
    await first.send(b"x" * 900 + b"\r\n")
    await second.send(b"x" * 200 + b"\r\n")
    third = await rig.smtp()
    assert (await third.say("MAIL FROM:<> SIZE=200"))[0].startswith(b"452 4.3.1")
    assert (await second.send(b".\r\n"))[0].startswith(b"452 4.3.1")
    assert codes(await first.send(b".\r\n")) == [b"250"]
    assert rig.receiver.room.held == 0
    assert codes(await third.say("MAIL FROM:<> SIZE=200")) == [b"250"]
    assert len(rig.store.messages()) == 1


async def test_a_client_that_goes_away_gives_its_room_back_and_leaves_no_message() -> None:
    rig = Rig()
    client = await rig.smtp(*TO_TED)
    await client.send(b"x" * 900)
    assert rig.receiver.room.held == 900
    client.transport.lose(ConnectionResetError("gone"))
    await settle()
    assert rig.receiver.room.held == 0
    assert rig.store.messages() == []
    assert len(rig.smtp_door) == 0


async def test_a_full_store_defers_and_the_next_message_can_be_sent() -> None:
    rig = Rig()
    rig.store.stage_errors[TED.id] = StoreFull("/srv/mail is full")
    client = await rig.smtp(*TO_TED)
    (reply,) = await client.send(b"x\r\n.\r\n")
    assert reply.startswith(b"452 4.3.1")
    assert b"/srv" not in reply
    del rig.store.stage_errors[TED.id]
    await client.say(*TO_TED)
    assert codes(await client.send(b"x\r\n.\r\n")) == [b"250"]


@pytest.mark.rule("M1")
async def test_bare_line_ends_are_normalised_or_refused_as_set() -> None:
    for setting, code, stored in (
        (BareLineEnds.NORMALISE, b"250", [b"a\r\n.\r\nb\r\n\r\n"]),
        (BareLineEnds.REFUSE, b"550", []),
    ):
        rig = Rig(bare_line_ends=setting)
        client = await rig.smtp(*TO_TED)
        assert codes(await client.send(b"a\n.\nb\r\r\n.\r\n")) == [code]
        assert rig.store.bodies() == stored
        assert codes(await client.send(b"NOOP\n")) == [b"250" if code == b"250" else b"500"]


async def test_a_new_greeting_or_rset_forgets_the_message_so_far() -> None:
    for again in ("RSET", "EHLO again.example", "HELO again.example"):
        client = await Rig().smtp("MAIL FROM:<>", "RCPT TO:<ted>")
        replies = await client.say(again, "DATA", "MAIL FROM:<>", "MAIL FROM:<>")
        assert codes(replies) == [b"250", b"503", b"250", b"503"]


async def test_a_command_that_fails_in_the_server_gets_451_and_no_word_of_the_cause() -> None:
    rig = Rig()
    client = await rig.smtp("MAIL FROM:<>")
    rig.accounts.find = lambda _: 1 // 0  # type: ignore[method-assign,assignment,return-value]  # a bug of ours
    (reply, noop) = await client.say("RCPT TO:<ted>", "NOOP")
    assert reply == b"451 4.3.0 The server could not do it now; try again later"
    assert noop.startswith(b"250")
    (fault,) = rig.heard.of(FaultMet)
    assert fault.session == "s1"
    assert fault.error.startswith("ZeroDivisionError")


async def test_the_wire_is_told_without_the_messages_and_without_passwords() -> None:
    rig = Rig(wants_wire=True)
    client = await rig.smtp("AUTH PLAIN AHRlZABzZWNyZXQ=", "c2VjcmV0", *TO_TED)
    await client.send(b"a secret\r\n.\r\nQUIT\r\n")
    wire = rig.heard.wire
    assert wire[:4] == [
        b"220 mx.example.org ESMTP Restante",
        b"EHLO client.example",
        b"250-mx.example.org",
        "AUTH …".encode(),
    ]
    assert b"(8 octets that are no command)" in wire
    assert b"(message, 10 octets)" in wire
    assert not any(b"ecret" in line or b"2VjcmV0" in line for line in wire)
    assert [event.line for event in rig.heard.of(CommandReceived)][-1] == b"QUIT"
    assert all(event.session == "s1" for event in rig.heard.of(CommandReceived, ReplySent))


async def test_without_a_listener_for_it_the_wire_is_not_told() -> None:
    rig = Rig()
    await rig.smtp(*TO_TED)
    assert rig.heard.of(CommandReceived, ReplySent) == []


async def test_a_greeting_of_wild_octets_harms_no_header() -> None:
    rig = Rig()
    client = Client(rig.smtp_door)
    await client.say("EHLO x;(y)<z>\tReceived:", *TO_TED)
    await client.send(b"A: 1\r\n\r\n.\r\n")
    assert rig.store.bodies() == [b"A: 1\r\n\r\n"]
    assert b"from x??y??z??Received: ([192.0.2.1])" in rig.store.messages()[0]
