"""Faults of the world, brought about by strace: a full disk, a slow one, a power cut in the middle of a step.

strace stands between the server and the kernel: a chosen system call fails, waits, or is the last one that the
process tries, for SIGKILL comes before the call does anything.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.bed import WAIT_SECONDS, until

STEPS: Final = (
    "openat,write,pwrite64,writev,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,"
    "unlink,unlinkat,mkdir,mkdirat"
)
"""The system calls by which something on a disk changes."""

LET_GO_SECONDS: Final = 0.5


@contextmanager
def traced(pid: int, *expressions: str, steps: str = STEPS) -> Iterator[Path]:
    """Trace a process and its threads while the block runs; give the file in which the calls are written down.

    `expressions` are those of `strace -e`, such as `inject=fsync:error=ENOSPC`.
    """
    with tempfile.TemporaryDirectory(prefix="restante-strace-") as folder:
        calls, said = Path(folder) / "calls", Path(folder) / "said"
        chosen = [part for expression in (f"trace={steps}", *expressions) for part in ("-e", expression)]
        with said.open("wb") as err:
            tracer = subprocess.Popen(["strace", "-f", "-y", "-p", str(pid), "-o", calls, *chosen], stderr=err)
        try:
            until("strace to attach", lambda: b" attached" in said.read_bytes() or tracer.poll() is not None)
            assert tracer.poll() is None, said.read_text()
            yield calls
        finally:
            tracer.terminate()
            # Letting go of a process that was killed under it, strace may wait for ever; killed itself, it lets go.
            with contextlib.suppress(subprocess.TimeoutExpired):
                tracer.wait(LET_GO_SECONDS)
            tracer.kill()
            tracer.wait(WAIT_SECONDS)
