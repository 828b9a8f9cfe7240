"""LOGIN asks for the name, then for the password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sasl.acting import World, log_in, ted, texts

from restante.sasl.login import LoginClient, login_server
from restante.sasl.terms import (
    Challenge,
    CredentialUnusable,
    Done,
    Failed,
    FailureKind,
    JudgePassword,
    PeerMisbehaved,
)


def test_the_server_speaks_first_in_the_words_that_clients_know() -> None:
    server = login_server()
    assert server.begin(None) == Challenge(octets=b"Username:")
    assert server.step(b"ted") == Challenge(octets=b"Password:")
    assert isinstance(server.step(b"SECRET"), JudgePassword)


@pytest.mark.rule("A2")
@pytest.mark.parametrize("initial", [b"", b"ted"])
def test_an_initial_response_is_refused(initial: bytes) -> None:
    outcome = login_server().begin(initial)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.INITIAL_RESPONSE


@given(texts, texts)
def test_both_sides_understand_each_other(name: str, password: str) -> None:
    world = World(name=name, password=password)
    assert log_in(login_server(), LoginClient(ted(password, name=name)), world) == Done(
        authcid=world.name, authzid=None
    )


def test_a_wrong_password_fails() -> None:
    outcome = log_in(login_server(), LoginClient(ted("wrong")), World())
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.WRONG_CREDENTIALS


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_any_octets_get_a_step_or_a_refusal(first: bytes, second: bytes) -> None:
    server = login_server()
    server.begin(None)
    step = server.step(first)
    if isinstance(step, Challenge):
        step = server.step(second)
    assert isinstance(step, JudgePassword | Failed)


def test_the_client_answers_by_order_whatever_the_words() -> None:
    client = LoginClient(ted())
    client.start()
    assert client.respond(b"User Name\0") == b"ted"
    assert client.respond(b"") == b"SECRET"
    client.finished()
    with pytest.raises(PeerMisbehaved):
        client.respond(b"Password:")


def test_a_yes_before_the_password_is_not_believed() -> None:
    client = LoginClient(ted())
    client.start()
    client.respond(b"Username:")
    with pytest.raises(PeerMisbehaved):
        client.finished()


def test_acting_as_somebody_else_has_no_place() -> None:
    with pytest.raises(CredentialUnusable):
        LoginClient(ted(authzid="bob"))
