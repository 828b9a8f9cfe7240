"""`restante deliver`: the door for mail servers that hand a message to a program.

It runs once for each message, so it has a short way in: `read_plainly` understands the command lines that mail
servers use without the command-line toolkit, whose import would cost more than the delivery. What it does not
understand, `--help` and mistakes among it, goes to the toolkit; a test holds that the two agree.

Exit codes are those of sysexits(3). Whatever fails that is not the message's or the caller's fault ends with
EX_TEMPFAIL, so that the mail server keeps the message and tries again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from restante.cli.data_folder import existing_data_folder
from restante.cli.exit_codes import SysExit
from restante.cli.outcome import CommandFailed, complain, shown
from restante.config.loading import ConfigError, load_settings

__all__ = ["DeliverRequest", "deliver", "read_plainly"]

_OPTIONS: Final[Mapping[str, str]] = {"--config": "config", "--data": "data", "-f": "sender", "--sender": "sender"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverRequest:
    """What was asked for."""

    name: str
    file: Path | None = None
    """None, and `-`: standard input."""
    sender: str | None = None
    config: Path | None = None
    data: str | None = None


def read_plainly(arguments: Sequence[str]) -> DeliverRequest | None:
    """Read a command line of the plain kind, after the word `deliver`. None: ask the toolkit."""
    given: dict[str, str] = {}
    words: list[str] = []
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        position += 1
        if argument == "--":
            words += arguments[position:]
            break
        if argument in _OPTIONS:
            if position == len(arguments):
                return None
            given[_OPTIONS[argument]] = arguments[position]
            position += 1
        elif argument.startswith("-") and argument != "-":
            option, equals, value = argument.partition("=")
            if not (equals and option.startswith("--") and option in _OPTIONS):
                return None
            given[_OPTIONS[option]] = value
        else:
            words.append(argument)
    if not 1 <= len(words) <= 2:
        return None
    return DeliverRequest(
        name=words[0],
        file=Path(words[1]) if len(words) == 2 else None,
        sender=given.get("sender"),
        config=Path(given["config"]) if "config" in given else None,
        data=given.get("data"),
    )


def deliver(request: DeliverRequest) -> int:
    """Deliver a message and give the exit code. Never raises but for Ctrl-C."""
    try:
        flags = {} if request.data is None else {"data": request.data}
        settings = load_settings(request.config, os.environ, flags)
        existing_data_folder(settings.data)
        sender = os.environ.get("SENDER") if request.sender is None else request.sender
        from restante import app  # here, since a wrong setting needs none of it

        if request.file is None or request.file == Path("-"):
            code, message = app.deliver(settings, request.name, sys.stdin.buffer, sender)
        else:
            try:
                stream = request.file.open("rb")
            except OSError as error:
                complain(
                    f"{request.file}: cannot be read ({(error.strerror or str(error)).lower()}): name another file"
                )
                return SysExit.NO_INPUT
            with stream:
                code, message = app.deliver(settings, request.name, stream, sender)
    except (CommandFailed, ConfigError) as error:
        # Not EX_CONFIG: mail servers return the message to its sender at that, and a typing error loses mail.
        complain(str(error))
        return SysExit.TEMPORARY
    except Exception as error:  # a mail server would take Python's own exit code 1 for a refusal
        complain(
            f"{shown(request.name)}: not delivered ({type(error).__name__}: {error}): will do when tried again"
        )
        return SysExit.TEMPORARY
    if message:
        complain(message)
    return int(code)
