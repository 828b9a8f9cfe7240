import pytest

from restante.cli.outcome import CommandFailed, ExitCode, complain, say, shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("ted", "ted"),
        ("Grüße 信", "Grüße 信"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\r\nb\tc\0", r"a\r\nb\tc\x00"),
        ("\x7f\x9b\u202e\u2028", r"\x7f\x9b\u202e\u2028"),
        ("\udcff", r"\udcff"),
        ("a b", "a b"),
    ],
)
def test_what_a_terminal_would_act_upon_is_escaped(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_answers_and_complaints_go_apart(capsys: pytest.CaptureFixture[str]) -> None:
    say("an answer")
    complain("a\nfault\x07")
    said = capsys.readouterr()
    assert said.out == "an answer\n"
    assert said.err == "restante: a\\nfault\\x07\n"


def test_a_failure_ends_with_1_where_nothing_else_is_said() -> None:
    assert CommandFailed("no").exit_code is ExitCode.FAILED
    assert CommandFailed("no", exit_code=ExitCode.IN_USE).exit_code == 75
