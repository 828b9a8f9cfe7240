"""What a client has to be told: RFC 8314 §3."""

import pytest

from restante.client.server import Security, Server


def test_the_port_follows_from_the_security() -> None:
    assert Server(host="pop.example.org").real_port == 995
    assert Server(host="pop.example.org", security=Security.STLS).real_port == 110
    assert Server(host="pop.example.org", port=1110, security=Security.PLAIN).real_port == 1110


def test_an_address_is_written_as_people_do() -> None:
    assert Server(host="pop.example.org").address == "pop.example.org:995"
    assert Server(host="::1", port=1).address == "[::1]:1"


@pytest.mark.parametrize("host", ["", "a b", "a\n", "a\0", "x" * 64 + ".org", ".."])
def test_a_host_that_cannot_be_one_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="host"):
        Server(host=host)


@pytest.mark.parametrize("host", ["pop.example.org", "192.0.2.1", "2001:db8::1", "müller.example"])
def test_names_and_addresses_are_hosts(host: str) -> None:
    assert Server(host=host).host == host


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_cannot_be_one_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="port"):
        Server(host="x", port=port)


@pytest.mark.parametrize("fingerprint", ["", "ab", "zz" * 32, "ab" * 20, "AB:" * 31])
def test_a_fingerprint_is_a_sha_256_in_hex(fingerprint: str) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        Server(host="x", fingerprint=fingerprint)


def test_a_fingerprint_may_have_colons_and_either_case() -> None:
    assert Server(host="x", fingerprint=":".join(["aB"] * 32)).pinned == b"\xab" * 32


def test_a_fingerprint_without_tls_is_refused() -> None:
    with pytest.raises(ValueError, match="choose TLS"):
        Server(host="x", security=Security.PLAIN, fingerprint="ab" * 32)


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:9050", "socks5://me:hush@proxy.example.org:1080", "socks5://[::1]:1"]
)
def test_a_proxy_is_an_address_and_its_password_is_not_shown(proxy: str) -> None:
    assert "hush" not in repr(Server(host="x", proxy=proxy))


@pytest.mark.parametrize("proxy", ["", "http://proxy:1", "socks5://proxy", "socks5://:1", "127.0.0.1:9050"])
def test_what_is_no_socks5_proxy_is_refused(proxy: str) -> None:
    with pytest.raises(ValueError, match="proxy is socks5://"):
        Server(host="x", proxy=proxy)
