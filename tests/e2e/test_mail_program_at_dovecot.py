"""`restante list`, `read`, `peek`, `delete`, `fetch` at a Dovecot whose mailbox another program changes, too."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import imapclient
import pytest
from tests.e2e.bed import RESTANTE, Ran, canonical, run
from tests.e2e.corpus import DOTS, MULTIPART, PLAIN
from tests.e2e.dovecot import PASSWORD, Dovecot, running_dovecot

from restante.client import CommandRefused, Login, Security, Server, blocking

pytestmark = pytest.mark.peer("dovecot")

SETTINGS: Final = """\
pop3_uidl_format = %08Xu%08Xv
pop3_lock_session = yes
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""
"""Unique-ids as Dovecot has them unless told otherwise: the UID, then the UIDVALIDITY, in hexadecimal digits."""

LETTERS: Final = tuple(PLAIN.replace(b"Lunch", b"Letter %d" % number, 1) for number in range(1, 5))


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot(SETTINGS) as running:
        yield running


def words(dovecot: Dovecot, user: str, *, security: str = "tls", password: str = PASSWORD) -> list[str]:
    port = dovecot.pop3s if security == "tls" else dovecot.pop3
    return [
        *("--server", f"localhost:{port}", "--security", security, "--authorities", str(dovecot.authorities)),
        *("--user", user, "--password-command", f"echo {password}"),
    ]


def ask(dovecot: Dovecot, user: str, *arguments: str, code: int = 0, security: str = "tls") -> Ran:
    ran = run(RESTANTE, *arguments, *words(dovecot, user, security=security))
    assert ran.code == code, ran.said
    return ran


def listed(dovecot: Dovecot, user: str, *, security: str = "tls") -> dict[str, str]:
    """Give what list says: subjects by unique-id, in order."""
    told = json.loads(ask(dovecot, user, "list", "--json", security=security).out)
    return {each["unique_id"]: each["subject"] for each in told["messages"]}


def expunge(dovecot: Dovecot, user: str, uid: int) -> None:
    """Remove a message by IMAP, as another program of the same person does."""
    with imapclient.IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False) as client:
        client.login(user, PASSWORD)
        client.select_folder("INBOX")
        client.delete_messages([uid])
        client.expunge()


def test_mail_is_listed_read_and_looked_at_by_both_ways_of_tls(dovecot: Dovecot) -> None:
    dovecot.deliver("ann", PLAIN, DOTS, MULTIPART)
    there = listed(dovecot, "ann")
    assert list(there.values()) == ["Lunch", "Dots", "Minutes"]
    assert listed(dovecot, "ann", security="stls") == there
    first, second, _ = there
    assert re.fullmatch("00000001[0-9a-f]{8}", first)
    assert second == f"00000002{first[8:]}"
    assert canonical(ask(dovecot, "ann", "read", "2", "--raw").out) == DOTS
    shown = ask(dovecot, "ann", "read", f"uid:{second}", security="stls").out.decode()
    assert "\n.starts with a dot\n.\n..\n...\nin the . middle\n" in shown
    head = DOTS.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert ask(dovecot, "ann", "peek", "2", "3").out == head + b".starts with a dot\r\n.\r\n..\r\n"


def test_a_unique_id_means_the_same_message_after_another_program_moved_the_numbers(dovecot: Dovecot) -> None:
    dovecot.deliver("bob", *LETTERS)
    before = {subject: unique_id for unique_id, subject in listed(dovecot, "bob").items()}
    expunge(dovecot, "bob", 1)
    dovecot.deliver("bob", MULTIPART)
    # What was the third is the second now.
    assert b"Subject: Letter 3\r\n" in ask(dovecot, "bob", "peek", f"uid:{before['Letter 3']}", "0").out
    ran = ask(dovecot, "bob", "delete", "--yes", f"uid:{before['Letter 3']}", "4", security="stls")
    assert b"Letter 3" in ran.out
    assert b"gone: 2 messages" in ran.out
    left = listed(dovecot, "bob")
    assert {subject: unique_id for unique_id, subject in left.items()} == {
        subject: before[subject] for subject in ("Letter 2", "Letter 4")
    }
    gone = ask(dovecot, "bob", "delete", "--yes", f"uid:{before['Letter 1']}", code=2)
    assert b"there is no message with the unique-id" in gone.err
    assert b"'restante list' shows those there are" in gone.err
    assert [b"Letter 2" in dovecot.stored("bob")[0], b"Letter 4" in dovecot.stored("bob")[1]] == [True, True]


def test_a_message_that_another_program_removes_within_a_session_hides_no_other(dovecot: Dovecot) -> None:
    dovecot.deliver("cleo", *LETTERS)
    server = Server(host="localhost", port=dovecot.pop3s, security=Security.TLS, authorities=dovecot.authorities)
    with blocking.connect(server, login=Login.by_password("cleo", PASSWORD)) as maildrop:
        messages = list(maildrop.messages())
        expunge(dovecot, "cleo", 2)
        came = list(maildrop.read_many(messages))
        assert [found.given == letter for found, letter in zip(came, LETTERS, strict=True)] == [
            *(True, False, True, True)
        ]
        assert isinstance(came[1].refusal, CommandRefused)
        assert "Message 2 expunged" in str(came[1].refusal)
        assert maildrop.mark_many([messages[0], messages[1], messages[3]]) == ()
    assert len(dovecot.stored("cleo")) == 1


def fetched(dovecot: Dovecot, home: Path, *options: str, user: str) -> str:
    where = ("--to", f"maildir:{home}/Mail", "--state", str(home / "state"))
    return ask(dovecot, user, "fetch", *where, *options).said


def kept(home: Path) -> list[Path]:
    return sorted(path for name in ("new", "cur") for path in (home / "Mail" / name).iterdir())


def test_what_is_kept_at_the_server_comes_once_though_the_mailbox_changes(dovecot: Dovecot, home: Path) -> None:
    dovecot.deliver("dora", *LETTERS[:3])
    assert "3 messages" in fetched(dovecot, home, "--keep", user="dora")
    expunge(dovecot, "dora", 1)
    dovecot.deliver("dora", LETTERS[3])
    said = fetched(dovecot, home, "--delete-when-removed", user="dora")
    assert "stored, 0 removed at the server, 3 left there" in said
    assert sorted(canonical(path.read_bytes()) for path in kept(home)) == sorted(LETTERS)
    # What its person removes here goes there too, and nothing else.
    for path in kept(home):
        if b"Letter 2" in path.read_bytes():
            path.unlink()
    assert "1 removed at the server, 2 left there" in fetched(dovecot, home, "--delete-when-removed", user="dora")
    assert sorted(map(canonical, dovecot.stored("dora"))) == sorted(LETTERS[2:])
    assert "2 removed at the server, 0 left there" in fetched(dovecot, home, user="dora")
    assert len(kept(home)) == 3


def test_a_maildrop_in_use_is_no_wrong_password_and_costs_nothing(dovecot: Dovecot, home: Path) -> None:
    dovecot.deliver("eva", *LETTERS)
    server = Server(host="localhost", port=dovecot.pop3, security=Security.STLS, authorities=dovecot.authorities)
    fetching = ("fetch", "--to", f"maildir:{home}/Mail", "--state", str(home / "state"))
    commands: tuple[tuple[str, ...], ...] = (("list",), ("delete", "--yes", "1"), fetching)
    with blocking.connect(server, login=Login.by_password("eva", PASSWORD)) as maildrop:
        assert maildrop.stat().messages == len(LETTERS)
        # All at once: Dovecot waits ten seconds for the lock before it says no.
        waiting = [
            subprocess.Popen([RESTANTE, *command, *words(dovecot, "eva")], stderr=subprocess.PIPE)
            for command in commands
        ]
        ended = [(each.communicate(timeout=60)[1].decode(), each.returncode) for each in waiting]
    for said, code in ended:
        assert code == 75, said
        assert "[IN-USE] Mailbox is locked by another POP3 session." in said
        assert "the login is right, but another session has the maildrop" in said
    assert len(listed(dovecot, "eva")) == len(dovecot.stored("eva")) == len(LETTERS)


def test_a_wrong_password_is_told_as_one(dovecot: Dovecot) -> None:
    dovecot.deliver("fay", PLAIN)
    ran = run(RESTANTE, "list", *words(dovecot, "fay", security="stls", password="wrong"))
    assert (ran.code, ran.out) == (5, b"")
    assert b"[AUTH] Authentication failed. (check the name, and the password or token)" in ran.err
