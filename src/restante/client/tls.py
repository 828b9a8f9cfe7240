"""TLS for a client as octets in and octets out, and what is wrong with a certificate in plain words.

There is no socket here: a `TlsChannel` takes what came from the wire and gives what is to go there, so that the
same code serves both pumps, that nothing which came before the handshake can slip into it, and that the certificate
which was refused can be told. TLS 1.2 at the least; the chain and the name are checked, or else the fingerprint is.
Sources: RFC 2595 §2.4, RFC 8314 §5.1, RFC 9325 §3 (versions), RFC 5929 §4 (tls-server-end-point).
"""

from __future__ import annotations

import contextlib
import hashlib
import ssl
from typing import Final

from restante.client.faults import TlsFault, TlsProblem, shown
from restante.client.server import Server
from restante.sasl.bindings import server_end_point
from restante.sasl.terms import ChannelBinding

__all__ = ["TlsChannel", "certificate_of", "context_for", "fault_of", "fingerprint_of"]

_READ_OCTETS: Final = 64 * 1024

_PROBLEMS: Final = {
    9: TlsProblem.NOT_YET_VALID,
    10: TlsProblem.EXPIRED,
    18: TlsProblem.SELF_SIGNED,
    19: TlsProblem.UNKNOWN_AUTHORITY,
    20: TlsProblem.UNKNOWN_AUTHORITY,
    21: TlsProblem.UNKNOWN_AUTHORITY,
    2: TlsProblem.UNKNOWN_AUTHORITY,
    23: TlsProblem.REVOKED,
    62: TlsProblem.OTHER_NAME,
    64: TlsProblem.OTHER_NAME,
}
"""OpenSSL's codes of X509_STORE_CTX_get_error."""


def fingerprint_of(certificate: bytes) -> str:
    """Give the SHA-256 of a certificate in DER, as people compare it: hex in pairs with colons."""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def context_for(server: Server) -> ssl.SSLContext:
    """Make the settings of TLS for a server. Raises TlsFault where our own files cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    try:
        if server.fingerprint is not None:
            # Who is pinned needs nobody to speak for it; the fingerprint is checked after the handshake.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif server.authorities is not None:
            context.load_verify_locations(server.authorities)
        else:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if server.client_certificate is not None:
            context.load_cert_chain(server.client_certificate, server.client_key)
    except (OSError, ssl.SSLError) as error:
        files = server.authorities, server.client_certificate, server.client_key
        named = ", ".join(str(file) for file in files if file is not None)
        raise TlsFault(
            f"cannot use {named}: {error.strerror or error}; each is to be a file in PEM that we may read",
            server=server.address,
            problem=TlsProblem.OURS,
        ) from error
    return context


class TlsChannel:
    """The TLS of one connection, the client's side."""

    __slots__ = ("_buffer", "_incoming", "_outgoing", "_ssl", "ended")

    ended: bool
    """Whether the server said that nothing more will come, or cannot say anything more."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._buffer = memoryview(bytearray(_READ_OCTETS))
        self.ended = False

    def receive(self, octets: bytes) -> None:
        """Take what came from the wire; no octets are its end."""
        if octets:
            self._incoming.write(octets)
        else:
            self._incoming.write_eof()

    def to_send(self) -> bytes:
        """Give what is to go to the wire; may be empty."""
        return self._outgoing.read()

    def shake_hands(self) -> bool:
        """Go on with the handshake; tells whether it is done. Raises ssl.SSLError."""
        try:
            self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def encrypt(self, octets: bytes) -> bytes:
        """Give what is to go to the wire for these octets. Raises ssl.SSLError."""
        self._ssl.write(octets)
        return self._outgoing.read()

    def decrypt(self) -> bytes:
        """Give what can be read of what came; may be empty. Raises ssl.SSLError."""
        parts = []
        at = 0
        try:
            while octets := int(self._ssl.read(_READ_OCTETS - at, self._buffer[at:])):
                at += octets
                if at == _READ_OCTETS:
                    parts.append(self._buffer.tobytes())
                    at = 0
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self.ended = True
        parts.append(self._buffer[:at].tobytes())
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> bytes:
        """Say that this is the end; gives what is to go to the wire."""
        with contextlib.suppress(ssl.SSLError):
            self._ssl.unwrap()
        return self._outgoing.read()

    @property
    def description(self) -> str:
        """Version and cipher, in a few words."""
        cipher = self._ssl.cipher()
        return f"{self._ssl.version()} with {cipher[0]}" if cipher else str(self._ssl.version())

    @property
    def certificate(self) -> bytes | None:
        """What the server showed, in DER; also after a handshake that failed because of it."""
        return certificate_of(self._ssl)

    def binding(self) -> ChannelBinding | None:
        """Give the tls-server-end-point binding; None where the certificate has none."""
        # Takes a tenth of a second to import, and few servers ask for it.
        from cryptography import x509

        certificate = self.certificate
        if certificate is None:
            return None
        algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
        name = None if algorithm is None else algorithm.name.replace("-", "_")
        return server_end_point(certificate, signature_hash=name)


def certificate_of(connection: ssl.SSLObject) -> bytes | None:
    """Give what the other side showed, in DER; also after a handshake that failed because of it."""
    with contextlib.suppress(ValueError):
        return connection.getpeercert(True)
    # Public from Python 3.13 on; before that the same thing is there under the object.
    source = connection if hasattr(connection, "get_unverified_chain") else getattr(connection, "_sslobj", None)
    get_chain = getattr(source, "get_unverified_chain", None)
    chain = get_chain() if get_chain is not None else None
    if not chain:
        return None
    first = chain[0]
    if isinstance(first, bytes):
        return first
    return ssl.PEM_cert_to_DER_cert(first.public_bytes())


def fault_of(server: Server, certificate: bytes | None, error: BaseException) -> TlsFault:
    """Tell in plain words why a handshake failed, and what to do. `certificate` is the server's, in DER."""
    fingerprint = None if certificate is None else fingerprint_of(certificate)
    names, dates = _names_and_dates(certificate)
    problem, message = TlsProblem.HANDSHAKE, ""
    code = getattr(error, "verify_code", None)
    if code is not None:
        problem = _PROBLEMS.get(code, TlsProblem.UNFIT_CERTIFICATE)
    reason = getattr(error, "reason", None) or str(error)
    who = f"the certificate of {server.address}"
    pin = f"if that is the server you mean, pin it by its fingerprint {fingerprint}"
    match problem:
        case TlsProblem.EXPIRED:
            message = f"{who} expired on {dates[1]}; have it renewed, or check the clock here"
        case TlsProblem.NOT_YET_VALID:
            message = f"{who} is valid from {dates[0]} only; check the clock here"
        case TlsProblem.SELF_SIGNED:
            message = f"{who} is signed by nobody but itself; {pin}"
        case TlsProblem.UNKNOWN_AUTHORITY:
            message = (
                f"{who} is from an authority that is not trusted here; name a file with that authority, or {pin}"
            )
        case TlsProblem.OTHER_NAME:
            told = ", ".join(names[:5]) or "no name at all"
            message = f"{who} is for {told}, not for {server.host}; use one of those names, or {pin}"
        case TlsProblem.REVOKED:
            message = f"{who} was revoked; do not use it, and ask its owner"
        case TlsProblem.UNFIT_CERTIFICATE:
            message = f"{who} cannot be used: {getattr(error, 'verify_message', reason)}; {pin}"
        case _ if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"):
            message = (
                f"{server.address} does not speak TLS from the first octet; "
                "use STLS there (usually port 110), or port 995"
            )
        case _ if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            message = f"{server.address} ended the connection in the TLS handshake; see its log, or try again later"
        case _ if isinstance(error, TimeoutError):
            message = f"{server.address} did not finish the TLS handshake in time; try again later"
        case _ if isinstance(error, ssl.SSLError) and "ALERT" in reason and ("CERT" in reason or "_CA" in reason):
            said = shown(reason.lower().replace("_", " ").encode())
            message = f"{server.address} wants a client certificate that it trusts ({said}); name yours, or another"
        case _ if isinstance(error, ssl.SSLError):
            said = shown(str(reason).lower().replace("_", " ").encode())
            message = f"no TLS with {server.address}: {said}; it must speak TLS 1.2 or later"
        case _:
            message = f"the connection to {server.address} was lost in the TLS handshake; try again later"
    return TlsFault(message, server=server.address, problem=problem, fingerprint=fingerprint, names=names)


def _names_and_dates(certificate: bytes | None) -> tuple[tuple[str, ...], tuple[str, str]]:
    from cryptography import x509

    nothing: tuple[tuple[str, ...], tuple[str, str]] = (), ("a date that cannot be read",) * 2
    if certificate is None:
        return nothing
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        dates = parsed.not_valid_before_utc.date().isoformat(), parsed.not_valid_after_utc.date().isoformat()
        try:
            alternatives = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return (), dates
        names = [
            *alternatives.get_values_for_type(x509.DNSName),
            *(str(address) for address in alternatives.get_values_for_type(x509.IPAddress)),
        ]
    except ValueError:
        return nothing
    return tuple(shown(name.encode()) for name in names), dates
