"""The kinds of value a setting can have: how each is read from TOML and from text, and what is allowed in words.

Text is what environment variables and flags hold. Reading fails with ValueError, whose words say what is wrong;
the loader adds where it stands and what is allowed. Not a general validator: these are the kinds that settings
have.
"""

# ruff: noqa: D102 - what the methods do is told once, by Kind

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from restante.config.address import Address, parse_address

__all__ = [
    "Choice",
    "FilePath",
    "FolderPath",
    "Kind",
    "ListOf",
    "ListenAddress",
    "MechanismName",
    "OptionalNumber",
    "OptionalPath",
    "OptionalText",
    "Text",
    "WholeNumber",
    "YesOrNo",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=StrEnum)

_LARGEST_NUMBER: Final = 2**63 - 1
"""What TOML promises to hold, and far more than any setting means."""

_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_SEPARATORS: Final = re.compile(r"[,\s]+")


class Kind(Protocol[T_co]):
    """One kind of value."""

    @property
    def allowed(self) -> str:
        """What is allowed, as words that go on after "has to be"."""
        ...

    @property
    def placeholder(self) -> str:
        """Stands for the value in a help text."""
        ...

    def from_toml(self, value: object, /) -> T_co:
        """Read a value as tomllib gives it. Raises ValueError."""
        ...

    def from_text(self, text: str, /) -> T_co:
        """Read a value of the environment, or of a flag. Raises ValueError."""
        ...


class _OfText(Generic[T]):
    """A kind that TOML writes as a string, and that is read alike from everywhere."""

    __slots__ = ()

    def from_text(self, text: str, /) -> T:
        raise NotImplementedError

    def from_toml(self, value: object, /) -> T:
        if not isinstance(value, str):
            raise ValueError("write it in quotes")  # noqa: TRY004 - one kind of error for all that a file says wrong
        return self.from_text(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNumber:
    """A whole number with bounds, both of them allowed."""

    least: int = 0
    most: int = _LARGEST_NUMBER

    @property
    def allowed(self) -> str:
        if self.most == _LARGEST_NUMBER:
            return f"a whole number of at least {self.least}"
        return f"a whole number from {self.least} to {self.most}"

    @property
    def placeholder(self) -> str:
        return "N"

    def from_toml(self, value: object, /) -> int:
        # bool is an int to Python, and to nobody else.
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("is not a whole number")  # noqa: TRY004 - as above
        if not self.least <= value <= self.most:
            raise ValueError("is out of bounds")
        return value

    def from_text(self, text: str, /) -> int:
        if not _NUMBER.fullmatch(text):
            raise ValueError("is not a whole number")
        return self.from_toml(int(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalNumber:
    """A whole number with bounds, or nothing: an empty value, where 0 means something."""

    number: WholeNumber

    @property
    def allowed(self) -> str:
        return f"{self.number.allowed}, or empty for none"

    @property
    def placeholder(self) -> str:
        return self.number.placeholder

    def from_toml(self, value: object, /) -> int | None:
        return None if value == "" else self.number.from_toml(value)

    def from_text(self, text: str, /) -> int | None:
        return self.number.from_text(text) if text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class YesOrNo:
    """true or false."""

    @property
    def allowed(self) -> str:
        return "true or false"

    @property
    def placeholder(self) -> str:
        return "true|false"

    def from_toml(self, value: object, /) -> bool:
        if not isinstance(value, bool):
            raise ValueError("is neither true nor false")  # noqa: TRY004 - as above
        return value

    def from_text(self, text: str, /) -> bool:
        # The other spellings of yes and no are refused: one name, one way to say it.
        match text:
            case "true":
                return True
            case "false":
                return False
            case _:
                raise ValueError("is neither true nor false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(_OfText[str]):
    """Text of a form."""

    pattern: str
    """What all of it has to match."""
    words: str
    """The pattern in words."""
    placeholder: str = "TEXT"

    @property
    def allowed(self) -> str:
        return self.words

    def from_text(self, text: str, /) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError("is not of that form")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalText(_OfText[str | None]):
    """Text of a form, or nothing: an empty value."""

    text: Kind[str]

    @property
    def allowed(self) -> str:
        return f"{self.text.allowed}, or empty for none"

    @property
    def placeholder(self) -> str:
        return self.text.placeholder

    def from_text(self, text: str, /) -> str | None:
        return self.text.from_text(text) if text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNameText(_OfText[str]):
    """A legal account name, by the one rule for those."""

    @property
    def allowed(self) -> str:
        return "the name of an account, such as ted or ted@example.org"

    @property
    def placeholder(self) -> str:
        return "NAME"

    def from_text(self, text: str, /) -> str:
        # Here, since few settings need it, and it brings the libraries of passwords with it.
        from restante.accounts.names import IllegalName, parse_account_name

        try:
            return str(parse_account_name(text))
        except IllegalName as error:
            raise ValueError(error.problem) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanismName(_OfText[str]):
    """A SASL mechanism that is spoken here, in its registered spelling."""

    @property
    def allowed(self) -> str:
        from restante.sasl.registry import MECHANISMS  # here, since few settings need it

        *names, last = [mechanism.name for mechanism in MECHANISMS]
        return f"{', '.join(names)} or {last}"

    @property
    def placeholder(self) -> str:
        return "MECHANISM"

    def from_text(self, text: str, /) -> str:
        from restante.sasl.registry import find  # here, as above

        found = find(text)
        if found is None:
            raise ValueError("is none of them")
        return found.name


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternText(_OfText[str]):
    """A site's pattern for the Maildirs that other programs fill, by the one rule for those."""

    @property
    def allowed(self) -> str:
        return "a path that starts with /, such as /var/vmail/{domain}/{local}"

    @property
    def placeholder(self) -> str:
        return "PATTERN"

    def from_text(self, text: str, /) -> str:
        from restante.accounts.names import IllegalPattern, MaildirPattern  # here, as above

        try:
            return MaildirPattern(text=text).text
        except IllegalPattern as error:
            raise ValueError(error.problem) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(_OfText[E], Generic[E]):
    """One of a closed set of words."""

    among: type[E]

    @property
    def allowed(self) -> str:
        words = [f'"{word.value}"' for word in self.among]
        return f"{', '.join(words[:-1])} or {words[-1]}"

    @property
    def placeholder(self) -> str:
        return "|".join(word.value for word in self.among)

    def from_text(self, text: str, /) -> E:
        try:
            return self.among(text)
        except ValueError:
            raise ValueError("is none of them") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPath(_OfText[Path]):
    """The path of a folder. A file has to say all of it, since nobody knows in which folder a server is started."""

    @property
    def allowed(self) -> str:
        return "the path of a folder"

    @property
    def placeholder(self) -> str:
        return "DIR"

    def from_text(self, text: str, /) -> Path:
        if not text:
            raise ValueError("is empty")
        if "\0" in text:
            raise ValueError("holds a NUL")
        return Path(text).absolute()

    def from_toml(self, value: object, /) -> Path:
        if isinstance(value, str) and not value.startswith("/"):
            raise ValueError("does not start with /")
        return _OfText.from_toml(self, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePath(_OfText[Path]):
    """The path of a file; a settings file has to say all of it, as for folders."""

    @property
    def allowed(self) -> str:
        return "the path of a file"

    @property
    def placeholder(self) -> str:
        return "FILE"

    def from_text(self, text: str, /) -> Path:
        return FolderPath().from_text(text)

    def from_toml(self, value: object, /) -> Path:
        return FolderPath().from_toml(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalPath(_OfText[Path | None]):
    """The path of a file, or nothing: an empty value."""

    @property
    def allowed(self) -> str:
        return "the path of a file, or empty for none"

    @property
    def placeholder(self) -> str:
        return "FILE"

    def from_text(self, text: str, /) -> Path | None:
        return FilePath().from_text(text) if text else None

    def from_toml(self, value: object, /) -> Path | None:
        return None if value == "" else FilePath().from_toml(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenAddress(_OfText[Address]):
    """An address to listen on."""

    @property
    def allowed(self) -> str:
        return "host:port, [IPv6]:port, *:port or unix:path"

    @property
    def placeholder(self) -> str:
        return "ADDR"

    def from_text(self, text: str, /) -> Address:
        return parse_address(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(Generic[T]):
    """Any number of values of one kind. In text they are parted by spaces or commas."""

    kind: Kind[T]

    @property
    def allowed(self) -> str:
        return f"a list, each item {self.kind.allowed}"

    @property
    def placeholder(self) -> str:
        return self.kind.placeholder

    def from_toml(self, value: object, /) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise ValueError("write it in brackets")  # noqa: TRY004 - as above
        return tuple(self.kind.from_toml(item) for item in value)

    def from_text(self, text: str, /) -> tuple[T, ...]:
        return self.from_texts(_SEPARATORS.split(text.strip(" ,\t\r\n")))

    def from_texts(self, texts: Sequence[str], /) -> tuple[T, ...]:
        """Read a flag that was given several times; a lone empty value is the empty list."""
        return tuple(self.kind.from_text(text) for text in texts if text)
