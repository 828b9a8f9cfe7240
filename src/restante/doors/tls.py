"""The TLS of a server: which certificate a client gets, how it is renewed under way, and what may be agreed on.

The event loop is given one front context for each door, which stays the same for the life of the process and has no
certificate itself: as soon as a ClientHello is read, whether or not it names a server, the handshake is moved
to the context of a pair, and keeps that to its end. A renewal puts other contexts behind the front; handshakes and
connections under way do not notice.

TLS 1.2 and 1.3, AEAD ciphers with forward secrecy, no compression, no renegotiation. No tickets: they would tie the
secrecy of all sessions to one key that lives as long as the process, another worker could not open them, and a
session that goes on after a renewal would be bound to the certificate of before. TLS 1.2 may still go on with a
session by its id, out of OpenSSL's own bounded cache; such a session gets no channel binding.

How it fails: at a start TlsConfigError; at a renewal TlsReloadFailed, and what was served before stays.
Not here: when to look for renewals (the app's timer and SIGHUP), and the handshakes themselves (the event loop's).
Sources: RFC 8997, RFC 9325 §3 and §4, RFC 6066 §3 (SNI), RFC 7301 (ALPN), RFC 5929 §4 (end-point binding).
"""

from __future__ import annotations

import os
import ssl
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from restante.doors.certificates import (
    Pair,
    PairFiles,
    TlsConfigError,
    read_authorities,
    read_pair,
    server_end_point,
)
from restante.ports.events import Door
from restante.sasl.terms import ChannelBinding

__all__ = [
    "ServedContext",
    "ServerTls",
    "TlsReloadFailed",
    "channel_binding",
    "handshake_reason",
    "without_bad_server_names",
]

_CIPHERS: Final = ":".join(
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
    )
)
"""For TLS 1.2: those of RFC 9325 §4.2 and ChaCha20. All of 1.3's are good; Python cannot choose among them."""

_ALPN: Final[Mapping[Door, tuple[str, ...]]] = {Door.POP3: ("pop3",)}
"""By IANA's registry; there is no id for SMTP or LMTP. A client that asks for others only is served all the same,
without one: Python cannot refuse it."""

_TLS_DOORS: Final = (Door.POP3, Door.SMTP, Door.LMTP)

_READ_TRIES: Final = 3
"""How often a pair is read anew that changed while it was read."""

_Look: TypeAlias = tuple[tuple[int, ...] | None, ...]
"""What tells whether files changed, for each of them; None for one that is not there."""


class TlsReloadFailed(Exception):
    """A renewal cannot be served: what was served before stays. One sentence with the file, why, what to do."""

    def __init__(self, cause: TlsConfigError) -> None:
        super().__init__(f"{cause}; until then the certificates read before stay in use")
        self.path = cause.path
        self.reason = cause.reason
        self.advice = cause.advice


class ServedContext(ssl.SSLContext):
    """A context with one certificate, so that of a connection it is known which one it was served."""

    pair: Pair
    binding: ChannelBinding | None
    """tls-server-end-point of the pair's certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """The contexts of one door, by name."""

    named: Mapping[str, ServedContext]
    """By DNS name, and by `*.example.org`."""
    default: ServedContext

    def of(self, name: str | None) -> ServedContext:
        """Choose by the name a client asked for, which may be anything; None when it named none."""
        if name is None:
            return self.default
        name = name.lower().rstrip(".")
        found = self.named.get(name)
        if found is None:
            _, dot, parent = name.partition(".")
            found = self.named.get("*." + parent) if dot else None
        return found or self.default


class ServerTls:
    """The certificates of a server, and the contexts that serve them.

    `front` goes to the event loop, once. Call `changed` now and then and `reload` when it says so, and at SIGHUP;
    both look at files and take a few milliseconds. Not to be called from two threads at once.
    """

    def __init__(
        self,
        pairs: Sequence[PairFiles],
        *,
        client_authorities: Path | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Read all files. Raises TlsConfigError; ValueError without any pair.

        The first pair is served to clients that name no server, or one that no pair has. Of pairs with the same
        name the first is served: with two, nobody could tell which one a client got. `client_authorities` is a
        file of certificates in PEM: clients are then asked for a certificate, need not have one, and are refused
        with one that these did not sign. `wall_clock` gives seconds since the epoch.
        """
        if not pairs:
            raise ValueError("TLS needs a certificate and its key; name at least one pair")
        self._files = tuple(pairs)
        self._authorities = client_authorities
        self._wall_clock = wall_clock
        self._seen = self._look()
        self._pairs, self._choices = self._load()
        self._fronts = {door: self._make_front(door) for door in _TLS_DOORS}

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """What is served now."""
        return self._pairs

    @property
    def warnings(self) -> tuple[str, ...]:
        """What works now and should be mended, a sentence each."""
        return tuple(warning for pair in self._pairs for warning in pair.warnings)

    def front(self, door: Door) -> ssl.SSLContext:
        """Give the context for a door: for `create_server(ssl=…)`, and for `start_tls`. Always the same one."""
        return self._fronts[door]

    def changed(self) -> bool:
        """Tell whether a file is another than when it was last read, or last failed to be; costs a stat for each.

        Links are followed, so that a renewal that only turns a link is seen.
        """
        return self._look() != self._seen

    def reload(self) -> None:
        """Read all files anew and serve what they hold to all that connect from now on.

        All or nothing: with one pair that cannot be served, all that was served before stays. So a pair of which
        one file is renewed and the other not yet is not served; when the other one comes, `changed` says so. A
        certificate whose time is over, or yet to come, does not take the place of a good one. Raises
        TlsReloadFailed.
        """
        # Looked at before it is read: what changes meanwhile shows as a change the next time.
        self._seen = self._look()
        try:
            pairs, choices = self._load()
            for old, new in zip(self._pairs, pairs, strict=True):
                self._refuse_worse(old, new)
        except TlsConfigError as error:
            raise TlsReloadFailed(error) from None
        self._pairs, self._choices = pairs, choices

    # --- files ---------------------------------------------------------------------------------------------------

    def _look(self) -> _Look:
        paths = [path for files in self._files for path in (files.certificate, files.key)]
        if self._authorities is not None:
            paths.append(self._authorities)
        return tuple(_look_at(path) for path in paths)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall_clock(), UTC)

    def _load(self) -> tuple[tuple[Pair, ...], Mapping[Door, _Choice]]:
        authorities = None if self._authorities is None else read_authorities(self._authorities)
        loaded = [self._load_pair(files, authorities) for files in self._files]
        choices = {}
        for door in _TLS_DOORS:
            contexts = [by_door[door] for by_door in loaded]
            named: dict[str, ServedContext] = {}
            for context in contexts:
                for name in context.pair.names:
                    named.setdefault(name, context)
            choices[door] = _Choice(named=named, default=contexts[0])
        return tuple(choices_of[_TLS_DOORS[0]].pair for choices_of in loaded), choices

    def _load_pair(self, files: PairFiles, authorities: bytes | None) -> dict[Door, ServedContext]:
        # OpenSSL reads the files by itself: what was checked is what it took only if they hold the same afterwards.
        for _ in range(_READ_TRIES):
            pair = read_pair(files, now=self._now())
            contexts = {door: _serve(pair, door, authorities) for door in _TLS_DOORS}
            if read_pair(files, now=self._now()).digest == pair.digest:
                return contexts
        raise TlsConfigError(files.certificate, "it changes while it is read", "try again when it is all there")

    def _refuse_worse(self, old: Pair, new: Pair) -> None:
        """Raise TlsConfigError where a certificate that is not valid now would follow one that is."""
        if _is_valid(new, self._now()) or not _is_valid(old, self._now()):
            return
        certificate = new.certificate
        raise TlsConfigError(
            new.files.certificate,
            f"the new certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} "
            f"to {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, and not now",
            "put one there that is, or see that the clock is right and reload",
        )

    # --- contexts ------------------------------------------------------------------------------------------------

    def _make_front(self, door: Door) -> ssl.SSLContext:
        # What a handshake takes from the front, though it is moved: versions, options, whether to ask for a
        # certificate. From the pair's context it takes the certificate, the ciphers, ALPN and the authorities.
        front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _harden(front, asks_certificate=self._authorities is not None)
        front.sni_callback = partial(self._choose, door)
        return front

    def _choose(
        self, door: Door, handshake: ssl.SSLObject | ssl.SSLSocket, name: str | None, _front: ssl.SSLContext
    ) -> None:
        """Move a handshake to the context of the pair that is right for a name. Called without a name, too."""
        handshake.context = self._choices[door].of(name)


def channel_binding(connection: ssl.SSLObject) -> ChannelBinding | None:
    """Give the tls-server-end-point binding of a connection whose handshake is done; None where it has none.

    It is of the certificate that this connection was served, whatever was renewed since. A session that goes on by
    its id has none: it is bound to the certificate of its first handshake (RFC 5929 §4.1), which is not known here.
    tls-exporter is not given: the `ssl` of Python, up to 3.14, has no way to OpenSSL's SSL_export_keying_material
    (CPython's issue 82133), and tls-unique, which it has, is broken.
    """
    context = connection.context
    if connection.session_reused or not isinstance(context, ServedContext):
        return None
    return context.binding


def handshake_reason(error: BaseException | None) -> str:
    """Say in plain words why a handshake failed, for the log; None: the connection was lost."""
    if isinstance(error, ssl.SSLError) and error.reason:
        known = _REASONS.get(error.reason)
        if known is not None:
            return known
        if "_ALERT_" in error.reason:
            told = error.reason.partition("_ALERT_")[2].replace("_", " ").lower()
            return f"the client broke it off ({told})"
        return f"TLS failed ({error.reason.replace('_', ' ').lower()})"
    if isinstance(error, TimeoutError) or (
        # What both event loops raise when their time is over.
        isinstance(error, ConnectionAbortedError) and "longer than" in str(error)
    ):
        return "the client took too long"
    if error is None or isinstance(error, ConnectionError | ssl.SSLEOFError | EOFError):
        return "the client closed the connection in the middle of the handshake"
    return f"TLS failed ({type(error).__name__})"


UnraisableHook: TypeAlias = Callable[["sys.UnraisableHookArgs"], object]


def without_bad_server_names(hook: UnraisableHook) -> UnraisableHook:
    """Give a hook for `sys.unraisablehook` that keeps quiet about server names that are not ASCII.

    Python's `ssl` decodes the name that a client sends before it asks us, and for one that is not ASCII it writes a
    traceback to standard error, besides failing the handshake. Whoever connects could fill a log with these.
    """

    def hear(told: sys.UnraisableHookArgs) -> None:
        if not (isinstance(told.exc_value, UnicodeDecodeError) and _in_handshake(told)):
            hook(told)

    return hear


def _in_handshake(told: sys.UnraisableHookArgs) -> bool:
    trace = told.exc_traceback
    while trace is not None:
        if trace.tb_frame.f_code is ssl.SSLObject.do_handshake.__code__:
            return trace.tb_next is None
        trace = trace.tb_next
    return False


def _serve(pair: Pair, door: Door, authorities: bytes | None) -> ServedContext:
    context = ServedContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context, asks_certificate=authorities is not None)
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(_ALPN.get(door, ()))
    if authorities is not None:
        context.load_verify_locations(cadata=authorities)
    try:
        context.load_cert_chain(pair.files.certificate, pair.files.key, password=_no_passphrase)
    except OSError as error:  # ssl.SSLError is one
        why = getattr(error, "reason", None) or error.strerror or type(error).__name__
        advice = _LOAD_ADVICE.get(
            why, "see that it is the chain in PEM, the server's own certificate first, and its key"
        )
        raise TlsConfigError(
            pair.files.certificate, f"TLS cannot use it ({why.replace('_', ' ').lower()})", advice
        ) from None
    context.pair = pair
    context.binding = server_end_point(pair.certificate)
    return context


def _harden(context: ssl.SSLContext, *, asks_certificate: bool) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    context.options |= (
        ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET | ssl.OP_CIPHER_SERVER_PREFERENCE
    )
    context.num_tickets = 0
    context.verify_mode = ssl.CERT_OPTIONAL if asks_certificate else ssl.CERT_NONE
    # Not read here, on purpose: SSLKEYLOGFILE, by which `create_default_context` would write keys to a file.


def _no_passphrase() -> NoReturn:
    """Keep OpenSSL from asking at the terminal, where a key came to be under a passphrase since it was checked."""
    raise OSError("the key is under a passphrase")


def _look_at(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # follows links, as Path.stat does, without making another Path
    except OSError:
        return None
    # The time of the last change of its mode, too: a file that could not be read may have been opened up.
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _is_valid(pair: Pair, now: datetime) -> bool:
    return pair.certificate.not_valid_before_utc <= now < pair.certificate.not_valid_after_utc


_LOAD_ADVICE: Final[Mapping[str, str]] = {
    "EE_KEY_TOO_SMALL": "ask for a certificate with an EC key, or an RSA key of 2048 bits or more",
    "CA_KEY_TOO_SMALL": "ask for a certificate whose authority has an RSA key of 2048 bits or more",
    "CA_MD_TOO_WEAK": "ask for a certificate that is signed with SHA-256 or better",
}
"""What to do about what OpenSSL says of a chain."""

_NOT_TLS: Final = "what the client sent is no TLS: it takes this for a port without, or waits for STLS"
_NO_TRUST: Final = "the client does not trust the certificate"
_NO_VERSION: Final = "the client has no version of TLS in common with this server, which takes 1.2 and 1.3"
_CLOSED: Final = "the client closed the connection in the middle of the handshake"

_REASONS: Final[Mapping[str, str]] = {
    "HTTP_REQUEST": "what the client sent is HTTP, not TLS",
    "HTTPS_PROXY_REQUEST": "what the client sent is HTTP, not TLS",
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "UNKNOWN_PROTOCOL": _NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "BAD_RECORD_TYPE": _NOT_TLS,
    "TLSV1_ALERT_UNKNOWN_CA": f"{_NO_TRUST}: it does not know who signed it",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": f"{_NO_TRUST}: it found something wrong with it, often its name",
    "SSLV3_ALERT_BAD_CERTIFICATE": f"{_NO_TRUST}: it found something wrong with it, often its name",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": f"{_NO_TRUST}: it is expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": f"{_NO_TRUST}: it is revoked",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": f"{_NO_TRUST}: it does not take this kind of certificate",
    "UNSUPPORTED_PROTOCOL": _NO_VERSION,
    "VERSION_TOO_LOW": _NO_VERSION,
    "WRONG_SSL_VERSION": _NO_VERSION,
    "TLSV1_ALERT_PROTOCOL_VERSION": _NO_VERSION,
    "NO_SHARED_CIPHER": "the client has no cipher in common with this server",
    "NO_SUITABLE_SIGNATURE_ALGORITHM": "the client takes no signature that the certificate's key can make",
    "NO_SUITABLE_KEY_SHARE": "the client has no group in common with this server",
    "NO_SHARED_GROUP": "the client has no group in common with this server",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the client found nothing in common with this server",
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": "the client wants another protocol (ALPN)",
    "CALLBACK_FAILED": "the client named a server in octets that are no host name",
    "CERTIFICATE_VERIFY_FAILED": "the client's certificate was not signed by an authority that is trusted here",
    "UNEXPECTED_EOF_WHILE_READING": _CLOSED,
    "TLSV1_ALERT_USER_CANCELLED": "the client broke it off (user cancelled)",
}
"""OpenSSL's reasons, alerts of the client among them, in plain words."""
