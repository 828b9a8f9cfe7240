"""The contract of stores, as tests: whatever keeps maildrops passes all of it.

A test class inherits `StoreContract` and gives the fixtures `store` and `account`, and `lose`. What only one kind
of store can show (crashes, other programs' files) is in that store's own tests.
Sources: RFC 1939 §4 (lock, numbers), §6 (UPDATE), §7 (unique-ids), §11 (octets); `ports/stores.py`.
"""

from __future__ import annotations

from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restante.maildrop.downgrade import downgraded
from restante.maildrop.transaction import UpdatePlan
from restante.ports.accounts import Account
from restante.ports.soon import Later, Soon
from restante.ports.stores import (
    LONGEST_CHUNK_OCTETS,
    Holder,
    LongMessage,
    MaildropInUse,
    MessageGone,
    OpenMaildrop,
    Store,
)
from restante.proto.lines import canonical, stuffed
from restante.proto.terms import MessageNumber, UniqueId, is_legal_unique_id

__all__ = ["HOLDER", "StoreContract", "answer", "any_octets", "deliver", "octets_of", "open_maildrop", "plan"]

T = TypeVar("T")

HOLDER = Holder(peer="192.0.2.1", since_epoch_seconds=1_700_000_000.0)

any_octets = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\0", b"\xe9", b"a" * 90])).map(b"".join)
"""Any octets of the kinds that go wrong somewhere."""


# The fixtures are made once for all examples, each of which leaves the maildrop empty; and one test is inherited by
# a class for each store, whose examples are no less good for another.
_ONE_TEST_FOR_ALL_STORES = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]


async def answer(soon: Soon[T]) -> T:
    """Wait for an answer, if it is not there yet."""
    return await soon if isinstance(soon, Later) else soon


async def open_maildrop(store: Store, account: Account) -> OpenMaildrop:
    """Open a maildrop."""
    return await answer(store.open(account, HOLDER))


async def deliver(store: Store, account: Account, octets: bytes, unique_id: UniqueId | None = None) -> None:
    """Deliver a message."""
    staged = await store.stage(account, [octets], unique_id=unique_id)
    await staged.publish()


async def octets_of(maildrop: OpenMaildrop, number: int) -> bytes:
    """Retrieve a message, long or short, and hold each chunk to its bound."""
    message: bytes | LongMessage = await answer(maildrop.retrieve(MessageNumber(number)))
    if isinstance(message, bytes):
        return message
    chunks = []
    while chunk := await answer(message.next_chunk()):
        assert len(chunk) <= LONGEST_CHUNK_OCTETS
        chunks.append(chunk)
    message.close()
    message.close()
    return b"".join(chunks)


def plan(*numbers: int) -> UpdatePlan:
    """Make a plan of UPDATE."""
    return UpdatePlan(removals=tuple(MessageNumber(number) for number in sorted(numbers)))


class StoreContract:
    """What each store holds to."""

    def lose(self, store: Store, account: Account, unique_id: bytes) -> None:
        """Make a message vanish behind the store's back, as another program would."""
        raise NotImplementedError

    async def test_a_new_maildrop_is_empty(self, store: Store, account: Account) -> None:
        """Nobody has to make a maildrop before it is opened."""
        maildrop = await open_maildrop(store, account)
        assert len(maildrop.snapshot) == 0
        assert maildrop.snapshot.total_octets == 0
        assert maildrop.unique_ids_changed == 0
        maildrop.release()

    @pytest.mark.rule("S3")
    async def test_messages_are_numbered_in_the_order_of_delivery(self, store: Store, account: Account) -> None:
        """Numbers go from 1, and stay."""
        for count in range(1, 13):
            await deliver(store, account, b"n%d\r\n" % count)
        maildrop = await open_maildrop(store, account)
        assert [await octets_of(maildrop, n) for n in range(1, 13)] == [b"n%d\r\n" % n for n in range(1, 13)]
        maildrop.release()

    @pytest.mark.rule("S3")
    async def test_mail_that_comes_later_waits_for_the_next_session(self, store: Store, account: Account) -> None:
        """A snapshot never changes."""
        await deliver(store, account, b"first\r\n")
        maildrop = await open_maildrop(store, account)
        await deliver(store, account, b"second\r\n")
        assert len(maildrop.snapshot) == 1
        assert await octets_of(maildrop, 1) == b"first\r\n"
        maildrop.release()
        maildrop = await open_maildrop(store, account)
        assert len(maildrop.snapshot) == 2
        maildrop.release()

    @pytest.mark.rule("S2")
    async def test_the_lock_keeps_a_second_session_out_and_tells_who_holds_it(
        self, store: Store, account: Account
    ) -> None:
        """At once, and with the holder's own words."""
        maildrop = await open_maildrop(store, account)
        with pytest.raises(MaildropInUse) as caught:
            await answer(store.open(account, Holder(peer="192.0.2.2", since_epoch_seconds=2.0)))
        assert caught.value.holder == HOLDER
        maildrop.release()
        (await open_maildrop(store, account)).release()

    @pytest.mark.rule("S2")
    async def test_a_second_release_does_not_take_the_lock_from_the_next(
        self, store: Store, account: Account
    ) -> None:
        """Release is safe to call twice, at any time."""
        first = await open_maildrop(store, account)
        first.release()
        second = await open_maildrop(store, account)
        first.release()
        with pytest.raises(MaildropInUse):
            await open_maildrop(store, account)
        second.release()

    @pytest.mark.rule("C9")
    async def test_unique_ids_are_legal_and_differ_for_identical_copies(
        self, store: Store, account: Account
    ) -> None:
        """Copies are messages of their own."""
        for _ in range(20):
            await deliver(store, account, b"same\r\n")
        maildrop = await open_maildrop(store, account)
        unique_ids = maildrop.snapshot.unique_ids
        assert len(set(unique_ids)) == 20
        assert all(is_legal_unique_id(unique_id) for unique_id in unique_ids)
        maildrop.release()

    @pytest.mark.rule("C9")
    async def test_unique_ids_stay_and_are_not_used_again(self, store: Store, account: Account) -> None:
        """With UPDATE and without, and for the same octets."""
        for _ in range(3):
            await deliver(store, account, b"same\r\n")
        maildrop = await open_maildrop(store, account)
        before = maildrop.snapshot.unique_ids
        maildrop.release()
        maildrop = await open_maildrop(store, account)
        assert maildrop.snapshot.unique_ids == before
        await answer(maildrop.update(plan(3)))
        maildrop.release()
        await deliver(store, account, b"same\r\n")
        maildrop = await open_maildrop(store, account)
        assert maildrop.snapshot.unique_ids[:2] == before[:2]
        assert maildrop.snapshot.unique_ids[2] not in before
        assert maildrop.unique_ids_changed == 0
        maildrop.release()

    @pytest.mark.rule("C9")
    async def test_a_unique_id_taken_over_is_kept(self, store: Store, account: Account) -> None:
        """Clients that leave mail on the server download nothing twice."""
        await deliver(store, account, b"one\r\n", UniqueId(b"UID-17"))
        await deliver(store, account, b"two\r\n")
        await deliver(store, account, b"three\r\n", UniqueId(b"!" * 70))
        for _ in range(2):
            maildrop = await open_maildrop(store, account)
            assert maildrop.snapshot.unique_ids[0] == b"UID-17"
            assert maildrop.snapshot.unique_ids[2] == b"!" * 70
            assert await octets_of(maildrop, 3) == b"three\r\n"
            maildrop.release()

    @pytest.mark.rule("C9")
    @pytest.mark.parametrize("unique_id", [b"", b"a b", b"x" * 71, b"\xe9", b"a\r\n"])
    async def test_an_illegal_unique_id_is_refused(self, store: Store, account: Account, unique_id: bytes) -> None:
        """1 to 70 octets of 0x21 to 0x7E."""
        with pytest.raises(ValueError, match="legal"):
            await store.stage(account, [b"x\r\n"], unique_id=UniqueId(unique_id))

    @pytest.mark.rule("C9")
    async def test_a_unique_id_that_is_there_is_refused(self, store: Store, account: Account) -> None:
        """Whether it was taken over, chosen by the store, or is only staged."""
        await deliver(store, account, b"one\r\n")
        maildrop = await open_maildrop(store, account)
        chosen = maildrop.snapshot.unique_id(MessageNumber(1))
        maildrop.release()
        await deliver(store, account, b"two\r\n", UniqueId(b"taken"))
        staged = await store.stage(account, [b"three\r\n"], unique_id=UniqueId(b"staged"))
        for unique_id in (chosen, b"taken", b"staged"):
            with pytest.raises(ValueError, match="there already"):
                await store.stage(account, [b"four\r\n"], unique_id=UniqueId(unique_id))
        await staged.discard()
        await deliver(store, account, b"five\r\n", UniqueId(b"staged"))

    @pytest.mark.rule("C5", "C6")
    @given(messages=st.lists(any_octets, max_size=3), cut=st.integers(min_value=0, max_value=200))
    @settings(max_examples=25, deadline=None, suppress_health_check=_ONE_TEST_FOR_ALL_STORES)
    async def test_any_octets_come_back_as_delivered(
        self, store: Store, account: Account, messages: list[bytes], cut: int
    ) -> None:
        """However the parts are cut; and the listing tells what comes."""
        for octets in map(canonical, messages):
            staged = await store.stage(account, [octets[:cut], b"", octets[cut:]])
            await staged.publish()
        maildrop = await open_maildrop(store, account)
        count = len(maildrop.snapshot)
        came = [await octets_of(maildrop, n) for n in range(1, count + 1)]
        assert came == [canonical(octets) for octets in messages]
        assert [maildrop.snapshot.octets(MessageNumber(n)) for n in range(1, count + 1)] == list(map(len, came))
        assert maildrop.snapshot.total_octets == sum(map(len, came))
        for number in range(1, count + 1):
            dots = maildrop.snapshot.dots(MessageNumber(number))
            assert stuffed(came[number - 1], dots) == stuffed(came[number - 1])
        await answer(maildrop.update(plan(*range(1, count + 1))))
        maildrop.release()

    @pytest.mark.rule("C6")
    @pytest.mark.parametrize("octets", [65_534, 65_536, 65_538, 200_000, 64 * 1024 * 5])
    async def test_long_messages_come_back_as_delivered(self, store: Store, account: Account, octets: int) -> None:
        """In chunks, of which each is bounded."""
        message = (b".line\r\n\r\r\n\0" * octets)[: octets - 2].replace(b"\r\r", b"\0\r") + b"\r\n"
        message = canonical(message)
        await deliver(store, account, message)
        maildrop = await open_maildrop(store, account)
        assert await octets_of(maildrop, 1) == message
        assert maildrop.snapshot.octets(MessageNumber(1)) == len(message)
        maildrop.release()

    async def test_a_long_message_may_be_left_in_the_middle(self, store: Store, account: Account) -> None:
        """TOP does that, and so do clients that go away."""
        await deliver(store, account, b"a\r\n" * 100_000)
        maildrop = await open_maildrop(store, account)
        message: bytes | LongMessage = await answer(maildrop.retrieve(MessageNumber(1)))
        assert not isinstance(message, bytes)
        assert (await answer(message.next_chunk())).startswith(b"a\r\n")
        message.close()
        assert len(await octets_of(maildrop, 1)) == 300_000
        maildrop.release()

    @pytest.mark.rule("S5", "C7")
    async def test_update_removes_what_the_plan_names_and_nothing_else(
        self, store: Store, account: Account
    ) -> None:
        """It never comes back, and the rest keeps its unique-ids."""
        for count in range(1, 7):
            await deliver(store, account, b"n%d\r\n" % count)
        maildrop = await open_maildrop(store, account)
        before = maildrop.snapshot.unique_ids
        await answer(maildrop.update(plan(1, 3, 6)))
        maildrop.release()
        maildrop = await open_maildrop(store, account)
        assert maildrop.snapshot.unique_ids == (before[1], before[3], before[4])
        assert [await octets_of(maildrop, n) for n in (1, 2, 3)] == [b"n2\r\n", b"n4\r\n", b"n5\r\n"]
        await answer(maildrop.update(plan(2)))
        maildrop.release()
        maildrop = await open_maildrop(store, account)
        assert maildrop.snapshot.unique_ids == (before[1], before[4])
        assert maildrop.unique_ids_changed == 0
        maildrop.release()

    @pytest.mark.rule("S6")
    async def test_release_without_update_removes_nothing(self, store: Store, account: Account) -> None:
        """A session that breaks off leaves all as it was."""
        await deliver(store, account, b"stays\r\n")
        maildrop = await open_maildrop(store, account)
        await octets_of(maildrop, 1)
        maildrop.release()
        maildrop = await open_maildrop(store, account)
        assert await octets_of(maildrop, 1) == b"stays\r\n"
        await answer(maildrop.update(plan()))
        maildrop.release()
        maildrop = await open_maildrop(store, account)
        assert len(maildrop.snapshot) == 1
        maildrop.release()

    async def test_a_message_that_vanished_is_gone_and_the_others_are_not(
        self, store: Store, account: Account
    ) -> None:
        """Another program may remove mail during a session; UPDATE does not stumble over that."""
        for count in range(1, 4):
            await deliver(store, account, b"n%d\r\n" % count)
        maildrop = await open_maildrop(store, account)
        self.lose(store, account, maildrop.snapshot.unique_id(MessageNumber(2)))
        with pytest.raises(MessageGone):
            await octets_of(maildrop, 2)
        assert await octets_of(maildrop, 3) == b"n3\r\n"
        await answer(maildrop.update(plan(1, 2)))
        maildrop.release()
        maildrop = await open_maildrop(store, account)
        assert [await octets_of(maildrop, n) for n in range(1, len(maildrop.snapshot) + 1)] == [b"n3\r\n"]
        maildrop.release()

    async def test_a_staged_message_is_out_of_sight(self, store: Store, account: Account) -> None:
        """Until it is published; discarded it never was."""
        kept = await store.stage(account, [b"kept\r\n"])
        thrown = await store.stage(account, [b"thrown\r\n"])
        maildrop = await open_maildrop(store, account)
        assert len(maildrop.snapshot) == 0
        maildrop.release()
        await thrown.discard()
        await thrown.discard()
        await kept.publish()
        await kept.discard()
        maildrop = await open_maildrop(store, account)
        assert [await octets_of(maildrop, n) for n in range(1, len(maildrop.snapshot) + 1)] == [b"kept\r\n"]
        maildrop.release()

    async def test_delivery_does_not_need_the_lock(self, store: Store, account: Account) -> None:
        """A client that stays for hours keeps no mail out."""
        maildrop = await open_maildrop(store, account)
        await deliver(store, account, b"x\r\n")
        maildrop.release()
        maildrop = await open_maildrop(store, account)
        assert len(maildrop.snapshot) == 1
        maildrop.release()

    @pytest.mark.rule("U2", "C5")
    async def test_the_octets_of_surrogates_are_told(self, store: Store, account: Account) -> None:
        """Of those messages that need one; of the others those that they have, whatever is in their bodies."""
        needs_utf8 = "Subject: gr\u00fc\u00df dich\r\nTo: \u00c9 <e@example.org>\r\n\r\n.\u00fc\r\n".encode()
        messages = [b"Subject: a\r\n\r\n\xfc\r\n", needs_utf8, needs_utf8 + b"more\r\n" * 20_000]
        for octets in messages:
            await deliver(store, account, octets)
        for _ in range(2):
            maildrop = await open_maildrop(store, account)
            listed = [maildrop.ascii_snapshot.octets(MessageNumber(n)) for n in (1, 2, 3)]
            assert listed == [len(downgraded(octets)) for octets in messages]
            assert maildrop.ascii_snapshot.unique_ids == maildrop.snapshot.unique_ids
            assert [await octets_of(maildrop, n) for n in (1, 2, 3)] == messages
            maildrop.release()

    @pytest.mark.rule("U2")
    async def test_where_no_message_needs_utf8_there_is_one_snapshot(self, store: Store, account: Account) -> None:
        """So that nobody pays for what nobody needs; and it is one again when the last such message is gone."""
        await deliver(store, account, b"Subject: a\r\n\r\n\xfc\r\n")
        maildrop = await open_maildrop(store, account)
        assert maildrop.ascii_snapshot is maildrop.snapshot
        maildrop.release()
        await deliver(store, account, b"Subject: \xfc\r\n\r\n\r\n")
        maildrop = await open_maildrop(store, account)
        assert maildrop.ascii_snapshot is not maildrop.snapshot
        await answer(maildrop.update(plan(2)))
        maildrop.release()
        maildrop = await open_maildrop(store, account)
        assert maildrop.ascii_snapshot is maildrop.snapshot
        maildrop.release()

    async def test_a_message_without_octets_is_a_message(self, store: Store, account: Account) -> None:
        """Listed with 0 octets."""
        await deliver(store, account, b"")
        maildrop = await open_maildrop(store, account)
        assert maildrop.snapshot.octets(MessageNumber(1)) == 0
        assert await octets_of(maildrop, 1) == b""
        maildrop.release()
