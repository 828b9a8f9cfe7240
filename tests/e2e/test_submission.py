"""Handing mail in, against servers that are as they should be, and servers that are not."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.submission_door import Door, submission_door

from restante.client import Login, Phase
from restante.submission import (
    Outgoing,
    SubmissionFault,
    SubmissionSecurity,
    SubmissionServer,
    SubmissionTimeouts,
    submission,
)

TED = Login.by_password("ted", "correct horse")
LETTER = Outgoing(
    sender="ted@example.org",
    recipients=("ann@example.org", "bob@example.org"),
    octets=b"Subject: hi\r\n\r\n.dot\r\n..two\r\nend",
)
SECURE = (SubmissionSecurity.TLS, SubmissionSecurity.STARTTLS)


@pytest.fixture(params=SECURE, ids=lambda each: each.name)
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Door]:
    with submission_door(tmp_path, request.param) as running:
        yield running


@pytest.mark.rule("M3")
async def test_a_message_comes_over_with_its_dots_for_all_its_recipients(door: Door) -> None:
    async with submission(door.server, TED) as session:
        submitted = await session.send(LETTER)
        again = await session.send(replace(LETTER, octets="Subject: ü\r\n\r\nä\rb\nc".encode()))
    assert submitted.taken == again.taken == LETTER.recipients
    first, second = door.handler.taken
    assert (first.mail_from, first.rcpt_tos) == ("ted@example.org", ["ann@example.org", "bob@example.org"])
    assert first.content == b"Subject: hi\r\n\r\n.dot\r\n..two\r\nend\r\n"
    assert second.content == "Subject: ü\r\n\r\nä\r\nb\r\nc\r\n".encode()
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(second.mail_options)


async def test_each_recipient_that_is_refused_is_told_and_the_others_get_it(door: Door) -> None:
    door.handler.refuse = {"ann@example.org": "550 5.1.1 no Ann", "bob@example.org": "452 4.2.2 full"}
    letter = replace(LETTER, recipients=(*LETTER.recipients, "eve@example.org"))
    async with submission(door.server, TED) as session:
        submitted = await session.send(letter)
        door.handler.refuse["eve@example.org"] = "550 no"
        none = await session.send(letter)
        door.handler.refuse = {}
        after = await session.send(letter)
    assert submitted.taken == ("eve@example.org",)
    assert [(each.code, each.temporary) for each in submitted.refused] == [(550, False), (452, True)]
    assert "no Ann" in submitted.refused[0].said
    assert none.taken == ()
    assert after.taken == letter.recipients


@pytest.mark.parametrize(("reply", "temporary"), [("554 5.7.1 spam", False), ("451 later", True)])
async def test_a_message_that_is_refused_is_a_fault_and_the_session_goes_on(
    door: Door, reply: str, temporary: bool
) -> None:
    door.handler.refuse_data = reply
    async with submission(door.server, TED) as session:
        with pytest.raises(SubmissionFault, match=f"refused the message: {reply[:3]}") as caught:
            await session.send(LETTER)
        door.handler.refuse_data = None
        assert (await session.send(LETTER)).taken
    assert caught.value.temporary is temporary


async def test_a_message_that_is_too_large_is_not_begun(door: Door) -> None:
    async with submission(door.server, TED) as session:
        with pytest.raises(SubmissionFault, match="takes messages of at most 1000000 octets"):
            await session.send(replace(LETTER, octets=b"x" * 1_000_001))
    assert door.handler.taken == []


async def test_a_wrong_password_is_a_login_that_is_refused(door: Door) -> None:
    with pytest.raises(SubmissionFault, match=r"refused the login by .*check the name") as caught:
        async with submission(door.server, Login.by_password("ted", "wrong")):
            pass
    assert (caught.value.phase, caught.value.temporary) == (Phase.LOGIN, False)


async def test_a_token_logs_in_in_one_step_or_two_and_its_refusal_is_told(door: Door) -> None:
    for name in ("ted", "t" * 300):  # the longer one makes a line of more than 512 octets
        login = replace(Login.by_token(name, "good-token"), mechanism="XOAUTH2")
        async with submission(door.server, login) as session:
            assert (await session.send(LETTER)).taken
    with pytest.raises(SubmissionFault, match="the server refused the token"):
        async with submission(door.server, Login.by_token("ted", "bad-token")):
            pass


async def test_a_certificate_of_another_name_or_authority_gets_no_login(tmp_path: Path) -> None:
    with submission_door(tmp_path, SubmissionSecurity.TLS, name="other.example") as door:
        with pytest.raises(SubmissionFault, match=r"is for other.example, not for localhost") as caught:
            async with submission(door.server, TED):
                pass
        with pytest.raises(SubmissionFault, match="authority that is not trusted here") as foreign:
            async with submission(replace(door.server, authorities=None), TED):
                pass
        assert caught.value.phase is foreign.value.phase is Phase.TLS
        # Pinned, it is trusted all the same; another one is not.
        fingerprint = str(foreign.value).rpartition("fingerprint ")[2]
        async with submission(replace(door.server, fingerprint=fingerprint), TED) as session:
            assert (await session.send(LETTER)).taken
        with pytest.raises(SubmissionFault, match="is not the pinned one"):
            async with submission(replace(door.server, fingerprint="00" * 32), TED):
                pass
    assert len(door.handler.logins) == 1


async def test_nobody_there_is_told_with_what_to_check(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(SubmissionFault, match="takes no connection there") as caught:
        async with submission(SubmissionServer(host="127.0.0.1", port=port), TED):
            pass
    assert (caught.value.phase, caught.value.temporary) == (Phase.CONNECT, True)


# --- hostile servers ----------------------------------------------------------------------------------------------

QUICK = SubmissionTimeouts(connect_seconds=5, command_seconds=0.3, message_seconds=0.3)


@asynccontextmanager
async def hostile(
    play: Callable[[socket.socket, bytearray], None],
) -> AsyncIterator[tuple[SubmissionServer, bytearray]]:
    """Run a server that does what `play` says with its one connection; gives besides what came in."""
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            connection.settimeout(20)
            with connection:
                try:
                    play(connection, heard)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        server = SubmissionServer(
            host="127.0.0.1",
            port=listener.getsockname()[1],
            security=SubmissionSecurity.PLAIN,
            timeouts=QUICK,
        )
        yield server, heard
        await asyncio.to_thread(thread.join, 30)
        assert not thread.is_alive()


def hear(connection: socket.socket, heard: bytearray) -> None:
    octets = connection.recv(65_536)
    if not octets:
        raise OSError("gone")
    heard += octets


async def refused(server: SubmissionServer, told: str) -> SubmissionFault:
    with pytest.raises(SubmissionFault, match=told) as caught:
        async with submission(server, TED) as session:
            await session.send(LETTER)
    return caught.value


async def test_a_reply_without_end_is_cut_off() -> None:
    def play(connection: socket.socket, heard: bytearray) -> None:
        connection.sendall(b"220 hi\r\n")
        hear(connection, heard)
        while True:
            connection.sendall(b"250-" + b"x" * 1000 + b"\r\n")

    async with hostile(play) as (server, _):
        await refused(server, "does not speak SMTP: Response too long")


async def test_silence_where_tls_may_be_wanted_says_so() -> None:
    async with hostile(hear) as (server, _):
        impatient = replace(server, timeouts=replace(QUICK, connect_seconds=0.3))
        fault = await refused(impatient, "did not greet in time; if it wants TLS .* set security to tls; else try")
    assert (fault.phase, fault.temporary) == (Phase.CONNECT, True)


async def test_a_line_without_end_is_cut_off() -> None:
    def play(connection: socket.socket, heard: bytearray) -> None:
        while True:
            connection.sendall(b"2" * 4096)

    async with hostile(play) as (server, _):
        await refused(server, "does not speak SMTP")


async def test_an_octet_at_a_time_comes_to_an_end() -> None:
    gone = threading.Event()

    def play(connection: socket.socket, heard: bytearray) -> None:
        connection.sendall(b"220 hi\r\n")
        hear(connection, heard)
        while not gone.wait(0.05):
            connection.sendall(b"2")

    async with hostile(play) as (server, _):
        await refused(server, "did not answer in time")
        gone.set()


async def test_what_is_not_smtp_is_told() -> None:
    def play(connection: socket.socket, heard: bytearray) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH\r\n")
        hear(connection, heard)

    async with hostile(play) as (server, _):
        await refused(server, "does not speak SMTP: .*check the port")


async def test_a_server_that_is_full_may_be_asked_later() -> None:
    async with hostile(lambda connection, _: connection.sendall(b"421 too busy\r\n")) as (server, _):
        fault = await refused(server, "refused the connection: 421 too busy")
    assert fault.temporary


async def test_mechanisms_that_nobody_here_knows_are_named() -> None:
    def play(connection: socket.socket, heard: bytearray) -> None:
        connection.sendall(b"220 hi\r\n")
        hear(connection, heard)
        connection.sendall(b"250-hi\r\n250 AUTH NTLM GSSAPI\r\n")
        hear(connection, heard)

    async with hostile(play) as (server, heard):
        fault = await refused(server, "it offers (NTLM, GSSAPI|GSSAPI, NTLM), of which nothing .* ask who runs it")
    assert (fault.phase, fault.temporary) == (Phase.LOGIN, False)
    assert b"AUTH" not in heard


async def test_without_starttls_nothing_of_value_is_sent() -> None:
    def play(connection: socket.socket, heard: bytearray) -> None:
        connection.sendall(b"220 hi\r\n")
        hear(connection, heard)
        connection.sendall(b"250-hi\r\n250 AUTH PLAIN\r\n")
        hear(connection, heard)

    async with hostile(play) as (server, heard):
        fault = await refused(replace(server, security=SubmissionSecurity.STARTTLS), "does not offer STARTTLS")
    assert fault.phase is Phase.TLS
    assert heard == b"EHLO [127.0.0.1]\r\n"


async def test_what_comes_behind_the_answer_to_starttls_is_not_believed() -> None:
    def play(connection: socket.socket, heard: bytearray) -> None:
        connection.sendall(b"220 hi\r\n")
        hear(connection, heard)
        connection.sendall(b"250-hi\r\n250 STARTTLS\r\n")
        hear(connection, heard)
        connection.sendall(b"220 go\r\n235 you are in\r\n250 sure\r\n")
        hear(connection, heard)

    async with hostile(play) as (server, heard):
        server = replace(server, security=SubmissionSecurity.STARTTLS, timeouts=replace(QUICK, connect_seconds=2))
        fault = await refused(server, "ended the connection in the middle")
    assert fault.phase is Phase.TLS
    assert b"AUTH" not in heard


async def test_a_server_that_breaks_off_after_the_data_leaves_the_message_unsent() -> None:
    replies = [b"250-hi\r\n250 AUTH PLAIN\r\n", b"235 in\r\n", *[b"250 ok\r\n"] * 3, b"354 go\r\n"]

    def play(connection: socket.socket, heard: bytearray) -> None:
        connection.sendall(b"220 hi\r\n")
        for reply in replies:
            hear(connection, heard)
            connection.sendall(reply)
        while not heard.endswith(b"\r\n.\r\n"):
            hear(connection, heard)

    async with hostile(play) as (server, heard):
        fault = await refused(server, "ended the connection in the middle")
    assert fault.temporary
    assert heard.endswith(b"\r\n..dot\r\n...two\r\nend\r\n.\r\n")


@pytest.mark.rule("M4")
def test_no_address_carries_a_command() -> None:
    from restante.submission import MessageFault

    for address in ("a@b\r\nDATA", "a@b>\r\nRSET", "a@b\0", "a@b> SIZE=1", "a b@c", "@", "a@", "a\x7f@b"):
        with pytest.raises(MessageFault):
            Outgoing(sender="ted@example.org", recipients=(address,), octets=b"")
        with pytest.raises(MessageFault):
            Outgoing(sender=address, recipients=("ted@example.org",), octets=b"")
