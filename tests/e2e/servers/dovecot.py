"""A Dovecot on loopback, in a folder of its own; and one with a Maildir, over STLS and TLS, as a peer."""

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

__all__ = ["dovecot", "hand_over", "running_dovecot"]

_ROOT: Final = os.geteuid() == 0
_OWNER: Final = pwd.getpwnam("mail") if _ROOT else pwd.getpwuid(os.getuid())

_SETTINGS: Final = """\
base_dir = {home}/run
state_dir = {home}/state
instance_name = restante-{pop3}
log_path = {home}/log
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
{more}passdb {{
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

_TLS: Final = """\
protocols = pop3
ssl = yes
ssl_cert = <{home}/chain.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
mail_location = maildir:{home}/Maildir
pop3_uidl_format = %g
"""


@contextmanager
def dovecot(home: Path, mail: Path, more: str, *, pop3: int, pop3s: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """Run it in its folder, for whatever user logs in, until the block ends; it has greeted when the block begins.

    `home` is not to be under pytest's own folder, where Dovecot's user may not go; `mail` is where its mail lies in
    it. `more` are its settings besides those that all have. A port of 0: there is none.
    """
    settings = home / "dovecot.conf"
    settings.write_text(
        _SETTINGS.format(
            home=home,
            pop3=pop3,
            pop3s=pop3s,
            password=PASSWORD,
            uid=_OWNER.pw_uid,
            gid=_OWNER.pw_gid,
            internal="dovecot" if _ROOT else _OWNER.pw_name,
            internal_group="dovecot" if _ROOT else str(_OWNER.pw_gid),
            login="dovenull" if _ROOT else _OWNER.pw_name,
            more=more,
        )
    )
    hand_over(home, mail)
    program = shutil.which("dovecot") or "/usr/sbin/dovecot"
    server = subprocess.Popen([program, "-F", "-c", str(settings)], stdin=subprocess.DEVNULL)
    try:
        try:
            until_it_greets(pop3, server)
        except AssertionError as error:
            log = home / "log"
            error.add_note(log.read_text() if log.exists() else "Dovecot wrote no log")
            raise
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def hand_over(home: Path, mail: Path) -> None:
    """Give the mail to the user under whom Dovecot reads it: it refuses to do that as root."""
    if _ROOT:
        for path in (home, mail, *mail.rglob("*")):
            os.chown(path, _OWNER.pw_uid, _OWNER.pw_gid)


@contextmanager
def running_dovecot(messages: Sequence[bytes]) -> Iterator[Peer]:
    """Run one that has these messages, with the mechanisms that need no more than a password."""
    with tempfile.TemporaryDirectory(prefix="restante-dovecot-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        peer = Peer(pop3=free_port(), pop3s=free_port(), authorities=home / "authority.pem")
        certify(home)
        for name in ("cur", "new", "tmp"):
            (home / "Maildir" / name).mkdir(parents=True)
        for number, message in enumerate(messages, 1):
            (home / "Maildir" / "new" / f"170000000{number}.M1P1.host").write_bytes(message.replace(b"\r\n", b"\n"))
        with dovecot(home, home / "Maildir", _TLS.format(home=home), pop3=peer.pop3, pop3s=peer.pop3s):
            yield peer
