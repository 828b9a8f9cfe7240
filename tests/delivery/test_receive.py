"""Whose mail it is, and the two phases of a delivery."""

from __future__ import annotations

import asyncio

import pytest
from tests.delivery.rig import ANN, FAR, OPS, TED, Rig, settle

from restante.delivery.envelope import Envelope, Recipient
from restante.delivery.receive import Delivered
from restante.delivery.replies import BareLineEnds, Cause, OverQuotaAnswer, Rejection
from restante.delivery.trace import Arrival
from restante.maildrop.policies import Quota, Usage
from restante.ports.accounts import Account, AccountFault
from restante.ports.events import DeliveryDeferred, DeliveryRefused, Door, FaultMet, MessageDelivered
from restante.ports.stores import OverQuota, StoreFault, StoreFull

MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


def arrival(door: Door) -> Arrival:
    return Arrival(door=door, session="s1", message_id="s1.1", protocol="LMTP", peer="unix", greeted_as="c")


def envelope(*accounts: Account) -> Envelope:
    recipients = tuple(Recipient(address=f"{account.name}-address", account=account) for account in accounts)
    return Envelope(reverse_path="sue@elsewhere.net", recipients=recipients)


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize(
    ("address", "account"),
    [
        ("ted", TED),
        ("TED@EXAMPLE.ORG", TED),
        ("ted+lists@example.org", TED),
        ("ted+a+b", TED),
        ('"ted"@example.org', TED),
        ("ted@mx.example.org", TED),
        ("ann@example.org", ANN),  # locked, and gets mail all the same
        ("ann+x@example.org", ANN),
        ("sue@elsewhere.net", FAR),  # a full name is its own leave, whatever the domains
        ("sue+x@elsewhere.net", FAR),
        ("postmaster", OPS),
        ("PostMaster@example.org", OPS),
    ],
)
async def test_an_address_leads_to_its_account(address: str, account: Account, later: bool) -> None:
    rig = Rig()
    rig.accounts.later = later
    assert await rig.receiver.resolve(address) == account


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("nobody@example.org", Cause.NO_SUCH_ACCOUNT),
        ("nobody", Cause.NO_SUCH_ACCOUNT),
        ("+ted@example.org", Cause.NO_SUCH_ACCOUNT),
        ("ann", Cause.NO_SUCH_ACCOUNT),
        ("ted@elsewhere.net", Cause.FOREIGN_DOMAIN),
        ("ted@example.org.elsewhere.net", Cause.FOREIGN_DOMAIN),
        ("ted%elsewhere.net@example.org", Cause.NO_SUCH_ACCOUNT),
        ('"sue@elsewhere.net"@example.org', Cause.NO_SUCH_ACCOUNT),
        ('"ted@example.org"@elsewhere.net', Cause.FOREIGN_DOMAIN),
        ("postmaster@elsewhere.net", Cause.FOREIGN_DOMAIN),
        ("", Cause.BAD_ADDRESS),
        ("ted\r\n", Cause.BAD_ADDRESS),
    ],
)
async def test_an_address_that_leads_nowhere_is_refused(address: str, cause: Cause) -> None:
    assert await Rig().receiver.resolve(address) == Rejection(cause=cause)


async def test_without_a_delimiter_a_tag_is_part_of_the_name() -> None:
    rig = Rig(recipient_delimiter=None, postmaster=None)
    assert await rig.receiver.resolve("ted+x@example.org") == Rejection(cause=Cause.NO_SUCH_ACCOUNT)
    assert await rig.receiver.resolve("postmaster") == Rejection(cause=Cause.NO_SUCH_ACCOUNT)


async def test_a_directory_that_fails_defers() -> None:
    rig = Rig()
    rig.accounts.fault = AccountFault("the database is away")
    found = await rig.receiver.resolve("ted")
    assert isinstance(found, Rejection)
    assert found.is_temporary
    assert found.reason == "the account directory failed: the database is away"


@pytest.mark.parametrize("door", [Door.SMTP, Door.LMTP, Door.PIPE])
async def test_each_account_gets_one_copy_that_names_it_and_no_other(door: Door) -> None:
    rig = Rig()
    outcomes = await rig.receiver.deliver(envelope(TED, ANN, TED), MESSAGE, arrival(door))
    ted, ann = rig.store.messages(TED), rig.store.messages(ANN)
    assert rig.store.bodies(TED) == rig.store.bodies(ANN) == [MESSAGE]
    assert b"for <Ted-address>" in ted[0]
    assert b"ann" not in ted[0]
    assert b"for <ann@example.org-address>" in ann[0]
    assert b"Ted" not in ann[0]
    assert outcomes == (
        Delivered(account=TED, octets=len(ted[0])),
        Delivered(account=ANN, octets=len(ann[0])),
        Delivered(account=TED, octets=len(ted[0])),
    )
    assert rig.heard.events == [
        MessageDelivered(
            session="s1", door=door, account=account.name, octets=len(message), reverse_path="sue@elsewhere.net"
        )
        for account, message in ((TED, ted[0]), (ANN, ann[0]))
    ]


async def test_the_copy_for_an_account_named_twice_bears_the_first_address() -> None:
    rig = Rig()
    twice = tuple(Recipient(address=address, account=TED) for address in ("ted+one", "ted+two"))
    outcomes = await rig.receiver.deliver(Envelope(reverse_path="", recipients=twice), MESSAGE, arrival(Door.LMTP))
    assert len(outcomes) == 2
    (message,) = rig.store.messages()
    assert b"for <ted+one>;" in message


@pytest.mark.rule("M1", "C6")
@pytest.mark.parametrize(
    ("octets", "stored"),
    [
        (b"a\nb\rc\r\nd", b"a\r\nb\r\nc\r\nd\r\n"),
        (b"a\n\r\n", b"a\r\n\r\n"),
        (b"\0\xff.\r\n..\r\n", b"\0\xff.\r\n..\r\n"),
        (b"no end", b"no end\r\n"),
        (b"", b""),
        (b"x" * 1_000_000 + b"\r\n", b"x" * 1_000_000 + b"\r\n"),
        (b"Return-Path: <forged@x>\r\nA: 1\r\n\r\n", b"A: 1\r\n\r\n"),
    ],
)
async def test_what_is_kept_is_canonical_under_one_return_path(octets: bytes, stored: bytes) -> None:
    rig = Rig()
    await rig.receiver.deliver(envelope(TED), octets, arrival(Door.LMTP))
    assert rig.store.bodies() == [stored]


@pytest.mark.rule("M1")
@pytest.mark.parametrize("octets", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\r\n", b"\n\r\n", b"\r\n\n"])
async def test_bare_line_ends_are_refused_where_so_set(octets: bytes) -> None:
    rig = Rig()
    outcomes = await rig.receiver.deliver(
        envelope(TED, ANN), octets, arrival(Door.LMTP), bare_line_ends=BareLineEnds.REFUSE
    )
    assert outcomes == (Rejection(cause=Cause.BARE_LINE_END),) * 2
    assert rig.store.messages() == []
    assert [type(event) for event in rig.heard.events] == [DeliveryRefused]


async def test_by_lmtp_one_account_that_fails_does_not_harm_the_others() -> None:
    rig = Rig()
    rig.store.stage_errors[TED.id] = StoreFull("the disk is full: make room")
    rig.store.publish_errors[OPS.id] = StoreFault("the folder is gone: bring it back")
    outcomes = await rig.receiver.deliver(envelope(TED, ANN, OPS, TED), MESSAGE, arrival(Door.LMTP))
    full = Rejection(cause=Cause.NO_ROOM, detail="the disk is full: make room")
    fault = Rejection(cause=Cause.STORE_FAULT, detail="the folder is gone: bring it back")
    assert outcomes[0] == outcomes[3] == full
    assert outcomes[2] == fault
    assert isinstance(outcomes[1], Delivered)
    assert rig.store.bodies(ANN) == [MESSAGE]
    assert rig.store.discarded == 1
    deferred = rig.heard.of(DeliveryDeferred)
    assert [(event.recipient, event.reason) for event in deferred] == [
        ("Ted-address", full.reason),
        ("ops-address", fault.reason),
    ]


async def test_by_smtp_one_stage_that_fails_leaves_no_copy_anywhere() -> None:
    rig = Rig()
    rig.store.stage_errors[ANN.id] = StoreFull("the disk is full: make room")
    outcomes = await rig.receiver.deliver(envelope(TED, ANN, OPS), MESSAGE, arrival(Door.SMTP))
    assert outcomes == (Rejection(cause=Cause.NO_ROOM, detail="the disk is full: make room"),) * 3
    assert rig.store.messages(TED) == rig.store.messages(ANN) == rig.store.messages(OPS) == []
    assert rig.store.staged == rig.store.discarded == 2


async def test_by_smtp_a_publish_that_fails_is_the_answer_for_all_and_the_rest_is_discarded() -> None:
    rig = Rig()
    rig.store.publish_errors[ANN.id] = StoreFault("gone")
    outcomes = await rig.receiver.deliver(envelope(TED, ANN, OPS), MESSAGE, arrival(Door.SMTP))
    assert outcomes == (Rejection(cause=Cause.STORE_FAULT, detail="gone"),) * 3
    assert rig.store.bodies(TED) == [MESSAGE]  # it will come twice; the other order would lose it
    assert rig.store.messages(OPS) == []
    assert rig.store.discarded == 2
    assert rig.heard.of(MessageDelivered) == []


@pytest.mark.parametrize("door", [Door.SMTP, Door.LMTP])
async def test_a_fault_of_our_own_is_told_and_answered(door: Door) -> None:
    rig = Rig()
    rig.store.stage_errors[TED.id] = ZeroDivisionError("oh")
    rig.store.publish_errors[ANN.id] = KeyError("no")
    (outcome,) = await rig.receiver.deliver(envelope(TED), MESSAGE, arrival(door))
    (other,) = await rig.receiver.deliver(envelope(ANN), MESSAGE, arrival(door))
    assert outcome == Rejection(cause=Cause.FAULT, detail="ZeroDivisionError: oh")
    assert isinstance(other, Rejection)
    faults = rig.heard.of(FaultMet)
    assert [fault.what for fault in faults] == ["delivery: stage", "delivery: publish"]


async def test_a_delivery_that_is_cancelled_discards_what_it_staged() -> None:
    rig = Rig()
    rig.store.gate = asyncio.Event()
    delivery = asyncio.create_task(rig.receiver.deliver(envelope(TED, ANN), MESSAGE, arrival(Door.SMTP)))
    await settle()
    rig.store.gate.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # both are staged now, none is published
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    assert rig.store.messages(TED) == rig.store.messages(ANN) == []
    assert rig.store.discarded == 2


OVER_QUOTA = OverQuota(Quota(messages=3), Usage(messages=3, octets=90))


@pytest.mark.parametrize(
    ("options", "cause", "code", "told"),
    [
        ({}, Cause.OVER_QUOTA_NOW, "452 4.2.2 ", DeliveryDeferred),
        ({"over_quota": OverQuotaAnswer.DEFER}, Cause.OVER_QUOTA_NOW, "452 4.2.2 ", DeliveryDeferred),
        ({"over_quota": OverQuotaAnswer.REFUSE}, Cause.OVER_QUOTA_FOR_GOOD, "552 5.2.2 ", DeliveryRefused),
    ],
)
async def test_an_account_over_its_quota_is_told_as_the_site_chose(
    options: dict[str, OverQuotaAnswer], cause: Cause, code: str, told: type
) -> None:
    rig = Rig(**options)  # type: ignore[arg-type]  # the rig hands on what the receiver takes
    rig.store.stage_errors[TED.id] = OVER_QUOTA
    outcomes = await rig.receiver.deliver(envelope(TED, ANN), MESSAGE, arrival(Door.LMTP))
    assert outcomes[0] == Rejection(cause=cause, detail=str(OVER_QUOTA))
    assert outcomes[0].reply.startswith(code)
    assert isinstance(outcomes[1], Delivered)
    (event,) = rig.heard.of(told)
    assert event.recipient == "Ted-address"
    assert "3 messages" in event.reason
