"""The command line: one file for each group of commands. `main` is the program `restante`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from restante.cli.exit_codes import SysExit
from restante.cli.outcome import CommandFailed, ExitCode, complain

__all__ = ["main"]

_COMPLETION_VARIABLE = "_RESTANTE_COMPLETE"
"""Set by the shell's completion, which the toolkit answers."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code. `argv` is what stands after the program's name; None: sys.argv."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character gets its number; the command does not fail for it.
        sys.stdout.reconfigure(errors="backslashreplace")
    if argv is None and os.path.basename(sys.argv[0]) == "sendmail":  # noqa: PTH119 - a name, and no path to open
        arguments = ["sendmail", *arguments]
    delivering = arguments[:1] == ["deliver"]
    try:
        if delivering and _COMPLETION_VARIABLE not in os.environ:
            from restante.cli.deliver import deliver, read_plainly

            request = read_plainly(arguments[1:])
            if request is not None:
                return deliver(request)
        if arguments[:1] == ["sendmail"] and not {"-h", "--help"} & set(arguments[1:]):
            from restante.cli.sendmail import sendmail

            return sendmail(arguments[1:])
        code = _run(arguments)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away, as `head` does. What is buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    return SysExit.USAGE if delivering and code == ExitCode.USAGE else code


def _run(arguments: list[str]) -> int:
    """Run what the toolkit knows."""
    from restante.cli.application import application

    try:
        if "--explain" in arguments:
            from restante.cli.remote import explain_joined

            arguments = explain_joined(arguments)
        code = application(arguments, prog_name="restante", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else ExitCode.OK
    except BrokenPipeError:
        raise
    except Exception as error:
        return _told(error, arguments)


def _told(error: Exception, arguments: Sequence[str]) -> int:
    """Say why a command ended, and give the exit code. Raises what is no way to end."""
    import typer

    from restante.config import ConfigError
    from restante.ports.accounts import AccountFault
    from restante.ports.stores import StoreFault

    match error:
        case ConfigError():
            complain(str(error))
            return ExitCode.USAGE
        case CommandFailed():
            complain(str(error))
            return error.exit_code
        case AccountFault() | StoreFault():
            complain(str(error))
            return ExitCode.FAILED
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            complain(f"{where}{(error.strerror or str(error)).lower()}: check the path and the disk, and try again")
            return ExitCode.FAILED
        case typer.TyperException():
            # A group without a command shows its help, which is an answer and no mistake.
            words = error.format_message()
            if words:
                complain(f"{words.rstrip('.')}: see '{_command_of(arguments)} --help'")
            return error.exit_code
        case typer.Abort():
            complain("stopped before anything was changed")
            return ExitCode.FAILED
        case _:
            raise error


def _command_of(arguments: Sequence[str]) -> str:
    """Name the command that the arguments start with, as far as there is one."""
    import typer

    from restante.cli.application import application

    path, known = ["restante"], [typer.main.get_command(application)]
    for word in arguments:
        below = getattr(known[-1], "commands", {})
        if word not in below:
            break
        path.append(word)
        known.append(below[word])
    return " ".join(path)
