"""What the documents show of a running server is what a running server does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.bed import RESTANTE, Wire, until

ROOT = Path(__file__).resolve().parents[2]
CHANGING = re.compile(r"\d{10}\.M\d{6}P\d+Q\d+R[0-9a-f]+\.\S+(?=,S=(\d+),W=\1,D=\d+$)|(?<=Restante-)[\d.]+")
"""What is another each time (a unique-id), or with each release (the version)."""


STEADY = re.compile(r"^\d\d:\d\d:\d\d [a-z0-9]+ ", re.M)
"""The time and the session's id at the start of each line of the live view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A running `restante serve --demo`, on ports of its own."""

    listening: dict[str, str]
    """`host:port`, by door."""
    fingerprint: str
    printed: Path

    @property
    def pop3(self) -> tuple[str, int]:
        host, _, port = self.listening["pop3"].partition(":")
        return host, int(port)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    doors = [word for door in ("pop3", "pop3s", "smtp") for word in (f"--{door}", "127.0.0.1:0")]
    printed = tmp_path / "printed"
    with printed.open("wb") as stream:
        server = subprocess.Popen([RESTANTE, "serve", "--demo", *doors], stdout=stream)
    try:
        started = until(
            "the demo",
            lambda: (text := printed.read_text()).endswith("\n\n") and "--as-client lesson" in text and text,
        )
        listening = dict(re.findall(r"^listening (\w+) (127\.0\.0\.1:\d+)$", str(started), re.M))
        (fingerprint,) = re.findall(r"^certificate SHA-256 (\S+)$", str(started), re.M)
        yield Demo(listening=listening, fingerprint=fingerprint, printed=printed)
    finally:
        server.terminate()
        server.wait(40)
    assert server.returncode == 0


def lines_of(document: str) -> list[str]:
    text = (ROOT / document).read_text()
    return "".join(re.findall(r"^```pop3\n(.*?)^```$", text, re.M | re.S)).splitlines()


def steady(wire: Wire) -> str:
    """Read a line, and take out what is another each time."""
    return CHANGING.sub("…", wire.line().decode().removesuffix("\r\n"))


def listing(wire: Wire) -> list[str]:
    """Read lines up to the terminating line."""
    return list(iter(lambda: steady(wire), "."))


@pytest.mark.parametrize("document", ["README.md", "docs/tutorial.md"])
@pytest.mark.rule("S1", "S3", "S5", "C1", "C3", "C4", "C7", "C8")
def test_each_session_in_a_document_goes_as_it_is_printed(document: str, demo: Demo) -> None:
    wire: Wire | None = None
    leaving = False
    announced: list[str] = []
    shown = lines_of(document)
    assert shown
    for line in shown:
        speaker, text = line[:2], line[3:]
        if wire is None:
            wire = Wire(demo.pop3)
            assert line == f"S: {wire.greeting.decode().rstrip()}"
            continue
        if speaker == "C:":
            wire.send(text.encode() + b"\r\n")
            leaving = text == "QUIT"
            if text == "CAPA":
                announced = listing(wire)
            continue
        if announced:
            # In whichever order; and a tutorial need not show all that there is.
            assert text == "." or CHANGING.sub("…", text) in announced, f"{document} shows: {line}"
            announced = announced if text != "." else []
            continue
        assert steady(wire) == CHANGING.sub("…", text), f"{document} shows: {line}"
        if leaving:
            assert wire.ended()
            wire.close()
            wire, leaving = None, False
    assert wire is None, "the last session of a document ends with QUIT"


def console(document: str, demo: Demo, program: str) -> list[str]:
    """Give a document's command lines that begin with a program and go to the demo, with its ports of today."""
    text = "".join(re.findall(r"^```console\n(.*?)^```$", (ROOT / document).read_text(), re.M | re.S))
    for port, door in (("1110", "pop3"), ("1995", "pop3s")):
        text = text.replace(f"127.0.0.1:{port}", demo.listening[door])
    return re.findall(rf"^\$ ({program} .*(?:127\.0\.0\.1|restante\.pem).*)$", text, re.M)


@pytest.mark.peer("curl")
def test_the_live_view_in_the_readme_is_what_the_demo_shows(demo: Demo) -> None:
    in_the_clear, *_ = console("README.md", demo, "curl")
    assert "pop3://" in in_the_clear
    fetched = subprocess.run(["sh", "-c", in_the_clear], capture_output=True, text=True, check=True)
    readme = (ROOT / "README.md").read_text()
    assert fetched.stdout.replace("\r\n", "\n") in readme
    until("the end of the session", lambda: "-- ended" in demo.printed.read_text())
    view = "".join(line for line in demo.printed.read_text().splitlines(keepends=True) if STEADY.match(line))
    assert STEADY.sub("", view) in STEADY.sub("", readme)


@pytest.mark.peer("curl")
@pytest.mark.parametrize("document", ["README.md", "docs/howto/tls.md"])
def test_a_self_signed_certificate_is_trusted_as_a_document_shows(
    document: str, demo: Demo, tmp_path: Path
) -> None:
    def run(command: str) -> str:
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    fetch, show = console(document, demo, "openssl")
    run(fetch)
    assert demo.fingerprint in run(show)
    curl = [line for line in console(document, demo, "curl") if "pop3s://" in line]
    assert curl
    assert all(run(line) for line in curl)


def test_the_tests_that_the_how_to_shows_pass(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "howto" / "tests-with-restante.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    (tmp_path / "test_example.py").write_text(example)
    # With the one plugin that the page is about; others would only cost time.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "restante.pytest_plugin"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}"]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{example.count('def test_')} passed" in done.stdout
