"""The one rule of legal names, and that no name leads out of a site's pattern."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from restante.accounts.names import (
    NAME_OCTETS,
    AccountName,
    IllegalName,
    IllegalPattern,
    MaildirPattern,
    expand_maildir_pattern,
    parse_account_name,
)

LEGAL = [
    "ted",
    "Ted",
    "t",
    "_ted",
    "9",
    "ted.smith",
    "ted-",
    "ted_",
    "ted@example.org",
    "Ted.Smith@Example.ORG",
    "ted@localhost",
    "ted@a-b.c--d.9",
    "t" * 64,
    "t" * 64 + "@" + "d" * 63 + "." + "d" * 63,
    "t@" + ".".join(["d" * 63] * 3) + ".e" * 10 + "e",
]

ILLEGAL = [
    "",
    "@",
    "@example.org",
    "ted@",
    "ted@@example.org",
    "ted@example@org",
    ".ted",
    "-ted",
    "ted.",
    "ted..smith",
    ".",
    "..",
    "../ted",
    "ted/smith",
    "ted smith",
    " ted",
    "ted ",
    "ted\n",
    "ted@example.org\n",
    "ted\0",
    "ted+news",
    "ted\\",
    "té",
    "\u212aelvin",
    "ted@exämple.org",
    "ted@.org",
    "ted@example..org",
    "ted@example.org.",
    "ted@-example.org",
    "ted@example-.org",
    "ted@exa_mple.org",
    "ted@[127.0.0.1]",
    "ted@..",
    "ted@../x",
    "t" * 65,
    "ted@" + "d" * 64 + ".org",
    "t@" + ".".join(["d" * 63] * 4),
]

_label = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,8}[A-Za-z0-9])?", fullmatch=True)
_local = st.from_regex(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.[A-Za-z0-9_-]){0,20}", fullmatch=True)
legal_names = st.builds(
    lambda local, labels: local if labels is None else f"{local}@{'.'.join(labels)}",
    _local,
    st.none() | st.lists(_label, min_size=1, max_size=4),
)
PATTERNS = [
    "/var/vmail/{domain}/{local}",
    "/var/vmail/{name}",
    "/home/{local}/Maildir",
    "/home/{local}/Maildir/",
    "//srv//{domain}//mail-{local}.d/{local}/",
    "/{local}",
    "/srv/.{local}/{domain}/.",
]


@pytest.mark.parametrize("text", LEGAL)
def test_legal_names_come_back_as_typed(text: str) -> None:
    name = parse_account_name(text)
    assert str(name) == text
    assert name.folded == text.lower()
    assert name.domain == (text.split("@")[1] if "@" in text else None)


@pytest.mark.parametrize("text", ILLEGAL)
def test_illegal_names_are_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(IllegalName, match=r"allowed is `ted` or `ted@example\.org`") as refused:
        parse_account_name(text)
    assert refused.value.name == text
    assert "\n" not in str(refused.value)
    assert "\0" not in str(refused.value)


def test_plus_is_refused_with_the_reason() -> None:
    with pytest.raises(IllegalName, match="a detail and no part of the name"):
        parse_account_name("ted+news")


def test_an_illegal_name_cannot_be_built_past_the_parser() -> None:
    with pytest.raises(IllegalName):
        AccountName(local="..", domain=None)


def test_the_longest_name_fits_into_apop() -> None:
    text = "t" * 64 + "@" + "d" * 63 + "." + "e" * 63 + "." + "f" * (NAME_OCTETS - 64 - 1 - 64 - 64)
    assert len(b"APOP " + parse_account_name(text).folded.encode() + b" " + b"0" * 32 + b"\r\n") == 255
    with pytest.raises(IllegalName, match="longer than 215"):
        parse_account_name(text + "f")


def test_names_are_equal_without_regard_to_case() -> None:
    assert parse_account_name("Ted@Example.Org") == parse_account_name("tED@eXAMPLE.oRG")
    assert len({parse_account_name("Ted"), parse_account_name("ted")}) == 1
    assert parse_account_name("ted") != parse_account_name("ted@example.org")


@given(legal_names)
def test_every_name_of_the_grammar_is_legal(text: str) -> None:
    assert parse_account_name(text).folded == text.lower()


@given(st.text(max_size=80) | st.text(alphabet="ab.-_@/\\\n\0+ ", max_size=20), st.sampled_from(PATTERNS[:-1]))
@example("a@b", PATTERNS[0])
@example("..", "/home/{local}/Maildir")
def test_no_name_leads_out_of_a_pattern(text: str, pattern: str) -> None:
    try:
        name = parse_account_name(text)
    except IllegalName:
        return
    _holds(name, pattern)


@given(legal_names, st.sampled_from(PATTERNS[:-1]))
def test_no_legal_name_leads_out_of_a_pattern(text: str, pattern: str) -> None:
    _holds(parse_account_name(text), pattern)


def _holds(name: AccountName, pattern: str) -> None:
    path = expand_maildir_pattern(pattern, name)
    if path is None:
        assert name.domain is None
        assert "{domain}" in pattern
        return
    asked = [part for part in PurePosixPath(pattern).parts[1:] if part]
    got = path.parts[1:]
    assert path.is_absolute()
    assert len(got) == len(asked)
    for is_, was in zip(got, asked, strict=True):
        assert is_ not in (".", "..")
        assert is_ == was or "{" in was


@given(legal_names, legal_names, st.sampled_from([p for p in PATTERNS[:-1] if "domain" in p or "name" in p]))
def test_two_names_have_two_maildirs_where_the_pattern_tells_domains_apart(
    one: str, two: str, pattern: str
) -> None:
    first, second = parse_account_name(one), parse_account_name(two)
    paths = {expand_maildir_pattern(pattern, first), expand_maildir_pattern(pattern, second)} - {None}
    with_path = {n.folded for n in (first, second) if n.domain or "{domain}" not in pattern}
    assert len(paths) == len(with_path)


@given(legal_names, st.sampled_from(PATTERNS[:-1]))
def test_a_path_reads_back_as_the_name_it_came_from(text: str, pattern: str) -> None:
    name = parse_account_name(text)
    maildirs = MaildirPattern(text=pattern)
    path = maildirs.expand(name)
    if path is None:
        return
    domain = name.domain.lower() if name.domain and maildirs.tells_domains_apart else None
    assert maildirs.read_back(path) == (name.local.lower(), domain)


def test_a_path_from_elsewhere_reads_back_as_none() -> None:
    maildirs = MaildirPattern(text="/var/vmail/{domain}/{local}/{local}")
    assert maildirs.read_back(Path("/var/vmail/example.org/ted/ted")) == ("ted", "example.org")
    assert maildirs.read_back(Path("/var/vmail/example.org/ted/tim")) is None
    assert maildirs.read_back(Path("/var/vmail/example.org/ted")) is None


def test_expansion_is_in_lower_case() -> None:
    path = expand_maildir_pattern("/var/Vmail/{domain}/{local}", parse_account_name("Ted@Example.ORG"))
    assert path == Path("/var/Vmail/example.org/ted")


def test_a_name_without_domain_has_a_maildrop_of_its_own_where_the_pattern_asks_for_one() -> None:
    assert expand_maildir_pattern("/var/vmail/{domain}/{local}", parse_account_name("ted")) is None
    assert expand_maildir_pattern("/var/vmail/{name}", parse_account_name("ted")) == Path("/var/vmail/ted")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "does not start with /"),
        ("var/{local}", "does not start with /"),
        ("/var/../{local}", "no place"),
        ("/var/{local}/..", "no place"),
        (PATTERNS[-1], "no place"),
        ("/var/{user}", "only placeholders"),
        ("/var/{local", "only placeholders"),
        ("/var/{{local}}", "only placeholders"),
        ("/var/{local.__class__}", "only placeholders"),
        ("/var/{domain}", "share one Maildir"),
        ("/var/mail", "share one Maildir"),
        ("/var/{local}-{domain}", "mix up"),
        ("/var/{local}\0", "NUL"),
    ],
)
def test_an_unusable_pattern_is_refused_in_words(pattern: str, words: str) -> None:
    with pytest.raises(IllegalPattern, match=words) as refused:
        MaildirPattern(text=pattern)
    assert "write a path that starts with /" in str(refused.value)
