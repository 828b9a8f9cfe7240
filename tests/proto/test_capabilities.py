"""What CAPA says: RFC 2449 §5–6."""

import pytest

from restante.proto.capabilities import ANNOUNCED, capability_lines


@pytest.mark.rule("C10")
def test_each_line_is_one_tag_and_the_implementation_comes_last() -> None:
    lines = capability_lines(b"Restante-1").split(b"\r\n")
    assert lines == [*ANNOUNCED, b"IMPLEMENTATION Restante-1", b""]


def test_expire_0_is_never_announced() -> None:
    assert b"EXPIRE 0" not in ANNOUNCED
