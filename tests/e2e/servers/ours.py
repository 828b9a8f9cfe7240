"""Our own server with everything on: STLS and TLS, both doors for sending, a certificate that somebody signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.e2e.bed import Bed
from tests.e2e.servers.peer import PASSWORD, USER, Peer, certified

__all__ = ["running_restante"]


@contextmanager
def running_restante(messages: Sequence[bytes]) -> Iterator[Peer]:
    """Start it, put the mail in, and stop it at the end."""
    with certified() as folder:
        options = ("--tls-certificate", f"{folder}/chain.pem", "--tls-key", f"{folder}/key.pem")
        with Bed(doors=("pop3", "pop3s", "smtp", "smtps", "lmtp"), options=options) as bed:
            bed.account(*messages, name=USER, password=PASSWORD)
            yield Peer(
                pop3=bed.port("pop3"),
                pop3s=bed.port("pop3s"),
                submission=bed.port("smtp"),
                submissions=bed.port("smtps"),
                authorities=folder / "authority.pem",
                address=f"{USER}@localhost",
            )
