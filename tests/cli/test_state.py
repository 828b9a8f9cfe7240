"""`restante state`: out and in again, records of others, and what is said of lines that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.cli import main

GETMAIL = b"uid-1\x001700000000\nuid-2\x001700000001\n"


def test_records_come_in_go_out_and_come_in_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = tmp_path / "oldmail-pop.example.org-995-ted"
    records.write_bytes(GETMAIL)
    state, other, file = (str(tmp_path / name) for name in ("state", "other", "out.jsonl"))
    assert main(["state", "import", str(records), "--state", state]) == 0
    assert main(["state", "import", str(records), "--state", state]) == 0
    assert main(["state", "export", file, "--state", state]) == 0
    assert main(["state", "import", file, "--state", other]) == 0
    assert main(["state", "list", "--state", other]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ted@pop.example.org: took over 2 messages from getmail6",
        "ted@pop.example.org: took over 0 messages from getmail6, 2 known already",
        f"exported 2 messages to {file}",
        "ted@pop.example.org: took over 2 messages from an export",
        "ted@pop.example.org: 2 stored, fetched by getmail6",
    ]


def test_a_line_that_cannot_be_read_is_named_and_the_others_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "oldmail-pop.example.org-995-ted"
    records.write_bytes(b"nonsense\n" + GETMAIL)
    assert main(["state", "import", str(records), "--state", str(tmp_path / "state")]) == 1
    said = capsys.readouterr()
    assert "took over 2 messages" in said.out
    assert "line 1 cannot be read" in said.err


@pytest.mark.parametrize(
    ("name", "octets", "arguments", "code"),
    [
        ("a-copy", GETMAIL, (), 2),
        ("a-copy", GETMAIL, ("--maildrop", "nobody"), 2),
        ("letter", b"Dear Ted,\n", (), 1),
        ("out.jsonl", b'{"format": "restante fetch state", "version": 9}\n', (), 1),
    ],
)
def test_what_cannot_be_taken_over_is_told_with_what_to_do(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    octets: bytes,
    arguments: tuple[str, ...],
    code: int,
) -> None:
    (tmp_path / name).write_bytes(octets)
    command = ["state", "import", str(tmp_path / name), "--state", str(tmp_path / "state"), *arguments]
    assert main(command) == code
    assert capsys.readouterr().err.startswith("restante: ")


def test_a_destination_that_was_moved_has_its_new_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = ("--state", str(tmp_path / "state"))
    assert main(["state", "rename", "maildir:/a", "maildir:/b", *state]) == 0
    assert "0 messages are now known to be in maildir:/b" in capsys.readouterr().out
    assert main(["state", "rename", "maildir:/a", "nowhere", *state]) == 2
