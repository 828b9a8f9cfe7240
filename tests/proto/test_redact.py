"""No credential is shown, whatever was typed where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto.redact import redacted


@pytest.mark.parametrize("keyword", [b"USER", b"PASS", b"APOP", b"AUTH", b"pass", b"Login"])
def test_arguments_of_what_may_carry_a_credential_are_hidden(keyword: bytes) -> None:
    assert redacted(keyword + b" hunter2") == keyword + " …".encode()


@pytest.mark.parametrize(
    "line", [b"hunter2", b"PASSWORD hunter2", b"PAS hunter2", b"AGh1bnRlcjI=", b" PASS hunter2", b"PASS\thunter2"]
)
def test_a_line_that_is_no_command_is_not_shown(line: bytes) -> None:
    assert b"hunter2" not in redacted(line)
    assert b"AGh1" not in redacted(line)


@pytest.mark.parametrize("line", [b"STAT", b"RETR 1", b"TOP 1 10", b"quit", b"PASS", b"USER", b"UTF8", b"LANG de"])
def test_the_rest_is_shown_as_it_came(line: bytes) -> None:
    assert redacted(line) == line


@given(st.sampled_from([b"PASS ", b"USER ", b"APOP ", b"", b"XX ", b"pAsS "]), st.binary(min_size=4, max_size=20))
def test_a_secret_never_shows(prefix: bytes, secret: bytes) -> None:
    assert b"\x01" + secret not in redacted(prefix + b"\x01" + secret)
