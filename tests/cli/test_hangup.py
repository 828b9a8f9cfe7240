from __future__ import annotations

import os
import pty

from restante.cli.hangup import hung_up


def test_a_terminal_is_there_until_its_other_end_closes() -> None:
    window, terminal = pty.openpty()
    try:
        assert not hung_up(terminal)
        os.write(window, b"typed, and not read yet\n")
        assert not hung_up(terminal)
        os.close(window)
        assert hung_up(terminal)
    finally:
        os.close(terminal)


def test_a_descriptor_that_was_closed_is_no_terminal() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    assert hung_up(reading)
