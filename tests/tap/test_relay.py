"""A session through the relay, over links in memory: octets in any cut, clogged sides, ends, and who hears."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.tap.links import Heard, Link

from restante.explain.wire import Side
from restante.tap.hearers import Hearers
from restante.tap.relay import HELD_OCTETS, End, Relay


class Session:
    """A relay between two links, with who hears and how often it ended."""

    def __init__(self, *, starts: bool = True) -> None:
        self.heard = Heard()
        self.ends = 0
        self.relay = Relay(End(Side.SERVER), on_end=self._ended)
        self.client, self.server = Link(self.relay.client), Link(self.relay.server)
        if starts:
            self.start()

    def start(self) -> None:
        self.relay.start(self.heard, server="pop.example.org:110")

    def link(self, side: Side) -> Link:
        return self.client if side is Side.CLIENT else self.server

    @property
    def arrived(self) -> tuple[bytes, bytes]:
        """What the client got, and the server."""
        return bytes(self.client.arrived), bytes(self.server.arrived)

    def _ended(self) -> None:
        self.ends += 1


OTHER = {Side.CLIENT: Side.SERVER, Side.SERVER: Side.CLIENT}


@given(st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=200), st.booleans()), max_size=40))
def test_octets_pass_unchanged_both_ways_in_every_cut(said: list[tuple[Side, bytes, bool]]) -> None:
    session = Session()
    whole = dict.fromkeys(Side, b"")
    for side, octets, clogs in said:
        target = session.link(OTHER[side])
        target.unclog()
        target.clogged = clogs
        session.link(side).say(octets)
        whole[side] += octets
    for link in (session.client, session.server):
        link.unclog()
    for side in Side:
        assert session.link(OTHER[side]).arrived == whole[side]
        assert session.heard.said[side] == whole[side]


@given(st.binary(max_size=300), st.binary(max_size=300), st.booleans())
def test_what_comes_before_the_server_is_there_is_kept_and_so_is_the_end(
    from_client: bytes, from_server: bytes, ends: bool
) -> None:
    session = Session(starts=False)
    # Reading is paused by then; an event loop may have one read under way.
    session.client.end.data_received(from_client)
    session.server.end.data_received(from_server)
    if ends:
        session.client.end.eof_received()
    assert (session.client.reads_paused, session.server.reads_paused) == (True, True)
    assert session.arrived == (b"", b"")
    assert not session.server.shut
    session.start()
    assert session.arrived == (from_server, from_client)
    assert session.server.shut == ends
    assert session.server.is_reading()


def test_a_side_that_takes_nothing_stops_the_reading_of_the_other_and_no_more() -> None:
    session = Session()
    session.client.clogged = True
    sent = b""
    while session.server.is_reading():
        assert len(session.client.waiting) <= HELD_OCTETS, "what waits is bounded"
        session.server.say(b"x" * 4096)
        sent += b"x" * 4096
    assert session.client.is_reading(), "the other way goes on"
    session.client.say(b"NOOP\r\n")
    assert session.server.arrived == b"NOOP\r\n"
    session.client.unclog()
    assert session.server.is_reading()
    assert session.client.arrived == sent


def test_the_end_of_one_side_is_passed_on_and_the_other_may_go_on() -> None:
    session = Session()
    session.client.say(b"QUIT\r\n")
    session.client.end.eof_received()
    assert session.server.shut
    assert not session.client.closing
    session.server.say(b"+OK\r\n")
    assert session.client.arrived == b"+OK\r\n"
    session.server.end.eof_received()
    assert session.client.closing
    assert session.server.closing
    session.client.lose()
    session.server.lose()
    assert session.heard.told == ["connected pop.example.org:110", "closed CLIENT"]
    assert session.ends == 1


def test_a_connection_that_breaks_ends_the_other_after_what_waits() -> None:
    session = Session()
    session.client.clogged = True
    session.server.say(b"+OK\r\n")
    session.server.lose(ConnectionResetError())
    assert session.client.closing
    assert session.client.waiting == b"+OK\r\n", "close, not abort"
    session.client.lose()
    assert session.heard.told[-1] == "closed SERVER the connection was reset"
    assert session.ends == 1


def test_an_end_that_cannot_be_passed_on_is_no_failure_of_the_side_that_said_it() -> None:
    session = Session()
    session.server.was_reset = True
    session.client.end.eof_received()
    assert not session.client.closing
    session.server.lose(ConnectionResetError())
    assert session.client.closing


def test_a_session_that_is_stopped_ends_at_once_and_once() -> None:
    session = Session()
    session.relay.stop("the proxy was stopped")
    assert session.heard.told[-1] == "closed None the proxy was stopped"
    session.client.lose()
    session.server.lose()
    assert session.ends == 1


def test_a_client_that_goes_before_the_server_is_there_ends_the_session() -> None:
    session = Session(starts=False)
    session.client.lose()
    assert session.server.closing
    assert session.ends == 1
    session.start()
    assert session.heard.told == [], "of a session that never was, nothing is told"


class Deaf(Heard):
    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        raise BrokenPipeError("nobody reads")


def test_who_can_hear_no_more_is_left_out_and_the_others_hear_on() -> None:
    well, lost = Heard(), list[OSError | ValueError]()
    hearers = Hearers([Deaf(), well], lost=lost.append)
    for octets in (b"NOOP\r\n", b"QUIT\r\n"):
        hearers.octets(Side.CLIENT, octets, at_seconds=1.0)
    hearers.closed(Side.CLIENT, "", at_seconds=2.0)
    assert well.said[Side.CLIENT] == b"NOOP\r\nQUIT\r\n"
    assert well.told == ["closed CLIENT"]
    assert [str(error) for error in lost] == ["nobody reads"]
