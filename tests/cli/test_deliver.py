from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.conftest import MESSAGE, Run

from restante.cli import application
from restante.cli.deliver import DeliverRequest, read_plainly

_Add = Callable[..., object]


def _read_by_toolkit(arguments: list[str]) -> DeliverRequest | None:
    """Read a command line as the toolkit does. None: it is wrong, or asks for help."""
    group = typer.main.get_command(application.application)
    command = group.commands["deliver"]  # type: ignore[attr-defined]
    try:
        with command.make_context("deliver", list(arguments)) as context:
            return DeliverRequest(**context.params)
    except (typer.TyperException, typer.Exit):
        return None


_words = st.sampled_from(
    [
        *("ted", "ted@example.org", "", "-", "--", "-x", "--foo", "--help", "-h", "a b", "/tmp/m"),
        *(
            "-f",
            "--sender",
            "--sender=",
            "--sender=a@b",
            "-fa@b",
            "-f=",
            "--data",
            "--data=/d",
            "--config",
            "--config=/c",
        ),
    ]
)


@given(st.lists(_words, max_size=7))
def test_the_short_way_reads_what_the_toolkit_reads(arguments: list[str]) -> None:
    plainly = read_plainly(arguments)
    if plainly is not None:
        assert plainly == _read_by_toolkit(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["ted"],
        ["-f", "a@b", "ted"],
        ["-f", "", "--", "ted"],
        ["--sender", "a@b", "--", "-ted"],
        ["ted", "/tmp/m", "--data=/d", "--config", "/c"],
        ["ted", "-"],
    ],
)
def test_what_mail_servers_type_goes_the_short_way(arguments: list[str]) -> None:
    assert read_plainly(arguments) is not None


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["ted", "a", "b"], ["--foo", "ted"], ["-fa@b", "ted"], ["ted", "-f"]]
)
def test_what_is_not_plain_goes_to_the_toolkit(arguments: list[str]) -> None:
    assert read_plainly(arguments) is None


def _delivered(data: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(data.glob("maildrops/*/new/*"))]


def test_a_message_of_standard_input_is_delivered(run: Run, add: _Add, data: Path) -> None:
    add("ted")
    ended = run("deliver", "ted", "-f", "ann@example.org", given=MESSAGE)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (message,) = _delivered(data)
    assert message.endswith(MESSAGE)
    assert message.startswith(b"Return-Path: <ann@example.org>\r\n")


def test_a_message_of_a_file_is_delivered(run: Run, add: _Add, data: Path, tmp_path: Path) -> None:
    add("ted")
    file = tmp_path / "message"
    file.write_bytes(MESSAGE)
    assert run("deliver", "ted", file).code == 0
    assert run("deliver", "ted", "-", given=MESSAGE).code == 0
    assert [message.endswith(MESSAGE) for message in _delivered(data)] == [True, True]


def test_the_sender_can_come_from_the_environment(
    run: Run, add: _Add, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("ted")
    monkeypatch.setenv("SENDER", "bob@example.org")
    run("deliver", "ted", given=MESSAGE)
    assert _delivered(data)[0].startswith(b"Return-Path: <bob@example.org>\r\n")
    run("deliver", "ted", "--sender=", given=MESSAGE)
    assert any(message.startswith(b"Return-Path: <>\r\n") for message in _delivered(data))


def test_the_toolkit_delivers_too(run: Run, add: _Add, data: Path) -> None:
    add("ted")
    assert run("deliver", "-fann@example.org", "ted", given=MESSAGE).code == 0
    assert _delivered(data)[0].startswith(b"Return-Path: <ann@example.org>\r\n")


@pytest.mark.parametrize("arguments", [[], ["--foo"], ["ted", "a", "b"], ["ted", "-f"]])
def test_a_wrong_command_line_is_ex_usage(run: Run, arguments: list[str]) -> None:
    ended = run("deliver", *arguments)
    assert ended.code == 64
    assert ended.err.startswith("restante: ")
    assert ended.err.endswith("see 'restante deliver --help'\n")
    assert ended.err.count("\n") == 1


def test_an_unknown_account_is_ex_nouser(run: Run, add: _Add) -> None:
    add("ted")
    for name in ("nobody", "no/body", ""):
        ended = run("deliver", "--", name, given=MESSAGE)
        assert ended.code == 67
        assert ended.err.count("\n") == 1


def test_a_file_that_cannot_be_read_is_ex_noinput(run: Run, add: _Add, tmp_path: Path) -> None:
    add("ted")
    ended = run("deliver", "ted", tmp_path / "none")
    assert ended.code == 66
    assert (
        ended.err == f"restante: {tmp_path}/none: cannot be read (no such file or directory): name another file\n"
    )


def test_no_message_is_ex_dataerr(run: Run, add: _Add) -> None:
    add("ted")
    assert run("deliver", "ted", given=b"").code == 65


def test_a_wrong_setting_keeps_the_mail_in_the_queue(run: Run, add: _Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add("ted")
    monkeypatch.setenv("RESTANTE_WORKERS", "many")
    ended = run("deliver", "ted", given=MESSAGE)
    assert ended.code == 75
    assert ended.err.startswith("restante: environment: variable 'RESTANTE_WORKERS': 'many' is not allowed")


def test_a_missing_data_folder_keeps_the_mail_in_the_queue(run: Run, data: Path) -> None:
    ended = run("deliver", "ted", given=MESSAGE)
    assert ended.code == 75
    assert f"{data}: there is no data folder" in ended.err
    assert not data.exists()


def test_a_fault_of_ours_keeps_the_mail_in_the_queue(run: Run, add: _Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add("ted")

    def fail(*_: object) -> object:
        raise RuntimeError("a\nfault")

    monkeypatch.setattr("restante.app.deliver", fail)
    ended = run("deliver", "ted", given=MESSAGE)
    assert ended.code == 75
    assert ended.err == "restante: ted: not delivered (RuntimeError: a\\nfault): will do when tried again\n"
