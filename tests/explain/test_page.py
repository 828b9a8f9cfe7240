from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from tests.explain.told import TUTORIAL, pieces

from restante.explain.languages import LANGUAGES, Language
from restante.explain.page import MOST_EVENTS, PageForm
from restante.explain.page_style import STYLE
from restante.explain.telling import Telling

LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, for text."""


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def page(*scripts: str, language: Language = LANGUAGES["en"]) -> tuple[str, Read]:
    parts: list[str] = []
    telling = Telling(PageForm(parts.append, language=language), language=language)
    for script in scripts:
        reader = telling.session(excerpt=True)
        for side, octets in pieces(script):
            reader.octets(side, octets, at_seconds=None)
        reader.closed(None, "", at_seconds=None)
    telling.finish()
    read = Read()
    read.feed("".join(parts))
    return "".join(parts), read


def test_the_conversation_stands_beside_the_wire() -> None:
    html, read = page(TUTORIAL)
    assert "Message 1, please." in read.text
    assert "RETR 1" in read.text
    assert [tag for tag in read.tags if tag == "h3"] == ["h3"] * 3
    assert "SECRET" not in html


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.tag)
def test_nothing_on_the_page_is_from_elsewhere(language: Language) -> None:
    html, read = page(TUTORIAL, language=language)
    assert {"script", "img", "link", "iframe", "object", "embed", "base", "form"} & set(read.tags) == set()
    targets = [value for name, value in read.attributes if name in ("src", "href", "action", "data", "poster")]
    assert all(target.startswith("#") for target in targets)
    assert not re.search(r"url\(|@import|https?:", html)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in read.attributes
    assert ("lang", language.tag) in read.attributes


def test_what_is_said_is_text_and_no_markup() -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=y>'
    _, read = page(f"S: +OK {evil}\nC: NOOP {evil}\nS: -ERR {evil}\nC: CAPA\nS: +OK\nS: {evil}\nS: .")
    assert {"script", "img"} & set(read.tags) == set()
    assert evil in read.text


def test_findings_are_summed_up_and_can_be_reached() -> None:
    html, read = page(TUTORIAL)
    anchors = [value for name, value in read.attributes if name == "href"]
    ids = [value for name, value in read.attributes if name == "id"]
    assert anchors == [f"#{one}" for one in ids if one.startswith("f")] != []
    assert "Note · <a" in html
    assert "One thing stands out:" in html


def test_several_sessions_have_a_list_that_says_the_worst_of_each() -> None:
    html, _ = page(TUTORIAL, "S: +OK\nC: NOOP 1\nS: -ERR")
    contents = html.partition("<nav")[2].partition("</nav>")[0]
    assert re.findall('href="(#s[0-9])"', contents) == ["#s1", "#s2"]
    assert "The record does not say whether TLS was under this." in contents
    assert "NOOP came before the login" in contents
    assert {"id=s1", "id=s2"} == set(re.findall("id=s[0-9]", html))
    assert "<nav" not in page(TUTORIAL)[0]


def test_sessions_are_numbered_where_there_are_several() -> None:
    assert "Session 2" in page(TUTORIAL, TUTORIAL)[1].text
    assert "Session 1" not in page(TUTORIAL)[1].text


def test_the_page_is_bounded() -> None:
    html, _ = page("S: +OK\n" + "C: NOOP\nS: +OK\n" * MOST_EVENTS)
    assert html.count("class=row") == MOST_EVENTS
    assert f"… {MOST_EVENTS + 2:,}" in html


def schemes() -> list[dict[str, str]]:
    light, dark = STYLE.split("@media(prefers-color-scheme:dark)")
    return [dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", part.partition("*{")[0])) for part in (light, dark)]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", schemes(), ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "under"),
    [
        *(
            ("ink", under)
            for under in ("paper", "card", "client-card", "server-card", "trouble-card", "warning-card")
        ),
        *(("soft", under) for under in ("paper", "card", "wire", "trouble-card", "warning-card")),
        *(("client", "client-card"), ("server", "server-card"), ("ink", "wire"), ("trouble", "wire")),
    ],
)
def test_text_stands_out_from_what_is_under_it(colours: dict[str, str], text: str, under: str) -> None:
    light, dark = sorted((luminance(colours[text]), luminance(colours[under])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= LEAST_CONTRAST
