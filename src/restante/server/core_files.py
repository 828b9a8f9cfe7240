"""No core files: what a process that crashes would leave behind holds the passwords that it was checking.

What it does not hold off: whoever may attach a debugger to the process, which is root, and the process's own user
where the kernel lets them. How it fails: it does not; a limit that is lower already stays.
Source: core(5).
"""

from __future__ import annotations

import resource
from typing import Final

__all__ = ["refuse_core_files"]

_ONE_OCTET: Final = 1
"""Too short for any core file, and the one limit that also keeps the kernel from handing the core to a program:
those of nought octets are handed over (core(5), on piping)."""


def refuse_core_files() -> None:
    """Leave no core file, whatever limit the process was started with; its children inherit that."""
    if resource.getrlimit(resource.RLIMIT_CORE)[1] not in {0, _ONE_OCTET}:
        resource.setrlimit(resource.RLIMIT_CORE, (_ONE_OCTET, _ONE_OCTET))
