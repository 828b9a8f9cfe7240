"""The mbox format: what is one message, what is unquoted, and that a written file is there whole or not at all."""

from __future__ import annotations

import resource
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto.lines import canonical
from restante.stores.mbox import (
    MboxDialect,
    MboxMessage,
    MboxWriter,
    NotAnMbox,
    OversizedMessage,
    TargetInTheWay,
    read_messages,
)

FROM = b"From ted@example.org Sat Jan  3 01:05:34 1996\n"


def octets_of(mbox: bytes, dialect: MboxDialect = MboxDialect.MBOXRD) -> list[bytes]:
    found = list(read_messages(BytesIO(mbox), dialect=dialect))
    assert all(isinstance(message, MboxMessage) for message in found)
    return [message.octets for message in found if isinstance(message, MboxMessage)]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_messages_come_in_order_without_the_empty_line_between_them(line_end: bytes) -> None:
    mbox = FROM + b"Subject: 1\n\none\n\n" + FROM + b"Subject: 2\n\ntwo\n\n\n" + FROM + b"Subject: 3\n\nthree\n"
    assert octets_of(mbox.replace(b"\n", line_end)) == [
        b"Subject: 1\r\n\r\none\r\n",
        b"Subject: 2\r\n\r\ntwo\r\n\r\n",
        b"Subject: 3\r\n\r\nthree\r\n",
    ]


def test_an_empty_line_between_messages_is_not_needed() -> None:
    assert octets_of(FROM + b"a: 1\n" + FROM + b"a: 2\n") == [b"a: 1\r\n", b"a: 2\r\n"]


def test_a_message_may_be_empty() -> None:
    assert octets_of(FROM + b"\n" + FROM) == [b"", b""]


def test_an_empty_file_holds_no_messages() -> None:
    assert octets_of(b"") == octets_of(b"\n\r\n") == []


def test_a_file_that_starts_otherwise_is_refused() -> None:
    for octets in (b"Subject: 1\n\n", b"from me\n", b"\0", b"From " + b"x" * 5000 + b"\n"):
        with pytest.raises(NotAnMbox):
            list(read_messages(BytesIO(octets)))


@pytest.mark.parametrize(
    ("line", "reverse_path", "received"),
    [
        (b"From ted@example.org Sat Jan  3 01:05:34 1996", b"ted@example.org", 820631134),
        (b"From ted@example.org  Sat Jan 3 01:05 1996", b"ted@example.org", 820631100),
        (b"From MAILER-DAEMON Sat Jan  3 01:05:34 MET 1996", b"MAILER-DAEMON", 820631134),
        (b"From ted Sat Jan  3 01:05:34 1996 +0100", b"ted", 820631134),
        (b"From ted Sat Jan  3 01:05:34 1996 remote from mail", b"ted", 820631134),
        (b'From "a b"@example.org Sat Jan  3 01:05:34 1996', b'"a b"@example.org', 820631134),
        (b"From ted Sat Jan 99 01:05:34 1996", b"ted", None),
        (b"From ted Sat Jan  3 01:05:34 1896", b"ted", None),
        (b"From somebody", b"somebody", None),
    ],
)
def test_reverse_path_and_date_are_told(line: bytes, reverse_path: bytes, received: int | None) -> None:
    (message,) = read_messages(BytesIO(line + b"\na: 1\n"))
    assert isinstance(message, MboxMessage)
    assert (message.number, message.reverse_path, message.received_epoch_seconds) == (1, reverse_path, received)


def test_a_body_line_that_starts_with_from_but_has_no_date_starts_no_message() -> None:
    body = b"a: 1\n\nFrom now on\n\nFrom Sat to Sun\nFrom" + b" " * 2000 + FROM[5:]
    assert octets_of(FROM + body) == [canonical(body)]


def test_each_dialect_unquotes_what_it_quoted() -> None:
    mbox = FROM + b"a: 1\n\n>From me\n>>From me\n> From me\nx>From me\n"
    rest = b"> From me\r\nx>From me\r\n"
    assert octets_of(mbox, MboxDialect.MBOXRD) == [b"a: 1\r\n\r\nFrom me\r\n>From me\r\n" + rest]
    assert octets_of(mbox, MboxDialect.MBOXO) == [b"a: 1\r\n\r\nFrom me\r\n>>From me\r\n" + rest]
    assert octets_of(mbox, MboxDialect.MBOXCL) == [b"a: 1\r\n\r\nFrom me\r\n>>From me\r\n" + rest]
    assert octets_of(mbox, MboxDialect.MBOXCL2) == [b"a: 1\r\n\r\n>From me\r\n>>From me\r\n" + rest]


def with_length(length: int, body: bytes) -> bytes:
    return FROM + b"Content-Length: %d\n\n" % length + body


@pytest.mark.parametrize("between", [b"", b"\n"])
def test_a_content_length_that_leads_to_a_from_line_or_the_end_is_believed(between: bytes) -> None:
    body = b"x\n\n" + FROM + b"y\n"
    mbox = with_length(len(body), body) + between + with_length(2, b"z\n") + between
    found = octets_of(mbox, MboxDialect.MBOXCL2)
    assert [octets.partition(b"\r\n\r\n")[2] for octets in found] == [canonical(body), b"z\r\n"]


@pytest.mark.parametrize("length", [0, 1, 3, 5, 52, 10**17])
def test_a_content_length_that_leads_elsewhere_is_not_believed(length: int) -> None:
    mbox = with_length(length, b"wxyz\n\n" + FROM + b"a: 2\n\nend\n")
    bodies = [octets.partition(b"\r\n\r\n")[2] for octets in octets_of(mbox, MboxDialect.MBOXCL2)]
    assert bodies == [b"wxyz\r\n", b"end\r\n"]


def test_a_sender_swallows_no_other_message_with_a_content_length() -> None:
    behind = FROM + b"Subject: not yours\n\nbody\n"
    mbox = with_length(len(b"x\n\n" + behind), b"x\n\n" + behind)
    assert len(octets_of(mbox, MboxDialect.MBOXCL2)) == 1
    assert len(octets_of(mbox)) == 2


def test_the_internal_data_of_another_server_is_no_message() -> None:
    internal = (
        b"From MAILER-DAEMON Sat Jan  3 01:05:34 1996\nFrom: Mail System Internal Data <MAILER-DAEMON@host>\n"
        b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 0820631134 0000000002\n\nnot mail\n\n"
    )
    (message,) = read_messages(BytesIO(internal + FROM + b"a: 1\n"))
    assert message.number == 2
    assert len(octets_of(FROM + b"a: 1\n\n" + internal)) == 2, "only the first one can be that"
    assert len(octets_of(internal.replace(b"X-IMAP", b"X-Other"))) == 1, "a subject alone is not enough"
    body = FROM + b"a: 1\n\n" + internal.partition(b"\n")[2]
    assert len(octets_of(body)) == 1, "it is told by headers, not by a body"


def test_a_message_that_is_too_long_is_told_and_the_next_one_comes() -> None:
    mbox = FROM + b"a: 1\n\n" + b"x" * 200_000 + b"\n\n" + FROM + b"a: 2\n"
    first, second = read_messages(BytesIO(mbox), largest_octets=1000)
    assert first == OversizedMessage(number=1, octets=200_007)
    assert isinstance(second, MboxMessage)
    assert second.octets == b"a: 2\r\n"


def test_long_lines_and_nul_pass() -> None:
    body = b"\0" * 70_000 + b"From " + b"x" * 200_000 + b"\r\n"
    assert octets_of(FROM + body) == [body]


def written(path: Path, messages: list[bytes], cuts: int = 7) -> bytes:
    with MboxWriter(path) as writer:
        for message in messages:
            writer.begin(reverse_path=b"ted@example.org", received_epoch_seconds=820631134)
            for start in range(0, len(message), cuts):
                writer.write(message[start : start + cuts])
            writer.end()
    return path.read_bytes()


def test_a_message_is_written_with_lf_and_quoted(tmp_path: Path) -> None:
    message = b"From a\r\n\r\nFrom me\r\n>From me\r\nFromage\r\n From\r\nx From \r\n>>>\r\n"
    expected = FROM.replace(b"Sat", b"Wed") + b">From a\n\n>From me\n>>From me\nFromage\n From\nx From \n>>>\n\n"
    for cuts in range(1, len(message) + 1):
        assert written(tmp_path / str(cuts), [message], cuts) == expected


octets = st.lists(st.sampled_from([b"From ", b">", b"\r\n", b"F", b"rom", b"\0", b".", b"\xff", FROM])).map(
    lambda parts: canonical(b"".join(parts))
)


@given(messages=st.lists(octets, max_size=4), cuts=st.integers(1, 12))
def test_what_is_written_is_read_back_to_the_octet(
    tmp_path_factory: pytest.TempPathFactory, messages: list[bytes], cuts: int
) -> None:
    mbox = written(tmp_path_factory.mktemp("mbox") / "mbox", messages, cuts)
    assert octets_of(mbox) == messages
    assert octets_of(mbox.replace(b"\n", b"\r\n")) == messages


@pytest.mark.parametrize("reverse_path", [b"", b"a b", b"a\nFrom x", b"x" * 300, b"a\x7f"])
def test_an_unfit_reverse_path_does_not_break_the_from_line(tmp_path: Path, reverse_path: bytes) -> None:
    with MboxWriter(tmp_path / "mbox") as writer:
        writer.begin(reverse_path=reverse_path, received_epoch_seconds=0)
        writer.end()
    assert (tmp_path / "mbox").read_bytes() == b"From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n\n"


def test_an_abandoned_message_leaves_no_trace(tmp_path: Path) -> None:
    with MboxWriter(tmp_path / "mbox") as writer:
        writer.abandon()
        for keep in (True, False, True):
            writer.begin(received_epoch_seconds=0)
            writer.write(b"a: 1\r\n\r" if not keep else b"a: 2\r\n")
            (writer.end if keep else writer.abandon)()
        writer.abandon()
    assert octets_of((tmp_path / "mbox").read_bytes()) == [b"a: 2\r\n", b"a: 2\r\n"]


def test_nothing_is_there_before_the_end_and_nothing_after_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "mbox"

    def fail_half_way() -> None:
        with MboxWriter(path) as writer:
            writer.begin()
            assert not path.exists()
            raise LookupError

    with pytest.raises(LookupError):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("octets", [100, 200_000])
def test_a_disk_that_takes_no_more_leaves_nothing_behind(tmp_path: Path, octets: int) -> None:
    def write() -> None:
        with MboxWriter(tmp_path / "mbox") as writer:
            writer.begin()
            writer.write(b"x" * octets)
            writer.end()

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_replaced_only_by_order(tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    path.write_bytes(b"before")
    with pytest.raises(TargetInTheWay):
        MboxWriter(path)
    assert path.read_bytes() == b"before"
    with MboxWriter(path, overwrite=True):
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b""
    assert list(tmp_path.iterdir()) == [path]


def test_what_came_into_the_way_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    with pytest.raises(TargetInTheWay), MboxWriter(path):
        path.write_bytes(b"another's")
    assert path.read_bytes() == b"another's"
    assert list(tmp_path.iterdir()) == [path]


def test_a_dangling_link_is_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TargetInTheWay):
        MboxWriter(path)
