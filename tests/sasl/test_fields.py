"""Names, passwords and tokens are bounded, prepared, and never part of an error."""

from __future__ import annotations

import pytest

from restante.proto.terms import Secret
from restante.sasl.fields import (
    is_bearer_token,
    name_from,
    name_octets,
    password_from,
    password_octets,
    prepared_name,
    prepared_password,
)
from restante.sasl.machine import Refusal
from restante.sasl.terms import LARGEST_NAME_OCTETS, LARGEST_PASSWORD_OCTETS, Credentials, CredentialUnusable


def test_names_and_passwords_of_255_octets_are_taken() -> None:
    assert LARGEST_NAME_OCTETS >= 255
    assert LARGEST_PASSWORD_OCTETS >= 255
    assert name_from(b"n" * LARGEST_NAME_OCTETS) == "n" * LARGEST_NAME_OCTETS
    assert password_from(b"p" * LARGEST_PASSWORD_OCTETS).prepared == Secret(b"p" * LARGEST_PASSWORD_OCTETS)


@pytest.mark.parametrize("octets", [b"hush\0", b"hush\xff", b"hush\x07", b"hush" * 300])
def test_a_refusal_holds_nothing_of_what_it_is_about(octets: bytes) -> None:
    for read in (name_from, password_from):
        with pytest.raises(Refusal) as caught:
            read(octets)
        assert "hush" not in str(caught.value)
        assert "hush" not in repr(caught.value.failed)
        assert caught.value.__context__ is None


@pytest.mark.parametrize("octets", [b"hush\0", b"hush\xff", b"hush" * 300])
def test_an_error_of_the_client_holds_nothing_of_it_either(octets: bytes) -> None:
    with pytest.raises(CredentialUnusable) as caught:
        password_octets(Credentials(authcid="ted", password=Secret(octets)))
    assert "hush" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_client_sends_what_was_typed_or_what_is_prepared() -> None:
    credentials = Credentials(authcid="ted", password=Secret("x²".encode()))
    assert password_octets(credentials) == "x²".encode()
    assert prepared_password(credentials) == Secret(b"x2")
    assert name_octets("a\u00adb") == "a\u00adb".encode()
    assert prepared_name("a\u00adb") == b"ab"
    with pytest.raises(CredentialUnusable):
        prepared_name("\u00ad")


@pytest.mark.parametrize(
    ("octets", "legal"),
    [(b"abc._~+/-==", True), (b"", False), (b"=", False), (b"a=b", False), (b"a b", False), (b"a\n", False)],
)
def test_a_bearer_token_is_of_its_alphabet(octets: bytes, legal: bool) -> None:
    assert is_bearer_token(octets) is legal
