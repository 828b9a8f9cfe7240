"""Certificates and their keys, as files: read, held against each other, named, and, for a first start, made.

A pair is a chain in PEM, the server's own certificate first, and its key, in one file or in two. Whether anybody
trusts the chain is the client's to judge; whether it can be served is judged here.
How it fails: TlsConfigError with the file, why, and what to do. What works but should not stay so (an expired
certificate, a key that all may read) is a sentence in `Pair.warnings`.
Sources: RFC 5280 §4.2.1.6 (names), RFC 9525 §6.3 (wildcards), RFC 5929 §4.1 (the end-point binding).
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from restante.sasl import bindings
from restante.sasl.terms import ChannelBinding

__all__ = [
    "Pair",
    "PairFiles",
    "TlsConfigError",
    "fingerprint",
    "read_authorities",
    "read_pair",
    "self_signed",
    "server_end_point",
]

_FILE_OCTETS: Final = 4 * 1024 * 1024
"""A bundle of all public authorities has less than a quarter of this."""

_SELF_SIGNED_FILE: Final = "self-signed.pem"
_SELF_SIGNED_DAYS: Final = 397
"""What browsers take at most of a public authority; longer would be refused by some clients."""
_RENEW_DAYS: Final = 30
"""A self-signed certificate with less than this before it is made anew."""
_BACKDATED: Final = timedelta(hours=1)
"""For clients whose clocks are late."""


class TlsConfigError(Exception):
    """A file cannot be served. The message is one sentence: the file, why, and what to do."""

    def __init__(self, path: Path, reason: str, advice: str) -> None:
        super().__init__(f"{path}: {reason}; {advice}")
        self.path = path
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFiles:
    """Where a chain and its key lie, both in PEM; one file may hold both."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A chain and its key that fit each other. The key itself is not kept here."""

    files: PairFiles
    certificate: x509.Certificate
    """The server's own, without its chain."""
    digest: bytes
    """SHA-256 over all that was read, to tell whether the files still hold it."""
    names: tuple[str, ...]
    """Its DNS names in lower case, as A-labels; `*.example.org` stands for one label."""
    warnings: tuple[str, ...]
    """What works today and should be mended."""


def read_pair(files: PairFiles, *, now: datetime) -> Pair:
    """Read a chain and its key and hold them against each other. Raises TlsConfigError."""
    chain_octets, _ = _read(files.certificate, "write the path of the certificate's chain")
    key_octets, mode = _read(files.key, "write the path of the certificate's key")
    certificate = _own_certificate(files.certificate, chain_octets)
    _check_key(files, key_octets, certificate)
    names = _names_of(certificate)
    return Pair(
        files=files,
        certificate=certificate,
        digest=_digest(_digest(chain_octets) + _digest(key_octets)),
        names=names,
        warnings=tuple(_warnings(files, certificate, names, mode, now)),
    )


def read_authorities(path: Path) -> bytes:
    """Read certificates of authorities from PEM; give them as DER, one after the other. Raises TlsConfigError."""
    octets, _ = _read(path, "write the path of the authorities' certificates")
    return b"".join(each.public_bytes(serialization.Encoding.DER) for each in _certificates(path, octets))


def fingerprint(certificate: x509.Certificate) -> str:
    """Give the SHA-256 fingerprint as openssl and clients print it: hex pairs in upper case, parted by colons."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def server_end_point(certificate: x509.Certificate) -> ChannelBinding | None:
    """Give the tls-server-end-point binding of a certificate; None where it is undefined (Ed25519).

    Source: RFC 5929 §4.1.
    """
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    return bindings.server_end_point(
        certificate.public_bytes(serialization.Encoding.DER),
        signature_hash=None if algorithm is None else algorithm.name.replace("-", "_"),
    )


def self_signed(folder: Path, names: Sequence[str], *, now: datetime) -> PairFiles:
    """Give a pair of a folder that signs itself, for names and addresses; make it if there is none that will do.

    One that is there is kept while it is good for another 30 days and has all the names, so that who trusted its
    fingerprint once is not asked again. Names that no certificate can carry are left out. Raises TlsConfigError.

    Chain and key are one file, written whole beside its place and renamed into it. A crash leaves: a hidden
    `.….new` file, for the owner's eyes only, that nothing reads (before the rename), or the new pair (after it);
    never a certificate without its key.
    """
    path = folder / _SELF_SIGNED_FILE
    files = PairFiles(certificate=path, key=path)
    wanted = _alternative_names(names)
    with contextlib.suppress(TlsConfigError):
        pair = read_pair(files, now=now)
        left = pair.certificate.not_valid_after_utc - now
        if left > timedelta(days=_RENEW_DAYS) and set(wanted) <= set(_alternatives_of(pair.certificate)):
            return files
    _write(path, _make_self_signed(wanted, now))
    return files


# --- reading -----------------------------------------------------------------------------------------------------


def _read(path: Path, advice: str) -> tuple[bytes, int]:
    """Give a file's octets and its mode."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            octets = file.read(_FILE_OCTETS + 1)
    except FileNotFoundError:
        raise TlsConfigError(path, "there is no such file", advice) from None
    except PermissionError:
        raise TlsConfigError(
            path, "it may not be read", "let the user or a group of the server read it, and nobody else"
        ) from None
    except OSError as error:
        raise TlsConfigError(path, f"it cannot be read ({error.strerror})", advice) from error
    if len(octets) > _FILE_OCTETS:
        raise TlsConfigError(path, f"it has more than {_FILE_OCTETS} octets", advice)
    return octets, mode


def _certificates(path: Path, octets: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(octets)
    except ValueError:
        raise TlsConfigError(
            path, "it holds no certificates in PEM", "it has to begin with -----BEGIN CERTIFICATE-----"
        ) from None


def _own_certificate(path: Path, octets: bytes) -> x509.Certificate:
    return _certificates(path, octets)[0]


def _check_key(files: PairFiles, octets: bytes, certificate: x509.Certificate) -> None:
    # The causes are not chained: they may quote what they met, and that is a key.
    try:
        key = serialization.load_pem_private_key(octets, password=None)
    except TypeError:
        raise TlsConfigError(
            files.key,
            "the key is under a passphrase, and nobody is there to type it at a start",
            "take it off: openssl pkey -in OLD -out NEW",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise TlsConfigError(
            files.key, "it holds no key in PEM", "it has to have a block -----BEGIN PRIVATE KEY-----"
        ) from None
    if _spki(key.public_key()) != _spki(certificate.public_key()):
        raise TlsConfigError(
            files.key,
            f"the key does not belong to the certificate in {files.certificate}",
            "name the key that the certificate was asked for with; the server's own certificate has to be the first"
            " of its chain",
        )


def _spki(key: object) -> bytes:
    give = getattr(key, "public_bytes", None)  # one method of many classes that share no type with all of them
    assert give is not None, "each kind of public key has it"
    octets = give(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert isinstance(octets, bytes)
    return octets


def _digest(octets: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(octets)
    return digest.finalize()


def _alternatives_of(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return []


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    return tuple(each.value.lower() for each in _alternatives_of(certificate) if isinstance(each, x509.DNSName))


def _warnings(
    files: PairFiles, certificate: x509.Certificate, names: Sequence[str], mode: int, now: datetime
) -> Iterable[str]:
    until, since = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    if until <= now:
        yield f"{files.certificate}: the certificate expired on {until:%Y-%m-%d}, so clients refuse it; renew it"
    elif since > now:
        yield (
            f"{files.certificate}: the certificate is valid from {since:%Y-%m-%d %H:%M} UTC on, so clients refuse "
            "it; see that the clock is right"
        )
    if not names and not _alternatives_of(certificate):
        yield (
            f"{files.certificate}: the certificate has no subject alternative names, so clients refuse it; "
            "ask for one that has the server's name there"
        )
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        yield f"{files.key}: everybody on this machine may read or change the key; run `chmod o= {files.key}`"


# --- making ------------------------------------------------------------------------------------------------------


def _alternative_names(names: Iterable[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in dict.fromkeys(each.strip().rstrip(".").lower() for each in names):
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            # UnicodeError, a ValueError: a label is empty, too long, or no name at all.
            with contextlib.suppress(ValueError):
                if name:
                    found.append(x509.DNSName(name.encode("idna").decode("ascii")))
    return found


def _make_self_signed(alternatives: Sequence[x509.GeneralName], now: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    # Not the host's name: it may be longer than a common name can be, and nobody looks here.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Restante, signed by itself")])
    start = now.replace(microsecond=0) - _BACKDATED
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=_SELF_SIGNED_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, octets: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)
                file.write(octets)
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise TlsConfigError(
            path,
            f"a certificate cannot be made there ({error.strerror})",
            "see that its folder is there, has room, and belongs to the user that runs restante",
        ) from error
