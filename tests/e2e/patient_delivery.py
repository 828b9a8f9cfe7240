"""A delivery for getmail that lasts until getmail waits for it.

getmail6 up to 6.19 may hear that a delivery has ended, and begin to wait for that only then: it hangs for minutes,
and calls the message undelivered. Source: issues 226 and 245 of getmail6.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["patient_delivery"]

_STORE = """\
#!/bin/sh
for _ in $(seq 1000); do
    case $(cat /proc/$PPID/stat) in *') S '*) break ;; esac
done
cat >"$(mktemp {folder}/XXXXXXXX)"
"""


def patient_delivery(home: Path, folder: Path) -> str:
    """Give the section of getmail's settings by which each message becomes a file of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    program = home / "store"
    program.write_text(_STORE.format(folder=folder))
    program.chmod(0o700)
    return f"[destination]\ntype = MDA_external\npath = {program}\n"
