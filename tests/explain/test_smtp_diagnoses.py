"""What is found in sessions of SMTP and LMTP: those written down from the RFCs, and those of real servers."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.explain.smtp_recorded import OPENED, RECORDED, SESSIONS, auth, diagnosed, findings, mail, message, rcpt

from restante.explain.diagnoses import MOST_OF_A_KIND, Diagnosis
from restante.explain.languages import ENGLISH, LANGUAGES, Language
from restante.explain.smtp.catalog import SmtpDiagnosis

D = SmtpDiagnosis

each = pytest.mark.parametrize("diagnosis", list(D), ids=lambda one: one.id)
in_each_language = pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.tag)

REAL = {
    "aiosmtpd-auth-failed": ["smtp-auth-failed"],
    "aiosmtpd-auth-login": ["smtp-auth-failed"],
    "aiosmtpd-auth-needed": ["smtp-auth-needed"],
    "aiosmtpd-dmarc": ["smtp-dmarc-failed"],
    "aiosmtpd-other-mechanism": ["smtp-auth-not-offered"],
    "aiosmtpd-spf": ["smtp-spf-failed"],
    "aiosmtpd-starttls-needed": ["smtp-starttls-needed"],
    "aiosmtpd-starttls-refused": ["smtp-starttls-refused"],
    "aiosmtpd-too-big": ["smtp-message-too-big"],
    "postfix-address-malformed": [],
    "postfix-auth-not-offered": ["smtp-auth-not-offered"],
    "postfix-bad-sequence": ["smtp-bad-sequence"],
    "postfix-bare-line-ends": ["smtp-timed-out", "smtp-bare-line-ends", "smtp-end-missing"],
    "postfix-bdat": [],
    "postfix-blocklisted": ["smtp-blocklisted"],
    "postfix-broken-off": ["smtp-message-broken-off"],
    "postfix-certificate-rejected": ["certificate-rejected"],
    "postfix-early-talker": ["smtp-early-talker"],
    "postfix-eight-bit": ["smtp-eight-bit-unannounced"],
    "postfix-end-between-bare": ["smtp-end-between-bare-line-ends"],
    "postfix-end-missing": ["smtp-timed-out", "smtp-end-missing"],
    "postfix-greylisted": ["smtp-greylisted"],
    "postfix-hello-refused": ["smtp-hello-refused"],
    "postfix-http": ["smtp-other-client"],
    "postfix-mailbox-full": ["smtp-mailbox-full"],
    "postfix-pipelining-unannounced": ["smtp-pipelining-unannounced"],
    "postfix-plain-to-tls-port": ["smtp-plain-to-tls-port"],
    "postfix-quit-missing": ["smtp-quit-missing"],
    "postfix-relay-denied": ["smtp-relay-denied"],
    "postfix-sent": [],
    "postfix-starttls-needed": ["smtp-starttls-needed"],
    "postfix-timed-out": ["smtp-timed-out"],
    "postfix-tls-to-plain-port": ["smtp-tls-to-plain-port"],
    "postfix-too-big": ["smtp-message-too-big"],
    "postfix-too-big-announced": ["smtp-message-too-big"],
    "postfix-too-many-connections": ["smtp-too-many-connections"],
    "postfix-unknown-command": ["smtp-unknown-command"],
    "postfix-user-unknown": ["smtp-user-unknown", "smtp-no-recipients"],
    "postfix-utf8-needed": ["smtp-utf8-needed"],
    "restante-bad-sequence": ["smtp-bad-sequence"],
    "restante-bare": ["smtp-bare-line-ends"],
    "restante-early": ["smtp-early-talker"],
    "restante-lmtp": ["smtp-user-unknown"],
    "restante-no-recipients": ["smtp-user-unknown", "smtp-no-recipients"],
    "restante-plain-to-tls-port": ["smtp-plain-to-tls-port"],
    "restante-pop3-client": ["smtp-other-client", "smtp-unknown-command"],
    "restante-relay-denied": ["smtp-relay-denied"],
    "restante-sent": [],
    "restante-smtp-client-at-pop3": ["smtp-other-server"],
    "restante-too-big": ["smtp-message-too-big"],
    "restante-user-unknown": ["smtp-user-unknown"],
}
"""Written down octet by octet while a client of a few lines talked to Postfix, aiosmtpd and our own doors."""

AT_465 = "=at 127.0.0.1:465\n"


@pytest.mark.parametrize("name", REAL)
def test_sessions_of_real_servers_show_what_was_wrong_and_nothing_else(name: str) -> None:
    script = (SESSIONS / f"{name}.txt").read_text("ascii")
    place = AT_465 if "plain-to-tls" in name else "=at 127.0.0.1:25\n"
    assert diagnosed(place + script) == REAL[name]


def test_each_recorded_session_is_looked_at() -> None:
    assert sorted(file.stem for file in SESSIONS.iterdir()) == sorted(REAL)


def test_each_diagnosis_has_its_sessions() -> None:
    assert list(RECORDED) == list(D)


@each
def test_a_recorded_session_shows_it(diagnosis: SmtpDiagnosis) -> None:
    assert diagnosis.id in diagnosed(RECORDED[diagnosis][0])


@each
def test_a_session_that_is_like_it_does_not(diagnosis: SmtpDiagnosis) -> None:
    assert diagnosis.id not in diagnosed(RECORDED[diagnosis][1])


@each
def test_its_values_are_those_that_its_sentences_name(diagnosis: SmtpDiagnosis) -> None:
    finding = next(one for one in findings(RECORDED[diagnosis][0]) if one.diagnosis is diagnosis)
    for language in LANGUAGES.values():
        assert placeholders(language.smtp_findings[diagnosis][0]) <= finding.values.keys(), language.tag
        assert "{" not in language.diagnosis(diagnosis, finding.values)[0]


@in_each_language
def test_no_language_lacks_a_text_and_all_have_the_same_placeholders(language: Language) -> None:
    assert list(language.smtp_findings) == list(D)
    for diagnosis, (sentence, advice) in language.smtp_findings.items():
        assert placeholders(sentence) == placeholders(ENGLISH.smtp_findings[diagnosis][0]), diagnosis
        assert not placeholders(advice), diagnosis
        for text in (sentence, advice):
            assert text == text.strip()
            assert "  " not in text
            assert all(c.isprintable() or c in "\u00a0\u202f" for c in text), text
        if language is not ENGLISH:
            assert sentence != ENGLISH.smtp_findings[diagnosis][0]


def test_ids_are_words_that_stay_and_no_other_protocol_has() -> None:
    ids = [one.id for one in D]
    assert len(set(ids)) == len(ids)
    assert not {one.id for one in Diagnosis} & set(ids)
    assert all(
        one.startswith("smtp-") and set(one) <= set(string.ascii_lowercase + string.digits + "-") for one in ids
    )


@pytest.mark.parametrize(
    ("script", "diagnosis"),
    [
        # As servers out there say it.
        (rcpt("550 5.7.1 Unable to relay"), D.RELAY_DENIED),
        (rcpt("550 relay not permitted"), D.RELAY_DENIED),
        (rcpt("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"), D.RELAY_DENIED),
        (rcpt("454 4.7.1 <…>: Relay access denied"), D.RELAY_DENIED),
        (rcpt("550 No such user here"), D.USER_UNKNOWN),
        (
            rcpt("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
            D.USER_UNKNOWN,
        ),
        (rcpt("452 4.2.2 The email account that you tried to reach is over quota."), D.MAILBOX_FULL),
        (mail("550 5.7.1 Client was not authenticated"), D.AUTH_NEEDED),
        (mail("550 5.7.60 SMTP; Client does not have permissions to send as this sender"), D.SENDER_NOT_YOURS),
        (message("C: x", answer="521 5.5.2 mail.example.org Error: bare <LF> received"), D.BARE_LINE_ENDS_REFUSED),
        (message("C: x", answer="554 5.7.1 Message contains a virus"), D.CONTENT_REFUSED),
        (message("C: x", answer="452 4.3.1 Insufficient system storage"), D.STORAGE_FULL),
        (message("C: x", answer="550 5.6.7 SMTPUTF8 is required"), D.UTF8_NEEDED),
        (auth("535-5.7.8 Username and Password not accepted.\nS: 535 5.7.8 Learn more"), D.AUTH_FAILED),
        (mail("421 4.7.28 Our system has detected an unusual rate of unsolicited mail"), D.TOO_FAST),
        (mail("450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.7]"), D.REVERSE_NAME_MISSING),
    ],
)
def test_servers_that_say_it_in_words_are_understood(script: str, diagnosis: SmtpDiagnosis) -> None:
    assert diagnosed(script) == [diagnosis.id]


def test_a_message_in_order_shows_nothing() -> None:
    assert diagnosed(message("C: Subject: x", "C:", "C: hello", "C: ..", "C: ..dot")) == []


def test_the_same_thing_is_told_a_few_times_only() -> None:
    again = OPENED + "C: RCPT TO:<x@y.example>\nS: 503 MAIL first\n" * 20
    assert diagnosed(again) == [D.BAD_SEQUENCE.id] * MOST_OF_A_KIND


def test_behind_a_gap_nothing_is_concluded_from_what_is_missing() -> None:
    assert diagnosed(f"{OPENED}=lost S 20\nC: MAIL FROM:<x@y.example>\n=closed S") == [Diagnosis.CAPTURE_GAP.id]


def test_a_log_does_not_show_octets_and_they_are_not_judged() -> None:
    script = message("C: Subject: x", "C:", r"C| gr\xfc\xdfe\n", "C: .dot")
    assert findings(script, excerpt=True) == []


def test_a_client_that_waited_too_long_for_an_answer_has_timed_out_and_not_just_hung_up() -> None:
    script = f"@1\n{OPENED}C: MAIL FROM:<x@y.example>\n"
    assert diagnosed(f"{script}@100\n=closed C") == [D.TIMED_OUT.id]
    assert diagnosed(f"{script}@2\n=closed C") == [D.QUIT_MISSING.id]
    assert diagnosed(f"{script}@100\n=closed S") == [D.ANSWER_MISSING.id, D.TIMED_OUT.id]


def test_an_end_of_the_record_is_no_end_of_the_session() -> None:
    assert diagnosed(f"{OPENED}C: MAIL FROM:<x@y.example>\n") == []


def test_what_a_server_says_is_printable_in_a_finding() -> None:
    (finding,) = findings("S| 554 \\x1b[2Jno\\r\\n=closed S".replace("=closed", "\n=closed"))
    assert finding.values == {"text": "\\x1b[2Jno"}


def test_addresses_are_hidden_in_findings() -> None:
    (finding,) = findings(rcpt("550 5.1.1 <ted@home.example>: User unknown"))
    assert "ted" not in str(finding.values)
    assert finding.values["address"] == "…@home.example"


LINES = st.sampled_from(
    [
        *(
            "S: 220 x",
            "S: 250 ok",
            "S: 250-ok",
            "S: 354 go",
            "S: 334 ",
            "S: 421 4.4.2 x",
            "S: 550 5.7.1 x",
            "S: junk",
        ),
        *("C: EHLO x", "C: MAIL FROM:<a@b.example>", "C: RCPT TO:<a@b.example>", "C: DATA", "C: .", "C: QUIT"),
        *(
            "C: AUTH PLAIN x",
            "C: BDAT 3 LAST",
            "C: STARTTLS",
            r"C| .\n",
            r"C| \x16\x03\x01",
            "=tls",
            "=lost C 9",
            "@99",
        ),
    ]
)


@given(
    st.lists(LINES, max_size=30),
    st.sampled_from(["=closed S", "=closed C reset", "=closed - x", ""]),
    st.booleans(),
)
def test_whatever_comes_each_finding_can_be_told_in_each_language(
    lines: list[str], end: str, excerpt: bool
) -> None:
    for finding in findings("\n".join([*lines, end]), excerpt=excerpt):
        for language in LANGUAGES.values():
            sentence, advice = language.diagnosis(finding.diagnosis, finding.values)
            assert sentence
            assert advice
            assert all(character.isprintable() or character in "\u00a0\u202f" for character in sentence)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
