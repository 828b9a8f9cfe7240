"""Reading messages: what comes is what was listed, or MessageGone and a better listing next time."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from restante.ports.accounts import Account, AccountId
from restante.ports.soon import Later
from restante.ports.stores import LONGEST_CHUNK_OCTETS, LongMessage, MessageGone, StoreFault
from restante.proto.lines import canonical
from restante.proto.terms import MessageNumber
from restante.stores.maildir import MaildirStore, listing, retrieval
from restante.stores.maildir.retrieval import WarmReader
from restante.testing.store_contract import HOLDER, answer, deliver, octets_of, open_maildrop

LONG = 200_000
OLD_NS = 1_700_000_000_000_000_000


def lay(path: Path, octets: bytes) -> None:
    """Write a file that was there long before."""
    path.write_bytes(octets)
    os.utime(path, ns=(OLD_NS, OLD_NS))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[MaildirStore]:
    store = MaildirStore(tmp_path, hostname="mail.example.org")
    yield store
    await store.close()


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "M" / folder).mkdir(parents=True)
    return tmp_path / "M"


@pytest.fixture
def account(maildir: Path) -> Account:
    return Account(id=AccountId("0123456789abcdef"), name="ted", maildir=maildir)


@pytest.mark.rule("C5", "C6")
@pytest.mark.parametrize(
    "octets",
    [
        b"a\nb",
        b"\r",
        b"a\r\r\n\n",
        b"x" * 4096,
        b"x\n" * 2048,
        b"a\n" * LONG,
        b"\n" * LONG,
        b"\r" * (LONG + 1),
        b"x" * LONG,
    ],
    ids=["lf", "cr", "mixed", "a page", "a page of lines", "long lf", "long empty lines", "long cr", "long line"],
)
async def test_a_foreign_file_comes_in_canonical_form(
    store: MaildirStore, account: Account, maildir: Path, octets: bytes
) -> None:
    (maildir / "new" / "1.a.host").write_bytes(octets)
    maildrop = await open_maildrop(store, account)
    assert await octets_of(maildrop, 1) == canonical(octets)
    assert maildrop.snapshot.octets(MessageNumber(1)) == len(canonical(octets))
    maildrop.release()


@pytest.mark.parametrize("cached", [False, True])
async def test_octets_are_the_same_when_the_disk_has_to_be_waited_for(
    store: MaildirStore, account: Account, maildir: Path, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    messages = [b"short\r\n", b"a\nb\n", b"line\r\n" * LONG, b"line\n" * LONG]
    for n, octets in enumerate(messages):
        (maildir / "new" / f"{n}.a.host").write_bytes(octets)

    def refuse(*_: object) -> int:
        raise OSError(errno.EAGAIN if cached else errno.EOPNOTSUPP, "not now")

    monkeypatch.setattr(os, "preadv", refuse)
    maildrop = await open_maildrop(store, account)
    for n, octets in enumerate(messages, 1):
        assert await octets_of(maildrop, n) == canonical(octets)
    maildrop.release()


async def test_short_messages_in_the_page_cache_come_at_once(
    store: MaildirStore, account: Account, maildir: Path
) -> None:
    await deliver(store, account, b"a\r\n")
    lay(maildir / "new" / "1.a", b"a\nb\n")
    maildrop = await open_maildrop(store, account)
    assert maildrop.retrieve(MessageNumber(1)) == b"a\r\nb\r\n"
    assert maildrop.retrieve(MessageNumber(2)) == b"a\r\n"
    maildrop.release()


async def test_a_file_with_another_time_is_proved_once(
    store: MaildirStore, account: Account, maildir: Path
) -> None:
    """A copy of a Maildir, for one, may have lost the times."""
    await deliver(store, account, b"a\r\n")
    (path,) = (maildir / "new").iterdir()
    os.utime(path, ns=(1, 1))
    maildrop = await open_maildrop(store, account)
    first = maildrop.retrieve(MessageNumber(1))
    assert isinstance(first, Later)
    assert await first == b"a\r\n"
    assert maildrop.retrieve(MessageNumber(1)) == b"a\r\n"
    maildrop.release()


@pytest.mark.parametrize("octets", [b"a\r\n", b"line\r\n" * LONG], ids=["short", "long"])
@pytest.mark.parametrize("flags", [":2,", ":2,FRS"])
async def test_a_file_that_was_moved_is_found(
    store: MaildirStore, account: Account, maildir: Path, octets: bytes, flags: str
) -> None:
    path = maildir / "new" / "1.a"
    path.write_bytes(octets)
    maildrop = await open_maildrop(store, account)
    path.rename(maildir / "cur" / ("1.a" + flags))
    assert await octets_of(maildrop, 1) == octets
    maildrop.release()


Change = Callable[[Path], object]


@pytest.mark.rule("C5")
@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-2]),
        lambda path: path.write_bytes(path.read_bytes() + b"more\r\n"),
        lambda path: path.write_bytes(b"\n" + path.read_bytes()[1:]),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"),
        lambda path: path.write_bytes(b""),
    ],
    ids=["shorter", "longer", "a bare LF", "no last line end", "empty"],
)
@pytest.mark.parametrize(
    "octets", [b"a\r\nb\r\n", b"line\r\n" * LONG, b"x" * 4094 + b"\r\n"], ids=["short", "long", "page"]
)
async def test_a_file_that_is_not_as_listed_is_gone_now_and_listed_rightly_next_time(
    store: MaildirStore, account: Account, maildir: Path, octets: bytes, change: Change
) -> None:
    await deliver(store, account, octets)
    (path,) = (maildir / "new").iterdir()
    change(path)
    maildrop = await open_maildrop(store, account)
    with pytest.raises(MessageGone, match="next session lists it rightly"):
        await octets_of(maildrop, 1)
    unique_ids = maildrop.snapshot.unique_ids
    maildrop.release()
    maildrop = await open_maildrop(store, account)
    assert maildrop.snapshot.octets(MessageNumber(1)) == len(canonical(path.read_bytes()))
    assert await octets_of(maildrop, 1) == canonical(path.read_bytes())
    assert maildrop.snapshot.unique_ids == unique_ids
    maildrop.release()


async def drained(message: LongMessage, given: list[bytes]) -> None:
    while chunk := await answer(message.next_chunk()):
        given.append(chunk)


async def test_a_long_file_that_shrinks_while_it_is_read_is_gone_before_the_end_is_told(
    store: MaildirStore, account: Account, maildir: Path
) -> None:
    path = maildir / "new" / "1.a"
    path.write_bytes(b"line\r\n" * LONG)
    maildrop = await open_maildrop(store, account)
    message: bytes | LongMessage = await answer(maildrop.retrieve(MessageNumber(1)))
    assert not isinstance(message, bytes)
    await answer(message.next_chunk())
    path.write_bytes(b"line\r\n" * (LONG // 2))
    with pytest.raises(MessageGone):
        await drained(message, [])
    maildrop.release()


@pytest.mark.parametrize("octets", [3, LONG])
async def test_what_is_no_file_any_more_is_gone_and_nobody_waits_for_it(
    store: MaildirStore, account: Account, maildir: Path, octets: int
) -> None:
    names = [f"{n}.a,S={octets},W={octets}" for n in range(3)]
    for name in names:
        (maildir / "new" / name).touch()
    maildrop = await open_maildrop(store, account)
    for name in names:
        (maildir / "new" / name).unlink()
    os.mkfifo(maildir / "new" / names[0])
    (maildir / "new" / names[1]).symlink_to("/etc/passwd")
    (maildir / "new" / names[2]).mkdir()
    for number in (1, 2, 3):
        with pytest.raises(StoreFault):
            await octets_of(maildrop, number)
    maildrop.release()


@pytest.mark.rule("L6")
@pytest.mark.parametrize("at", [70_000, 65_536, 65_535, LONG])
@pytest.mark.parametrize("line_end", [b"\n", b"\r"])
async def test_a_name_that_lies_does_not_make_us_send_a_bare_line_end(
    store: MaildirStore, account: Account, maildir: Path, at: int, line_end: bytes
) -> None:
    octets = b"x" * at + line_end + b"y" * (LONG - at) + b"\r\n"
    for name in (f"1.M000001P1Q1Ra.h,S={len(octets)},W={len(octets)},D=0", f"2.a,S={len(octets)},W={len(octets)}"):
        (maildir / "new" / name).write_bytes(octets)
    maildrop = await open_maildrop(store, account)
    with pytest.raises(MessageGone):
        await octets_of(maildrop, 1)
    assert await octets_of(maildrop, 2) == canonical(octets)
    maildrop.release()


@pytest.mark.rule("L7")
@pytest.mark.parametrize("octets", [b".\r\n", b"line\r\n" * LONG + b".\r\n"], ids=["short", "long"])
async def test_a_name_that_lies_does_not_make_us_forget_a_dot(
    store: MaildirStore, account: Account, maildir: Path, octets: bytes
) -> None:
    name = f"1.M000001P1Q1Ra.h,S={len(octets)},W={len(octets)},D=0"
    (maildir / "new" / name).write_bytes(octets)
    maildrop = await open_maildrop(store, account)
    with pytest.raises(MessageGone):
        await octets_of(maildrop, 1)
    maildrop.release()


@pytest.mark.rule("L7")
@pytest.mark.parametrize("octets", [b"a\r\nb\r\n", b"line\r\n" * LONG], ids=["short", "long"])
async def test_what_was_found_in_a_file_does_not_outlive_a_change_of_the_same_length(
    store: MaildirStore, account: Account, maildir: Path, octets: bytes
) -> None:
    await deliver(store, account, octets)
    (path,) = (maildir / "new").iterdir()
    maildrop = await open_maildrop(store, account)
    assert await octets_of(maildrop, 1) == octets
    with path.open("r+b") as file:
        file.write(b".")
    with pytest.raises(MessageGone):
        await octets_of(maildrop, 1)
    maildrop.release()
    maildrop = await open_maildrop(store, account)
    assert await octets_of(maildrop, 1) == b"." + octets[1:]
    maildrop.release()


def test_a_file_is_read_at_once_only_with_the_octets_and_the_time_it_had(tmp_path: Path) -> None:
    page = os.sysconf("SC_PAGE_SIZE")
    lay(tmp_path / "m", b"x" * page * 3)
    path, read = os.fsencode(tmp_path / "m"), partial(WarmReader().read, folder=None)
    assert read(path, page * 3, OLD_NS) == b"x" * page * 3
    assert read(path, page, OLD_NS) is None
    assert read(path, page * 4, OLD_NS) is None
    assert read(path, page * 3, OLD_NS + 1) is None
    assert read(path + b"none", 1, OLD_NS) is None


def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is asked of the system from here on."""
    calls: Counter[str] = Counter()

    def count(name: str) -> None:
        asked = getattr(os, name)

        def ask(*arguments: object, **named: object) -> object:
            calls[name] += 1
            return asked(*arguments, **named)

        monkeypatch.setattr(os, name, ask)

    for name in ("open", "close", "read", "pread", "preadv", "fstat", "stat", "lstat", "listdir", "scandir"):
        count(name)
    return calls


@pytest.mark.parametrize("foreign", [False, True], ids=["ours", "another program's"])
async def test_a_message_costs_four_calls_of_the_system_and_no_look_at_its_octets(
    store: MaildirStore, account: Account, maildir: Path, monkeypatch: pytest.MonkeyPatch, foreign: bool
) -> None:
    """On the path of each RETR; more would be felt."""
    if foreign:
        lay(maildir / "new" / "1.a", b"a\n" * 2000)
    else:
        await deliver(store, account, b"a\r\n" * 2000)
    maildrop = await open_maildrop(store, account)
    monkeypatch.setattr(retrieval, "facts_of", None)
    monkeypatch.setattr(retrieval, "measure", None)
    monkeypatch.setattr(listing, "canonical", None)
    calls = counted(monkeypatch)
    came = maildrop.retrieve(MessageNumber(1))
    assert calls == {"open": 1, "preadv": 1, "fstat": 1, "close": 1}
    assert came == b"a\r\n" * 2000
    assert maildrop.snapshot.dots(MessageNumber(1)) == 0
    maildrop.release()


async def test_from_the_second_message_on_the_kernel_walks_from_the_open_maildir(
    store: MaildirStore, account: Account, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        await deliver(store, account, b"%d\r\n" % n)
    maildrop = await open_maildrop(store, account)
    assert await octets_of(maildrop, 1) == b"0\r\n"
    calls = counted(monkeypatch)
    assert maildrop.retrieve(MessageNumber(2)) == b"1\r\n"
    assert calls == {"open": 2, "preadv": 1, "fstat": 1, "close": 1}, "the Maildir stays open"
    calls.clear()
    maildir.rename(maildir.with_name("moved"))
    assert maildrop.retrieve(MessageNumber(3)) == b"2\r\n"
    assert calls == {"open": 1, "preadv": 1, "fstat": 1, "close": 1}
    maildir.with_name("moved").rename(maildir)
    calls.clear()
    maildrop.release()
    assert calls["close"] == 2, "the Maildir's and the lock's"


async def test_a_maildir_that_cannot_be_opened_costs_no_message(
    store: MaildirStore, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        await deliver(store, account, b"%d\r\n" % n)
    maildrop = await open_maildrop(store, account)
    asked = os.open

    def refuse_folders(path: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_DIRECTORY:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return asked(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse_folders)
    for n in range(3):
        assert maildrop.retrieve(MessageNumber(n + 1)) == b"%d\r\n" % n
    maildrop.release()


async def test_a_chunk_of_a_long_message_costs_two_calls_of_the_system(
    store: MaildirStore, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver(store, account, b"a\r\n" * LONG)
    maildrop = await open_maildrop(store, account)
    calls = counted(monkeypatch)
    message = maildrop.retrieve(MessageNumber(1))
    assert not isinstance(message, bytes | Later), "a thread was asked for what is in the page cache"
    assert calls == {"open": 1, "fstat": 1}
    calls.clear()
    assert message.next_chunk() == (b"a\r\n" * LONG)[:LONGEST_CHUNK_OCTETS]
    assert calls == {"preadv": 1, "fstat": 1}
    message.close()
    maildrop.release()


async def test_a_poll_of_a_maildrop_that_did_not_change_lists_nothing(
    store: MaildirStore, account: Account, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver(store, account, b"a\r\n")
    for folder in ("new", "cur"):
        os.utime(maildir / folder, ns=(1, 1))
    (await open_maildrop(store, account)).release()
    calls = counted(monkeypatch)
    maildrop = store.open(account, HOLDER)
    assert not isinstance(maildrop, Later)
    maildrop.release()
    # The lock's file, and the stamps of both folders.
    assert calls == {"open": 1, "close": 1, "lstat": 2}
