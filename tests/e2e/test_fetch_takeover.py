"""What getmail6, fetchmail and mpop fetched is not fetched again: their records are read as they write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e.bed import RESTANTE, Bed, Owner, Ran, run
from tests.e2e.corpus import MULTIPART, PLAIN
from tests.e2e.test_fetch import fetch
from tests.e2e.test_fetchmail import fetchmail
from tests.e2e.test_getmail6 import getmail
from tests.e2e.test_mpop import mpop

Program = Callable[..., Ran]


@pytest.mark.parametrize(
    ("program", "keeping", "records"),
    [
        pytest.param(getmail, (), "oldmail-*", marks=pytest.mark.peer("getmail"), id="getmail6"),
        pytest.param(fetchmail, ("--keep",), "ids", marks=pytest.mark.peer("fetchmail"), id="fetchmail"),
        pytest.param(mpop, ("keep on",), "uidls", marks=pytest.mark.peer("mpop"), id="mpop"),
    ],
)
def test_what_another_program_fetched_is_not_fetched_again(
    bed: Bed, home: Path, program: Program, keeping: tuple[str, ...], records: str
) -> None:
    owner: Owner = bed.account(PLAIN, MULTIPART)
    assert program(bed, owner, home, *keeping).code == 0
    (file,) = home.glob(records)
    maildrop = f"{owner.name}@127.0.0.1:{bed.port('pop3')}"
    taken = run(RESTANTE, "state", "import", file, "--maildrop", maildrop, "--state", home / "state")
    assert "took over 2 messages" in taken.out.decode(), taken.said
    bed.deliver(owner, PLAIN)
    ran = fetch(bed, owner, home, "--to", f"mbox:{home}/box")
    assert "stored, 1 removed at the server, 2 left there" in ran.said, ran.said
    exported = run(RESTANTE, "state", "export", "--state", home / "state")
    assert exported.out.count(b'"taken_over_from"') == 2
    elsewhere = run(RESTANTE, "state", "import", "-", "--state", home / "other", given=exported.out)
    assert "took over 3 messages from an export" in elsewhere.said
