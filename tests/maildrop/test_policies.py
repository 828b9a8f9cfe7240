"""What a site decides about maildrops, and what CAPA says of it."""

from __future__ import annotations

import pytest

from restante.maildrop.policies import (
    DAY_SECONDS,
    NEVER,
    LoginDelay,
    MaildropPolicies,
    Quota,
    RetentionPolicy,
    Usage,
)

NOON = 1_700_000_000.0


@pytest.mark.rule("C11")
@pytest.mark.parametrize(
    ("days", "after_retrieval", "said"),
    [
        (None, None, b"EXPIRE NEVER"),
        (30, None, b"EXPIRE 30"),
        (None, 7, b"EXPIRE 7"),
        (30, 7, b"EXPIRE 7"),  # the fewest days that a message is sure to stay
        (3, 7, b"EXPIRE 3"),
        (30, 0, b"EXPIRE 0"),
    ],
)
def test_expire_says_the_fewest_days_that_mail_stays(
    days: int | None, after_retrieval: int | None, said: bytes
) -> None:
    assert RetentionPolicy(expire_days=days, expire_after_retrieval_days=after_retrieval).capability == said


@pytest.mark.rule("C11")
def test_by_default_nothing_expires_and_nobody_waits() -> None:
    policies = MaildropPolicies()
    assert policies.retention.capability == b"EXPIRE NEVER"
    assert not policies.retention.is_on
    assert policies.login_delay.capability is None
    assert policies.trash_days == 0
    assert policies.retention.due_at(received=0, retrieved=0) == NEVER


@pytest.mark.parametrize(
    ("days", "after_retrieval", "retrieved", "due"),
    [
        (30, None, None, 30),
        (30, None, 1, 30),
        (None, 7, None, None),
        (None, 7, 2, 9),
        (30, 7, None, 30),
        (30, 7, 2, 9),
        (30, 7, 29, 30),
        (30, 0, 2, 2),
    ],
)
def test_a_message_is_due_when_the_first_of_its_ends_has_come(
    days: int | None, after_retrieval: int | None, retrieved: int | None, due: int | None
) -> None:
    policy = RetentionPolicy(expire_days=days, expire_after_retrieval_days=after_retrieval)
    at = policy.due_at(received=NOON, retrieved=None if retrieved is None else NOON + retrieved * DAY_SECONDS)
    assert at == (NEVER if due is None else NOON + due * DAY_SECONDS)
    assert policy.is_on


@pytest.mark.parametrize(("days", "after_retrieval"), [(0, None), (-1, None), (None, -1)])
def test_days_that_cannot_be_meant_are_refused(days: int | None, after_retrieval: int | None) -> None:
    with pytest.raises(ValueError, match="name"):
        RetentionPolicy(expire_days=days, expire_after_retrieval_days=after_retrieval)


@pytest.mark.rule("C11")
def test_a_login_delay_is_said() -> None:
    assert LoginDelay(seconds=300).capability == b"LOGIN-DELAY 300"


@pytest.mark.parametrize(
    ("last", "now", "wait"),
    [
        (None, 100.0, 0),
        (100.0, 100.0, 60),
        (100.0, 100.5, 60),
        (100.0, 159.9, 1),
        (100.0, 160.0, 0),
        (100.0, 99.0, 0),  # the clock was set back
        (float("nan"), 100.0, 0),
    ],
)
def test_what_is_left_to_wait_is_told_in_whole_seconds(last: float | None, now: float, wait: int) -> None:
    assert LoginDelay(seconds=60).wait_seconds(last=last, now=now) == wait
    assert LoginDelay().wait_seconds(last=last, now=now) == 0


@pytest.mark.parametrize(
    ("quota", "usage", "octets", "fits"),
    [
        (Quota(), Usage(messages=10**9, octets=10**15), 10**9, True),
        (Quota(messages=2), Usage(messages=1), 5, True),
        (Quota(messages=2), Usage(messages=2), 5, False),
        (Quota(octets=10), Usage(messages=5, octets=5), 5, True),
        (Quota(octets=10), Usage(messages=5, octets=5), 6, False),
        (Quota(messages=9, octets=10), Usage(messages=9, octets=0), 0, False),
        (Quota(messages=0), Usage(), 0, False),
    ],
)
def test_a_message_fits_when_it_stays_within_both_bounds(
    quota: Quota, usage: Usage, octets: int, fits: bool
) -> None:
    assert quota.has_room(usage, octets) is fits


def test_bounds_below_nothing_are_refused() -> None:
    for make in (
        lambda: Quota(messages=-1),
        lambda: Quota(octets=-1),
        lambda: LoginDelay(seconds=-1),
        lambda: MaildropPolicies(trash_days=-1),
    ):
        with pytest.raises(ValueError, match="0"):
            make()
