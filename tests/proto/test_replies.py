"""Replies as octets: RFC 1939 §3, RFC 2449 §4 and §8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto import replies
from restante.proto.terms import ResponseCode


@pytest.mark.rule("L2")
def test_the_status_indicator_is_in_upper_case() -> None:
    assert replies.ok() == b"+OK\r\n"
    assert replies.err(b"no") == b"-ERR no\r\n"


@pytest.mark.rule("L9")
@pytest.mark.parametrize("code", list(ResponseCode))
def test_a_response_code_comes_right_after_the_status_indicator(code: ResponseCode) -> None:
    assert replies.err(b"text", code) == b"-ERR [" + code.value + b"] text\r\n"


@pytest.mark.rule("L9")
def test_no_other_text_begins_with_a_bracket() -> None:
    assert not replies.ok(b"[AUTH] really").startswith(b"+OK [")
    assert not replies.err(b"[IN-USE]").startswith(b"-ERR [")


@pytest.mark.rule("L4", "L6")
@given(st.binary(max_size=1200), st.sampled_from([None, *ResponseCode]))
def test_any_text_makes_one_line_of_at_most_512_octets(text: bytes, code: ResponseCode | None) -> None:
    for reply in (replies.ok(text), replies.err(text, code), replies.listing(text, b"")[:-3]):
        assert len(reply) <= replies.FIRST_LINE_OCTETS
        assert reply.endswith(b"\r\n")
        assert all(0x20 <= octet < 0x7F for octet in reply[:-2])


@pytest.mark.rule("L8")
def test_an_empty_listing_is_the_status_line_and_the_terminating_line() -> None:
    assert replies.listing(b"0 messages", b"") == b"+OK 0 messages\r\n.\r\n"


@pytest.mark.rule("L7")
def test_a_listing_is_stuffed_as_any_multi_line_response() -> None:
    assert replies.listing(b"", b".x\r\ny\r\n") == b"+OK\r\n..x\r\ny\r\n.\r\n"


@pytest.mark.rule("C5", "L7")
def test_a_message_tells_its_octets_without_the_stuffed_dots() -> None:
    assert replies.message_reply(b".\r\na\r\n") == b"+OK 6 octets\r\n..\r\na\r\n.\r\n"
    assert replies.message_reply(b"a\r\n", 0) == b"+OK 3 octets\r\na\r\n.\r\n"


@pytest.mark.rule("U4", "L4", "L6")
@given(
    st.one_of(st.binary(max_size=1200), st.text(max_size=600).map(str.encode)),
    st.sampled_from([None, *ResponseCode]),
)
def test_a_text_in_utf8_stays_one_line_of_whole_characters_that_print(
    text: bytes, code: ResponseCode | None
) -> None:
    for reply in (
        replies.ok(text, utf8=True),
        replies.err(text, code, utf8=True),
        replies.listing(text, b"", utf8=True)[:-3],
    ):
        assert len(reply) <= replies.FIRST_LINE_OCTETS
        assert reply.endswith(b"\r\n")
        assert reply[:-2].decode("utf-8").isprintable()


@pytest.mark.rule("U4")
def test_utf8_goes_out_only_where_it_was_asked_for() -> None:
    text = "Grüße".encode()
    assert replies.ok(text) == b"+OK Gr????e\r\n"
    assert replies.ok(text, utf8=True) == b"+OK " + text + b"\r\n"
    assert replies.err("a\u202eb\x85c\u2028d".encode(), utf8=True) == b"-ERR a?b?c?d\r\n"


@pytest.mark.rule("L4")
def test_a_line_that_is_too_long_is_not_cut_through_a_character() -> None:
    for start in range(4):
        reply = replies.ok(b"x" * start + "日".encode() * 300, utf8=True)
        assert reply[:-2].decode("utf-8").endswith("日")
