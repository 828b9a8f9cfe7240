"""For tests with pytest: the fixture `restante`, a real POP3 and SMTP server on loopback for each test.

Installed with Restante, it is there without an import:

    def test_it_sends(restante):
        restante.add_account("ted", "SECRET")
        send_by_smtp(*restante.smtp, to="ted@localhost")
        assert b"Subject: Hello" in restante.messages("ted")[0]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from restante.testing.running import RunningServer

__all__ = ["restante"]


@pytest.fixture
def restante() -> Iterator[RunningServer]:
    """Give the test a server of its own: see `restante.testing.running.RunningServer`."""
    # Here, since this module is imported by every run of pytest where Restante is installed.
    from restante.testing.running import RunningServer

    with RunningServer() as server:
        yield server
