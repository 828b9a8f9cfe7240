"""`restante fetch`: what its options and an account come to, and how it shows what happens, hostile names too."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from restante.cli.exit_codes import ExitCode
from restante.cli.fetch import octets_of, seconds_of
from restante.cli.fetch_exit import exit_code_of
from restante.cli.fetch_faces import as_json, face
from restante.cli.fetch_running import Wishes
from restante.cli.fetch_source import AdHoc, SecurityChoice, ad_hoc_account
from restante.cli.outcome import CommandFailed
from restante.config.loading import NO_SETTINGS, load_settings
from restante.fetch.plan import DAY_SECONDS, Errand, Listed, Plan, Remark, RemarkKind, Why
from restante.fetch.telling import Ended, Failure, LeftOut, Listing, Result, Stored, Telling
from restante.mail_accounts.model import FetchWishes
from restante.mail_accounts.places import ACCOUNTS_VARIABLE

NOTHING = Wishes(
    to=None,
    recipient=None,
    keep=None,
    keep_days=None,
    delete_when_removed=False,
    max_octets=None,
    headers_only=False,
    limit=None,
    newest_first=False,
    again=False,
)
AD_HOC = AdHoc(
    server="pop.example.org",
    user="ted",
    password_command="true",
    security=SecurityChoice.TLS,
    fingerprint=None,
    authorities=None,
)
ACCOUNT = ad_hoc_account(AD_HOC)
HOSTILE = b"\x1b[2Jgone\xff\r\n"


def test_stored_mail_is_removed_unless_one_says_otherwise_and_what_is_only_shown_is_kept() -> None:
    assert replace(NOTHING, to="maildir:/m").policy(ACCOUNT).leave_seconds == 0.0
    assert replace(NOTHING, to="maildir:/m", keep=True).policy(ACCOUNT).leave_seconds is None
    assert replace(NOTHING, to="maildir:/m", keep_days=2).policy(ACCOUNT).leave_seconds == 2 * DAY_SECONDS
    assert replace(NOTHING, to="-").policy(ACCOUNT).leave_seconds is None
    assert replace(NOTHING, to="-", keep=False).policy(ACCOUNT).leave_seconds == 0.0
    removed = replace(NOTHING, to="maildir:/m", delete_when_removed=True).policy(ACCOUNT)
    assert (removed.leave_seconds, removed.delete_when_removed) == (None, True)


def test_the_command_line_is_stronger_than_the_account() -> None:
    account = replace(ACCOUNT, fetch=FetchWishes(to="mbox:/m", keep_days=3, max_octets=500))
    policy = NOTHING.policy(account)
    assert (policy.leave_seconds, policy.max_octets) == (3 * DAY_SECONDS, 500)
    assert replace(NOTHING, keep=False, max_octets=9).policy(account).leave_seconds == 0.0
    assert replace(NOTHING, keep=True).policy(account).leave_seconds is None


@pytest.mark.parametrize(
    "wishes",
    [
        NOTHING,
        replace(NOTHING, to="nowhere"),
        replace(NOTHING, to="maildir:/m", keep=False, keep_days=3),
        replace(NOTHING, to="mbox:/m", delete_when_removed=True),
    ],
)
def test_wishes_that_cannot_be_met_are_a_wrong_command_line(wishes: Wishes) -> None:
    with pytest.raises(CommandFailed) as failed:
        wishes.policy(ACCOUNT)
    assert failed.value.exit_code == ExitCode.USAGE


def test_a_server_without_an_account_is_checked_as_any_other() -> None:
    assert (ACCOUNT.name, ACCOUNT.pop3 and ACCOUNT.pop3.address) == ("ted@pop.example.org", "pop.example.org:995")
    for wrong in (
        replace(AD_HOC, user=None),
        replace(AD_HOC, server="pop.example.org:99999"),
        replace(AD_HOC, server="ted@pop.example.org:x"),
        replace(AD_HOC, fingerprint="abc"),
    ):
        with pytest.raises(CommandFailed):
            ad_hoc_account(wrong)


def test_times_and_octets_are_read_as_people_write_them() -> None:
    assert [seconds_of(text) for text in ("90", "90s", "5m", "1h", "1d")] == [90, 90, 300, 3600, 86_400]
    assert [octets_of(text) for text in ("500", "500K", "10M", "1g")] == [500, 512_000, 10_485_760, 1_073_741_824]
    for text in ("", "5", "5x", "-5m", "m"):
        with pytest.raises(CommandFailed):
            seconds_of(text)
    for text in ("", "0", "many", "-1"):
        with pytest.raises(CommandFailed):
            octets_of(text)


def test_of_several_accounts_the_code_is_that_of_what_has_to_be_looked_at_first() -> None:
    results = [Result(failure=failure) for failure in (None, Failure.LEFT_OUT, Failure.STORAGE, Failure.IN_USE)]
    assert exit_code_of(results) == ExitCode.STORAGE
    assert exit_code_of([Result()]) == ExitCode.OK
    assert all(exit_code_of([Result(failure=failure)]) != ExitCode.OK for failure in Failure)


EVENTS: list[Telling] = [
    Listing(
        account="work",
        messages=2,
        octets=300,
        plan=Plan(
            retrieve=(Errand(place=0, listed=Listed(unique_id=HOSTILE, octets=100), why=Why.NEW),),
            remove=(1,),
            gone=(),
            known=1,
            remarks=(Remark(kind=RemarkKind.TOO_LONG, places=(1,)),),
        ),
        unique_ids=(HOSTILE, b"two"),
        dry_run=True,
    ),
    Stored(
        account="work",
        unique_id=HOSTILE,
        octets=120,
        listed_octets=100,
        destination="mbox:/m",
        was_there=False,
    ),
    LeftOut(account="work", unique_id=HOSTILE, listed_octets=100, words="550 \x1b[31mno", for_good=True),
    Ended(account="work", result=Result(listed=2, stored=1, stored_octets=120, left_out=1, left=1)),
]


def test_lines_have_nothing_in_them_that_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    answers = io.StringIO()
    with face(in_json=False, answers=answers, every=False) as tell:
        for event in EVENTS:
            tell(event)
    said = answers.getvalue() + capsys.readouterr().err
    assert said.replace("\n", "").isprintable()
    assert said.count("gone") == 3
    assert "work: 1 message is longer than --max-octets, and stays at the server\n" in said
    assert "work: would remove two, which is stored\n" in said


def test_a_daemon_says_only_what_is_new() -> None:
    answers = io.StringIO()
    with face(in_json=False, answers=answers, every=True) as tell:
        tell(Ended(account="work", result=Result(listed=5, left=5)))
        assert answers.getvalue() == ""
        tell(Ended(account="work", result=Result(listed=5, stored=1, stored_octets=7, removed=1, left=4)))
    assert answers.getvalue() == "work: 1 message (7 octets) stored, 1 removed at the server, 4 left there\n"


def test_json_has_a_line_for_each_event() -> None:
    answers = io.StringIO()
    with face(in_json=True, answers=answers, every=False) as tell:
        for event in EVENTS:
            tell(event)
    lines = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["listing", "stored", "left_out", "ended"]
    assert lines == [as_json(event) for event in EVENTS]


def test_the_words_of_a_remark_fit_one_message() -> None:
    for kind in RemarkKind:
        plan = Plan(retrieve=(), remove=(), gone=(), known=0, remarks=(Remark(kind=kind, places=(0,)),))
        listing = Listing(account="a", messages=1, octets=1, plan=plan, unique_ids=(b"x",))
        answers = io.StringIO()
        with face(in_json=False, answers=answers, every=False) as tell:
            tell(listing)
        first = answers.getvalue().split()[3]
        assert first in {"has", "is", "was", "waits"}, answers.getvalue()


def test_the_variable_that_names_the_file_of_accounts_is_no_setting_that_a_command_would_refuse() -> None:
    assert ACCOUNTS_VARIABLE in NO_SETTINGS
    load_settings(None, {ACCOUNTS_VARIABLE: "/home/ted/accounts.toml"}, {})
