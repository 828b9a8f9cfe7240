"""TLS for the way out: set up and checked as the client library does it, and told in the same plain words.

Source: RFC 8314 §3.3 and §5.1, RFC 3207 §4.1 (the name that is checked).
"""

from __future__ import annotations

import ssl
from typing import Final

from restante.client.faults import Phase, TlsFault
from restante.client.tls import certificate_of, context_for, fault_of, fingerprint_of
from restante.submission.faults import SubmissionFault
from restante.submission.server import SubmissionSecurity, SubmissionServer

__all__ = ["TlsWatch"]

_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"})


class TlsWatch:
    """The settings of TLS for one connection, and what became of it."""

    def __init__(self, server: SubmissionServer) -> None:
        """Raise SubmissionFault where our own files cannot be used."""
        self._server = server
        try:
            self.context = context_for(server.for_tls)
        except TlsFault as fault:
            raise self._fault(str(fault)) from None
        seen: list[ssl.SSLObject] = []

        class Seen(ssl.SSLObject):
            """Remembers itself, since the event loop keeps to itself which certificate it refused."""

            def do_handshake(self) -> None:
                if not seen:
                    seen.append(self)
                super().do_handshake()

        self.context.sslobject_class = Seen
        self._seen = seen

    def check(self) -> None:
        """Check the pinned fingerprint, right after the handshake. Raises SubmissionFault."""
        pinned = self._server.for_tls.pinned
        if pinned is None:
            return
        certificate = self._certificate()
        shown = "none" if certificate is None else fingerprint_of(certificate)
        if shown.replace(":", "") != pinned.hex().upper():
            raise self._fault(
                f"the certificate of {self._server.address} is not the pinned one: its fingerprint is {shown}; if "
                "it was renewed, ask who runs the server, and pin that one"
            )

    def fault_of(self, error: BaseException) -> SubmissionFault:
        """Tell why a handshake failed."""
        if getattr(error, "reason", None) in _NOT_TLS:
            other = "STARTTLS, usually on port 587," if self._server.real_port != 587 else "STARTTLS there,"
            return self._fault(
                f"{self._server.address} does not speak TLS from the first octet; use {other} or TLS on port 465"
            )
        return self._fault(str(fault_of(self._server.for_tls, self._certificate(), error)))

    def not_offered(self) -> SubmissionFault:
        """Tell that there is no STARTTLS. Nothing but EHLO was sent."""
        return self._fault(
            f"{self._server.address} does not offer STARTTLS; use TLS on port 465, or ask who runs it; "
            "somebody in between may hide it"
        )

    @property
    def wanted(self) -> bool:
        """Whether there has to be TLS."""
        return self._server.security is not SubmissionSecurity.PLAIN

    def _certificate(self) -> bytes | None:
        return certificate_of(self._seen[0]) if self._seen else None

    def _fault(self, message: str) -> SubmissionFault:
        return SubmissionFault(message, server=self._server.address, phase=Phase.TLS, temporary=False)
