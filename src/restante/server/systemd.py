"""Tells systemd how the service is doing: sd_notify(3), which is one datagram. Outside systemd it does nothing."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping

__all__ = ["notify"]


def notify(environ: Mapping[str, str], *lines: str) -> None:
    """Send lines such as `READY=1`. Never fails: a service does not stop because nobody listens."""
    path = environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link,
    ):
        # An abstract socket begins with NUL; the environment spells that as @.
        link.sendto("\n".join(lines).encode(), "\0" + path[1:] if path.startswith("@") else path)
