import asyncio
import json
import mailbox
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.cli.conftest import MESSAGE, Ended, Run

from restante import app
from restante.cli.options import settings_of
from restante.ports.soon import Later
from restante.ports.stores import Holder

_Add = Callable[..., Ended]


def _listed(run: Run, name: str = "ted") -> list[dict[str, object]]:
    messages: list[dict[str, object]] = json.loads(run("maildrop", "list", name, "--json").out)["messages"]
    return messages


def _maildir(folder: Path, *names: str) -> Path:
    for sub in ("cur", "new", "tmp"):
        (folder / sub).mkdir(parents=True)
    for name in names:
        (folder / "cur" / f"{name}:2,S").write_bytes(b"Subject: " + name.encode() + b"\n\nhi\n")
    return folder


@asynccontextmanager
async def _held(name: str = "ted") -> AsyncIterator[None]:
    settings = settings_of(None, None)
    account = app.open_directory(settings).find(name)
    assert account is not None
    store = app.open_store(settings)
    answer = store.open(account, Holder(peer="192.0.2.7:4711", since_epoch_seconds=0))
    maildrop = await answer if isinstance(answer, Later) else answer
    try:
        yield
    finally:
        maildrop.release()
        await store.close()


def test_messages_are_listed_with_number_octets_and_unique_id(run: Run, add: _Add) -> None:
    add("ted", MESSAGE, MESSAGE * 3)
    first, second = _listed(run)
    assert (first["number"], second["number"]) == (1, 2)
    lines = [line.split() for line in run("maildrop", "list", "ted").out.splitlines()]
    assert lines[:2] == [[str(row[key]) for key in ("number", "octets", "unique_id")] for row in (first, second)]
    total = int(str(first["octets"])) + int(str(second["octets"]))
    assert lines[2] == ["2", "messages,", str(total), "octets"]


def test_json_has_the_keys_it_says(run: Run, add: _Add) -> None:
    add("Ted", MESSAGE)
    answer = json.loads(run("maildrop", "list", "ted", "--json").out)
    assert list(answer) == ["account", "octets", "messages"]
    assert answer["account"] == "Ted"
    assert list(answer["messages"][0]) == ["number", "octets", "unique_id"]
    assert answer["octets"] == answer["messages"][0]["octets"]


def test_a_maildrop_without_mail_lists_nothing(run: Run, add: _Add) -> None:
    add("ted")
    assert run("maildrop", "list", "ted").out == "0 messages, 0 octets\n"
    assert _listed(run) == []


@pytest.mark.parametrize(
    "arguments", [("list", "bob"), ("check", "bob"), ("import", "bob", "/tmp"), ("export", "bob", "/nowhere/x")]
)
def test_an_account_that_is_not_there_is_told(run: Run, add: _Add, arguments: tuple[str, ...]) -> None:
    add("ted")
    ended = run("maildrop", *arguments)
    assert ended.code == 1
    assert ended.err == "restante: there is no account 'bob': 'restante account list' shows those there are\n"


@pytest.mark.rule("S2")
@pytest.mark.parametrize("command", ["list", "check", "import", "export"])
async def test_a_maildrop_in_use_says_since_when_and_from_where(
    run: Run, add: _Add, tmp_path: Path, command: str
) -> None:
    # Commands run in a thread, since each has a loop of its own.
    await asyncio.to_thread(add, "ted", MESSAGE)
    more = {"import": [_maildir(tmp_path / "in", "1.a.b")], "export": [tmp_path / "out"]}.get(command, [])
    async with _held():
        ended = await asyncio.to_thread(run, "maildrop", command, "ted", *more)
    assert ended.code == 75
    assert ended.err.startswith("restante: the maildrop of ted is in use since 19")
    assert ended.err.endswith(", from 192.0.2.7:4711: try again when that session has ended\n")
    assert not (tmp_path / "out").exists()


def test_a_sound_maildrop_checks_well(run: Run, add: _Add) -> None:
    add("ted", MESSAGE)
    add("ann")
    ended = run("maildrop", "check")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "ann: no mail has come yet\nted: 1 message, all is well\n"


def _folder(run: Run) -> Path:
    return Path(json.loads(run("account", "list", "--json").out)[0]["folder"])


def test_what_a_hand_left_is_repaired(run: Run, add: _Add) -> None:
    add("ted", MESSAGE)
    folder = _folder(run)
    (folder / "cur").rmdir()
    ended = run("maildrop", "check", "ted")
    assert ended.code == 0
    assert ended.out == (f"ted: {folder}/cur: a folder was missing and was made\nted: 1 message, see above\n")
    assert run("maildrop", "check", "ted").out == "ted: 1 message, all is well\n"


def test_what_needs_a_hand_ends_with_1(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted", MESSAGE)
    link = _folder(run) / "new" / "1.a\x1b.b"
    link.symlink_to(tmp_path)
    ended = run("maildrop", "check", "ted")
    assert ended.code == 1
    assert "not followed; replace it by the file itself" in ended.out
    assert r"1.a\x1b.b" in ended.out


async def test_one_maildrop_in_use_does_not_keep_the_others_from_being_checked(run: Run, add: _Add) -> None:
    await asyncio.to_thread(add, "ann", MESSAGE)
    await asyncio.to_thread(add, "ted", MESSAGE)
    async with _held("ann"):
        ended = await asyncio.to_thread(run, "maildrop", "check")
    assert ended.code == 75
    assert ended.out == "ted: 1 message, all is well\n"
    assert "the maildrop of ann is in use" in ended.err


def test_a_maildrop_of_no_account_is_named(run: Run, add: _Add) -> None:
    add("ted", MESSAGE)
    folder = _folder(run)
    run("account", "remove", "ted", "--yes")
    ended = run("maildrop", "check")
    assert ended.code == 0
    assert ended.out == f"{folder}: belongs to no account: remove it by hand if its mail is not wanted\n"
    assert folder.exists()


def test_a_maildir_is_imported_once(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted")
    source = _maildir(tmp_path / "Maildir", "1700000000.a.b", "1600000000.c.d")
    ended = run("maildrop", "import", "ted", source)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0] == "imported 2 messages, 62 octets"
    ended = run("maildrop", "import", "ted", source)
    assert ended.out == "imported 0 messages, 0 octets\nskipped 2 messages that were there already\n"
    assert len(_listed(run)) == 2


def test_unique_ids_of_another_server_are_taken_over(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted")
    source = _maildir(tmp_path / "Maildir", "1700000000.a.b", "1600000000.c.d", "1500000000.e.f")
    (source / "dovecot-uidlist").write_text("3 V7 N10\n5 :1700000000.a.b\n9 :1600000000.c.d\n")
    ended = run("maildrop", "import", "ted", source, "--unique-ids", source / "dovecot-uidlist")
    assert ended.code == 0, ended.err
    assert [row["unique_id"] for row in _listed(run)][:2] == ["0000000500000007", "0000000900000007"]
    assert ended.out.endswith("1 message got a new unique-id: clients download these again\n")


def test_the_format_of_unique_ids_can_be_named(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted")
    source = _maildir(tmp_path / "Maildir", "1700000000.a.b")
    (source / "dovecot-uidlist").write_text("3 V7 N10\n5 :1700000000.a.b\n")
    flags = ("--unique-ids", source / "dovecot-uidlist", "--uidl-format")
    assert run("maildrop", "import", "ted", source, *flags, "%v.%u").code == 0
    assert [row["unique_id"] for row in _listed(run)] == ["7.5"]
    ended = run("maildrop", "import", "ted", source, *flags, "%q")
    assert ended.code == 2
    assert "pop3_uidl_format '%q'" in ended.err


def test_an_mbox_is_imported(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted")
    box = tmp_path / "mbox"
    box.write_bytes(b"From ann@example.org Mon Nov 23 22:00:00 2026\nSubject: tea\n\n>From here\n\n")
    ended = run("maildrop", "import", "ted", box)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("imported 1 message, ")


def test_what_could_not_be_read_is_named_and_ends_with_1(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted")
    source = _maildir(tmp_path / "Maildir", "1.a.b")
    (source / "new" / "2.\x1b.d").symlink_to("/etc/passwd")
    ended = run("maildrop", "import", "ted", source)
    assert ended.code == 1
    assert ended.out.startswith("imported 1 message, ")
    assert ended.err == (
        "restante: left out 2.\\x1b.d: a symbolic link\n"
        "restante: 1 message left out, as it could not be read: mend that and run the same again\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("{}/none",), 1, "{}/none: no such file or directory: check the path"),
        (("{}/text",), 1, "not an mbox"),
        (("{}",), 1, "is not a Maildir"),
        (("{}/text", "--unique-ids", "{}/text"), 2, "--unique-ids goes with a Maildir"),
        (("{}", "--uidl-format", "%v"), 2, "give both"),
        (("{}/Maildir", "--unique-ids", "{}/text"), 1, "{}/text: neither a dovecot-uidlist"),
        (("{}/Maildir", "--unique-ids", "{}/none"), 1, "{}/none: no such file or directory"),
    ],
)
def test_what_cannot_be_imported_is_told(
    run: Run, add: _Add, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    add("ted")
    _maildir(tmp_path / "Maildir")
    (tmp_path / "text").write_text("Hello\n")
    ended = run("maildrop", "import", "ted", *(argument.format(tmp_path) for argument in arguments))
    assert ended.code == code
    assert words.format(tmp_path) in ended.err
    assert ended.err.count("\n") == 1


def test_a_maildrop_is_exported_with_its_unique_ids(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted", MESSAGE, MESSAGE)
    before = [row["unique_id"] for row in _listed(run)]
    target = tmp_path / "out"
    ended = run("maildrop", "export", "ted", target)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("exported 2 messages, ")
    assert ended.out.endswith(f" octets to {target}\n")
    add("ann")
    assert run("maildrop", "import", "ann", target, "--unique-ids", target / "dovecot-uidlist").code == 0
    assert [row["unique_id"] for row in _listed(run, "ann")] == before
    assert [row["unique_id"] for row in _listed(run)] == before


def test_a_maildrop_is_exported_as_an_mbox(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted", MESSAGE, MESSAGE)
    assert run("maildrop", "export", "ted", tmp_path / "ted.mbox", "--format", "mbox").code == 0
    box = mailbox.mbox(tmp_path / "ted.mbox")
    assert [message["Subject"] for message in box] == ["tea", "tea"]
    box.close()


def test_an_export_overwrites_nothing(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted", MESSAGE)
    for form in ("maildir", "mbox"):
        target = tmp_path / form
        target.write_text("mine")
        ended = run("maildrop", "export", "ted", target, "--format", form)
        assert ended.code == 1
        assert f"{target} is there already" in ended.err
        assert target.read_text() == "mine"


def test_an_export_to_nowhere_is_told(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted", MESSAGE)
    ended = run("maildrop", "export", "ted", tmp_path / "none" / "out")
    assert ended.code == 1
    assert ended.err.endswith("no such file or directory: check the path, and that this user may use it\n")
    assert os.listdir(tmp_path) == ["data"]
