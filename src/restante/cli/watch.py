"""`restante watch`: the sessions of a running server, told while they go on.

It attaches to each process of the server over its control socket, and to those that come later. What is told goes
to standard output; what happens to the server, to standard error. Fails with CommandFailed and ConfigError.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from restante.cli.options import ConfigOption, DataOption, JsonOption
from restante.cli.outcome import CommandFailed, ExitCode, complain
from restante.cli.reaching import nobody_serves, reach, reason_of, served_folder
from restante.cli.telling import LanguageOption, ViewOption, language_of, text_form
from restante.explain.json_form import JsonForm
from restante.explain.telling import Form, Telling
from restante.explain.view import View
from restante.observe.live import Live
from restante.ports.events import Door, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["commands"]

_EPILOG = """
It is for the user who owns the data folder, as 'restante sessions' is: who watches sees what is said about mail.
Passwords, names that log in and messages never show.

Sessions that went on before are told from their next command on. A server is never slowed down by who watches: what
this side reads too slowly is left out, and how much is said.

Examples:
  restante watch --data /var/lib/restante
  restante watch --account ted --view story
  restante watch --peer 192.0.2.0/24 --json | jq -r .story
"""

_CONNECT_SECONDS: Final = 10.0
_LOOK_AGAIN_SECONDS: Final = 1.0
"""How often new processes are looked for: one that died is replaced."""

_LOOK_OFTEN_SECONDS: Final = 0.2
"""The same, while there is none."""

_RETURN_SECONDS: Final = 2.0
"""How long none may be there before the server is held to be gone."""

_READ_OCTETS: Final = 64 * 1024
_LARGEST_LINE_OCTETS: Final = 1024 * 1024
"""Of an event: the longest line of a session is 16 KiB, and an octet takes six in JSON at the most."""

_Line = dict[str, Any]  # Any: what JSON holds


class WatchedDoor(StrEnum):
    """A door whose sessions can be told."""

    POP3 = "pop3"
    SMTP = "smtp"
    LMTP = "lmtp"


commands = typer.Typer()


@commands.command("watch", epilog=_EPILOG)
def watch(
    *,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            metavar="NAME",
            help="Only sessions that log in to this account, or try to.",
            show_default=False,
        ),
    ] = None,
    peer: Annotated[
        str | None,
        typer.Option(
            "--peer",
            metavar="ADDRESS",
            help="Only sessions from this address or network: 192.0.2.7, 2001:db8::/32; unix for sockets in the "
            "file system.",
            show_default=False,
        ),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            "--session",
            metavar="ID",
            help="Only this session, as 'restante sessions' lists it.",
            show_default=False,
        ),
    ] = None,
    door: Annotated[
        WatchedDoor | None,
        typer.Option(
            "--door", metavar="DOOR", help="Only sessions at this door: pop3, smtp or lmtp.", show_default=False
        ),
    ] = None,
    view: ViewOption = View.BOTH,
    as_json: JsonOption = False,
    language: LanguageOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> int:
    """Watch the sessions of the running server, until Ctrl-C.

    All of its processes are watched together. Secrets are taken out in the server, before they come here.
    """
    from restante.doors.proxy_header import TrustedPeers

    spoken = language_of(language)
    if peer is not None:
        try:
            TrustedPeers([peer])
        except ValueError as error:
            raise CommandFailed(f"--peer {error}", exit_code=ExitCode.USAGE) from None
    folder = served_folder(config, data)
    form: Form = JsonForm(_write, language=spoken) if as_json else text_form(view, spoken)
    wanted = {"account": account, "peer": peer, "session": session, "door": door}
    request = {"do": "watch", **{name: str(value) for name, value in wanted.items() if value is not None}}
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        watched = _Watched(folder, request, Telling(form, language=spoken))
        stack.callback(watched.close)
        watched.run()
    return ExitCode.OK


class _Process:
    """One process of the server that is watched."""

    def __init__(self, number: int, connected: socket.socket, telling: Telling) -> None:
        self.number = number
        self.socket = connected
        self.live = Live(telling)
        self.stops = False
        """Whether it has said that it stops."""
        self._partial = bytearray()

    def lines(self) -> list[_Line] | None:
        """Give what it says next; None: it says nothing more. Raises OSError, ValueError for what is no event."""
        octets = self.socket.recv(_READ_OCTETS)
        if not octets:
            return None
        *whole, rest = (bytes(self._partial) + octets).split(b"\n")
        if len(rest) > _LARGEST_LINE_OCTETS:
            raise ValueError("it sends a line without end")
        self._partial[:] = rest
        return [json.loads(line) for line in whole]

    def hear(self, line: _Line) -> None:
        """Tell what it said. Raises ValueError, KeyError and TypeError for what is no event."""
        live = self.live
        match line:
            case {"event": "command", "session": str(session), "line": str(said), "at": at}:
                live.command(session, said.encode("latin-1"), at=float(at))
            case {"event": "reply", "session": str(session), "line": str(said), "octets": int(octets), "at": at}:
                live.replied(session, said.encode("latin-1"), octets, at=float(at))
            case {"event": "opened", "session": str(session), "peer": str(peer), "tls": bool(tls), "at": at}:
                live.opened(session, door=Door(line["door"]), peer=peer, secured=tls, at=float(at))
            case {"event": "ended", "session": str(session), "outcome": outcome, "at": at}:
                live.ended(session, Outcome(outcome), at=float(at))
            case {"event": "joined", "session": str(session), "peer": str(peer), "tls": bool(tls)}:
                live.joined(
                    session,
                    door=Door(line["door"]),
                    peer=peer,
                    state=line["state"],
                    secured=tls,
                    for_seconds=int(line["seconds"]),
                    commands=int(line["commands"]),
                )
            case {"event": "missed", "count": int(count)}:
                live.missed(count)
            case {"event": "stopping"}:
                self.stops = True
            case {"error": why}:
                raise ValueError(str(why))
            case _:
                # What a later version tells besides.
                return


class _Watched:
    """All processes of the server, those that come later among them."""

    def __init__(self, data: Path, request: Mapping[str, str], telling: Telling) -> None:
        self._data = data
        self._request = json.dumps(request).encode("ascii") + b"\n"
        self._telling = telling
        self._selector = selectors.DefaultSelector()
        self._processes: dict[int, _Process] = {}
        self._left: set[int] = set()
        """Processes that were watched and are no more, or that let nobody watch."""
        self._why_not = ""
        """Why the last of them let nobody watch."""

    def close(self) -> None:
        """Let go of all of them."""
        for process in self._processes.values():
            process.socket.close()
        self._selector.close()

    def run(self) -> None:
        """Tell what they say. Ends by raising CommandFailed, when there is no server, or none any more."""
        self._attach()
        if not self._processes:
            raise CommandFailed(f"{self._why_not}") if self._why_not else nobody_serves(self._data)
        count = len(self._processes)
        complain(f"watching {count} process{'' if count == 1 else 'es'} of {self._data}; Ctrl-C ends it")
        stopped = False
        looked_at = alone_since = time.monotonic()
        while True:
            for key, _ in self._selector.select(
                _LOOK_AGAIN_SECONDS if self._processes else _LOOK_AGAIN_SECONDS / 5
            ):
                process = self._processes[key.fd]
                if not self._hear(process):
                    stopped = process.stops
            now = time.monotonic()
            if self._processes:
                alone_since = now
            elif stopped or now - alone_since > _RETURN_SECONDS:
                raise self._gone(stopped=stopped)
            if now - looked_at >= _LOOK_AGAIN_SECONDS or not self._processes:
                looked_at = now
                self._attach()

    def _attach(self) -> None:
        """Begin to watch the processes that are not watched yet. Raises CommandFailed."""
        from restante.server.control import control_sockets

        known = {process.number for process in self._processes.values()} | self._left
        for path in control_sockets(self._data):
            number = int(path.stem)
            if number in known:
                continue
            try:
                connected = reach(path, self._data, _CONNECT_SECONDS)
                if connected is None:
                    continue
                connected.sendall(self._request)
            except OSError as error:
                self._leave_out(number, f"does not let anybody watch ({reason_of(error)}): try again")
                continue
            connected.setblocking(False)
            self._processes[connected.fileno()] = _Process(number, connected, self._telling)
            self._selector.register(connected, selectors.EVENT_READ)

    def _hear(self, process: _Process) -> bool:
        """Tell what a process says next. False: it says nothing more."""
        lines: list[_Line] | None = None
        try:
            with contextlib.suppress(ConnectionError):
                lines = process.lines()
            if lines is not None:
                for line in lines:
                    process.hear(line)
                return True
        except (ValueError, KeyError, TypeError) as error:
            self._leave_out(process.number, f"cannot be watched ({error})")
        self._selector.unregister(process.socket)
        del self._processes[process.socket.fileno()]
        process.socket.close()
        if process.number not in self._left:
            process.live.gone(at=time.time())
            self._left.add(process.number)
            if self._processes and not process.stops:
                complain(f"process {process.number} of the server has ended, and its sessions with it")
        return False

    def _leave_out(self, number: int, why: str) -> None:
        self._left.add(number)
        self._why_not = f"process {number} of the server {why}"
        if self._processes:
            complain(self._why_not)

    def _gone(self, *, stopped: bool) -> CommandFailed:
        if self._why_not:
            return CommandFailed(self._why_not)
        if stopped:
            return CommandFailed(
                f"the server of {self._data} has stopped: start it with 'restante serve', then watch again"
            )
        return CommandFailed(
            f"the server of {self._data} is gone without having said that it stops: look at the end of its log, "
            "start it, then watch again"
        )


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
