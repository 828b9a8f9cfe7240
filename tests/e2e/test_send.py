"""`restante send` and `sendmail` as a person, git or cron runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.submission_door import Door, submission_door

from restante.mail_accounts import Account, put_account
from restante.mail_accounts.model import InEnvironment
from restante.submission import SubmissionSecurity


@dataclass
class Desk:
    """A home with an account, and the server of that account."""

    home: Path
    door: Door

    def run(self, *words: str, given: bytes = b"Hello\n", **environ: str) -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "-m", "restante", *words], given, environ)

    def sendmail(self, *words: str, given: bytes) -> subprocess.CompletedProcess[str]:
        link = self.home / "sendmail"
        if not link.exists():
            link.symlink_to(Path(sys.executable).parent / "restante")
        return self._run([str(link), *words], given, {})

    def _run(self, argv: list[str], given: bytes, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
        whole = {"PATH": os.environ["PATH"], "HOME": str(self.home), "PW": "correct horse", **environ}
        done = subprocess.run(argv, input=given, env=whole, capture_output=True, timeout=60, check=False)
        return subprocess.CompletedProcess(argv, done.returncode, done.stdout.decode(), done.stderr.decode())

    def outbox(self) -> list[dict[str, object]]:
        listed: list[dict[str, object]] = json.loads(self.run("send", "--outbox", "--json").stdout)
        return listed


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with submission_door(tmp_path, SubmissionSecurity.TLS) as door:
        account = Account(
            name="ted",
            address="ted@example.org",
            display_name="Ted",
            login="ted",
            credential=InEnvironment(variable="PW"),
            smtp=door.server,
        )
        put_account(tmp_path / ".config/restante/accounts.toml", account)
        yield Desk(tmp_path, door)


def test_a_text_and_a_file_are_sent(desk: Desk) -> None:
    (desk.home / "plan.pdf").write_bytes(b"%PDF")
    done = desk.run(
        *("send", "--to", "ann@example.org", "--bcc", "bob@example.org", "--subject", "Plan"),
        *("--attach", str(desk.home / "plan.pdf")),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "sent to ann@example.org, bob@example.org\n", "")
    (letter,) = desk.door.handler.taken
    assert letter.rcpt_tos == ["ann@example.org", "bob@example.org"]
    assert isinstance(letter.content, bytes)
    assert b"Subject: Plan\r\n" in letter.content
    assert b"bob@example.org" not in letter.content
    assert desk.outbox() == []


def test_what_cannot_go_waits_and_goes_later(desk: Desk) -> None:
    desk.door.handler.refuse = {"ann@example.org": "450 later", "eve@example.org": "550 never"}
    done = desk.run("send", "--to", "ann@example.org, bob@example.org, eve@example.org")
    assert done.returncode == 75
    assert done.stdout == "sent to bob@example.org\n"
    assert "not sent yet to ann@example.org: ann@example.org: 450 later; it waits in the outbox" in done.stderr
    assert "refused for eve@example.org: 550 never" in done.stderr
    (waiting,) = desk.outbox()
    assert (waiting["recipients"], waiting["attempts"]) == (["ann@example.org"], 1)
    listed = desk.run("send", "--outbox").stdout
    assert "1 try, ted\n  for ann@example.org\n  refused for eve@example.org: 550 never\n" in listed
    desk.door.handler.refuse.pop("ann@example.org")
    done = desk.run("send", "--flush")
    assert (done.returncode, done.stdout) == (0, "sent to ann@example.org\n")
    assert [letter.rcpt_tos for letter in desk.door.handler.taken] == [["bob@example.org"], ["ann@example.org"]]
    # Kept aside for the one who was refused: tried again by name only.
    (aside,) = desk.outbox()
    assert aside["aside"]
    assert desk.run("send", "--flush").stdout == "nothing waits in the outbox\n"
    desk.door.handler.refuse = {}
    assert desk.run("send", "--retry", str(aside["id"])).stdout == "sent to eve@example.org\n"
    assert desk.outbox() == []


def test_a_wrong_password_keeps_the_message(desk: Desk) -> None:
    done = desk.run("send", "--to", "ann@example.org", PW="wrong")
    assert done.returncode == 75
    assert "refused the login" in done.stderr
    (waiting,) = desk.outbox()
    assert desk.run("send", "--drop", str(waiting["id"])).returncode == 0
    assert desk.outbox() == []


def test_a_message_that_is_refused_for_good_is_kept_aside(desk: Desk) -> None:
    desk.door.handler.refuse_data = "554 spam"
    done = desk.run("send", "--to", "ann@example.org")
    assert done.returncode == 6
    assert "554 spam" in done.stderr
    assert "kept aside" in done.stderr
    (aside,) = desk.outbox()
    assert aside["aside"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["send"], 2, "nobody is named to send it to"),
        (["send", "--to", "ann"], 2, "'ann' is no address"),
        (["send", "--flush", "--to", "ann@example.org"], 2, "--flush stands alone"),
        (["send", "--account", "x", "--to", "ann@example.org"], 9, "'x' is no account here"),
        (["send", "--to", "ann@example.org", "/none"], 2, "/none: cannot be read"),
        (["send", "--drop", "x"], 1, "does not wait in the outbox"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(desk: Desk, words: list[str], code: int, told: str) -> None:
    done = desk.run(*words)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert not (desk.home / ".local").exists()


def test_a_message_can_be_looked_at_before(desk: Desk) -> None:
    done = desk.run("send", "--show", "--to", "ann@example.org", "--subject", "x")
    assert "Subject: x\n" in done.stdout.replace("\r\n", "\n")
    assert desk.door.handler.taken == []


READY = b"To: ann@example.org\nBcc: bob@example.org\nSubject: hi\n\none\n.\ntwo\n"


def test_sendmail_takes_a_message_as_git_and_mutt_give_it(desk: Desk) -> None:
    done = desk.sendmail("-oi", "-t", "-f", "list@example.org", given=READY)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (letter,) = desk.door.handler.taken
    assert letter.mail_from == "list@example.org"
    assert letter.rcpt_tos == ["ann@example.org", "bob@example.org"]
    assert isinstance(letter.content, bytes)
    assert letter.content.endswith(b"Subject: hi\r\n\r\none\r\n.\r\ntwo\r\n")
    assert b"bob@" not in letter.content


def test_sendmail_ends_as_its_callers_expect(desk: Desk) -> None:
    assert desk.sendmail("-bs", given=b"").returncode == 64
    assert desk.sendmail("root", given=b"x").returncode == 65
    # Without -i a dot alone ends the message, as it does at a terminal.
    assert desk.sendmail("ann@example.org", given=READY).returncode == 0
    content = desk.door.handler.taken[0].content
    assert isinstance(content, bytes)
    assert content.endswith(b"\r\none\r\n")
    desk.door.handler.refuse_data = "451 later"
    waits = desk.sendmail("-i", "ann@example.org", given=READY)
    assert (waits.returncode, waits.stdout) == (75, "")
    assert "it waits in the outbox" in waits.stderr
    listed = desk.sendmail("-bp", given=b"")
    assert "ted@example.org -> ann@example.org" in listed.stdout
    desk.door.handler.refuse_data = "554 never"
    assert desk.sendmail("-q", given=b"").returncode == 69
    (desk.home / ".config/restante/accounts.toml").unlink()
    assert desk.sendmail("ann@example.org", given=b"x").returncode == 78


def test_sendmail_keeps_a_message_when_nobody_is_there(desk: Desk) -> None:
    file = desk.home / ".config/restante/accounts.toml"
    file.write_text(file.read_text().replace(f"port = {desk.door.server.port}", "port = 1"))
    done = desk.sendmail("ann@example.org", given=READY)
    assert done.returncode == 75
    assert "takes no connection there" in done.stderr
    assert len(desk.outbox()) == 1


def test_the_session_is_told_with_secrets_addresses_and_the_message_hidden(desk: Desk) -> None:
    desk.door.handler.refuse = {"eve.lyn@example.org": "550 5.1.1 no eve.lyn@example.org here"}
    words = ("send", "--to", "xenia@example.org, eve.lyn@example.org", "--explain", "--subject", "Plan")
    done = desk.run(*words, given=b"The text itself\n", LC_ALL="C.UTF-8")
    assert "sent to xenia@example.org" in done.stdout
    told = done.stderr.partition("restante: refused")[0]
    for said in (
        "~> AUTH",
        "Client: It is for …@example.org.",
        "For them I take nothing",
        "~> (a message, not shown,",
    ):
        assert said in told
    for secret in ("correct horse", "xenia", "eve.lyn", "The text itself", "Plan"):
        assert secret not in told
    assert "The counter closes. All is done." in told
    assert "after QUIT" in told


def test_a_server_that_is_gone_in_the_middle_or_refuses_the_login_is_told(desk: Desk) -> None:
    done = desk.run("send", "--to", "ann@example.org", "--explain=story", PW="wrong", LC_ALL="de_DE.UTF-8")
    assert done.returncode == 75
    assert "Ich kann dich nicht einlassen" in done.stderr


def test_sendmail_tells_nothing_of_its_session(desk: Desk) -> None:
    done = desk.sendmail("--explain", "ann@example.org", given=b"Subject: x\n\n")
    assert done.returncode == 64
    assert "--explain is no option that is known here" in done.stderr
