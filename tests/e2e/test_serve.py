"""`restante serve`: the demo that a newcomer copies from, systemd, stopping, workers, wrong settings, the log."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.bed import (
    QUICK,
    RESTANTE,
    WAIT_SECONDS,
    Bed,
    Owner,
    Wire,
    assert_is_delivery_of,
    canonical,
    run,
    until,
)
from tests.e2e.corpus import MULTIPART, PLAIN
from tests.e2e.faults import traced

TED = Owner(name="Ted", password="SECRET")


def demo() -> Bed:
    return Bed(doors=("pop3", "pop3s", "smtp"), options=["--demo", "--log-format", "text"])


def lines_to_copy(bed: Bed) -> list[str]:
    """Give the lines that the demo prints for copying: those that are indented, and come after its doors."""

    def printed() -> list[str] | None:
        lines = [line.strip() for line in bed.printed.read_text().splitlines() if re.match(r"  +\S", line)]
        return lines[:4] if len(lines) >= 4 else None

    return until("the lines to copy", printed)


@pytest.mark.peer("curl")
def test_the_first_line_of_the_demo_reads_the_mail() -> None:
    with demo() as bed:
        reading, *_ = lines_to_copy(bed)
        ran = run("sh", "-c", reading)
        assert ran.code == 0, ran.said
        assert ran.out == bed.mail(TED)[0]


@pytest.mark.peer("curl")
def test_the_second_line_of_the_demo_sends_a_message_that_can_be_read() -> None:
    with demo() as bed:
        reading, sending, *_ = lines_to_copy(bed)
        ran = run("sh", "-c", sending)
        assert ran.code == 0, ran.said
        assert len(bed.mail(TED)) == 4
        ran = run("sh", "-c", re.sub(r"/1\b", "/4", reading))
        assert b"Subject: " in ran.out
        assert ran.out == bed.mail(TED)[3]


def test_the_third_line_of_the_demo_leads_through_a_session_by_hand() -> None:
    with demo() as bed:
        _, _, by_hand, _ = lines_to_copy(bed)
        ran = run("sh", "-c", by_hand, given=b"USER Ted\nPASS SECRET\nRETR 1\nDELE 1\nQUIT\n")
        assert ran.code == 0, ran.said
        assert ran.out.count(b"+OK") >= 6
        assert b"-ERR" not in ran.out.partition(b"Type: STAT")[2]
        assert b"| Step 3 of 10." in ran.out
        assert len(bed.mail(TED)) == 2


def test_the_last_line_of_the_demo_watches_its_sessions() -> None:
    with demo() as bed:
        *_, watching = lines_to_copy(bed)
        watcher = subprocess.Popen(["sh", "-c", f"exec {watching}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with watcher:
            try:
                assert watcher.stderr is not None
                assert b"watching" in watcher.stderr.readline()
                with bed.pop3() as wire:
                    wire.ok("QUIT")
            finally:
                bed.stop()
                told, _ = watcher.communicate(timeout=WAIT_SECONDS)
        assert b"QUIT" in told


@pytest.mark.peer("nc")
def test_a_session_by_hand_needs_no_program_of_ours() -> None:
    with demo() as bed:
        ran = run(
            "nc", "-C", "127.0.0.1", str(bed.port("pop3")), given=b"USER Ted\nPASS SECRET\nRETR 1\nDELE 1\nQUIT\n"
        )
        assert ran.code == 0, ran.said
        answers = ran.out.split(b"\r\n")
        assert [line for line in answers if line.startswith(b"-ERR")] == []
        assert sum(line.startswith(b"+OK") for line in answers) == 6
        assert len(bed.mail(TED)) == 2


@pytest.mark.rule("C6", "L7")
def test_the_messages_of_the_demo_come_back_as_they_are() -> None:
    from restante.demo import DEMO_MESSAGES

    with demo() as bed:
        mail = bed.mail(TED)
        with bed.pop3(TED) as wire:
            stuffed = raw_retrieval(wire, 3)
            wire.ok("QUIT")
    assert mail == [canonical(message) for message in DEMO_MESSAGES]
    _, parts, dots = mail
    assert b"multipart/" in parts
    assert b"attachment" in parts
    assert max(parts.partition(b"\r\n\r\n")[2]) > 0x7F, "raw UTF-8 in the body"
    assert b"\r\n.\r\n" in dots
    assert max(map(len, dots.split(b"\r\n"))) == 5000
    assert stuffed.count(b"\r\n..") == dots.count(b"\r\n.")


def raw_retrieval(wire: Wire, number: int) -> bytes:
    """Give a RETR answer as it is on the wire, stuffed, without the terminating line."""
    wire.ok(f"RETR {number}")
    octets = b""
    while (line := wire.line()) != b".\r\n":
        octets += line
    return octets


def test_the_demo_shows_each_session_and_no_password() -> None:
    with demo() as bed:
        copied = "\n".join(lines_to_copy(bed))
        with bed.pop3() as wire:
            wire.ok("USER Ted")
            wire.say("PASS NOT-THE-SECRET")
            wire.ok("USER Ted")
            wire.ok("PASS SECRET")
            wire.ok("NOOP")
            wire.ok("QUIT")
        bed.stop()
        shown = bed.printed.read_text() + bed.logged()
    for word in ("USER", "PASS", "NOOP", "QUIT", "+OK", "-ERR"):
        assert word in shown
    assert "NOT-THE" not in shown
    assert shown.count("SECRET") == copied.count("SECRET") == 1


@pytest.mark.rule("S2")
def test_the_lock_holds_between_workers() -> None:
    with Bed(workers=2) as bed:
        owner = bed.account(PLAIN)
        assert len(children_of(bed.pid)) == 2

        def refusals() -> list[bytes]:
            said = []
            for _ in range(8):
                with bed.pop3() as wire:
                    wire.ok(f"USER {owner.name}")
                    said.append(wire.say(f"PASS {owner.password}"))
            assert all(each.startswith(b"-ERR [IN-USE]") for each in said)
            return said

        with bed.pop3(owner) as holder:
            refusals()
            until("both to tell from where", lambda: all(b" 127.0.0.1" in each for each in refusals()))
            holder.ok("QUIT")
        for _ in range(8):
            assert len(bed.mail(owner)) == 1


def test_a_worker_that_dies_is_replaced() -> None:
    with Bed(workers=2) as bed:
        owner = bed.account(PLAIN)
        victim = children_of(bed.pid)[0]
        os.kill(victim, signal.SIGKILL)
        until("a new worker", lambda: victim not in children_of(bed.pid) and len(children_of(bed.pid)) == 2)
        for _ in range(4):
            assert len(bed.mail(owner)) == 1


def children_of(pid: int) -> list[int]:
    """Name the processes that a process started and that still run."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sorted(int(child) for child in children if " Z " not in Path(f"/proc/{child}/stat").read_text())


def test_systemd_is_told_when_the_server_is_ready_and_when_it_stops(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.settimeout(WAIT_SECONDS)
        with Bed(environment={"NOTIFY_SOCKET": path}) as bed:
            assert b"READY=1" in systemd.recv(4096).split(b"\n")
            bed.pop3().close()
            bed.stop()
            assert b"STOPPING=1" in systemd.recv(4096).split(b"\n")


LAUNCHER = """
import os, sys
for number, handed in enumerate(map(int, sys.argv[2].split(",")), 10):
    os.dup2(handed, number)
for number in range(10, 10 + len(sys.argv[2].split(","))):
    os.dup2(number, number - 7, inheritable=True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(number - 9), LISTEN_FDNAMES=sys.argv[1])
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_sockets_that_systemd_hands_over_are_used(workers: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as pop3, socket.create_server(("127.0.0.1", 0)) as smtp:
        handed = [pop3.fileno(), smtp.fileno()]
        launcher = [sys.executable, "-c", LAUNCHER, "pop3:smtp", ",".join(map(str, handed))]
        with Bed(doors=("pop3", "smtp"), launcher=launcher, pass_fds=handed, workers=workers) as bed:
            assert bed.address("pop3") == pop3.getsockname()
            assert bed.address("smtp") == smtp.getsockname()
            owner = bed.account()
            with Wire(bed.address("smtp")) as wire:
                (answer,) = wire.mail([f"{owner.name}@localhost"], PLAIN, hello="EHLO")
                assert answer.startswith(b"250")
            (message,) = bed.mail(owner)
            assert_is_delivery_of(message, PLAIN)


def test_a_socket_for_tls_without_a_certificate_is_told_in_a_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as smtps:
        ran = run(
            *(sys.executable, "-c", LAUNCHER, "smtps", str(smtps.fileno()), RESTANTE, "serve", "--data", tmp_path),
            *("--pop3", "192.0.2.1:110"),
            pass_fds=[smtps.fileno()],
        )
    assert ran.code == 1
    assert ran.said.startswith("restante: there is no certificate for smtps at 127.0.0.1:")
    assert ran.said.count("\n") == 1


def test_a_socket_in_the_file_system_serves_pop3_and_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "pop3"
    with Bed(doors=("lmtp",), options=["--pop3", f"unix:{path}"]) as bed:
        owner = bed.account(PLAIN)
        assert len(bed.mail(owner)) == 1
        assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO == 0, "open to everybody on the machine"
        bed.kill()
        assert path.exists()
        bed.start()
        assert len(bed.mail(owner)) == 1
    assert not path.exists()


@pytest.mark.rule("S6")
def test_sigterm_ends_idle_sessions_and_removes_nothing() -> None:
    with Bed() as bed:
        first, second = bed.account(PLAIN, MULTIPART), bed.account(PLAIN)
        with bed.pop3(first) as marked, bed.pop3(second) as idle, bed.pop3() as fresh, bed.pop3() as half:
            marked.ok("DELE 1")
            half.send(b"USER te")
            bed.stop()
            for wire in (marked, idle, fresh, half):
                wire.socket.settimeout(WAIT_SECONDS)
                assert wire.ended()
        bed.start()
        assert (len(bed.mail(first)), len(bed.mail(second))) == (2, 1)


@pytest.mark.peer("strace")
@pytest.mark.rule("S5")
def test_sigterm_lets_a_session_in_update_finish() -> None:
    with Bed() as bed:
        owner = bed.account(PLAIN, MULTIPART)
        with bed.pop3(owner) as wire:
            wire.ok("DELE 1")
            with traced(bed.pid, "inject=fsync,fdatasync:delay_enter=700000", steps="fsync,fdatasync") as calls:
                wire.send(b"QUIT\r\n")
                until("UPDATE to reach the disk", lambda: "sync(" in calls.read_text())
                bed.terminate()
                assert wire.line().startswith(b"+OK")
                assert wire.ended()
            bed.wait_for_end()
        bed.start()
        (left,) = bed.mail(owner)
        assert_is_delivery_of(left, MULTIPART)


WRONG_FILES = {
    "an unknown key": ('colour = "red"', "colour"),
    "an unknown table": ("[limit]\nbad_commands = 5", "limit"),
    "an unknown key in a table": ("[limits]\nautologout = 600", "autologout"),
    "a word for a number": ('workers = "two"', "workers"),
    "a number out of bounds": ("[limits]\nautologout_seconds = 60", "autologout_seconds"),
    "a word that is none of the choices": ('[log]\nformat = "xml"', "format"),
    "an address without a port": ('pop3 = ["localhost"]', "pop3"),
    "an address that is not in a list": ('pop3 = "127.0.0.1:0"', "pop3"),
    "a path that is not whole": ('data = "mail"', "data"),
    "a pattern without its placeholder": ('maildir_pattern = "/var/vmail"', "maildir_pattern"),
    "a line that is not TOML": ("workers = = 2", "line 1"),
}


@pytest.mark.parametrize("wrong", list(WRONG_FILES))
def test_a_wrong_file_gets_one_line_that_names_it_and_its_key(tmp_path: Path, wrong: str) -> None:
    text, key = WRONG_FILES[wrong]
    config = tmp_path / "restante.toml"
    config.write_text(text + "\n")
    line = one_line_of_refusal("--config", config)
    assert str(config) in line
    assert key in line


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere.toml") in one_line_of_refusal("--config", tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("variable", "value"), [("RESTANTE_WORKERS", "many"), ("RESTANTE_LIMITS_NO_SUCH", "1"), ("RESTANTE_POP3", "x")]
)
def test_a_wrong_variable_is_named(variable: str, value: str) -> None:
    assert variable in one_line_of_refusal(env={variable: value})


@pytest.mark.parametrize(("flag", "value"), [("--workers", "many"), ("--pop3", "127.0.0.1"), ("--smtp", "x:99999")])
def test_a_wrong_flag_is_named(flag: str, value: str) -> None:
    assert flag in one_line_of_refusal(flag, value)


def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert address in one_line_of_refusal("--data", tmp_path, "--pop3", address)


def one_line_of_refusal(*arguments: str | os.PathLike[str], env: dict[str, str] | None = None) -> str:
    """Run a server that has to refuse to start; give the one line that it says."""
    ran = run(RESTANTE, "serve", *arguments, env=env, seconds=WAIT_SECONDS)
    assert ran.code != 0
    assert ran.out == b""
    (line,) = ran.err.decode().splitlines()
    return line


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_password_reaches_the_log_even_with_the_wire_on(form: str) -> None:
    with Bed(settings={"log.format": form, "log.wire": "true"}) as bed:
        owner = bed.account(PLAIN, password="hush-hush")
        with bed.pop3() as wire:
            wire.say(f"USER {owner.name}")
            wire.say("PASS wrong-hush")
            wire.say("APOP ted 0123456789abcdef-hush")
            wire.say("AUTH PLAIN AGh1c2gAaHVzaC1odXNo")
            wire.say("PASS hush out of turn")
            wire.say("pass hush-hush")
            wire.say("USER hush-typed-into-the-wrong-line")
            wire.say("PASShush")
            wire.ok(f"USER {owner.name}")
            wire.ok("PASS hush-hush")
            wire.ok("NOOP")
            wire.ok("QUIT")
        bed.stop()
        log = bed.logged()
    assert "NOOP" in log, "the wire is not shown"
    # A refused login tells the name, which is no secret; its one line is all that may hold what USER said.
    told = [line for line in log.splitlines() if "hush" in line and "hush-typed-into" not in line]
    assert told == []
    assert "aHVzaC" not in log
    assert "AGh1c2g" not in log


def test_a_log_in_json_is_one_object_a_line_and_ends_a_session_with_its_sums() -> None:
    with Bed(settings={"log.format": "json"}) as bed:
        owner = bed.account(PLAIN, MULTIPART)
        with bed.pop3(owner) as wire:
            octets = len(wire.multi("RETR 1"))
            wire.multi("TOP 2 0")
            wire.ok("DELE 1")
            wire.ok("QUIT")
        bed.stop()
        events = [json.loads(line) for line in bed.logged().splitlines()]
    (ended,) = [event for event in events if event["event"] == "session_ended"]
    expected = {"account": owner.name, "outcome": "quit", "retrieved": 1, "retrieved_octets": octets}
    expected |= {"peeked": 1, "removed": 1, "removed_octets": octets, "left": 1, "unique_ids_changed": 0}
    assert {key: ended[key] for key in expected} == expected
    assert ended["left_octets"] > 0
    assert str(ended["peer"]).startswith("127.0.0.1")


@pytest.mark.rule("C12")
def test_a_refused_login_is_logged_at_once() -> None:
    with Bed(settings={"log.format": "json"}) as bed:
        owner = bed.account()
        with bed.pop3() as wire:
            wire.ok(f"USER {owner.name}")
            assert wire.say("PASS wrong").startswith(b"-ERR [AUTH]")
            until("the refusal in the log", lambda: "login_refused" in bed.logged())
            assert "session_ended" not in bed.logged()


@pytest.mark.parametrize("form", ["json", "text"])
def test_control_characters_of_a_client_are_escaped_in_the_log(form: str) -> None:
    with Bed(settings={"log.format": form, "log.wire": "true"}) as bed:
        with bed.pop3() as wire:
            wire.say(b"USER \x1b[31mred\x07\x7f\x9b")
            wire.say("PASS wrong")
            wire.say(b"\x1b]0;title\x07")
        with Wire(bed.address("smtp")) as wire:
            wire.answer("EHLO \x1b[31mgreen\x07\x7f")
            wire.answer("MAIL FROM:<\x1b[31mred\x9b@example.org>")
        bed.stop()
        octets = bed.log.read_bytes()
    assert set(octets) & {*range(0x20), 0x7F} <= {0x0A}
    assert b"red" in octets


@pytest.mark.rule("S8", "C12")
def test_a_locked_account_looks_like_a_wrong_password_outside_and_is_named_in_the_log() -> None:
    with Bed(settings={"log.format": "json"}) as bed:
        owner = bed.account(PLAIN)
        assert bed.cli("account", "lock", owner.name).code == 0
        with bed.pop3() as wire:
            wire.ok(f"USER {owner.name}")
            locked = wire.say(f"PASS {owner.password}")
            wire.ok(f"USER {owner.name}")
            wrong = wire.say("PASS wrong")
        assert locked == wrong
        assert locked.startswith(b"-ERR [AUTH]")
        until("the lock in the log", lambda: "account locked" in bed.logged())
        assert bed.cli("account", "unlock", owner.name).code == 0
        assert len(bed.mail(owner)) == 1


def test_the_quick_passwords_of_this_bed_are_not_the_default() -> None:
    from restante.config import AuthSettings

    default = AuthSettings()
    assert default.hash_memory_kib >= 19456 > int(QUICK["auth.hash_memory_kib"])
    assert default.hash_passes >= 2
