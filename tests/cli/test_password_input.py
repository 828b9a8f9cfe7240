import io
from collections.abc import Callable

import pytest

from restante.cli.outcome import CommandFailed, ExitCode
from restante.cli.password_input import LARGEST_LINE_OCTETS, ask_new_password, ask_password


class _Screen(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def give(octets: bytes, *, terminal: bool = False) -> None:
        monkeypatch.setattr("sys.stdin", (_Screen if terminal else io.TextIOWrapper)(io.BytesIO(octets)))

    return give


@pytest.mark.parametrize(
    ("line", "password"),
    [
        (b"SECRET", b"SECRET"),
        (b"SECRET\n", b"SECRET"),
        (b"SECRET\r\n", b"SECRET"),
        (b"SECRET\n\n", b"SECRET"),
        (b"SECRET\nmore\n", b"SECRET"),
        (b" two  words \n", b" two  words "),
        (b"SECRET\r\r\n", b"SECRET\r"),
        (b"SECRET\r", b"SECRET\r"),
        ("Grüße\n".encode(), "Grüße".encode()),
        (b"\xff\xfe\n", b"\xff\xfe"),
    ],
)
@pytest.mark.rule("C1")
def test_one_line_end_goes_and_nothing_else(stdin: Callable[..., None], line: bytes, password: bytes) -> None:
    stdin(line)
    assert ask_new_password("ted", from_stdin=True).reveal() == password
    stdin(line)
    assert ask_password("ted", from_stdin=True).reveal() == password


@pytest.mark.parametrize("line", [b"", b"\n", b"\r\n", b"\nSECRET\n"])
def test_an_empty_password_is_refused(stdin: Callable[..., None], line: bytes) -> None:
    stdin(line)
    with pytest.raises(CommandFailed, match="the password is empty, and nothing was changed"):
        ask_new_password("ted", from_stdin=True)


def test_a_line_without_end_is_not_read_whole(stdin: Callable[..., None]) -> None:
    stdin(b"x" * LARGEST_LINE_OCTETS)
    assert len(ask_password("ted", from_stdin=True).reveal()) == LARGEST_LINE_OCTETS
    stdin(b"x" * (LARGEST_LINE_OCTETS + 1))
    with pytest.raises(CommandFailed, match="longer than 4096 octets") as caught:
        ask_password("ted", from_stdin=True)
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize("ask", [ask_new_password, ask_password])
def test_without_a_terminal_nothing_is_asked(stdin: Callable[..., None], ask: Callable[..., object]) -> None:
    stdin(b"SECRET\n")
    with pytest.raises(CommandFailed, match="give --password-stdin") as caught:
        ask("ted", from_stdin=False)
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_new_password_is_asked_for_twice(stdin: Callable[..., None], terminal: Callable[..., None]) -> None:
    stdin(b"", terminal=True)
    terminal(" Grüße ", " Grüße ")
    assert ask_new_password("ted", from_stdin=False).reveal() == " Grüße ".encode()


def test_two_passwords_that_differ_are_refused(stdin: Callable[..., None], terminal: Callable[..., None]) -> None:
    stdin(b"", terminal=True)
    terminal("SECRET", "SECRTE")
    with pytest.raises(
        CommandFailed, match="the two passwords differ, and nothing was changed: try again"
    ) as caught:
        ask_new_password("ted", from_stdin=False)
    assert "SECR" not in str(caught.value)


def test_a_known_password_is_asked_for_once(stdin: Callable[..., None], terminal: Callable[..., None]) -> None:
    stdin(b"", terminal=True)
    terminal("SECRET")
    assert ask_password("ted", from_stdin=False).reveal() == b"SECRET"


@pytest.mark.parametrize(("typed", "words"), [("", "is empty"), (EOFError, "no password was typed")])
def test_nothing_typed_changes_nothing(
    stdin: Callable[..., None], terminal: Callable[..., None], typed: object, words: str
) -> None:
    stdin(b"", terminal=True)
    terminal(typed)
    with pytest.raises(CommandFailed, match=words):
        ask_password("ted", from_stdin=False)
