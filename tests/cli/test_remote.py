"""What the commands of the mail program have alike."""

from __future__ import annotations

import pytest

from restante.cli.remote import explain_joined


@pytest.mark.parametrize(
    ("given", "joined"),
    [
        (["list", "--explain"], ["list", "--explain=both"]),
        (["list", "--explain", "story", "work"], ["list", "--explain=story", "work"]),
        (["read", "--explain", "1"], ["read", "--explain=both", "1"]),
        (["fetch", "--", "--explain"], ["fetch", "--", "--explain"]),
        (["serve", "--explain", "--view", "story"], ["serve", "--explain", "--view", "story"]),
        ([], []),
    ],
)
def test_explain_has_its_value_where_sessions_of_ours_are_told(given: list[str], joined: list[str]) -> None:
    assert explain_joined(given) == joined
