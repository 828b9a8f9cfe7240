"""Whether a terminal is still there, for a program that nobody tells when it goes.

A window that closes sends SIGHUP to the session whose terminal it was; who runs without such a session (in a
container, behind some multiplexers) hears nothing, and reads from the dead end for ever. It does not fail.
"""

from __future__ import annotations

import select
from typing import Final

__all__ = ["hung_up"]

_GONE: Final = select.POLLHUP | select.POLLERR | select.POLLNVAL


def hung_up(descriptor: int) -> bool:
    """Tell whether the other end of a terminal has closed."""
    poll = select.poll()
    poll.register(descriptor, 0)  # these three are told whether asked for or not
    return any(events & _GONE for _, events in poll.poll(0))
