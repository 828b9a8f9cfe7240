"""Each check is tried on a server that passes it and on one that fails it."""

from __future__ import annotations

import pytest
from tests.doctor.cases import FAILING, PASSING
from tests.doctor.toy import Toy, tls

from restante.client.server import Login
from restante.doctor import CHECKS, Check, Examination, Need, Outcome, Patient, chosen, examine
from restante.doctor.runner import OVER
from restante.sasl.terms import BindingType, ChannelBinding

CHANGING = {check.id for check in CHECKS if Need.DISPOSABLE in check.needs}


def patient(*, disposable: bool = False, idle: bool = False) -> Patient:
    return Patient(
        host="pop.example.org",
        login=Login.by_password("ted", "SECRET"),
        disposable=disposable,
        idle=idle,
        address="ted@example.org",
        # A line that is not secure is one of the faults.
        plaintext=False,
    )


def examined(check: Check, server: Toy) -> Examination:
    who = patient(disposable=check.id in CHANGING, idle=Need.IDLE in check.needs)
    return examine(who, server, checks=[check])


def test_no_check_is_without_both_servers() -> None:
    assert {check.id for check in CHECKS} == set(FAILING)
    assert set(PASSING) <= set(FAILING)


def test_ids_are_unique_and_there_are_many() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS) >= 70


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_good_server_passes(check: Check) -> None:
    (finding,) = examined(check, PASSING.get(check.id, Toy)()).findings
    assert finding.verdict.outcome is Outcome.PASSED, finding


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_bad_server_fails(check: Check) -> None:
    (finding,) = examined(check, FAILING[check.id]()).findings
    assert finding.verdict.outcome is Outcome.FAILED, finding


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_each_check_is_whole(check: Check) -> None:
    for sentence in (check.requirement, check.meaning, check.remedy):
        assert sentence.endswith(".")
        assert sentence[0].isupper()
    assert check.source


def test_the_messages_that_were_sent_are_removed_again() -> None:
    server = Toy()
    examine(patient(disposable=True), server, checks=chosen(["round-trip"]))
    assert (server.sent, server.removed, len(server.messages)) == (2, 2, 2)


def test_the_password_never_goes_out_where_the_certificate_is_not_trusted() -> None:
    server = FAILING["rfc8314.5.certificate-trusted"]()
    examine(patient(), server)
    assert not any(b"SECRET" in line for line in server.lines)


def test_no_password_is_in_the_evidence() -> None:
    examination = examine(
        patient(disposable=True), Toy(), checks=chosen(["login", "rfc1939.7", "rfc2449", "rfc5034"])
    )
    told = "".join(line.text for finding in examination.findings for line in finding.evidence)
    assert told
    assert "SECRET" not in told
    assert "AHRlZABTRUNSRVQ=" not in told


@pytest.mark.parametrize(
    ("ids", "server"),
    [
        # As all but one of the servers that were looked at: LF ends lines, and does so everywhere.
        (["grammar.bare-lf"], Toy(lf_ends=True)),
        # As Cyrus and Mailutils: USER is let in once.
        (["login.user-tells-nothing"], Toy(one_user=True)),
        # As Mailutils: it keeps notes in the messages, so that they have grown when the next session begins.
        (["rfc1939.5", "rfc1939.7", "rfc1939.11", "retrieval"], Toy(writes_notes=True)),
        # As Cyrus: it binds to the channel by tls-unique, and by nothing newer.
        (
            ["rfc2449.6.3.mechanisms-work"],
            Toy(
                tags=("TOP", "UIDL", "SASL PLAIN SCRAM-SHA-256-PLUS"),
                tls=tls(binding=ChannelBinding(type=BindingType.TLS_SERVER_END_POINT, octets=b"a" * 32)),
            ),
        ),
        # As our own: ten minutes, and not a moment more.
        (["rfc1939.3.autologout"], Toy(idle_seconds=600)),
    ],
    ids=["lf", "user", "notes", "binding", "idle"],
)
def test_what_was_told_of_a_real_server_and_was_not_true_is_told_no_more(ids: list[str], server: Toy) -> None:
    found = examine(patient(idle=True), server, checks=chosen(ids))
    assert [one.check.id for one in found.of(Outcome.FAILED)] == []
    assert found.of(Outcome.PASSED)


@pytest.mark.parametrize(
    ("id_", "server"),
    [
        # As Twisted: the LF comes back in the error, and cuts it in two.
        ("grammar.bare-lf", Toy(answers={b"DOCTOR\nDOCTOR": b"-ERR what is DOCTOR\nDOCTOR\r\n"})),
        # As Solid-pop3d: both wait, and who is known waits for seconds more.
        ("login.same-time", Toy(failure_seconds={b"ted": 3.2, b"doctor-nobody-3": 1.2})),
    ],
)
def test_what_a_real_server_does_and_was_not_told_is_told(id_: str, server: Toy) -> None:
    (finding,) = examine(patient(), server, checks=chosen([id_])).findings
    assert finding.verdict.outcome is Outcome.FAILED, finding


def test_nothing_is_said_after_quit() -> None:
    server = Toy(stays_open=True)
    examine(patient(), server, checks=chosen(["rfc1939.4.quit-before-login", "rfc2449.4.255-octets"]))
    # Each conversation has one: to find the door, two checks, and what the server can do.
    assert server.lines.count(b"QUIT") == 4


def test_a_check_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        chosen(["rfc1939.5.no-such-check"])


@pytest.mark.parametrize("answer_seconds", [0.5, 3.0, 11.0, 100.0])
def test_it_takes_a_minute_at_the_most_however_slow_the_server_is(answer_seconds: float) -> None:
    examination = examine(patient(disposable=True), Toy(answer_seconds=answer_seconds))
    assert examination.seconds <= 60
    assert {one.verdict.said for one in examination.of(Outcome.NOT_JUDGED)} >= {OVER}


def test_who_waits_is_told_how_long_it_will_be() -> None:
    begun: list[int] = []
    left: list[float] = []
    examine(
        patient(idle=True),
        Toy(),
        checks=chosen(["rfc1939.3.autologout"]),
        progress=lambda done, of, check: begun.append(done),
        waiting=left.append,
    )
    assert begun == [0]
    assert 590 < left[0] <= 600
    assert left == sorted(left, reverse=True)
    assert len(left) > 60
