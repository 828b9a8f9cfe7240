"""What tshark captures of curl, mpop, fetchmail and our own client is told; and so are the logs that they write."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.bed import RESTANTE, Bed, Owner, run, until
from tests.e2e.corpus import DOTS, PLAIN

from restante.client import Login, Security, Server
from restante.client.blocking import connect

Object = dict[str, Any]  # Any: JSON


def explained(*arguments: str | Path) -> list[Object]:
    """Give the events that `restante explain --json` tells."""
    ran = run(RESTANTE, "explain", "--json", *arguments)
    assert ran.code == 0, ran.said
    return [json.loads(line) for line in ran.out.splitlines()]


def said(events: list[Object], session: int) -> list[str]:
    """Give a session's commands, with their arguments."""
    return [
        one["wire"][0]["text"] for one in events if one["event"] == "command_sent" and one["session"] == session
    ]


def found(events: list[Object]) -> list[str]:
    return [finding["id"] for one in events for finding in one["findings"]]


@pytest.fixture
def capture(bed: Bed, home: Path) -> Iterator[Callable[[int], Path]]:
    """Capture on loopback; what it gives waits until so many sessions are in the file, and gives its path."""
    file = home / "capture.pcapng"
    argv = ["tshark", "-q", "-i", "lo", "-f", f"tcp port {bed.port('pop3')}", "-w", str(file)]
    tshark = subprocess.Popen(argv, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    errors: list[bytes] = []
    began = threading.Event()

    def listen() -> None:
        assert tshark.stderr is not None
        for line in tshark.stderr:
            errors.append(line)
            if b"Capture started" in line:
                began.set()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        until("tshark to begin", lambda: began.is_set() or tshark.poll() is not None)
        assert tshark.poll() is None, b"".join(errors)

        def sessions(count: int) -> Path:
            until(f"{count} sessions in the capture", lambda: ended(file) >= count)
            return file

        yield sessions
    finally:
        tshark.send_signal(signal.SIGINT)
        tshark.wait(30)
        listener.join(30)


def ended(file: Path) -> int:
    """Count the sessions in a capture whose good-bye was answered."""
    ran = run(RESTANTE, "explain", "--json", file)
    events = [json.loads(line) for line in ran.out.splitlines()] if ran.code == 0 else []
    return sum(one["event"] == "replied" and one["state"] == "UPDATE" for one in events)


def mpop(bed: Bed, owner: Owner, home: Path, *options: str) -> bytes:
    for folder in ("new", "cur", "tmp"):
        (home / "Mail" / folder).mkdir(parents=True, exist_ok=True)
    ran = run(
        *("mpop", "--host=127.0.0.1", f"--port={bed.port('pop3')}", f"--user={owner.name}", "--auth=user"),
        *(f"--passwordeval=echo {owner.password}", "--tls=off", f"--uidls-file={home}/uidls"),
        *(f"--delivery=maildir,{home}/Mail", *options),
        env={"HOME": str(home)},
    )
    assert ran.code == 0, ran.said
    return ran.out + ran.err


def ours(bed: Bed, owner: Owner, home: Path, *arguments: str) -> None:
    ran = run(
        *(RESTANTE, arguments[0], "--server", f"127.0.0.1:{bed.port('pop3')}", "--security", "plain"),
        *("--user", owner.name, "--password-command", f"echo {owner.password}", *arguments[1:]),
        env=bed.environment | {"HOME": str(home)},
    )
    assert ran.code == 0, ran.said


def by_the_library(bed: Bed, owner: Owner) -> list[bytes]:
    """Read the newest message first, and remove it. Gives how the messages begin."""
    server = Server(host="127.0.0.1", port=bed.port("pop3"), security=Security.PLAIN)
    with connect(server, login=Login.by_password(owner.name, owner.password)) as maildrop:
        messages = list(maildrop.messages())[::-1]
        begins = [message.read()[:30] for message in messages]
        messages[0].mark_deleted()
    return begins


def fetchmail(bed: Bed, owner: Owner, home: Path, *options: str) -> bytes:
    settings = home / "fetchmailrc"
    settings.write_text(
        f'poll 127.0.0.1 protocol pop3 service {bed.port("pop3")} user "{owner.name}" password "{owner.password}" '
        'sslproto "" mda "cat >/dev/null"\n'
    )
    settings.chmod(0o600)
    argv = [*options, "-f", str(settings), "--pidfile", f"{home}/pid", "-i", f"{home}/ids"]
    ran = run(
        "fetchmail",
        *argv,
        env={"HOME": str(home), "FETCHMAILHOME": str(home)},
    )
    assert ran.code == 0, ran.said
    return ran.out + ran.err


@pytest.mark.peer("tshark", "curl", "mpop", "fetchmail")
def test_captures_of_four_clients_are_told_with_their_octets(
    bed: Bed, home: Path, capture: Callable[[int], Path]
) -> None:
    owner = bed.account(PLAIN, DOTS)
    # A session by hand, the first one that is captured.
    mail = bed.mail(owner)
    url = f"pop3://127.0.0.1:{bed.port('pop3')}/2"
    assert run("curl", "-q", "-sS", "-u", f"{owner.name}:{owner.password}", url).code == 0
    mpop(bed, owner, home, "--keep=on")
    # A user of our own: the same mail, taken by another client, would be told of.
    other = bed.account(PLAIN, DOTS)
    ours(bed, other, home, "list", "--json")
    ours(bed, other, home, "fetch", "--keep", f"--to=maildir:{home}/ours", "--state", f"{home}/state")
    assert by_the_library(bed, other) == [mail[1][:30], mail[0][:30]]
    fetchmail(bed, owner, home, "-s")
    events = explained(capture(7))
    assert "RETR 2" in said(events, 2)
    assert [line for line in said(events, 3) if line.startswith("RETR")] == ["RETR 1", "RETR 2"]
    listing = [line.split()[0] for line in said(events, 4)]
    assert listing[-1] == "QUIT"
    assert {"LIST", "UIDL", "TOP"} < set(listing)
    assert [line for line in said(events, 5) if line.startswith(("RETR", "DELE"))] == ["RETR 1", "RETR 2"]
    assert [line for line in said(events, 6) if line.startswith(("RETR", "DELE"))] == ["RETR 2", "RETR 1", "DELE 2"]
    assert [line for line in said(events, 7) if line.startswith("DELE")] == ["DELE 1", "DELE 2"]
    octets = [one["story"] for one in events if one["event"] == "body_received" and "octets in" in one["story"]]
    assert octets[0].startswith(f"(The message goes over the counter: {len(mail[0]):,} octets")
    # What is told of a good server and good clients: no trouble, and octets that add up.
    assert set(found(events)) <= {"kept-after-reading", "unknown-command", "downloaded-again", "long-message-line"}
    # Of our own client: nothing but what it was asked to do, mail that stays and a line that is long.
    of_ours = [one for one in events if one["session"] in (4, 5)]
    assert set(found(of_ours)) <= {"kept-after-reading", "long-message-line"}
    assert owner.password not in json.dumps(events)


@pytest.mark.peer("curl", "mpop", "fetchmail")
def test_logs_of_three_clients_are_recognised_and_told(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, DOTS)
    curl = ("curl", "-q", "-sS", "-u", f"{owner.name}:{owner.password}")
    url = f"pop3://127.0.0.1:{bed.port('pop3')}/1"
    trace = home / "trace"
    logs = {
        "curl": run(*curl, "-v", url).err,
        "curl-trace": b"",
        "mpop": mpop(bed, owner, home, "--keep=on", "-d"),
        "fetchmail": fetchmail(bed, owner, home, "-vv"),
    }
    run(*curl, "--trace-ascii", trace, f"pop3://127.0.0.1:{bed.port('pop3')}/")
    logs["curl-trace"] = trace.read_bytes()
    for name, log in logs.items():
        file = home / f"{name}.log"
        file.write_bytes(log)
        commands = said(explained(file), 1)
        assert commands[0] == "CAPA", name
        assert {"curl": "RETR 1", "curl-trace": "LIST"}.get(name, "QUIT") in commands, name
        forced = explained("--format", name, file)
        assert said(forced, 1) == commands, name
        assert owner.password not in json.dumps(forced), name


def test_a_live_session_is_told_while_it_goes_on() -> None:
    with Bed(options=["--explain", "--view", "story"]) as live:
        owner = live.account(PLAIN)
        with live.pop3(owner) as wire:
            wire.ok("DELE 1")
        told = until("the end of the session", lambda: _told_end(live.printed))
    assert "Client: Put a mark on message 1: you need not keep it." in told
    assert owner.password not in told
    assert "[broken-with-marks, RFC 1939 §6]" in told


def _told_end(printed: Path) -> str:
    told = " ".join(printed.read_text("utf-8").split())
    return told if "Nothing was deleted, since" in told and "What to do" in told else ""
