"""What a client can make the server keep: so much and no more, measured on a server as it runs.

Memory is the proportional set size of all its processes, which is what the machine has less of.
"""

from __future__ import annotations

import os
import random
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
from tests.e2e.bed import Bed
from tests.security.ground import (
    PASSWORD,
    Crowd,
    many_accounts,
    pss,
    raise_file_limit,
    report,
    settled,
    spent,
    tls_options,
)

KIB: Final = 1024
MIB: Final = 1024 * KIB

PATIENT: Final = {
    "limits.login_seconds": "3600",
    "limits.autologout_seconds": "3600",
    "limits.connections": "20000",
}
"""Nobody is shown out while we count."""

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Bed]:
    """A server on which sessions may rest, by POP3 and POP3S."""
    raise_file_limit()
    with Bed(doors=("pop3", "lmtp"), settings=PATIENT, options=tls_options(tmp_path)) as bed:
        yield bed


def test_ten_thousand_idle_sessions_cost_at_most_4_kib_each(patient: Bed) -> None:
    with Crowd("idle", patient.port("pop3"), 100) as crowd:
        crowd.ready()
    with ExitStack() as stack:
        with spent(patient) as grown:
            stack.enter_context(Crowd("idle", patient.port("pop3"), 10_000)).ready()
        report("an idle session", grown[0] / 10_000)
        assert grown[0] <= 10_000 * 4 * KIB
        # And who comes now is served.
        with patient.pop3(patient.account(b"Subject: hi\r\n\r\nhi\r\n")) as wire:
            assert wire.ok("STAT").startswith(b"+OK 1 ")


def test_ten_thousand_idle_sessions_under_tls_cost_at_most_60_kib_each(patient: Bed) -> None:
    with Crowd("idle_under_tls", patient.port("pop3s"), 100) as crowd:
        crowd.ready()
    with ExitStack() as stack:
        with spent(patient) as grown:
            stack.enter_context(Crowd("idle_under_tls", patient.port("pop3s"), 10_000)).ready()
        report("an idle session under TLS", grown[0] / 10_000)
        assert grown[0] <= 10_000 * 60 * KIB


def test_sessions_that_rest_after_their_login_cost_at_most_4_kib_each(patient: Bed) -> None:
    # Each has the file of its lock open, too.
    count = min(2_000, raise_file_limit() // 2 - 500)
    many_accounts(patient, count)
    # What is remembered of an account is bounded and stays: it is not a session's.
    with spent(patient) as remembered, Crowd("visit", patient.port("pop3"), count) as crowd:
        crowd.ready()
    report("what is remembered of an account", remembered[0] / count)
    with ExitStack() as stack:
        with spent(patient) as grown:
            stack.enter_context(Crowd("logged_in", patient.port("pop3"), count)).ready()
        report(f"a session after its login, with {count}", grown[0] / count)
        assert grown[0] <= count * 4 * KIB


def long_mail(bed: Bed, names: list[str], mebibytes: int = 50) -> None:
    """Put one long message into each maildrop: one file, with as many names."""
    line = b"x" * 98 + b"\r\n"
    octets = mebibytes * MIB // len(line) * len(line)
    message = bed.folder / "long"
    head = b"Subject: long\r\n\r\n"
    message.write_bytes(head + line * (octets // len(line)))
    octets += len(head)
    for number in range(len(names)):
        folder = bed.data / "maildrops" / f"{number:016x}"
        for each in ("tmp", "new", "cur"):
            (folder / each).mkdir(parents=True, mode=0o700)
        os.link(message, folder / "new" / f"1700000000.M1P1Q1.bed,S={octets},W={octets}")


def test_a_session_under_tls_that_had_long_mail_is_small_again(patient: Bed) -> None:
    count = 200
    long_mail(patient, many_accounts(patient, count + 1), mebibytes=1)
    with ExitStack() as stack:
        with spent(patient) as grown:
            stack.enter_context(Crowd("fed_under_tls", patient.port("pop3s"), count)).ready()
        report("an idle session under TLS that had long mail", grown[0] / count)
        assert grown[0] <= count * 60 * KIB


@pytest.mark.parametrize("door", ["pop3", "pop3s"])
def test_a_client_that_asks_for_50_mib_again_and_again_and_never_reads_costs_at_most_256_kib(
    patient: Bed, door: str
) -> None:
    count = 500 if door == "pop3" else 100
    names = many_accounts(patient, count + 1)
    long_mail(patient, names)
    owner = patient.account(b"Subject: hi\r\n\r\nhi\r\n")
    kind = "never_read" if door == "pop3" else "never_read_under_tls"
    with ExitStack() as stack:
        with spent(patient) as grown:
            stack.enter_context(Crowd(kind, patient.port(door), count)).ready()
        report(f"a client of {door} that does not read", grown[0] / count)
        assert grown[0] <= count * 256 * KIB
        # All the others go on.
        for _ in range(20):
            with patient.pop3(owner) as wire:
                assert b"Subject: hi" in wire.multi("RETR 1")
                wire.ok("QUIT")


@contextmanager
def pouring(bed: Bed, where: str) -> Iterator[socket.socket]:
    """A connection at the place where an endless line is to begin."""
    with ExitStack() as stack:
        if where == "under tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            raw = stack.enter_context(socket.create_connection(("127.0.0.1", bed.port("pop3s")), 30))
            there = stack.enter_context(context.wrap_socket(raw))
            assert there.recv(1000).startswith(b"+OK")
            yield there
            return
        wire = stack.enter_context(bed.pop3(bed.account() if where == "after the login" else None))
        if where == "within AUTH":
            assert wire.say("AUTH PLAIN") == b"+ "
        yield wire.socket


@pytest.mark.parametrize("where", ["before the login", "within AUTH", "after the login", "under tls"])
def test_a_hundred_megabytes_without_a_line_end_cost_at_most_64_kib(patient: Bed, where: str) -> None:
    with pouring(patient, where) as first:
        first.sendall(b"x" * MIB)
    with pouring(patient, where) as there:
        # From here on: a login may have begun a thread, which is not what the line costs.
        before = most = settled(patient)
        for _ in range(100):
            there.sendall(b"x" * 1_000_000)
            most = max(most, pss(patient.pid))
        there.sendall(b"\r\nNOOP\r\n")
        answers = b""
        while answers.count(b"\r\n") < 2:
            part = there.recv(4096)
            assert part, answers
            answers += part
        # It was told once that the line is too long, and the session goes on.
        assert answers.startswith(b"-ERR")
    report(f"a line without an end {where}", most - before)
    assert most - before <= 64 * KIB


def test_a_hundred_thousand_bad_commands_get_as_many_errors_and_leave_nothing_behind(patient: Bed) -> None:
    door = patient.port("pop3")
    # The first ones fill pools that stay; what goes on growing would show with the others.
    with Crowd("bad_commands", door, 10_000, "1") as crowd:
        crowd.ready()
    with spent(patient) as grown, Crowd("bad_commands", door, 10_000, "2") as crowd:
        crowd.ready()
    report("100,000 bad commands, in all", grown[0])
    assert grown[0] <= MIB // 2
    log = patient.logged()
    assert '"fault"' not in log
    assert "Traceback" not in log
    assert "Error" not in log


def test_random_octets_get_errors_and_nothing_else(patient: Bed) -> None:
    lot = random.Random(7)
    owner = patient.account(b"Subject: hi\r\n\r\nhi\r\n", password=PASSWORD)
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", patient.port("pop3")), 30) as there:
            there.sendall(lot.randbytes(lot.randrange(1, 2000)) + b"\r\nQUIT\r\n")
            answers = b""
            while part := there.recv(4096):
                answers += part
        lines = answers.split(b"\r\n")
        assert lines.pop() == b""
        assert all(line.startswith((b"+OK", b"-ERR")) for line in lines), lines
    with patient.pop3(owner) as wire:
        wire.ok("QUIT")
    assert '"fault"' not in patient.logged()
