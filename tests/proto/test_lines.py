"""Lines: RFC 1939 §3, §7, §11; RFC 2449 §4."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto.lines import (
    COMMAND_LINE_OCTETS,
    Canonicalizer,
    LineSplitter,
    LineTooLong,
    Stuffer,
    TopCutter,
    canonical,
    stuffed,
    top,
)

AWKWARD = st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\0", b"\xfc", b"\r\n", b"\r\n."]), max_size=40).map(
    b"".join
)


def pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(octets)) for cut in cuts} | {0, len(octets)})
    return [octets[a:b] for a, b in itertools.pairwise(ends)]


def split(parts: list[bytes], limit: int = COMMAND_LINE_OCTETS) -> list[bytes | None]:
    splitter = LineSplitter(limit)
    lines: list[bytes | None] = []
    for part in parts:
        splitter.receive(part)
        while (line := splitter.next_line()) is not None:
            lines.append(None if isinstance(line, LineTooLong) else line)
    return lines


class TestSplitting:
    @pytest.mark.rule("L1")
    def test_a_line_ends_at_crlf(self) -> None:
        assert split([b"STAT\r\nNOOP\r\n"]) == [b"STAT", b"NOOP"]

    def test_a_bare_lf_ends_a_line_too(self) -> None:
        assert split([b"STAT\nNOOP\r\n\n"]) == [b"STAT", b"NOOP", b""]

    def test_a_bare_cr_ends_nothing(self) -> None:
        assert split([b"STAT\rNOOP\r\n"]) == [b"STAT\rNOOP"]

    def test_one_cr_alone_belongs_to_the_line_end(self) -> None:
        assert split([b"STAT\r\r\n"]) == [b"STAT\r"]

    @pytest.mark.rule("L3")
    def test_255_octets_with_crlf_are_a_line_and_256_are_not(self) -> None:
        assert split([b"a" * 253 + b"\r\n"]) == [b"a" * 253]
        assert split([b"a" * 254 + b"\r\n"]) == [None]
        assert split([b"a" * 254 + b"\n"]) == [b"a" * 254]
        assert split([b"a" * 255 + b"\n"]) == [None]

    @pytest.mark.rule("L3")
    def test_a_long_line_is_told_once_and_skipped_up_to_its_end(self) -> None:
        assert split([b"a" * 1000, b"b" * 1000, b"c\r\nSTAT\r\n"]) == [None, b"STAT"]

    @pytest.mark.rule("L3")
    def test_what_is_skipped_is_not_kept(self) -> None:
        splitter = LineSplitter()
        for _ in range(1000):
            splitter.receive(b"a" * 1000)
            while splitter.next_line() is not None:
                pass
            assert splitter.pending <= COMMAND_LINE_OCTETS

    @pytest.mark.rule("L10")
    @given(AWKWARD, st.lists(st.integers(0, 80), max_size=5), st.integers(2, 12))
    def test_cuts_do_not_matter(self, octets: bytes, cuts: list[int], limit: int) -> None:
        whole = split([octets], limit)
        assert split(pieces(octets, cuts), limit) == whole
        assert split([bytes([octet]) for octet in octets], limit) == whole

    def test_many_lines_in_one_segment_are_split_in_linear_time(self) -> None:
        assert len(split([b"NOOP\r\n" * 200_000])) == 200_000


class TestCanonicalForm:
    @pytest.mark.rule("M1", "C6")
    @pytest.mark.parametrize(
        ("foreign", "form"),
        [
            (b"", b""),
            (b"a", b"a\r\n"),
            (b"a\n", b"a\r\n"),
            (b"a\r", b"a\r\n"),
            (b"a\r\n", b"a\r\n"),
            (b"a\r\r\n", b"a\r\n\r\n"),
            (b"a\n\rb", b"a\r\n\r\nb\r\n"),
            (b"\n", b"\r\n"),
            (b"\0\xfc\n", b"\0\xfc\r\n"),
        ],
    )
    def test_each_line_end_is_one_crlf_and_the_last_line_is_ended(self, foreign: bytes, form: bytes) -> None:
        assert canonical(foreign) == form

    @given(AWKWARD)
    def test_is_stable(self, octets: bytes) -> None:
        assert canonical(canonical(octets)) == canonical(octets)

    @pytest.mark.rule("L6")
    @given(AWKWARD)
    def test_holds_no_bare_cr_and_no_bare_lf(self, octets: bytes) -> None:
        rest = canonical(octets).replace(b"\r\n", b"")
        assert b"\r" not in rest
        assert b"\n" not in rest

    @given(AWKWARD)
    def test_keeps_every_octet_that_is_no_line_end(self, octets: bytes) -> None:
        keep = bytes.maketrans(b"", b"")
        assert canonical(octets).translate(keep, b"\r\n") == octets.translate(keep, b"\r\n")

    @given(AWKWARD, st.lists(st.integers(0, 80), max_size=5))
    def test_chunks_give_the_same(self, octets: bytes, cuts: list[int]) -> None:
        chunked = Canonicalizer()
        assert b"".join(map(chunked.feed, pieces(octets, cuts))) + chunked.finish() == canonical(octets)


def unstuffed(octets: bytes) -> bytes:
    """What a receiver does, line by line, as the RFC says it."""
    lines = octets.split(b"\r\n")
    return b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)


class TestByteStuffing:
    @pytest.mark.rule("L7")
    @pytest.mark.parametrize(
        ("plain", "wire"),
        [
            (b".\r\n", b"..\r\n"),
            (b"..\r\n", b"...\r\n"),
            (b"a.\r\n", b"a.\r\n"),
            (b"a\r\n.b\r\n\r\n.\r\n", b"a\r\n..b\r\n\r\n..\r\n"),
            (b"", b""),
        ],
    )
    def test_each_line_that_starts_with_a_dot_gets_one_more(self, plain: bytes, wire: bytes) -> None:
        assert stuffed(plain) == wire

    @pytest.mark.rule("L7")
    @given(AWKWARD.map(canonical))
    def test_a_receiver_gets_back_what_was_sent_and_meets_no_terminating_line(self, octets: bytes) -> None:
        wire = stuffed(octets)
        assert unstuffed(wire) == octets
        assert b"." not in wire.split(b"\r\n")

    @given(AWKWARD.map(canonical), st.lists(st.integers(0, 80), max_size=5))
    def test_chunks_give_the_same(self, octets: bytes, cuts: list[int]) -> None:
        chunked = Stuffer()
        assert b"".join(map(chunked.feed, pieces(octets, cuts))) == stuffed(octets)

    @given(AWKWARD.map(canonical), st.lists(st.integers(0, 80), max_size=5))
    def test_who_knows_how_many_dots_there_are_stuffs_all_of_them(self, octets: bytes, cuts: list[int]) -> None:
        wire = stuffed(octets)
        dots = len(wire) - len(octets)
        assert stuffed(octets, dots) == wire
        chunked = Stuffer(dots)
        assert b"".join(map(chunked.feed, pieces(octets, cuts))) == wire

    def test_nobody_looks_beyond_the_last_dot(self) -> None:
        assert stuffed(b".\r\n.\r\n", 1) == b"..\r\n.\r\n"
        chunked = Stuffer(2)
        assert [chunked.feed(chunk) for chunk in (b".\r\n.", b"\r\n.")] == [b"..\r\n..", b"\r\n."]


def top_by_lines(octets: bytes, lines: int) -> bytes:
    """TOP as RFC 1939 §7 words it, over a list of lines."""
    all_lines = octets.split(b"\r\n")[:-1]
    try:
        headers_end = all_lines.index(b"") + 1
    except ValueError:
        headers_end = len(all_lines)
    return b"".join(line + b"\r\n" for line in all_lines[: headers_end + lines])


class TestTop:
    @pytest.mark.rule("C8")
    @pytest.mark.parametrize(
        ("lines", "answer"),
        [
            (0, b"A: 1\r\nB: 2\r\n\r\n"),
            (1, b"A: 1\r\nB: 2\r\n\r\none\r\n"),
            (2, b"A: 1\r\nB: 2\r\n\r\none\r\n\r\n"),
            (3, b"A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n"),
            (10**9, b"A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n"),
        ],
    )
    def test_headers_the_empty_line_and_n_lines(self, lines: int, answer: bytes) -> None:
        assert top(b"A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n", lines) == answer

    @pytest.mark.rule("C8")
    def test_a_message_without_an_empty_line_is_all_headers(self) -> None:
        assert top(b"A: 1\r\nB: 2\r\n", 0) == b"A: 1\r\nB: 2\r\n"

    def test_a_message_that_begins_with_the_empty_line_has_no_headers(self) -> None:
        assert top(b"\r\none\r\ntwo\r\n", 1) == b"\r\none\r\n"

    @pytest.mark.rule("C8")
    @given(AWKWARD.map(canonical), st.integers(0, 8))
    def test_is_what_the_rfc_words_say(self, octets: bytes, lines: int) -> None:
        assert top(octets, lines) == top_by_lines(octets, lines)

    @given(AWKWARD.map(canonical), st.integers(0, 8), st.lists(st.integers(0, 80), max_size=5))
    def test_chunks_give_the_same(self, octets: bytes, lines: int, cuts: list[int]) -> None:
        cutter = TopCutter(lines)
        assert b"".join(map(cutter.feed, pieces(octets, cuts))) == top(octets, lines)
