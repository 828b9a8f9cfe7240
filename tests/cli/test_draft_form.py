"""A draft as a text, and what a reply takes from mail that anybody may have written. RFC 5322 §3.6.3 to §3.6.5."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.cli.draft_form import (
    MOST_ANSWERED,
    draft_of,
    draft_text,
    forward_draft,
    reply_all_draft,
    reply_draft,
)
from restante.reading import readable
from restante.submission import Draft, MessageFault, Stamp, compose

STAMP = Stamp(address="ted@example.org", display_name="Ted", now=datetime(2026, 1, 1, tzinfo=UTC), unique="abc")


def reply(*fields: bytes, text: bytes = b"Hi\r\n") -> Draft:
    return reply_draft(readable(b"\r\n".join(fields) + b"\r\n\r\n" + text))


def test_a_draft_comes_back_from_its_text_as_it_was() -> None:
    draft = Draft(
        to=("Ann <ann@example.org>, bob@example.org",), cc=("eve@example.org",), subject="a: b", body="x\n\ny\n"
    )
    assert draft_of(draft_text(draft), draft) == draft


def test_a_folded_field_and_a_bcc_are_read() -> None:
    draft = draft_of("To: ann@example.org,\n bob@example.org\nBCC: eve@example.org\n\nHi", Draft())
    assert (draft.to, draft.bcc, draft.body) == (
        ("ann@example.org, bob@example.org",), ("eve@example.org",), "Hi\n",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["Hello Ann\n\nyes", "From: eve@example.org\n\nyes", " x\n\ny"])
def test_what_is_no_field_of_a_draft_is_told(text: str) -> None:
    with pytest.raises(MessageFault, match="empty line before the text"):
        draft_of(text, Draft())


def test_reply_to_comes_before_from() -> None:
    assert reply(b"From: a@example.org", b"Reply-To: list@example.org").to == ("list@example.org",)
    assert reply(b"From: a@example.org", b"Reply-To: nonsense here").to == ("a@example.org",)
    assert reply(b"Subject: x").to == ()


def test_a_name_in_an_encoded_word_becomes_no_recipient() -> None:
    draft = reply(b"From: =?utf-8?q?Ann=2C_eve=40evil=2Eexample=2C?= <ann@example.org>")
    again = draft_of(draft_text(draft) + "x", draft)
    assert compose(again, STAMP).recipients == ("ann@example.org",)


@pytest.mark.parametrize(
    ("subject", "answered"),
    [
        (b"tea", "Re: tea"),
        (b"RE: tea", "RE: tea"),
        (b"=?utf-8?q?a=0D=0ABcc=3A_e=40x?=", "Re: a Bcc: e@x"),
        (b"", "Re:"),
    ],
)
def test_the_subject_is_answered_once_and_stays_on_its_line(subject: bytes, answered: str) -> None:
    assert reply(b"Subject: " + subject).subject == answered


def test_the_thread_goes_on() -> None:
    parents = b" ".join(b"<%d@x>" % number for number in range(40))
    draft = reply(b"Message-ID: <own@x>", b"References: " + parents, b"In-Reply-To: <39@x>")
    assert draft.in_reply_to == "<own@x>"
    assert len(draft.references) == 20
    assert (draft.references[0], draft.references[-2:]) == ("<0@x>", ("<39@x>", "<own@x>"))
    assert reply(b"Message-ID: <own@x>", b"In-Reply-To: <p@x>").references == ("<p@x>", "<own@x>")
    assert reply(b"Message-ID: nonsense", b"References: <p@x>").references == ()


def test_a_long_message_id_goes_out_as_it_is() -> None:
    long = "<" + "a" * 300 + "@x>"
    draft = reply(b"From: a@example.org", b"Message-ID: " + long.encode())
    message = message_from_bytes(compose(draft, STAMP).octets, policy=SMTP)
    assert message["In-Reply-To"].strip() == message["References"].strip() == long


def test_a_thread_that_is_no_thread_is_refused() -> None:
    with pytest.raises(MessageFault):
        compose(Draft(to=("a@example.org",), in_reply_to="<x@y>\r\nBcc: e@x"), STAMP)


def test_quotes_are_quoted_again() -> None:
    draft = reply(b"From: a@example.org", text=b"one\r\n> two\r\n\r\nthree\r\n")
    assert draft.body == "a@example.org wrote:\n> one\n>> two\n>\n> three\n"


@given(st.binary(max_size=300))
def test_whatever_is_answered_gives_a_text_for_an_editor(octets: bytes) -> None:
    for field in (b"From: ", b"Reply-To: ", b"Subject: ", b"References: ", b""):
        draft = reply_draft(readable(field + octets))
        text = draft_text(draft)
        assert all(sign.isprintable() or sign in "\n\u200c\u200d" for sign in text)
        assert draft_of(text, draft).subject == draft.subject.strip()


def test_an_answer_to_all_goes_to_the_sender_and_to_each_of_the_others_once_but_not_to_oneself() -> None:
    letter = readable(
        b"From: Ann <ann@example.org>\r\nTo: TED@example.org, Bob <bob@example.org>, ann@example.org\r\n"
        b"Cc: bob@EXAMPLE.org, eve@example.org\r\nMessage-ID: <1@x>\r\n\r\nHi\r\n"
    )
    draft = reply_all_draft(letter, "ted@example.org")
    assert draft.to == ("Ann <ann@example.org>",)
    assert draft.cc == ("Bob <bob@example.org>", "eve@example.org")
    assert draft.in_reply_to == "<1@x>"


def test_an_answer_to_all_reaches_no_crowd_and_no_nonsense() -> None:
    many = b", ".join(b"u%d@example.org" % number for number in range(300))
    letter = readable(b"From: a@example.org\r\nTo: nonsense here\r\nCc: " + many + b"\r\n\r\nHi\r\n")
    assert len(reply_all_draft(letter, "ted@example.org").cc) == MOST_ANSWERED


def test_a_message_is_sent_on_with_its_text_its_header_and_what_is_attached() -> None:
    letter = readable(
        b"From: Ann <ann@example.org>\r\nSubject: plan\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nSee there.\r\n--x\r\n"
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=../plan.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--x--\r\n"
    )
    draft = forward_draft(letter)
    assert (draft.to, draft.subject) == ((), "Fwd: plan")
    assert "From: Ann <ann@example.org>\nSubject: plan\n\nSee there.\n" in draft.body
    assert [(each.name, each.octets) for each in draft.attachments] == [("plan.pdf", b"%PDF")]
    again = draft_of(draft_text(draft).replace("To: ", "To: eve@example.org"), draft)
    assert b"JVBERg==" in compose(again, STAMP).octets
    assert forward_draft(readable(b"Subject: FW: plan\r\n\r\n")).subject == "FW: plan"
