"""CRAM-MD5 is that of RFC 2195."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sasl.acting import World, log_in, ted, texts

from restante.proto.terms import Secret
from restante.sasl.cram_md5 import _NOBODY, CramMd5Client, cram_md5_server
from restante.sasl.terms import (
    Challenge,
    CredentialUnusable,
    Done,
    Failed,
    FailureKind,
    FoundSecret,
    NeedSharedSecret,
    PeerMisbehaved,
)

CHALLENGE = b"<1896.697170952@postoffice.reston.mci.net>"


def test_the_example_of_the_rfc() -> None:
    client = CramMd5Client(ted("tanstaaftanstaaf", name="tim"))
    assert client.start() is None  # type: ignore[func-returns-value]  # that is the claim
    response = client.respond(CHALLENGE)
    assert response == b"tim b913a602c7eda7a495b4e6e7334d3890"
    server = cram_md5_server(CHALLENGE)
    assert server.begin(None) == Challenge(octets=CHALLENGE)
    assert server.step(response) == NeedSharedSecret(authcid="tim")
    assert server.resume(FoundSecret(secret=Secret(b"tanstaaftanstaaf"))) == Done(authcid="tim", authzid=None)
    client.finished()


@given(texts, texts)
def test_both_sides_understand_each_other(name: str, password: str) -> None:
    world = World(name=name, password=password)
    assert log_in(cram_md5_server(CHALLENGE), CramMd5Client(ted(password, name=name)), world) == Done(
        authcid=world.name, authzid=None
    )


def test_unknown_wrong_and_locked_fail_alike() -> None:
    outcomes = [
        log_in(cram_md5_server(CHALLENGE), CramMd5Client(ted("wrong")), World()),
        log_in(cram_md5_server(CHALLENGE), CramMd5Client(ted(name="bob")), World()),
        log_in(cram_md5_server(CHALLENGE), CramMd5Client(ted()), World(locked=True)),
    ]
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert isinstance(outcomes[0], Failed)
    assert outcomes[0].kind is FailureKind.WRONG_CREDENTIALS


def test_what_is_computed_for_a_name_that_is_not_there_lets_nobody_in() -> None:
    outcome = log_in(cram_md5_server(CHALLENGE), CramMd5Client(ted(_NOBODY.reveal().decode(), name="bob")), World())
    assert isinstance(outcome, Failed)


@given(st.binary(max_size=60))
def test_any_octets_get_a_request_or_a_refusal(response: bytes) -> None:
    server = cram_md5_server(CHALLENGE)
    server.begin(None)
    assert isinstance(server.step(response), NeedSharedSecret | Failed)


@pytest.mark.parametrize(
    "digest", [b"B913A602C7EDA7A495B4E6E7334D3890", b"b913", b"", b"b913a602c7eda7a495b4e6e7334d389g"]
)
def test_a_digest_is_32_lower_case_hexadecimal_digits(digest: bytes) -> None:
    server = cram_md5_server(CHALLENGE)
    server.begin(None)
    outcome = server.step(b"tim " + digest)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.MALFORMED


@pytest.mark.rule("A7")
@pytest.mark.parametrize(
    "challenge",
    [b"", b"1896@host", b"<1896>", b"<@host>", b"<a b@host>", b"<a\x80@host>", b"<a@host>x", b"<a@b@c>"],
)
def test_a_challenge_that_is_no_msg_id_is_not_answered(challenge: bytes) -> None:
    with pytest.raises(PeerMisbehaved):
        CramMd5Client(ted()).respond(challenge)
    with pytest.raises(ValueError, match="unique@host"):
        cram_md5_server(challenge)


def test_the_client_answers_once_and_believes_no_early_yes() -> None:
    client = CramMd5Client(ted())
    with pytest.raises(PeerMisbehaved):
        client.finished()
    client.respond(CHALLENGE)
    with pytest.raises(PeerMisbehaved):
        client.respond(CHALLENGE)


def test_acting_as_somebody_else_has_no_place() -> None:
    with pytest.raises(CredentialUnusable):
        CramMd5Client(ted(authzid="bob"))
