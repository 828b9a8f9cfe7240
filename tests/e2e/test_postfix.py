"""Postfix delivers by LMTP and through `restante deliver`; procmail delivers through that, too.

Postfix runs no command as root, and the user whom it takes instead may not get to where this checkout lies: so its
command hands message and recipient to a socket, behind which `restante deliver` runs, and ends as that ended.
"""

from __future__ import annotations

import shutil
import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.bed import RESTANTE, WAIT_SECONDS, Bed, Owner, assert_is_delivery_of, run
from tests.e2e.corpus import CORPUS, MULTIPART, PLAIN
from tests.e2e.faults import traced
from tests.e2e.servers.peer import free_port
from tests.e2e.servers.postfix import Postfix, postfix_folder, running_postfix

pytestmark = [pytest.mark.peer("postfix"), pytest.mark.peer("nc")]

DELIVER = """\
#!/bin/sh
code=$({{ echo "$1"; cat; }} | nc -N -U {socket})
exit "${{code:-75}}"
"""


@dataclass(frozen=True)
class Front:
    """A Postfix in front of a bed."""

    postfix: Postfix
    port: int

    def send(self, recipient: str, octets: bytes, sender: str = "alice@sender.example") -> None:
        """Give a message to Postfix."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=WAIT_SECONDS) as client:
            assert client.sendmail(sender, [recipient], octets) == {}

    def wait_for(self, recipient: str, status: str) -> str:
        """Wait for a line of the log that says how a delivery went."""
        return self.postfix.wait_for(recipient, status)


@contextmanager
def postfix_before(bed: Bed, transport: str, **more: str) -> Iterator[Front]:
    """Run Postfix in front of a bed."""
    with postfix_folder() as folder:
        deliver = folder / "deliver"
        deliver.write_text(DELIVER.format(socket=folder / "pipe"))
        deliver.chmod(0o755)
        open_to_postfix(bed)
        port = free_port()
        settings = {
            "mynetworks": "127.0.0.0/8",
            "smtpd_recipient_restrictions": "permit_mynetworks, reject",
            "virtual_mailbox_domains": "localhost, pipe.example, sender.example",
            "virtual_transport": transport,
            "transport_maps": "inline:{ { pipe.example = restante: } }",
            "restante_destination_recipient_limit": "1",
            **more,
        }
        services = [
            f"127.0.0.1:{port} inet n - n - - smtpd",
            f"restante unix - n n - - pipe\n  flags= user=nobody argv={deliver} ${{user}}",
        ]
        with running_postfix(folder, settings, services) as postfix, pipe_into(bed, folder / "pipe"):
            yield Front(postfix, port)


def open_to_postfix(bed: Bed) -> None:
    """Let the user postfix at the socket, as an administrator does by its group."""
    path = bed.address("lmtp")
    assert isinstance(path, str)
    shutil.chown(path, group="postfix")


@contextmanager
def pipe_into(bed: Bed, path: Path) -> Iterator[None]:
    """Run `restante deliver` for each recipient and message that come to a socket; answer with its exit code."""

    def answer() -> None:
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as reader:
                recipient = reader.readline().decode().strip()
                if not recipient:
                    return
                connection.sendall(b"%d\n" % bed.cli("deliver", recipient, given=reader.read()).code)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen()
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(str(path))
            thread.join()


@pytest.fixture(scope="module")
def postfix(bed: Bed) -> Iterator[Front]:
    with postfix_before(bed, f"lmtp:unix:{bed.address('lmtp')}") as instance:
        yield instance


def assert_came_through(bed: Bed, owner: Owner, sent: bytes) -> None:
    """Assert that the message is there, below the trace headers of two servers."""
    (message,) = bed.mail(owner)
    assert_is_delivery_of(message, sent)
    assert message.startswith(b"Return-Path: <alice@sender.example>\r\n")
    assert b"by postfix.example (Postfix)" in message


@pytest.mark.parametrize("door", ["smtp", "lmtp"])
def test_postfix_delivers_under_tls_that_it_insists_on(bed: Bed, door: str) -> None:
    """By LMTP and by SMTP, encrypted, with the certificate checked."""
    where = f"unix:{bed.address('lmtp')}" if door == "lmtp" else f"[localhost]:{bed.port('smtp')}"
    more = {
        "smtp_host_lookup": "native",
        f"{door}_tls_security_level": "encrypt" if door == "lmtp" else "secure",
        f"{door}_tls_CAfile": f"{bed.folder}/trusted.pem",
        "smtp_tls_secure_cert_match": "localhost",
    }
    shutil.copyfile(bed.data / "self-signed.pem", bed.folder / "trusted.pem")
    (bed.folder / "trusted.pem").chmod(0o644)
    owner = bed.account()
    with postfix_before(bed, f"{door}:{where}", **more) as postfix:
        postfix.send(f"{owner.name}@localhost", PLAIN)
        postfix.wait_for(f"{owner.name}@localhost", "sent")
    assert_came_through(bed, owner, PLAIN)
    (message,) = bed.mail(owner)
    assert b"with %b id" % (b"LMTPS" if door == "lmtp" else b"ESMTPS") in message


@pytest.mark.rule("M2", "C6")
@pytest.mark.parametrize("kind", ["plain", "multipart", "dots", "eight_bit", "large"])
def test_postfix_delivers_by_lmtp_octet_for_octet(bed: Bed, postfix: Front, kind: str) -> None:
    owner = bed.account()
    postfix.send(f"{owner.name}@localhost", CORPUS[kind])
    postfix.wait_for(f"{owner.name}@localhost", "sent")
    assert_came_through(bed, owner, CORPUS[kind])


@pytest.mark.rule("C6")
@pytest.mark.parametrize("kind", ["plain", "multipart", "dots", "eight_bit", "large"])
def test_postfix_delivers_through_the_pipe_octet_for_octet(bed: Bed, postfix: Front, kind: str) -> None:
    owner = bed.account()
    postfix.send(f"{owner.name}@pipe.example", CORPUS[kind])
    postfix.wait_for(f"{owner.name}@pipe.example", "sent")
    (message,) = bed.mail(owner)
    assert_is_delivery_of(message, CORPUS[kind])


@pytest.mark.rule("M2")
@pytest.mark.parametrize("domain", ["localhost", "pipe.example"])
def test_postfix_returns_mail_for_a_name_that_is_not_there(bed: Bed, postfix: Front, domain: str) -> None:
    sender = bed.account()
    postfix.send(f"nobody-here-{sender.name}@{domain}", PLAIN, sender=f"{sender.name}@localhost")
    postfix.wait_for(f"nobody-here-{sender.name}@{domain}", "bounced")
    postfix.wait_for(f"{sender.name}@localhost", "sent")
    (report,) = bed.mail(sender)
    assert report.startswith(b"Return-Path: <>\r\n")
    assert b"Undelivered Mail Returned to Sender" in report


def test_postfix_keeps_mail_by_lmtp_while_the_server_is_down_and_delivers_it_later() -> None:
    with Bed() as bed, postfix_before(bed, f"lmtp:unix:{bed.address('lmtp')}") as postfix:
        owner = bed.account()
        bed.stop()
        postfix.send(f"{owner.name}@localhost", PLAIN)
        postfix.wait_for(f"{owner.name}@localhost", "deferred")
        bed.start()
        open_to_postfix(bed)
        postfix.wait_for(f"{owner.name}@localhost", "sent")
        assert_came_through(bed, owner, PLAIN)


@pytest.mark.peer("strace")
@pytest.mark.rule("M2")
def test_postfix_keeps_mail_while_the_disk_is_full_and_delivers_it_later(bed: Bed, postfix: Front) -> None:
    owner = bed.account(MULTIPART)
    with traced(bed.pid, "inject=fsync,fdatasync:error=ENOSPC"):
        postfix.send(f"{owner.name}@localhost", PLAIN)
        line = postfix.wait_for(f"{owner.name}@localhost", "deferred")
        assert "452 " in line, line
        assert len(bed.mail(owner)) == 1, "what is there has to stay readable"
    postfix.wait_for(f"{owner.name}@localhost", "sent")
    _, message = bed.mail(owner)
    assert_is_delivery_of(message, PLAIN)


def test_postfix_keeps_mail_while_the_pipe_cannot_reach_the_maildrops(bed: Bed, postfix: Front) -> None:
    owner = bed.account()
    away = bed.folder / "away"
    bed.data.rename(away)
    try:
        bed.data.write_bytes(b"not a folder")
        postfix.send(f"{owner.name}@pipe.example", PLAIN)
        postfix.wait_for(f"{owner.name}@pipe.example", "deferred")
    finally:
        bed.data.unlink()
        away.rename(bed.data)
    postfix.wait_for(f"{owner.name}@pipe.example", "sent")
    (message,) = bed.mail(owner)
    assert_is_delivery_of(message, PLAIN)


@pytest.mark.peer("procmail")
@pytest.mark.parametrize("kind", ["plain", "multipart", "dots", "eight_bit", "large"])
def test_procmail_delivers_through_the_pipe(bed: Bed, home: Path, kind: str) -> None:
    owner = bed.account()
    recipes = home / "procmailrc"
    recipes.write_text(f":0 wr\n| {RESTANTE} deliver {owner.name}\n")
    recipes.chmod(0o600)
    ran = run(
        *("procmail", f"RESTANTE_DATA={bed.data}", f"LOGFILE={home}/log", "DEFAULT=/dev/null", recipes),
        given=b"From alice@sender.example Mon Nov 23 12:00:00 2026\n" + CORPUS[kind].replace(b"\r\n", b"\n"),
    )
    assert ran.code == 0, ran.said + (home / "log").read_text()
    (message,) = bed.mail(owner)
    assert_is_delivery_of(message, CORPUS[kind])
