from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.reading import Part, readable, save
from restante.reading.saving import LONGEST_NAME_OCTETS, safe_name


def attached(name: str, octets: bytes = b"new") -> list[Part]:
    message = f'Content-Type: application/x; name="{name}"\r\n\r\n'.encode() + octets
    return [each.part for each in readable(message).attached]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\evil.exe", "evil.exe"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("..", "part-7.bin"),
        (None, "part-7.bin"),
        ("CON.txt", "_CON.txt"),
        ("a\x1b[31m\nb", "a_x1b_31m b"),
        ("Grüße ☕.txt", "Grüße ☕.txt"),
    ],
)
def test_names_are_made_safe(name: str | None, safe: str) -> None:
    assert safe_name(name, type="application/x", number=7) == safe


@given(st.text(max_size=300) | st.text("./\\-", max_size=20))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    safe = safe_name(name, type="text/plain", number=1)
    assert 0 < len(os.fsencode(safe)) <= LONGEST_NAME_OCTETS
    assert "/" not in safe
    assert not safe.startswith((".", "-"))
    assert safe.isprintable()


def test_nothing_that_is_there_is_touched_and_no_link_followed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"old")
    (folder / "a (2).txt").symlink_to(tmp_path / "outside")
    saved = save(attached("a.txt"), folder)
    assert [file.path.name for file in saved] == ["a (3).txt"]
    assert (folder / "a.txt").read_bytes() == b"old"
    assert not (tmp_path / "outside").exists()
    assert saved[0].path.read_bytes() == b"new"
