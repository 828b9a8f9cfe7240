"""No message breaks its reader: RFC 5322, RFC 6532, and what comes instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.client.parsing import parsed

AWKWARD = [
    b"From: <@\r\n",
    b"To: a@[\r\n",
    b"Content-Type: text/plain; charset*=\r\n",
    b"Content-Type: ;;;=\r\n",
    b"Date: 99 Foo 9999999 99:99:99\r\n",
    b"Message-ID: <\r\n",
    b"Subject: =?utf-8?b?4?=\r\n",
    b"Subject: =?nonsense?q?=FF?=\r\n",
    b"From: \xff\xfe\r\n",
    b"Content-Disposition: attachment; filename*0*=\r\n",
    b"MIME-Version: x.y\r\n",
    b": nothing\r\n",
    b"no colon at all\r\n",
]


def look_at_everything(octets: bytes) -> None:
    message = parsed(octets)
    for name in message.keys():  # noqa: SIM118 - a message is no dict
        str(message[name])
        message.get_all(name)


@pytest.mark.parametrize("header", AWKWARD)
def test_a_malformed_header_can_be_looked_at(header: bytes) -> None:
    look_at_everything(header + b"\r\nbody\r\n")


@given(st.lists(st.sampled_from(AWKWARD) | st.binary(max_size=30), max_size=6))
def test_any_octets_are_a_message(parts: list[bytes]) -> None:
    look_at_everything(b"".join(parts))


def test_utf_8_in_headers_is_read_as_it_is() -> None:
    assert parsed("Subject: café ☕\r\n\r\n".encode())["Subject"] == "café ☕"


def test_encoded_words_are_decoded() -> None:
    assert parsed(b"Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\n")["Subject"] == "café"
