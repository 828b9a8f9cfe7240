import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.cli.conftest import Ended, Run

from restante import app
from restante.accounts.app_passwords import fitting_app_password
from restante.cli.options import settings_of
from restante.proto.terms import Secret

_Add = Callable[..., Ended]


def _fits(password: str, name: str = "ted") -> bool:
    directory = app.open_directory(settings_of(None, None))
    try:
        return fitting_app_password(directory.credentials(name), Secret(password.encode())) is not None
    finally:
        directory.close()


def _made(run: Run, label: str, name: str = "ted") -> str:
    ended = run("account", "app-password", "add", name, label)
    assert ended.code == 0, ended.err
    return ended.out.removesuffix("\n")


def _one_line(ended: Ended, code: int = 1) -> str:
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("restante: ")
    assert ended.err.count("\n") == 1
    return ended.err.removeprefix("restante: ").removesuffix("\n")


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def test_a_new_one_is_shown_once_and_alone_on_standard_output(run: Run, add: _Add) -> None:
    add("ted")
    ended = run("account", "app-password", "add", "TED", "phone")
    assert ended.code == 0
    password = ended.out.removesuffix("\n")
    assert re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){5}", password)
    assert "not shown again" in ended.err
    assert _fits(password)
    for arguments in (("list", "ted"), ("list", "ted", "--json")):
        assert password not in run("account", "app-password", *arguments).out


def test_they_are_listed_with_their_days(run: Run, add: _Add) -> None:
    add("ted")
    before = _today()
    _made(run, "phone")
    _made(run, "Laptop of Ann")
    directory = app.open_directory(settings_of(None, None))
    ted = directory.find("ted")
    assert ted is not None
    directory.note_uses({(ted.id, "phone"): datetime(2026, 11, 22, 23, 59, tzinfo=UTC).timestamp()})
    directory.close()
    listed = json.loads(run("account", "app-password", "list", "ted", "--json").out)
    made = listed[0]["created"]
    assert made in (before, _today())
    assert listed == [
        {"label": "Laptop of Ann", "created": made, "last_used": None},
        {"label": "phone", "created": listed[1]["created"], "last_used": "2026-11-22"},
    ]
    assert run("account", "app-password", "list", "ted").out.splitlines() == [
        f"Laptop of Ann  made {made}  never used",
        f"phone          made {listed[1]['created']}  last used 2026-11-22",
    ]


def test_none_is_an_empty_list(run: Run, add: _Add) -> None:
    add("ted")
    assert json.loads(run("account", "app-password", "list", "ted", "--json").out) == []
    ended = run("account", "app-password", "list", "ted")
    assert (ended.code, ended.out) == (0, "")
    assert "ted has no application passwords" in ended.err


def test_one_is_revoked_and_the_others_stay(run: Run, add: _Add) -> None:
    add("ted")
    phone, laptop = _made(run, "phone"), _made(run, "laptop")
    ended = run("account", "app-password", "revoke", "ted", "Phone")
    assert (ended.code, ended.out) == (0, "revoked Phone: it opens the maildrop of ted no longer\n")
    assert not _fits(phone)
    assert _fits(laptop)
    assert "has no application password 'phone'" in _one_line(
        run("account", "app-password", "revoke", "ted", "phone")
    )


@pytest.mark.parametrize("label", ["", " phone", "pho\x1b[2Jne", "x" * 65])
def test_a_label_that_would_not_show_is_refused_in_one_line(run: Run, add: _Add, label: str) -> None:
    add("ted")
    line = _one_line(run("account", "app-password", "add", "ted", "--", label))
    assert "cannot be the label" in line
    assert line.isprintable()


def test_a_label_that_is_taken_is_refused(run: Run, add: _Add) -> None:
    add("ted")
    _made(run, "phone")
    line = _one_line(run("account", "app-password", "add", "ted", "PHONE"))
    assert line.endswith("choose another label, or revoke that one first")


@pytest.mark.parametrize(
    "arguments", [("add", "nobody", "phone"), ("list", "nobody"), ("revoke", "nobody", "phone")]
)
def test_an_account_that_is_not_there_is_told(run: Run, add: _Add, arguments: tuple[str, ...]) -> None:
    add("ted")
    assert "there is no account 'nobody'" in _one_line(run("account", "app-password", *arguments))


@pytest.mark.parametrize("arguments", [("add", "ted", "phone"), ("list", "ted"), ("revoke", "ted", "phone")])
def test_no_command_makes_a_data_folder(run: Run, arguments: tuple[str, ...]) -> None:
    assert "there is no data folder yet" in _one_line(run("account", "app-password", *arguments))


def test_a_change_of_the_main_password_tells_that_they_go_on(run: Run, add: _Add) -> None:
    add("ted")
    phone = _made(run, "phone")
    ended = run("account", "password", "ted", "--password-stdin", given=b"another\n")
    assert ended.out == (
        "changed the password of ted\n"
        "application passwords go on working: 'restante account app-password list ted' shows them\n"
    )
    assert _fits(phone)
