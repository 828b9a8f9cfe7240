import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import MESSAGE, Ended, Run
from tests.cli.test_maildrop import _held, _listed

from restante.cli import maildrop_policies
from restante.config import Settings
from restante.config.settings import MaildropSettings
from restante.maildrop.policies import MaildropPolicies

_Add = Callable[..., Ended]

_OLD_DAYS = 40


@pytest.fixture
def old(run: Run, add: _Add, data: Path) -> list[str]:
    """Give ted two messages that came 40 days ago and one of today; give all the unique-ids."""
    add("ted", MESSAGE, MESSAGE, MESSAGE)
    (maildir,) = (data / "maildrops").iterdir()
    long_ago = int(time.time()) - _OLD_DAYS * 86_400
    for path in sorted((maildir / "new").iterdir())[:2]:
        seconds, _, rest = path.name.partition(".")
        assert int(seconds) > long_ago
        path.rename(path.with_name(f"{long_ago}.{rest}"))
    return [str(row["unique_id"]) for row in _listed(run)]


@pytest.fixture
def trash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the site want a trash of 7 days."""

    def policies(settings: Settings) -> MaildropPolicies:
        del settings
        return MaildropPolicies(trash_days=7)

    monkeypatch.setattr(maildrop_policies, "site_policies", policies)
    monkeypatch.setattr("restante.cli.maildrop.site_policies", policies)


def test_without_days_nothing_expires_and_nothing_is_said(run: Run, old: list[str]) -> None:
    assert run("maildrop", "expire") == Ended(code=0, out="", err="")
    assert run("maildrop", "expire", "ted").out == "ted: 0 messages, 0 octets removed, 3 left\n"
    assert len(_listed(run)) == 3


def test_a_dry_run_names_what_would_go_and_leaves_it(run: Run, old: list[str]) -> None:
    ended = run("maildrop", "expire", "--expire-days", "30", "--dry-run")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[:2] == [f"ted: {unique_id}" for unique_id in old[:2]]
    assert lines[2].startswith("ted: 2 messages, ")
    assert lines[2].endswith(" octets would be removed, 1 left")
    assert len(_listed(run)) == 3


def test_what_is_due_is_removed(run: Run, old: list[str]) -> None:
    assert run("maildrop", "expire", "--expire-days", "41").out == ""
    assert run("maildrop", "expire", "--expire-days", "30").out.startswith("ted: 2 messages, ")
    assert [row["unique_id"] for row in _listed(run)] == old[2:]


def test_days_after_retrieval_alone_remove_nothing_that_nobody_retrieved(run: Run, old: list[str]) -> None:
    assert run("maildrop", "expire", "--expire-after-retrieval-days", "0").out == ""
    assert len(_listed(run)) == 3


@pytest.mark.usefixtures("trash")
def test_what_expired_is_listed_in_the_trash_and_comes_back(run: Run, old: list[str]) -> None:
    run("maildrop", "expire", "--expire-days", "30")
    lines = run("maildrop", "undelete", "ted").out.splitlines()
    assert [line.split()[2] for line in lines[:2]] == old[:2]
    assert lines[2].startswith("2 messages, ")
    assert lines[2].endswith(" octets in the trash")
    ended = run("maildrop", "undelete", "ted", old[1])
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("brought back 1 message, ")
    assert [row["unique_id"] for row in _listed(run)] == old[1:]
    assert run("maildrop", "undelete", "ted", "--all").code == 0
    assert [row["unique_id"] for row in _listed(run)] == old
    assert run("maildrop", "undelete", "ted").out == "0 messages, 0 octets in the trash\n"


@pytest.mark.usefixtures("trash")
def test_what_waited_its_days_is_swept_by_expire_and_by_check(run: Run, old: list[str], data: Path) -> None:
    (maildir,) = (data / "maildrops").iterdir()
    for command in ("expire", "check"):
        run("maildrop", "expire", "--expire-days", "30")
        (day,) = (maildir / "restante.trash").iterdir()
        day.rename(day.with_name("2020-02-29"))
        ended = run("maildrop", command, "ted")
        assert ended.code == 0
        said = {"expire": "ted: 2 messages in the trash removed for good", "check": "it was removed for good"}
        assert said[command] in ended.out
        assert os.listdir(maildir / "restante.trash") == []
        run("deliver", "ted", given=MESSAGE)
        for path in list((maildir / "new").iterdir()):
            path.rename(path.with_name("1600000000." + path.name.partition(".")[2]))


@pytest.mark.usefixtures("trash")
def test_a_unique_id_that_is_not_in_the_trash_is_told(run: Run, old: list[str]) -> None:
    ended = run("maildrop", "undelete", "ted", "nobody\x1b[31m")
    assert ended.code == 1
    assert ended.out == "brought back 0 messages, 0 octets\n"
    assert ended.err.splitlines()[0] == "restante: nobody\\x1b[31m is not in the trash"
    assert "'restante maildrop undelete ted' lists" in ended.err


def test_unique_ids_and_all_do_not_go_together(run: Run, old: list[str]) -> None:
    ended = run("maildrop", "undelete", "ted", "x", "--all")
    assert (ended.code, ended.err) == (2, "restante: name unique-ids or --all, not both\n")


def test_an_account_without_mail_has_nothing_to_expire_and_nothing_to_bring_back(run: Run, add: _Add) -> None:
    add("ted")
    assert run("maildrop", "expire", "ted") == Ended(code=0, out="", err="")
    ended = run("maildrop", "undelete", "ted", "--all")
    assert ended.code == 1
    assert "nothing to bring back" in ended.err


@pytest.mark.parametrize("arguments", [("expire", "bob"), ("undelete", "bob")])
def test_an_account_that_is_not_there_is_told(run: Run, add: _Add, arguments: tuple[str, ...]) -> None:
    add("ted")
    ended = run("maildrop", *arguments)
    assert ended.code == 1
    assert "there is no account 'bob'" in ended.err


@pytest.mark.parametrize(
    "arguments", [("expire", "--expire-days", "0"), ("expire", "--expire-after-retrieval-days", "-1")]
)
def test_days_that_cannot_be_meant_are_a_wrong_command_line(
    run: Run, add: _Add, arguments: tuple[str, ...]
) -> None:
    add("ted")
    assert run("maildrop", *arguments).code == 2


@pytest.fixture
def ann(add: _Add, old: list[str]) -> None:
    """Give ann mail too."""
    del old
    add("ann", MESSAGE)


@pytest.mark.usefixtures("ann")
async def test_one_in_use_ends_with_75_and_the_others_are_seen_to(run: Run) -> None:
    async with _held("ann"):
        ended = run("maildrop", "expire", "--expire-days", "30")
        assert ended.code == 75
        assert "the maildrop of ann is in use" in ended.err
        assert "ted: 2 messages" in ended.out
        assert run("maildrop", "undelete", "ann").code == 75


def test_one_that_cannot_be_read_ends_with_1_and_the_others_are_seen_to(
    run: Run, add: _Add, old: list[str], tmp_path: Path
) -> None:
    assert run("account", "add", "ann", "--maildir", tmp_path, "--password-stdin", given=b"SECRET\n").code == 0
    (tmp_path / "restante.redo").write_bytes(b"damaged")
    ended = run("maildrop", "expire", "--expire-days", "30")
    assert ended.code == 1
    assert "ann" in ended.err
    assert "ted: 2 messages" in ended.out


def test_the_policies_come_from_the_settings_and_a_command_is_no_login() -> None:
    assert maildrop_policies.site_policies(Settings()) == MaildropPolicies()

    table = MaildropSettings(expire_days=30, expire_after_retrieval_days=7, trash_days=14, login_delay_seconds=60)
    policies = maildrop_policies.site_policies(Settings(maildrop=table))
    assert policies.retention.capability == b"EXPIRE 7"
    assert policies.trash_days == 14
    assert policies.login_delay.seconds == 0
