"""What a person can do about a refusal, from its codes."""

from __future__ import annotations

import pytest

from restante.submission.advice import advice_on


@pytest.mark.parametrize(
    ("code", "text", "advice"),
    [
        (550, "5.1.1 <ann@example.org>: no such user", "check the address"),
        (554, "5.7.1 Relay access denied", "it does not let this account send this"),
        (552, "5.3.4 too big", "make it smaller"),
        (552, "too big", "make it smaller"),
        (452, "4.2.2 over quota", "that mailbox is full"),
    ],
)
def test_a_code_that_says_enough_has_its_advice(code: int, text: str, advice: str) -> None:
    assert (advice_on(code, text) or "").startswith(advice)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "no"),
        (554, "5.7.10 x"),
        (554, "see 5.1.1"),
        (550, "5.1.11 x"),
        (550, "5.1.1x"),
        (550, ""),
        (552, "5.9.9"),
    ],
)
def test_other_words_stand_alone(code: int, text: str) -> None:
    assert advice_on(code, text) is None
