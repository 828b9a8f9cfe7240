"""`restante list`, `read`, `peek` and `delete` as a newcomer runs them: against our server, over a real socket."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.e2e.bed import RESTANTE, Bed, Owner, Ran, run

PARTS = (
    b"From: =?utf-8?q?Bj=C3=B6rn?= <b@example.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Date: Mon, 02 Nov 2026 09:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b'Caf=C3=A9\x1b[2J\r\n--x\r\nContent-Type: image/png; name="../a.png"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--x--\r\n"
)


@pytest.fixture
def ted(bed: Bed) -> Owner:
    owner = bed.account()
    bed.deliver(owner, b"From: ann@example.org\r\nSubject: tea\r\n\r\nAt four?\r\n", PARTS)
    return owner


def ask(bed: Bed, owner: Owner, command: str, *arguments: str) -> Ran:
    server = ("--server", f"127.0.0.1:{bed.port('pop3')}", "--security", "plain", "--user", owner.name)
    secret = ("--password-command", f"printf %s {owner.password}")
    return run(RESTANTE, command, *arguments, *server, *secret)


def listed(bed: Bed, owner: Owner) -> list[dict[str, object]]:
    ran = ask(bed, owner, "list", "--json")
    assert ran.code == 0, ran.said
    messages: list[dict[str, object]] = json.loads(ran.out)["messages"]
    return messages


def test_list_shows_decoded_headers_and_says_what_it_left_out(bed: Bed, ted: Owner) -> None:
    told = listed(bed, ted)
    assert [(each["number"], each["subject"]) for each in told] == [(1, "tea"), (2, "Grüße")]
    ran = ask(bed, ted, "list", "--limit", "1")
    assert "Björn  Grüße" in ran.out.decode()
    assert b"tea" not in ran.out
    assert b"the newest 1 of 2 messages" in ran.err
    assert ask(bed, ted, "list", "--since", "9999-01-01").out == b""


def test_read_shows_the_text_and_lists_and_saves_what_is_attached(bed: Bed, ted: Owner, tmp_path: Path) -> None:
    shown = ask(bed, ted, "read", "2").out.decode()
    assert "From: Björn <b@example.org>" in shown
    assert "Café\\x1b[2J" in shown
    assert "[part 2] ../a.png, image/png, 3 octets" in shown
    assert ask(bed, ted, "read", "2", "--part", "2").out == b"\0\1\2"
    assert ask(bed, ted, "read", "2", "--raw").out.endswith(PARTS)
    assert ask(bed, ted, "read", "2", "--save", str(tmp_path / "in")).code == 0
    assert [(file.name, file.read_bytes()) for file in (tmp_path / "in").iterdir()] == [("a.png", b"\0\1\2")]
    assert len(listed(bed, ted)) == 2


def test_peek_gives_headers_and_lines(bed: Bed, ted: Owner) -> None:
    ran = ask(bed, ted, "peek", "1", "0")
    assert ran.out.endswith(b"Subject: tea\r\n\r\n")
    assert ask(bed, ted, "peek", "1", "1").out.endswith(b"At four?\r\n")


def test_delete_shows_what_goes_and_asks_for_yes(bed: Bed, ted: Owner) -> None:
    refused = ask(bed, ted, "delete", "1")
    assert refused.code == 2
    assert b"--yes" in refused.err
    wanted = str(listed(bed, ted)[0]["unique_id"])
    ran = ask(bed, ted, "delete", "--yes", wanted)
    assert ran.code == 0, ran.said
    assert b"tea" in ran.out
    assert b"gone: 1 message" in ran.out
    assert [each["subject"] for each in listed(bed, ted)] == ["Grüße"]
    again = ask(bed, ted, "delete", "--yes", wanted)
    assert again.code == 2
    assert b"no message" in again.err


def test_explain_tells_the_session_on_standard_error_without_secrets(bed: Bed, ted: Owner) -> None:
    ran = ask(bed, ted, "list", "--explain", "wire")
    assert ran.code == 0
    assert b"CAPA" in ran.err
    assert b"CAPA" not in ran.out
    assert ted.password.encode() not in ran.err


def test_each_phase_has_its_exit_code_and_one_line(bed: Bed, ted: Owner) -> None:
    wrong = run(
        RESTANTE, "list", "--server", f"127.0.0.1:{bed.port('pop3')}", "--security", "plain", "--user", ted.name,
        "--password-command", "echo wrong",
    )  # fmt: skip
    assert (wrong.code, wrong.err.count(b"\n")) == (5, 1)
    nobody = run(RESTANTE, "list", "--server", "127.0.0.1:1", "--user", "ted", "--password-command", "echo x")
    assert (nobody.code, nobody.err.count(b"\n")) == (3, 1)
    assert ask(bed, ted, "read", "9").code == 2


def test_fetch_tells_its_session_too(bed: Bed, ted: Owner) -> None:
    ran = ask(
        bed, ted, "fetch", "--to", "-", "--state", str(bed.folder / f"{ted.name}.sqlite3"), "--explain", "wire"
    )
    assert ran.code == 0, ran.said
    assert b"At four?" in ran.out
    assert f"{ted.name}@127.0.0.1 ->  CAPA".encode() in ran.err
    assert ted.password.encode() not in ran.err
