"""PLAIN is that of RFC 4616."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sasl.acting import World, log_in, ted, texts

from restante.proto.terms import Secret
from restante.sasl.plain import PlainClient, plain_server
from restante.sasl.terms import (
    Credentials,
    CredentialUnusable,
    Done,
    Failed,
    FailureKind,
    JudgePassword,
    PeerMisbehaved,
)


@pytest.mark.parametrize(
    ("message", "authzid", "authcid", "password"),
    [
        (b"\0tim\0tanstaaftanstaaf", None, "tim", b"tanstaaftanstaaf"),
        (b"Ursel\0Kurt\0xipj3plmq", "Ursel", "Kurt", b"xipj3plmq"),
        (b"test\0test\0test", "test", "test", b"test"),  # RFC 5034 §6
    ],
)
def test_examples_of_the_rfc(message: bytes, authzid: str | None, authcid: str, password: bytes) -> None:
    assert plain_server().begin(message) == JudgePassword(
        authzid=authzid, authcid=authcid, password=Secret(password), password_as_sent=Secret(password)
    )
    client = PlainClient(Credentials(authcid=authcid, authzid=authzid, password=Secret(password)))
    assert client.start() == message


@given(texts, texts)
def test_both_sides_understand_each_other(name: str, password: str) -> None:
    world = World(name=name, password=password)
    assert log_in(plain_server(), PlainClient(ted(password, name=name)), world) == Done(
        authcid=world.name, authzid=None
    )


def test_the_password_is_given_prepared_and_as_it_came() -> None:
    request = plain_server().begin("\0ted\0x²".encode())
    assert isinstance(request, JudgePassword)
    assert request.password.reveal() == b"x2"
    assert request.password_as_sent.reveal() == "x²".encode()


def test_a_wrong_password_and_a_wrong_name_fail_alike() -> None:
    outcomes = [
        log_in(plain_server(), PlainClient(ted(password, name=name)), World())
        for name, password in (("ted", "wrong"), ("bob", "SECRET"))
    ]
    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0], Failed)
    assert outcomes[0].kind is FailureKind.WRONG_CREDENTIALS


def test_acting_as_somebody_else_is_for_the_world_to_allow() -> None:
    outcome = log_in(plain_server(), PlainClient(ted(authzid="bob")), World())
    assert isinstance(outcome, Failed)


def test_a_world_that_cannot_tell_is_not_a_wrong_password() -> None:
    outcome = log_in(plain_server(), PlainClient(ted()), World(away=True))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.UNAVAILABLE


@pytest.mark.rule("A3")
@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (b"", FailureKind.MALFORMED),
        (b"ted", FailureKind.MALFORMED),
        (b"\0ted", FailureKind.MALFORMED),
        (b"\0ted\0SECRET\0", FailureKind.MALFORMED),
        (b"\0\0SECRET", FailureKind.MALFORMED),
        (b"\0ted\0", FailureKind.MALFORMED),
        (b"\0\xff\0SECRET", FailureKind.MALFORMED),
        (b"\0ted\0\xc3", FailureKind.MALFORMED),
        (b"\0" + b"t" * 321 + b"\0SECRET", FailureKind.TOO_LONG),
        (b"\0ted\0" + b"s" * 1025, FailureKind.TOO_LONG),
        (b"\0ted\0" + b"s" * 20_000, FailureKind.TOO_LONG),
        (b"\0ted\0\x07", FailureKind.WRONG_CREDENTIALS),
        (b"\0t\ted\0SECRET", FailureKind.WRONG_CREDENTIALS),
    ],
)
def test_what_is_malformed_is_refused(message: bytes, kind: FailureKind) -> None:
    outcome = plain_server().begin(message)
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind


@given(st.binary(max_size=60))
def test_any_octets_get_a_request_or_a_refusal(message: bytes) -> None:
    assert isinstance(plain_server().begin(message), JudgePassword | Failed)


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        (Credentials(authcid="ted"), "password"),
        (Credentials(authcid="", password=Secret(b"x")), "name"),
        (Credentials(authcid="t\0d", password=Secret(b"x")), "name"),
        (Credentials(authcid="\ud800", password=Secret(b"x")), "name"),
        (Credentials(authcid="t" * 321, password=Secret(b"x")), "name"),
        (Credentials(authcid="ted", authzid="b\r\nb", password=Secret(b"x")), "authzid"),
        (Credentials(authcid="ted", password=Secret(b"")), "password"),
        (Credentials(authcid="ted", password=Secret(b"x\0")), "password"),
        (Credentials(authcid="ted", password=Secret(b"x\r\nQUIT")), "password"),
        (Credentials(authcid="ted", password=Secret(b"\xff")), "password"),
        (Credentials(authcid="ted", password=Secret(b"x" * 1025)), "password"),
    ],
)
@pytest.mark.rule("M4")
def test_the_client_refuses_what_it_cannot_carry(credentials: Credentials, field: str) -> None:
    with pytest.raises(CredentialUnusable) as caught:
        PlainClient(credentials)
    assert caught.value.field == field
    assert caught.value.__context__ is None


def test_the_client_has_nothing_more_to_say() -> None:
    client = PlainClient(ted())
    client.start()
    with pytest.raises(PeerMisbehaved):
        client.respond(b"more")
