"""The control socket: who is connected, asked and answered on this machine, by whoever owns the data folder.

Each worker listens on `control/<pid>.sock` in the data folder, mode 0600 in a folder 0700, and speaks of its own
sessions; who wants to know all asks each of them. One line of JSON in, lines of JSON out:

    {"do": "list"}                    a line for each session, then {"done": "list", "sessions": 2}
    {"do": "end", "session": "k3f9"}  {"done": "end", "found": true}
    {"do": "watch"}                   {"watching": 4711}, a line for each session that goes on, then one for each
                                      event, until either side closes; the request may name an account, a door, a
                                      peer and a session, to see no others. What a watcher was too slow for is
                                      {"event": "missed", "count": 312}, and what goes on is listed again

What is not understood gets `{"error": "…"}`. Every answer but that to `watch` ends with a line that has
`done` or `error`: without one it was cut short. One request for each connection.

How it fails: a client that is too slow, says too much or does not read is dropped, without harm to any session.
Crash order: the socket listens under another name before it gets its own, so that a `.sock` that refuses
connections is one that a dead process left; the next worker that starts removes those.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, assert_never, cast

from restante.doors.proxy_header import TrustedPeers
from restante.doors.sessions import SessionRegistry
from restante.ports.events import Door
from restante.server.watching import MOST_WATCHES, Wanted, Watch, Watching, line_of

__all__ = [
    "CONTROL_FOLDER",
    "LARGEST_REQUEST_OCTETS",
    "ControlServer",
    "connect",
    "control_sockets",
]

CONTROL_FOLDER: Final = "control"
"""In the data folder."""

LARGEST_REQUEST_OCTETS: Final = 4096
"""Of the request's line, its end included."""

_CONVERSATION_SECONDS: Final = 10.0
"""From the connection to the last octet of the answer."""

_CONVERSATIONS: Final = 8
"""At the same time: a person and some scripts. One more is dropped."""

_TURN_SESSIONS: Final = 200
"""Sessions that are listed before the mail has its turn: about a millisecond."""

_SOCKET_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700

_LONGEST_SOCKET_PATH_OCTETS: Final = 107
"""`sun_path` of unix(7), without its NUL."""


class ControlServer:
    """The control socket of one process."""

    def __init__(self, data: Path, registries: Sequence[SessionRegistry], watching: Watching | None = None) -> None:
        """Take the data folder, who knows of sessions, and where watchers are let in; None: nobody may watch."""
        self._folder = data / CONTROL_FOLDER
        self._path = self._folder / f"{os.getpid()}.sock"
        self._registries = registries
        self._watching = Watching() if watching is None else watching
        self._conversations: set[_Conversation] = set()
        self._watchers: set[_Conversation] = set()
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> None:
        """Listen, and remove what dead processes left. Raises OSError."""
        self._folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        for stale in control_sockets(self._folder.parent):
            with contextlib.suppress(OSError):
                if _is_stale(stale):
                    stale.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        nascent = self._path.with_suffix(".new")
        try:
            nascent.unlink(missing_ok=True)
            # A crash until the rename leaves a `.new`, which nobody asks and the next process of that id removes.
            with _short(nascent) as path:
                old_mask = os.umask(0o777)
                try:
                    listener.bind(path)
                finally:
                    os.umask(old_mask)
            nascent.chmod(_SOCKET_MODE)
            listener.listen(_CONVERSATIONS)
            listener.setblocking(False)
            nascent.rename(self._path)
            self._server = await asyncio.get_running_loop().create_unix_server(self._protocol, sock=listener)
        except BaseException:
            listener.close()
            raise

    def close(self) -> None:
        """Stop to listen, and drop who is asking."""
        if self._server is not None:
            self._path.unlink(missing_ok=True)
            self._server.close()
            self._server = None
        for conversation in tuple(self._conversations):
            conversation.drop()
        for watcher in tuple(self._watchers):
            watcher.finish()

    def _protocol(self) -> _Conversation:
        return _Conversation(self._registries, self._conversations, self._watchers, self._watching)


class _Conversation(asyncio.Protocol):
    """One request and its answer; to one that watches, an answer that goes on."""

    def __init__(
        self,
        registries: Sequence[SessionRegistry],
        others: set[_Conversation],
        watchers: set[_Conversation],
        watching: Watching,
    ) -> None:
        self._registries = registries
        self._others = others
        self._watchers = watchers
        self._watching = watching
        self._watch: Watch | None = None
        self._request = bytearray()
        self._answer: Iterator[bytes] | None = None
        self._clogged = False
        self._deadline: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # what create_unix_server hands over
        if len(self._others) >= _CONVERSATIONS:
            self.drop()
            return
        self._others.add(self)
        self._deadline = asyncio.get_running_loop().call_later(_CONVERSATION_SECONDS, self.drop)

    def data_received(self, data: bytes) -> None:
        if self._answer is not None or self._transport is None:
            return
        self._request += data
        line, end, _ = self._request.partition(b"\n")
        if len(line) + len(end) > LARGEST_REQUEST_OCTETS:
            self._answer = _refusal(f"the request is longer than {LARGEST_REQUEST_OCTETS} octets")
        elif end:
            request = _read(bytes(line))
            if isinstance(request, Wanted):
                self._answer = self._begin(request)
            else:
                self._answer = _answer(request, self._registries)
        else:
            return
        self._request.clear()
        self._pour()

    def eof_received(self) -> bool:
        # Who has asked may end sending: the answer goes out all the same. One that watches has no end, and who was
        # killed would be found out at the next event only.
        return self._answer is not None and self._watch is None

    def pause_writing(self) -> None:
        self._clogged = True
        if self._watch is not None:
            self._watch.pause()

    def resume_writing(self) -> None:
        self._clogged = False
        if self._watch is not None:
            self._watch.resume()
        self._pour()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._others.discard(self)
        self._watchers.discard(self)
        if self._watch is not None:
            self._watching.remove(self._watch)
        if self._deadline is not None:
            self._deadline.cancel()

    def drop(self) -> None:
        """End it now."""
        if self._transport is not None:
            self._transport.abort()

    def finish(self) -> None:
        """End it once what is told has gone out."""
        if self._transport is not None:
            self._transport.close()

    def _begin(self, wanted: Wanted) -> Iterator[bytes]:
        """Let somebody watch. Gives the beginning of the answer: what goes on already."""
        assert self._transport is not None, "who asks is connected"
        watch = Watch(wanted, self._transport.write, after_gap=self._list_anew)
        if not self._watching.add(watch):
            return _refusal(f"{MOST_WATCHES} watch already, and no more do at a time")
        self._watch = watch
        self._others.discard(self)
        self._watchers.add(self)
        if self._deadline is not None:
            self._deadline.cancel()
        return itertools.chain([line_of({"watching": os.getpid()})], _going_on(watch, self._registries))

    def _list_anew(self) -> None:
        """Tell what goes on again, since a watcher may have missed how it began."""
        if self._watch is not None:
            self._answer = _going_on(self._watch, self._registries)
            asyncio.get_running_loop().call_soon(self._pour)

    def _pour(self) -> None:
        """Send a part of the answer, then let the sessions have their turn."""
        if self._transport is None or self._answer is None or self._clogged or self._transport.is_closing():
            return
        parts = list(itertools.islice(self._answer, _TURN_SESSIONS))
        if parts:
            self._transport.write(b"".join(parts))
            asyncio.get_running_loop().call_soon(self._pour)
        elif self._watch is None:
            self._transport.close()


@dataclass(frozen=True, slots=True)
class _List:
    pass


@dataclass(frozen=True, slots=True)
class _End:
    session: str


@dataclass(frozen=True, slots=True)
class _Nonsense:
    why: str


_Request: TypeAlias = _List | _End | Wanted | _Nonsense
_WANTED: Final = frozenset({"account", "door", "peer", "session"})


def _read(line: bytes) -> _Request:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return _Nonsense("the request is no JSON in UTF-8")
    match request:
        case {"do": "list", **rest} if not rest:
            return _List()
        case {"do": "end", "session": str(session_id), **rest} if not rest:
            return _End(session_id)
        case {"do": "watch", **rest} if rest.keys() <= _WANTED:
            given = {name: text for name in _WANTED if isinstance(text := rest.get(name), str)}
            return _wanted(given) if len(given) == len(rest) else _Nonsense("what to watch is said by texts")
        case _:
            return _Nonsense('a request is {"do": "list"}, {"do": "end", "session": "…"} or {"do": "watch"}')


def _wanted(given: Mapping[str, str]) -> Wanted | _Nonsense:
    try:
        return Wanted(
            account=given.get("account"),
            door=Door(given["door"]) if "door" in given else None,
            peers=TrustedPeers([given["peer"]]) if "peer" in given else None,
            session=given.get("session"),
        )
    except ValueError as error:
        return _Nonsense(str(error))


def _answer(request: _List | _End | _Nonsense, registries: Sequence[SessionRegistry]) -> Iterator[bytes]:
    match request:
        case _List():
            return _listing(registries)
        case _End(session):
            found = any(registry.end(session) for registry in registries)
            return iter([line_of({"done": "end", "found": found})])
        case _Nonsense(why):
            return _refusal(why)
        case _:
            assert_never(request)


def _going_on(watch: Watch, registries: Sequence[SessionRegistry]) -> Iterator[bytes]:
    for registry in registries:
        for info in registry.sessions():
            yield watch.join(info)


def _refusal(why: str) -> Iterator[bytes]:
    return iter([line_of({"error": why})])


def _listing(registries: Sequence[SessionRegistry]) -> Iterator[bytes]:
    count = 0
    for registry in registries:
        for info in registry.sessions():
            count += 1
            yield line_of(
                {
                    "session": info.id,
                    "door": info.door.value,
                    "peer": info.peer,
                    "account": info.account,
                    "state": info.state.value,
                    "since": info.since_epoch_seconds,
                    "commands": info.commands,
                    "worker": os.getpid(),
                }
            )
    yield line_of({"done": "list", "sessions": count})


# --- the way to a control socket ----------------------------------------------------------------------------------


def control_sockets(data: Path) -> list[Path]:
    """Give the control sockets of a data folder, stale ones among them, in the order of the process ids."""
    with contextlib.suppress(FileNotFoundError):
        found = [path for path in (data / CONTROL_FOLDER).iterdir() if _is_control_socket(path)]
        return sorted(found, key=lambda path: int(path.stem))
    return []


def connect(path: Path, timeout_seconds: float | None) -> socket.socket:
    """Connect to a control socket. Raises OSError; ConnectionRefusedError or FileNotFoundError: nobody is there."""
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.settimeout(timeout_seconds)
        with _short(path) as short:
            connected.connect(short)
    except BaseException:
        connected.close()
        raise
    return connected


def _is_control_socket(path: Path) -> bool:
    return path.suffix == ".sock" and path.stem.isascii() and path.stem.isdigit() and path.is_socket()


def _is_stale(path: Path) -> bool:
    try:
        # No wait: a process whose queue is full is there.
        connect(path, 0).close()
    except ConnectionRefusedError:
        return True
    return False


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give a path that is short enough for a socket's address, by way of a descriptor of the folder if need be."""
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH_OCTETS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
