"""The SMTP door over real sockets, under both event loops, with the smtplib of others and with octets by hand."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import Callable

import pytest
import uvloop
from tests.delivery.rig import ANN, OPS, TED, Rig, codes

from restante.delivery.limits import DoorLimits

Loop = Callable[[], asyncio.AbstractEventLoop]
LOOPS = pytest.mark.parametrize(
    "loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
HOST = "127.0.0.1"


def serve(loop: Loop, rig: Callable[[], Rig], client: Callable[[int], None]) -> Rig:
    """Open an SMTP door on a free port, and run a client against it in a thread."""

    async def run() -> Rig:
        made = rig()
        server = await asyncio.get_running_loop().create_server(made.smtp_door.protocol, HOST, 0)
        async with server:
            await asyncio.to_thread(client, server.sockets[0].getsockname()[1])
            server.close()
            async with asyncio.timeout(20):
                await made.smtp_door.close()
        return made

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(run())


def exchange(port: int, octets: bytes, *, piece: int | None = None) -> list[bytes]:
    """Send octets by hand, close that half, and give the lines that come back until the server hangs up."""
    with socket.create_connection((HOST, port), timeout=20) as wire:
        for at in range(0, len(octets), piece or len(octets)):
            wire.sendall(octets[at : at + (piece or len(octets))])
        wire.shutdown(socket.SHUT_WR)
        with wire.makefile("rb") as reader:
            return reader.read().split(b"\r\n")[:-1]


@LOOPS
def test_smtplib_delivers_to_several_accounts(loop: Loop) -> None:
    def client(port: int) -> None:
        with smtplib.SMTP(HOST, port, timeout=20) as smtp:
            refused = smtp.sendmail(
                "sue@elsewhere.net",
                ["ted+list@example.org", "ann@example.org", "nobody@example.org", "ted@elsewhere.net"],
                b"Subject: dots\r\n\r\n.\r\n..two\r\n\xe4\0" + b"x" * 5_000 + b"\r\n",
                mail_options=["BODY=8BITMIME"],
            )
            assert {name: answer[0] for name, answer in refused.items()} == {
                "nobody@example.org": 550,
                "ted@elsewhere.net": 550,
            }
            assert smtp.has_extn("pipelining")
            assert not smtp.has_extn("smtputf8")
            assert smtp.verify("ted")[0] == 252

    rig = serve(loop, Rig, client)
    wanted = [b"Subject: dots\r\n\r\n.\r\n..two\r\n\xe4\0" + b"x" * 5_000 + b"\r\n"]
    assert rig.store.bodies(TED) == rig.store.bodies(ANN) == wanted
    assert rig.store.bodies(OPS) == []


@LOOPS
def test_a_message_at_the_announced_limit_is_taken_and_one_past_it_is_not(loop: Loop) -> None:
    limit = 300_000

    def client(port: int) -> None:
        with smtplib.SMTP(HOST, port, timeout=20) as smtp:
            smtp.ehlo()
            assert smtp.esmtp_features["size"] == str(limit)
            smtp.sendmail("a@b.example", ["ted"], b"x" * (limit - 2) + b"\r\n")
            with pytest.raises(smtplib.SMTPSenderRefused):
                smtp.sendmail("a@b.example", ["ted"], b"x" * (limit - 1) + b"\r\n")
            smtp.esmtp_features.pop("size")  # a client that does not tell its size
            for octets in (limit - 1, 10 * limit):
                with pytest.raises(smtplib.SMTPDataError) as error:
                    smtp.sendmail("a@b.example", ["ted"], b"x" * octets + b"\r\n")
                assert error.value.smtp_code == 552
            smtp.sendmail("a@b.example", ["ted"], b"last\r\n")

    rig = serve(loop, lambda: Rig(limits=DoorLimits(message_octets=limit)), client)
    assert [len(body) for body in rig.store.bodies()] == [limit, 6]
    assert rig.receiver.room.held == 0


@LOOPS
@pytest.mark.rule("M1")
@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n"])
def test_a_smuggled_message_stays_inside_the_one_that_carries_it(loop: Loop, end: bytes) -> None:
    inner = end + b"MAIL FROM:<boss@example.org>\r\nRCPT TO:<ops>\r\nDATA\r\nforged"
    octets = b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<ted>\r\nDATA\r\nouter" + inner + b"\r\n.\r\nQUIT\r\n"

    def client(port: int) -> None:
        assert codes(exchange(port, octets)) == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]

    rig = serve(loop, Rig, client)
    assert len(rig.store.messages(TED)) == 1
    assert b"forged" in rig.store.bodies(TED)[0]
    assert rig.store.messages(OPS) == []


@LOOPS
def test_many_messages_in_one_stream_are_answered_in_order_in_whatever_segments(loop: Loop) -> None:
    one = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<ted>\r\nDATA\r\n" + b"line of a message\r\n" * 20 + b".\r\n"
    octets = b"EHLO c\r\n" + one * 50 + b"QUIT\r\n"

    def client(port: int) -> None:
        for piece in (None, 7, 1_000, 65_536):
            wanted = [b"220", b"250", *[b"250", b"250", b"354", b"250"] * 50, b"221"]
            assert codes(exchange(port, octets, piece=piece)) == wanted

    assert serve(loop, Rig, client).store.bodies() == [b"line of a message\r\n" * 20] * 200


@LOOPS
def test_a_connection_past_the_limit_is_told_so(loop: Loop) -> None:
    def client(port: int) -> None:
        with smtplib.SMTP(HOST, port, timeout=20) as smtp:
            assert smtp.noop()[0] == 250
            with socket.create_connection((HOST, port), timeout=20) as wire, wire.makefile("rb") as reader:
                assert reader.read().startswith(b"421 4.3.2 ")

    serve(loop, lambda: Rig(limits=DoorLimits(connections=1)), client)


@LOOPS
def test_a_client_that_sends_and_never_reads_is_broken_off(loop: Loop) -> None:
    def client(port: int) -> None:
        with socket.socket() as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # so that it is soon full
            wire.settimeout(20)
            wire.connect((HOST, port))
            with pytest.raises(ConnectionError):
                wire.sendall(b"NOOP\r\n" * 10_000_000)

    serve(loop, lambda: Rig(limits=DoorLimits(idle_seconds=0.3)), client)


@LOOPS
def test_closing_the_door_says_421_to_who_is_connected(loop: Loop) -> None:
    async def run() -> bytes:
        rig = Rig()
        running = asyncio.get_running_loop()
        server = await running.create_server(rig.smtp_door.protocol, HOST, 0)
        wire = socket.create_connection(server.sockets[0].getsockname(), timeout=20)
        with wire, wire.makefile("rb") as reader:
            greeting: bytes = await asyncio.to_thread(reader.readline)
            assert greeting.startswith(b"220 ")
            server.close()
            async with asyncio.timeout(20):
                await rig.smtp_door.close()
            return await asyncio.to_thread(reader.read)

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(run()).startswith(b"421 4.3.2 ")
