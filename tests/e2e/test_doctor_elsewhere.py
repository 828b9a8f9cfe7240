"""The whole doctor at our own server, where all has to be well, and at servers that nobody here wrote.

What it finds there was looked into by hand and is true: docs/doctor-findings.md tells of it. Here stand the ids, so
that a finding that comes or goes has to be looked into again. The servers make whoever fails to log in wait, so all
runs go on at once.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import pytest
from tests.conftest import ROOT, program_path
from tests.e2e.bed import RESTANTE
from tests.e2e.servers.courier import running_courier
from tests.e2e.servers.cyrus import running_cyrus
from tests.e2e.servers.dovecot import running_dovecot
from tests.e2e.servers.mail import MAIL
from tests.e2e.servers.mailutils import running_mailutils
from tests.e2e.servers.ours import running_restante
from tests.e2e.servers.peer import PASSWORD, USER, Peer
from tests.e2e.servers.popa3d import running_popa3d
from tests.e2e.servers.solid import running_solid
from tests.e2e.servers.twisted_mail import running_twisted_mail

from restante.doctor.runner import OVER

Running = Callable[[Sequence[bytes]], AbstractContextManager[Peer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A server, and what is wrong with it."""

    heading: str
    """Of its part in docs/doctor-findings.md."""
    running: Running
    program: str | None = None
    """What has to be installed."""
    findings: frozenset[str] = frozenset()


PATIENTS: Final[Mapping[str, Patient]] = {
    "restante": Patient(heading="Restante", running=running_restante),
    "dovecot": Patient(
        heading="Dovecot 2.3.19",
        running=running_dovecot,
        program="dovecot",
        findings=frozenset(
            {
                "rfc1939.11.octets",
                "rfc1939.4.lock",
                "rfc2449.5.capa-kept",
                "rfc2449.6.7.expire-told",
            }
        ),
    ),
    "courier": Patient(
        heading="Courier 1.0.16",
        running=running_courier,
        program="couriertcpd",
        findings=frozenset(
            {
                "limits.bad-commands",
                "rfc1939.11.octets",
                "rfc1939.3.nul-refused",
                "rfc1939.5.number-huge",
                "rfc1939.7.top-negative-lines",
                "rfc2449.6.5.login-delay-kept",
                "rfc2449.6.7.expire-told",
                "rfc2595.4.no-injection",
                "rfc6856.2.utf8-before-login",
                "rfc6856.2.utf8-no-argument",
                "rfc8996.old-tls-refused",
            }
        ),
    ),
    "cyrus": Patient(
        heading="Cyrus 3.6.1",
        running=running_cyrus,
        program="cyrus",
        findings=frozenset(
            {
                "greeting.tells-no-version",
                "limits.bad-commands",
                "limits.endless-line",
                "rfc1939.4.lock",
                "rfc2449.5.capa-kept",
                "rfc2449.6.9.implementation",
                "rfc8446.6.1.close-notify",
            }
        ),
    ),
    "mailutils": Patient(
        heading="GNU Mailutils 3.15",
        running=running_mailutils,
        program="pop3d",
        findings=frozenset(
            {
                "limits.bad-commands",
                "limits.endless-line",
                "login.guessing",
                "login.same-time",
                "rfc1939.5.dele-twice",
                "rfc1939.7.apop-works",
                "rfc1939.7.password-not-stripped",
                "rfc1939.7.top-all",
                "rfc1939.7.top-lines",
                "rfc1939.7.top-negative-lines",
                "rfc2449.4.longer-line",
                "rfc2449.6.7.expire-told",
                "rfc8996.old-tls-refused",
            }
        ),
    ),
    "popa3d": Patient(
        heading="popa3d 1.0.3",
        running=running_popa3d,
        program="popa3d",
        findings=frozenset(
            {
                "limits.bad-commands",
                "rfc1939.4.lock",
                "rfc2449.5.capa",
                "rfc2595.4.stls-offered",
            }
        ),
    ),
    "solid": Patient(
        heading="Solid-pop3d 0.15",
        running=running_solid,
        program="solid-pop3d",
        findings=frozenset(
            {
                "login.same-time",
                "rfc1939.4.lock",
                "rfc1939.5.number-huge",
                "rfc1939.7.apop-works",
                "rfc1939.7.top-negative-lines",
                "rfc2449.5.capa",
                "rfc2595.4.stls-offered",
            }
        ),
    ),
    "twisted": Patient(
        heading="Twisted 26.10",
        running=running_twisted_mail,
        findings=frozenset(
            {
                "grammar.bare-lf",
                "grammar.no-echo",
                "limits.bad-commands",
                "login.guessing",
                "pipelining.announced",
                "rfc1939.11.octets",
                "rfc1939.3.state-after-login",
                "rfc1939.4.lock",
                "rfc1939.5.dele-twice",
                "rfc1939.5.list-marked-refused",
                "rfc1939.5.list-skips-marked",
                "rfc1939.5.number-missing",
                "rfc1939.5.stat-skips-marked",
                "rfc1939.7.apop-works",
                "rfc1939.7.top-all",
                "rfc1939.7.uidl-one",
                "rfc1939.7.uidl-skips-marked",
                "rfc2449.6.7.expire-told",
                "rfc2595.4.stls-offered",
            }
        ),
    ),
}

Told = Mapping[str, Any]  # Any: the keys of the JSON, each with its own type

FEW: Final = 6


def names() -> list[object]:
    """Give the servers, each with the mark of the program that it takes."""
    return [
        pytest.param(name, marks=[pytest.mark.peer(one.program)] if one.program else [])
        for name, one in PATIENTS.items()
    ]


@pytest.fixture(scope="module")
def runs() -> Iterator[Mapping[str, Future[Told]]]:
    """Begin to examine all servers that are here; each is a future."""
    here = {name: one for name, one in PATIENTS.items() if one.program is None or program_path(one.program)}
    with ThreadPoolExecutor(len(here)) as pool:
        yield {name: pool.submit(examined, one.running) for name, one in here.items()}


def examined(running: Running) -> Told:
    """Give what the doctor tells of a server, in a maildrop made for it."""
    with running(MAIL) as peer:
        command = [str(RESTANTE), "doctor", "127.0.0.1", "--disposable", "--json", "--profile", "provider"]
        for door in ("pop3", "pop3s", "submission", "submissions"):
            command += [f"--{door}", str(getattr(peer, door))]
        command += ["--user", USER, "--password-command", f"echo {PASSWORD}"]
        command += ["--authorities", str(peer.authorities)] if peer.authorities else ["--security", "plain"]
        command += ["--address", peer.address] if peer.address else []
        done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert done.stdout, done.stderr
    told: Told = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("name", names())
def test_what_the_doctor_finds_there_is_what_was_looked_into(name: str, runs: Mapping[str, Future[Told]]) -> None:
    told = runs[name].result()
    seen = {one["id"]: one for one in told["findings"]}
    # A machine that has more to do than this test may be too slow for the last checks.
    late = {id_ for id_, one in seen.items() if one["outcome"] == "not judged" and one["seen"] == OVER}
    failed = {id_ for id_, one in seen.items() if one["outcome"] == "failed"}
    other = (failed ^ PATIENTS[name].findings) - late
    assert not other, [(id_, seen[id_]["outcome"], seen[id_]["seen"], seen[id_]["evidence"]) for id_ in other]
    assert [id_ for id_, one in seen.items() if one["outcome"] == "not judged" and id_ not in late] == []
    assert len(late) <= FEW


@pytest.mark.parametrize("name", PATIENTS)
def test_each_finding_there_is_told_in_the_page_on_findings(name: str) -> None:
    page = (ROOT / "docs" / "doctor-findings.md").read_text()
    parts = {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}
    (part,) = (text for heading, text in parts.items() if heading.startswith(PATIENTS[name].heading))
    assert set(re.findall(r"^\| `([^`]+)`", part, re.M)) == PATIENTS[name].findings


@pytest.mark.peer("couriertcpd")
def test_the_example_in_the_readme_is_what_a_run_prints() -> None:
    readme = (ROOT / "README.md").read_text()
    (shown,) = re.findall(r"^\$ restante doctor ([^\n]+)\n(.*?)^```", readme, re.M | re.S)
    with running_courier(MAIL) as peer:
        ports = ["--pop3", str(peer.pop3), "--pop3s", str(peer.pop3s)]
        done = subprocess.run(
            [RESTANTE, "doctor", *shown[0].split(), *ports], capture_output=True, text=True, check=False
        )
    assert re.sub(r"in \d+ s$", "in 1 s", done.stdout, flags=re.M) == shown[1]
