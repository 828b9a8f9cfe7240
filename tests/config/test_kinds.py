from enum import StrEnum
from pathlib import Path

import pytest

from restante.config.address import TcpAddress
from restante.config.kinds import (
    Choice,
    FolderPath,
    Kind,
    ListenAddress,
    ListOf,
    OptionalText,
    Text,
    WholeNumber,
    YesOrNo,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


_NUMBER = WholeNumber(least=1, most=9)
_WORD = Text(pattern="[a-z]+", words="a word")
_LOOPBACK = TcpAddress(host="127.0.0.1", port=0)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (_NUMBER, 1, 1),
        (_NUMBER, 9, 9),
        (YesOrNo(), True, True),
        (_WORD, "abc", "abc"),
        (OptionalText(text=_WORD), "", None),
        (OptionalText(text=_WORD), "abc", "abc"),
        (Choice(among=Colour), "red", Colour.RED),
        (FolderPath(), "/srv/mail", Path("/srv/mail")),
        (ListenAddress(), "127.0.0.1:0", _LOOPBACK),
        (ListOf(kind=ListenAddress()), [], ()),
        (ListOf(kind=ListenAddress()), ["127.0.0.1:0"], (_LOOPBACK,)),
        (ListOf(kind=_NUMBER), [1, 2], (1, 2)),
    ],
)
def test_a_value_of_a_file(kind: Kind[object], value: object, read: object) -> None:
    assert kind.from_toml(value) == read


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (_NUMBER, 0),
        (_NUMBER, 10),
        (_NUMBER, 1.0),
        (_NUMBER, True),
        (_NUMBER, "1"),
        (YesOrNo(), 1),
        (YesOrNo(), "true"),
        (_WORD, "a b"),
        (_WORD, "abc\n"),
        (_WORD, 1),
        (OptionalText(text=_WORD), "1"),
        (Choice(among=Colour), "green"),
        (Choice(among=Colour), "RED"),
        (FolderPath(), "mail"),
        (FolderPath(), ""),
        (FolderPath(), "/a\0b"),
        (FolderPath(), 1),
        (ListenAddress(), "127.0.0.1"),
        (ListOf(kind=_WORD), "abc"),
        (ListOf(kind=_WORD), ["abc", 1]),
    ],
)
def test_a_value_of_a_file_that_is_not_allowed(kind: Kind[object], value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        kind.from_toml(value)


@pytest.mark.parametrize(
    ("kind", "text", "read"),
    [
        (_NUMBER, "7", 7),
        (YesOrNo(), "false", False),
        (OptionalText(text=_WORD), "", None),
        (ListOf(kind=_WORD), "", ()),
        (ListOf(kind=_WORD), "a", ("a",)),
        (ListOf(kind=_WORD), " a, b,c  d\n", ("a", "b", "c", "d")),
    ],
)
def test_a_value_of_the_environment(kind: Kind[object], text: str, read: object) -> None:
    assert kind.from_text(text) == read


@pytest.mark.parametrize("text", ["", " 7", "7 ", "+7", "0x7", "7.0", "٧", "1_0", "9" * 5000])
def test_text_that_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a whole number"):
        _NUMBER.from_text(text)


def test_a_folder_of_the_command_line_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert FolderPath().from_text("mail") == tmp_path / "mail"


def test_a_flag_that_is_given_several_times_is_not_cut() -> None:
    paths = Text(pattern=".+", words="anything")
    assert ListOf(kind=paths).from_texts(["a b", "c,d"]) == ("a b", "c,d")
    assert ListOf(kind=paths).from_texts([""]) == ()
