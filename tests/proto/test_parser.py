"""The form of commands: RFC 1939 §3, RFC 2449 §4."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from restante.proto import parser
from restante.proto.commands import (
    Apop,
    Capa,
    Command,
    Dele,
    Lang,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Top,
    Uidl,
    User,
    Utf8,
)
from restante.proto.parser import Misuse, MisuseKind, parse
from restante.proto.spec import SPECS, ArgumentForm
from restante.proto.terms import MessageNumber, Secret

ONE = MessageNumber(1)


@pytest.mark.rule("L1")
@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"USER Ted", User(b"Ted")),
        (b"PASS SECRET", Pass(Secret(b"SECRET"))),
        (b"APOP Ted c4c9334bac560ecc979e58001b3e22fb", Apop(b"Ted", b"c4c9334bac560ecc979e58001b3e22fb")),
        (b"STAT", Stat()),
        (b"LIST", List(None)),
        (b"LIST 1", List(ONE)),
        (b"RETR 1", Retr(ONE)),
        (b"DELE 1", Dele(ONE)),
        (b"NOOP", Noop()),
        (b"RSET", Rset()),
        (b"TOP 1 10", Top(ONE, 10)),
        (b"TOP 1 0", Top(ONE, 0)),
        (b"UIDL", Uidl(None)),
        (b"UIDL 1", Uidl(ONE)),
        (b"CAPA", Capa()),
        (b"QUIT", Quit()),
        (b"UTF8", Utf8()),
        (b"LANG", Lang(None)),
        (b"LANG de-AT", Lang(b"de-AT")),
        (b"LANG *", Lang(b"*")),
    ],
)
def test_a_command_is_a_keyword_and_arguments_in_any_case(line: bytes, command: Command) -> None:
    keyword, space, rest = line.partition(b" ")
    for spelling in (keyword, keyword.lower(), keyword.capitalize(), keyword.lower()[:-1] + keyword[-1:]):
        assert parse(spelling + space + rest)[1] == command


@pytest.mark.rule("C1")
@pytest.mark.parametrize("password", [b"two words", b" leading", b"trailing ", b"  ", b"\xc3\xbc \t\x7f"])
def test_a_password_is_neither_split_nor_stripped(password: bytes) -> None:
    assert parse(b"PASS " + password)[1] == Pass(Secret(password))


@pytest.mark.rule("C4", "L5")
@pytest.mark.parametrize(
    "argument", [b"-1", b"+1", b"a", b"1a", b"1 2", b"0x1", b"1.0", b" 1", b"\xb9", b"\xd9\xa1"]
)
@pytest.mark.parametrize("keyword", [b"LIST", b"UIDL", b"RETR", b"DELE"])
def test_what_is_no_message_number_is_a_bad_argument(keyword: bytes, argument: bytes) -> None:
    misuse = parse(keyword + b" " + argument)[1]
    assert isinstance(misuse, Misuse)
    assert misuse.kind is MisuseKind.BAD_ARGUMENTS


@pytest.mark.rule("C4")
@pytest.mark.parametrize("line", [b"LIST 0", b"UIDL 0", b"RETR 00", b"DELE 0", b"TOP 0 1"])
def test_zero_is_no_message_number(line: bytes) -> None:
    misuse = parse(line)[1]
    assert isinstance(misuse, Misuse)
    assert misuse.kind is MisuseKind.NUMBER_ZERO


@pytest.mark.rule("C8", "L5")
@pytest.mark.parametrize(
    "line", [b"TOP", b"TOP 1", b"TOP 1 -1", b"TOP -1 1", b"TOP 1 a", b"TOP 1 2 3", b"TOP  1 2"]
)
def test_top_needs_both_arguments(line: bytes) -> None:
    misuse = parse(line)[1]
    assert isinstance(misuse, Misuse)
    assert misuse.kind is MisuseKind.BAD_ARGUMENTS


@pytest.mark.rule("L5")
@pytest.mark.parametrize(
    "line",
    [
        b"RETR",
        b"DELE",
        b"USER",
        b"PASS",
        b"APOP Ted",
        b"APOP",
        b"STAT 1",
        b"NOOP x",
        b"QUIT now",
        b"USER a b",
        b"UTF8 1",
        b"LANG a b",
    ],
)
def test_missing_and_surplus_arguments_are_bad(line: bytes) -> None:
    misuse = parse(line)[1]
    assert isinstance(misuse, Misuse)
    assert misuse.kind is MisuseKind.BAD_ARGUMENTS


@pytest.mark.rule("L5")
@pytest.mark.parametrize("line", [b"PASS a\0b", b"USER a\0", b"LIST \0", b"PASS a\rb", b"STAT \r"])
def test_nul_and_bare_cr_are_never_legal(line: bytes) -> None:
    misuse = parse(line)[1]
    assert isinstance(misuse, Misuse)
    assert misuse.kind is MisuseKind.FORBIDDEN_OCTET


@pytest.mark.rule("L5")
@pytest.mark.parametrize(
    "line", [b"", b" ", b"HELO x", b"STATS", b" STAT", b"RETR\t1", b"\0", b"\xff\xfe", b"GET / HTTP/1.1"]
)
def test_anything_else_is_an_unknown_command(line: bytes) -> None:
    spec, misuse = parse(line)
    assert spec is None
    assert misuse == Misuse(MisuseKind.UNKNOWN_KEYWORD)


@pytest.mark.parametrize("line", [b"STAT ", b"LIST ", b"LIST 1 ", b"QUIT  ", b"USER Ted "])
def test_trailing_spaces_change_nothing(line: bytes) -> None:
    assert parse(line)[1] == parse(line.rstrip())[1]


@example(b"LIST " + b"9" * 250)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.builds(lambda k, r: k + b" " + r, st.sampled_from(list(SPECS)), st.binary(max_size=30)),
    )
)
def test_any_line_is_a_command_or_a_misuse_and_never_an_exception(line: bytes) -> None:
    spec, command = parse(line)
    if spec is None:
        assert command == Misuse(MisuseKind.UNKNOWN_KEYWORD)
    elif isinstance(command, Misuse):
        assert command.spec is spec
    else:
        assert type(command).__name__.upper().encode() == spec.keyword
        assert (getattr(command, "number", None) or 1) >= 1


def test_every_row_of_the_table_has_a_command_that_parses() -> None:
    samples = {
        ArgumentForm.NOTHING: b"",
        ArgumentForm.NAME: b" Ted",
        ArgumentForm.PASSWORD: b" SECRET",
        ArgumentForm.NAME_AND_DIGEST: b" Ted 00",
        ArgumentForm.NUMBER: b" 1",
        ArgumentForm.OPTIONAL_NUMBER: b"",
        ArgumentForm.NUMBER_AND_LINES: b" 1 1",
        ArgumentForm.MECHANISM: b" PLAIN",
        ArgumentForm.OPTIONAL_LANGUAGE: b"",
    }
    for keyword, spec in SPECS.items():
        row, command = parse(keyword + samples[spec.arguments])
        assert row is spec
        assert not isinstance(command, Misuse)
        assert spec.source.startswith("RFC ")
        assert spec.summary.endswith(".")
        assert spec.syntax.startswith(keyword.decode())


def test_no_line_that_may_hold_a_credential_is_remembered() -> None:
    for line in (
        b"PASS SECRET",
        b"USER SECRET",
        b"APOP ted SECRET",
        b"AUTH PLAIN SECRET",
        b"XYZZY SECRET",
        b"RETR SECRET",
    ):
        parse(line)
    assert not [line for line in parser._REMEMBERED if b"SECRET" in line]


def test_what_is_remembered_is_bounded() -> None:
    for number in range(1, parser.REMEMBERED_LINES + 2):
        parse(b"RETR %d" % number)
    assert len(parser._REMEMBERED) <= parser.REMEMBERED_LINES
    assert parse(b"RETR 1")[1] == Retr(MessageNumber(1))
