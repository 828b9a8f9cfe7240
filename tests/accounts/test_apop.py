"""The digest of RFC 1939, and no other."""

from __future__ import annotations

import hashlib

import pytest

from restante.accounts.apop import apop_digest, apop_digest_fits
from restante.proto.terms import Secret

TIMESTAMP = b"<1896.697170952@dbc.mtview.ca.us>"
SECRET = Secret(b"tanstaaf")


@pytest.mark.rule("C2")
def test_the_digest_is_that_of_the_rfc() -> None:
    assert apop_digest(TIMESTAMP, SECRET) == b"c4c9334bac560ecc979e58001b3e22fb"


@pytest.mark.rule("C2")
def test_a_digest_fits_in_lower_case_and_whole_only() -> None:
    right = b"c4c9334bac560ecc979e58001b3e22fb"
    assert apop_digest_fits(right, TIMESTAMP, SECRET)
    for wrong in (right.upper(), right[:-1], right + b"0", b"", b"\xff" * 32):
        assert not apop_digest_fits(wrong, TIMESTAMP, SECRET)
    # The brackets belong to the timestamp.
    bare = hashlib.md5(TIMESTAMP.strip(b"<>") + b"tanstaaf", usedforsecurity=False).hexdigest().encode()
    assert not apop_digest_fits(bare, TIMESTAMP, SECRET)
