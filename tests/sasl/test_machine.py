"""The machine holds a dialogue to its turns, whatever the mechanism."""

from __future__ import annotations

import pytest

from restante.sasl.cram_md5 import cram_md5_server
from restante.sasl.login import login_server
from restante.sasl.machine import ServerMechanism
from restante.sasl.plain import plain_server
from restante.sasl.terms import (
    LARGEST_MESSAGE_OCTETS,
    Challenge,
    Failed,
    FailureKind,
    FoundKeys,
    Granted,
    JudgePassword,
    Unavailable,
)


def asked() -> ServerMechanism:
    server = plain_server()
    assert isinstance(server.begin(b"\0ted\0SECRET"), JudgePassword)
    return server


@pytest.mark.rule("A2")
def test_without_an_initial_response_the_challenge_is_empty() -> None:
    server = plain_server()
    assert server.begin(None) == Challenge(octets=b"")
    assert isinstance(server.step(b"\0ted\0SECRET"), JudgePassword)


@pytest.mark.rule("A2")
def test_an_initial_response_to_a_server_that_speaks_first_is_refused() -> None:
    outcome = login_server().begin(b"ted")
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.INITIAL_RESPONSE


def test_a_response_is_bounded_before_it_is_looked_at() -> None:
    for count, kind in (
        (LARGEST_MESSAGE_OCTETS, FailureKind.MALFORMED),
        (LARGEST_MESSAGE_OCTETS + 1, FailureKind.TOO_LONG),
    ):
        outcome = plain_server().begin(b"x" * count)
        assert isinstance(outcome, Failed)
        assert outcome.kind is kind


def test_turns_out_of_order_are_the_callers_mistake() -> None:
    with pytest.raises(RuntimeError):
        plain_server().step(b"")
    with pytest.raises(RuntimeError):
        plain_server().resume(Granted(authcid="ted"))
    with pytest.raises(RuntimeError):
        asked().step(b"\0ted\0SECRET")
    with pytest.raises(RuntimeError):
        asked().begin(None)
    waiting = plain_server()
    waiting.begin(None)
    with pytest.raises(RuntimeError):
        waiting.resume(Granted(authcid="ted"))


def test_nothing_goes_on_after_the_end() -> None:
    server = asked()
    server.resume(Granted(authcid="ted"))
    with pytest.raises(RuntimeError):
        server.step(b"\0bob\0SECRET")
    with pytest.raises(RuntimeError):
        server.resume(Granted(authcid="bob"))


def test_an_answer_of_another_kind_is_the_callers_mistake_and_logs_nobody_in() -> None:
    server = asked()
    with pytest.raises(TypeError):
        server.resume(FoundKeys(keys=None))
    with pytest.raises(RuntimeError):
        server.resume(Granted(authcid="ted"))


def test_a_world_that_cannot_tell_ends_the_exchange_without_blame() -> None:
    server = cram_md5_server(b"<unique@host>")
    server.begin(None)
    server.step(b"ted " + b"0" * 32)
    outcome = server.resume(Unavailable())
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.UNAVAILABLE


@pytest.mark.rule("A3")
def test_a_cancel_ends_it_at_any_time() -> None:
    fresh, challenged, waiting = plain_server(), plain_server(), asked()
    challenged.begin(None)
    for server in (fresh, challenged, waiting):
        assert server.cancel().kind is FailureKind.CANCELLED
        with pytest.raises(RuntimeError):
            server.step(b"\0ted\0SECRET")
