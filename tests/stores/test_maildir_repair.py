"""Checking a Maildir: what is found, what is repaired, and what is left alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from restante.ports.accounts import Account, AccountId
from restante.ports.stores import MaildropInUse, StoreFault
from restante.proto.terms import MessageNumber, UniqueId
from restante.stores.maildir import FindingKind, MaildirStore, check
from restante.stores.maildir.index import Index
from restante.stores.maildir.places import places_in
from restante.stores.maildir.repair import STALE_SECONDS
from restante.testing.faults import FaultyDisk
from restante.testing.store_contract import answer, deliver, open_maildrop, plan

ACCOUNT = Account(id=AccountId("0123456789abcdef"), name="ted")
NOW = time.time()


async def filled(root: Path, *octets: bytes) -> Path:
    store = MaildirStore(root, hostname="h")
    for one in octets:
        await deliver(store, ACCOUNT, one)
    await store.close()
    return store.location(ACCOUNT)


def kinds(maildir: Path) -> list[FindingKind]:
    return [finding.kind for finding in check(maildir, now=NOW).findings]


async def test_a_maildrop_of_ours_is_well(tmp_path: Path) -> None:
    maildir = await filled(tmp_path, b"a\r\n", b"b\r\n")
    report = check(maildir, now=NOW)
    assert (report.messages, report.findings) == (2, ())
    assert not (maildir / "restante.index").exists()


async def test_old_files_in_tmp_go_and_young_ones_stay(tmp_path: Path) -> None:
    maildir = await filled(tmp_path, b"a\r\n")
    for name, age in (("old", STALE_SECONDS + 1), ("young", STALE_SECONDS - 1)):
        (maildir / "tmp" / name).touch()
        os.utime(maildir / "tmp" / name, (NOW - age, NOW - age))
    report = check(maildir, now=NOW)
    assert [(one.kind, one.path) for one in report.findings] == [
        (FindingKind.STALE_FILE_REMOVED, maildir / "tmp" / "old")
    ]
    assert os.listdir(maildir / "tmp") == ["young"]


@pytest.mark.rule("C5", "C9")
async def test_a_name_that_lies_is_mended_by_the_index_and_keeps_its_unique_id(tmp_path: Path) -> None:
    maildir = await filled(tmp_path, b"a\r\n", b"b\r\n")
    liar = sorted((maildir / "new").iterdir())[0]
    liar.write_bytes(b"longer\n")
    assert kinds(maildir) == [FindingKind.OCTETS_MEASURED]
    assert kinds(maildir) == []
    store = MaildirStore(tmp_path, hostname="h")
    maildrop = await open_maildrop(store, ACCOUNT)
    assert maildrop.snapshot.octets(MessageNumber(1)) == 8
    assert maildrop.snapshot.unique_id(MessageNumber(1)) == liar.name.encode()
    maildrop.release()
    await store.close()


async def test_an_update_that_a_crash_interrupted_is_finished(tmp_path: Path) -> None:
    maildir = await filled(tmp_path, b"a\r\n", b"b\r\n", b"c\r\n")

    class Stopped(BaseException):
        pass

    def stop() -> None:
        raise Stopped

    store = MaildirStore(tmp_path, hostname="h", disk=FaultyDisk(at_step=6, fault=stop))
    maildrop = await open_maildrop(store, ACCOUNT)
    with pytest.raises(Stopped):
        await answer(maildrop.update(plan(1, 2)))
    maildrop.release()
    await store.close()
    assert len(list((maildir / "new").iterdir())) == 3
    assert kinds(maildir) == [FindingKind.UPDATE_FINISHED]
    assert len(list((maildir / "new").iterdir())) == 1
    assert kinds(maildir) == []


async def test_rows_of_files_that_are_gone_go_and_those_of_staged_ones_stay(tmp_path: Path) -> None:
    store = MaildirStore(tmp_path, hostname="h")
    await deliver(store, ACCOUNT, b"a\r\n", UniqueId(b"GONE"))
    await deliver(store, ACCOUNT, b"a\r\n", UniqueId(b"STAYS"))
    staged = await store.stage(ACCOUNT, [b"b\r\n"], unique_id=UniqueId(b"STAGED"))
    maildir = store.location(ACCOUNT)
    sorted((maildir / "new").iterdir())[0].unlink()
    assert kinds(maildir) == [FindingKind.INDEX_ROWS_REMOVED]
    await staged.publish()
    maildrop = await open_maildrop(store, ACCOUNT)
    assert maildrop.snapshot.unique_ids == (b"STAYS", b"STAGED")
    maildrop.release()
    await store.close()


async def test_missing_folders_and_the_reserve_are_made(tmp_path: Path) -> None:
    maildir = await filled(tmp_path, b"a\r\n")
    (maildir / "cur").rmdir()
    (maildir / "restante.reserve").unlink()
    assert kinds(maildir) == [FindingKind.FOLDER_MADE, FindingKind.RESERVE_MADE]
    assert (maildir / "cur").stat().st_mode & 0o777 == 0o700


async def test_what_the_world_could_read_is_taken_from_it_and_the_group_is_left(tmp_path: Path) -> None:
    maildir = await filled(tmp_path, b"a\r\n")
    (message,) = (maildir / "new").iterdir()
    message.chmod(0o664)
    maildir.chmod(0o755)
    assert kinds(maildir) == [FindingKind.PERMISSIONS_TIGHTENED] * 2
    assert message.stat().st_mode & 0o777 == 0o660
    assert maildir.stat().st_mode & 0o777 == 0o750


async def test_what_is_no_message_is_told_and_left(tmp_path: Path) -> None:
    maildir = await filled(tmp_path, b"a\r\n")
    os.mkfifo(maildir / "new" / "1.pipe")
    (maildir / "cur" / "2.link").symlink_to("/etc/passwd")
    (maildir / "cur" / "3.folder").mkdir()
    assert sorted(kinds(maildir), key=str) == sorted(
        [FindingKind.NOT_A_FILE, FindingKind.NOT_A_FILE, FindingKind.LINK], key=str
    )
    assert (maildir / "cur" / "2.link").is_symlink()


async def test_a_maildrop_in_use_is_not_touched(tmp_path: Path) -> None:
    maildir = await filled(tmp_path, b"a\r\n")
    store = MaildirStore(tmp_path, hostname="h")
    maildrop = await open_maildrop(store, ACCOUNT)
    with pytest.raises(MaildropInUse):
        check(maildir, now=NOW)
    maildrop.release()
    await store.close()


def test_a_maildir_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="not there"):
        check(tmp_path / "none", now=NOW)
    assert not (tmp_path / "none").exists()


def test_foreign_files_are_measured_ahead_without_a_finding(tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir(mode=0o700)
    tmp_path.chmod(0o700)
    (tmp_path / "new" / "1.a").write_bytes(b"a\nb\n")
    (tmp_path / "new" / "1.a").chmod(0o600)
    assert kinds(tmp_path) == [FindingKind.RESERVE_MADE]
    rows = Index(places_in(tmp_path, ours=False).index).read().facts
    assert [found.wire_octets for found in rows.values()] == [6]
