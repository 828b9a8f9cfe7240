"""Takes credentials out of a command line, before anybody sees it.

No argument of a command that may carry a credential is shown, the name neither: people type passwords where the
name belongs. A line that is no known command is not shown at all: it may be a password that came out of step.
"""

from __future__ import annotations

from typing import Final

from restante.proto.spec import SPECS

__all__ = ["HIDDEN", "redacted"]

HIDDEN: Final = "…".encode()

_FOREIGN_KEYWORDS: Final = frozenset({b"STARTTLS", b"HELO", b"EHLO", b"XTND", b"HELP", b"LAST", b"LOGIN"})
"""What clients try that is no command here: the keyword may show, its arguments may not."""


def redacted(line: bytes) -> bytes:
    """Give what may be shown of a command line without its end."""
    if not line:
        return line
    keyword, space, rest = line.partition(b" ")
    folded = keyword.upper()
    spec = SPECS.get(folded)
    if spec is None:
        if folded not in _FOREIGN_KEYWORDS:
            return b"(%d octets that are no command)" % len(line)
    elif not spec.secret:
        return line
    return keyword + space + HIDDEN if rest else keyword
