from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from restante.cli.outcome import CommandFailed
from restante.cli.talk_lines import LONGEST_LINE_OCTETS, Ear, Lines


class Gone(Exception):
    """The server has closed."""


class Pipes:
    """What is typed, and what the server says, each in a pipe."""

    def __init__(self) -> None:
        self.typed, self.keyboard = os.pipe()
        self.heard, self.server = os.pipe()
        self.ear = Ear(descriptor=lambda: self.heard, hear=self._hear)
        self.lines = Lines(self.typed, self.ear)

    def _hear(self) -> None:
        if not os.read(self.heard, 100):
            raise Gone

    def type(self, octets: bytes) -> None:
        os.write(self.keyboard, octets)

    def hang_up(self) -> None:
        os.close(self.keyboard)


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    opened = Pipes()
    yield opened
    for descriptor in (opened.typed, opened.keyboard, opened.heard, opened.server):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_lines_come_without_their_ends_and_the_last_one_needs_none(pipes: Pipes) -> None:
    pipes.type(b"USER ted\r\nSTAT\nQUIT")
    pipes.hang_up()
    assert [pipes.lines.line() for _ in range(4)] == [b"USER ted", b"STAT", b"QUIT", None]


def test_the_end_of_the_connection_is_told_while_nothing_is_typed(pipes: Pipes) -> None:
    os.close(pipes.server)
    with pytest.raises(Gone):
        pipes.lines.line()


def test_what_the_server_says_unasked_is_heard_and_the_line_still_comes(pipes: Pipes) -> None:
    os.write(pipes.server, b"+OK")
    heard = []

    def hear() -> None:
        heard.append(os.read(pipes.heard, 100))
        pipes.type(b"STAT\n")

    lines = Lines(pipes.typed, Ear(descriptor=lambda: pipes.heard, hear=hear))
    assert lines.line() == b"STAT"
    assert heard == [b"+OK"]


def test_what_is_typed_already_comes_before_the_end_of_the_connection(pipes: Pipes) -> None:
    pipes.type(b"QUIT\n")
    os.close(pipes.server)
    assert pipes.lines.line() == b"QUIT"


def test_without_a_connection_lines_come_all_the_same(pipes: Pipes) -> None:
    pipes.type(b"QUIT\n")
    assert Lines(pipes.typed, Ear(descriptor=lambda: None, hear=pipes.ear.hear)).line() == b"QUIT"


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(pipes: Pipes) -> None:
    pipes.type(b"x" * (LONGEST_LINE_OCTETS + 1))
    with pytest.raises(CommandFailed, match="nothing of it was sent"):
        pipes.lines.line()


def test_a_script_answers_questions_by_its_next_lines(pipes: Pipes) -> None:
    pipes.type(b"one\ntwo\n")
    assert not pipes.lines.is_person
    assert pipes.lines.shown("?") == b"one"
    assert pipes.lines.hidden("?") == b"two"


def test_a_person_sees_a_prompt_and_questions(pipes: Pipes, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(pipes.typed, pipes.ear, prompt=lambda: "AUTHORIZATION> ")
    pipes.type(b"AUTH PLAIN\nted\n")
    assert lines.is_person
    assert lines.line() == b"AUTH PLAIN"
    assert lines.shown("Name:") == b"ted"
    assert capsys.readouterr().out == "AUTHORIZATION> Name: "
