"""What CAPA says: RFC 2449 §5–6, RFC 2595 §4, RFC 5034 §3."""

import pytest

from restante.proto.capabilities import capability_lines


def tags(*, user: bool = True, mechanisms: tuple[str, ...] = (), stls: bool = False) -> list[bytes]:
    lines = capability_lines(user=user, mechanisms=mechanisms, stls=stls, implementation=b"Restante-1")
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
