"""The command line as people and mail servers use it: the installed program, in processes of its own."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from tests.e2e.bed import RESTANTE, WAIT_SECONDS, Bed, Owner, Ran, run, until

CTRL_C = b"\x03"
RETYPE_SECONDS = 3

MESSAGE = b"From: ann@example.org\nSubject: tea\n\nAt four?\n.\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A person's own: a home, a data folder in it, and passwords hashed weakly."""
    return {
        "HOME": str(tmp_path),
        "RESTANTE_DATA": str(tmp_path / "data"),
        "RESTANTE_AUTH_HASH_MEMORY_KIB": "64",
        "RESTANTE_AUTH_HASH_PASSES": "1",
        "RESTANTE_HOSTNAME": "pop.example.org",
    }


@pytest.fixture
def restante(environment: Mapping[str, str]) -> Callable[..., Ran]:
    def call(*arguments: str | Path, given: bytes = b"") -> Ran:
        return run(RESTANTE, *arguments, given=given, env=environment)

    return call


def at_terminal(
    arguments: Sequence[str], typed: Sequence[bytes], environment: Mapping[str, str]
) -> tuple[int, bytes]:
    """Run a command on a terminal of its own, and type a line (or a key) at each prompt that ends in `: `."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(RESTANTE, [str(RESTANTE), *arguments], {**os.environ, **environment})
    seen, last, waiting, deadline = b"", b"", list(typed), time.monotonic() + WAIT_SECONDS
    try:
        while True:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([terminal], [], [], max(0, min(left, RETYPE_SECONDS)))
            if not ready and left > RETYPE_SECONDS:
                if last == CTRL_C:
                    # Python notes a signal that comes right before it reads, and reads: one types the key again.
                    os.write(terminal, last)
                continue
            assert ready, f"nothing more came after {seen!r}"
            try:
                octets = os.read(terminal, 4096)
            except OSError:  # what Linux says when nobody has the other end any more
                break
            if not octets:
                break
            seen += octets
            if seen.endswith(b": ") and waiting:
                last = waiting.pop(0)
                os.write(terminal, last)
                seen += b"<typed>"
    finally:
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), seen


def test_a_day_in_the_life(restante: Callable[..., Ran], tmp_path: Path) -> None:
    data = tmp_path / "data"
    added = restante("account", "add", "Ted", "--password-stdin", given=b"SECRET\n")
    assert added.code == 0, added.said
    assert data.stat().st_mode & 0o777 == 0o700

    for _ in range(2):
        delivered = restante("deliver", "-f", "ann@example.org", "--", "ted", given=MESSAGE)
        assert (delivered.code, delivered.said) == (0, "")
    file = tmp_path / "message"
    file.write_bytes(MESSAGE)
    assert restante("deliver", "ted", file).code == 0
    assert restante("deliver", "nobody", given=MESSAGE).code == 67

    listed = json.loads(restante("maildrop", "list", "ted", "--json").out)
    assert [message["number"] for message in listed["messages"]] == [1, 2, 3]
    assert restante("maildrop", "check").out == b"Ted: 3 messages, all is well\n"

    out = tmp_path / "out"
    assert restante("maildrop", "export", "ted", out).code == 0
    assert restante("maildrop", "export", "ted", tmp_path / "ted.mbox", "--format", "mbox").code == 0
    restante("account", "add", "ann", "--password-stdin", given=b"SECRET\n")
    taken = restante("maildrop", "import", "ann", out, "--unique-ids", out / "dovecot-uidlist")
    assert taken.code == 0, taken.said
    again = json.loads(restante("maildrop", "list", "ann", "--json").out)
    assert again["messages"] == listed["messages"]

    assert restante("account", "lock", "ted").code == 0
    assert restante("account", "apop", "ted", "--enable", "--password-stdin", given=b"SECRET\n").code == 0
    assert restante("account", "password", "ted", "--password-stdin", given=b"another\n").code == 0
    accounts = {account["name"]: account for account in json.loads(restante("account", "list", "--json").out)}
    assert (accounts["Ted"]["status"], accounts["Ted"]["apop"]) == ("locked", True)
    assert (accounts["ann"]["status"], accounts["ann"]["apop"]) == ("active", False)

    assert restante("account", "remove", "ted", "--yes", "--with-mail").code == 0
    assert not Path(accounts["Ted"]["folder"]).exists()
    assert restante("maildrop", "list", "ted").code == 1


def test_a_password_is_asked_for_twice_and_not_shown(environment: Mapping[str, str]) -> None:
    code, seen = at_terminal(["account", "add", "ted"], [b"S3CR3T\n", b"S3CR3T\n"], environment)
    assert code == 0, seen
    assert b"New password for ted: " in seen
    assert b"The same again: " in seen
    assert b"S3CR3T" not in seen
    code, seen = at_terminal(["account", "apop", "ted", "--enable"], [b"S3CR3T\n"], environment)
    assert code == 0, seen
    assert b"Password of ted: " in seen


def test_two_passwords_that_differ_make_no_account(
    environment: Mapping[str, str], restante: Callable[..., Ran]
) -> None:
    code, seen = at_terminal(["account", "add", "ted"], [b"S3CR3T\n", b"S3CRET\n"], environment)
    assert code == 1
    assert b"the two passwords differ, and nothing was changed" in seen
    assert restante("account", "list").out == b""


def test_ctrl_c_at_a_question_is_quiet(environment: Mapping[str, str], restante: Callable[..., Ran]) -> None:
    code, seen = at_terminal(["account", "add", "ted"], [CTRL_C], environment)
    assert code == 130
    assert b"Traceback" not in seen
    assert restante("account", "list").out == b""


def test_removing_asks(environment: Mapping[str, str], restante: Callable[..., Ran]) -> None:
    restante("account", "add", "ted", "--password-stdin", given=b"SECRET\n")
    code, seen = at_terminal(["account", "remove", "ted"], [b"n\n"], environment)
    assert code == 1
    assert b"Remove the account ted? [y/N]: " in seen
    assert b"nothing was changed" in seen
    code, seen = at_terminal(["account", "remove", "ted"], [b"y\n"], environment)
    assert (code, restante("account", "list").out) == (0, b""), seen


def test_a_reader_that_goes_away_is_no_fault(environment: Mapping[str, str], restante: Callable[..., Ran]) -> None:
    restante("account", "add", "ted", "--password-stdin", given=b"SECRET\n")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        ended = subprocess.run(
            [RESTANTE, "account", "list"],
            stdout=closed,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            timeout=WAIT_SECONDS,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == b""


def test_delivering_loads_no_toolkit(environment: Mapping[str, str], restante: Callable[..., Ran]) -> None:
    restante("account", "add", "ted", "--password-stdin", given=b"SECRET\n")
    program = (
        "import sys; from restante.cli import main; code = main(['deliver', 'ted']); "
        "print(sorted({'typer', 'rich', 'uvloop', 'textual', 'keyring'} & set(sys.modules))); sys.exit(code)"
    )
    ended = run(sys.executable, "-c", program, given=MESSAGE, env=environment)
    assert (ended.code, ended.out) == (0, b"[]\n"), ended.said


def test_a_file_of_settings_holds_for_each_command(environment: Mapping[str, str], tmp_path: Path) -> None:
    environment = {name: value for name, value in environment.items() if name != "RESTANTE_DATA"}
    elsewhere = tmp_path / "elsewhere"
    file = tmp_path / "restante.toml"
    file.write_text(f'data = "{elsewhere}"\n[delivery]\nmessage_octets = 65536\n')
    config = ["--config", str(file)]
    assert (
        run(RESTANTE, "account", "add", "ted", *config, "--password-stdin", given=b"S\n", env=environment).code == 0
    )
    assert (elsewhere / "accounts.sqlite3").is_file()
    assert run(RESTANTE, "deliver", "ted", *config, given=MESSAGE, env=environment).code == 0
    long = run(RESTANTE, "deliver", "ted", *config, given=b"x" * 65537, env=environment)
    assert long.code == 65, long.said
    file.write_text("[delivery]\nmesage_octets = 65536\n")
    wrong = run(RESTANTE, "maildrop", "list", "ted", *config, env=environment)
    assert wrong.code == 2
    assert wrong.said == (
        f"restante: {file}: key 'delivery.mesage_octets': no such setting; did you mean "
        "'delivery.message_octets'?\n"
    )


@pytest.mark.rule("S2")
def test_commands_beside_a_server_heed_its_sessions(bed: Bed) -> None:
    owner: Owner = bed.account(MESSAGE)
    with bed.pop3(owner) as session:
        listed = bed.cli("maildrop", "list", owner.name)
        assert listed.code == 75
        assert f"the maildrop of {owner.name} is in use" in listed.said
        # Since when and from where is told of a session that lasts, and this one does.
        whose = f"the maildrop of {owner.name} is in use since "
        said = until(
            "a session that is told", lambda: bed.cli("maildrop", "list", owner.name).said.partition(whose)[2]
        )
        assert ", from 127.0.0.1" in said
        session.ok("QUIT")
    assert bed.cli("maildrop", "list", owner.name).code == 0


@pytest.mark.rule("S8")
def test_a_running_server_heeds_the_command_line(bed: Bed) -> None:
    owner = bed.account(MESSAGE)
    assert bed.cli("account", "password", owner.name, "--password-stdin", given=b"another\n").code == 0
    with bed.pop3() as wire:
        wire.ok(f"USER {owner.name}")
        wire.send(b"PASS SECRET\r\n")
        assert wire.line().startswith(b"-ERR [AUTH]")
    assert len(bed.mail(Owner(name=owner.name, password="another"))) == 1
    assert bed.cli("account", "lock", owner.name).code == 0
    with bed.pop3() as wire:
        wire.ok(f"USER {owner.name}")
        wire.send(b"PASS another\r\n")
        assert wire.line().startswith(b"-ERR [AUTH]")


def test_the_demo_prints_where_it_listens_and_goes_away(environment: Mapping[str, str], tmp_path: Path) -> None:
    environment = {**environment, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    del environment["RESTANTE_DATA"]
    server = subprocess.Popen(
        [RESTANTE, "serve", "--demo", "--pop3", "127.0.0.1:0", "--smtp", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        assert server.stdout is not None
        lines = [server.stdout.readline(), server.stdout.readline()]
        assert [line.split()[:2] for line in lines] == [[b"listening", b"pop3"], [b"listening", b"smtp"]]
        assert [folder.name.startswith("restante-demo-") for folder in tmp_path.glob("restante-*")] == [True]
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=WAIT_SECONDS)
        assert b"Traceback" not in said
        assert list(tmp_path.glob("restante-*")) == []
    finally:
        server.kill()
        server.wait()
