"""HTML of a message as text: no network, no scripts, nothing that is hidden, links told by their addresses.

By lxml and inscriptis, which lay out what they are given without bound: a table's widest cell widens each of its
rows, margins are as large as a style says, lists go deeper and deeper. So they are given a tree of bounded size
with no styles, and tables only where these are small; the tables that newsletters are laid out with become lines.
Never fails: what cannot be laid out is given as bare text, with a remark.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml.html import HtmlElement

__all__ = ["html_as_text"]

MOST_CHARACTERS: Final = 1024 * 1024
MOST_ELEMENTS: Final = 30_000
DEEPEST: Final = 80
MOST_LINKS: Final = 200
LONGEST_LINK: Final = 300
MOST_CELLS: Final = 600
WIDEST_CELL: Final = 60

_DROPPED: Final = frozenset(
    {"head", "script", "style", "template", "noscript", "object", "embed", "iframe", "svg", "math", "title", "meta",
     "link", "base", "form-data", "audio", "video", "canvas", "select", "input", "button"}
)  # fmt: skip
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_BLOCKS: Final = frozenset({"p", "div", "ul", "ol", "table", "h1", "h2", "h3", "blockquote", "pre", "br"})
_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")
_TAG: Final = re.compile(r"<[^<>]*>")
_SHOWN_SCHEMES: Final = ("http:", "https:", "mailto:", "tel:", "ftp:")


def html_as_text(html: str) -> tuple[str, list[str]]:
    """Give the text of HTML, and remarks."""
    remarks: list[str] = []
    if len(html) > MOST_CHARACTERS:
        html = html[:MOST_CHARACTERS]
        remarks.append(f"its HTML has more than {MOST_CHARACTERS:,} characters; the rest is not shown")
    if not html.strip():
        return "", remarks
    try:
        tree = _tree(html)
        links = _simplified(tree)
        text = _laid_out(tree)
    except Exception:  # whatever lxml or inscriptis trips over
        remarks.append("its HTML could not be laid out, and is shown as bare text")
        return _TAG.sub(" ", html), remarks
    if links:
        text = text.rstrip() + "\n\nLinks:\n" + "\n".join(f"[{at}] {link}" for at, link in enumerate(links, 1))
    return _BLANK_LINES.sub("\n\n", text).strip("\n") + "\n", remarks


def _tree(html: str) -> HtmlElement:
    from lxml.html import HTMLParser, document_fromstring

    # NUL ends a text in C; surrogates cannot be handed over.
    html = html.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    # An encoding that the text names for itself was heeded or not by whoever decoded it.
    parser = HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    return document_fromstring(html.encode("utf-8"), parser=parser)


def _simplified(tree: HtmlElement) -> list[str]:
    """Take out what is not to be seen, number the links, and make lines of large tables. Gives the links."""
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    if len(elements) > MOST_ELEMENTS or _depth(tree) > DEEPEST:
        raise ValueError("more than is laid out")
    links: dict[str, int] = {}
    for element in elements:
        hidden = _HIDDEN.search(element.get("style", "")[:1000]) or "hidden" in element.attrib
        if (hidden or element.tag in _DROPPED) and element.getparent() is not None:
            element.drop_tree()
    for element in list(tree.iter()):
        href, alternative = element.get("href", ""), element.get("alt", "")
        element.attrib.clear()
        if element.tag == "a":
            _mark_link(element, href, links)
        elif element.tag == "img" and alternative.strip():
            element.tag = "span"
            element.text = f"[{' '.join(alternative.split())[:WIDEST_CELL]}]"
    for table in list(tree.iter("table")):
        if not _is_small(table):
            _into_lines(table)
    return list(links)


def _depth(tree: HtmlElement) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [below for element in level for below in element]
    return deepest


def _mark_link(element: HtmlElement, href: str, links: dict[str, int]) -> None:
    href = "".join(href.split())
    said = "".join((element.text_content() or "").split())
    if not href.lower().startswith(_SHOWN_SCHEMES) or not said:
        return
    if href in {said, f"mailto:{said}", f"tel:{said}"}:
        return
    if len(href) > LONGEST_LINK:
        href = href[:LONGEST_LINK] + "..."
    if href not in links and len(links) >= MOST_LINKS:
        return
    number = links.setdefault(href, len(links) + 1)
    mark = f" [{number}]"
    if len(element):
        element[-1].tail = (element[-1].tail or "") + mark
    else:
        element.text = (element.text or "") + mark


def _is_small(table: HtmlElement) -> bool:
    """Tell whether a table is one of figures or words, and not what a page is laid out with."""
    cells = list(table.iter("td", "th"))
    if len(cells) > MOST_CELLS or len(cells) < 4:
        return False
    for cell in cells:
        if any(below.tag in _BLOCKS for below in cell.iter() if below is not cell):
            return False
        if len(" ".join(cell.text_content().split())) > WIDEST_CELL:
            return False
    rows = list(table.iter("tr"))
    return all(sum(1 for cell in row if cell.tag in {"td", "th"}) <= 10 for row in rows)


def _into_lines(table: HtmlElement) -> None:
    for element in list(table.iter()):
        if element.tag == "table" and element is not table:
            continue
        if element.tag in {"table", "tbody", "thead", "tfoot", "tr", "caption"}:
            element.tag = "div"
        elif element.tag in {"td", "th"}:
            if any(below.tag in _BLOCKS for below in element.iter() if below is not element):
                element.tag = "div"
            else:
                element.tag = "span"
                element.tail = "  " + (element.tail or "")


def _laid_out(tree: HtmlElement) -> str:
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.html_engine import Inscriptis
    from inscriptis.model.config import ParserConfig

    text = Inscriptis(tree, ParserConfig(css=CSS_PROFILES["strict"])).get_text()
    return "\n".join(line.rstrip() for line in text.split("\n"))
