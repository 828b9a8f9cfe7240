"""The words of the protocol as types."""

import copy
import pickle

import pytest

from restante.proto.terms import Secret, is_legal_unique_id


def test_a_secret_shows_nowhere() -> None:
    secret = Secret(b"hunter2")
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}", repr({"a": secret})):
        assert "hunter2" not in shown


def test_a_secret_is_not_pickled_nor_copied_by_accident() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(b"hunter2"))
    with pytest.raises(TypeError):
        copy.deepcopy(Secret(b"hunter2"))


def test_secrets_compare_by_their_octets() -> None:
    assert Secret(b"a") == Secret(b"a")
    assert Secret(b"a") != Secret(b"b")
    assert Secret(b"a") != b"a"
    assert hash(Secret(b"a")) == hash(Secret(b"a"))


@pytest.mark.rule("C9")
@pytest.mark.parametrize(
    ("octets", "legal"),
    [(b"", False), (b"a", True), (b"a" * 70, True), (b"a" * 71, False), (b"a b", False), (b"\x21\x7e", True)]
    + [(bytes([octet]), 0x21 <= octet <= 0x7E) for octet in (0x00, 0x1F, 0x20, 0x21, 0x7E, 0x7F, 0x80, 0xFF)],
)
def test_a_unique_id_is_1_to_70_octets_of_0x21_to_0x7e(octets: bytes, legal: bool) -> None:
    assert is_legal_unique_id(octets) is legal
