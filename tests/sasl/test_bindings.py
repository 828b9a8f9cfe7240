"""Channel bindings come from the octets that the TLS layer hands in."""

from __future__ import annotations

import hashlib

import pytest

from restante.sasl.bindings import EXPORTER_LABEL, EXPORTER_OCTETS, exporter, server_end_point
from restante.sasl.terms import BindingType

CERTIFICATE = b"0\x82 a certificate's DER"


@pytest.mark.parametrize(
    ("signature", "used"),
    [("md5", "sha256"), ("sha1", "sha256"), ("sha256", "sha256"), ("sha384", "sha384"), ("sha512", "sha512")],
)
def test_an_end_point_is_hashed_as_its_certificate_is_signed(signature: str, used: str) -> None:
    binding = server_end_point(CERTIFICATE, signature_hash=signature)
    assert binding is not None
    assert binding.type is BindingType.TLS_SERVER_END_POINT
    assert binding.octets == hashlib.new(used, CERTIFICATE).digest()


@pytest.mark.parametrize("signature", [None, "shake_256", "no such hash"])
def test_an_end_point_without_one_known_hash_is_undefined(signature: str | None) -> None:
    assert server_end_point(CERTIFICATE, signature_hash=signature) is None


def test_an_exporter_is_32_octets_under_its_label() -> None:
    assert EXPORTER_LABEL == b"EXPORTER-Channel-Binding"
    assert exporter(b"e" * EXPORTER_OCTETS).type is BindingType.TLS_EXPORTER
    for octets in (b"", b"e" * 31, b"e" * 33):
        with pytest.raises(ValueError, match="32 octets"):
            exporter(octets)


def test_a_binding_does_not_show() -> None:
    assert "eee" not in repr(exporter(b"e" * EXPORTER_OCTETS))


def test_tls_unique_is_never_there() -> None:
    assert {binding.value for binding in BindingType} == {"tls-exporter", "tls-server-end-point"}
