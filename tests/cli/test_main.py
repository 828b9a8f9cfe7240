import pytest
from tests.cli.conftest import Run

from restante import cli
from restante.ports.accounts import AccountFault


def test_a_group_alone_shows_its_help(run: Run) -> None:
    for group in ([], ["account"], ["maildrop"]):
        ended = run(*group)
        assert ended.code == 2
        assert "Usage:" in ended.out + ended.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["foo"], "No such command 'foo': see 'restante --help'"),
        (["account", "add"], "Missing argument 'NAME': see 'restante account add --help'"),
        (["account", "lock", "ted", "--foo"], "No such option: --foo: see 'restante account lock --help'"),
        (["serve", "--workers"], "Option '--workers' requires an argument: see 'restante serve --help'"),
        (
            ["maildrop", "list", "\x1b[2J", "more"],
            "Got unexpected extra argument(s) (more): see 'restante maildrop list --help'",
        ),
    ],
)
def test_a_wrong_command_line_gets_one_line(run: Run, arguments: list[str], line: str) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err == f"restante: {line}\n"


def test_a_damaged_accounts_file_gets_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> object:
        raise AccountFault("accounts.sqlite3: damaged; put a backup in its place")

    run("account", "add", "ted", "--password-stdin", given=b"SECRET\n")
    monkeypatch.setattr("restante.sources.open_built_in", fail)
    ended = run("account", "list")
    assert ended.code == 1
    assert ended.err == "restante: accounts.sqlite3: damaged; put a backup in its place\n"


def test_a_disk_that_fails_gets_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> object:
        raise OSError(28, "No space left on device", "/srv/mail")

    monkeypatch.setattr("restante.serving.serve", fail)
    ended = run("serve")
    assert ended.code == 1
    assert ended.err == (
        "restante: /srv/mail: no space left on device: check the path and the disk, and try again\n"
    )


def test_ctrl_c_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("restante.serving.serve", interrupt)
    ended = run("serve")
    assert (ended.code, ended.out, ended.err) == (130, "", "")


def test_all_that_is_exported_is_there() -> None:
    assert cli.__all__ == ["main"]
    assert callable(cli.main)
