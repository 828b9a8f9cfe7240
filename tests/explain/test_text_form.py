from __future__ import annotations

import json

import pytest
from tests.explain.told import TUTORIAL, pieces

from restante.explain.columns import display_width
from restante.explain.json_form import JsonForm
from restante.explain.telling import Telling
from restante.explain.text_form import TextForm
from restante.explain.view import View


def shown(script: str, view: View = View.STORY, *, colour: bool = False, width: int = 100, label: str = "") -> str:
    text: list[str] = []
    telling = Telling(TextForm(view, text.append, colour=colour, width=width))
    reader = telling.session(label, excerpt=True)
    for side, octets in pieces(script):
        reader.octets(side, octets, at_seconds=None)
    reader.closed(None, "", at_seconds=None)
    telling.finish()
    return "".join(text)


def test_the_tutorial_of_1999_is_told_as_a_conversation_in_three_chapters() -> None:
    assert shown(TUTORIAL) == (
        """
Greeting (AUTHORIZATION)
Server: Here I am. Is anybody calling for mail?
Client: Hello! I have come for my mail. Here is my name.
Server: And the password?
Client: And here is my password.
!! The record does not say whether TLS was under this. If not, everybody on the way can read the
   password. [tls-not-recorded, RFC 8314 §3.1]
   What to do: Check that the client is set to SSL/TLS on port 995, or to STARTTLS. A capture
   shows it.
Server: Welcome! Your box is open, and nobody else may touch it until you go.

Body (TRANSACTION)
Client: Message 1, please.
Server: Here it comes.
    (The message goes over the counter. This record does not show it.)
Client: Put a mark on message 1: you need not keep it.
Server: Marked. It stays until you say good-bye.

Closing (UPDATE)
Client: That is all, thank you. Good-bye!
Server: Good-bye! The message that was marked is gone now.
    The counter closes. All is done.
"""
    )


def test_both_columns_stand_side_by_side() -> None:
    lines = shown(TUTORIAL, View.BOTH).splitlines()
    assert "Client: Message 1, please.                              -> RETR 1" in lines
    assert max(map(len, lines)) <= 100


def test_the_wire_has_marks_for_direction_and_refusal() -> None:
    wire = shown("S: +OK hi\nC: NOOP\nS: -ERR [AUTH] no", View.WIRE).splitlines()
    assert wire[:3] == ["<-  +OK hi", "->  NOOP", "<** -ERR [AUTH] no"]


def test_a_lesson_names_its_source_and_comes_once() -> None:
    lesson = shown(TUTORIAL.replace("C: QUIT", "C: DELE 2\nS: +OK\nC: QUIT"), View.LESSON)
    assert " ".join(lesson.split()).count("[RFC 1939 §5 (DELE)]") == 1


def test_colours_are_for_those_who_want_them() -> None:
    assert "\x1b[36mClient: Message 1, please.\x1b[0m" in shown(TUTORIAL, colour=True)
    assert "\x1b" not in shown(TUTORIAL)


def test_what_a_server_says_cannot_act_on_a_terminal() -> None:
    for view in View:
        text = shown("S: +OK\nC: NOOP\nS| -ERR \\x1b[2J\\x07\\xc2\\x9b\\xe2\\x80\\xae\\r\\n", view)
        assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize("view", View)
def test_no_line_is_wider_than_the_terminal(view: View) -> None:
    script = TUTORIAL.replace("+OK (120 octets)", "-ERR " + "很长的一句话" * 40 + " " + "x" * 300)
    text = shown(script, view, width=60, label="k3f9")
    # The wire is one line a line, so that it can be searched.
    assert view is View.WIRE or max(map(display_width, text.splitlines())) <= 60


def test_sessions_at_the_same_time_bear_their_labels() -> None:
    assert all(line.startswith("k3f9") for line in shown(TUTORIAL, View.WIRE, label="k3f9").splitlines())


def test_json_has_an_object_for_each_event() -> None:
    lines: list[str] = []
    telling = Telling(JsonForm(lines.append))
    reader = telling.session("a", excerpt=True)
    for side, octets in pieces(TUTORIAL):
        reader.octets(side, octets, at_seconds=1.5)
    objects = [json.loads(line) for line in lines]
    assert [one["event"] for one in objects[:3]] == ["greeted", "command_sent", "replied"]
    assert objects[1] | {"lesson": None} == {
        "session": 1,
        "label": "a",
        "event": "command_sent",
        "at_seconds": 1.5,
        "state": "AUTHORIZATION",
        "tls": False,
        "speaker": "client",
        "story": "Hello! I have come for my mail. Here is my name.",
        "lesson": None,
        "wire": [{"mark": "->", "text": "USER …"}],
        "findings": [],
    }
    assert [finding["id"] for one in objects for finding in one["findings"]] == ["tls-not-recorded"]
