"""Live sessions that are joined midway, left out in part, or cut off with their process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from restante.explain.json_form import JsonForm
from restante.explain.languages import LANGUAGES
from restante.explain.telling import Telling
from restante.explain.text_form import TextForm
from restante.explain.view import View
from restante.explain.wire import Reason
from restante.observe import live as module
from restante.observe.live import Live
from restante.ports.events import Door, Outcome
from restante.proto.redact import HIDDEN

NOW = 1000.0


class Told:
    """A live telling, and what it has written."""

    def __init__(self, view: View = View.STORY) -> None:
        self._text: list[str] = []
        self.live = Live(Telling(TextForm(view, self._text.append, width=200)))

    def opened(self, session: str = "k3f9", *, door: Door = Door.POP3) -> None:
        self.live.opened(session, door=door, peer="203.0.113.5", secured=False, at=NOW)

    def joined(self, session: str = "k3f9", *, door: Door = Door.POP3, state: str = "TRANSACTION") -> None:
        self.live.joined(
            session, door=door, peer="203.0.113.5", state=state, secured=True, for_seconds=61, commands=3
        )

    def said(self, line: bytes, reply: bytes, session: str = "k3f9") -> None:
        self.live.command(session, line, at=NOW)
        self.live.replied(session, reply, len(reply) + 2, at=NOW)

    @property
    def lines(self) -> list[str]:
        return "".join(self._text).splitlines()


def test_where_a_client_comes_from_is_told() -> None:
    told = Told()
    told.opened()
    assert "k3f9     A client comes to the counter, from 203.0.113.5." in told.lines


def test_a_session_that_went_on_before_is_told_from_its_next_command_on() -> None:
    told = Told(View.WIRE)
    told.joined()
    told.live.replied("k3f9", b"+OK 120 octets", 145, at=NOW)
    assert told.lines == []
    told.said(b"DELE 1", b"+OK")
    assert told.lines == [
        "k3f9 === joined midway: after 61 s, commands so far: 3",
        "k3f9 ~>  DELE 1",
        "k3f9 <~  +OK",
    ]


def test_it_is_told_in_the_chapter_in_which_it_is() -> None:
    told = Told()
    told.joined()
    told.said(b"STAT", b"+OK 1 120")
    assert "k3f9 Body (TRANSACTION)" in told.lines


def test_nothing_is_judged_by_what_went_before() -> None:
    told = Told()
    told.joined()
    for line, reply in ((b"DELE 1", b"+OK"), (b"RETR 5", b"-ERR none"), (b"QUIT", b"+OK bye")):
        told.said(line, reply)
    told.live.ended("k3f9", Outcome.QUIT, at=NOW)
    assert not any("!!" in line for line in told.lines)


def test_a_password_whose_name_was_not_seen_is_not_called_out_of_place() -> None:
    told = Told()
    told.joined(state="AUTHORIZATION")
    told.said(b"PASS ...", b"-ERR wrong")
    assert not any("pass-without-user" in line for line in told.lines)


def test_the_rest_of_an_exchange_that_was_not_seen_is_passed_over() -> None:
    told = Told()
    told.joined(state="AUTHORIZATION")
    told.said(HIDDEN, b"+OK")
    assert told.lines == []


def test_one_that_ends_before_it_says_anything_is_not_told() -> None:
    told = Told()
    told.joined()
    told.live.ended("k3f9", Outcome.AUTOLOGOUT, at=NOW)
    assert told.lines == []


def test_a_message_that_comes_in_is_told_with_its_octets_and_without_its_text() -> None:
    told = Told(View.WIRE)
    told.opened(door=Door.SMTP)
    told.live.replied("k3f9", b"220 here ready", 16, at=NOW)
    told.said(b"EHLO there", b"250-here")
    told.live.command("k3f9", b"MAIL FROM:<ann@example.org>", at=NOW)
    told.live.replied("k3f9", b"250 2.1.0 ok", 14, at=NOW)
    told.said(b"RCPT TO:<ted@example.org>", b"250 2.1.5 ok")
    told.said(b"DATA", b"354 go")
    told.said(b"(message, 123 octets)", b"250 2.0.0 taken")
    told.said(b"QUIT", b"221 bye")
    told.live.ended("k3f9", Outcome.QUIT, at=NOW)
    assert [line.removeprefix("k3f9 ") for line in told.lines] == [
        "=== connected from 203.0.113.5",
        "<-  220 here ready",
        "->  EHLO there",
        "<-  250 here",
        "->  MAIL FROM:<…@example.org>",
        "<-  250 2.1.0 ok",
        "->  RCPT TO:<…@example.org>",
        "<-  250 2.1.5 ok",
        "->  DATA",
        "<-  354 go",
        "->  (a message, not shown, 123 octets)",
        "->  .",
        "<-  250 2.0.0 taken",
        "->  QUIT",
        "<-  221 bye",
        "=== closed by the server",
    ]


def test_a_session_of_lmtp_is_joined_midway_as_one_of_pop3_is() -> None:
    told = Told(View.WIRE)
    told.joined(door=Door.LMTP, state="ENVELOPE")
    told.said(b"RSET", b"250 ok")
    assert told.lines == [
        "k3f9 === joined midway: after 61 s, commands so far: 3",
        "k3f9 ~>  RSET",
        "k3f9 <~  250 ok",
    ]


def test_one_that_is_told_already_is_not_joined_again() -> None:
    told = Told()
    told.opened()
    told.joined()
    told.said(b"CAPA", b"+OK")
    assert not any("gone on" in line for line in told.lines)


@pytest.mark.parametrize(("count", "words"), [(1, "One event was not shown"), (312, "312 events were not shown")])
def test_what_was_left_out_is_told_and_each_session_goes_on_from_its_next_command(count: int, words: str) -> None:
    told = Told()
    told.opened()
    told.said(b"LIST", b"+OK")
    told.live.missed(count)
    told.live.replied("k3f9", b"+OK to something else", 20, at=NOW)
    told.said(b"NOOP", b"+OK")
    text = "\n".join(told.lines)
    assert words in text
    assert "something else" not in text
    assert "This session was under way already; from here on it is told." in text


@pytest.mark.parametrize("door", [Door.SMTP, Door.LMTP])
def test_what_is_wrong_with_mail_that_comes_in_is_said(door: Door) -> None:
    told = Told()
    told.opened(door=door)
    for line, answer in (
        (None, b"220 x ESMTP"),
        (b"EHLO me", b"250-x"),
        (b"MAIL FROM:<ann@away.example>", b"250 2.1.0 ok"),
        (b"RCPT TO:<bob@else.example>", b"550 5.7.1 Relaying denied"),
    ):
        if line is not None:
            told.live.command("k3f9", line, at=NOW)
        told.live.replied("k3f9", answer, len(answer) + 2, at=NOW)
    told.live.ended("k3f9", Outcome.AUTOLOGOUT, at=NOW)
    text = "\n".join(told.lines)
    assert "[smtp-relay-denied, RFC 5321" in text
    assert "[smtp-timed-out, RFC 5321" in text


def test_in_json_it_is_an_object_with_the_keys_of_an_event() -> None:
    lines: list[dict[str, Any]] = []
    live = Live(Telling(JsonForm(lambda text: lines.append(json.loads(text)))))
    live.opened("k3f9", door=Door.POP3, peer="203.0.113.5", secured=False, at=NOW)
    live.missed(2)
    assert [line["event"] for line in lines] == ["connected", "missed"]
    assert lines[1]["count"] == 2
    assert lines[0].keys() == lines[1].keys() - {"count"}


def test_the_sessions_of_a_process_that_is_gone_are_over() -> None:
    told = Told()
    told.opened()
    told.joined("m2")
    told.live.gone(at=NOW)
    lines = told.lines
    assert any(line.endswith("(the server’s process ended)") for line in lines)
    told.said(b"NOOP", b"+OK")
    assert told.lines == lines


def test_sessions_whose_end_is_never_told_do_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SESSIONS", 3)
    told = Told()
    for number in range(10):
        told.joined(f"s{number}")
    assert list(told.live._sessions) == ["s7", "s8", "s9"]


@pytest.mark.parametrize("outcome", Outcome)
def test_every_end_is_told(outcome: Outcome) -> None:
    told = Told(View.WIRE)
    told.opened()
    told.live.ended("k3f9", outcome, at=NOW)
    told.live.replied("k3f9", b"+OK", 5, at=NOW)
    assert any(line.startswith("k3f9 === closed by the") for line in told.lines)


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
@pytest.mark.parametrize("reason", Reason)
def test_reasons_of_an_end_are_told_in_the_language_of_the_telling(reason: Reason, tag: str) -> None:
    text, language = list[str](), LANGUAGES[tag]
    reader = Telling(TextForm(View.STORY, text.append, language=language, width=300), language=language).session()
    reader.closed(None, f"{reason}: bad record mac", at_seconds=None)
    told = "".join(text)
    assert "bad record mac" in told
    assert f"({reason}: " not in told
