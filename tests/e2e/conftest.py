"""One server for the tests of a process, and a home for the clients."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.bed import Bed


@pytest.fixture(scope="session")
def bed() -> Iterator[Bed]:
    """A server that all tests of this process share; each makes accounts of its own."""
    with Bed() as shared:
        yield shared


@pytest.fixture
def home() -> Iterator[Path]:
    """The home folder of a client: empty, and where a client that may not be root gets to it."""
    folder = Path(tempfile.mkdtemp(prefix="restante-home-"))
    yield folder
    shutil.rmtree(folder)
