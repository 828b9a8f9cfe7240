"""How what goes wrong with an account or a server becomes the end of a command: its line, and its exit code.

For the commands of the mail program, whose libraries take a while to import: the others do not come by here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import assert_never

from restante.cli.exit_codes import ExitCode
from restante.cli.outcome import CommandFailed
from restante.client.faults import ClientFault, InUse, LoginDelayed, Phase, UnusableArgument
from restante.mail_accounts.faults import MailAccountFault, TokenFault
from restante.submission.faults import SubmissionFault

__all__ = ["exit_code_of", "faults_told"]

_OF_PHASE = {
    Phase.CONNECT: ExitCode.CONNECT,
    Phase.TLS: ExitCode.TLS,
    Phase.LOGIN: ExitCode.LOGIN,
    Phase.TRANSFER: ExitCode.TRANSFER,
}


def exit_code_of(error: ClientFault | SubmissionFault | MailAccountFault) -> ExitCode:
    """Give the exit code for what went wrong."""
    match error:
        case InUse() | LoginDelayed():
            return ExitCode.IN_USE
        case ClientFault(phase=phase) | SubmissionFault(phase=phase):
            return _OF_PHASE[phase]
        case TokenFault():
            return ExitCode.LOGIN
        case MailAccountFault():
            return ExitCode.CONFIGURATION
        case _:
            assert_never(error)


@contextmanager
def faults_told() -> Iterator[None]:
    """Turn what goes wrong within into CommandFailed."""
    try:
        yield
    except (ClientFault, SubmissionFault, MailAccountFault) as error:
        raise CommandFailed(str(error), exit_code=exit_code_of(error)) from None
    except UnusableArgument as error:
        raise CommandFailed(
            f"{error}: see the name and the secret of the account", exit_code=ExitCode.CONFIGURATION
        ) from None
