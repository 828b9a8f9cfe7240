"""A line of a passwd-file is understood as Dovecot understands it, or its fault is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.accounts.passwd_lines import LineBroken, parse_passwd_line


def test_a_line_may_hold_all_fields() -> None:
    line = parse_passwd_line(
        "Ted@Example.org:{SHA}xyz:1000:1000:Ted, of Room 3:/home/ted:/bin/sh:userdb_mail=maildir:~/Maildir a=b"
    )
    assert (str(line.name), line.name.folded) == ("Ted@Example.org", "ted@example.org")
    assert line.password == "{SHA}xyz"
    assert line.maildir == Path("/home/ted/Maildir")
    assert not line.locked
    assert line.no_login is line.mail_fault is None


def test_a_name_and_a_password_are_enough() -> None:
    line = parse_passwd_line("ted:{SHA}xyz")
    assert line.maildir is None
    assert line.mail_fault is None


@pytest.mark.parametrize(
    ("location", "maildir"),
    [
        ("maildir:~/Maildir", "/srv/home/Maildir"),
        ("maildir:~", "/srv/home"),
        ("maildir:%h/mail", "/srv/home/mail"),
        ("maildir:/var/vmail/%d/%n", "/var/vmail/example.org/ted"),
        ("maildir:/var/vmail/%Ld/%Ln/", "/var/vmail/example.org/ted"),
        ("maildir:/var/vmail/%{domain}/%{username}", "/var/vmail/example.org/ted"),
        ("MAILDIR:/var/vmail/%{user}", "/var/vmail/ted@example.org"),
        ("maildir:/m/100%%/%u:INDEX=/idx/%u:LAYOUT=fs", "/m/100%/ted@example.org"),
        ("maildir://twice/%u", "/twice/ted@example.org"),
    ],
)
def test_the_variables_of_a_location_are_filled_in(location: str, maildir: str) -> None:
    line = parse_passwd_line(f"Ted@Example.ORG:x:::::: userdb_mail={location} userdb_home=/srv/home")
    assert line.maildir == Path(maildir)
    assert line.mail_fault is None


def test_a_value_is_not_read_as_a_variable() -> None:
    line = parse_passwd_line("ted:x::::/home/%u::userdb_mail=maildir:%h/m")
    assert line.maildir == Path("/home/%u/m")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ted:x::::::userdb_mail=mbox:~/mail", "dsync"),
        ("ted:x::::::userdb_mail=mdbox:/m", "dsync"),
        ("ted:x::::::userdb_mail=maildir", "dsync"),
        ("ted:x::::::userdb_mail=maildir:~/Maildir", "%h is empty"),
        ("ted:x::::::userdb_mail=maildir:/m/%d/%n", "%d is empty"),
        ("ted:x::::::userdb_mail=maildir:/m/%{uid}", "'%{uid}' is not known"),
        ("ted:x::::::userdb_mail=maildir:/m/%x", "'%x' is not known"),
        ("ted:x::::::userdb_mail=maildir:/m/%", "'%' is not known"),
        ("ted:x::::::userdb_mail=maildir:m/ted", "starts with /"),
        ("ted:x::::../../etc::userdb_mail=maildir:~/m", "starts with /"),
        ("ted:x::::/home/../etc::userdb_mail=maildir:~/m", "no `..`"),
        ("ted:x::::::userdb_mail=maildir:~bob/m", "starts with /"),
    ],
)
def test_mail_that_cannot_be_served_is_told(line: str, told: str) -> None:
    parsed = parse_passwd_line(line)
    assert parsed.maildir is None
    assert parsed.mail_fault is not None
    assert told in parsed.mail_fault


def test_the_sites_location_counts_where_a_line_has_none() -> None:
    site = "maildir:/var/vmail/%n"
    assert parse_passwd_line("ted:x", mail_location=site).maildir == Path("/var/vmail/ted")
    own = parse_passwd_line("ted:x::::::userdb_mail=maildir:/own", mail_location=site)
    assert own.maildir == Path("/own")


@pytest.mark.parametrize("line", ["ted:*", "ted:", "ted:x:1", "ted:!$6$a$b", "ted:!!", "ted:{SHA}a::::::nologin=y"])
def test_an_account_may_be_locked_by_the_file(line: str) -> None:
    assert parse_passwd_line(line).locked


@pytest.mark.parametrize(
    "extra", ["nopassword=y", "nopassword", "allow_nets=127.0.0.1/8", "user=bob", "ALLOW_NETS=::1"]
)
def test_what_cannot_be_kept_keeps_the_account_from_logging_in(extra: str) -> None:
    line = parse_passwd_line(f"ted:{{SHA}}a::::::proxy=n {extra}")
    assert line.no_login is not None
    assert extra.partition("=")[0].lower() in line.no_login


@pytest.mark.parametrize(
    "line",
    ["ted", "{SHA}SECRET", "a b:SECRET", ":SECRET", "../ted:SECRET", "ted\0:SECRET", "tëd:SECRET", "t:SE\0CRET"],
)
def test_a_line_without_an_account_is_broken_and_its_password_not_shown(line: str) -> None:
    with pytest.raises(LineBroken) as told:
        parse_passwd_line(line)
    assert "SECRET" not in str(told.value)


def test_a_line_does_not_show_its_password() -> None:
    assert "SECRET" not in repr(parse_passwd_line("ted:{PLAIN}SECRET"))


@given(st.text(), st.text(alphabet="maildir:~/%{}unhd.L", max_size=40))
def test_no_location_leads_out_of_what_it_says(home: str, location: str) -> None:
    try:
        line = parse_passwd_line(f"ted@example.org:x::::{home}::userdb_mail={location}")
    except LineBroken:
        return
    if line.maildir is not None:
        assert line.maildir.is_absolute()
        assert ".." not in line.maildir.parts
