"""Trace header lines, and what is taken off the top of a message."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.delivery.rig import NOW

from restante.delivery.trace import Arrival, cut_from_line, cut_return_path, trace_header
from restante.ports.events import Door


def arrival(peer: str | None = "192.0.2.1", greeted_as: str = "client.example", protocol: str = "ESMTP") -> Arrival:
    return Arrival(
        door=Door.SMTP, session="s1", message_id="s1.1", protocol=protocol, peer=peer, greeted_as=greeted_as
    )


def header(
    how: Arrival, *, reverse_path: str = "sue@elsewhere.net", account: str = "Ted", address: str = "ted@example.org"
) -> bytes:
    return trace_header(
        reverse_path=reverse_path,
        account=account,
        address=address,
        arrival=how,
        hostname="mx.example.org",
        epoch_seconds=NOW,
    )


def test_the_trace_lines_are_those_of_rfc_5321() -> None:
    assert header(arrival()) == (
        b"Return-Path: <sue@elsewhere.net>\r\n"
        b"Delivered-To: Ted\r\n"
        b"Received: from client.example ([192.0.2.1])\r\n"
        b"\tby mx.example.org with ESMTP id s1.1\r\n"
        b"\tfor <ted@example.org>;\r\n"
        b"\tMon, 23 Nov 2026 22:10:35 +0000\r\n"
    )


def test_a_bounce_has_the_null_reverse_path() -> None:
    assert header(arrival(), reverse_path="").startswith(b"Return-Path: <>\r\n")


@pytest.mark.parametrize(
    ("peer", "shown"),
    [("2001:db8::1", b"([IPv6:2001:db8::1])"), ("unix", b"(unix)"), ("192.0.2.9", b"([192.0.2.9])")],
)
def test_the_peer_is_an_address_literal_or_unix(peer: str, shown: bytes) -> None:
    assert shown in header(arrival(peer))


def test_a_pipe_names_no_client() -> None:
    assert b"Received: by mx.example.org with local id s1.1\r\n" in header(arrival(None, protocol="local"))


@example("x" * 2_000, "x" * 2_000, "x" * 2_000)
@given(st.text(max_size=900), st.text(max_size=900), st.text(max_size=900))
def test_no_word_of_a_client_adds_a_line_or_a_control_or_a_long_line(name: str, path: str, address: str) -> None:
    lines = header(arrival(greeted_as=name), reverse_path=path, address=address).split(b"\r\n")
    assert len(lines) == 7
    assert [line.split(b":")[0] for line in lines[:3]] == [b"Return-Path", b"Delivered-To", b"Received"]
    assert all(line.startswith(b"\t") for line in lines[3:6])
    assert all(len(line) < 998 for line in lines)
    assert all(octet == 9 or 32 <= octet < 127 for line in lines for octet in line)
    assert lines[0].endswith(b">")


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        (b"Return-Path: <a@b>\r\nSubject: x\r\n\r\nbody\r\n", b"Subject: x\r\n\r\nbody\r\n", "a@b"),
        (b"X: 1\r\nRETURN-PATH :\r\n <a@b>\r\nY: 2\r\n\r\nz\r\n", b"X: 1\r\nY: 2\r\n\r\nz\r\n", "a@b"),
        (b"Return-Path: <a@b>\r\nReturn-Path: <c@d>\r\n\r\n", b"\r\n", "a@b"),
        (b"Return-Path: <>\r\nX: 1\r\n", b"X: 1\r\n", ""),
        (b"Return-Path: what is this\r\nX: 1\r\n", b"X: 1\r\n", None),
        (b"X: return-path: <a@b>\r\n\r\n", b"X: return-path: <a@b>\r\n\r\n", None),
        (b"X: 1\r\n\r\nReturn-Path: <a@b>\r\n", b"X: 1\r\n\r\nReturn-Path: <a@b>\r\n", None),
        (b"\r\nReturn-Path: <a@b>\r\n", b"\r\nReturn-Path: <a@b>\r\n", None),
        (b"", b"", None),
    ],
)
def test_a_return_path_in_the_header_is_taken_off_and_one_in_the_body_is_not(
    before: bytes, after: bytes, path: str | None
) -> None:
    assert cut_return_path(before) == (after, path)


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        (b"From sue@x.net Mon Nov 23 22:10:35 2026\r\nA: 1\r\n", b"A: 1\r\n", "sue@x.net"),
        (b"From MAILER-DAEMON Mon Nov 23 22:10:35 2026\r\nA: 1\r\n", b"A: 1\r\n", ""),
        (b"From \r\nA: 1\r\n", b"A: 1\r\n", None),
        (b"From: sue@x.net\r\n", b"From: sue@x.net\r\n", None),
        (b"A: 1\r\nFrom sue\r\n", b"A: 1\r\nFrom sue\r\n", None),
    ],
)
def test_the_line_that_mbox_puts_on_top_is_taken_off(before: bytes, after: bytes, path: str | None) -> None:
    assert cut_from_line(before) == (after, path)
