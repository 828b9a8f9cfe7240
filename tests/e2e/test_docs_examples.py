"""What the documents show of a running server is what a running server does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.bed import RESTANTE, Wire

ROOT = Path(__file__).resolve().parents[2]
CHANGING = re.compile(r"\d{10}\.M\d{6}P\d+Q\d+R[0-9a-f]+\.\S+(?=,S=(\d+),W=\1$)|(?<=Restante-)[\d.]+")
"""What is another each time (a unique-id), or with each release (the version)."""


@pytest.fixture
def demo() -> Iterator[tuple[str, int]]:
    server = subprocess.Popen(
        [RESTANTE, "serve", "--demo", "--pop3", "127.0.0.1:0", "--smtp", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        listening = re.fullmatch(r"listening pop3 (127\.0\.0\.1):(\d+)\n", line)
        assert listening, line
        yield listening[1], int(listening[2])
    finally:
        server.terminate()
        server.communicate(timeout=40)
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
def test_each_session_in_a_document_goes_as_it_is_printed(document: str, demo: tuple[str, int]) -> None:
    wire: Wire | None = None
    leaving = False
    announced: list[str] = []
    shown = lines_of(document)
    assert shown
    for line in shown:
        speaker, text = line[:2], line[3:]
        if wire is None:
            wire = Wire(demo)
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
