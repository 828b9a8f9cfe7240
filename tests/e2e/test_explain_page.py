"""The page of explain in a browser: it is shown, and nothing is asked for from elsewhere."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import pytest
from tests.e2e.bed import RESTANTE, run
from tests.explain.recorded import IN, LETTER
from tests.explain.told import TUTORIAL

pytestmark = pytest.mark.peer("chromium")

BROWSER = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-extensions"),
    # What the browser asks for on its own account finds nothing.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def test_the_page_is_shown_and_asks_for_nothing_from_elsewhere(home: Path) -> None:
    record, page, net = home / "record", home / "page.html", home / "net.json"
    evil = "S: -ERR <img src=http://evil.example/x><script src=http://evil.example/y></script>"
    record.write_text(f"{TUTORIAL}\n{TUTORIAL.replace('S: +OK message 1 deleted', evil)}")
    made = run(RESTANTE, "explain", "--html", record)
    assert made.code == 0, made.said
    page.write_bytes(made.out)
    shown = run(
        *(*BROWSER, f"--user-data-dir={home}/profile", f"--log-net-log={net}", "--dump-dom", page.as_uri()),
        env={"HOME": str(home)},
    )
    assert shown.code == 0, shown.said
    document = shown.out.decode()
    assert "Could not" not in document
    assert document.count("<section ") == 2
    # What a server said is text, not markup.
    assert "<script" not in document
    assert not re.search(r"<img", document)
    assert net.stat().st_size > 0
    assert "evil.example" not in net.read_text("utf-8", "replace")


WIDTHS = (320, 390, 1280)
"""Of a small phone, one of today, and a screen. WCAG 2.2, 1.4.10: nothing scrolls in two directions at 320."""

MEASURES = """<!doctype html><body>{frames}<script>
onload = () => document.querySelectorAll("iframe").forEach(frame => {{
  const page = frame.contentDocument, root = page.documentElement;
  page.querySelectorAll("details").forEach(one => one.open = true);
  const columns = row => getComputedStyle(row).gridTemplateColumns.split(" ").length;
  const most = Math.max(...[...page.querySelectorAll(".row")].map(columns));
  frame.outerHTML = `<p>${{root.clientWidth}} ${{root.scrollWidth}} ${{most}}</p>`;
}})</script>"""


def test_nothing_of_the_page_stands_out_at_the_side_on_any_screen(home: Path) -> None:
    record, page = home / "record", home / "measured.html"
    long = f"C: UIDL\nS: +OK\nS: 1 {'x' * 70}\nS: .\nC: NOOP {'y' * 300}\nS: -ERR {'z' * 300}\n"
    record.write_text(f"{IN.replace('=tls', '')}{LETTER}{long}")
    made = run(RESTANTE, "explain", "--html", record).out.decode()
    frame = '<iframe style="border:0;width:{}px;height:900px" srcdoc="{}"></iframe>'
    frames = "".join(frame.format(width, escape(made, quote=True)) for width in WIDTHS)
    page.write_text(MEASURES.format(frames=frames))
    shown = run(
        *(*BROWSER, f"--user-data-dir={home}/profile", "--hide-scrollbars", "--virtual-time-budget=5000"),
        *("--dump-dom", page.as_uri()),
        env={"HOME": str(home)},
    )
    assert shown.code == 0, shown.said
    measured = re.findall(r"<p>([0-9]+) ([0-9]+) ([0-9]+)</p>", shown.out.decode())
    # As wide as the screen, and one column or two.
    assert measured == [("320", "320", "1"), ("390", "390", "1"), ("1280", "1280", "2")]
