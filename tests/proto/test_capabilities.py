"""What CAPA says: RFC 2449 §5–6, RFC 2595 §4, RFC 5034 §3, RFC 6856 §2–3."""

import pytest

from restante.proto.capabilities import CAPABILITIES, capability_lines
from restante.proto.spec import SPECS


def tags(
    *,
    user: bool = True,
    mechanisms: tuple[str, ...] = (),
    stls: bool = False,
    withheld: frozenset[str] = frozenset(),
) -> list[bytes]:
    lines = capability_lines(
        user=user, mechanisms=mechanisms, stls=stls, implementation=b"Restante-1", withheld=withheld
    )
    assert lines.endswith(b"\r\n")
    return lines.split(b"\r\n")[:-1]


@pytest.mark.rule("C10", "C11")
def test_each_line_is_one_tag_and_the_implementation_comes_last() -> None:
    assert tags() == [
        b"TOP",
        b"UIDL",
        b"RESP-CODES",
        b"AUTH-RESP-CODE",
        b"PIPELINING",
        b"EXPIRE NEVER",
        b"USER",
        b"UTF8 USER",
        b"LANG",
        b"IMPLEMENTATION Restante-1",
    ]


@pytest.mark.rule("T4", "C10")
def test_user_and_stls_are_announced_only_where_they_are_accepted() -> None:
    assert b"USER" not in tags(user=False)
    assert b"STLS" in tags(stls=True)
    assert b"STLS" not in tags()


@pytest.mark.rule("A4")
def test_sasl_lists_the_mechanisms_and_is_absent_without_any() -> None:
    assert b"SASL PLAIN LOGIN" in tags(mechanisms=("PLAIN", "LOGIN"))
    assert not [tag for tag in tags() if tag.startswith(b"SASL")]


@pytest.mark.rule("C11")
def test_expire_0_is_never_announced() -> None:
    assert b"EXPIRE 0" not in tags()


@pytest.mark.rule("U3", "C11")
def test_names_and_passwords_in_utf8_are_announced_where_user_and_pass_are_taken() -> None:
    assert b"UTF8 USER" in tags()
    assert b"UTF8" in tags(user=False)
    assert b"UTF8" in tags(withheld=frozenset({"USER"}))


@pytest.mark.rule("C10", "C11")
@pytest.mark.parametrize("name", sorted(CAPABILITIES))
def test_each_capability_can_be_switched_off_and_no_other_goes_with_it(name: str) -> None:
    whole = tags(mechanisms=("PLAIN",), stls=True)
    left = tags(mechanisms=("PLAIN",), stls=True, withheld=frozenset({name}))
    gone = {tag.split()[0].decode() for tag in set(whole) - set(left)}
    # LOGIN-DELAY is not announced yet; UTF8 loses its argument with USER; AUTH's codes are response codes.
    also = {"USER": {"UTF8"}, "RESP-CODES": {"AUTH-RESP-CODE"}}.get(name, set())
    assert gone == ({name} if name != "LOGIN-DELAY" else set()) | also


def test_the_table_names_no_capability_that_there_is_not() -> None:
    assert {spec.capability.decode() for spec in SPECS.values() if spec.capability} <= CAPABILITIES
