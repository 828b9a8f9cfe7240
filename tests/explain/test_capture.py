from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.explain.captured import ACK, FIN, RST, Talk, framed, ipv4, ipv6, pcap, pcapng, session, tcp
from tests.explain.recorded import ALERT, HELLO, SEALED_ALERT, SEALED_FINISHED
from tests.explain.test_text_sources import Sessions, commands
from tests.explain.told import pieces

from restante.explain.diagnoses import Diagnoser, Diagnosis
from restante.explain.events import (
    BodyEnd,
    BodyReceived,
    Closed,
    CommandSent,
    Connected,
    Disturbed,
    Greeted,
    Lost,
    Sealed,
    StrayLine,
    WireEvent,
)
from restante.explain.reader import Reader
from restante.explain.sources import Recognizer
from restante.explain.sources.capture import PATIENCE, CaptureSource
from restante.explain.sources.containers import PacketReader
from restante.explain.sources.frames import segment_of
from restante.explain.sources.streams import Gap, Stream
from restante.explain.wire import Side
from restante.proto.terms import State

SAID = ["USER …", "PASS …", "RETR 1", "QUIT"]
LETTER_OCTETS = len(b"Subject: a letter\r\n\r\nHello Ted\r\n")


def read(octets: bytes, *, ports: tuple[int, ...] = (), cut: int | None = None) -> list[list[WireEvent]]:
    sessions = Sessions()
    source = Recognizer(sessions, ports=ports)
    for start in range(0, len(octets), cut or len(octets)):
        source.feed(octets[start : start + (cut or len(octets))])
    source.finish()
    assert source.name == "capture"
    return sessions.told


def whole(events: list[WireEvent]) -> None:
    """Assert that the session was told in full."""
    assert commands(events) == SAID
    body = next(event for event in events if isinstance(event, BodyReceived))
    assert (body.end, body.octets, body.is_exact) == (BodyEnd.COMPLETE, LETTER_OCTETS, True)
    assert isinstance(events[-1], Closed)
    assert (events[-1].by, events[-1].state) == (Side.SERVER, State.UPDATE)


# --- files and frames


@pytest.mark.parametrize("link_type", [0, 1, 101, 108, 113, 228, 276])
@pytest.mark.parametrize("order", ["<", ">"])
def test_captures_of_each_link_type_and_byte_order_are_read(link_type: int, order: str) -> None:
    frames = [framed(link_type, packet) for packet in session().packets]
    for octets in (
        pcap(frames, link_type=link_type, order=order),
        pcap(frames, link_type=link_type, order=order, nanoseconds=True),
        pcapng(frames, link_type=link_type, order=order),
        pcapng(frames, link_type=link_type, order=order, kind=3),
    ):
        (events,) = read(octets)
        whole(events)


def test_a_capture_can_be_read_while_it_grows() -> None:
    for octets in (pcap(session().packets), pcapng(session().packets)):
        (events,) = read(octets, cut=1)
        whole(events)


def test_what_tcp_says_of_a_connection_that_is_over_begins_no_session() -> None:
    talk = session()
    talk.acknowledge("S")
    talk.close("C", RST)
    (events,) = read(pcap(talk.packets))
    whole(events)


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(
    ("alert", "diagnosis"),
    [
        (rf"{ALERT}\x30", Diagnosis.CERTIFICATE_REJECTED),
        (SEALED_ALERT, Diagnosis.TLS_BROKEN_OFF),
        (SEALED_FINISHED, None),
    ],
)
def test_a_certificate_that_is_rejected_behind_the_hello_is_seen(
    alert: str, diagnosis: Diagnosis | None, step: int
) -> None:
    told, diagnoser = list[WireEvent](), Diagnoser()
    reader = Reader(told.append)
    for side, octets in pieces(f"C| {HELLO}\nS| {HELLO}\nC| {alert}"):
        for start in range(0, len(octets), step):
            reader.octets(side, octets[start : start + step], at_seconds=None)
    found = [one.diagnosis for event in told for one in diagnoser.hear(event)]
    assert found == ([diagnosis] if diagnosis else [])


def test_a_capture_that_begins_in_the_middle_takes_no_line_for_the_greeting() -> None:
    talk = session()
    (events,) = read(pcap(talk.packets[8:]))
    assert not [event for event in events if isinstance(event, Greeted | StrayLine)]
    assert commands(events) == SAID[2:]
    # In the middle of the message: what is left of it belongs to nothing that was seen.
    (events,) = read(pcap(talk.packets[10:]))
    assert not [event for event in events if isinstance(event, Greeted | StrayLine)]
    assert commands(events) == SAID[3:]


def test_times_are_those_of_the_capture() -> None:
    for octets in (pcap(session().packets), pcapng(session().packets)):
        (events,) = read(octets)
        connected = events[0]
        assert isinstance(connected, Connected)
        assert connected.at_seconds == pytest.approx(1000)
        assert connected.server == "192.0.2.1:110"


def test_vlan_tags_and_headers_of_ipv6_are_passed_over() -> None:
    segment = tcp(40_001, 110, 1, 1, ACK, b"QUIT\r\n")
    tagged = bytes(12) + b"\x81\x00\x00\x05\x88\xa8\x00\x06\x08\x00" + ipv4("192.0.2.7", "192.0.2.1", segment)
    found = segment_of(1, tagged)
    assert found is not None
    assert found.payload == b"QUIT\r\n"
    extended = ipv6(b"\x3c\x00" + bytes(6) + b"\x06\x01" + bytes(14) + segment, following=0)
    found = segment_of(101, extended)
    assert found is not None
    assert (found.payload, str(found.source)) == (b"QUIT\r\n", "[::1]:40001")


def test_padding_behind_a_packet_is_no_payload() -> None:
    packet = ipv4("192.0.2.7", "192.0.2.1", tcp(40_001, 110, 1, 1, ACK))
    found = segment_of(1, framed(1, packet) + b"\0" * 6)
    assert found is not None
    assert found.payload == b""


def test_what_is_no_tcp_gives_nothing() -> None:
    assert segment_of(1, framed(1, ipv4("192.0.2.7", "192.0.2.1", bytes(40), protocol=17))) is None
    assert segment_of(1, bytes(12) + b"\x08\x06" + bytes(28)) is None
    fragment = bytearray(ipv4("192.0.2.7", "192.0.2.1", tcp(1, 2, 3, 4, ACK)))
    fragment[6] = 0x20
    assert segment_of(101, bytes(fragment)) is None
    assert segment_of(9999, bytes(100)) is None


@given(st.sampled_from([0, 1, 101, 108, 113, 228, 229, 276]), st.binary(max_size=120))
def test_no_frame_makes_the_reader_fail(link_type: int, octets: bytes) -> None:
    segment_of(link_type, octets)


@given(st.data())
def test_a_damaged_capture_ends_where_it_is_damaged(data: st.DataObject) -> None:
    packets = session().packets
    octets = bytearray(data.draw(st.sampled_from([pcap(packets), pcapng(packets)])))
    for _ in range(data.draw(st.integers(0, 6))):
        octets[data.draw(st.integers(4, len(octets) - 1))] = data.draw(st.integers(0, 255))
    del octets[data.draw(st.integers(30, len(octets))) :]
    told = []
    for cut in (None, 7):
        sessions = Sessions()
        source = CaptureSource(sessions)
        for start in range(0, len(octets), cut or len(octets)):
            source.feed(bytes(octets[start : start + (cut or len(octets))]))
        source.finish()
        told.append(repr(sessions.told))
    assert told[0] == told[1]


def test_a_block_of_endless_length_is_not_waited_for() -> None:
    reader = PacketReader()
    assert list(reader.feed(pcap([b""])[:24] + b"\0" * 8 + b"\xff\xff\xff\x7f" * 2)) == []
    assert list(reader.feed(bytes(1_000_000))) == []
    assert len(reader._buffer) < 1_000


# --- connections


def test_segments_out_of_order_and_sent_again_are_put_together() -> None:
    chance = random.Random(7)
    for _ in range(30):
        packets = session().packets
        # Neighbours swap, and some come twice.
        for _ in range(6):
            at = chance.randrange(4, len(packets) - 5)
            packets[at], packets[at + 1] = packets[at + 1], packets[at]
            again = chance.randrange(3, len(packets) - 4)
            packets.insert(again + 1, packets[again])
        (events,) = read(pcap(packets))
        assert sorted(commands(events)) == sorted(SAID)
        body = next(event for event in events if isinstance(event, BodyReceived))
        assert body.octets == LETTER_OCTETS
        assert any(isinstance(event, Disturbed) for event in events)
        assert not any(isinstance(event, Lost) for event in events)


def test_a_gap_is_told_and_the_session_goes_on() -> None:
    talk = Talk()
    talk.open()
    talk.say("S", b"+OK ready\r\n")
    talk.say("C", b"USER ted\r\n")
    talk.say("S", b"+OK where is", captured=False)
    talk.say("S", b" this\r\n")
    for _ in range(PATIENCE + 1):
        talk.acknowledge("C")
    talk.say("C", b"QUIT\r\n")
    (events,) = read(pcap(talk.packets))
    assert [(event.side, event.octets) for event in events if isinstance(event, Lost)] == [(Side.SERVER, 12)]
    assert commands(events) == ["USER …", "QUIT"]


def test_packets_that_were_cut_by_the_capture_are_told_as_a_gap() -> None:
    packets = session().packets
    (events,) = read(pcap([packet[:50] if b"Subject" in packet else packet for packet in packets]))
    assert [event.octets for event in events if isinstance(event, Lost)] == [len(b"+OK\r\nSubject: a ") - 10]


def test_a_connection_that_is_reset_is_told_as_that() -> None:
    talk = Talk()
    talk.open()
    talk.say("S", b"+OK ready\r\n")
    talk.close("C", RST)
    (events,) = read(pcap(talk.packets))
    closed = events[-1]
    assert isinstance(closed, Closed)
    assert (closed.by, closed.reason) == (Side.CLIENT, "connection reset")


def test_a_capture_that_begins_in_the_middle_knows_the_server_by_its_port() -> None:
    (events,) = read(pcap(session().packets[3:]))
    whole(events)


def test_pop3_on_another_port_is_known_by_its_greeting_and_other_traffic_is_not_told() -> None:
    other = Talk(("192.0.2.7", 40_002), ("192.0.2.1", 25))
    other.open()
    other.say("S", b"220 smtp\r\n")
    other.say("C", b"EHLO x\r\n")
    odd = session(client=("192.0.2.7", 40_003), server=("192.0.2.9", 2110))
    (events,) = read(pcap([*other.packets, *odd.packets]))
    whole(events)


def test_tls_on_another_port_is_told_when_the_port_is_named() -> None:
    talk = Talk(server=("192.0.2.1", 1995))
    talk.open()
    talk.say("C", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
    assert read(pcap(talk.packets)) == []
    (events,) = read(pcap(talk.packets), ports=(1995,))
    assert any(isinstance(event, Sealed) for event in events)


def test_the_same_ports_again_are_another_session() -> None:
    sessions = read(pcap([*session().packets, *session().packets]))
    assert [commands(events) for events in sessions] == [SAID, SAID]


def test_a_side_that_closes_is_the_one_that_closed() -> None:
    talk = Talk()
    talk.open()
    talk.say("S", b"+OK ready\r\n")
    talk.say("C", b"NOOP\r\n")
    talk.close("C", FIN | ACK)
    talk.close("S", FIN | ACK)
    (events,) = read(pcap(talk.packets))
    closed = events[-1]
    assert isinstance(closed, Closed)
    assert closed.by is Side.CLIENT
    assert [event.keyword for event in events if isinstance(event, CommandSent)] == [b"NOOP"]


# --- streams


@given(st.data())
def test_a_stream_gives_its_octets_in_order_however_they_come(data: st.DataObject) -> None:
    octets = bytes(range(1, 121))
    start = data.draw(st.sampled_from([0, 2**32 - 60, 2**31]))
    pieces = []
    for _ in range(data.draw(st.integers(0, 12))):
        begin = data.draw(st.integers(0, 119))
        pieces.append((begin, octets[begin : data.draw(st.integers(begin + 1, 120))]))
    stream, given_octets, lost = Stream(), b"", 0
    stream.begin(start - 1)
    out = [one for begin, piece in pieces for one in stream.take((start + begin) % 2**32, piece, 0)]
    for one in (*out, *stream.give_up()):
        if isinstance(one, Gap):
            lost += one.octets
        else:
            # What comes is what stands at its place.
            assert octets[len(given_octets) + lost :].startswith(one)
            given_octets += one
    covered = {place for begin, piece in pieces for place in range(begin, begin + len(piece))}
    assert len(given_octets) == len(covered)
