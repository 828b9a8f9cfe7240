"""Names in a Maildir: what they tell, and what ours look like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto.terms import is_legal_unique_id
from restante.stores.maildir.names import (
    NO_SURROGATE,
    UNKNOWN,
    base_of,
    build,
    hashed_id,
    id_from_base,
    is_its_own_id,
    parse,
)


def built(**changed: object) -> bytes:
    facts: dict[str, object] = {
        "micros": 1_700_000_000_000_123,
        "pid": 4242,
        "counter": 7,
        "random": "0a1b2c",
        "host": "mail.example.org",
        "file_octets": 1234,
        "wire_octets": 1234,
        "surrogate_octets": NO_SURROGATE,
        "dots": 0,
    }
    return build(**(facts | changed))  # type: ignore[arg-type]  # the facts are of many types


def test_our_name_tells_time_counter_and_what_was_found() -> None:
    assert built() == b"1700000000.M000123P4242Q7R0a1b2c.mail.example.org,S=1234,W=1234,D=0"
    assert parse(built()) == (1_700_000_000_000_123, 7, built(), 1234, 1234, NO_SURROGATE, 0)


@pytest.mark.rule("U2")
@pytest.mark.parametrize(("surrogate_octets", "told"), [(1271, b",U=1+37"), (1234, b",U=1+0"), (1200, b",U=1-34")])
def test_our_name_tells_the_octets_of_a_surrogate(surrogate_octets: int, told: bytes) -> None:
    name = built(surrogate_octets=surrogate_octets, dots=12, host="mx")
    assert name == b"1700000000.M000123P4242Q7R0a1b2c.mx,S=1234,W=1234,D=12" + told
    assert parse(name + b":2,S") == (1_700_000_000_000_123, 7, name, 1234, 1234, surrogate_octets, 12)


@pytest.mark.rule("U2")
@pytest.mark.parametrize("wrong", [b",U=2+37", b",U=1-1234", b",U=1", b",U=+1", b",X=1"])
def test_a_surrogate_of_another_version_or_that_cannot_be_makes_the_file_be_looked_at(wrong: bytes) -> None:
    assert parse(b"1700000000.M000123P4242Q7R0a1b2c.mx,S=1234,W=1234,D=12" + wrong)[-1] == UNKNOWN


def test_only_a_canonical_file_has_its_dots_in_the_name() -> None:
    assert built(wire_octets=1300).endswith(b",S=1234,W=1300")
    assert parse(built(wire_octets=1300) + b",D=0")[3:] == (1234, 1300, NO_SURROGATE, UNKNOWN)


@pytest.mark.rule("C9")
@given(
    host=st.text(max_size=300),
    pid=st.integers(min_value=1, max_value=4_194_304),
    counter=st.integers(min_value=1, max_value=10**8),
    octets=st.integers(min_value=0, max_value=10**10 - 1),
)
def test_our_name_is_always_its_own_unique_id(host: str, pid: int, counter: int, octets: int) -> None:
    name = built(
        host=host.encode(errors="ignore").decode(), pid=pid, counter=counter, file_octets=octets, wire_octets=octets
    )
    assert is_its_own_id(name)
    assert id_from_base(name) == name
    assert b"/" not in name
    assert b":" not in name
    assert parse(name)[1:5] == (counter, name, octets, octets)


def test_a_host_with_octets_of_its_own_meaning_is_escaped() -> None:
    assert b".a\\057b\\072c\\054d," in built(host="a/b:c,d")


def test_a_long_host_becomes_a_hash_that_differs_from_host_to_host() -> None:
    assert len(built(host="a" * 200)) == 70
    assert built(host="a" * 200) != built(host="b" * 200)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            b"1700000000.M5P6.host,S=10,W=12:2,S",
            (1_700_000_000_000_005, 0, b"1700000000.M5P6.host,S=10,W=12", 10, 12),
        ),
        (
            b"1700000000.Vfd01I2cM777.host",
            (1_700_000_000_000_777, 0, b"1700000000.Vfd01I2cM777.host", UNKNOWN, UNKNOWN),
        ),
        (b"1700000000.123_4.host:2,", (1_700_000_000_000_000, 0, b"1700000000.123_4.host", UNKNOWN, UNKNOWN)),
        (b"1700000000.M5P6.host,S=10", (1_700_000_000_000_005, 0, b"1700000000.M5P6.host,S=10", UNKNOWN, UNKNOWN)),
        (b"hello", (0, 0, b"hello", UNKNOWN, UNKNOWN)),
        (b"hello,S=4,W=4", (0, 0, b"hello,S=4,W=4", 4, 4)),
        (b"1.a,S=4x,W=4", (1_000_000, 0, b"1.a,S=4x,W=4", UNKNOWN, UNKNOWN)),
    ],
)
def test_names_of_others_tell_what_they_can(name: bytes, told: tuple[object, ...]) -> None:
    assert parse(name) == (*told, NO_SURROGATE, UNKNOWN)


@pytest.mark.parametrize("octets", [b"S=10,W=9", b"S=10,W=23", b"S=99999999999999999999,W=99999999999999999999"])
def test_octets_that_cannot_be_are_not_believed(octets: bytes) -> None:
    assert parse(b"1.M1P1.host," + octets)[3:] == (UNKNOWN, UNKNOWN, NO_SURROGATE, UNKNOWN)


@given(st.binary(max_size=260))
def test_any_name_is_read_without_fail(name: bytes) -> None:
    parsed = parse(name)
    assert parsed.base == base_of(name)
    assert is_legal_unique_id(id_from_base(parsed.base))


@pytest.mark.rule("C9")
@pytest.mark.parametrize("base", [b"x" * 71, b"a b", b"\xe9", b"", b"new\nline"])
def test_an_illegal_base_name_gets_a_hash(base: bytes) -> None:
    assert id_from_base(base) == hashed_id(base)
    assert is_legal_unique_id(hashed_id(base))


@pytest.mark.rule("C9")
def test_a_base_name_cannot_pass_for_the_hash_of_another() -> None:
    pretender = bytes(hashed_id(b"a b"))
    assert id_from_base(pretender) not in {pretender, hashed_id(b"a b")}


def test_names_sort_by_time_then_counter() -> None:
    names = [built(counter=2), built(counter=10), built(micros=1_700_000_000_000_124, counter=1)]
    assert sorted([names[2], names[1], names[0]], key=parse) == names
