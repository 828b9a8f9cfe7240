"""The Maildir store held against the memory store, through sessions, crashes and other programs.

Unique-ids are each store's own choice, so they are compared by what they do: one message, one unique-id, for ever.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from restante.maildrop.policies import DAY_SECONDS, MaildropPolicies, RetentionPolicy
from restante.ports.accounts import Account, AccountId
from restante.ports.stores import MaildropInUse, MessageGone, OpenMaildrop, Store
from restante.proto.lines import canonical
from restante.proto.terms import MessageNumber, UniqueId
from restante.stores.maildir import MaildirStore
from restante.stores.maildir.disk import Disk
from restante.stores.memory import MemoryStore
from restante.testing.store_contract import answer, any_octets, deliver, octets_of, open_maildrop, plan

T = TypeVar("T")

ACCOUNT = Account(id=AccountId("0123456789abcdef"), name="ted")


class QuickDisk(Disk):
    """Nothing here is about power cuts."""

    def sync(self, descriptor: int) -> None:
        pass

    def sync_folder(self, path: bytes) -> None:
        pass


async def update(maildrop: OpenMaildrop, marked: set[int]) -> None:
    await answer(maildrop.update(plan(*marked)))


class StoresAgree(RuleBasedStateMachine):
    policies = MaildropPolicies()

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.root = Path(tempfile.mkdtemp())
        self.now = 1_700_000_000.0
        self.maildir = self.started()
        self.memory = MemoryStore(clock=self.clock, policies=self.policies)
        self.names: dict[bytes, bytes] = {}
        """Unique-id in memory, to unique-id in the Maildir."""
        self.session: tuple[OpenMaildrop, OpenMaildrop] | None = None
        self.gone_in_session: set[int] = set()
        self.foreign = 0
        self.open()
        self.release()

    def started(self) -> MaildirStore:
        return MaildirStore(self.root, hostname="h", clock=self.clock, disk=QuickDisk(), policies=self.policies)

    def clock(self) -> float:
        return self.now

    def run(self, work: Coroutine[Any, Any, T]) -> T:  # Any: what asyncio's own awaitables take and yield
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        if self.session is not None:
            self.release()
        self.run(self.maildir.close())
        self.loop.close()
        shutil.rmtree(self.root)

    @property
    def folder(self) -> Path:
        return self.maildir.location(ACCOUNT)

    # Mail comes.

    @rule(octets=any_octets, ticks=st.booleans())
    def deliver(self, octets: bytes, ticks: bool) -> None:
        # Time never stands still altogether: no two messages have the same octets, inode and time.
        self.now += 1 if ticks else 0.001
        for store in (self.maildir, self.memory):
            self.run(deliver(store, ACCOUNT, canonical(octets)))

    @rule(octets=any_octets, number=st.integers(min_value=0, max_value=3))
    def deliver_with_unique_id(self, octets: bytes, number: int) -> None:
        refused = []
        self.now += 0.001
        for store in (self.maildir, self.memory):
            try:
                self.run(deliver(store, ACCOUNT, canonical(octets), UniqueId(b"TAKEN-%d" % number)))
            except ValueError:
                refused.append(store)
        assert len(refused) in (0, 2)

    @rule(octets=any_octets)
    def another_delivery_is_given_up(self, octets: bytes) -> None:
        stores: list[Store] = [self.maildir, self.memory]
        for store in stores:
            staged = self.run(store.stage(ACCOUNT, [octets]))
            self.run(staged.discard())

    @rule(octets=any_octets, in_cur=st.booleans())
    def another_program_delivers(self, octets: bytes, in_cur: bool) -> None:
        self.now += 1
        self.foreign += 1
        name = f"{int(self.now)}.{self.foreign}.other"
        path = self.folder / "cur" / f"{name}:2,S" if in_cur else self.folder / "new" / name
        self.now += 1
        path.write_bytes(octets)
        self.run(deliver(self.memory, ACCOUNT, canonical(octets)))

    @rule(data=st.data(), flags=st.sampled_from(["", "S", "FRS"]))
    def another_program_moves(self, data: st.DataObject, flags: str) -> None:
        files = sorted([*(self.folder / "new").iterdir(), *(self.folder / "cur").iterdir()])
        if files:
            path = data.draw(st.sampled_from(files))
            path.rename(self.folder / "cur" / f"{path.name.partition(':2,')[0]}:2,{flags}")

    # Sessions.

    @precondition(lambda self: self.session is None)
    @rule()
    def open(self) -> None:
        self.gone_in_session = set()
        self.session = ours, theirs = (
            self.run(open_maildrop(self.maildir, ACCOUNT)),
            self.run(open_maildrop(self.memory, ACCOUNT)),
        )
        count = len(theirs.snapshot)
        assert len(ours.snapshot) == count
        assert ours.snapshot.scan_listing == theirs.snapshot.scan_listing
        assert ours.snapshot.total_octets == theirs.snapshot.total_octets
        assert ours.ascii_snapshot.scan_listing == theirs.ascii_snapshot.scan_listing
        assert (ours.ascii_snapshot is ours.snapshot) == (theirs.ascii_snapshot is theirs.snapshot)
        assert ours.unique_ids_changed == 0
        for in_memory, in_maildir in zip(theirs.snapshot.unique_ids, ours.snapshot.unique_ids, strict=True):
            assert self.names.setdefault(in_memory, in_maildir) == in_maildir
        assert len(set(self.names.values())) == len(self.names)

    @precondition(lambda self: self.session is not None)
    @rule()
    def retrieve_all(self) -> None:
        assert self.session is not None
        ours, theirs = self.session
        for number in range(1, len(theirs.snapshot) + 1):
            if number not in self.gone_in_session:
                octets = self.run(octets_of(ours, number))
                assert octets == self.run(octets_of(theirs, number))
                assert len(octets) == ours.snapshot.octets(MessageNumber(number))
                ours.note_retrieved(MessageNumber(number))
                theirs.note_retrieved(MessageNumber(number))

    @precondition(lambda self: self.session is not None)
    @rule(data=st.data())
    def another_program_removes(self, data: st.DataObject) -> None:
        assert self.session is not None
        ours, theirs = self.session
        here = [n for n in range(1, len(theirs.snapshot) + 1) if n not in self.gone_in_session]
        files = sorted([*(self.folder / "new").iterdir(), *(self.folder / "cur").iterdir()])
        if not here or not files:
            return
        number = data.draw(st.sampled_from(here))
        unique_id = ours.snapshot.unique_id(MessageNumber(number))
        for path in files:
            if path.name.partition(":2,")[0].encode() == unique_id:
                path.unlink()
                self.memory.lose(ACCOUNT, theirs.snapshot.unique_id(MessageNumber(number)))
                self.gone_in_session.add(number)
                for one in self.session:
                    try:
                        self.run(octets_of(one, number))
                    except MessageGone:
                        continue
                    raise AssertionError("a message that is gone was retrieved")

    @precondition(lambda self: self.session is not None)
    @rule(data=st.data())
    def quit(self, data: st.DataObject) -> None:
        assert self.session is not None
        count = len(self.session[1].snapshot)
        marked = data.draw(st.sets(st.integers(min_value=1, max_value=count))) if count else set()
        for one in self.session:
            self.run(update(one, marked))
        # What another program took away is known to be gone by one store and not by the other.
        assert self.gone_in_session or self.session[0].expired == self.session[1].expired
        self.release()

    @precondition(lambda self: self.session is not None)
    @rule()
    def release(self) -> None:
        assert self.session is not None
        for one in self.session:
            one.release()
        self.session = None

    @precondition(lambda self: self.session is not None)
    @rule()
    def crash(self) -> None:
        """The process ends without a word: the kernel lets go of its locks, and a new one starts."""
        assert self.session is not None
        self.session[1].release()
        self.session = None
        self.run(self.maildir.close())
        # An error of before may still hold the session in its traceback, as long as the thread that met it runs.
        gc.collect()
        self.now += 1
        self.maildir = self.started()

    @precondition(lambda self: self.session is not None)
    @invariant()
    def nobody_else_gets_in(self) -> None:
        for store in (self.maildir, self.memory):
            try:
                self.run(open_maildrop(store, ACCOUNT))
            except MaildropInUse:
                continue
            raise AssertionError("two sessions have the lock")


class StoresAgreeUnderPolicies(StoresAgree):
    """Mail expires, and what is removed waits in a trash that no session sees."""

    policies = MaildropPolicies(
        retention=RetentionPolicy(expire_days=30, expire_after_retrieval_days=7), trash_days=7
    )

    @rule(days=st.sampled_from([1, 6, 7, 23]))
    def days_pass(self, days: int) -> None:
        self.now += days * DAY_SECONDS


TestStoresAgreeUnderPolicies = StoresAgreeUnderPolicies.TestCase
TestStoresAgreeUnderPolicies.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)

TestStoresAgree = StoresAgree.TestCase
TestStoresAgree.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
