"""Cyrus's POP3 server, over STLS and TLS, with accounts in Cyrus SASL's own database and mail that came by LMTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from tests.e2e.bed import until
from tests.e2e.servers.laid_over import account_files, laid_over
from tests.e2e.servers.peer import PASSWORD, USER, Peer, certified, free_port

__all__ = ["running_cyrus"]

_START: Final = """\
mkdir -p /var/lib/cyrus /var/spool/cyrus/mail /run/cyrus/socket /run/cyrus/proc /run/cyrus/lock
db5.3_load -T -t hash -f accounts /run/cyrus/sasldb2
chown -R cyrus:mail /var/lib/cyrus /var/spool/cyrus /run/cyrus
/usr/lib/cyrus/bin/master -p /run/cyrus/master.pid -C /etc/imapd.conf -M /etc/cyrus.conf &
until [ -S /run/cyrus/socket/lmtp ]; do sleep 0.1; done
for message in message-*; do
    setpriv --reuid cyrus --regid mail --clear-groups /usr/lib/cyrus/bin/deliver {user} <"$message"
done
touch filled
wait
"""

_SETTINGS: Final = """\
configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
defaultpartition: default
partition-default: /var/spool/cyrus/mail
autocreate_quota: 0
autocreate_post: yes
popminpoll: 0
allowplaintext: no
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: /run/cyrus/sasldb2
sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
servername: localhost
tls_server_cert: /etc/cyrus/chain.pem
tls_server_key: /etc/cyrus/key.pem
lmtpsocket: /run/cyrus/socket/lmtp
"""

_SERVICES: Final = """\
START {{ recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -r" }}
SERVICES {{
  pop3 cmd="pop3d" listen="127.0.0.1:{pop3}" prefork=0
  pop3s cmd="pop3d -s" listen="127.0.0.1:{pop3s}" prefork=0
  lmtpunix cmd="lmtpd" listen="/run/cyrus/socket/lmtp" prefork=0
}}
EVENTS {{ }}
"""


@contextmanager
def running_cyrus(messages: Sequence[bytes]) -> Iterator[Peer]:
    """Start it, wait until the mail is there, and stop it at the end."""
    with certified() as folder:
        peer = Peer(pop3=free_port(), pop3s=free_port(), authorities=folder / "authority.pem")
        etc = {
            **account_files(cyrus=992),
            "imapd.conf": _SETTINGS,
            "cyrus.conf": _SERVICES.format(pop3=peer.pop3, pop3s=peer.pop3s),
            "cyrus/chain.pem": (folder / "chain.pem").read_text(),
            "cyrus/key.pem": (folder / "key.pem").read_text(),
        }
        files = {
            "accounts": f"{USER}\\00localhost\\00userPassword\n{PASSWORD}\n".encode(),
            **{f"message-{number}": message for number, message in enumerate(messages)},
        }
        with laid_over("cyrus-pop3d", _START.format(user=USER), port=peer.pop3, etc=etc, files=files) as home:
            until("the mail to be delivered", (home / "filled").exists)
            yield peer
