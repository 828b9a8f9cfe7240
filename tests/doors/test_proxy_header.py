"""The PROXY header, from the specification's words and examples, and against any octets at all."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.doors.proxy_header import (
    HEADER_OCTETS,
    LINE_OCTETS,
    IpEndpoint,
    Need,
    ProxiedTls,
    ProxyHeader,
    ProxyHeaderBad,
    ProxyHeaderParser,
    TrustedPeers,
    UnixEndpoint,
    crc32c,
)

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
IPV4 = socket.inet_pton(socket.AF_INET, "192.168.0.1") + socket.inet_pton(socket.AF_INET, "192.168.0.11")
IPV4 += struct.pack("!HH", 56324, 443)
IPV6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") + socket.inet_pton(socket.AF_INET6, "2001:db8::2")
IPV6 += struct.pack("!HH", 56324, 995)


def whole(octets: bytes) -> Need | ProxyHeader | ProxyHeaderBad:
    return ProxyHeaderParser().receive(octets)


def binary(block: bytes = IPV4, *, command: int = 0x21, family: int = 0x11, length: int | None = None) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(block) if length is None else length) + block


def field(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def header_of(octets: bytes) -> ProxyHeader:
    found = whole(octets)
    assert isinstance(found, ProxyHeader), found
    return found


def reason_of(octets: bytes) -> str:
    found = whole(octets)
    assert isinstance(found, ProxyHeaderBad), found
    return found.reason


GOOD = {
    b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n": ("192.168.0.1", 56324, "192.168.0.11", 443),
    b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n": (
        *("255.255.255.255", 65535),
        *("255.255.255.255", 65535),
    ),
    b"PROXY TCP6 2001:DB8::1 ::1 0 1\r\n": ("2001:db8::1", 0, "::1", 1),
    b"PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.8 9 995\r\n": ("192.0.2.7", 9, "192.0.2.8", 995),
    binary(): ("192.168.0.1", 56324, "192.168.0.11", 443),
    binary(IPV6, family=0x21): ("2001:db8::1", 56324, "2001:db8::2", 995),
}


@pytest.mark.parametrize(("octets", "ends"), GOOD.items())
def test_the_ends_of_the_clients_connection_are_told(octets: bytes, ends: tuple[str, int, str, int]) -> None:
    header = header_of(octets)
    assert header.source == IpEndpoint(host=ends[0], port=ends[1])
    assert header.destination == IpEndpoint(host=ends[2], port=ends[3])
    assert header.rest == b""


SPEAKS_FOR_ITSELF = [
    b"PROXY UNKNOWN\r\n",
    b"PROXY UNKNOWN ffff:f...f:ffff whatever it is\r\n",
    b"PROXY UNKNOWN " + b"f" * (LINE_OCTETS - 16) + b"\r\n",
    binary(b"", command=0x20, family=0x00),
    binary(b"nonsense that is to be skipped", command=0x20, family=0x11),
    binary(b"", family=0x00),
    binary(b"\xff\xff", family=0x00),
    binary(IPV4, family=0x10),
    binary(IPV4, family=0x12),
]


@pytest.mark.parametrize("octets", SPEAKS_FOR_ITSELF)
def test_a_proxy_that_speaks_for_itself_or_for_an_unknown_client_tells_no_ends(octets: bytes) -> None:
    header = header_of(octets + b"CAPA\r\n")
    assert header.source is None
    assert header.destination is None
    assert header.rest == b"CAPA\r\n"


BAD = {
    "LF alone": b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
    "CR within": b"PROXY UNKNOWN a\rb\r\n",
    "no end": b"PROXY UNKNOWN " + b"f" * (LINE_OCTETS - 14),
    "an end that comes too late": b"PROXY UNKNOWN " + b"f" * (LINE_OCTETS - 15) + b"\r\n",
    "two spaces": b"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
    "a space at the end": b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
    "lower case": b"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    "another transport": b"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
    "UNKNOWN grown": b"PROXY UNKNOWNS\r\n",
    "IPv6 as TCP4": b"PROXY TCP4 ::1 ::1 1 2\r\n",
    "IPv4 as TCP6": b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
    "a zero in front of an address": b"PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n",
    "a zero in front of a port": b"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
    "a port too high": b"PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
    "a sign": b"PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
    "a scope": b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    "an octet too many": b"PROXY TCP4 1.2.3.4.5 1.2.3.4 1 2\r\n",
    "no ports": b"PROXY TCP4 1.2.3.4 1.2.3.4\r\n",
    "no family": b"PROXY \r\n",
    "POP3": b"CAPA\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01",
    "almost the signature": SIGNATURE[:-1] + b"\x0b",
    "version 1 in binary": binary(command=0x11),
    "version 3": binary(command=0x31),
    "a command nobody knows": binary(command=0x22),
    "a family nobody knows": binary(family=0x41),
    "a transport nobody knows": binary(family=0x13),
    "too long": binary(length=HEADER_OCTETS - 15),
    "IPv4 cut": binary(IPV4[:-1]),
    "IPv6 cut": binary(IPV4, family=0x21),
    "unix cut": binary(b"/" * 215, family=0x31),
    "a field cut in its head": binary(IPV4 + b"\x04\x00"),
    "a field longer than the header": binary(IPV4 + b"\x04\x00\x05abcd"),
    "a checksum that is none": binary(IPV4 + field(3, b"abc")),
    "a wrong checksum": binary(IPV4 + field(3, b"abcd")),
    "a short TLS field": binary(IPV4 + field(0x20, b"\x01\0\0\0")),
    "a field in the TLS field that is cut": binary(IPV4 + field(0x20, b"\x01\0\0\0\0\x21\x00")),
}


@pytest.mark.parametrize("octets", BAD.values(), ids=BAD)
def test_what_is_not_exactly_a_header_is_bad_for_good_and_says_so_without_quoting(octets: bytes) -> None:
    parser = ProxyHeaderParser()
    found = parser.receive(octets)
    assert isinstance(found, ProxyHeaderBad)
    assert found.reason.isascii()
    assert "PROXY" in found.reason
    assert parser.receive(binary()) == found


def test_a_proxy_without_the_protocol_is_known_by_its_first_octet() -> None:
    assert "switched on at the proxy" in reason_of(b"C")
    assert whole(b"P") is Need.MORE
    assert whole(b"\r") is Need.MORE
    assert whole(b"") is Need.MORE


def test_a_length_beyond_the_limit_is_refused_before_it_is_waited_for() -> None:
    assert str(HEADER_OCTETS) in reason_of(binary(b"", length=65535))


def test_ends_in_the_file_system_are_told_up_to_their_nul() -> None:
    block = b"/run/client".ljust(108, b"\0") + b"x" * 108
    header = header_of(binary(block, family=0x31) + b"rest")
    assert header.source == UnixEndpoint(path=b"/run/client")
    assert header.destination == UnixEndpoint(path=b"x" * 108)
    assert header.rest == b"rest"


def test_the_server_name_and_the_tls_of_the_client_are_told() -> None:
    inner = field(0x21, b"TLSv1.3") + field(0x23, b"TLS_AES_128_GCM_SHA256") + field(0x22, b"Ted")
    tls = struct.pack("!BI", 0x07, 0) + inner + field(0x28, b"DER") + field(0x26, b"x25519")
    header = header_of(binary(IPV4 + field(0x04, b"pad") + field(2, b"pop.example.org") + field(0x20, tls)))
    assert header.authority == b"pop.example.org"
    assert header.tls == ProxiedTls(
        version=b"TLSv1.3",
        cipher=b"TLS_AES_128_GCM_SHA256",
        verified=True,
        common_name=b"Ted",
        certificate=b"DER",
    )


@pytest.mark.parametrize(
    ("client", "verify", "verified"),
    [(0x01, 0, False), (0x03, 0, True), (0x05, 0, True), (0x07, 1, False), (0x01, 1, False)],
)
def test_a_certificate_is_verified_only_if_there_is_one_and_the_proxy_says_so(
    client: int, verify: int, verified: bool
) -> None:
    header = header_of(binary(IPV4 + field(0x20, struct.pack("!BI", client, verify))))
    assert header.tls is not None
    assert header.tls.verified is verified


def test_a_client_without_tls_has_none_though_the_field_is_there() -> None:
    assert header_of(binary(IPV4 + field(0x20, struct.pack("!BI", 0x06, 0)))).tls is None


def test_crc32c_gives_the_published_values() -> None:
    # RFC 3720 appendix B.4.
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert crc32c(b"123456789") == 0xE3069283


def test_a_right_checksum_passes_and_a_flipped_bit_anywhere_does_not() -> None:
    block = IPV4 + field(2, b"pop.example.org") + field(3, bytes(4)) + field(4, b"pad")
    octets = binary(block)
    where = octets.index(field(3, bytes(4))) + 3
    good = octets[:where] + struct.pack("!I", crc32c(octets)) + octets[where + 4 :]
    assert header_of(good).authority == b"pop.example.org"
    for place in (16, 27, where, where + 3, len(good) - 1):
        flipped = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert "checksum" in reason_of(flipped)


@pytest.mark.parametrize("octets", [*GOOD, *SPEAKS_FOR_ITSELF, *BAD.values()])
def test_the_same_octets_give_the_same_however_they_are_cut(octets: bytes) -> None:
    expected = whole(octets)
    for cut in range(len(octets)):
        parser = ProxyHeaderParser()
        found = parser.receive(octets[:cut])
        if found is Need.MORE:
            found = parser.receive(octets[cut:])
        assert found == expected
    parser, found = ProxyHeaderParser(), Need.MORE
    for place in range(len(octets)):
        found = parser.receive(octets[place : place + 1])
        if found is not Need.MORE:
            break
    assert found == expected


def almost_headers() -> st.SearchStrategy[bytes]:
    """Octets that begin like a header, so that more than the first check is met."""
    fields = st.lists(st.builds(field, st.integers(0, 255), st.binary(max_size=40)), max_size=4).map(b"".join)
    blocks = st.one_of(st.binary(max_size=300), st.builds(lambda more: IPV4 + more, fields))
    binaries = st.builds(
        lambda block, command, family, length: binary(block, command=command, family=family, length=length),
        blocks,
        st.integers(0, 255),
        st.integers(0, 255),
        st.none() | st.integers(0, 65535),
    )
    lines = st.builds(lambda text: b"PROXY " + text, st.text("TCP46UNKOW 0123456789.:af\r\n").map(str.encode))
    return st.one_of(st.binary(max_size=200), binaries, lines, st.builds(lambda a, b: a + b, binaries, lines))


@given(almost_headers(), st.lists(st.integers(1, 64), max_size=6))
def test_no_octets_make_it_raise_and_a_header_is_always_the_start_of_what_came(
    octets: bytes, cuts: list[int]
) -> None:
    expected = whole(octets)
    if isinstance(expected, ProxyHeader):
        used = len(octets) - len(expected.rest)
        assert octets[used:] == expected.rest
        assert whole(octets[:used]) == header_of(octets[:used] + b"")
        assert all(whole(octets[:shorter]) is Need.MORE for shorter in range(used))
    parser, found, place = ProxyHeaderParser(), Need.MORE, 0
    for step in [*cuts, len(octets)]:
        found = parser.receive(octets[place : place + step])  # type: ignore[assignment]  # widened by the parser
        place += step
        if found is not Need.MORE:
            break
    if isinstance(found, ProxyHeader):
        assert isinstance(expected, ProxyHeader)
        assert (found.source, found.tls, found.authority) == (expected.source, expected.tls, expected.authority)
        assert found.rest + octets[place:] == expected.rest
    else:
        assert found == expected


class TestTrustedPeers:
    def test_addresses_networks_and_sockets_in_the_file_system_can_be_trusted(self) -> None:
        peers = TrustedPeers(["10.0.0.0/8", " 2001:db8::/32 ", "192.0.2.1", "unix"])
        assert all(peer in peers for peer in ("10.1.2.3", "2001:db8::1", "192.0.2.1", "unix", "::ffff:10.0.0.1"))
        assert not any(peer in peers for peer in ("11.0.0.1", "192.0.2.2", "2001:db9::1", "::1", "", "x", "a/b"))

    def test_a_scope_plays_no_part(self) -> None:
        assert "fe80::1%eth0" in TrustedPeers(["fe80::/10"])

    def test_nobody_is_trusted_where_nobody_is_named(self) -> None:
        assert not TrustedPeers([])
        assert "unix" not in TrustedPeers([])
        assert TrustedPeers(["unix"])
        assert "127.0.0.1" not in TrustedPeers(["unix"])

    @pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0", "haproxy.example.org", "", "10.0.0.0/33"])
    def test_what_is_not_clear_is_refused_with_what_to_write(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"write 10\.0\.0\.0/8"):
            TrustedPeers([text])

    def test_what_is_no_text_is_not_trusted(self) -> None:
        assert 7 not in TrustedPeers(["0.0.0.0/0"])
