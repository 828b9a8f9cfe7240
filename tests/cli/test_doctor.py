"""`restante doctor` on the command line: lists, refusals, forms of report, exit codes. No server is asked."""

from __future__ import annotations

import dataclasses
import json
from xml.etree import ElementTree as ET

import pytest
from tests.doctor.cases import FAILING
from tests.doctor.test_checks import patient
from tests.doctor.toy import Toy
from typer.testing import CliRunner

from restante.cli.application import application
from restante.doctor import CHECKS, Level, Outcome, Profile, chosen, examine
from restante.doctor.page import as_html
from restante.doctor.report import as_json, as_junit, as_text

RUNNER = CliRunner()


def test_list_names_each_check_and_connects_to_nobody() -> None:
    done = RUNNER.invoke(application, ["doctor", "--list"])
    assert done.exit_code == 0
    assert [line.split()[1].rstrip(":") for line in done.stdout.splitlines()] == [check.id for check in CHECKS]
    told = json.loads(RUNNER.invoke(application, ["doctor", "--list", "--json"]).stdout)
    assert [one["id"] for one in told] == [check.id for check in CHECKS]


def test_list_of_some_is_a_list_of_those() -> None:
    done = RUNNER.invoke(application, ["doctor", "--list", "--only", "rfc6856"])
    assert len(done.stdout.splitlines()) == len(chosen(["rfc6856"])) < len(CHECKS)


def test_the_report_tells_what_was_seen_what_it_means_and_what_to_do() -> None:
    check = chosen(["rfc1939.5.list-skips-marked"])
    examination = examine(patient(), FAILING["rfc1939.5.list-skips-marked"](), checks=check)
    for text in (
        as_text(examination),
        as_html(examination),
        json.dumps(as_json(examination)),
        as_junit(examination),
    ):
        for told in (check[0].id.rpartition(".")[2], check[0].meaning, check[0].remedy, "1 among them", "LIST"):
            assert told in text


def test_the_page_has_no_script_and_nothing_from_elsewhere() -> None:
    page = as_html(examine(patient(), Toy()))
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "src=" not in page.replace("default-src", "").replace("style-src", "")


def test_what_a_server_says_is_escaped() -> None:
    server = Toy(greeting=b"+ok <script>alert(1)</script>\x1b[31m\x00\r\n")
    examination = examine(patient(), server, checks=chosen(["rfc1939.4"]))
    assert "<script" not in as_html(examination)
    ET.fromstring(as_junit(examination))
    assert "\x1b" not in as_text(examination) + as_html(examination) + as_junit(examination)


def test_junit_counts_what_the_profile_heeds() -> None:
    checks = chosen(["login.same-time"])
    for profile, failures in ((Profile.PROVIDER, "1"), (Profile.SELFHOST, "0"), (Profile.DEVICE, "0")):
        examination = examine(patient(), FAILING["login.same-time"](), checks=checks, profile=profile)
        assert ET.fromstring(as_junit(examination)).get("failures") == failures


def test_the_worst_finding_is_that_of_the_worst_level() -> None:
    server = Toy(tags=("TOP", "UIDL", "USER", "EXPIRE 0", "BAD  TAG"))
    examination = examine(patient(), server, checks=chosen(["rfc2449.6.7", "rfc2449.5.capa-form"]))
    assert examination.worst is Level.MUST
    assert {one.check.level for one in examination.failing} == {Level.MUST, Level.SHOULD}


def test_what_a_server_keeps_nothing_of_is_not_retrieved() -> None:
    server = Toy(tags=("TOP", "UIDL", "USER", "EXPIRE 0"))
    examination = examine(patient(), server)
    assert not any(line.startswith(b"RETR") for line in server.lines)
    assert [kind.id for kind in examination.peculiarities] == ["expire-0"]


def test_without_a_login_nothing_is_failed_that_needs_one() -> None:
    examination = examine(dataclasses.replace(patient(), login=None), Toy())
    assert examination.of(Outcome.NOT_JUDGED) == ()
    assert not any(line.startswith(b"PASS SECRET") for line in Toy().lines)


def test_an_unknown_id_and_a_missing_host_are_wrong_command_lines() -> None:
    from restante.cli.outcome import CommandFailed

    for arguments in (["doctor", "--list", "--only", "no.such"], ["doctor"]):
        done = RUNNER.invoke(application, arguments)
        assert isinstance(done.exception, CommandFailed)
        assert done.exception.exit_code == 2


def test_nobody_there_is_no_connection() -> None:
    done = RUNNER.invoke(application, ["doctor", "127.0.0.1", "--pop3", "1", "--pop3s", "0"])
    assert getattr(done.exception, "exit_code", None) == 3


@pytest.mark.parametrize(
    ("host", "greeting", "tags", "told"),
    [
        ("pop.gmail.com", b"", (), "`recent:`"),
        ("pop.gmail.com", b"", (), "hidden from all others"),
        ("outlook.office365.com", b"", (), "goes in two steps"),
        ("outlook.office365.com", b"", (), "silent for a minute or two"),
        ("pop.example.org", b"+OK Hello there.\r\n", (), "TOP and RETR mark a message as read"),
        ("pop.example.org", b"+OK Dovecot ready.\r\n", (), "RETR marks a message as read"),
        ("pop.example.org", b"", ("IMPLEMENTATION Qpopper",), "TOP or RETR marks a message as read"),
        ("pop.example.org", b"", ("EXPIRE 0",), "may be gone with the end of the session"),
    ],
)
def test_what_is_odd_at_a_provider_is_told_in_each_form(
    host: str, greeting: bytes, tags: tuple[str, ...], told: str
) -> None:
    server = Toy(tags=("TOP", "UIDL", "USER", *tags))
    if greeting:
        server.greeting = greeting
    who = dataclasses.replace(patient(), host=host)
    examination = examine(who, server, checks=chosen(["rfc1939.4.greeting", "rfc2449.5.capa"]))
    for text in (as_text(examination), as_html(examination), json.dumps(as_json(examination))):
        assert told in text


def test_mail_is_not_retrieved_where_that_changes_more_than_a_mark() -> None:
    server = Toy()
    examine(dataclasses.replace(patient(), host="pop.gmail.com"), server)
    assert not any(line.startswith(b"RETR") for line in server.lines)


def test_what_could_be_given_for_more_checks_is_told_at_the_end() -> None:
    outside = as_text(examine(dataclasses.replace(patient(), login=None), Toy()))
    assert "checks left out: it takes a login (--account NAME, or --user NAME)." in outside
    inside = as_text(examine(patient(), Toy()))
    assert "checks left out: it changes the maildrop, which --disposable allows." in inside
    assert "1 check left out: it waits for more than ten minutes, which --idle allows." in inside
    assert "left out" not in as_text(examine(patient(disposable=True, idle=True), Toy()))
