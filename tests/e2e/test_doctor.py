"""The doctor over sockets, with our own server as the patient: nothing to complain about, and nothing changed."""

from __future__ import annotations

import json
import subprocess
import sys

from restante.testing.running import RunningServer

MESSAGES = (
    b"From: a@example.org\r\nSubject: 1\r\n\r\none\r\n.dot\r\n..\r\n",
    b"From: b@example.org\r\nSubject: 2\r\n\r\ntwo\r\n",
)
QUICK = (
    *("rfc8314", "rfc2595", "rfc8996", "rfc9325", "rfc8446", "rfc1939.3", "rfc1939.4", "rfc1939.5", "rfc1939.6"),
    *("rfc1939.11", "rfc2449", "rfc5034", "rfc6856", "rfc6409", "rfc3207", "rfc1870", "retrieval", "round-trip"),
    *("certificate", "network", "lock", "pipelining"),
)
"""Not those that fail to log in again and again: the server makes them wait."""


def test_our_own_server_is_in_good_health_and_stays_as_it_is() -> None:
    with RunningServer() as server:
        server.add_account("ted", "SECRET")
        for message in MESSAGES:
            server.deliver("ted", message)
        done = examined(server)
        told = json.loads(done.stdout)
        bad = [(one["id"], one["seen"]) for one in told["findings"] if one["outcome"] == "failed"]
        assert [one for one in bad if one[0] != "rfc8314.3.3.pop3s-listens"] == [], done.stderr
        assert [one["id"] for one in told["findings"] if one["outcome"] == "not judged"] == []
        assert sum(one["outcome"] == "passed" for one in told["findings"]) > 70
        assert done.returncode == 0
        assert server.messages("ted") == list(MESSAGES)


def test_a_disposable_maildrop_is_tried_to_the_end() -> None:
    with RunningServer() as server:
        server.add_account("ted", "SECRET")
        for message in MESSAGES:
            server.deliver("ted", message)
        done = examined(server, "--disposable")
        outcomes = {one["id"]: one["outcome"] for one in json.loads(done.stdout)["findings"]}
        for id_ in (
            "round-trip.arrives",
            "round-trip.same",
            "rfc1939.6.quit-removes",
            "rfc1939.6.broken-removes-nothing",
        ):
            assert outcomes[id_] == "passed"
        assert server.messages("ted") == [MESSAGES[1]]


def examined(server: RunningServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    ports = (
        "--pop3",
        str(server.pop3[1]),
        "--pop3s",
        "0",
        "--submission",
        "0",
        "--submissions",
        str(server.smtps[1]),
    )
    only = [word for id_ in QUICK for word in ("--only", id_)]
    command = [sys.executable, "-m", "restante", "doctor", server.pop3[0], *ports, *only, "--json"]
    command += ["--user", "ted", "--password-command", "echo SECRET", "--address", "ted@localhost"]
    command += ["--authorities", str(server.certificate), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
