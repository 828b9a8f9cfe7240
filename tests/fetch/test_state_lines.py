"""An export of the state: what goes out comes in again, and hostile lines stop none of the others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.fetch.plan import SeenMessage, SeenStatus
from restante.fetch.state_lines import NotAnExport, is_export, read_lines, write_lines

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
SEEN = st.builds(
    SeenMessage,
    unique_id=st.binary(max_size=80),
    digest=st.sampled_from([b"", b"\x00" * 32, b"\xff" * 32]),
    octets=st.none() | st.integers(0, 2**40),
    status=st.sampled_from(SeenStatus),
    since_epoch_seconds=st.integers(0, 4_000_000_000).map(float),
    destination=TEXTS,
    place=TEXTS,
    taken_over_from=TEXTS,
)


def exported(*messages: SeenMessage) -> bytes:
    return "".join(f"{line}\n" for line in write_lines([("ted@pop.example.org", messages)])).encode()


@given(st.lists(SEEN, max_size=5))
def test_what_goes_out_comes_in_again(messages: list[SeenMessage]) -> None:
    octets = exported(*messages)
    assert is_export(octets)
    read = read_lines(octets)
    assert read.messages.get("ted@pop.example.org", []) == messages
    assert read.bad_lines == ()


def test_a_line_is_one_that_a_person_can_read() -> None:
    message = SeenMessage(
        unique_id=b"uid-1",
        digest=b"\xab" * 32,
        octets=120,
        status=SeenStatus.STORED,
        since_epoch_seconds=1_700_000_000.0,
        destination="mbox:/home/ted/mbox",
    )
    assert json.loads(exported(message).splitlines()[1]) == {
        "maildrop": "ted@pop.example.org",
        "unique_id": "uid-1",
        "status": "stored",
        "since": "2023-11-14T22:13:20+00:00",
        "octets": 120,
        "sha256": "ab" * 32,
        "destination": "mbox:/home/ted/mbox",
    }


GOOD = b'{"maildrop": "t@h", "unique_id": "a", "status": "stored", "since": "2026-01-01T00:00:00+00:00"}'


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        GOOD.replace(b"stored", b"lost"),
        GOOD.replace(b"+00:00", b""),
        GOOD.replace(b'"a"', b"7"),
        GOOD.replace(b'"a"', '"\u00fc"'.encode()),
        GOOD.replace(b"t@h", b"\\ud800"),
        GOOD.replace(b"}", b', "sha256": "abcd"}'),
        GOOD.replace(b"}", b', "octets": true}'),
        GOOD.replace(b"}", b', "octets": 1e400}'),
    ],
)
def test_a_bad_line_is_told_and_stops_none_of_the_others(line: bytes) -> None:
    head = exported().rstrip(b"\n")
    read = read_lines(b"\n".join([head, GOOD, line, GOOD, b""]))
    assert len(read.messages["t@h"]) == 2
    assert read.bad_lines == (3,)


@pytest.mark.parametrize(
    "octets", [b"", b"{}", b"[]\n", b"\xff\n", b'{"format": "restante fetch state", "version": 2}']
)
def test_what_is_no_export_is_said_to_be_none(octets: bytes) -> None:
    with pytest.raises(NotAnExport):
        read_lines(octets)
