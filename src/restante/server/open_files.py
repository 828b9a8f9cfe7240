"""Open files: as many as the machine lets the server have.

A session holds up to three: its connection, its lock, and its Maildir once it reads. Shells and init systems begin
with a soft limit of 1,024, for the sake of programs that use select(2), which this one does not; it may be raised
to the hard limit by whoever has it. How it fails: it does not; what is over the limit is refused as it comes.
Source: getrlimit(2).
"""

from __future__ import annotations

import resource

__all__ = ["allow_open_files"]


def allow_open_files() -> None:
    """Raise the soft limit to the hard one; children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
