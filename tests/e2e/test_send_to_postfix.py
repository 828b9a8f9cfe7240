"""`restante send` and `sendmail` hand mail in at a Postfix whose logins are Dovecot's: what goes, what does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.bed import canonical
from tests.e2e.corpus import CORPUS, DOTS, MULTIPART
from tests.e2e.servers.submission import LARGEST_OCTETS, PASSWORD, Submission, running_submission

from restante.client import Security, Server
from restante.mail_accounts import Account, put_account
from restante.mail_accounts.model import InEnvironment
from restante.submission import SubmissionSecurity, SubmissionServer

pytestmark = [pytest.mark.peer("postfix"), pytest.mark.peer("dovecot")]

Ran = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def site() -> Iterator[Submission]:
    with running_submission() as running:
        yield running


@dataclass
class Desk:
    """A home, and accounts at the site in it, made as they are needed."""

    home: Path
    site: Submission

    def run(
        self,
        who: str,
        *words: str,
        port: int,
        given: bytes = b"Hello\n",
        tls: bool = True,
        password: str = PASSWORD,
        address: str | None = None,
        mechanism: str | None = None,
    ) -> Ran:
        """Run `restante` as somebody of the site, whose account has that address and mechanism."""
        security = SubmissionSecurity.TLS if tls else SubmissionSecurity.STARTTLS
        trusted = self.site.authorities
        account = Account(
            name="it",
            address=address or f"{who}@example.org",
            login=who,
            credential=InEnvironment(variable="PW"),
            mechanism=mechanism,
            smtp=SubmissionServer(host="localhost", port=port, security=security, authorities=trusted),
            pop3=Server(host="localhost", port=self.site.pop3s, security=Security.TLS, authorities=trusted),
        )
        file = self.home / ".config/restante/accounts.toml"
        file.unlink(missing_ok=True)
        put_account(file, account)
        done = subprocess.run(
            [sys.executable, "-m", "restante", *words],
            input=given,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "PW": password},
            capture_output=True,
            timeout=60,
            check=False,
        )
        return subprocess.CompletedProcess(words, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def desk(tmp_path: Path, site: Submission) -> Desk:
    return Desk(tmp_path, site)


def addressed(octets: bytes, recipient: str) -> bytes:
    return octets.replace(b"ted@example.org", recipient.encode() + b"@example.org")


def test_mail_goes_out_by_each_port_and_mechanism_and_is_read_where_it_came_to(
    desk: Desk, site: Submission
) -> None:
    ways = [
        (DOTS, False, None),
        (MULTIPART, True, "PLAIN"),
        (CORPUS["eight_bit"], False, "LOGIN"),
        (CORPUS["no_final_newline"], True, "CRAM-MD5"),
    ]
    letters = [addressed(octets, "dora") for octets, _, _ in ways]
    for letter, (_, tls, named) in zip(letters, ways, strict=True):
        port = site.tls if tls else site.starttls
        sent = desk.run(*("ted", "send", "-t", "--explain=wire"), port=port, tls=tls, given=letter, mechanism=named)
        assert (sent.returncode, sent.stdout) == (0, "sent to dora@example.org\n"), sent.stderr
        assert f"~>  AUTH {named or 'SCRAM-SHA-256'}" in sent.stderr
        assert "ESMTPSA" in site.came("dora", letters.index(letter) + 1)[-1].decode("latin-1")
    for stored, letter in zip(site.came("dora", len(letters)), letters, strict=True):
        # Above it are the headers of who brought it, and what the letter lacked.
        assert stored.replace(b"\n", b"\r\n").endswith(b"\r\n" + canonical(letter))
    listed = json.loads(desk.run("dora", "list", "--json", port=site.tls).stdout)["messages"]
    assert [each["subject"] for each in listed] == ["Dots", "Minutes", "8-bit", "Open end"]
    read = desk.run("dora", "read", "1", port=site.tls)
    assert ".starts with a dot\n.\n..\n...\nin the . middle\n" in read.stdout, read.stderr


def test_a_hashed_password_cannot_do_scram_and_logs_in_all_the_same(desk: Desk, site: Submission) -> None:
    sent = desk.run("eve", "send", "--to", "ann@example.org", "--explain=wire", port=site.tls)
    assert (sent.returncode, sent.stdout) == (0, "sent to ann@example.org\n"), sent.stderr
    assert sent.stderr.index("~>  AUTH SCRAM-SHA-256") < sent.stderr.index("~>  AUTH PLAIN")
    named = desk.run("eve", "send", "--to", "ann@example.org", port=site.tls, mechanism="SCRAM-SHA-256")
    assert named.returncode == 75
    assert "refused the login by SCRAM-SHA-256" in named.stderr
    wrong = desk.run("eve", "send", "--to", "ann@example.org", port=site.starttls, tls=False, password="wrong")
    assert wrong.returncode == 75
    assert "refused the login by PLAIN: 535 5.7.8 " in wrong.stderr


def test_a_wrong_password_costs_no_message_and_it_goes_when_the_password_is_right(
    desk: Desk, site: Submission
) -> None:
    wrong = desk.run("ted", "send", "--to", "ann@example.org", port=site.starttls, tls=False, password="wrong")
    assert (wrong.returncode, wrong.stdout) == (75, "")
    assert "(check the name, and the password or token); it waits in the outbox as " in wrong.stderr
    assert wrong.stderr.endswith("'restante send --flush' tries again\n")
    again = desk.run("ted", "send", "--flush", port=site.starttls, tls=False)
    assert (again.returncode, again.stdout) == (0, "sent to ann@example.org\n")
    given = b"Subject: x\n\nx\n"
    by_cron = desk.run("ted", "sendmail", "ann@example.org", port=site.tls, given=given, password="wrong")
    assert by_cron.returncode == 75
    assert "check the name, and the password or token" in by_cron.stderr


REFUSALS = {
    "relaying": (
        "bob@elsewhere.example",
        None,
        "refused for bob@elsewhere.example: 554 5.7.1 <bob@elsewhere.example>: Relay access denied "
        "(it does not let this account send this: look at the addresses, or ask who runs it)\n",
    ),
    "an unknown recipient": (
        "nobody@example.org",
        None,
        "refused for nobody@example.org: 550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown "
        "in virtual mailbox table (check the address)\n",
    ),
    "the name of another": (
        "ann@example.org",
        "boss@example.org",
        "refused for ann@example.org: 553 5.7.1 <boss@example.org>: Sender address rejected: not owned by user ann "
        "(it does not let this account send this: look at the addresses, or ask who runs it)\n",
    ),
}


@pytest.mark.parametrize(("recipient", "sender", "told"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_refused_for_good_says_what_to_do_and_is_kept_aside(
    desk: Desk, site: Submission, recipient: str, sender: str | None, told: str
) -> None:
    refused = desk.run("ann", "send", "--to", recipient, port=site.tls, address=sender)
    assert (refused.returncode, refused.stdout) == (6, "")
    first, second = refused.stderr.splitlines(keepends=True)
    assert first == f"restante: {told}"
    assert second.startswith("restante: the message is kept aside: 'restante send --retry ")


def test_sendmail_ends_for_cron_as_unavailable_where_a_message_is_refused(desk: Desk, site: Submission) -> None:
    recipient, _, told = REFUSALS["relaying"]
    by_cron = desk.run("ann", "sendmail", recipient, port=site.tls, given=b"Subject: x\n\nx\n")
    assert (by_cron.returncode, by_cron.stdout) == (69, "")
    assert told in by_cron.stderr


def test_the_others_get_what_one_recipient_is_refused_and_another_later(desk: Desk, site: Submission) -> None:
    three = "nobody@example.org, grey@example.org, ann@example.org"
    done = desk.run("ted", "send", "--to", three, port=site.starttls, tls=False)
    assert (done.returncode, done.stdout) == (75, "sent to ann@example.org\n")
    assert "not sent yet to grey@example.org: grey@example.org: 450 4.2.0 <grey@example.org>: " in done.stderr
    assert "refused for nobody@example.org: 550 5.1.1 " in done.stderr


@pytest.mark.parametrize("announced", [True, False], ids=["its size is announced", "it finds out at the end"])
def test_a_message_that_is_too_long_is_told_before_or_after_it_is_sent(
    desk: Desk, site: Submission, announced: bool
) -> None:
    port = site.tls if announced else site.silent
    long = b"Subject: x\n\n" + b"0123456789abcde\n" * 5000
    refused = desk.run("ted", "send", "-t", "--to", "ann@example.org", port=port, given=long)
    assert refused.returncode == 6
    said = (
        f"takes messages of at most {LARGEST_OCTETS} octets, and this has 8"
        if announced
        else "refused the message: 552 5.3.4 Error: message file too big"
    )
    assert said in refused.stderr
    assert "make it smaller, or send it in parts" in refused.stderr
