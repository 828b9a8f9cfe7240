"""OAUTHBEARER is that of RFC 7628."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sasl.acting import World, log_in, texts

from restante.proto.terms import Secret
from restante.sasl.oauthbearer import OAuthBearerClient, oauthbearer_server
from restante.sasl.terms import (
    Challenge,
    Credentials,
    CredentialUnusable,
    Denied,
    Done,
    Failed,
    FailureKind,
    Granted,
    JudgeToken,
    TokenDenied,
    TokenRefused,
    Unavailable,
)

TOKEN = b"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
MESSAGE = (
    b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
    b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
)
"""RFC 7628 §4.1."""
ERROR = (
    "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYXRpb24iOiJodHRwczovL2V4"
    "YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9uIn0="
)
"""RFC 7628 §4.3."""
DENIED = TokenDenied(
    scope="example_scope", openid_configuration="https://example.com/.well-known/openid-configuration"
)
REQUEST = JudgeToken(authzid="user@example.com", token=Secret(TOKEN), host="server.example.com", port=143)


def user(name: str = "user@example.com", token: bytes = TOKEN) -> Credentials:
    return Credentials(authcid=name, token=Secret(token))


def test_the_successful_exchange_of_the_rfc() -> None:
    client = OAuthBearerClient(user(), host="server.example.com", port=143)
    assert client.start() == MESSAGE
    server = oauthbearer_server()
    assert server.begin(MESSAGE) == REQUEST
    assert server.resume(Granted(authcid="user@example.com")) == Done(
        authcid="user@example.com", authzid="user@example.com"
    )
    client.finished()


@pytest.mark.rule("A5")
def test_the_failed_exchange_of_the_rfc() -> None:
    client = OAuthBearerClient(user(), host="server.example.com", port=143)
    server = oauthbearer_server()
    server.begin(client.start())
    challenge = server.resume(DENIED)
    assert challenge == Challenge(octets=b64decode(ERROR))
    assert client.respond(challenge.octets) == b"\x01"
    outcome = server.step(b"\x01")
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.WRONG_CREDENTIALS
    with pytest.raises(TokenRefused) as caught:
        client.refused()
    assert caught.value.status == "invalid_token"
    assert caught.value.scope == "example_scope"
    assert caught.value.openid_configuration == "https://example.com/.well-known/openid-configuration"


@pytest.mark.rule("A5")
@pytest.mark.parametrize("answer", [b"", b"\x01", MESSAGE, b"\xff\0"])
def test_whatever_is_answered_to_the_error_ends_the_exchange(answer: bytes) -> None:
    server = oauthbearer_server()
    server.begin(MESSAGE)
    server.resume(DENIED)
    assert isinstance(server.step(answer), Failed)


def test_a_client_without_a_token_learns_where_to_get_one() -> None:
    server = oauthbearer_server(DENIED)
    assert server.begin(
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=\x01\x01"
    ) == Challenge(octets=b64decode(ERROR))
    assert isinstance(server.step(b"\x01"), Failed)


@given(texts, st.from_regex(rb"[A-Za-z0-9._~+/-]{1,40}={0,2}", fullmatch=True))
def test_both_sides_understand_each_other(name: str, token: bytes) -> None:
    world = World(name=name, token=token)
    client = OAuthBearerClient(user(name, token))
    assert log_in(oauthbearer_server(), client, world) == Done(authcid=world.name, authzid=world.name)


def test_a_wrong_token_is_refused_in_words() -> None:
    with pytest.raises(TokenRefused):
        log_in(oauthbearer_server(), OAuthBearerClient(user("ted", b"wrong")), World())


def test_the_account_may_be_left_to_the_token() -> None:
    request = oauthbearer_server().begin(b"n,,\x01auth=bearer  t\x01\x01")
    assert request == JudgeToken(authzid=None, token=Secret(b"t"), host=None, port=None)


def test_an_issuer_that_is_away_is_not_a_bad_token() -> None:
    server = oauthbearer_server()
    server.begin(MESSAGE)
    outcome = server.resume(Unavailable())
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.UNAVAILABLE


def test_an_answer_of_another_kind_is_the_callers_mistake() -> None:
    server = oauthbearer_server()
    server.begin(MESSAGE)
    with pytest.raises(TypeError):
        server.resume(Denied())


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (b"", FailureKind.MALFORMED),
        (b"\x01", FailureKind.MALFORMED),
        (b"n,,", FailureKind.MALFORMED),
        (b"n,,\x01", FailureKind.MALFORMED),
        (b"n,,\x01\x01", FailureKind.MALFORMED),
        (b"n,,auth=Bearer t\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer t\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer t\x01\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Basic dGVk\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer t t\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer \xc3\xa9\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer t\x01auth=Bearer u\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer t\x01port=70000\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer t\x01port=-1\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer t\x01host=a b\x01\x01", FailureKind.MALFORMED),
        (b"n,,\x01auth=Bearer t\x01" + b"".join(b"%s=\x01" % bytes([c]) for c in range(97, 117)) + b"\x01",
         FailureKind.MALFORMED),
        (b"n,a=\xff,\x01auth=Bearer t\x01\x01", FailureKind.MALFORMED),
        (b"p=tls-exporter,,\x01auth=Bearer t\x01\x01", FailureKind.UNSUPPORTED),
        (b"n,,\x01auth=Bearer " + b"t" * 13_000 + b"\x01\x01", FailureKind.TOO_LONG),
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused(message: bytes, kind: FailureKind) -> None:
    outcome = oauthbearer_server().begin(message)
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind


def test_unknown_pairs_are_passed_over() -> None:
    assert isinstance(
        oauthbearer_server().begin(b"n,,\x01mthd=POST\x01path=/\x01auth=Bearer t\x01\x01"), JudgeToken
    )


@given(st.binary(max_size=60) | st.text(alphabet="n,a=\x01uthBer t", max_size=40).map(str.encode))
def test_any_octets_get_a_step_or_a_refusal(message: bytes) -> None:
    assert isinstance(oauthbearer_server().begin(message), JudgeToken | Failed | Challenge)


@pytest.mark.parametrize("token", [b"", b"two words", b"t\x01\x01", b"t\r\n", "é".encode()])
def test_the_client_refuses_what_is_no_token(token: bytes) -> None:
    with pytest.raises(CredentialUnusable):
        OAuthBearerClient(user(token=token))


@pytest.mark.parametrize("name", ["a\x01auth=Bearer x", "a\r\nb", "a\0b"])
@pytest.mark.rule("M4")
def test_the_client_refuses_a_name_that_could_pass_for_more(name: str) -> None:
    with pytest.raises(CredentialUnusable):
        OAuthBearerClient(user(name))


def test_the_client_refuses_a_host_or_credentials_that_will_not_do() -> None:
    for host in ("", "a b", "bücher.example", "a\x01"):
        with pytest.raises(CredentialUnusable):
            OAuthBearerClient(user(), host=host)
    with pytest.raises(CredentialUnusable):
        OAuthBearerClient(Credentials(authcid="ted", password=Secret(b"x")))
