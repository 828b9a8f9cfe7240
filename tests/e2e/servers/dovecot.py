"""A Dovecot with one Maildir, over STLS and TLS, with the mechanisms that need no more than a password."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.servers.peer import PASSWORD, Peer, certify, free_port, until_it_greets

__all__ = ["running_dovecot"]

_ROOT: Final = os.geteuid() == 0

_SETTINGS: Final = """\
base_dir = {home}/run
state_dir = {home}/state
instance_name = client-{pop3}
log_path = {home}/log
protocols = pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/chain.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{home}/Maildir
pop3_uidl_format = %g
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


@contextmanager
def running_dovecot(messages: Sequence[bytes]) -> Iterator[Peer]:
    """Start it, wait for its greeting, and stop it at the end."""
    # Not under pytest's own folder: Dovecot's user may not go there.
    with tempfile.TemporaryDirectory(prefix="restante-dovecot-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        peer = Peer(pop3=free_port(), pop3s=free_port(), authorities=home / "authority.pem")
        certify(home)
        for name in ("cur", "new", "tmp"):
            (home / "Maildir" / name).mkdir(parents=True)
        for number, message in enumerate(messages, 1):
            (home / "Maildir" / "new" / f"170000000{number}.M1P1.host").write_bytes(message.replace(b"\r\n", b"\n"))
        owner = pwd.getpwnam("mail") if _ROOT else pwd.getpwuid(os.getuid())
        settings = home / "dovecot.conf"
        settings.write_text(
            _SETTINGS.format(
                home=home,
                pop3=peer.pop3,
                pop3s=peer.pop3s,
                password=PASSWORD,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                internal="dovecot" if _ROOT else owner.pw_name,
                internal_group="dovecot" if _ROOT else str(owner.pw_gid),
                login="dovenull" if _ROOT else owner.pw_name,
            )
        )
        if _ROOT:
            for path in (home, home / "Maildir", *(home / "Maildir").rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        program = shutil.which("dovecot") or "/usr/sbin/dovecot"
        server = subprocess.Popen([program, "-F", "-c", str(settings)], stdin=subprocess.DEVNULL)
        try:
            until_it_greets(peer.pop3, server)
            yield peer
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)
