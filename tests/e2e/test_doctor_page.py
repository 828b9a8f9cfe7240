"""The doctor's page in a browser, light and dark, at three widths: all can be read, and nothing stands out."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Final

import pytest
from tests.doctor.toy import Toy
from tests.e2e.bed import run
from tests.e2e.test_explain_page import BROWSER, WIDTHS

from restante.client.server import Login
from restante.doctor import Level, Outcome, Patient, examine
from restante.doctor.page import as_html

pytestmark = pytest.mark.peer("chromium")

DARK: Final = 0
LIGHT: Final = 1
"""What `preferredColorScheme` calls them."""

LEAST_CONTRAST: Final = 4.5
"""Source: WCAG 2.2, 1.4.3."""

MEASURES: Final = """<!doctype html><body>{frames}<script>
const light = text => {{
  const parts = text.match(/[0-9.]+/g).map(Number);
  const [red, green, blue] = parts.slice(0, 3).map(part => part / 255)
    .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
  return .2126 * red + .7152 * green + .0722 * blue;
}};
const ground = element => {{
  const colour = getComputedStyle(element).backgroundColor;
  return colour == "rgba(0, 0, 0, 0)" && element.parentElement ? ground(element.parentElement) : colour;
}};
onload = () => {{
  for (const frame of [...document.querySelectorAll("iframe")]) {{
    const page = frame.contentDocument, told = document.createElement("p");
    let least = 99, texts = 0, where = "";
    for (const element of page.body.querySelectorAll("*")) {{
      if (![...element.childNodes].some(node => node.nodeType == 3 && node.data.trim())) continue;
      const pair = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
      const contrast = (pair[0] + .05) / (pair[1] + .05);
      texts += 1;
      if (contrast < least) {{ least = contrast; where = element.tagName; }}
    }}
    told.textContent = [frame.clientWidth, page.documentElement.scrollWidth, texts, least.toFixed(2), where,
      light(ground(page.body)) > .5 ? "light" : "dark"].join(" ");
    document.body.append(told);
  }}
}};
</script>"""


def page_with_all_kinds() -> str:
    """Make a page with findings of each level, what passed, what did not apply, and a kind that is known."""
    server = Toy(
        greeting=b"+OK Dovecot 2.3.19 " + b"w" * 120 + b" ready\r\n",
        answers={b"LIST 0": b"+OK 0 0\r\n", b"DOCTOR": b"+OK " + b"w" * 300 + b"\r\n"},
        locks=False,
    )
    patient = Patient(host="pop." + "a" * 60 + ".example.org", login=Login.by_password("ted", "SECRET"))
    examination = examine(patient, server)
    assert all(examination.of(Outcome.FAILED, level) for level in Level)
    assert examination.peculiarities
    return as_html(examination)


@pytest.mark.parametrize(("scheme", "name"), [(LIGHT, "light"), (DARK, "dark")], ids=["light", "dark"])
def test_all_of_the_page_can_be_read_and_nothing_stands_out(home: Path, scheme: int, name: str) -> None:
    made, page = page_with_all_kinds(), home / "measured.html"
    frame = '<iframe style="border:0;width:{}px;height:900px" srcdoc="{}"></iframe>'
    frames = "".join(frame.format(width, escape(made, quote=True)) for width in WIDTHS)
    page.write_text(MEASURES.format(frames=frames))
    shown = run(
        *(*BROWSER, f"--user-data-dir={home}/profile", "--hide-scrollbars", "--virtual-time-budget=5000"),
        *(f"--blink-settings=preferredColorScheme={scheme}", "--dump-dom", page.as_uri()),
        env={"HOME": str(home)},
    )
    assert shown.code == 0, shown.said
    told = re.findall(r"<p>([0-9]+) ([0-9]+) ([0-9]+) ([0-9.]+) (\w+) (\w+)</p>", shown.out.decode())
    assert [(int(inner), int(outer)) for inner, outer, *_ in told] == [(width, width) for width in WIDTHS]
    for _, _, texts, least, where, seen in told:
        assert int(texts) > 100
        assert float(least) >= LEAST_CONTRAST, where
        assert seen == name
