"""Courier's POP3 server, over STLS and TLS, as Debian sets it up: accounts of the system, and a Maildir."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from tests.e2e.bed import until
from tests.e2e.servers.laid_over import ASIDE, HOME, MAIL_ID, account_files, laid_over
from tests.e2e.servers.peer import Peer, certified, free_port, is_open

__all__ = ["running_courier"]

_START: Final = """\
mkdir -p /run/courier/authdaemon /var/lib/courier {home}/Maildir/new {home}/Maildir/cur {home}/Maildir/tmp
mv message-* {home}/Maildir/new/
chown -R {mail_id}:{mail_id} {home}
chown courier /run/courier /run/courier/authdaemon /var/lib/courier
courierlogger -pid=/run/courier/authdaemon/pid -start /usr/lib/courier/courier-authlib/authdaemond
/usr/lib/courier/pop3d-ssl start
/usr/lib/courier/pop3d start
exec sleep infinity
"""

_SETTINGS: Final = """ADDRESS=127.0.0.1
PORT={pop3}
MAXPERIP=40
"""

_TLS_SETTINGS: Final = """SSLADDRESS=127.0.0.1
SSLPORT={pop3s}
"""


@contextmanager
def running_courier(messages: Sequence[bytes]) -> Iterator[Peer]:
    """Start it, wait for its greeting, and stop it at the end."""
    with certified() as folder:
        peer = Peer(pop3=free_port(), pop3s=free_port(), authorities=folder / "authority.pem")
        as_it_comes = ASIDE / "courier-pop/etc/courier"
        with laid_over(
            "courier-pop",
            _START.format(home=HOME, mail_id=MAIL_ID),
            port=peer.pop3,
            etc={
                **account_files(courier=990),
                "courier/pop3d": (as_it_comes / "pop3d").read_text() + _SETTINGS.format(pop3=peer.pop3),
                "courier/pop3d-ssl": (as_it_comes / "pop3d-ssl").read_text()
                + _TLS_SETTINGS.format(pop3s=peer.pop3s),
                "courier/pop3d.pem": (folder / "key.pem").read_text() + (folder / "chain.pem").read_text(),
            },
            files={f"message-{number}": octets.replace(b"\r\n", b"\n") for number, octets in enumerate(messages)},
        ):
            until("the port under TLS", partial(is_open, peer.pop3s))
            yield peer
