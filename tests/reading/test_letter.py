from __future__ import annotations

import time
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.reading import Readable, readable, summary
from restante.reading.html import html_as_text
from restante.reading.mime import DEEPEST

HEADER = b"From: Ann <ann@example.org>\r\nSubject: tea\r\nMIME-Version: 1.0\r\n"


def message(kind: bytes, body: bytes, *more: bytes) -> Readable:
    lines = b"".join(line + b"\r\n" for line in more)
    return readable(HEADER + b"Content-Type: " + kind + b"\r\n" + lines + b"\r\n" + body)


def parted(subtype: bytes, *parts: bytes) -> bytes:
    return (
        b"Content-Type: multipart/" + subtype + b"; boundary=b\r\n\r\n"
        + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
        + b"--b--\r\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?= an alle", "Grüße an alle"),
        (b"=?utf-8?b?w7w=?= =?utf-8?b?w58=?=", "üß"),
        (b"=?utf-8?b?4pg=?=\r\n =?utf-8?b?lQ==?=", "☕"),
        (b"=?iso-8859-1*de?q?=FC?=", "ü"),
        (b"=?no-such?q?tea?=", "tea"),
        (b"=?utf-8?q?a b?=", "a b"),
        ("☕ bare".encode(), "☕ bare"),
        (b"caf\xe9", "café"),
        (b"=?utf-8?b?!!!?=", ""),
        (b"one\x1b[31mred\x07", r"one\x1b[31mred\x07"),
        ("a\u202egnp.exe".encode(), "a\\u202egnp.exe"),
    ],
)
def test_a_header_shows_what_was_meant_and_nothing_that_a_terminal_obeys(raw: bytes, text: str) -> None:
    assert summary(b"Subject: " + raw + b"\r\n\r\n").subject == text


def test_a_summary_tells_names_and_dates_and_leaves_out_what_is_no_date() -> None:
    told = summary(
        b'Received: by a; Tue, 03 Nov 2026 09:00:00 +0000\r\nFrom: "Ann B." <ann@example.org>\r\n'
        b"Date: Mon, 02 Nov 2026 09:00:00 +0100\r\n\r\n"
    )
    assert told.sender == "Ann B."
    assert told.date is not None
    assert told.arrived is not None
    assert (told.date.day, told.arrived.day) == (2, 3)
    assert summary(b"Date: 99 Foo 99999\r\n\r\n").date is None


def test_quoted_printable_base64_and_charsets_are_decoded() -> None:
    qp = b"Content-Transfer-Encoding: quoted-printable"
    assert message(b"text/plain; charset=iso-8859-1", b"caf=E9 =\r\nau lait\r\n", qp).text == "café au lait"
    coded = b64encode("Grüße".encode("utf-16-le"))
    base64 = b"Content-Transfer-Encoding: base64"
    assert message(b"text/plain; charset=utf-16-le", coded, base64).text == "Grüße"


def test_flowed_text_becomes_paragraphs() -> None:
    flowed = b"One \r\nparagraph.\r\n> quoted \r\n> twice\r\n\r\n-- \r\nAnn\r\n"
    assert message(b"text/plain; format=flowed", flowed).text == "One paragraph.\n> quoted twice\n\n--\nAnn"


def test_the_plain_alternative_is_shown_unless_it_is_empty_or_html_is_wished_for() -> None:
    html = b"Content-Type: text/html\r\n\r\n<p>rich</p>"
    both = HEADER + parted(b"alternative", b"Content-Type: text/plain\r\n\r\nplain", html)
    assert readable(both).text == "plain"
    assert readable(both, prefers_html=True).text == "rich"
    assert readable(HEADER + parted(b"alternative", b"Content-Type: text/plain\r\n\r\n \r\n", html)).text == "rich"
    assert readable(both).attached == ()


def test_what_is_attached_is_listed_with_name_type_and_octets() -> None:
    file = (
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; "
        b"filename*=utf-8''caf%C3%A9.png\r\n\r\nAAEC"
    )
    letter = readable(HEADER + parted(b"mixed", b"\r\nhello", file))
    assert letter.text == "hello"
    assert [(each.part.number, each.name, each.part.type, each.octets) for each in letter.attached] == [
        (2, "café.png", "image/png", 3)
    ]


def test_a_message_within_a_message_is_attached_under_its_subject() -> None:
    letter = readable(
        HEADER + parted(b"mixed", b"\r\nsee", b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx")
    )
    assert [each.name for each in letter.attached] == ["in"]


@pytest.mark.parametrize(
    ("octets", "shown", "remark"),
    [
        (b"no header at all\r\nnone", "no header at all\nnone", "no header"),
        (HEADER + b"Content-Type: multipart/mixed\r\n\r\nhm", "hm", "not what parts them"),
        (HEADER + b"Content-Type: multipart/mixed; boundary=x\r\n\r\nhm", "hm", "none is there"),
        (HEADER + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhm", "hm", "may have been cut"),
        (HEADER + b"Content-Type: text/plain; charset=klingon\r\n\r\nhm", "hm", "not known"),
        (HEADER + b"Content-Transfer-Encoding: rot13\r\n\r\nhm", "hm", "not known"),
        (HEADER + b'Content-Type: text/plain; charset=us-ascii; x="\r\n\r\nhm', "hm", ""),
    ],
)
def test_broken_mime_is_shown_as_far_as_it_goes_and_told(octets: bytes, shown: str, remark: str) -> None:
    letter = readable(octets)
    assert letter.text == shown
    assert remark in " ".join(letter.remarks)


def test_html_shows_its_text_and_where_its_links_lead_and_nothing_hidden() -> None:
    text, _ = html_as_text(
        "<style>p{}</style><script>evil()</script><p style='display:none'>secret</p>"
        "<p>Hello <a href='https://example.net/x'>example.org</a></p><img src='http://t.example/1' alt='a cat'>"
    )
    assert "Hello example.org [1]" in text
    assert "[1] https://example.net/x" in text
    assert "[a cat]" in text
    assert "secret" not in text
    assert "evil" not in text
    assert "t.example" not in text


def test_hostile_html_does_not_grow() -> None:
    wide = "<table>" + "<tr><td>a</td></tr>" * 2000 + f"<tr><td>{'b' * 100_000}</td></tr></table>"
    deep = "<ul><li>" * 500 + "x"
    for html in (wide, deep, "<p style='margin-top:99999999em'>x", "<div>" * 200_000, "<a href='"):
        text, _ = html_as_text(html)
        assert len(text) < 2 * len(html) + 1000


def test_depth_and_number_of_parts_are_bounded() -> None:
    nested = HEADER
    for level in range(3000):
        nested += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
    assert f"more than {DEEPEST} deep" in " ".join(readable(nested).remarks)
    many = HEADER + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5000
    assert "more than 1,000 parts" in " ".join(readable(many).remarks)


def test_the_time_of_parsing_is_linear_in_lines() -> None:
    def seconds(lines: int) -> float:
        octets = HEADER + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--c\r\n" * lines
        begun = time.process_time()
        readable(octets)
        return time.process_time() - begun

    seconds(1000)
    assert seconds(200_000) < 60 * max(seconds(20_000), 0.005)


PIECES = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b"Content-Type: ", b"multipart/mixed", b"text/html", b"; boundary=b", b"--b", b"--b--",
     b"charset=utf-16", b"=?utf-8?b?", b"?=", b"=", b"Content-Transfer-Encoding: base64", b"quoted-printable",
     b"\x1b[2J",
     b"<table><td>", b"<a href='x:", b"\x00", b"\xff", b"; name*0*=x'y'%zz", b"From: ", b"Subject: ", b": ", b" "]
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=8), max_size=40).map(b"".join))
def test_no_octets_break_the_reading_and_nothing_it_gives_moves_a_terminal(octets: bytes) -> None:
    letter = readable(octets)
    told = summary(octets)
    names = [each.name or "" for each in letter.attached]
    lines = [*letter.text.split("\n"), *(text for _, text in letter.all_fields), *letter.remarks, *names]
    for line in [*lines, told.sender, told.subject]:
        assert all(sign.isprintable() or sign in "\u200c\u200d" for sign in line), line
