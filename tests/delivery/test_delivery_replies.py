"""What is said on the wire for each cause."""

from __future__ import annotations

import re

import pytest

from restante.delivery.replies import Cause, Rejection


@pytest.mark.parametrize("cause", list(Cause))
def test_the_class_of_a_reply_says_whether_to_try_again(cause: Cause) -> None:
    rejection = Rejection(cause=cause, detail="/var/secret/path is full")
    found = re.fullmatch(r"([45])\d\d ([45])\.\d+\.\d+ [ -~]{10,400}", rejection.reply)
    assert found is not None
    assert found[1] == found[2] == ("4" if rejection.is_temporary else "5")


@pytest.mark.parametrize("cause", list(Cause))
def test_the_detail_is_for_the_log_and_never_for_the_wire(cause: Cause) -> None:
    rejection = Rejection(cause=cause, detail="/var/secret/path is full")
    assert "secret" not in rejection.reply
    assert "secret" in rejection.reason
    assert Rejection(cause=cause).reason == cause.value
