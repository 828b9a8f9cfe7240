"""What the tests of abuse stand on: accounts by the thousand, a certificate, crowds, and what memory they cost."""

from __future__ import annotations

import os
import re
import resource
import select
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import trustme
from tests.e2e.bed import Bed, until

PASSWORD: Final = "open-sesame"
CROWD_SECONDS: Final = 240
"""Longest wait for a crowd to be where it is to be."""


def raise_file_limit() -> int:
    """Let this process, and those it starts, open as many files as the machine allows; give how many that is."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a pair for `localhost`; give the paths of the chain and of the key."""
    issued = trustme.CA().issue_cert("localhost", "127.0.0.1")
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    return chain, key


def tls_options(folder: Path) -> list[str]:
    """Give the options of a server with POP3S and STLS."""
    chain, key = certificate(folder)
    return ["--pop3s", "127.0.0.1:0", "--tls-certificate", str(chain), "--tls-key", str(key)]


def many_accounts(bed: Bed, count: int) -> list[str]:
    """Make accounts `guest0`, `guest1`, ... with one password, in one write to the file; give their names."""
    first = bed.account(name="guest0", password=PASSWORD)
    with sqlite3.connect(bed.data / "accounts.sqlite3") as file:
        file.execute(
            "INSERT INTO account (id, name, folded, local, status, password_hash, generation,"
            " created_epoch_seconds, changed_epoch_seconds)"
            " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)"
            " SELECT printf('%016x', i), 'guest' || i, 'guest' || i, 'guest' || i, status, password_hash, 1,"
            " created_epoch_seconds, changed_epoch_seconds FROM n, account WHERE name = ? AND ? > 1",
            (count, first.name, count),
        )
    file.close()
    return [f"guest{number}" for number in range(count)]


def processes(pid: int) -> list[int]:
    """Give a process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in processes(int(child)))]


def pss(pid: int) -> int:
    """Give the memory of a process and of all below it, in octets: pages that several share count in parts."""
    total = 0
    for each in processes(pid):
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{each}/smaps_rollup").read_text(), re.M)
        assert found
        total += int(found[1]) * 1024
    return total


def cpu_seconds(pid: int) -> float:
    """Give the time on a core that a process has had, and all below it."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for each in processes(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / ticks


class Crowd:
    """Clients in a process of their own (`crowd.py`), since a test has enough to do with its own."""

    def __init__(self, what: str, port: int, count: int, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.security.crowd", what, str(port), str(count), *options],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for end in (self._process.stdin, self._process.stdout):
            assert end is not None
            end.close()

    def line(self, seconds: float = CROWD_SECONDS) -> str:
        """Give the next line that the crowd says."""
        out = self._process.stdout
        assert out is not None
        assert select.select([out], [], [], seconds)[0], f"the crowd said nothing for {seconds:.0f} s"
        line = out.readline().decode()
        assert line, f"the crowd ended with {self._process.wait(10)}"
        return line.strip()

    def ready(self) -> Self:
        """Wait until all are where they are to be."""
        assert (said := self.line()) == "ready", said
        return self

    def go(self) -> None:
        """Tell the crowd to go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()


def settled(bed: Bed, pause_seconds: float = 0.5) -> int:
    """Give the memory of a server once it no longer moves much."""
    seen = [pss(bed.pid)]

    def still() -> bool:
        time.sleep(pause_seconds)
        seen.append(pss(bed.pid))
        return abs(seen[-1] - seen[-2]) < 128 * 1024

    until("the memory of the server to be still", still)
    return seen[-1]


@contextmanager
def spent(bed: Bed) -> Iterator[list[int]]:
    """Measure what the memory of a server grew by; the list has it in octets afterwards."""
    grown: list[int] = []
    before = settled(bed)
    yield grown
    grown.append(settled(bed) - before)


def report(what: str, octets: float) -> None:
    """Tell a figure, for whoever looks with `pytest -s`; docs/security.md has them."""
    print(f"\n{what}: {octets / 1024:.2f} KiB")
