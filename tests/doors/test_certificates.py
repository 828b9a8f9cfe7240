"""Certificates and keys as files: what can be served, what is said of what cannot, the pair of a first start."""

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID

from restante.doors.certificates import (
    PairFiles,
    TlsConfigError,
    fingerprint,
    read_authorities,
    read_pair,
    self_signed,
    server_end_point,
)
from restante.sasl.terms import BindingType

NOW = datetime.now(UTC)
CA = trustme.CA()


def written(folder: Path, certificate: bytes, key: bytes) -> PairFiles:
    files = PairFiles(certificate=folder / "chain.pem", key=folder / "key.pem")
    files.certificate.write_bytes(certificate)
    files.key.write_bytes(key)
    files.key.chmod(0o600)
    return files


def issued(folder: Path, *names: str, not_after: datetime | None = None) -> PairFiles:
    leaf = CA.issue_cert(*names, not_after=not_after)
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    return written(folder, chain, leaf.private_key_pem.bytes())


def pem_of(key: PrivateKeyTypes, passphrase: bytes | None = None) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption(),
    )


def fault_of(files: PairFiles) -> TlsConfigError:
    with pytest.raises(TlsConfigError) as caught:
        read_pair(files, now=NOW)
    return caught.value


class TestReading:
    def test_the_names_of_a_pair_are_those_of_its_own_certificate(self, tmp_path: Path) -> None:
        pair = read_pair(issued(tmp_path, "Pop.Example.org", "*.example.net", "192.0.2.1"), now=NOW)
        assert sorted(pair.names) == ["*.example.net", "pop.example.org"]
        assert pair.warnings == ()

    def test_chain_and_key_may_be_one_file(self, tmp_path: Path) -> None:
        files = issued(tmp_path, "pop.example.org")
        files.key.write_bytes(files.key.read_bytes() + files.certificate.read_bytes())
        one = PairFiles(certificate=files.key, key=files.key)
        assert read_pair(one, now=NOW).names == ("pop.example.org",)

    def test_a_key_behind_the_parameters_of_its_curve_is_found(self, tmp_path: Path) -> None:
        files = issued(tmp_path, "pop.example.org")
        parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        files.key.write_bytes(parameters + files.key.read_bytes())
        assert read_pair(files, now=NOW).names == ("pop.example.org",)

    @pytest.mark.parametrize("which", ["certificate", "key"])
    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path, which: str) -> None:
        files = issued(tmp_path, "pop.example.org")
        path: Path = getattr(files, which)
        path.unlink()
        fault = fault_of(files)
        assert fault.path == path
        assert str(fault) == f"{path}: there is no such file; {fault.advice}"
        assert fault.advice.startswith("write the path of")

    @pytest.mark.parametrize("which", ["certificate", "key"])
    @pytest.mark.parametrize("octets", [b"", b"\xff\x00", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
    def test_a_file_that_holds_something_else_is_named(self, tmp_path: Path, which: str, octets: bytes) -> None:
        files = issued(tmp_path, "pop.example.org")
        path: Path = getattr(files, which)
        path.write_bytes(octets)
        fault = fault_of(files)
        assert fault.path == path
        assert "-----BEGIN" in fault.advice

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        assert "cannot be read" in fault_of(PairFiles(certificate=tmp_path, key=tmp_path)).reason

    def test_a_file_without_end_is_not_read_to_its_end(self) -> None:
        endless = Path("/dev/zero")
        assert "more than" in fault_of(PairFiles(certificate=endless, key=endless)).reason

    def test_a_key_of_another_certificate_does_not_fit(self, tmp_path: Path) -> None:
        files = issued(tmp_path, "pop.example.org")
        files.key.write_bytes(CA.issue_cert("pop.example.org").private_key_pem.bytes())
        fault = fault_of(files)
        assert fault.path == files.key
        assert str(files.certificate) in fault.reason

    def test_a_chain_in_the_wrong_order_does_not_fit_and_the_advice_says_so(self, tmp_path: Path) -> None:
        files = issued(tmp_path, "pop.example.org")
        files.certificate.write_bytes(CA.cert_pem.bytes() + files.certificate.read_bytes())
        assert "first" in fault_of(files).advice

    def test_a_key_under_a_passphrase_is_refused_without_asking_for_it(self, tmp_path: Path) -> None:
        files = issued(tmp_path, "pop.example.org")
        files.key.write_bytes(pem_of(ec.generate_private_key(ec.SECP256R1()), b"open sesame"))
        fault = fault_of(files)
        assert "passphrase" in fault.reason
        assert "openssl pkey" in fault.advice

    def test_nothing_of_a_key_that_cannot_be_read_is_told(self, tmp_path: Path) -> None:
        files = issued(tmp_path, "pop.example.org")
        files.key.write_bytes(b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0IHNlY3JldA==\n-----END PRIVATE KEY-----\n")
        fault = fault_of(files)
        assert "c2Vjc" not in f"{fault!r}"
        assert fault.__cause__ is None
        assert fault.__suppress_context__

    def test_the_digest_tells_whether_either_file_is_another(self, tmp_path: Path) -> None:
        files = issued(tmp_path, "pop.example.org")
        first = read_pair(files, now=NOW).digest
        assert read_pair(files, now=NOW).digest == first
        files.key.write_bytes(files.key.read_bytes() + b"\n")
        second = read_pair(files, now=NOW).digest
        files.certificate.write_bytes(files.certificate.read_bytes() + b"\n")
        assert len({first, second, read_pair(files, now=NOW).digest}) == 3

    def test_authorities_are_read_all(self, tmp_path: Path) -> None:
        path = tmp_path / "authorities.pem"
        other = trustme.CA()
        path.write_bytes(b"# caf\xc3\xa9\n" + CA.cert_pem.bytes() + other.cert_pem.bytes())
        ders = [
            x509.load_pem_x509_certificate(each.cert_pem.bytes()).public_bytes(serialization.Encoding.DER)
            for each in (CA, other)
        ]
        assert read_authorities(path) == b"".join(ders)
        path.write_bytes(b"")
        with pytest.raises(TlsConfigError):
            read_authorities(path)


class TestWarnings:
    def test_an_expired_certificate_is_a_warning_and_no_refusal(self, tmp_path: Path) -> None:
        files = issued(tmp_path, "pop.example.org", not_after=NOW - timedelta(days=1))
        (warning,) = read_pair(files, now=NOW).warnings
        assert warning.startswith(f"{files.certificate}: ")
        assert "expired" in warning

    def test_a_certificate_of_the_future_is_a_warning(self, tmp_path: Path) -> None:
        files = issued(tmp_path, "pop.example.org")
        (warning,) = read_pair(files, now=datetime(1999, 1, 1, tzinfo=UTC)).warnings
        assert "clock" in warning

    @pytest.mark.parametrize(
        ("mode", "warned"), [(0o600, False), (0o640, False), (0o440, False), (0o644, True), (0o602, True)]
    )
    def test_a_key_that_everybody_may_read_or_change_is_a_warning(
        self, tmp_path: Path, mode: int, warned: bool
    ) -> None:
        files = issued(tmp_path, "pop.example.org")
        files.key.chmod(mode)
        warnings = read_pair(files, now=NOW).warnings
        assert [f"chmod o= {files.key}" in warning for warning in warnings] == [True] * warned

    def test_a_certificate_without_names_is_a_warning(self, tmp_path: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        files = written(tmp_path, signed(key, hashes.SHA256()), pem_of(key))
        (warning,) = read_pair(files, now=NOW).warnings
        assert "subject alternative names" in warning


def signed(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
    algorithm: hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | hashes.SHA3_256 | None,
    *,
    pss: bool = False,
) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pop.example.org")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(
            key,
            algorithm,
            rsa_padding=padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH)
            if pss and algorithm is not None
            else None,
        )
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


class TestTheEndPointBinding:
    @pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512(), hashes.SHA3_256()])
    def test_it_is_the_hash_of_the_certificate_by_the_hash_of_its_signature(
        self, algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | hashes.SHA3_256
    ) -> None:
        certificate = x509.load_pem_x509_certificate(signed(ec.generate_private_key(ec.SECP256R1()), algorithm))
        binding = server_end_point(certificate)
        assert binding is not None
        assert binding.type is BindingType.TLS_SERVER_END_POINT
        assert binding.octets == certificate.fingerprint(algorithm)

    def test_of_a_pss_signature_it_is_that_of_its_hash(self) -> None:
        key = rsa.generate_private_key(65537, 2048)
        certificate = x509.load_pem_x509_certificate(signed(key, hashes.SHA512(), pss=True))
        binding = server_end_point(certificate)
        assert binding is not None
        assert binding.octets == certificate.fingerprint(hashes.SHA512())

    def test_a_certificate_signed_with_sha1_is_hashed_with_sha256(self) -> None:
        certificate = x509.load_pem_x509_certificate(SIGNED_WITH_SHA1)
        assert isinstance(certificate.signature_hash_algorithm, hashes.SHA1)
        binding = server_end_point(certificate)
        assert binding is not None
        assert binding.octets == certificate.fingerprint(hashes.SHA256())

    def test_of_ed25519_there_is_none(self) -> None:
        key = ed25519.Ed25519PrivateKey.generate()
        assert server_end_point(x509.load_pem_x509_certificate(signed(key, None))) is None


class TestSigningByItself:
    NAMES = ("localhost", "127.0.0.1", "::1", "Mail.Example.org", "bücher.example", "", "..", "x" * 64)

    def made(self, folder: Path, *, now: datetime = NOW) -> x509.Certificate:
        return read_pair(self_signed(folder, self.NAMES, now=now), now=now).certificate

    def test_it_has_the_names_and_addresses_that_a_certificate_can_carry(self, tmp_path: Path) -> None:
        certificate = self.made(tmp_path)
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert found.get_values_for_type(x509.DNSName) == [
            "localhost",
            "mail.example.org",
            "xn--bcher-kva.example",
        ]
        assert found.get_values_for_type(x509.IPAddress) == [
            ipaddress.ip_address("127.0.0.1"),
            ipaddress.ip_address("::1"),
        ]

    def test_it_is_no_authority_and_good_for_397_days(self, tmp_path: Path) -> None:
        certificate = self.made(tmp_path)
        assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=397)
        assert certificate.not_valid_before_utc < NOW
        assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)

    def test_nobody_else_may_read_it_and_nothing_is_left_beside_it(self, tmp_path: Path) -> None:
        files = self_signed(tmp_path, self.NAMES, now=NOW)
        assert files.key == files.certificate
        assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
        assert list(tmp_path.iterdir()) == [files.key]
        assert read_pair(files, now=NOW).warnings == ()

    def test_it_is_kept_while_it_is_good_for_another_month(self, tmp_path: Path) -> None:
        first = self.made(tmp_path)
        assert self.made(tmp_path, now=NOW + timedelta(days=366)) == first
        assert self.made(tmp_path, now=NOW + timedelta(days=368)) != first

    def test_it_is_made_anew_for_another_name_and_not_for_fewer(self, tmp_path: Path) -> None:
        first = self.made(tmp_path)
        fewer = read_pair(self_signed(tmp_path, ["localhost"], now=NOW), now=NOW).certificate
        other = read_pair(self_signed(tmp_path, ["pop.example.org"], now=NOW), now=NOW)
        assert fewer == first
        assert other.names == ("pop.example.org",)

    def test_one_that_was_cut_short_is_made_anew(self, tmp_path: Path) -> None:
        files = self_signed(tmp_path, self.NAMES, now=NOW)
        files.key.write_bytes(files.key.read_bytes()[:-40])
        self.made(tmp_path)

    def test_a_folder_that_cannot_be_written_to_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(TlsConfigError, match="cannot be made there"):
            self_signed(tmp_path / "none", self.NAMES, now=NOW)

    def test_a_place_that_is_taken_leaves_no_draft(self, tmp_path: Path) -> None:
        (tmp_path / "self-signed.pem").mkdir()
        with pytest.raises(TlsConfigError):
            self_signed(tmp_path, self.NAMES, now=NOW)
        assert [path.name for path in tmp_path.iterdir()] == ["self-signed.pem"]


def test_the_fingerprint_is_written_as_openssl_writes_it() -> None:
    certificate = x509.load_pem_x509_certificate(CA.cert_pem.bytes())
    pairs = fingerprint(certificate).split(":")
    assert len(pairs) == 32
    assert bytes.fromhex("".join(pairs)) == certificate.fingerprint(hashes.SHA256())
    assert fingerprint(certificate) == fingerprint(certificate).upper()


SIGNED_WITH_SHA1 = b"""-----BEGIN CERTIFICATE-----
MIIBiDCCAS6gAwIBAgIUP1E3nY/z6wOnwXjeQ76g5OIOSbUwCQYHKoZIzj0EATAa
MRgwFgYDVQQDDA9wb3AuZXhhbXBsZS5vcmcwHhcNMjYxMTIzMjMwMzM0WhcNMzYx
MTIwMjMwMzM0WjAaMRgwFgYDVQQDDA9wb3AuZXhhbXBsZS5vcmcwWTATBgcqhkjO
PQIBBggqhkjOPQMBBwNCAAQynVbQ1YMRoJjKPHQe/vkKOdcugo5KkMljn2YmTzHM
lE8bW4qP22/Id1UXFQ6/1VIpb9o4CCN6vf06LhxHCJ+zo1MwUTAdBgNVHQ4EFgQU
/lfUkIizpWintZX7GFLMqLUdGicwHwYDVR0jBBgwFoAU/lfUkIizpWintZX7GFLM
qLUdGicwDwYDVR0TAQH/BAUwAwEB/zAJBgcqhkjOPQQBA0kAMEYCIQC17nIIjN8H
PoA4LfM2bK7VCY6rkJFB5Uh+vy8qCigv1QIhAMsGHVOG6yO+DKbUozElO8xCWYwX
/xP7DPjsUfbaxfBF
-----END CERTIFICATE-----
"""
"""Made with `openssl req -x509 -newkey ec -sha1`: what makes certificates in these tests signs with no SHA-1."""
