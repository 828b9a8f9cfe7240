"""The client's half of the wire: RFC 1939 §3, RFC 2449 §4 and §8."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto.client import (
    MOST_BLANK_LINES,
    BadReply,
    ReplyLineTooLong,
    ReplyReader,
    Status,
    status_of,
)

BODIES = st.lists(st.sampled_from([b".", b"\r\n", b"\n", b"\r", b"a", b"\r\n.", b".\r\n", b"\0"]), max_size=24).map(
    lambda parts: b"".join(parts) + b"\r\n" if parts else b""
)


def on_the_wire(body: bytes) -> bytes:
    """What a server sends for a body, written after RFC 1939 §3 and not after the code: line by line."""
    lines = body.split(b"\r\n")
    assert lines.pop() == b""
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"


def pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(octets)) for cut in cuts} | {0, len(octets)})
    return [octets[a:b] for a, b in itertools.pairwise(ends)]


def read(parts: list[bytes], *, multi_line: list[bool]) -> list[tuple[Status, bytes | None]]:
    """Read replies; `multi_line` says of each whether its good answer has more than one line."""
    reader = ReplyReader()
    shapes = iter(multi_line)
    replies: list[tuple[Status, bytes | None]] = []
    body = b""
    status: Status | None = None
    for part in parts:
        reader.receive(part)
        while True:
            if reader.in_body:
                chunk = reader.chunk()
                if chunk is None:
                    break
                body += chunk
                if not reader.in_body:
                    assert status is not None
                    replies.append((status, body))
            else:
                status = reader.status()
                if status is None:
                    break
                if next(shapes) and status.ok:
                    body = b""
                    reader.begin_body()
                else:
                    replies.append((status, None))
    assert not reader.in_body
    assert reader.pending == 0
    return replies


@pytest.mark.rule("L2")
@pytest.mark.parametrize(
    ("line", "ok", "code", "text"),
    [
        (b"+OK", True, None, b""),
        (b"+ok ready", True, None, b"ready"),
        (b"+Ok\tready ", True, None, b"ready"),
        (b"-err no", False, None, b"no"),
        (b"-ERR [IN-USE] busy", False, b"IN-USE", b"[IN-USE] busy"),
        (b"-ERR [sys/temp] disk", False, b"SYS/TEMP", b"[sys/temp] disk"),
        (b"-ERR[AUTH] no", False, b"AUTH", b"[AUTH] no"),
        (b"+OK [ unclosed", True, None, b"[ unclosed"),
        (b" +OK leaning", True, None, b"leaning"),
        (b"+OK1 message", True, None, b"1 message"),
        (b"+OK <1896.697170952@dbc.mtview.ca.us>", True, None, b"<1896.697170952@dbc.mtview.ca.us>"),
    ],
)
def test_status_lines_are_taken_as_servers_write_them(
    line: bytes, ok: bool, code: bytes | None, text: bytes
) -> None:
    status = status_of(line)
    assert (status.ok, status.code, status.text, status.line) == (ok, code, text, line)


@pytest.mark.parametrize(
    "line",
    [
        b"OK",
        b"220 mx.example.org ESMTP",
        b"* OK IMAP4",
        b"+OKAY",
        b"+ challenge",
        b"\xff+OK",
        b"-ER",
        b"HTTP/1.1 400",
    ],
)
def test_what_is_no_reply_is_told_and_kept(line: bytes) -> None:
    with pytest.raises(BadReply) as raised:
        status_of(line)
    assert raised.value.line == line


@pytest.mark.rule("L6")
@pytest.mark.parametrize(
    "not_the_end",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r\n",
        b"\r\n.\r",
        b"a.\r\n",
        b"\r\n.",
        b"\r\n. \r\n",
        b"\r\n..\r\n",
        b"\r\n.\r\r\n",
    ],
)
def test_a_body_ends_at_crlf_dot_crlf_and_nowhere_else(not_the_end: bytes) -> None:
    reader = ReplyReader()
    reader.receive(b"+OK\r\nbody" + not_the_end)
    assert reader.status() is not None
    reader.begin_body()
    reader.chunk()
    assert reader.in_body
    reader.receive(b"\r\n.\r\n")
    reader.chunk()
    assert not reader.in_body


@pytest.mark.rule("L8")
def test_an_empty_body_is_the_terminating_line_alone() -> None:
    ((status, body),) = read([b"+OK nothing\r\n.\r\n"], multi_line=[True])
    assert status.ok
    assert body == b""


@pytest.mark.rule("L7")
@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (b"..\r\n", b".\r\n"),
        (b"..a\r\n", b".a\r\n"),
        (b"a\r\n..b\r\n", b"a\r\n.b\r\n"),
        (b"...\r\n...\r\n", b"..\r\n..\r\n"),
        (b"a\n..b\r\n", b"a\n..b\r\n"),  # a bare LF ends no line
        (b"a..\r\n", b"a..\r\n"),
    ],
)
def test_one_dot_is_taken_off_each_line_that_starts_with_one(wire: bytes, body: bytes) -> None:
    whole = b"+OK\r\n" + wire + b".\r\n"
    for cut in range(len(whole)):
        assert read([whole[:cut], whole[cut:]], multi_line=[True])[0][1] == body


@pytest.mark.rule("L7", "L10")
@given(st.lists(st.one_of(BODIES, st.none()), max_size=5), st.lists(st.integers(0, 300), max_size=12))
def test_replies_are_the_same_however_the_octets_are_cut(bodies: list[bytes | None], cuts: list[int]) -> None:
    wire = b"".join(
        b"-ERR [AUTH] no\r\n" if body is None else b"+OK it follows\r\n" + on_the_wire(body) for body in bodies
    )
    shapes = [True] * len(bodies)
    whole = read([wire], multi_line=shapes)
    assert [body for _, body in whole] == bodies
    assert read(pieces(wire, cuts), multi_line=shapes) == whole
    assert read([wire[i : i + 1] for i in range(len(wire))], multi_line=shapes) == whole


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_any_octets_at_all_raise_nothing_but_the_two_errors(octets: bytes, cuts: list[int]) -> None:
    reader = ReplyReader(line_octets=16)
    try:
        for part in pieces(octets, cuts):
            reader.receive(part)
            while (status := reader.status()) is not None:
                if status.ok:
                    reader.begin_body()
                    while reader.in_body and reader.chunk() is not None:
                        pass
    except (BadReply, ReplyLineTooLong):
        pass


def test_blank_lines_before_a_reply_are_passed_over_but_not_for_ever() -> None:
    reader = ReplyReader()
    reader.receive(b"\r\n" * MOST_BLANK_LINES + b"+OK\r\n")
    status = reader.status()
    assert status is not None
    assert status.ok
    reader.receive(b"\r\n" * (MOST_BLANK_LINES + 1))
    with pytest.raises(BadReply):
        reader.status()


def test_a_line_without_an_end_is_told_as_soon_as_it_is_too_long() -> None:
    reader = ReplyReader(line_octets=16)
    reader.receive(b"+OK 456789012345")
    with pytest.raises(ReplyLineTooLong):
        reader.status()


def test_a_line_of_the_limit_is_taken() -> None:
    reader = ReplyReader(line_octets=16)
    reader.receive(b"+OK 4567890123\r\n")
    assert reader.status() == Status(True, None, b"+OK 4567890123")


def test_a_body_keeps_back_no_more_than_a_terminator_could_need() -> None:
    reader = ReplyReader()
    reader.receive(b"+OK\r\n")
    assert reader.status() is not None
    reader.begin_body()
    given_out = 0
    for _ in range(1000):
        reader.receive(b"x" * 999 + b"\n")
        chunk = reader.chunk()
        assert chunk is not None
        given_out += len(chunk)
        assert reader.pending <= 4
    assert given_out == 1_000_000 - reader.pending


@pytest.mark.rule("T2")
def test_octets_after_a_reply_show_as_pending() -> None:
    reader = ReplyReader()
    reader.receive(b"+OK begin TLS\r\n+OK injected\r\n")
    assert reader.status() is not None
    assert reader.pending == len(b"+OK injected\r\n")
    assert reader.unfinished == b"+OK injected\r\n"


def test_a_status_line_ended_by_lf_alone_may_have_a_body() -> None:
    ((_, body),) = read([b"+OK\n.", b"\r\n"], multi_line=[True])
    assert body == b""
