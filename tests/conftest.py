"""What all tests share: the programs of others (`peer`), and how hard hypothesis looks.

A test marked `peer("curl")` needs that program. Where it is missing the test is left out and one line at the end
says so, with the Debian packages that bring it; with CI=true it fails instead: CI may leave nothing out.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    # So that `tests.e2e.bed` has the one name that the type checker knows it by.
    sys.path.insert(0, str(ROOT))

IN_CI: Final = os.environ.get("CI") == "true"

PACKAGES: Final = {
    "chromium": "chromium",
    "couriertcpd": "courier-pop",
    "curl": "curl",
    "cyrus": "cyrus-pop3d",
    "doveadm": "dovecot-core",
    "dovecot": "dovecot-pop3d dovecot-imapd dovecot-lmtpd",
    "fetchmail": "fetchmail",
    "getmail": "getmail6",
    "haproxy": "haproxy",
    "hydra": "hydra",
    "mpop": "mpop",
    "nc": "netcat-openbsd",
    "nmap": "nmap",
    "openssl": "openssl",
    "pop3d": "mailutils-pop3d",
    "popa3d": "popa3d",
    "postfix": "postfix",
    "procmail": "procmail",
    "slapd": "slapd",
    "solid-pop3d": "solid-pop3d",
    "strace": "strace",
    "swaks": "swaks",
    "systemd-analyze": "systemd",
    "testssl": "testssl.sh",
    "tshark": "tshark",
    "unshare": "util-linux",
}
"""The Debian package that brings each program; a marker that names another program is a mistake."""

LAID_ASIDE: Final = {
    program: PACKAGES[program] for program in ("couriertcpd", "cyrus", "pop3d", "popa3d", "solid-pop3d")
}
"""Servers that conflict with what is installed: tests/install-peers unpacks each into a folder of its own."""

NEEDS_ROOT: Final = frozenset({"postfix", "tshark", "unshare", *LAID_ASIDE})
"""Postfix's master starts as root and as nobody else; so does who mounts files of their own over the system's, and
who captures what goes over the network.
"""

_SYSTEM_FOLDERS: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Not in everybody's PATH, though what lies there can be run."""

# A red run in CI can be repeated at a desk: the same examples. At a desk each run looks somewhere else.
hypothesis.settings.register_profile("ci", max_examples=300, derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("desk", deadline=None, print_blob=True)
hypothesis.settings.load_profile("ci" if IN_CI else "desk")

_LEFT_OUT: Final[pytest.StashKey[dict[str, int]]] = pytest.StashKey()


def program_path(program: str) -> str | None:
    """Find a program of others, or None where it is missing or cannot be used by this user."""
    if program in NEEDS_ROOT and os.geteuid() != 0:
        return None
    if program in LAID_ASIDE:
        return shutil.which(program, path=f"/opt/restante-peers/{LAID_ASIDE[program]}/usr/sbin")
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS])
    return shutil.which(program, path=path)


def peers_of(item: pytest.Item) -> list[str]:
    """Name the programs that a test needs. Raises UsageError for one that no package is known for."""
    programs = [str(program) for mark in item.iter_markers("peer") for program in mark.args]
    for program in programs:
        if program not in PACKAGES:
            raise pytest.UsageError(f"{item.nodeid}: peer({program!r}): name its package in tests/conftest.py")
    return programs


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_LEFT_OUT] = {}
    # The settings of whoever runs the tests are not theirs.
    for variable in [name for name in os.environ if name.startswith("RESTANTE_")]:
        del os.environ[variable]
    from restante.compiled import COMPILED  # here and not above: coverage has begun by now

    if COMPILED:
        # An exception that comes to a compiled `await` is handed on by mypyc in the form of before Python 3.12
        # (mypyc/mypyc#1214). The interpreter takes it and says so, for the code that mypyc makes and not for ours.
        config.addinivalue_line(
            "filterwarnings", r"ignore:the \(type, exc, tb\) signature of throw\(\):DeprecationWarning"
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, left_out, missing = [], [], config.stash[_LEFT_OUT]
    for item in items:
        lacking = [program for program in peers_of(item) if program_path(program) is None]
        if lacking and not IN_CI:
            left_out.append(item)
            for program in lacking:
                missing[program] = missing.get(program, 0) + 1
        else:
            kept.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def pytest_runtest_setup(item: pytest.Item) -> None:
    for program in peers_of(item):
        if program_path(program) is None:
            root = " (and has to run as root)" if program in NEEDS_ROOT else ""
            pytest.fail(f"needs {program}{root}: apt-get install {PACKAGES[program]}", pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Under pytest-xdist the workers collect, and the one that prints the summary does not.
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash[_LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(
    node: Any, error: object | None
) -> None:  # Any: a type of pytest-xdist's, which has no stubs
    # Each worker collected all of the tests: the counts of one are the counts of all.
    node.config.stash[_LEFT_OUT].update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    missing = config.stash[_LEFT_OUT]
    if missing:
        programs = ", ".join(f"{program} ({count} tests)" for program, count in sorted(missing.items()))
        packages = " ".join(sorted({PACKAGES[program] for program in missing}))
        terminalreporter.write_line(f"left out for want of {programs}: apt-get install {packages}", yellow=True)
