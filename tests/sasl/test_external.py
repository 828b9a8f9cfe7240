"""EXTERNAL says as whom to act, and nothing of who one is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sasl.acting import World, log_in, texts

from restante.sasl.external import ExternalClient, external_server
from restante.sasl.terms import (
    Credentials,
    CredentialUnusable,
    Done,
    Failed,
    FailureKind,
    JudgeCertificate,
    PeerMisbehaved,
)


def test_an_empty_message_asks_for_the_account_of_the_certificate() -> None:
    assert external_server(b"DER").begin(b"") == JudgeCertificate(authzid=None, certificate=b"DER")
    assert log_in(external_server(b"DER"), ExternalClient(Credentials(authcid="")), World()) == Done(
        authcid="ted", authzid=None
    )


@given(texts)
def test_both_sides_understand_each_other(name: str) -> None:
    world = World(name=name)
    client = ExternalClient(Credentials(authcid="", authzid=name))
    assert log_in(external_server(b"DER"), client, world) == Done(authcid=world.name, authzid=world.name)


def test_a_certificate_that_may_not_act_so_fails() -> None:
    outcome = log_in(external_server(b"DER"), ExternalClient(Credentials(authcid="", authzid="bob")), World())
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.WRONG_CREDENTIALS


@given(st.binary(max_size=30))
def test_any_octets_get_a_request_or_a_refusal(message: bytes) -> None:
    assert isinstance(external_server(b"DER").begin(message), JudgeCertificate | Failed)


@pytest.mark.parametrize("message", [b"a\0b", b"\xff", b"a" * 321])
def test_what_is_malformed_is_refused(message: bytes) -> None:
    assert isinstance(external_server(b"DER").begin(message), Failed)


def test_the_client_refuses_what_it_cannot_carry() -> None:
    with pytest.raises(CredentialUnusable):
        ExternalClient(Credentials(authcid="", authzid="a\0b"))


def test_the_client_has_nothing_more_to_say() -> None:
    with pytest.raises(PeerMisbehaved):
        ExternalClient(Credentials(authcid="")).respond(b"who?")
