"""The page of explain in a browser: it is shown, and nothing is asked for from elsewhere."""

from __future__ import annotations

import re
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
    assert document.count("<section>") == 2
    # What a server said is text, not markup.
    assert "<script" not in document
    assert not re.search(r"<img", document)
    assert net.stat().st_size > 0
    assert "evil.example" not in net.read_text("utf-8", "replace")


def test_a_screenshot_has_the_height_of_the_page_on_a_phone(home: Path) -> None:
    record, page, shot = home / "record", home / "page.html", home / "shot.png"
    record.write_text(f"{IN.replace('=tls', '')}{LETTER}")
    page.write_bytes(run(RESTANTE, "explain", "--html", record).out)
    ran = run(
        *(*BROWSER, f"--user-data-dir={home}/profile", "--window-size=390,900", f"--screenshot={shot}"),
        page.as_uri(),
        env={"HOME": str(home)},
    )
    assert ran.code == 0, ran.said
    assert shot.read_bytes().startswith(b"\x89PNG")
