"""`restante maildrop migrate` from a Dovecot: the same unique-ids, order, octets and digests, and the proof."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.e2e.bed import Bed, Owner, Ran, Wire, canonical
from tests.e2e.corpus import CORPUS, DOTS, MULTIPART, PLAIN
from tests.e2e.dovecot import PASSWORD, Dovecot, running_dovecot

pytestmark = pytest.mark.peer("dovecot")

MESSAGES = (DOTS, PLAIN, MULTIPART, CORPUS["large"])


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


def listings(wire: Wire, owner: Owner) -> tuple[bytes, bytes]:
    with wire:
        wire.login(owner)
        told = wire.multi("UIDL"), wire.multi("LIST")
        wire.ok("QUIT")
        return told


def migrate(bed: Bed, dovecot: Dovecot, owner: Owner, *options: str) -> Ran:
    return bed.cli(
        *("maildrop", "migrate", owner.name, "--from-server", f"127.0.0.1:{dovecot.pop3}", "--security", "plain"),
        *("--user", owner.name, "--password-command", f"echo {PASSWORD}", *options),
    )


@pytest.mark.rule("C9", "C5", "C6")
def test_a_maildrop_of_dovecot_moves_with_its_ids_and_order_again_and_again_and_is_proved(
    bed: Bed, dovecot: Dovecot
) -> None:
    owner = bed.account(password=PASSWORD)
    there = Wire(("127.0.0.1", dovecot.pop3))
    dovecot.deliver(owner.name, *MESSAGES[:2])
    first = migrate(bed, dovecot, owner)
    assert first.code == 0, first.said
    assert "brought 2 messages" in first.said
    dovecot.deliver(owner.name, *MESSAGES[2:])
    second = migrate(bed, dovecot, owner)
    assert second.code == 0, second.said
    assert "brought 2 messages" in second.said
    assert "proved: 4 messages" in second.said
    assert listings(there, owner) == listings(Wire(bed.address("pop3")), owner)
    assert bed.mail(owner) == [canonical(octets) for octets in MESSAGES]
    verified = migrate(bed, dovecot, owner, "--verify", "--explain", "wire")
    assert verified.code == 0, verified.said
    assert "->  UIDL" in verified.said
    assert PASSWORD not in verified.said
    assert "4 messages retrieved and compared" in verified.said


def test_each_difference_is_named(bed: Bed, dovecot: Dovecot) -> None:
    owner = bed.account(password=PASSWORD)
    dovecot.deliver(owner.name, *MESSAGES)
    assert migrate(bed, dovecot, owner).code == 0
    with Wire(("127.0.0.1", dovecot.pop3)).login(owner) as wire:
        gone_there = wire.ok("UIDL 1").split()[2].decode()
        wire.ok("DELE 1")
        wire.ok("QUIT")
    with bed.pop3(owner) as wire:
        gone_here = wire.ok("UIDL 2").split()[2].decode()
        wire.ok("DELE 2")
        wire.ok("QUIT")
    bed.deliver(owner, PLAIN)
    ran = migrate(bed, dovecot, owner, "--json")
    assert ran.code == 0, ran.said
    report = json.loads(ran.out.splitlines()[-1])
    assert report["proved"]
    kinds = {each["kind"]: each["unique_id"] for each in report["differences"]}
    assert kinds.pop("only_here")
    assert kinds == {"removed_there": gone_there, "removed_here": gone_here}
    files = [path for path in bed.data.rglob("*.*") if path.is_file()]
    changed = max(
        (path for path in files if b"AAECAwQFBgcICQ==" in path.read_bytes()), key=lambda path: path.stat().st_mtime
    )
    changed.write_bytes(changed.read_bytes().replace(b"AAECAwQFBgcICQ==", b"AAECAwQFBgcICR=="))
    broken = migrate(bed, dovecot, owner, "--verify")
    assert broken.code == 8, broken.said
    assert "is on both sides, with other octets here" in broken.said
