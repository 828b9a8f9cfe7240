from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.client.session import Listed
from restante.proto.terms import MessageNumber, Octets, UniqueId
from restante.reading import Handles, MessageChoiceFault


def of(*ids: bytes) -> list[Listed]:
    return [
        Listed(unique_id=UniqueId(each), octets=Octets(1), number=MessageNumber(number))
        for number, each in enumerate(ids, 1)
    ]


def test_a_number_is_a_message_number_and_uid_makes_it_a_unique_id() -> None:
    messages = of(b"2", b"1")
    handles = Handles(messages)
    assert handles.named("2") is messages[1]
    assert handles.named("uid:2") is messages[0]
    assert handles.of(messages[0]) == "uid:2"


def test_ids_that_begin_alike_are_told_apart_by_their_ends() -> None:
    messages = of(b"000000000001234500aaaa01", b"000000000001234500bbbb02")
    handles = Handles(messages)
    assert handles.of(messages[0]) == "...aaaa01"
    assert handles.named("...aaaa01") is messages[0]


def test_what_is_not_there_or_not_clear_is_told() -> None:
    handles = Handles(of(b"abcdefghijkl", b"abcdefghijkm"))
    with pytest.raises(MessageChoiceFault, match="no message 3: the maildrop has messages 1 to 2"):
        handles.named("3")
    with pytest.raises(MessageChoiceFault, match="2 messages"):
        handles.named("abc")
    with pytest.raises(MessageChoiceFault, match="restante list"):
        handles.named("xyz")
    with pytest.raises(MessageChoiceFault, match="empty"):
        Handles(of()).named("1")


@given(st.lists(st.text("0ab~.-:", min_size=1, max_size=30).map(str.encode), unique=True, max_size=30))
def test_the_short_name_of_a_message_means_that_message(ids: list[bytes]) -> None:
    messages = of(*ids)
    handles = Handles(messages)
    for message in messages:
        text = handles.of(message)
        if text.startswith((".", "uid:")) or text.isdecimal():
            continue  # ids that look like our own marks are named by their numbers
        assert handles.named(text) is message
