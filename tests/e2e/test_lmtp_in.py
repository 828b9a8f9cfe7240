"""The LMTP door over real sockets, TCP and unix, under both event loops."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from tests.delivery.rig import ANN, OPS, TED, Rig, codes

from restante.ports.stores import StoreFull

Loop = Callable[[], asyncio.AbstractEventLoop]
LOOPS = pytest.mark.parametrize(
    "loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)


def serve(loop: Loop, rig: Callable[[], Rig], path: Path, client: Callable[[], None]) -> Rig:
    """Open an LMTP door on a unix socket, and run a client against it in a thread."""

    async def run() -> Rig:
        made = rig()
        server = await asyncio.get_running_loop().create_unix_server(made.lmtp_door.protocol, str(path))
        async with server:
            await asyncio.to_thread(client)
            server.close()
            async with asyncio.timeout(20):
                await made.lmtp_door.close()
        return made

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(run())


@LOOPS
def test_smtplib_delivers_over_a_unix_socket(loop: Loop, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"

    def client() -> None:
        with smtplib.LMTP(str(path)) as lmtp:
            lmtp.sendmail("", ["ted"], b"Subject: bounce\r\n\r\n.\r\nbody\r\n")
            lmtp.sendmail("a@b.example", ["ann@example.org"], b"\xe4\r\n")
            assert lmtp.docmd("EHLO c")[0] == 500

    rig = serve(loop, Rig, path, client)
    assert rig.store.bodies(TED) == [b"Subject: bounce\r\n\r\n.\r\nbody\r\n"]
    assert rig.store.messages(TED)[0].startswith(b"Return-Path: <>\r\n")
    assert b"(unix)\r\n" in rig.store.messages(TED)[0]
    assert rig.store.bodies(ANN) == [b"\xe4\r\n"]


@LOOPS
@pytest.mark.rule("M2")
@pytest.mark.parametrize("piece", [1, 10, 100_000])
def test_each_recipient_of_each_message_has_its_answer(loop: Loop, tmp_path: Path, piece: int) -> None:
    path = tmp_path / "lmtp"
    one = (
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<ted>\r\nRCPT TO:<nobody>\r\nRCPT TO:<ann@example.org>\r\n"
        b"RCPT TO:<ops>\r\nDATA\r\n..\r\nbare\n.\nend\r\n.\r\n"
    )
    octets = b"LHLO c\r\n" + one * 3 + b"QUIT\r\n"

    def rig() -> Rig:
        made = Rig()
        made.store.stage_errors[ANN.id] = StoreFull("full")
        return made

    def client() -> None:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(20)
            wire.connect(str(path))
            for at in range(0, len(octets), piece):
                wire.sendall(octets[at : at + piece])
            wire.shutdown(socket.SHUT_WR)
            with wire.makefile("rb") as reader:
                replies = reader.read().split(b"\r\n")[:-1]
        each = [b"250", b"250", b"550", b"250", b"250", b"354", b"250", b"452", b"250"]
        assert codes(replies) == [b"220", b"250", *each * 3, b"221"]

    made = serve(loop, rig, path, client)
    assert made.store.bodies(TED) == made.store.bodies(OPS) == [b".\r\nbare\r\n.\r\nend\r\n"] * 3
    assert made.store.messages(ANN) == []
