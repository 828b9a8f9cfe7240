"""The server asks the kernel for nothing that the sandbox of deploy/restante.service denies."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from tests.e2e.bed import Bed, Wire

pytestmark = [pytest.mark.peer("systemd-analyze"), pytest.mark.peer("strace")]

SERVICE = Path(__file__).resolve().parents[2] / "deploy" / "restante.service"
OF_ROOT = {"fchown"} if os.geteuid() == 0 else set()
"""SQLite gives its files to the owner of the database, but as root only, which under the unit it is not."""
MESSAGE = b"Subject: a test\r\n\r\nHello Ted\r\n"


def groups() -> dict[str, list[str]]:
    """Give systemd's groups of system calls, by name."""
    listed = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True, check=True
    ).stdout
    found: dict[str, list[str]] = {}
    members: list[str] = []
    for line in re.sub(r"#.*", "", listed).splitlines():
        if line.startswith("@"):
            members = found.setdefault(line.strip(), [])
        elif line.strip():
            members.append(line.strip())
    return found


def members_of(words: str, known: dict[str, list[str]]) -> set[str]:
    calls: set[str] = set()
    for word in words.split():
        calls |= members_of(" ".join(known[word]), known) if word.startswith("@") else {word}
    return calls


def allowed_calls() -> set[str]:
    """Give what the unit's filters let through: @default always, then line by line."""
    known = groups()
    allowed = members_of("@default", known)
    for words in re.findall(r"^SystemCallFilter=(.*)$", SERVICE.read_text(), re.M):
        if words.startswith("~"):
            allowed -= members_of(words[1:], known) - members_of("@default", known)
        else:
            allowed |= members_of(words, known)
    return allowed


def test_the_filter_of_the_unit_is_read_as_systemd_reads_it() -> None:
    allowed = allowed_calls()
    assert {"read", "execve", "flock", "fsync", "accept4", "clone3", "kill"} <= allowed
    assert allowed.isdisjoint({"setuid", "chown", "mount", "ptrace", "reboot", "setpriority", "bpf"})


def test_start_mail_tls_and_stop_need_no_denied_call_and_no_writable_code() -> None:
    with tempfile.TemporaryDirectory(prefix="restante-calls-") as folder:
        written = Path(folder) / "calls"
        # -D: the server itself is what the bed starts and stops, and strace stands beside it.
        launcher = ["strace", "-D", "-f", "-qq", "-o", str(written)]
        with Bed(doors=("pop3", "pop3s", "smtp", "lmtp"), launcher=launcher, workers=2) as bed:
            owner = bed.account(MESSAGE, MESSAGE)
            with Wire(bed.address("smtp")) as wire:
                (answer,) = wire.mail([f"{owner.name}@localhost"], MESSAGE, hello="EHLO")
                assert answer.startswith(b"250")
            fetched = subprocess.run(
                ["curl", "-sk", "-u", f"{owner.name}:{owner.password}", f"pop3s://127.0.0.1:{bed.port('pop3s')}/1"],
                capture_output=True,
                check=True,
            )
            assert fetched.stdout.endswith(MESSAGE)
            with bed.pop3(owner) as session:
                for command in ("DELE 1", "DELE 2", "QUIT"):
                    session.ok(command)
        calls = written.read_text("utf-8", "replace")
    made = set(re.findall(r"^\d+ +([a-z_0-9]+)\(", calls, re.M))
    assert {"flock", "fsync", "accept4", "unlink"} <= made
    assert made - allowed_calls() - OF_ROOT == set()
    assert re.findall(r"^.*PROT_WRITE\|PROT_EXEC.*$", calls, re.M) == []
