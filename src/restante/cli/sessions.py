"""`restante sessions`: who is connected to the server that serves a data folder, and how to end a session.

It asks each process of the server over its control socket, and puts the answers together. Fails with CommandFailed
and ConfigError. What a client may have chosen (an address behind a proxy, a name) is escaped before it is shown.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from restante.cli.options import ConfigOption, DataOption, JsonOption
from restante.cli.outcome import CommandFailed, complain, say, shown
from restante.cli.reaching import nobody_serves, reach, reason_of, served_folder

__all__ = ["commands"]

_ANSWER_SECONDS: Final = 10.0
"""For the whole answer of one process."""

_ANSWER_OCTETS: Final = 256 * 1024 * 1024
"""Of one process: a quarter of a KiB for each of a million sessions."""

_READ_OCTETS: Final = 64 * 1024

_PIPE_COLUMNS: Final = 1000
"""Of a table that nobody's terminal has to show: no row is broken."""

commands = typer.Typer(
    name="sessions",
    help="List who is connected to the running server, and end sessions.\n\n"
    "JSON: a list of objects with the keys session, door, peer, account (null before the login), state "
    "(AUTHORIZATION, TRANSACTION or UPDATE), since (seconds since the epoch), commands (how many came) and worker "
    "(the process that serves it).",
    epilog="Ask as the user who owns the data folder.",
    invoke_without_command=True,
)

_Answer = dict[str, Any]  # Any: what JSON holds


@dataclass(slots=True)
class _Told:
    """What the processes of a server answered."""

    lines: list[_Answer] = field(default_factory=list)
    workers: int = 0
    silent: list[str] = field(default_factory=list)
    """What kept a process from answering, a sentence for each."""


@commands.callback()
def list_sessions(
    context: typer.Context, as_json: JsonOption = False, config: ConfigOption = None, data: DataOption = None
) -> None:
    """List the sessions, unless a command follows. The group's help is the command's."""
    if context.invoked_subcommand is not None:
        context.obj = (config, data)
        return
    told = _ask(served_folder(config, data), {"do": "list"})
    sessions = sorted((line for line in told.lines if "session" in line), key=lambda line: float(line["since"]))
    if as_json:
        say(json.dumps(sessions, indent=2))
    elif sessions:
        _show(sessions)
    elif not told.silent:
        complain("nobody is connected")
    _fail_for(told)


@commands.command()
def end(
    context: typer.Context,
    session: Annotated[
        str,
        typer.Argument(metavar="ID", help="The session, as 'restante sessions' lists it.", show_default=False),
    ],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """End a session as if its connection were lost: an answer under way goes out, and nothing is removed.

    A session whose QUIT came already finishes its UPDATE.
    """
    outer_config, outer_data = context.obj or (None, None)
    folder = served_folder(config or outer_config, data if data is not None else outer_data)
    told = _ask(folder, {"do": "end", "session": session})
    if any(line.get("found") is True for line in told.lines):
        say(f"ended {shown(session)}")
        return
    _fail_for(told)
    raise CommandFailed(f"there is no session {session}: 'restante sessions' lists those there are")


def _show(sessions: Iterable[_Answer]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("session", "door", "peer", "account", "state", "since (UTC)"):
        table.add_column(heading, no_wrap=True)
    table.add_column("commands", justify="right", no_wrap=True)
    for one in sessions:
        since = datetime.fromtimestamp(float(one["since"]), UTC).strftime("%Y-%m-%d %H:%M:%S")
        account = "-" if one["account"] is None else one["account"]
        row = (one["session"], one["door"], one["peer"], account, one["state"], since, one["commands"])
        # As text: nothing of it is markup.
        table.add_row(*(Text(shown(value)) for value in row))
    width = None if sys.stdout.isatty() else _PIPE_COLUMNS
    Console(file=sys.stdout, width=width, highlight=False, emoji=False).print(table)


def _fail_for(told: _Told) -> None:
    """Fail if a process did not answer: what was told is not all. Raises CommandFailed."""
    if told.silent:
        raise CommandFailed(
            f"{told.silent[0]}; {len(told.silent)} of {told.workers} processes did not answer: try again, "
            "and look into the log if it goes on"
        )


def _ask(data: Path, request: _Answer) -> _Told:
    """Ask each process that serves the folder. Raises CommandFailed if there is none."""
    from restante.server.control import control_sockets

    told = _Told()
    for path in control_sockets(data):
        deadline = time.monotonic() + _ANSWER_SECONDS
        try:
            connected = reach(path, data, _ANSWER_SECONDS)
        except OSError as error:
            told.workers += 1
            told.silent.append(f"process {path.stem} does not take questions ({reason_of(error)})")
            continue
        if connected is None:
            continue
        told.workers += 1
        with connected:
            try:
                told.lines += _converse(connected, request, deadline)
            except (OSError, ValueError) as error:
                told.silent.append(f"process {path.stem} did not answer ({reason_of(error)})")
    if not told.workers:
        raise nobody_serves(data)
    return told


def _converse(connected: socket.socket, request: _Answer, deadline: float) -> list[_Answer]:
    """Ask, and read to the end. Raises OSError (a time-out is one) and ValueError for what is no whole answer."""
    connected.sendall(json.dumps(request).encode("ascii") + b"\n")
    received = bytearray()
    while part := _receive(connected, deadline):
        received += part
        if len(received) > _ANSWER_OCTETS:
            raise ValueError("the answer has no end")
    lines = [json.loads(line) for line in received.splitlines()]
    match lines[-1] if lines else None:
        case {"done": _}:
            return lines
        case {"error": why}:
            raise ValueError(why)
        case _:
            raise ValueError("it was cut short")


def _receive(connected: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it takes too long")
    connected.settimeout(left)
    return connected.recv(_READ_OCTETS)
