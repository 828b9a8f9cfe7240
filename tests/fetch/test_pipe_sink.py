"""A command as a destination: what it is given, and what its exit code means."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fetch.acting import letter
from tests.fetch.test_maildir_sink import LETTER

from restante.fetch.sinks.contract import NotNow, RefusedForGood, SinkFault
from restante.fetch.sinks.pipe import PipeSink


async def test_it_gets_the_message_with_unix_line_ends_and_no_shell_reads_it(tmp_path: Path) -> None:
    program = tmp_path / "keep it"
    program.write_text(f'#!/bin/sh\nprintf \'%s|\' "$1" "$SENDER" >{tmp_path}/said\ncat >>{tmp_path}/said\n')
    program.chmod(0o755)
    sink = PipeSink(f"'{program}' '$(touch {tmp_path}/no)'")
    octets = b"Return-Path: <alice@example.org>\r\n" + letter(1)
    await sink.store(replace(LETTER, octets=octets))
    said = (tmp_path / "said").read_bytes()
    assert said == f"$(touch {tmp_path}/no)|alice@example.org|".encode() + octets.replace(b"\r\n", b"\n")
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("code", [65, 69])
async def test_a_code_about_the_message_refuses_it_for_good(code: int) -> None:
    with pytest.raises(RefusedForGood, match=rf"sh ended with {code}: so it is"):
        await PipeSink(f"sh -c 'echo hello >&2; echo so it is >&2; exit {code}'").store(LETTER)


@pytest.mark.parametrize("code", [1, 2, 64, 67, 73, 75, 77, 78, 127])
async def test_any_other_code_puts_it_off(code: int) -> None:
    with pytest.raises(NotNow, match=f"ended with {code}"):
        await PipeSink(f"sh -c 'exit {code}'").store(LETTER)


async def test_a_command_that_is_not_there_is_a_fault_of_the_set_up() -> None:
    with pytest.raises(SinkFault, match="mend the command"):
        await PipeSink("/no/such/command").store(LETTER)


async def test_a_command_that_does_not_end_is_ended_with_all_that_it_started() -> None:
    code = "import subprocess; subprocess.run(['sleep', '600'])"
    with pytest.raises(NotNow, match="did not end"):
        await PipeSink(f"{sys.executable} -c {shlex.quote(code)}", seconds=0.2).store(LETTER)


async def test_a_command_that_reads_nothing_and_ends_well_has_the_message() -> None:
    await PipeSink("true").store(replace(LETTER, octets=b"x" * 10_000_000 + b"\r\n"))


@pytest.mark.parametrize("command", ["", "  ", "sh 'open"])
def test_a_command_that_no_shell_could_read_is_refused(command: str) -> None:
    with pytest.raises(ValueError):
        PipeSink(command)
