"""What a token's refusal tells is cut and cleaned, whoever wrote it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.sasl.bearer import LONGEST_TOLD, BearerClient, error_json
from restante.sasl.terms import PeerMisbehaved, TokenRefused


def told(challenge: bytes) -> TokenRefused:
    client = BearerClient("OAUTHBEARER", b"message", answer=b"\1")
    client.start()
    assert client.respond(challenge) == b"\1"
    with pytest.raises(TokenRefused) as caught:
        client.refused()
    return caught.value


@pytest.mark.rule("A5")
@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"status"',
        b"{}",
        b'{"status":401,"scope":["a"],"openid-configuration":{}}',
        b"[" * 4096,
        b'{"a":' * 800,
        b"1" * 4096,
        b'{"status":"' + b"x" * 5000 + b'"}',
    ],
)
def test_a_refusal_that_cannot_be_read_is_a_refusal_all_the_same(challenge: bytes) -> None:
    refusal = told(challenge)
    assert (refusal.status, refusal.scope, refusal.openid_configuration) == (None, None, None)
    assert "get a new one" in str(refusal)


def test_what_is_told_is_printable_and_short() -> None:
    refusal = told(json.dumps({"status": "a\x1b[2J\r\n\u202e", "scope": "s" * 1000}).encode())
    assert refusal.status == "a�[2J���"
    assert refusal.scope == "s" * LONGEST_TOLD


@given(st.binary(max_size=80) | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_any_refusal_is_taken(challenge: bytes) -> None:
    assert str(told(challenge)).isprintable()


@pytest.mark.rule("A5")
def test_there_is_one_answer_and_no_yes_after_it() -> None:
    client = BearerClient("XOAUTH2", b"message", answer=b"")
    client.start()
    client.finished()
    client.respond(b"{}")
    with pytest.raises(PeerMisbehaved):
        client.respond(b"{}")
    with pytest.raises(PeerMisbehaved):
        client.finished()


def test_a_refusal_is_written_in_ascii_without_what_is_missing() -> None:
    assert error_json(status="é", scope=None, openid_configuration="https://e") == (
        b'{"status":"\\u00e9","openid-configuration":"https://e"}'
    )
