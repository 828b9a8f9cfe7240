from __future__ import annotations

from os import terminal_size

import pytest

from restante.cli.talk_screen import Screenfuls
from restante.explain.events import Show
from restante.explain.languages import ENGLISH
from restante.explain.phrases import Phrase
from restante.explain.talk_phrases import TalkPhrase
from restante.explain.telling import Telling
from restante.explain.text_form import TextForm
from restante.explain.view import View
from restante.explain.wire import Side

USUAL = terminal_size((80, 24))
MORE = ENGLISH.talk[TalkPhrase.MORE_LINES] + "\n"


class Screen:
    """A talk that is shown: lines of the server go in, and what stands on the screen comes out."""

    def __init__(self, view: View = View.WIRE, *, size: terminal_size | None = USUAL) -> None:
        self.written: list[str] = []
        self.size = USUAL if size is None else size

        def form(view: View) -> TextForm:
            return TextForm(view, self.written.append, width=80)

        self.screen = Screenfuls(
            form(view),
            words=form(View.STORY) if view is View.BOTH else None,
            lines=None if view is View.STORY else form(View.WIRE),
            size=None if size is None else (lambda: self.size),
            write=self.written.append,
            language=ENGLISH,
        )
        telling = Telling(self.screen, show=Show.NAMES | Show.MESSAGES, in_turn=True)
        self.reader = telling.session()
        for said in (b"+OK\r\n", b"USER ted\r\n", b"+OK\r\n", b"PASS x\r\n", b"+OK\r\n"):
            self.reader.octets(Side.SERVER if said[:1] == b"+" else Side.CLIENT, said, at_seconds=None)

    def shows(self, message: bytes) -> list[str]:
        self.reader.octets(Side.CLIENT, b"RETR 1\r\n", at_seconds=None)
        self.written.clear()
        self.reader.octets(Side.SERVER, b"+OK\r\n" + message + b".\r\n", at_seconds=None)
        return self.written

    def more(self) -> list[str]:
        self.written.clear()
        assert self.screen.more()
        return self.written


def lines(count: int) -> bytes:
    return b"".join(b"line %d\r\n" % number for number in range(1, count + 1))


def test_a_long_message_stops_at_the_end_of_the_screen_and_more_goes_on_to_its_end() -> None:
    screen = Screen()
    shown = screen.shows(lines(40))
    assert shown[1:17] == [f"<-  line {number}\n" for number in range(1, 17)]
    assert shown[-3:] == ["<-  (24 more lines)\n", "<-  .\n", MORE]
    assert screen.more()[0] == "<-  line 17\n"
    assert screen.more()[-2:] == ["<-  line 40\n", "<-  .\n"]
    assert not screen.screen.more()


def test_lines_that_take_several_rows_count_as_such() -> None:
    shown = Screen().shows(b"x" * 300 + b"\r\n" + b"y" * 500 + b"\r\n" + b"z" * 500 + b"\r\n")
    assert [text[4:5] for text in shown if text[4:5] in "xyz"] == ["x", "y"]


def test_one_line_is_shown_however_long() -> None:
    assert any("x" in text for text in Screen().shows(b"x" * 5000 + b"\r\n" + lines(2)))


def test_a_short_message_is_shown_whole() -> None:
    screen = Screen()
    assert MORE not in screen.shows(lines(3))
    assert not screen.screen.more()


def test_where_there_is_no_screen_nothing_is_held_back() -> None:
    assert MORE not in Screen(size=None).shows(lines(400))


def test_an_answer_that_came_later_is_the_one_that_goes_on() -> None:
    screen = Screen()
    screen.shows(lines(40))
    screen.shows(lines(2))
    assert not screen.screen.more()


def test_a_story_holds_no_lines_back_since_it_shows_none() -> None:
    screen = Screen(View.STORY)
    assert MORE not in screen.shows(lines(400))
    assert not screen.screen.more()


def test_beside_the_story_a_message_has_the_whole_width() -> None:
    shown = Screen(View.BOTH).shows(b"x" * 70 + b"\r\n")
    assert "<-  " + "x" * 70 + "\n" in shown
    assert ENGLISH.say(Phrase.MESSAGE_CAME, octets=72, lines=1) in shown[1]


@pytest.mark.parametrize("view", [View.WIRE, View.LESSON, View.BOTH])
def test_what_is_hostile_in_a_message_is_written_out_in_each_screenful(view: View) -> None:
    screen = Screen(view)
    shown = screen.shows(b"\x1b[2J\r\n" * 40)
    while MORE in shown:
        assert not any("\x1b" in text for text in shown)
        shown = list(screen.more())
    assert not any("\x1b" in text for text in shown)


def test_a_window_that_was_made_narrower_is_kept_to() -> None:
    screen = Screen(View.BOTH)
    screen.size = terminal_size((50, 24))
    shown = screen.shows(lines(3))
    assert max(len(text) for text in shown) <= 51
