"""How `restante fetch` and its kin end: an exit code for each phase, and which one stands for several accounts."""

from __future__ import annotations

from collections.abc import Iterable

from restante.cli.outcome import ExitCode
from restante.fetch.telling import Failure, Result

__all__ = ["EXIT_CODES", "exit_code_of"]

EXIT_CODES: dict[Failure, ExitCode] = {
    Failure.SETUP: ExitCode.CONFIGURATION,
    Failure.STORAGE: ExitCode.STORAGE,
    Failure.LOGIN: ExitCode.LOGIN,
    Failure.TLS: ExitCode.TLS,
    Failure.CONNECT: ExitCode.CONNECT,
    Failure.TRANSFER: ExitCode.TRANSFER,
    Failure.IN_USE: ExitCode.IN_USE,
    Failure.LEFT_OUT: ExitCode.LEFT_OUT,
}
"""In the order of what a person has to look at first."""


def exit_code_of(results: Iterable[Result]) -> ExitCode:
    """Give 0, or the code of the failure that stands first in the table."""
    failures = {result.failure for result in results}
    return next((code for failure, code in EXIT_CODES.items() if failure in failures), ExitCode.OK)
