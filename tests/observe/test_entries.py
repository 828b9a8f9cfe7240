from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.observe.samples import ENDED, REFUSED, SAMPLES

from restante.observe.entries import Level, entry_of, utc
from restante.ports.accounts import RefusalReason
from restante.ports.events import (
    ConnectionOpened,
    Door,
    Event,
    Listening,
    LoginDeferred,
    MaildropBusy,
    Outcome,
)

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "log.md"
OF_AN_ACCOUNT = [
    RefusalReason.WRONG_PASSWORD,
    RefusalReason.LOCKED,
    RefusalReason.NO_APOP,
    RefusalReason.NO_KEYS,
]
UNLOGGED = (Listening, ConnectionOpened)


def documented() -> dict[str, set[str]]:
    """Events and their fields, as the reference has them: a heading for each event, a row for each field."""
    events: dict[str, set[str]] = {}
    for line in REFERENCE.read_text().splitlines():
        if heading := re.fullmatch(r"### `(\w+)`", line):
            events[heading[1]] = set()
        elif (row := re.match(r"\| `(\w+)` \|", line)) and events:
            events[list(events)[-1]].add(row[1])
    return events


def test_the_reference_has_each_event_with_exactly_its_fields() -> None:
    entries = [entry for sample in SAMPLES if (entry := entry_of(sample))]
    expected = {entry.name: set(entry.fields) for entry in entries}
    assert documented() == {**expected, "lines_lost": {"lines"}}


@pytest.mark.parametrize("word", [*Outcome, *RefusalReason, *Door, *Level], ids=str)
def test_the_reference_has_each_word_that_a_field_can_hold(word: Outcome | RefusalReason | Door | Level) -> None:
    assert f"`{word.value}`" in REFERENCE.read_text()


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_only_what_is_told_elsewhere_has_no_entry(event: Event) -> None:
    assert (entry_of(event) is None) == isinstance(event, UNLOGGED)


@pytest.mark.parametrize(
    "reason", [reason for reason in RefusalReason if reason not in OF_AN_ACCOUNT], ids=lambda r: r.name
)
def test_a_name_that_perhaps_nobody_has_is_not_logged_since_it_may_be_a_password(reason: RefusalReason) -> None:
    entry = entry_of(replace(REFUSED, name="hunter2", reason=reason))
    assert entry is not None
    assert entry.fields["account"] is None
    assert "hunter2" not in repr(entry)


@pytest.mark.rule("S8")
@pytest.mark.parametrize("reason", OF_AN_ACCOUNT, ids=lambda r: r.name)
def test_a_refused_login_names_the_account_and_the_reason(reason: RefusalReason) -> None:
    entry = entry_of(replace(REFUSED, reason=reason))
    assert entry is not None
    assert (entry.fields["account"], entry.fields["reason"]) == ("ted", reason.value)


def test_a_name_that_was_not_judged_is_not_logged() -> None:
    entry = entry_of(LoginDeferred(session="s", peer="p", name="hunter2", mechanism="USER", reason="busy"))
    assert entry is not None
    assert "hunter2" not in repr(entry)


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Outcome.QUIT, Level.INFO),
        (Outcome.DISCONNECTED, Level.INFO),
        (Outcome.AUTOLOGOUT, Level.INFO),
        (Outcome.SHUTDOWN, Level.INFO),
        (Outcome.UPDATE_FAILED, Level.WARNING),
        (Outcome.TOO_MANY_BAD_COMMANDS, Level.WARNING),
        (Outcome.MESSAGE_GONE, Level.WARNING),
        (Outcome.FAULT, Level.WARNING),
        (Outcome.TOO_EARLY_FOR_TLS, Level.WARNING),
        (Outcome.TLS_FAILED, Level.INFO),
    ],
)
def test_an_end_that_somebody_should_look_at_is_a_warning(outcome: Outcome, level: Level) -> None:
    entry = entry_of(replace(ENDED, outcome=outcome))
    assert entry is not None
    assert entry.level is level


def test_changed_unique_ids_are_a_warning() -> None:
    entry = entry_of(replace(ENDED, unique_ids_changed=1))
    assert entry is not None
    assert entry.level is Level.WARNING


def test_a_lock_without_a_word_of_its_holder_is_told_as_such() -> None:
    entry = entry_of(
        MaildropBusy(session="s", peer="p", account="ted", held_by=None, held_since_epoch_seconds=None)
    )
    assert entry is not None
    assert (entry.fields["held_by"], entry.fields["held_since"]) == (None, None)


def test_times_are_utc() -> None:
    assert utc(1_700_000_000.9) == "2023-11-14T22:13:20Z"
