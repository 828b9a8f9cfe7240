"""What TLS gives to a login: only what was verified in this very handshake."""

import ssl
from pathlib import Path

import pytest
import trustme
from tests.doors.test_tls import CA, Handshake, client_context, put

from restante.doors.channel import NO_CHANNEL, channel_of
from restante.doors.tls import ServerTls
from restante.ports.events import Door
from restante.sasl.terms import BindingType

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture
def tls(tmp_path: Path) -> ServerTls:
    authorities = tmp_path / "authorities.pem"
    authorities.write_bytes(CA.cert_pem.bytes())
    return ServerTls([put(tmp_path, "pop.example.org")], client_authorities=authorities)


@pytest.mark.rule("C10")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_that_was_verified_is_given_and_the_binding_too(
    tls: ServerTls, version: ssl.TLSVersion
) -> None:
    client = client_context(version)
    leaf: trustme.LeafCert = CA.issue_cert("ted@example.org")
    leaf.configure_cert(client)
    channel = channel_of(Handshake.of(tls.front(Door.POP3), client).run().server)
    assert channel.certificate == ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    assert [binding.type for binding in channel.bindings] == [BindingType.TLS_SERVER_END_POINT]
    assert "certificate" not in repr(channel)


def test_without_one_there_is_the_binding_alone(tls: ServerTls) -> None:
    channel = channel_of(Handshake.of(tls.front(Door.POP3), client_context()).run().server)
    assert channel.certificate is None
    assert len(channel.bindings) == 1


def test_a_session_that_goes_on_by_its_id_gives_nothing(tls: ServerTls) -> None:
    client = client_context(ssl.TLSVersion.TLSv1_2)
    CA.issue_cert("ted@example.org").configure_cert(client)
    first = Handshake.of(tls.front(Door.POP3), client).run()
    session = first.client.session
    first.end()
    second = Handshake.of(tls.front(Door.POP3), client, session=session).run()
    assert second.server.session_reused
    assert second.server.getpeercert(binary_form=True), "OpenSSL keeps the certificate of the first handshake"
    assert channel_of(second.server) == NO_CHANNEL


def test_where_another_machine_did_the_handshake_there_is_nothing() -> None:
    assert channel_of(None) == NO_CHANNEL
    assert NO_CHANNEL.bindings == ()
    assert NO_CHANNEL.certificate is None
