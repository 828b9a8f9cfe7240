"""Without `--disposable` nothing on the server changes, as a spy on the wire sees it, whatever is wrong with it.

The spy knows POP3 and SMTP by itself, and nothing of how the doctor keeps its promise.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import pytest
from tests.doctor.cases import FAILING, PASSING
from tests.doctor.test_checks import CHANGING, patient
from tests.doctor.toy import Connection, Toy

from restante.client.server import Login
from restante.doctor import Door, examine
from restante.doctor.world import TlsFacts, TlsOffer


@dataclass
class Spy:
    """One connection, and what went wrong on it: a sentence for each thing that may not be."""

    inner: Connection
    harm: list[str]
    said: bytes = b""
    marked: bool = False
    asked_to_unmark: bool = False
    data: bool = field(default=False)

    @property
    def address(self) -> str:
        return self.inner.address

    @property
    def tls(self) -> TlsFacts | None:
        return self.inner.tls

    def send(self, octets: bytes) -> None:
        for line in octets.replace(b"\r", b"\n").split(b"\n"):
            self._hear(line.strip(b" \t\0").partition(b" ")[0].upper())
        self.inner.send(octets)

    def _hear(self, keyword: bytes) -> None:
        if not self.inner.door.is_pop3:
            if keyword in (b"DATA", b"BDAT"):
                self.harm.append("mail was sent")
            return
        if keyword == b"DELE":
            self.marked, self.asked_to_unmark = True, False
        if keyword == b"RSET":
            self.asked_to_unmark = True
        if keyword == b"QUIT" and self.marked:
            self.harm.append("QUIT in a session in which a mark was set")

    def receive(self, seconds: float) -> bytes:
        return self.inner.receive(seconds)

    def start_tls(self, offer: TlsOffer = TlsOffer.TODAY) -> TlsFacts:
        return self.inner.start_tls(offer)

    def ended_cleanly(self) -> bool:
        return self.inner.ended_cleanly()

    def close(self) -> None:
        if self.marked and not self.asked_to_unmark and not self.inner.over:
            self.harm.append("a mark was left for a broken connection")
        self.inner.close()


class Watched:
    """The world of a toy, with a spy on each connection."""

    def __init__(self, toy: Toy) -> None:
        self.toy = toy
        self.harm: list[str] = []
        self.marks = 0
        for name in ("addresses", "services", "is_alias", "autoconfig", "clock", "pause", "entropy"):
            setattr(self, name, getattr(toy, name))

    def dial(self, door: Door, *, address: str | None = None) -> Spy:
        return Spy(self.toy.dial(door, address=address), self.harm)


@pytest.mark.parametrize("fault", [None, *sorted(set(FAILING) - CHANGING)])
def test_no_mark_survives_and_nothing_is_sent_whatever_the_server_does_wrong(fault: str | None) -> None:
    server = Toy() if fault is None else FAILING[fault]()
    before = list(server.messages)
    watched = Watched(server)
    examine(patient(), watched)  # type: ignore[arg-type]  # the rest of the port is set by name
    assert watched.harm == []
    assert (server.removed, server.sent) == (0, 0)
    if fault != "retrieval.same-twice":  # that server changes its mail by itself
        assert server.messages == before


def test_it_is_so_for_a_login_by_token() -> None:
    server = PASSING["rfc7628.3.wrong-token"]()
    watched = Watched(server)
    examine(dataclasses.replace(patient(), login=Login.by_token("ted", "SECRET")), watched)  # type: ignore[arg-type]
    assert server.logged_in_at > 0
    assert (watched.harm, server.removed, server.sent) == ([], 0, 0)


@pytest.mark.parametrize("case", sorted(PASSING))
def test_it_is_so_at_servers_that_announce_more_as_well(case: str) -> None:
    server = PASSING[case]()
    watched = Watched(server)
    examine(patient(), watched)  # type: ignore[arg-type]  # as above
    assert (watched.harm, server.removed, server.sent) == ([], 0, 0)


def test_the_spy_sees_what_a_disposable_maildrop_allows() -> None:
    watched = Watched(Toy())
    examine(patient(disposable=True), watched)  # type: ignore[arg-type]  # as above
    assert set(watched.harm) == {"mail was sent", "QUIT in a session in which a mark was set"} | {
        "a mark was left for a broken connection"
    }
