from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.config.address import (
    LARGEST_UNIX_PATH_OCTETS,
    TcpAddress,
    UnixAddress,
    parse_address,
)

_ports = st.integers(0, 65535)
_hosts = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.just("*"),
    st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9](\.[a-z][a-z0-9]{0,10}){0,3}", fullmatch=True),
)
_addresses = st.one_of(
    st.builds(lambda host, port: TcpAddress(host=host, port=port), _hosts, _ports),
    st.from_regex(r"(/[a-z0-9 :,.\-é]{1,12}){1,4}", fullmatch=True).map(lambda path: UnixAddress(path=Path(path))),
)


@given(_addresses)
def test_an_address_is_shown_as_one_would_type_it(address: TcpAddress | UnixAddress) -> None:
    assert parse_address(str(address)) == address


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused_in_words(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError as error:
        refusal = str(error)
    else:
        assert parse_address(str(address)) == address
        return
    assert refusal
    assert refusal.isprintable()


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:1110", "127.0.0.1", 1110),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::1]:110", "::1", 110),
        ("[0:0:0:0:0:0:0:1]:110", "::1", 110),
        ("*:110", "*", 110),
        ("pop.example.org:65535", "pop.example.org", 65535),
        ("localhost:00110", "localhost", 110),
    ],
)
def test_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert parse_address(text) == TcpAddress(host=host, port=port)


@pytest.mark.parametrize("text", ["unix:/run/restante/pop3", "unix:pop3.sock", "unix:/a:b"])
def test_a_path(text: str) -> None:
    assert parse_address(text) == UnixAddress(path=Path(text[5:]))


def test_the_path_of_a_socket_has_a_largest_length_in_octets() -> None:
    longest = "/" + "a" * (LARGEST_UNIX_PATH_OCTETS - 1)
    assert parse_address(f"unix:{longest}") == UnixAddress(path=Path(longest))
    with pytest.raises(ValueError, match="at most 107 octets, and this has 108"):
        parse_address(f"unix:{longest}b")
    with pytest.raises(ValueError, match="at most 107 octets"):
        parse_address("unix:/" + "é" * 60)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the port is missing"),
        ("127.0.0.1", "the port is missing"),
        ("110", "the port is missing"),
        (":110", r"write \*:110"),
        (":\x1b", "a number from 0 to 65535"),
        ("::1:110", r"in brackets"),
        ("127.0.0.1:pop3", "a number from 0 to 65535"),
        ("127.0.0.1:65536", "a number from 0 to 65535"),
        ("127.0.0.1:-1", "a number from 0 to 65535"),
        ("127.0.0.1:", "a number from 0 to 65535"),
        ("127.0.0.1:١١٠", "a number from 0 to 65535"),
        ("999.0.0.1:110", "not an IPv4 address"),
        ("1110:110", "not an IPv4 address"),
        ("[1.2.3.4]:110", "not an IPv6 address"),
        ("[]:110", "not an IPv6 address"),
        ("a b:110", "has to be a name"),
        ("host.:110", "has to be a name"),
        ("a" * 254 + ":110", "has to be a name"),
        ("unix:", "path is missing"),
        ("unix:/a\0b", "no NUL"),
    ],
)
def test_what_is_no_address_is_told_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_address(text)
