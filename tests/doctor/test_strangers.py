"""What answers where POP3 should is named, once, and the rest of the examination does not wait for it again."""

from __future__ import annotations

import dataclasses

import pytest
from tests.doctor.test_checks import patient
from tests.doctor.toy import Toy

from restante.doctor import Door, Examination, Outcome, examine
from restante.doctor.strangers import kind_of

MUTE = {b"CAPA": b"", b"": b""}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (b"220 mail.example.org ESMTP Postfix\r\n", "an SMTP server"),
        (b"220-mail.example.org ESMTP Exim\r\n220 ready\r\n", "an SMTP server"),
        (b"554 no SMTP service here\r\n", "an SMTP server"),
        (b"220 ftp.example.org FTP server ready\r\n", "an FTP server"),
        (b"220 ready\r\n", "an SMTP or FTP server"),
        (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "an IMAP server"),
        (b"* BYE too many\r\n", "an IMAP server"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH server"),
        (b"HTTP/1.1 400 Bad Request\r\n", "a web server"),
        (b'"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n', "a ManageSieve server"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "a server that speaks TLS from the first octet"),
        (b"+OK ready\r\n", "a POP3 server that begins in the clear"),
        (b"hello\r\n", None),
        (b"", None),
    ],
)
def test_a_server_is_known_by_its_first_words(words: bytes, kind: str | None) -> None:
    assert kind_of(words) == kind


def without_a_pop3s(server: Toy) -> Examination:
    return examine(dataclasses.replace(patient(), ports={Door.POP3: 110}), server)


def test_a_server_of_another_kind_is_named_and_all_else_is_left_unjudged_for_one_reason() -> None:
    examination = without_a_pop3s(Toy(greeting=b"220 mail.example.org ESMTP\r\n", no_tls=True))
    (failed,) = (
        one for one in examination.of(Outcome.FAILED) if not one.check.id.startswith(("dns.", "autoconfig"))
    )
    assert failed.check.id == "rfc1939.3.pop3-in-the-clear"
    assert failed.verdict.said == "an SMTP server answers there (220 mail.example.org ESMTP)"
    reasons = {one.verdict.said for one in examination.of(Outcome.NOT_JUDGED)}
    assert reasons == {
        "no POP3 server was found (port 110: an SMTP server answers there (220 mail.example.org ESMTP))"
    }


def test_a_door_that_is_silent_is_waited_for_a_few_times_and_not_for_each_check() -> None:
    server = Toy(greeting=b"", no_tls=True, answers=MUTE)
    examination = without_a_pop3s(server)
    assert examination.seconds < 60
    assert server.opened < 10
    said = {one.check.id: one.verdict.said for one in examination.of(Outcome.FAILED)}
    assert said["rfc1939.3.pop3-in-the-clear"] == "nothing is said there, in the clear or in TLS"


def test_a_door_that_only_speaks_tls_is_told_as_such() -> None:
    examination = without_a_pop3s(Toy(greeting=b"", answers=MUTE))
    said = {one.check.id: one.verdict.said for one in examination.of(Outcome.FAILED)}
    assert said["rfc1939.3.pop3-in-the-clear"] == "a server answers there that speaks TLS from the first octet"
