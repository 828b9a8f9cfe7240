"""XOAUTH2 is that of Google's and Microsoft's pages."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sasl.acting import World, log_in, texts

from restante.proto.terms import Secret
from restante.sasl.terms import (
    Challenge,
    Credentials,
    CredentialUnusable,
    Done,
    Failed,
    FailureKind,
    Granted,
    JudgeToken,
    TokenDenied,
    TokenRefused,
)
from restante.sasl.xoauth2 import XOAuth2Client, xoauth2_server

TOKEN = b"ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"
MESSAGE = b64decode(
    "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0"
    "Q2cBAQ=="
)
"""Google's example."""
ERROR = b64decode(
    "eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ=="
)


def user(name: str = "someuser@example.com", token: bytes = TOKEN) -> Credentials:
    return Credentials(authcid=name, token=Secret(token))


def test_the_example_of_google() -> None:
    assert XOAuth2Client(user()).start() == MESSAGE
    server = xoauth2_server()
    assert server.begin(MESSAGE) == JudgeToken(
        authzid="someuser@example.com", token=Secret(TOKEN), host=None, port=None
    )
    assert server.resume(Granted(authcid="someuser")) == Done(authcid="someuser", authzid="someuser@example.com")


@pytest.mark.rule("A5")
def test_a_refusal_is_one_challenge_and_one_empty_answer() -> None:
    client, server = XOAuth2Client(user()), xoauth2_server()
    server.begin(client.start())
    challenge = server.resume(TokenDenied(scope="https://mail.google.com/"))
    assert challenge == Challenge(octets=ERROR)
    assert client.respond(challenge.octets) == b""
    outcome = server.step(b"")
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.WRONG_CREDENTIALS
    with pytest.raises(TokenRefused) as caught:
        client.refused()
    assert (caught.value.status, caught.value.scope) == ("401", "https://mail.google.com/")


@given(texts, st.from_regex(rb"[A-Za-z0-9._~+/-]{1,40}={0,2}", fullmatch=True))
def test_both_sides_understand_each_other(name: str, token: bytes) -> None:
    world = World(name=name, token=token)
    assert log_in(xoauth2_server(), XOAuth2Client(user(name, token)), world) == Done(
        authcid=world.name, authzid=world.name
    )


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"user=ted",
        b"user=\x01auth=Bearer t\x01\x01",
        b"User=ted\x01auth=Bearer t\x01\x01",
        b"user=ted\x01auth=\x01\x01",
        b"user=ted\x01auth=Bearer t\x01",
        b"user=ted\x01\x01",
        b"user=\xff\x01auth=Bearer t\x01\x01",
        b"auth=Bearer t\x01user=ted\x01\x01",
    ],
)
def test_what_is_malformed_is_refused(message: bytes) -> None:
    outcome = xoauth2_server().begin(message)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.MALFORMED


@given(st.binary(max_size=60) | st.text(alphabet="user=t\x01auhB ", max_size=40).map(str.encode))
def test_any_octets_get_a_request_or_a_refusal(message: bytes) -> None:
    assert isinstance(xoauth2_server().begin(message), JudgeToken | Failed)


@pytest.mark.rule("M4")
@pytest.mark.parametrize(
    "credentials", [user(name="a\x01b"), user(name=""), user(token=b"t\x01"), Credentials(authcid="ted")]
)
def test_the_client_refuses_what_it_cannot_carry(credentials: Credentials) -> None:
    with pytest.raises(CredentialUnusable):
        XOAuth2Client(credentials)
