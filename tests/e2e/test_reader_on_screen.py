"""`restante read -i` at a terminal, with servers: mail is answered and sent, and the window vanishes."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.e2e.bed import RESTANTE, WAIT_SECONDS, Bed
from tests.e2e.corpus import PLAIN
from tests.e2e.submission_door import PASSWORD, submission_door
from tests.e2e.terminal import terminal

from restante.client import Security, Server
from restante.mail_accounts import Account, put_account
from restante.mail_accounts.model import InEnvironment
from restante.submission import SubmissionSecurity

EDITOR = """\
#!/bin/sh
cp "$1" {home}/seen
sed 's/^To: .*/To: ann@example.org/; $a\\Four it is.' {home}/seen >"$1"
"""


def test_an_answer_is_written_and_sent_and_the_reader_ends_with_its_window(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, password=PASSWORD.decode())
    (home / "edit").write_text(EDITOR.format(home=home))
    (home / "edit").chmod(0o700)
    with submission_door(home, SubmissionSecurity.TLS) as door:
        account = Account(
            name="ted",
            address="ted@example.org",
            login=owner.name,
            credential=InEnvironment(variable="PW"),
            pop3=Server(host="127.0.0.1", port=bed.port("pop3"), security=Security.PLAIN),
            smtp=door.server,
        )
        put_account(home / "accounts.toml", account)
        env = {
            "RESTANTE_ACCOUNTS": str(home / "accounts.toml"),
            "XDG_DATA_HOME": str(home),
            "PW": PASSWORD.decode(),
            "VISUAL": str(home / "edit"),
        }
        with terminal(home, RESTANTE, "read", "-i", env=env) as seen:
            seen.see("Subject")
            seen.type("\r")
            seen.see("Forward")  # the last of the keys in the last line
            seen.type("r")
            seen.see("Send to ann@example.org?")
            assert door.handler.taken == []
            seen.type("y")
            seen.see("sent to ann@example.org")
            seen.close()
            assert seen.process.wait(WAIT_SECONDS) == -signal.SIGHUP
    (letter,) = door.handler.taken
    assert letter.rcpt_tos == ["ann@example.org"]
    assert isinstance(letter.content, bytes)
    assert b"In-Reply-To: " in letter.content
    assert b"Four it is.\r\n" in letter.content
    assert (home / "seen").read_text().count("\n> ") > 1
    assert len(bed.mail(owner)) == 1
