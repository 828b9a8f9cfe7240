from __future__ import annotations

from dataclasses import replace

import pytest
from tests.observe.samples import ENDED, REFUSED, SAMPLES

from restante.observe.entries import Entry, Level, entry_of
from restante.observe.sentences import sentence_of
from restante.ports.accounts import RefusalReason
from restante.ports.events import Event, Outcome

EXPECTED = {
    "ServerStopping": "server: stopping, sessions=3",
    "ConnectionRefused": 'pop3: connection refused, peer=203.0.113.5, reason="too many connections"',
    "CommandReceived": 'wire<k3f9>: command, line="RETR 1"',
    "ReplySent": 'wire<k3f9>: reply, line="+OK 120 octets", octets=141',
    "LoginAccepted": "pop3(ted)<k3f9>: logged in, peer=2001:db8::5, mechanism=USER, messages=3, octets=9871",
    "LoginRefused": 'pop3(ted)<k3f9>: login refused, peer=203.0.113.5, mechanism=USER, reason="wrong password"',
    "LoginDeferred": (
        'pop3<k3f9>: login cannot be judged now, peer=203.0.113.5, mechanism=USER, reason="too many hashes wait"'
    ),
    "MaildropBusy": (
        "pop3(ted)<k3f9>: login turned away, since the maildrop is in use, peer=203.0.113.5, "
        "held_by=198.51.100.7, held_since=2023-11-14T22:13:20Z"
    ),
    "SenderLoggedIn": "smtp(ted)<k3f9>: logged in to send, peer=203.0.113.5, mechanism=PLAIN",
    "MailSessionEnded": (
        "smtp(ted)<k3f9>: session ended, peer=203.0.113.5, outcome=quit, seconds=0.031, commands=6, messages=1, "
        "tls=yes"
    ),
    "TlsFailed": 'pop3<k3f9>: TLS handshake failed, peer=203.0.113.5, reason="no shared cipher"',
    "UpdateFailed": (
        'pop3(ted)<k3f9>: UPDATE failed, the client was told so, error="no room on the disk; free some"'
    ),
    "FaultMet": 'server<k3f9>: fault, what="a session", error="OSError: broken"',
    "CertificatesRead": (
        "pop3: certificates not read, the old ones stay in use, "
        'problem="/etc/tls/key.pem: it does not fit the certificate: name the right one"'
    ),
    "SessionEnded": (
        "pop3(ted)<k3f9>: session ended: quit, peer=203.0.113.5, top=3, retr=2/4310, del=1/2155, left=2/7716, "
        "commands=6, seconds=0.031"
    ),
    "MessageDelivered": "lmtp(ted)<k3fa>: delivered, octets=812, reverse_path=anna@example.org",
    "DeliveryRefused": 'smtp<k3fa>: refused for good, recipient=bob@example.org, reason="no such account"',
    "DeliveryDeferred": (
        'pipe: not taken now, the sender will try again, recipient=ted, reason="the disk is full"'
    ),
}


def said(event: Event) -> str:
    entry = entry_of(event)
    assert entry is not None
    return sentence_of(entry)


def test_each_entry_reads_as_its_sentence() -> None:
    spoken = {type(event).__name__: said(event) for event in SAMPLES if entry_of(event)}
    assert spoken == EXPECTED


def test_a_name_that_nobody_has_is_not_said() -> None:
    line = said(replace(REFUSED, name="hunter2", reason=RefusalReason.UNKNOWN_NAME))
    assert line == 'pop3<k3f9>: login refused, peer=203.0.113.5, mechanism=USER, reason="unknown name"'


def test_an_end_without_a_login_says_so() -> None:
    line = said(replace(ENDED, account=None, outcome=Outcome.DISCONNECTED, commands=0))
    assert line == (
        "pop3<k3f9>: session ended without a login: connection lost, peer=203.0.113.5, commands=0, seconds=0.031"
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            1,
            "; the unique-id of 1 message changed since the last session: "
            "clients that leave mail on the server will download it again",
        ),
        (
            17,
            "; the unique-ids of 17 messages changed since the last session: "
            "clients that leave mail on the server will download 17 messages again",
        ),
    ],
)
def test_changed_unique_ids_are_told_in_words(changed: int, words: str) -> None:
    assert said(replace(ENDED, unique_ids_changed=changed)).endswith(words)


def test_a_hostile_account_cannot_leave_its_place() -> None:
    line = said(replace(ENDED, account='ted)<x>: "\n'))
    assert line.startswith(r'pop3("ted)<x>: \"\x0a")<k3f9>: session ended')


def test_lost_lines_are_counted_in_words() -> None:
    line = sentence_of(Entry(Level.ERROR, "lines_lost", {"lines": 4}))
    assert line == "server: lines of this log were lost, since they could not be written, lines=4"
