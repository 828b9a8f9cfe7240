"""A maildrop written out: all of it, with its unique-ids, into a place where nothing is yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.ports.accounts import Account, AccountId
from restante.ports.stores import Holder
from restante.proto.terms import UniqueId
from restante.stores import export
from restante.stores.export import export_maildir, export_mbox
from restante.stores.mbox import TargetInTheWay
from restante.stores.memory import MemoryStore
from restante.stores.takeover import base_name, read_unique_id_list, take_over
from restante.stores.transfer import IncomingMessage, import_messages, maildir_base_names, read_maildir, read_mbox

TED = Account(id=AccountId("00000000000000ed"), name="ted")
ALICE = Account(id=AccountId("000000000000a11c"), name="alice")
HOLDER = Holder(peer="maildrop export", since_epoch_seconds=0.0)
NOW = 1_700_000_000.0

MAIL = {
    b"UID1-17": b"Return-Path: <mrose@dbc.mtview.ca.us>\r\nSubject: 1\r\n\r\nFrom me\r\n.\r\n",
    b"a/../../path": b"Subject: 2\r\n",
    b".hidden": b"",
    b"with:2,S": b"\r\n",
    b"2.M1.host,S=9999": b"Subject: 5\r\n\r\n" + b"x\r\n" * 50_000,
    b"1700000000.N0000000002.restante": b"Return-Path: <>\r\n\r\n\0\xff\r\n",
}


async def filled() -> MemoryStore:
    store = MemoryStore()
    for unique_id, octets in MAIL.items():
        await (await store.stage(TED, [octets], unique_id=UniqueId(unique_id))).publish()
    return store


@pytest.mark.rule("C9", "C6")
async def test_what_goes_out_as_a_maildir_comes_back_the_same(tmp_path: Path) -> None:
    store = await filled()
    opened = store.open(TED, HOLDER)
    report = await export_maildir(opened, tmp_path / "out", now_epoch_seconds=NOW)
    assert (report.exported, report.failed) == (len(MAIL), 0)
    assert report.exported_octets == opened.snapshot.total_octets
    listed = read_unique_id_list((tmp_path / "out/dovecot-uidlist").read_bytes())
    takeover = take_over(listed, maildir_base_names(tmp_path / "out"))
    assert (takeover.without_id, takeover.without_file, takeover.faults) == ((), (), ())
    source = read_maildir(tmp_path / "out", order=listed.order)
    await import_messages(store, ALICE, source, unique_ids=takeover.unique_ids, holder=HOLDER)
    returned = store.open(ALICE, HOLDER).snapshot
    assert returned.unique_id_listing == opened.snapshot.unique_id_listing
    assert returned.scan_listing == opened.snapshot.scan_listing


async def test_a_file_is_named_by_its_unique_id_where_that_is_fit_for_it(tmp_path: Path) -> None:
    opened = (await filled()).open(TED, HOLDER)
    await export_maildir(opened, tmp_path / "out", now_epoch_seconds=NOW)
    names = {path.name for path in (tmp_path / "out/new").iterdir()}
    assert names == {
        "UID1-17",
        "1700000000.N0000000002.restantex",
        "1700000000.N0000000003.restante",
        "1700000000.N0000000004.restante",
        "1700000000.N0000000005.restante",
        "1700000000.N0000000002.restante",
    }
    assert all(base_name(name.encode()) == name.encode() for name in names)
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"cur", "new", "tmp", "dovecot-uidlist"}


async def test_files_of_a_maildir_have_lf_line_ends(tmp_path: Path) -> None:
    opened = (await filled()).open(TED, HOLDER)
    await export_maildir(opened, tmp_path / "out", now_epoch_seconds=NOW)
    files = sorted(path.read_bytes() for path in (tmp_path / "out/new").iterdir())
    assert files == sorted(octets.replace(b"\r\n", b"\n") for octets in MAIL.values())


@pytest.mark.parametrize("place", range(0, 70_000, 16_384 - 1))
async def test_a_line_end_cut_in_two_by_a_chunk_stays_one(tmp_path: Path, place: int) -> None:
    octets = b"x" * place + b"\r\n" + b"y" * (140_000 - place) + b"\r\n"
    octets = octets[: 64 * 1024 - 1].ljust(64 * 1024 - 1, b"z") + b"\r\n" + octets
    store = MemoryStore()
    await (await store.stage(TED, [octets], unique_id=UniqueId(b"one"))).publish()
    await export_maildir(store.open(TED, HOLDER), tmp_path / "out", now_epoch_seconds=NOW)
    assert (tmp_path / "out/new/one").read_bytes() == octets.replace(b"\r\n", b"\n")


async def test_an_empty_folder_may_be_the_target_and_anything_else_may_not(tmp_path: Path) -> None:
    opened = (await filled()).open(TED, HOLDER)
    (tmp_path / "empty").mkdir()
    await export_maildir(opened, tmp_path / "empty", now_epoch_seconds=NOW)
    assert len(list((tmp_path / "empty/new").iterdir())) == len(MAIL)
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = sorted(path.name for path in tmp_path.iterdir())
    for name in ("empty", "file", "link"):
        with pytest.raises(TargetInTheWay):
            await export_maildir(opened, tmp_path / name, now_epoch_seconds=NOW)
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == before


async def test_what_comes_into_the_way_meanwhile_is_kept_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = (await filled()).open(TED, HOLDER)
    fill = export._fill

    async def fill_slowly(part: Path, *rest: object) -> export.ExportReport:
        (tmp_path / "out").mkdir()
        (tmp_path / "out/another's").write_bytes(b"")
        return await fill(part, opened, NOW)

    monkeypatch.setattr(export, "_fill", fill_slowly)
    with pytest.raises(TargetInTheWay):
        await export_maildir(opened, tmp_path / "out", now_epoch_seconds=NOW)
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "another's"]


async def test_what_goes_out_as_an_mbox_comes_back_the_same(tmp_path: Path) -> None:
    opened = (await filled()).open(TED, HOLDER)
    report = await export_mbox(opened, tmp_path / "mbox", now_epoch_seconds=NOW)
    assert (report.exported, report.failed) == (len(MAIL), 0)
    assert report.exported_octets == opened.snapshot.total_octets
    found = [incoming for incoming in read_mbox(tmp_path / "mbox") if isinstance(incoming, IncomingMessage)]
    assert [incoming.octets for incoming in found] == list(MAIL.values())
    mbox = (tmp_path / "mbox").read_bytes()
    assert mbox.startswith(b"From mrose@dbc.mtview.ca.us Tue Nov 14 22:13:20 2023\n")
    assert mbox.count(b"From MAILER-DAEMON Tue") == len(MAIL) - 1


async def test_an_mbox_that_is_there_is_replaced_only_by_order(tmp_path: Path) -> None:
    opened = (await filled()).open(TED, HOLDER)
    (tmp_path / "mbox").write_bytes(b"before")
    with pytest.raises(TargetInTheWay):
        await export_mbox(opened, tmp_path / "mbox", now_epoch_seconds=NOW)
    assert (tmp_path / "mbox").read_bytes() == b"before"
    await export_mbox(opened, tmp_path / "mbox", now_epoch_seconds=NOW, overwrite=True)
    assert len(list(read_mbox(tmp_path / "mbox"))) == len(MAIL)


@pytest.mark.parametrize("gone", list(MAIL))
async def test_a_message_that_vanished_is_named_and_the_rest_goes_out(tmp_path: Path, gone: bytes) -> None:
    store = await filled()
    opened = store.open(TED, HOLDER)
    store.lose(TED, gone)
    left = [octets for unique_id, octets in MAIL.items() if unique_id != gone]
    for report in (
        await export_mbox(opened, tmp_path / "mbox", now_epoch_seconds=NOW),
        await export_maildir(opened, tmp_path / "out", now_epoch_seconds=NOW),
    ):
        assert (report.exported, report.failed) == (len(left), 1)
        assert report.failures[0].key == gone
        assert report.exported_octets == sum(map(len, left))
    found = list(read_mbox(tmp_path / "mbox"))
    assert [incoming.octets for incoming in found if isinstance(incoming, IncomingMessage)] == left
    assert len(maildir_base_names(tmp_path / "out")) == len(left)
    assert len(read_unique_id_list((tmp_path / "out/dovecot-uidlist").read_bytes()).messages) == len(left)


async def test_an_empty_maildrop_goes_out_as_nothing(tmp_path: Path) -> None:
    opened = MemoryStore().open(TED, HOLDER)
    await export_mbox(opened, tmp_path / "mbox", now_epoch_seconds=NOW)
    await export_maildir(opened, tmp_path / "out", now_epoch_seconds=NOW)
    assert list(read_mbox(tmp_path / "mbox")) == list(read_maildir(tmp_path / "out")) == []
