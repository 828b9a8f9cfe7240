import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.cli.conftest import MESSAGE, Run

from restante import __version__
from restante.cli import application

_COMMANDS = {
    *("restante", "restante serve", "restante deliver", "restante account", "restante maildrop"),
    *(f"restante account {name}" for name in ("add", "list", "password", "lock", "unlock", "remove", "apop")),
    "restante account app-password",
    *(f"restante account app-password {name}" for name in ("add", "list", "revoke")),
    *(
        f"restante maildrop {name}"
        for name in ("list", "check", "import", "migrate", "export", "expire", "undelete")
    ),
    *(
        "restante doctor",
        "restante explain",
        "restante proxy",
        "restante send",
        "restante sendmail",
        "restante setup",
        "restante talk",
    ),
    *("restante list", "restante read", "restante peek", "restante delete"),
    *("restante sessions", "restante sessions end", "restante watch", "restante fetch", "restante state"),
    *(f"restante state {name}" for name in ("list", "export", "import", "rename")),
}

_WITHOUT_A_SERVER = {
    *(
        "restante doctor",
        "restante explain",
        "restante proxy",
        "restante send",
        "restante sendmail",
        "restante setup",
        "restante talk",
    ),
    *("restante list", "restante read", "restante peek", "restante delete"),
    *(f"restante state {name}" for name in ("list", "export", "import", "rename")),
}
"""Commands that need neither a data folder nor settings."""


def _walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:  # Any: the toolkit does not name its types
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from _walk(below, f"{path} {name}")


_TREE = dict(_walk(typer.main.get_command(application.application), "restante"))
_each_command = pytest.mark.parametrize("path", sorted(_TREE))
_each_parameter = pytest.mark.parametrize(
    ("path", "parameter"),
    [
        pytest.param(path, each, id=f"{path} {each.name}")
        for path, command in _TREE.items()
        for each in command.params
    ],
)


def test_the_commands_are_the_ones_that_are_promised() -> None:
    assert set(_TREE) == _COMMANDS


@_each_command
def test_every_command_says_what_it_does(path: str) -> None:
    words = _TREE[path].help
    assert re.match(r"[A-Z].{20,}", words)
    assert "[" not in words, "square brackets are markup to the help's formatter"


@_each_parameter
def test_every_option_says_what_it_does(path: str, parameter: Any) -> None:  # Any: as above
    assert re.match(r"[A-Z].*\.", parameter.help), f"{path} {parameter.name}"
    assert "[" not in parameter.help, "square brackets are markup to the help's formatter"


@_each_parameter
def test_a_value_has_a_name(path: str, parameter: Any) -> None:  # Any: as above
    assert (
        parameter.metavar is not None
        or parameter.name.endswith("_completion")
        or path == "restante maildrop export"
    )


@pytest.mark.parametrize(
    "path", sorted(path for path, command in _TREE.items() if not getattr(command, "commands", {}))
)
def test_every_command_takes_the_data_folder_and_the_file(path: str) -> None:
    assert path in _WITHOUT_A_SERVER or {"config", "data"} <= {parameter.name for parameter in _TREE[path].params}


def test_lists_say_of_each_command_what_it_says_of_itself() -> None:
    program: Any = typer.main.get_command(application.application)  # Any: as above
    with typer.Context(program) as context:
        listed = {name: program.get_command(context, name).help for name in program.list_commands(context)}
    assert listed == {name: command.help.partition("\n\n")[0] for name, command in program.commands.items()}
    assert all(name == command.name for name, command in program.commands.items())


_TELLING = {"restante.explain.reader", "restante.explain.languages"}
_NOT_FOR = {
    "--version": {"asyncio", "pydantic", "restante.config", "rich", "sqlite3", "ssl"},
    "--help": {"asyncio", "pydantic", "restante.config", "sqlite3", "ssl"},
    "deliver ted": {"restante.sasl.terms", "typer", *_TELLING},
    "sendmail -bp": {"restante.config", "typer", *_TELLING},
    "list --help": _TELLING,
    "send --help": _TELLING,
    "serve --help": {"asyncio", "restante.explain.reader"},
}
"""What a command can do without, and would be as slow with as it was before."""

_FOR_FEW = {"aiosmtplib", "argon2", "cryptography", "dns", "httpx2", "keyring", "prompt_toolkit", "textual"}


@pytest.mark.parametrize("line", _NOT_FOR)
def test_a_command_loads_nothing_heavy_that_it_does_not_need(
    run: Run, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    run("account", "add", "ted", "--password-stdin", given=b"SECRET\n")
    program = "from restante.cli import main; code = main(); print(*sys.modules, file=sys.stderr); sys.exit(code)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}", *line.split()],
        input=MESSAGE,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert set(done.stderr.decode().split()) & (_NOT_FOR[line] | _FOR_FEW) == set()


@_each_command
def test_help_is_shown(run: Run, path: str) -> None:
    for flag in ("--help", "-h"):
        ended = run(*path.split()[1:], flag)
        assert ended.code == 0
        assert "Usage:" in ended.out
        assert ended.err == ""


@pytest.mark.parametrize(
    "path", [path for path in _TREE if _TREE[path].epilog and "Examples" in _TREE[path].epilog]
)
def test_examples_stand_on_lines_of_their_own(run: Run, path: str) -> None:
    shown = run(*path.split()[1:], "--help").out.splitlines()
    for line in _TREE[path].epilog.splitlines():
        if line.startswith("  "):
            assert line in [each.rstrip()[1:] for each in shown]


def test_the_version_is_shown(run: Run) -> None:
    assert run("--version").out == f"restante {__version__}\n"
