"""Maildrops on the move: what a source gives, and that an import neither loses nor doubles mail."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.maildrop import UpdatePlan
from restante.ports.accounts import Account, AccountId
from restante.ports.soon import Later
from restante.ports.stores import Holder, MaildropInUse, StoreFault, StoreFull
from restante.proto.terms import MessageNumber, UniqueId
from restante.stores import transfer
from restante.stores.maildir import MaildirStore
from restante.stores.memory import MemoryStore, StagedInMemory
from restante.stores.takeover import read_unique_id_list, take_over
from restante.stores.transfer import (
    ImportReport,
    ImportStopped,
    Incoming,
    IncomingMessage,
    NotAMaildir,
    UnreadableMessage,
    import_messages,
    maildir_base_names,
    read_maildir,
    read_mbox,
)

TED = Account(id=AccountId("00000000000000ed"), name="ted")
HOLDER = Holder(peer="maildrop import", since_epoch_seconds=0.0)


def maildir(path: Path, files: dict[str, bytes]) -> Path:
    for folder in ("cur", "new", "tmp"):
        (path / folder).mkdir(parents=True)
    for name, octets in files.items():
        (path / name).write_bytes(octets)
    return path


def message(key: bytes, octets: bytes) -> IncomingMessage:
    return IncomingMessage(octets=octets, key=key, received_epoch_seconds=None)


def keys(found: Iterable[Incoming]) -> list[bytes]:
    return [incoming.key for incoming in found]


def held(store: MemoryStore) -> dict[bytes, bytes]:
    """What the maildrop holds: unique-id to octets, in order."""
    opened = store.open(TED, HOLDER)
    found = {}
    for place, unique_id in enumerate(opened.snapshot.unique_ids, 1):
        octets = opened.retrieve(MessageNumber(place))
        assert isinstance(octets, bytes)
        found[unique_id] = octets
    opened.release()
    return found


async def bring_in(
    store: MemoryStore, source: Iterable[Incoming], unique_ids: dict[bytes, bytes] | None = None
) -> ImportReport:
    mapping = {key: UniqueId(value) for key, value in (unique_ids or {}).items()}
    return await import_messages(store, TED, source, unique_ids=mapping, holder=HOLDER)


def test_a_maildir_gives_both_folders_in_order_of_the_time_in_the_name(tmp_path: Path) -> None:
    files = {
        "cur/900.b:2,S": b"a: 1\n",
        "new/1000.a": b"a: 2\r\n",
        "new/900.a": b"a: 3",
        "tmp/1.x": b"no",
        "cur/.hidden": b"no",
        "cur/odd": b"",
    }
    found = list(read_maildir(maildir(tmp_path / "m", files)))
    assert keys(found) == [b"odd", b"900.a", b"900.b", b"1000.a"]
    assert [incoming.octets for incoming in found if isinstance(incoming, IncomingMessage)] == [
        b"",
        b"a: 3\r\n",
        b"a: 1\r\n",
        b"a: 2\r\n",
    ]
    assert isinstance(found[3], IncomingMessage)
    assert found[3].received_epoch_seconds == 1000.0


def test_a_name_without_a_time_takes_the_time_of_the_file(tmp_path: Path) -> None:
    path = maildir(tmp_path / "m", {"cur/odd": b"a: 1\n"})
    os.utime(path / "cur/odd", (77, 77))
    (found,) = read_maildir(path)
    assert isinstance(found, IncomingMessage)
    assert found.received_epoch_seconds == 77.0


def test_the_order_of_a_list_comes_first(tmp_path: Path) -> None:
    path = maildir(tmp_path / "m", dict.fromkeys(["cur/1.a:2,", "new/2.b", "new/3.c", "new/4.d"], b"a: 1\n"))
    assert keys(read_maildir(path, order=[b"4.d", b"gone", b"2.b"])) == [b"4.d", b"2.b", b"1.a", b"3.c"]
    assert sorted(maildir_base_names(path)) == [b"1.a", b"2.b", b"3.c", b"4.d"]


def test_links_and_what_is_no_file_are_told_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret: yes\n")
    path = maildir(tmp_path / "m", {"cur/1.a": b"a: 1\n", "cur/5.e": b"a: 5\n"})
    (path / "cur/2.b").symlink_to(tmp_path / "secret")
    (path / "new/3.c").symlink_to(tmp_path / "nowhere")
    os.mkfifo(path / "new/4.d")
    (path / "new/folder").mkdir()
    found = list(read_maildir(path))
    assert keys(found) == [b"1.a", b"2.b", b"3.c", b"4.d", b"5.e"]
    assert [incoming.reason for incoming in found if isinstance(incoming, UnreadableMessage)] == [
        "a symbolic link",
        "a symbolic link",
        "not a regular file",
    ]


@pytest.mark.parametrize("spoil", ["missing", "link", "file"])
def test_a_path_without_the_two_folders_is_refused(tmp_path: Path, spoil: str) -> None:
    path = maildir(tmp_path / "m", {})
    (path / "cur").rmdir()
    if spoil == "link":
        (path / "cur").symlink_to(tmp_path)
    elif spoil == "file":
        (path / "cur").write_bytes(b"")
    with pytest.raises(NotAMaildir):
        list(read_maildir(path))
    with pytest.raises(NotAMaildir):
        maildir_base_names(path)


def test_a_message_that_goes_or_is_too_long_does_not_stop_the_rest(tmp_path: Path) -> None:
    path = maildir(tmp_path / "m", {"cur/1.a": b"a: 1\n", "cur/2.b": b"b" * 101, "cur/3.c": b"", "cur/4.d": b"d"})
    found: list[Incoming] = []
    for incoming in read_maildir(path, largest_octets=100):
        (path / "cur/3.c").unlink(missing_ok=True)
        found.append(incoming)
    assert keys(found) == [b"1.a", b"2.b", b"3.c", b"4.d"]
    reasons = [incoming.reason for incoming in found if isinstance(incoming, UnreadableMessage)]
    assert reasons[0].startswith("101 octets")
    assert reasons[1].startswith("moved or removed meanwhile")


def test_an_mbox_gives_its_messages_by_place(tmp_path: Path) -> None:
    separator = b"From a Sat Jan  3 01:05:34 1996\n"
    (tmp_path / "mbox").write_bytes(
        separator + b"a: 1\n\n" + separator + b"x" * 99 + b"\n\n" + separator + b"a: 3\n"
    )
    first, second, third = read_mbox(tmp_path / "mbox", largest_octets=50)
    assert first == IncomingMessage(octets=b"a: 1\r\n", key=b"1", received_epoch_seconds=820631134)
    assert isinstance(second, UnreadableMessage)
    assert second.key == b"2"
    assert third.key == b"3"


@pytest.mark.rule("C9", "C6")
async def test_an_import_keeps_order_octets_and_unique_ids() -> None:
    store = MemoryStore()
    source = [message(b"b", b"b: 1\r\n"), message(b"a", b"a: 1\r\n"), message(b"c", b"c: 1\r\n")]
    report = await bring_in(store, source, {b"a": b"ID-a", b"b": b"ID-b", b"z": b"ID-z"})
    assert list(held(store).values()) == [b"b: 1\r\n", b"a: 1\r\n", b"c: 1\r\n"]
    assert list(held(store))[:2] == [b"ID-b", b"ID-a"]
    assert report == ImportReport(messages=3, imported=3, imported_octets=18, with_own_ids=1)


@given(
    st.lists(st.tuples(st.sampled_from([b"k1", b"k2", b"k3", b"k4"]), st.sampled_from([b"x\r\n", b"y\r\n", b""]))),
    st.sets(st.sampled_from([b"k1", b"k2", b"k3"])),
    st.integers(0, 12),
)
async def test_an_import_run_again_after_a_stop_anywhere_doubles_and_loses_nothing(
    messages: list[tuple[bytes, bytes]], listed: set[bytes], stop: int
) -> None:
    source = [message(key, octets) for key, octets in messages]
    unique_ids = {key: b"ID-" + key for key in listed}
    store = MemoryStore()
    await bring_in(store, source[:stop], unique_ids)
    await bring_in(store, source, unique_ids)
    once = held(store)
    assert sorted(once.values()) == sorted(octets for _, octets in messages)
    for key in listed & {key for key, _ in messages}:
        assert once[b"ID-" + key] == next(octets for found, octets in messages if found == key)
    report = await bring_in(store, source, unique_ids)
    assert (report.imported, report.already_there) == (0, len(source))
    assert held(store) == once


async def test_mail_that_came_in_under_another_id_is_skipped_and_told_apart() -> None:
    store = MemoryStore()
    await bring_in(store, [message(b"a", b"a: 1\r\n")])
    report = await bring_in(store, [message(b"a", b"a: 1\r\n")], {b"a": b"ID-a"})
    assert (report.imported, report.already_there, report.under_another_id) == (0, 0, 1)
    assert len(held(store)) == 1


async def test_mail_that_was_delivered_here_does_not_hide_other_mail() -> None:
    store = MemoryStore()
    await (await store.stage(TED, [b"a: 9\r\n"])).publish()
    report = await bring_in(store, [message(b"a", b"a: 1\r\n")], {b"a": b"ID-a"})
    assert report.imported == 1
    assert list(held(store).values()) == [b"a: 9\r\n", b"a: 1\r\n"]


async def test_two_files_with_one_base_name_are_two_messages() -> None:
    store = MemoryStore()
    report = await bring_in(store, [message(b"a", b"a: 1\r\n"), message(b"a", b"a: 2\r\n")], {b"a": b"ID-a"})
    assert (report.imported, report.with_own_ids) == (2, 1)
    assert held(store)[b"ID-a"] == b"a: 1\r\n"


async def test_long_messages_are_compared_too() -> None:
    store = MemoryStore()
    long = [message(b"a", b"x" * 200_000 + b"\r\n"), message(b"b", b"y" * 200_000 + b"\r\n")]
    await bring_in(store, long[:1])
    report = await bring_in(store, long)
    assert (report.imported, report.already_there) == (1, 1)


async def test_unreadable_messages_are_counted_and_named_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "TOLD_FAILURES", 2)
    store = MemoryStore()
    bad = [UnreadableMessage(key=b"%d" % n, reason="bad") for n in range(5)]
    report = await bring_in(store, [*bad, message(b"a", b"a: 1\r\n")])
    assert (report.messages, report.failed, report.imported) == (6, 5, 1)
    assert [failure.key for failure in report.failures] == [b"0", b"1"]


async def test_the_maildrop_is_locked_while_mail_comes_in_and_free_afterwards() -> None:
    store = MemoryStore()

    def source() -> Iterable[Incoming]:
        with pytest.raises(MaildropInUse):
            store.open(TED, HOLDER)
        yield message(b"a", b"a: 1\r\n")
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        await bring_in(store, source())
    assert list(held(store).values()) == [b"a: 1\r\n"]


class Unwilling(MemoryStore):
    """Refuses some of what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.full_after = 99
        self.burnt: set[bytes] = set()
        self.hated: bytes | None = None

    async def stage(
        self, account: Account, parts: Sequence[bytes], *, unique_id: UniqueId | None = None
    ) -> StagedInMemory:
        if unique_id in self.burnt or self.hated in parts:
            raise ValueError("not this one")
        self.full_after -= 1
        if self.full_after < 0:
            raise StoreFull("no room: remove something")
        return await super().stage(account, parts, unique_id=unique_id)


async def test_an_id_that_the_store_will_not_have_costs_the_id_and_not_the_mail() -> None:
    store = Unwilling()
    store.burnt.add(b"ID-a")
    first = await bring_in(store, [message(b"a", b"a: 1\r\n")], {b"a": b"ID-a"})
    assert (first.imported, first.with_own_ids) == (1, 1)
    report = await bring_in(store, [message(b"a", b"a: 1\r\n")], {b"a": b"ID-a"})
    assert list(held(store).values()) == [b"a: 1\r\n"]
    assert report.under_another_id == 1


async def test_a_message_that_the_store_will_not_have_does_not_stop_the_rest() -> None:
    store = Unwilling()
    store.hated = b"a: 1\r\n"
    report = await bring_in(store, [message(b"a", b"a: 1\r\n"), message(b"b", b"b: 1\r\n")], {b"a": b"ID-a"})
    assert (report.imported, report.failed) == (1, 1)
    assert report.failures[0].key == b"a"
    assert report.failures[0].reason == "not this one"


async def test_a_full_store_stops_the_import_and_a_second_run_ends_it() -> None:
    store = Unwilling()
    store.full_after = 1
    source = [message(b"a", b"a: 1\r\n"), message(b"b", b"b: 1\r\n")]
    with pytest.raises(ImportStopped, match=r"after 1 imported .* no room: remove something; .* run the same"):
        await bring_in(store, source)
    store.full_after = 99
    report = await bring_in(store, source)
    assert (report.imported, report.already_there) == (1, 1)
    assert list(held(store).values()) == [b"a: 1\r\n", b"b: 1\r\n"]


class Torn(StagedInMemory):
    """Cannot be published."""

    discarded = False

    async def publish(self) -> None:
        raise StoreFault("the disk went away: look at it")

    async def discard(self) -> None:
        await super().discard()
        self.discarded = True


class Unpublishable(MemoryStore):
    """Stages, and fails to publish."""

    def __init__(self) -> None:
        super().__init__()
        self.staged: list[Torn] = []

    async def stage(
        self, account: Account, parts: Sequence[bytes], *, unique_id: UniqueId | None = None
    ) -> StagedInMemory:
        staged = await super().stage(account, parts, unique_id=unique_id)
        staged.__class__ = Torn
        assert isinstance(staged, Torn)
        self.staged.append(staged)
        return staged


async def test_a_message_that_cannot_be_published_is_discarded() -> None:
    store = Unpublishable()
    with pytest.raises(ImportStopped):
        await bring_in(store, [message(b"a", b"a: 1\r\n")])
    assert [staged.discarded for staged in store.staged] == [True]
    assert held(store) == {}


async def test_mail_that_vanishes_during_the_comparison_is_no_copy() -> None:
    store = MemoryStore()
    await bring_in(store, [message(b"a", b"a: 1\r\n")])
    (unique_id,) = held(store)

    def source() -> Iterable[Incoming]:
        store.lose(TED, unique_id)
        yield message(b"a", b"a: 1\r\n")

    assert (await bring_in(store, source())).imported == 1


async def test_what_a_client_removed_is_not_there_for_the_comparison() -> None:
    store = MemoryStore()
    await bring_in(store, [message(b"a", b"a: 1\r\n")])
    opened = store.open(TED, HOLDER)
    opened.update(UpdatePlan(removals=(MessageNumber(1),)))
    opened.release()
    assert (await bring_in(store, [message(b"a", b"a: 1\r\n")])).imported == 1


@pytest.mark.rule("C9")
async def test_a_maildir_and_its_list_come_in_together(tmp_path: Path) -> None:
    path = maildir(tmp_path / "m", {"cur/2.b:2,S": b"b: 1\n", "new/1.a": b"a: 1\n", "new/3.c": b"c: 1\n"})
    listed = read_unique_id_list(b"3 V16 N4\n1 :2.b\n2 :1.a\n3 :gone\n")
    takeover = take_over(listed, maildir_base_names(path))
    store = MemoryStore()
    report = await import_messages(
        store, TED, read_maildir(path, order=listed.order), unique_ids=takeover.unique_ids, holder=HOLDER
    )
    assert list(held(store).values()) == [b"b: 1\r\n", b"a: 1\r\n", b"c: 1\r\n"]
    assert list(held(store))[:2] == [b"0000000100000010", b"0000000200000010"]
    assert report.with_own_ids == len(takeover.without_id) == 1


@pytest.mark.rule("C9")
async def test_the_maildir_store_takes_ids_over_and_a_second_run_doubles_nothing(tmp_path: Path) -> None:
    path = maildir(tmp_path / "m", {"cur/2.b:2,S": b"b: 1\n", "new/1.a": b"a: 1\n", "new/3.c": b"x" * 200_000})
    listed = read_unique_id_list(b"3 V16 N4\n1 :2.b\n2 :1.a\n")
    takeover = take_over(listed, maildir_base_names(path))
    (tmp_path / "store").mkdir()
    store = MaildirStore(tmp_path / "store", hostname="host")
    for imported in (3, 0):
        source = read_maildir(path, order=listed.order)
        report = await import_messages(store, TED, source, unique_ids=takeover.unique_ids, holder=HOLDER)
        assert (report.imported, report.already_there) == (imported, 3 - imported)
    answer = store.open(TED, HOLDER)
    opened = await answer if isinstance(answer, Later) else answer
    assert opened.snapshot.unique_ids[:2] == (b"0000000100000010", b"0000000200000010")
    assert len(opened.snapshot) == 3
    opened.release()
    await store.close()
