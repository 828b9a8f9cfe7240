from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.submission import Attachment, Draft, MessageFault, Stamp, complete, compose

STAMP = Stamp(
    address="ted@example.org",
    display_name="Ted Exämple",
    now=datetime(2026, 11, 25, 12, 0, tzinfo=UTC),
    unique="abc123",
)


def parsed(octets: bytes) -> EmailMessage:
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def content_of(octets: bytes) -> str:
    content: str = parsed(octets).get_content()
    return content.replace("\r\n", "\n")


def header_of(octets: bytes) -> bytes:
    return octets.partition(b"\r\n\r\n")[0]


def test_a_message_has_all_that_rfc_5322_asks_for_and_nothing_secret() -> None:
    draft = Draft(
        to=("Ann <ann@example.org>, bob@example.org",),
        cc=("eve@example.org",),
        bcc=("hid@example.org",),
        body="Hi\n",
    )
    outgoing = compose(draft, STAMP)
    assert outgoing.sender == "ted@example.org"
    assert outgoing.recipients == ("ann@example.org", "bob@example.org", "eve@example.org", "hid@example.org")
    message = parsed(outgoing.octets)
    assert message["To"] == "Ann <ann@example.org>, bob@example.org"
    assert message["Cc"] == "eve@example.org"
    assert message["From"].addresses[0].display_name == "Ted Exämple"
    assert message["Date"].datetime == STAMP.now
    assert message["Message-ID"] == "<abc123@example.org>"
    assert message["Subject"] is None
    assert b"hid@example.org" not in outgoing.octets
    assert b"Bcc" not in outgoing.octets


def test_text_and_subject_in_any_script_pass_through_seven_bits() -> None:
    outgoing = compose(Draft(to=("ann@example.org",), subject="Grüße 你好", body="Schöne Grüße\n你好\n"), STAMP)
    assert outgoing.octets.isascii()
    assert not outgoing.needs_utf8
    assert not outgoing.needs_eight_bits
    message = parsed(outgoing.octets)
    assert message["Subject"] == "Grüße 你好"
    assert content_of(outgoing.octets) == "Schöne Grüße\n你好\n"


def test_an_address_in_utf8_needs_a_server_that_knows_it() -> None:
    assert compose(Draft(to=("jörg@example.org",), body="x"), STAMP).needs_utf8


def test_attachments_keep_their_octets_and_names_in_any_script() -> None:
    files = (
        Attachment(name="Übersicht.pdf", octets=b"%PDF\r\n\0\xff"),
        Attachment(name="notes.txt", octets=b"a\nb\r\nc\r"),
        Attachment(name="mail.eml", octets=b"Subject: x\n\ny"),
        Attachment(name="x.tar.gz", octets=b"\x1f\x8b"),
        Attachment(name="noend", octets=b""),
    )
    message = parsed(compose(Draft(to=("ann@example.org",), body="see", attachments=files), STAMP).octets)
    parts = list(message.iter_attachments())
    assert [part.get_filename() for part in parts] == [file.name for file in files]
    assert [part.get_payload(decode=True) for part in parts] == [file.octets for file in files]
    assert parts[0].get_content_type() == "application/pdf"
    assert {part.get_content_type() for part in parts[2:]} == {"application/octet-stream"}


def test_a_message_for_bcc_alone_names_nobody() -> None:
    outgoing = compose(Draft(bcc=("ann@example.org",), body="x"), STAMP)
    assert b"To: undisclosed-recipients:;\r\n" in outgoing.octets
    assert outgoing.recipients == ("ann@example.org",)


@pytest.mark.rule("M4")
@pytest.mark.parametrize(
    "draft",
    [
        Draft(to=("ann@example.org\r\nBcc: eve@example.org",)),
        Draft(to=("ann@example.org",), subject="x\r\nBcc: eve@example.org"),
        Draft(to=("ann@example.org\0",)),
        Draft(to=("ann",)),
        Draft(to=("",)),
        Draft(to=("<>",)),
        Draft(to=("a b@example.org",)),
    ],
)
def test_no_field_carries_another_one_and_no_address_is_guessed(draft: Draft) -> None:
    with pytest.raises(MessageFault):
        compose(draft, STAMP)


@given(
    st.builds(
        Draft,
        to=st.just(("ann@example.org",)),
        cc=st.lists(st.text(max_size=20), max_size=2).map(tuple),
        subject=st.text(max_size=100),
        body=st.text(max_size=200),
        attachments=st.lists(
            st.builds(Attachment, name=st.text(max_size=12), octets=st.binary(max_size=20)), max_size=1
        ).map(tuple),
    )
)
def test_any_draft_becomes_a_message_of_canonical_octets_or_a_fault(draft: Draft) -> None:
    try:
        outgoing = compose(draft, STAMP)
    except MessageFault:
        return
    octets = outgoing.octets
    assert octets.count(b"\r") == octets.count(b"\n") == octets.count(b"\r\n")
    assert "ann@example.org" in outgoing.recipients
    names = [line.partition(b":")[0].lower() for line in header_of(octets).split(b"\r\n") if line[:1] not in b" \t"]
    assert set(names) <= {
        *(b"from", b"to", b"cc", b"subject", b"date", b"message-id"),
        *(b"mime-version", b"content-type", b"content-transfer-encoding"),
    }


# --- messages that are written already ----------------------------------------------------------------------------

READY = b"""\
From: Ted <ted@example.org>
To: Ann <ann@example.org>,
\tbob@example.org
Bcc: hid@example.org,
  hid2@example.org
Subject: as  it   stands
Date: Wed, 25 Nov 2026 12:00:00 +0000
Message-ID: <mine@example.org>
X-Odd:value

body
"""


def test_a_ready_message_stays_as_it_is_but_for_bcc() -> None:
    outgoing = complete(READY, STAMP, from_header=True)
    assert outgoing.recipients == ("ann@example.org", "bob@example.org", "hid@example.org", "hid2@example.org")
    without = READY.replace(b"Bcc: hid@example.org,\n  hid2@example.org\n", b"")
    assert outgoing.octets == without.replace(b"\n", b"\r\n")


def test_what_is_missing_in_a_ready_message_is_added_at_the_top() -> None:
    outgoing = complete(b"Subject: hi\n\nx\n", STAMP, recipients=["ann@example.org"], from_header=True)
    message = parsed(outgoing.octets)
    assert (message["From"].addresses[0].addr_spec, message["Message-ID"]) == (STAMP.address, STAMP.message_id)
    assert message["Subject"] == "hi"
    assert message["To"] is not None
    assert content_of(outgoing.octets) == "x\n"


def test_a_text_without_a_header_gets_one() -> None:
    outgoing = complete(b"just a line\nand one\n", STAMP, recipients=["ann@example.org"], from_header=False)
    assert content_of(outgoing.octets) == "just a line\nand one\n"


def test_eight_bits_without_a_word_about_them_are_said_to_be_utf8() -> None:
    outgoing = complete("Subject: x\n\nGrüße\n".encode(), STAMP, recipients=["ann@example.org"], from_header=False)
    assert outgoing.needs_eight_bits
    assert not outgoing.needs_utf8
    assert content_of(outgoing.octets) == "Grüße\n"


def test_the_line_of_an_mbox_is_taken_off() -> None:
    outgoing = complete(b"From ted Mon Jan 1\nSubject: x\n\ny\n", STAMP, recipients=["a@b.org"], from_header=False)
    assert not outgoing.octets.startswith(b"From ted")
    assert parsed(outgoing.octets)["Subject"] == "x"


def test_a_message_that_is_sent_on_goes_to_its_resent_recipients() -> None:
    octets = b"Resent-To: new@example.org\n" + READY
    assert complete(octets, STAMP, from_header=True).recipients == ("new@example.org",)


def test_without_any_recipient_nothing_is_made() -> None:
    with pytest.raises(MessageFault, match="the message has no recipient"):
        complete(b"Subject: x\n\ny", STAMP, from_header=True)


@given(st.binary(max_size=300))
def test_any_octets_become_a_message_of_canonical_octets(octets: bytes) -> None:
    try:
        outgoing = complete(octets, STAMP, recipients=["ann@example.org"], from_header=True)
    except MessageFault:
        return
    made = outgoing.octets
    assert made.count(b"\r") == made.count(b"\n") == made.count(b"\r\n")
    assert b"\r\n\r\n" in made
