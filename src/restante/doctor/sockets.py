"""The world as it is: blocking sockets, TLS over octets in memory, the DNS, the clock.

TLS never refuses a certificate here, since the doctor is to see what it is; a second handshake asks whether chain
and name hold, and what goes over the connection is decided by that answer. Nothing that came before a handshake can
slip into it. Each wait has an end. Fails with DialFault, and with OSError as the port `Wire` says.
Sources: RFC 6186 §3 and RFC 8314 §5.1 (SRV), RFC 9525 (names).
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import ssl
import time
from dataclasses import dataclass, replace
from typing import Final

from restante.client.faults import TlsFault
from restante.client.server import Server
from restante.client.tls import TlsChannel, context_for, fault_of, fingerprint_of
from restante.doctor.certificate import facts_of
from restante.doctor.patient import Door, Patient
from restante.doctor.world import DialFault, DialProblem, Record, TlsFacts, TlsOffer

__all__ = ["RealWorld"]

CONNECT_SECONDS: Final = 6.0
HANDSHAKE_SECONDS: Final = 10.0
DNS_SECONDS: Final = 4.0
_READ_OCTETS: Final = 64 * 1024
_LARGEST_FILE_OCTETS: Final = 256 * 1024
HTTP_OK: Final = 200
_NO_TLS_AT_ALL: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")


def _lenient(offer: TlsOffer, server: Server) -> ssl.SSLContext:
    """Make settings that take any certificate, and show ours if there is one. Raises OSError, ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if server.client_certificate is not None:
        context.load_cert_chain(server.client_certificate, server.client_key)
    match offer:
        case TlsOffer.TODAY:
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        case TlsOffer.ONLY_1_3:
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        case TlsOffer.OLD:
            # Level 0 is what OpenSSL 3 asks for before it says a word in these versions.
            context.set_ciphers("ALL:@SECLEVEL=0")
            # Python warns about each of these versions; to see them refused is what they are for here.
            import warnings

            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


class SocketWire:
    """A connection; see `Wire`."""

    def __init__(self, connection: socket.socket, door: Door, world: RealWorld) -> None:
        self._socket = connection
        self._door = door
        self._world = world
        self._channel: TlsChannel | None = None
        self._clean = False
        peer = connection.getpeername()
        self.address = f"[{peer[0]}]:{peer[1]}" if ":" in peer[0] else f"{peer[0]}:{peer[1]}"
        self.tls: TlsFacts | None = None

    def send(self, octets: bytes) -> None:
        """See Wire."""
        self._socket.settimeout(CONNECT_SECONDS)
        self._socket.sendall(octets if self._channel is None else self._channel.encrypt(octets))

    def receive(self, seconds: float) -> bytes:
        """See Wire."""
        until = time.monotonic() + seconds
        while True:
            self._socket.settimeout(max(until - time.monotonic(), 0.001))
            octets = self._socket.recv(_READ_OCTETS)
            if self._channel is None:
                return octets
            self._channel.receive(octets)
            try:
                plain = self._channel.decrypt()
            except ssl.SSLError:
                return b""
            # It often comes along with the last answer.
            self._clean = self._clean or (bool(octets) and self._channel.ended)
            if plain:
                return plain
            if not octets:
                return b""
            if self._channel.ended:
                return b""
            if time.monotonic() >= until:
                raise TimeoutError

    def start_tls(self, offer: TlsOffer = TlsOffer.TODAY) -> TlsFacts:
        """See Wire."""
        server = self._world.patient.server_at(self._door)
        try:
            channel = TlsChannel(_lenient(offer, server), server.host)
            _shake_hands(self._socket, channel)
        except (OSError, ssl.SSLError) as error:
            raise DialFault(DialProblem.NO_TLS, f"no TLS: {_reason(error)}") from None
        self._channel = channel
        certificate = channel.certificate or b""
        trusted = self._world.trust(self._door, self._socket.getpeername()[0])
        # Whoever was judged there has to be who is here.
        trouble = trusted.trouble if trusted.certificate == certificate else "the server shows another certificate"
        facts = facts_of(certificate, server.host, version=channel.description.partition(" ")[0], trouble=trouble)
        pinned = server.fingerprint is not None and facts.trusted
        self.tls = replace(facts, pinned=pinned, binding=channel.binding())
        return self.tls

    def ended_cleanly(self) -> bool:
        """See Wire."""
        return self._channel is None or self._clean

    def close(self) -> None:
        """See Wire."""
        self._socket.close()


@dataclass(frozen=True, slots=True)
class _Trust:
    """What asking who the server is came to."""

    certificate: bytes
    trouble: str


class RealWorld:
    """The network as seen from here; see `World`."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self._trusts: dict[tuple[Door, str], _Trust] = {}
        self._addresses: tuple[str, ...] | None = None

    def dial(self, door: Door, *, address: str | None = None) -> SocketWire:
        """See World."""
        return SocketWire(self._connected(door, address), door, self)

    def _connected(self, door: Door, address: str | None) -> socket.socket:
        target = (address or self.patient.server_at(door).host, self.patient.ports[door])
        try:
            connection = socket.create_connection(target, CONNECT_SECONDS)
        except socket.gaierror:
            raise DialFault(DialProblem.NO_NAME, f"the name {target[0]} is not known") from None
        except TimeoutError:
            raise DialFault(DialProblem.NO_ANSWER, f"nothing answers at port {target[1]}") from None
        except ConnectionRefusedError:
            raise DialFault(DialProblem.REFUSED, f"nobody listens at port {target[1]}") from None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise DialFault(DialProblem.NO_ROUTE, f"there is no way to it from here ({reason})") from None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def trust(self, door: Door, address: str) -> _Trust:
        """Ask once who is there, as a client that trusts nobody blindly does."""
        if (door, address) not in self._trusts:
            try:
                self._trusts[door, address] = self._asked(door, address)
            except (DialFault, OSError) as error:
                self._trusts[door, address] = _Trust(b"", f"it could not be looked at: {error}")
        return self._trusts[door, address]

    def _asked(self, door: Door, address: str) -> _Trust:
        server = self.patient.server_at(door)
        try:
            channel = TlsChannel(context_for(server), server.host)
        except TlsFault as fault:
            return _Trust(b"", str(fault))
        with self._connected(door, address) as connection:
            connection.settimeout(HANDSHAKE_SECONDS)
            if not door.is_tls:
                _ask_for_tls(connection, door)
            try:
                _shake_hands(connection, channel)
            except (OSError, ssl.SSLError) as error:
                certificate = channel.certificate
                return _Trust(certificate or b"", str(fault_of(server, certificate, error)))
            certificate = channel.certificate or b""
            told = fingerprint_of(certificate)
            if server.pinned is not None and server.pinned.hex(":").upper() != told:
                return _Trust(
                    certificate,
                    f"the certificate of {server.address} has the fingerprint {told}, not the one that was given; "
                    "if it was renewed, give the new one",
                )
            return _Trust(certificate, "")

    def addresses(self) -> tuple[str, ...]:
        """See World."""
        if self._addresses is None:
            try:
                found = socket.getaddrinfo(self.patient.host, None, type=socket.SOCK_STREAM)
            except (socket.gaierror, UnicodeError):
                found = []
            self._addresses = tuple(dict.fromkeys(str(one[4][0]) for one in found))
        return self._addresses

    def services(self, service: str) -> tuple[Record, ...]:
        """See World."""
        import dns.exception
        import dns.resolver

        try:
            answer = dns.resolver.resolve(f"{service}.{self.patient.domain}", "SRV", lifetime=DNS_SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise DialFault(DialProblem.NO_NAME, f"the DNS does not answer ({type(error).__name__})") from None
        return tuple(Record(value=str(one.target).rstrip("."), port=int(one.port)) for one in answer)

    def is_alias(self, name: str) -> bool:
        """See World."""
        import dns.exception
        import dns.resolver

        try:
            return bool(dns.resolver.resolve(name, "CNAME", lifetime=DNS_SECONDS))
        except (dns.exception.DNSException, OSError):
            return False

    def autoconfig(self) -> bytes | None:
        """See World."""
        import httpx2

        domain = self.patient.domain
        for url in (
            f"https://autoconfig.{domain}/mail/config-v1.1.xml",
            f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
        ):
            with (
                contextlib.suppress(httpx2.HTTPError, httpx2.InvalidURL, OSError),
                httpx2.Client(timeout=DNS_SECONDS, follow_redirects=True, max_redirects=3) as client,
                client.stream("GET", url) as response,
            ):
                octets = b""
                for chunk in response.iter_bytes():
                    octets += chunk
                    if len(octets) > _LARGEST_FILE_OCTETS:
                        break
                if response.status_code == HTTP_OK and b"clientConfig" in octets:
                    return octets
        return None

    def clock(self) -> float:
        """See World."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """See World."""
        time.sleep(seconds)

    def entropy(self, octets: int) -> bytes:
        """See World."""
        return secrets.token_bytes(octets)


def _shake_hands(connection: socket.socket, channel: TlsChannel) -> None:
    """Do a handshake. Raises OSError, ssl.SSLError."""
    until = time.monotonic() + HANDSHAKE_SECONDS
    try:
        while not channel.shake_hands():
            connection.settimeout(max(until - time.monotonic(), 0.001))
            connection.sendall(channel.to_send())
            channel.receive(connection.recv(_READ_OCTETS))
    finally:
        # The last of the handshake, or the alert that says why there is none.
        with contextlib.suppress(OSError):
            connection.sendall(channel.to_send())


def _reason(error: OSError | ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason in _NO_TLS_AT_ALL:
            return "what answers is none"
        return str(error.reason or error).lower().replace("_", " ")
    return "nothing was said in the handshake" if isinstance(error, TimeoutError) else "the connection was ended"


def _ask_for_tls(connection: socket.socket, door: Door) -> None:
    """Say what begins TLS. Raises OSError, DialFault."""
    _told(connection)
    if not door.is_pop3:
        connection.sendall(b"EHLO doctor.invalid\r\n")
        _told(connection)
    connection.sendall(b"STLS\r\n" if door.is_pop3 else b"STARTTLS\r\n")
    answer = _told(connection)
    if not answer.upper().startswith((b"+OK", b"2")):
        raise DialFault(DialProblem.NO_TLS, "it does not begin TLS")


def _told(connection: socket.socket) -> bytes:
    """Give an answer's last line. One octet at a time: what follows it belongs to the handshake."""
    line = b""
    for _ in range(_LARGEST_FILE_OCTETS):
        octet = connection.recv(1)
        line += octet
        if not octet:
            break
        if octet == b"\n":
            if line[:3].isdigit() and line[3:4] == b"-":
                line = b""
                continue
            return line
    raise DialFault(DialProblem.ENDED, "the connection was ended")
