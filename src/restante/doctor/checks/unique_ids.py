"""Unique-ids: their form, and that they are what their name says. Source: RFC 1939 §7 (UIDL)."""

from __future__ import annotations

import re
from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, judged
from restante.proto.listings import unique_id_line

__all__ = ["CHECKS"]

_FORM: Final = re.compile(rb"[!-~]{1,70}")


def _ids(bench: Bench) -> dict[int, bytes]:
    return bench.known_in_session("unique-ids", bench.unique_ids)


def _formed(bench: Bench) -> Verdict:
    ids = _ids(bench)
    bad = [one for one in ids.values() if not _FORM.fullmatch(one)]
    return judged(
        not bad,
        f"one of them is '{shown(bad[0])}'" if bad else f"all {len(ids)} are of 1 to 70 printable characters",
    )


def _unique(bench: Bench) -> Verdict:
    ids = _ids(bench)
    twice = [one for one in set(ids.values()) if list(ids.values()).count(one) > 1] if len(ids) < 5000 else []
    good = len(set(ids.values())) == len(ids)
    return judged(
        good,
        f"{len(ids)} messages have {len(set(ids.values()))} unique-ids"
        + (f"; {shown(twice[0])} comes more than once" if twice else ""),
    )


def _complete(bench: Bench) -> Verdict:
    ids, listing = _ids(bench), bench.listing()
    return judged(ids.keys() == listing.keys(), f"UIDL names {len(ids)} messages, LIST {len(listing)}")


def _one(bench: Bench) -> Verdict:
    ids = _ids(bench)
    if not ids:
        raise NotApplicable("the maildrop is empty")
    number = next(iter(ids))
    status = bench.inside().ask(b"UIDL %d" % number)
    told = unique_id_line(status.text) if status.ok else None
    return judged(told == (number, ids[number]), f"UIDL {number} was answered with {shown(status.line)}")


def _stable(bench: Bench) -> Verdict:
    before = _ids(bench)
    if not before:
        raise NotApplicable("the maildrop is empty")
    bench.need_logins()
    with bench.own() as line:
        after = set(bench.unique_ids(line).values())
    kept = len(set(before.values()) & after)
    # Somebody may have removed a message; an id that changes is gone, and another comes up.
    gone = set(before.values()) - after
    new = after - set(before.values())
    return judged(not (gone and new), f"{kept} of {len(before)} unique-ids are the same in the next session")


CHECKS: Final = (
    Check(
        id="rfc1939.7.unique-id-form",
        level=Level.MUST,
        source="RFC 1939 §7 (UIDL)",
        requirement="A unique-id is 1 to 70 printable characters of ASCII, without a space.",
        meaning="Programs cut or refuse it, and fetch the message again each time.",
        remedy="Change the format of unique-ids, knowing that all mail is fetched once more.",
        needs=Need.MESSAGES,
        judge=_formed,
    ),
    Check(
        id="rfc1939.7.unique-id-unique",
        level=Level.MUST,
        source="RFC 1939 §7 (UIDL)",
        requirement="No two messages of a maildrop have the same unique-id.",
        meaning="A program takes one of them for fetched, and the person never sees it.",
        remedy="Make unique-ids of what is each message's own: the file's name, not a hash of its content.",
        needs=Need.MESSAGES,
        judge=_unique,
    ),
    Check(
        id="rfc1939.7.uidl-complete",
        level=Level.MUST,
        source="RFC 1939 §7 (UIDL)",
        requirement="UIDL names the same messages as LIST.",
        meaning="Messages without a unique-id are fetched each time, or never.",
        remedy="Repair the index of the maildrop.",
        needs=Need.LOGIN,
        judge=_complete,
    ),
    Check(
        id="rfc1939.7.uidl-one",
        level=Level.MUST,
        source="RFC 1939 §7 (UIDL)",
        requirement="UIDL with a number tells the same unique-id as UIDL without.",
        meaning="A program takes a message for another one.",
        remedy="Bring the server up to date.",
        needs=Need.MESSAGES,
        judge=_one,
    ),
    Check(
        id="rfc1939.7.unique-id-stable",
        level=Level.MUST,
        source="RFC 1939 §7 (UIDL)",
        requirement="A message has the same unique-id in the next session.",
        meaning="All mail that was left on the server is fetched again.",
        remedy="Let unique-ids be kept, or made of what does not change, in a restored or moved maildrop too.",
        needs=Need.MESSAGES,
        judge=_stable,
    ),
)
