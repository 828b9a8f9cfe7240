"""The control socket: what it answers, whom it drops, and what it leaves behind. Over a transport in memory.

That it listens where it should is tested on the file system, with nobody connecting over it.
"""

import asyncio
import gc
import json
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.doors.sessions import SessionInfo
from restante.ports.events import CommandReceived, Door
from restante.proto.terms import State
from restante.server.control import (
    LARGEST_REQUEST_OCTETS,
    ControlServer,
    connect,
    control_sockets,
)
from restante.server.watching import Watching

HOSTILE = '\n{"done":"list"}\x1b[31m\u202e'


def info(session_id: str, *, peer: str = "203.0.113.5", account: str | None = None) -> SessionInfo:
    return SessionInfo(
        id=session_id,
        door=Door.POP3,
        peer=peer,
        account=account,
        state=State.TRANSACTION if account else State.AUTHORIZATION,
        since_epoch_seconds=1_700_000_000.5,
        commands=3,
    )


class Registry:
    """Sessions that are a list."""

    def __init__(self, *infos: SessionInfo) -> None:
        self.infos = {one.id: one for one in infos}
        self.given = 0

    def sessions(self) -> Iterator[SessionInfo]:
        for one in tuple(self.infos.values()):
            self.given += 1
            yield one

    def end(self, session_id: str) -> bool:
        return self.infos.pop(session_id, None) is not None


class Wire(asyncio.Transport):
    """A client's end in memory."""

    def __init__(self, server: ControlServer) -> None:
        super().__init__()
        self.received = b""
        self.closed = False
        self.aborted = False
        self.protocol = server._protocol()
        self.protocol.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.received += bytes(data)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.aborted = True
        self.close()

    def is_closing(self) -> bool:
        return self.closed

    async def ask(self, *parts: bytes) -> list[dict[str, Any]]:
        for part in parts:
            self.protocol.data_received(part)
        await turns(50)
        assert self.received.isascii()
        assert self.received == b"" or self.received.endswith(b"\n")
        return [json.loads(line) for line in self.received.split(b"\n")[:-1]]


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def server(*registries: Registry, data: Path = Path("nowhere")) -> ControlServer:
    return ControlServer(data, registries)


class TestAnswers:
    async def test_a_list_has_a_line_for_each_session_of_each_registry_and_a_line_that_ends_it(self) -> None:
        wire = Wire(server(Registry(info("a1", account="ted"), info("a2")), Registry(info("b1"))))
        answer = await wire.ask(b'{"do": "list"}\n')
        assert answer[0] == {
            "session": "a1",
            "door": "pop3",
            "peer": "203.0.113.5",
            "account": "ted",
            "state": "TRANSACTION",
            "since": 1_700_000_000.5,
            "commands": 3,
            "worker": os.getpid(),
        }
        assert [line["session"] for line in answer[:-1]] == ["a1", "a2", "b1"]
        assert answer[1]["account"] is None
        assert answer[-1] == {"done": "list", "sessions": 3}
        assert wire.closed
        assert not wire.aborted

    async def test_nobody_connected_is_a_whole_answer(self) -> None:
        assert await Wire(server(Registry())).ask(b'{"do": "list"}\n') == [{"done": "list", "sessions": 0}]

    async def test_a_session_is_ended_in_whichever_registry_it_is(self) -> None:
        one, other = Registry(info("a1")), Registry(info("b1"))
        answer = await Wire(server(one, other)).ask(b'{"do":"end","session":"b1"}\n')
        assert answer == [{"done": "end", "found": True}]
        assert list(one.infos) == ["a1"]
        assert not other.infos

    async def test_a_session_that_is_not_there_is_not_found(self) -> None:
        answer = await Wire(server(Registry(info("a1")))).ask(b'{"do":"end","session":"a"}\n')
        assert answer == [{"done": "end", "found": False}]

    async def test_a_request_may_come_octet_by_octet(self) -> None:
        request = b'{"do":"list"}\r\n'
        answer = await Wire(server(Registry())).ask(*(request[at : at + 1] for at in range(len(request))))
        assert answer[-1]["done"] == "list"

    async def test_what_a_client_chose_forges_no_line(self) -> None:
        wire = Wire(server(Registry(info("a1", peer=HOSTILE, account=HOSTILE))))
        answer = await wire.ask(b'{"do":"list"}\n')
        assert len(answer) == 2
        assert answer[0]["account"] == answer[0]["peer"] == HOSTILE
        assert b"\x1b" not in wire.received

    @pytest.mark.parametrize(
        "request_line",
        [
            b"",
            b"list",
            b"[]",
            b"null",
            b'{"do":"stop"}',
            b'{"do":"end"}',
            b'{"do":"end","session":7}',
            b'{"do":"list","session":"a1"}',
            b'{"do":"end","session":"a1","force":true}',
            b"\xff\xfe",
            b"[" * 4000,
        ],
    )
    async def test_what_is_not_understood_gets_an_error_and_does_nothing(self, request_line: bytes) -> None:
        registry = Registry(info("a1"))
        wire = Wire(server(registry))
        answer = await wire.ask(request_line + b"\n")
        assert [list(line) for line in answer] == [["error"]]
        assert wire.closed
        assert list(registry.infos) == ["a1"]

    @given(line=st.binary(max_size=LARGEST_REQUEST_OCTETS + 10))
    def test_any_line_gets_an_answer_that_ends(self, line: bytes) -> None:
        async def run() -> None:
            wire = Wire(server(Registry(info("a1"))))
            answer = await wire.ask(line + b"\n")
            assert "error" in answer[-1] or "done" in answer[-1]
            assert wire.closed

        asyncio.run(run())


class TestBounds:
    async def test_a_line_without_end_costs_no_more_than_the_bound(self) -> None:
        wire = Wire(server(Registry()))
        answer = await wire.ask(*[b"x" * 1000] * 100)
        assert [list(line) for line in answer] == [["error"]]
        assert wire.closed
        assert not wire.protocol._request

    async def test_the_longest_line_is_taken(self) -> None:
        line = b'{"do":"list"}'.ljust(LARGEST_REQUEST_OCTETS - 1) + b"\n"
        assert (await Wire(server(Registry())).ask(line))[-1]["done"] == "list"
        assert "error" in (await Wire(server(Registry())).ask(b" " + line))[-1]

    async def test_who_asks_twice_is_answered_once(self) -> None:
        registry = Registry(info("a1"), info("a2"))
        await Wire(server(registry)).ask(b'{"do":"end","session":"a1"}\n{"do":"end","session":"a2"}\n')
        assert list(registry.infos) == ["a2"]

    async def test_who_does_not_read_costs_one_part_and_reads_on_later(self) -> None:
        registry = Registry(*(info(f"s{number}") for number in range(1000)))
        wire = Wire(server(registry))
        wire.protocol.data_received(b'{"do":"list"}\n')
        wire.protocol.pause_writing()
        before = registry.given
        await turns(20)
        assert registry.given == before < 300
        wire.protocol.resume_writing()
        await turns(50)
        assert wire.received.count(b"\n") == 1001
        assert wire.closed

    async def test_a_long_list_lets_the_mail_have_its_turn(self) -> None:
        registry = Registry(*(info(f"s{number}") for number in range(1000)))
        Wire(server(registry)).protocol.data_received(b'{"do":"list"}\n')
        assert registry.given < 300

    async def test_who_ends_sending_is_answered_all_the_same(self) -> None:
        wire = Wire(server(Registry(*(info(f"s{number}") for number in range(1000)))))
        wire.protocol.data_received(b'{"do":"list"}\n')
        assert wire.protocol.eof_received()
        await turns(50)
        assert wire.received.count(b"\n") == 1001

    async def test_who_leaves_without_a_question_is_let_go(self) -> None:
        wire = Wire(server(Registry()))
        assert not wire.protocol.eof_received()

    async def test_who_leaves_in_the_middle_of_an_answer_does_no_harm(self) -> None:
        wire = Wire(server(Registry(*(info(f"s{number}") for number in range(1000)))))
        wire.protocol.data_received(b'{"do":"list"}\n')
        wire.close()
        await turns(50)

    async def test_one_conversation_too_many_is_dropped_and_there_is_room_again_later(self) -> None:
        control = server(Registry())
        wires = [Wire(control) for _ in range(9)]
        assert [wire.aborted for wire in wires] == [False] * 8 + [True]
        await wires[0].ask(b'{"do":"list"}\n')
        assert not Wire(control).aborted
        for wire in wires:
            wire.abort()
        await turns(2)

    async def test_who_says_nothing_is_dropped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("restante.server.control._CONVERSATION_SECONDS", 0.0)
        wire = Wire(server(Registry()))
        dropped = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.001, dropped.set_result, None)
        await dropped
        assert wire.aborted


def long_folder(tmp_path: Path) -> Path:
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    folder.mkdir(parents=True)
    return folder


class TestTheFile:
    async def test_only_its_owner_may_connect(self, tmp_path: Path) -> None:
        control = server(Registry(), data=tmp_path)
        await control.start()
        (path,) = control_sockets(tmp_path)
        assert path == tmp_path / "control" / f"{os.getpid()}.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert list(path.parent.iterdir()) == [path]
        control.close()

    async def test_it_goes_away_at_the_end_and_is_there_again_after_a_restart(self, tmp_path: Path) -> None:
        for _ in range(2):
            control = server(Registry(), data=tmp_path)
            await control.start()
            control.close()
            control.close()
            assert control_sockets(tmp_path) == []

    async def test_a_path_that_is_too_long_for_a_socket_is_no_hindrance(self, tmp_path: Path) -> None:
        folder = long_folder(tmp_path)
        control = server(Registry(info("a1")), data=folder)
        await control.start()
        (path,) = control_sockets(folder)
        connect(path, 1).close()
        control.close()

    async def test_what_a_dead_process_left_is_removed_and_what_a_living_one_has_is_not(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "control").mkdir()
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(tmp_path / "control" / "4000001.sock"))
            dead.listen()
        with socket.socket(socket.AF_UNIX) as living:
            living.bind(str(tmp_path / "control" / "4000002.sock"))
            living.listen()
            control = server(Registry(), data=tmp_path)
            await control.start()
            names = {path.name for path in control_sockets(tmp_path)}
            assert names == {"4000002.sock", f"{os.getpid()}.sock"}
            control.close()

    async def test_a_socket_of_an_earlier_process_of_the_same_id_is_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "control").mkdir()
        for name in (f"{os.getpid()}.sock", f"{os.getpid()}.new"):
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(tmp_path / "control" / name))
        control = server(Registry(), data=tmp_path)
        await control.start()
        (path,) = control_sockets(tmp_path)
        connect(path, 1).close()
        control.close()

    def test_other_files_are_no_control_sockets(self, tmp_path: Path) -> None:
        assert control_sockets(tmp_path) == []
        folder = tmp_path / "control"
        folder.mkdir()
        (folder / "1.sock").write_text("")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(folder / "x.sock"))
        assert control_sockets(tmp_path) == []

    async def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="No such file"):
            await server(Registry(), data=tmp_path / "none").start()


async def test_a_name_that_is_taken_by_a_folder_is_an_error_and_leaves_no_open_socket(tmp_path: Path) -> None:
    (tmp_path / "control" / f"{os.getpid()}.sock").mkdir(parents=True)
    gc.collect()  # else what other tests left may go meanwhile
    open_before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="directory"):
        await server(Registry(), data=tmp_path).start()
    assert len(os.listdir("/proc/self/fd")) == open_before


async def test_who_is_asking_when_the_server_stops_is_dropped(tmp_path: Path) -> None:
    registries: Sequence[Registry] = [Registry()]
    control = ControlServer(tmp_path, registries)
    await control.start()
    wire = Wire(control)
    control.close()
    assert wire.aborted


class TestWatching:
    def watched(self, *infos: SessionInfo) -> tuple[ControlServer, Watching]:
        watching = Watching()
        return ControlServer(Path("nowhere"), [Registry(*infos)], watching), watching

    async def test_who_watches_hears_first_that_it_does_then_what_goes_on_then_what_happens(self) -> None:
        control, watching = self.watched(info("a1", account="ted"))
        wire = Wire(control)
        await wire.ask(b'{"do":"watch"}\n')
        watching(CommandReceived(session="a1", line=b"NOOP"))
        first, joined, command = [json.loads(line) for line in wire.received.splitlines()]
        assert first == {"watching": os.getpid()}
        assert (joined["event"], joined["session"], joined["commands"]) == ("joined", "a1", 3)
        assert (command["event"], command["line"]) == ("command", "NOOP")
        assert not wire.closed

    async def test_a_watch_has_no_time_limit_and_is_no_conversation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("restante.server.control._CONVERSATION_SECONDS", 0.0)
        control, _ = self.watched()
        wires = [Wire(control) for _ in range(8)]
        for wire in wires:
            wire.protocol.data_received(b'{"do":"watch"}\n')
        await turns(10)
        assert not any(wire.closed for wire in wires)
        assert not Wire(control).aborted

    async def test_one_watcher_too_many_is_told_so(self) -> None:
        control, _ = self.watched()
        for _ in range(8):
            await Wire(control).ask(b'{"do":"watch"}\n')
        wire = Wire(control)
        assert list((await wire.ask(b'{"do":"watch"}\n'))[0]) == ["error"]
        assert wire.closed

    async def test_who_leaves_costs_nothing_more(self) -> None:
        control, watching = self.watched()
        wire = Wire(control)
        await wire.ask(b'{"do":"watch"}\n')
        assert watching.wants_wire
        assert not wire.protocol.eof_received()
        wire.close()
        await turns(2)
        assert not watching.wants_wire

    async def test_one_that_does_not_read_is_told_how_much_it_missed_and_what_goes_on_again(self) -> None:
        control, watching = self.watched(info("a1"))
        wire = Wire(control)
        await wire.ask(b'{"do":"watch"}\n')
        wire.protocol.pause_writing()
        before = len(wire.received)
        for _ in range(30):
            watching(CommandReceived(session="a1", line=b"x" * 100_000))
        assert len(wire.received) == before
        wire.protocol.resume_writing()
        await turns(10)
        lines = [json.loads(line) for line in wire.received[before:].splitlines()]
        assert [line["event"] for line in lines[-2:]] == ["missed", "joined"]
        assert len(lines) - 2 + lines[-2]["count"] == 30

    async def test_what_is_asked_for_is_told_and_no_more(self) -> None:
        control, watching = self.watched(info("a1"), info("b2", peer="198.51.100.7"))
        wire = Wire(control)
        await wire.ask(b'{"do":"watch","peer":"198.51.100.0/24","door":"pop3"}\n')
        for session in ("a1", "b2"):
            watching(CommandReceived(session=session, line=b"NOOP"))
        assert [json.loads(line).get("session") for line in wire.received.splitlines()] == [None, "b2", "b2"]

    @pytest.mark.parametrize(
        "request_line",
        [
            b'{"do":"watch","peer":"here"}',
            b'{"do":"watch","door":"back"}',
            b'{"do":"watch","account":7}',
            b'{"do":"watch","secrets":"all"}',
        ],
    )
    async def test_what_cannot_be_watched_is_an_error(self, request_line: bytes) -> None:
        control, watching = self.watched()
        answer = await Wire(control).ask(request_line + b"\n")
        assert [list(line) for line in answer] == [["error"]]
        assert not watching.wants_wire

    async def test_many_sessions_of_which_none_is_wanted_end_no_watch(self) -> None:
        control, watching = self.watched(*(info(f"s{number}") for number in range(1000)))
        wire = Wire(control)
        assert await wire.ask(b'{"do":"watch","account":"ted"}\n') == [{"watching": os.getpid()}]
        assert not wire.closed
        assert watching.wants_wire

    async def test_who_watches_when_the_server_stops_is_let_go(self) -> None:
        control, watching = self.watched()
        wire = Wire(control)
        await wire.ask(b'{"do":"watch"}\n')
        control.close()
        await turns(2)
        assert wire.closed
        assert not watching.wants_wire
