from __future__ import annotations

import string

import pytest
from tests.explain.recorded import (
    BYE,
    CAPA,
    HELLO,
    IN,
    LETTER,
    RECORDED,
    STLS_ANNOUNCED,
    STLS_MISSING,
    diagnosed,
    findings,
    listed,
    login,
    named,
)

from restante.explain.diagnoses import MOST_OF_A_KIND, Diagnosis, Weight
from restante.explain.languages import LANGUAGES
from restante.explain.smtp.catalog import SmtpDiagnosis


def diagnosed_in_a_log(script: str) -> list[Diagnosis | SmtpDiagnosis]:
    return [finding.diagnosis for finding in findings(script, excerpt=True)]


each = pytest.mark.parametrize("diagnosis", list(Diagnosis), ids=lambda one: one.id)


def test_there_are_many_diagnoses_and_each_has_its_sessions() -> None:
    assert len(Diagnosis) >= 40
    assert list(RECORDED) == list(Diagnosis)


@each
def test_a_recorded_session_shows_it(diagnosis: Diagnosis) -> None:
    assert diagnosis in diagnosed(RECORDED[diagnosis][0])


@each
def test_a_session_that_is_like_it_does_not(diagnosis: Diagnosis) -> None:
    assert diagnosis not in diagnosed(RECORDED[diagnosis][1])


@each
def test_its_values_are_those_that_its_sentences_name(diagnosis: Diagnosis) -> None:
    finding = next(one for one in findings(RECORDED[diagnosis][0]) if one.diagnosis is diagnosis)
    for language in LANGUAGES.values():
        sentence, advice = language.findings[diagnosis]
        named_in = {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
        assert named_in <= finding.values.keys(), language.tag
        assert "{" not in advice
        assert language.diagnosis(diagnosis, finding.values)[0]


def test_ids_are_words_that_stay() -> None:
    ids = [diagnosis.id for diagnosis in Diagnosis]
    assert len(set(ids)) == len(ids)
    assert all(set(one) <= set(string.ascii_lowercase + string.digits + "-") for one in ids)


def test_a_session_in_order_shows_nothing() -> None:
    letter = f"{IN}C: STAT\nS: +OK 1 21\n{listed(21)}{named('a')}{LETTER}C: DELE 1\nS: +OK\n{BYE}"
    assert list(diagnosed(letter)) == []


def test_the_same_thing_is_told_a_few_times_only() -> None:
    again = f"{IN}" + "C: RETR 0\nS: -ERR what?\n" * 20
    assert list(diagnosed(again)).count(Diagnosis.NUMBER_ZERO) == MOST_OF_A_KIND


def test_a_broken_line_names_how_many_were_marked() -> None:
    found = findings(f"{IN}C: DELE 1\nS: +OK\nC: DELE 2\nS: +OK\n=closed -  timed out")
    assert [(one.diagnosis, one.values) for one in found] == [(Diagnosis.BROKEN_WITH_MARKS, {"count": 2})]


def test_the_heaviest_finding_comes_first() -> None:
    weights = [one.diagnosis.weight for one in findings(f"S: +OK\nC| {HELLO}\nS| {HELLO}")]
    assert weights == sorted(weights, key=list(Weight).index)


def test_a_password_on_this_machine_is_on_nobodys_way() -> None:
    script = "S: +OK\nC: USER ted\nS: +OK\nC: PASS x\nS: +OK"
    assert list(diagnosed(f"=at pop.example.org:110\n{script}")) == [Diagnosis.PASSWORD_IN_THE_CLEAR]
    assert list(diagnosed(f"=at 127.0.0.1:110\n{script}")) == []


def test_messages_of_a_log_are_not_measured() -> None:
    script = f"{IN}{listed(5)}{LETTER.replace('hello', '.hello')}"
    told = [one.diagnosis for one in findings(script, excerpt=True)]
    assert not {Diagnosis.OCTETS_DIFFER, Diagnosis.UNSTUFFED_DOTS} & set(told)


def test_what_a_server_says_is_printable_in_a_finding() -> None:
    (finding,) = findings("S| -ERR \\x1b[2Jno\\r\\n")
    assert finding.values == {"text": "\\x1b[2Jno"}


def test_where_tls_is_not_recorded_it_is_said_once() -> None:
    script = login("+OK").replace("=tls\n", "")
    assert list(diagnosed(f"=at \n{script}---\n=at \n{script}")) == [Diagnosis.TLS_NOT_RECORDED]
    # A server that announces STLS has no TLS yet.
    announced = f"=at \n{STLS_ANNOUNCED}{script.partition('S: +OK')[2]}"
    assert Diagnosis.PASSWORD_IN_THE_CLEAR in diagnosed(announced)
    # And one that does not may be under it.
    missing = f"=at \n{STLS_MISSING}{script.partition('S: +OK')[2]}"
    assert not {Diagnosis.STLS_MISSING, Diagnosis.PASSWORD_IN_THE_CLEAR} & set(diagnosed(missing))


@pytest.mark.parametrize("place", ["127.0.0.1:110", "localhost:110", "[::1]:110", "::1", "unix:/run/pop3"])
def test_a_line_within_the_machine_is_not_open(place: str) -> None:
    assert list(diagnosed(f"=at {place}\n{login('+OK').replace('=tls', '')}")) == []


@pytest.mark.parametrize("place", ["localhost.example.org:110", "127.example.org:110", "[2001:db8::1]:110"])
def test_a_name_that_only_begins_like_this_machine_is_another(place: str) -> None:
    assert Diagnosis.PASSWORD_IN_THE_CLEAR in diagnosed(f"=at {place}\n{login('+OK').replace('=tls', '')}")


def test_a_record_that_begins_in_the_middle_is_not_judged_by_what_it_lacks() -> None:
    assert list(diagnosed_in_a_log("C: RETR 5\nS: -ERR no")) == []
    assert Diagnosis.PASS_WITHOUT_USER not in diagnosed_in_a_log("C: NOOP\nS: +OK\nC: LIST\nC: STAT\nS: -ERR")


def test_listings_that_a_log_leaves_out_are_not_taken_for_empty() -> None:
    script = f"{IN}C: CAPA\nS: +OK\nC: LIST\nS: +OK\nC: UIDL\nS: +OK\nC: TOP 1 0\nS: +OK\nC: RETR 3\nS: +OK\n{BYE}"
    assert list(diagnosed_in_a_log(script)) == [Diagnosis.KEPT_AFTER_READING]


def test_behind_a_gap_nothing_is_concluded_from_what_is_missing() -> None:
    script = f"{IN}{listed(21)}C: RETR 1\nS: +OK\n=lost S 20\nS: .\nS: stray\nC: NOOP\n=closed S"
    assert list(diagnosed(script)) == [Diagnosis.CAPTURE_GAP, Diagnosis.BROKEN_BEFORE_QUIT]


def test_a_check_whether_the_port_is_open_hears_no_greeting_and_needs_none() -> None:
    assert list(diagnosed("@1\n@1.01\n=closed C")) == []
    assert list(diagnosed("@1\n=tls\n@60\n=closed C timed out")) == [Diagnosis.NO_GREETING]


def test_a_certificate_that_our_client_does_not_take_is_told_as_that_alone() -> None:
    script = "S: +OK\nC: STLS\nS: +OK\n=closed C its certificate has expired"
    for one in (script, script.removeprefix("S: +OK\nC: STLS\nS: +OK\n")):
        assert list(diagnosed(one)) == [Diagnosis.CERTIFICATE_REJECTED]


def test_a_mechanism_that_only_auth_alone_lists_is_offered() -> None:
    asked = f"S: +OK\n=tls\n{CAPA.format(more='EXPIRE 1')}C: AUTH\nS: +OK\nS: SCRAM-SHA-1\nS: .\n"
    script = f"{asked}C: AUTH SCRAM-SHA-1\nS: -ERR"
    assert list(diagnosed(script)) == [Diagnosis.LOGIN_REFUSED]


@pytest.mark.parametrize(
    ("answer", "diagnosis"),
    [
        ("-ERR [IN-USE] Unable to lock the mailbox", Diagnosis.LOCK_HELD),
        ("-ERR unable to lock maildrop", Diagnosis.LOCK_HELD),
        ("-ERR Mailbox is locked by another session", Diagnosis.LOCK_HELD),
        ("-ERR [AUTH] POP3 access is disabled for this user", Diagnosis.POP3_SWITCHED_OFF),
        ("-ERR POP access is not permitted", Diagnosis.POP3_SWITCHED_OFF),
        ("-ERR [SYS/PERM] enable POP access in the settings first", Diagnosis.POP3_SWITCHED_OFF),
        ("-ERR POP3 login failed", Diagnosis.LOGIN_REFUSED),
        ("-ERR account locked for an hour", Diagnosis.LOGIN_REFUSED),
        ("-ERR [SYS/TEMP] Service disabled for maintenance", Diagnosis.LOGIN_FAILS_FOR_NOW),
        ("-ERR [AUTH] TLS certificate of the backend is invalid", Diagnosis.CREDENTIALS_REFUSED),
    ],
)
def test_servers_that_say_it_in_words_are_understood(answer: str, diagnosis: Diagnosis) -> None:
    assert list(diagnosed(login(answer))) == [diagnosis]


def test_a_unique_id_that_changes_within_a_session_is_seen() -> None:
    script = f"{IN}{named('a', 'b')}C: UIDL 2\nS: +OK 2 {{}}\n{BYE}"
    assert list(diagnosed(script.format("b"))) == []
    assert list(diagnosed(script.format("z"))) == [Diagnosis.UNIQUE_IDS_CHANGED]


def test_renamed_messages_are_known_by_what_is_in_them() -> None:
    script = f"{IN}{named('a')}{LETTER}{BYE}\n---\n{IN}{named('z')}{LETTER}"
    assert Diagnosis.UNIQUE_IDS_CHANGED in diagnosed(script)
