"""A name that is not there, a wrong password, a locked account: the same octets, and the same time.

Asked over a socket in the file system, whose peers no failure slows down: what the throttle makes wait is the same
for all, and would hide what is to be measured. Hashes are cheap, so that anything else that takes time shows the
more; `FULL_SCALE=1` measures with those of the default settings.
"""

from __future__ import annotations

import os
import random
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from hashlib import md5
from pathlib import Path
from statistics import median
from typing import Final

import pytest
from tests.e2e.bed import QUICK, Bed, Owner, Wire
from tests.security.ground import tls_options

TRIES: Final = 5_000
APART_SECONDS: Final = 0.001
FULL_SCALE: Final = bool(os.environ.get("FULL_SCALE"))
DEFAULT_HASHES: Final = {"auth.hash_memory_kib": "19456", "auth.hash_passes": "2"}

KINDS: Final = ("unknown", "wrong", "locked")

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A server that ends no session for its bad commands, with an account that is there and one that is locked."""
    settings = {
        **(DEFAULT_HASHES if FULL_SCALE else QUICK),
        "limits.bad_commands": "10000",
        "limits.login_seconds": "3600",
        "auth.mechanisms": "PLAIN LOGIN SCRAM-SHA-256",
        "log.events": "problems",
    }
    socket = tmp_path_factory.mktemp("quiet") / "pop3"
    folder = tmp_path_factory.mktemp("pair")
    options = ["--pop3", f"unix:{socket}", *tls_options(folder)]
    with Bed(doors=(), settings=settings, options=options) as bed:
        # As long as the others: what a longer name costs is not the question.
        bed.account(name="wrong00", password=PASSWORD)
        bed.account(name="locked0", password=PASSWORD)
        # A login by password makes the keys of SCRAM.
        for name in ("wrong00", "locked0"):
            with Wire(bed.address("pop3")) as wire:
                wire.login(Owner(name=name, password=PASSWORD)).ok("QUIT")
        for name in ("wrong00", "locked0"):
            done = bed.cli("account", "apop", name, "--enable", "--password-stdin", given=PASSWORD.encode() + b"\n")
            assert done.code == 0, done.said
        assert bed.cli("account", "lock", "locked0").code == 0
        yield bed


PASSWORD: Final = "right-and-long-enough"
NAMES: Final = {"unknown": "nobody0", "wrong": "wrong00", "locked": "locked0"}


def by_pass(wire: Wire, name: str, password: str) -> bytes:
    wire.ok(f"USER {name}")
    return wire.say(f"PASS {password}")


def by_plain(wire: Wire, name: str, password: str) -> bytes:
    return wire.say(b"AUTH PLAIN " + b64encode(f"\0{name}\0{password}".encode()))


def by_login(wire: Wire, name: str, password: str) -> bytes:
    assert wire.say("AUTH LOGIN").startswith(b"+ ")
    assert wire.say(b64encode(name.encode())).startswith(b"+ ")
    return wire.say(b64encode(password.encode()))


def by_scram(wire: Wire, name: str, password: str) -> bytes:
    """Give a proof that is wrong, as one who does not know the password has to."""
    first = wire.say(b"AUTH SCRAM-SHA-256 " + b64encode(f"n,,n={name},r={password}".encode()))
    assert first.startswith(b"+ "), first
    nonce = b64decode(first[2:]).split(b",")[0]
    return wire.say(b64encode(b"c=biws," + nonce + b",p=" + b64encode(md5(password.encode()).digest() * 2)))


def by_apop(wire: Wire, name: str, password: str) -> bytes:
    return wire.say(f"APOP {name} {md5(password.encode()).hexdigest()}")


@pytest.mark.parametrize("log_in", [by_pass, by_plain, by_login, by_scram, by_apop])
def test_whatever_is_wrong_gets_the_same_octets_in_the_same_time(
    quiet: Bed, log_in: Callable[[Wire, str, str], bytes]
) -> None:
    lot = random.Random(1939)
    tries = [KINDS[number % len(KINDS)] for number in range(TRIES)]
    lot.shuffle(tries)
    answers: set[bytes] = set()
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with Wire(quiet.address("pop3")) as wire:
        for kind in tries:
            # Each is new to the server, but for the right one of the locked account.
            password = PASSWORD if kind == "locked" and lot.random() < 0.5 else f"guess{lot.randrange(10**12):012}"
            before = time.perf_counter()
            answers.add(log_in(wire, NAMES[kind], password))
            took[kind].append(time.perf_counter() - before)
        wire.ok("QUIT")
    (answer,) = answers
    assert answer.startswith(b"-ERR [AUTH]")
    medians = {kind: median(each) for kind, each in took.items()}
    print(f"\n{log_in.__name__}: " + ", ".join(f"{kind} {each * 1000:.3f} ms" for kind, each in medians.items()))
    assert max(medians.values()) - min(medians.values()) < APART_SECONDS, medians


def test_pass_and_auth_say_the_same_at_the_default_door(quiet: Bed, tmp_path: Path) -> None:
    said = set()
    with Wire(quiet.address("pop3")) as wire:
        said |= {by(wire, NAMES[kind], "x" * 12) for by in (by_pass, by_plain, by_login) for kind in KINDS}
        wire.ok("QUIT")
    assert len(said) == 1
