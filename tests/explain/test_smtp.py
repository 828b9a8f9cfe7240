"""SMTP and LMTP told: what belongs to what, what is hidden, and how it is said in each language."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.explain.events import Show
from restante.explain.languages import ENGLISH, LANGUAGES, Language
from restante.explain.smtp.events import (
    Closed,
    CommandSent,
    MessageSent,
    Replied,
    SmtpEvent,
)
from restante.explain.smtp.narrate import SmtpNarrator
from restante.explain.smtp.phase import Phase
from restante.explain.smtp.phrases import SmtpLesson, SmtpPhrase
from restante.explain.smtp.reader import MOST_AWAITED, SmtpReader
from restante.explain.telling import Telling
from restante.explain.text_form import TextForm
from restante.explain.view import View
from restante.explain.wire import Reason, Side, WireObserver

each = pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.tag)

PLAIN = base64.b64encode(b"\0ted\0SECRET").decode()

SESSION = f"""
S: 220 mail.example.org ready
C: EHLO [127.0.0.1]
S: 250-mail.example.org
S: 250-SIZE 1000
S: 250 AUTH PLAIN LOGIN
C: AUTH PLAIN {PLAIN}
S: 235 2.7.0 Welcome ted
C: MAIL FROM:<ted@example.org> SIZE=120
S: 250 2.1.0 ok
C: RCPT TO:<xenia@example.org>
S: 250 2.1.5 ok
C: RCPT TO:<bob.x@example.org>
S: 550 5.1.1 no bob.x@example.org here
C: DATA
S: 354 go
C: Subject: the text of the message
C:
C: ..
C: .
S: 250 2.0.0 queued
C: QUIT
S: 221 bye
"""


def read(script: str, *, show: Show = Show.NOTHING) -> list[SmtpEvent]:
    """Read a session that is written down."""
    events: list[SmtpEvent] = []
    reader = SmtpReader(events.append, show=show)
    play(reader, script)
    return events


def play(observer: WireObserver, script: str) -> None:
    for line in script.strip().splitlines():
        side, _, text = line.partition(":")
        if side == "=tls":
            observer.secured("TLS", at_seconds=None)
        else:
            observer.octets(Side(side), text.removeprefix(" ").encode() + b"\r\n", at_seconds=None)
    observer.closed(Side.CLIENT, "", at_seconds=None)


def told(script: str, view: View = View.STORY, language: Language = ENGLISH) -> str:
    text: list[str] = []
    telling = Telling(TextForm(view, text.append, language=language, width=200), language=language)
    play(telling.smtp_session(), script)
    return "".join(text)


def replies(script: str) -> list[Replied]:
    return [event for event in read(script) if isinstance(event, Replied)]


class TestWhatBelongsToWhat:
    def test_each_reply_is_the_answer_to_its_command_pipelined_or_not(self) -> None:
        script = "S: 220 x\nC: MAIL FROM:<>\nC: RCPT TO:<a@b.example>\nC: DATA\nS: 250 a\nS: 550 b\nS: 503 c"
        answered = [(reply.to.verb if reply.to else None, reply.code) for reply in replies(script)]
        assert answered == [(None, 220), (b"MAIL", 250), (b"RCPT", 550), (b"DATA", 503)]

    def test_a_message_is_measured_without_its_stuffing_and_its_end(self) -> None:
        (message,) = [event for event in read(SESSION) if isinstance(event, MessageSent)]
        assert (message.octets, message.lines, message.is_complete) == (34 + 2 + 3, 3, True)

    def test_where_data_is_refused_there_is_no_message(self) -> None:
        events = read("S: 220 x\nC: DATA\nS: 554 no\nC: QUIT\nS: 221 bye")
        assert not any(isinstance(event, MessageSent) for event in events)
        assert [event.verb for event in events if isinstance(event, CommandSent)] == [b"DATA", b"QUIT"]

    def test_commands_within_a_message_are_none(self) -> None:
        events = read("S: 220 x\nC: DATA\nS: 354 go\nC: QUIT\nC: .\nS: 250 ok")
        assert [event.verb for event in events if isinstance(event, CommandSent)] == [b"DATA"]

    def test_lmtp_answers_for_each_recipient_that_was_taken(self) -> None:
        script = (
            "S: 220 x\nC: LHLO me\nS: 250 x\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@b.example>\nS: 250 ok\n"
            "C: RCPT TO:<c@b.example>\nS: 550 no\nC: RCPT TO:<d@b.example>\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\n"
            "C: .\nS: 250 for a\nS: 452 for d\nC: QUIT\nS: 221 bye"
        )
        assert [reply.code for reply in replies(script) if reply.for_message] == [250, 452]
        assert replies(script)[-1].to is not None

    def test_a_message_that_breaks_off_is_told_as_that(self) -> None:
        *_, message, closed = read("S: 220 x\nC: DATA\nS: 354 go\nC: half")
        assert isinstance(message, MessageSent)
        assert not message.is_complete
        assert isinstance(closed, Closed)

    def test_the_phases_follow_the_commands(self) -> None:
        phases = [event.state for event in read(SESSION)]
        assert [phase for at, phase in enumerate(phases) if phase not in phases[:at]] == list(Phase)

    def test_octets_may_come_in_any_pieces(self) -> None:
        whole = read(SESSION)
        events: list[SmtpEvent] = []
        reader = SmtpReader(events.append)
        for line in SESSION.strip().splitlines():
            for octet in line.partition(":")[2].removeprefix(" ").encode() + b"\r\n":
                reader.octets(Side(line[0]), bytes([octet]), at_seconds=None)
        reader.closed(Side.CLIENT, "", at_seconds=None)
        assert events == whole

    @given(st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=40)), max_size=40))
    def test_whatever_comes_it_does_not_raise_and_all_of_it_can_be_told(
        self, said: list[tuple[Side, bytes]]
    ) -> None:
        text: list[str] = []
        reader = Telling(TextForm(View.LESSON, text.append)).smtp_session()
        for side, octets in said:
            reader.octets(side, octets, at_seconds=None)
        reader.closed(None, Reason.LOST, at_seconds=None)
        assert all(character.isprintable() or character == "\n" for character in "".join(text))

    def test_what_waits_for_replies_is_bounded(self) -> None:
        reader = SmtpReader(lambda _: None)
        reader.octets(Side.CLIENT, b"NOOP\r\n" * (MOST_AWAITED + 50), at_seconds=None)
        assert len(reader._awaited) == MOST_AWAITED


class TestWhatIsHidden:
    @pytest.mark.parametrize("view", View)
    def test_credentials_local_parts_and_the_message_never_show(self, view: View) -> None:
        text = told(SESSION, view)
        for secret in (PLAIN, "SECRET", "ted", "xenia", "bob.x", "the text of the message"):
            assert secret not in text, secret
        assert "…@example.org" in text

    def test_lines_of_an_exchange_are_hidden_and_prompts_are_not(self) -> None:
        user, password = (base64.b64encode(word).decode() for word in (b"ted", b"SECRET"))
        script = f"S: 220 x\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: {user}\n"
        script += f"S: 334 UGFzc3dvcmQ6\nC: {password}\nS: 535 bad {password}"
        text = told(script, View.BOTH)
        assert "(Username:)" in text
        assert user not in text
        assert password not in text

    @pytest.mark.parametrize(
        "line", ["PASS SECRET", "SECRET", "AUTH SECRET", "VRFY SECRET", "MAIL SECRET", "RCPT TO: SECRET"]
    )
    def test_what_is_no_command_or_not_in_its_form_shows_nothing(self, line: str) -> None:
        assert "SECRET" not in told(f"S: 220 x\nC: {line}\nS: 500 what is {line}?", View.BOTH)

    def test_names_are_shown_where_that_is_asked_for(self) -> None:
        commands = [event for event in read(SESSION, show=Show.NAMES) if isinstance(event, CommandSent)]
        assert b"RCPT TO:<xenia@example.org>" in [command.line for command in commands]
        assert f"AUTH PLAIN {PLAIN}".encode() not in [command.line for command in commands]

    def test_the_null_reverse_path_and_an_address_without_domain(self) -> None:
        commands = [e for e in read("S: 220 x\nC: MAIL FROM:<>\nC: RCPT TO:<ted>") if isinstance(e, CommandSent)]
        assert [command.line for command in commands] == [b"MAIL FROM:<>", "RCPT TO:<…>".encode()]
        assert commands[0].is_null_path


class TestTheStory:
    def test_a_session_reads_as_a_conversation_in_the_parts_of_a_letter(self) -> None:
        lines = told(SESSION).splitlines()
        assert [line for line in lines if line.endswith(")") and not line.startswith((" ", "C", "S"))] == [
            "Greeting (GREETING)",
            "Envelope (ENVELOPE)",
            "Body (DATA)",
        ]
        for line in (
            "Server: Here I am. Does anybody bring mail?",
            "Server: Welcome. I can do this: SIZE 1000, AUTH PLAIN LOGIN",
            "Client: I bring a message of 120 octets. If it cannot be delivered, tell …@example.org.",
            "Server: For them I take nothing: “no …@example.org here”",
            "    (The message goes over the counter: 39 octets in 3 lines.)",
            "Server: I have it, and see to it from here on.",
            "    The counter closes. All is done.",
        ):
            assert line in lines

    def test_a_refusal_for_now_is_another_than_one_for_good(self) -> None:
        for code, words in ((450, "just now"), (550, "I take nothing")):
            assert words in told(f"S: 220 x\nC: RCPT TO:<a@b.example>\nS: {code} no")

    def test_a_session_that_breaks_off_says_what_that_means(self) -> None:
        text: list[str] = []
        reader = Telling(TextForm(View.STORY, text.append, width=200)).smtp_session()
        reader.closed(Side.SERVER, Reason.LOST, at_seconds=None)
        assert "What was not answered for was not handed in. (the connection was lost)" in "".join(text)

    def test_marks_tell_refusals_and_tls(self) -> None:
        text = told("S: 220 x\nC: STARTTLS\nS: 220 go\n=tls:\nC: EHLO me\nS: 550 no", View.WIRE)
        wire = [line for line in text.splitlines() if not line.startswith(("!!", "   "))]
        assert wire[-4:-1] == ["=== TLS TLS", "~>  EHLO me", "<~* 550 no"]

    @each
    def test_every_language_has_every_text_with_the_same_placeholders(self, language: Language) -> None:
        assert list(language.smtp_story) == list(SmtpPhrase)
        assert list(language.smtp_lessons) == list(SmtpLesson)
        for phrase in SmtpPhrase:
            assert placeholders(language.smtp_story[phrase]) == placeholders(ENGLISH.smtp_story[phrase]), phrase
        for lesson in SmtpLesson:
            assert not placeholders(language.smtp_lessons[lesson])

    @each
    def test_a_whole_session_is_told_in_every_language(self, language: Language) -> None:
        text = told(SESSION, language=language)
        assert "SIZE 1000" in text
        if language is not ENGLISH:
            assert "Here I am" not in text

    def test_a_lesson_comes_once(self) -> None:
        narrator = SmtpNarrator()
        lessons = [narrator.tell(event).lesson for event in read(SESSION)]
        learnt = [lesson for lesson in lessons if lesson is not None]
        assert len(learnt) == len(set(learnt)) >= 9


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
