"""A Postfix to which people hand mail in, with Dovecot behind it: that says who may log in, and keeps the mail.

Ted may send anywhere, Ann only to people here; each only in their own name. Of Eve's password there is no more than
a hash, so that she cannot log in by SCRAM, which is offered to all. Needs root.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.bed import until
from tests.e2e.servers.dovecot import dovecot
from tests.e2e.servers.peer import PASSWORD, certify, free_port
from tests.e2e.servers.postfix import Postfix, postfix_folder, running_postfix

__all__ = ["LARGEST_OCTETS", "PASSWORD", "Submission", "running_submission"]

LARGEST_OCTETS: Final = 50_000
"""Of a message."""

_HASHED: Final = "{SHA256}" + base64.b64encode(hashlib.sha256(PASSWORD.encode()).digest()).decode()

_DOVECOT: Final = """\
protocols = pop3 lmtp
ssl = yes
ssl_cert = <{home}/chain.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={hashed}
  username_filter = eve
  result_failure = return-fail
  result_internalfail = return-fail
}}
mail_location = maildir:{home}/mail/%n
service auth {{
  unix_listener {postfix}/auth {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  unix_listener {postfix}/lmtp {{
    mode = 0666
  }}
}}
"""

_POSTFIX: Final = {
    "virtual_mailbox_domains": "example.org",
    "virtual_mailbox_maps": "inline:{ {ann@example.org=x}, {dora@example.org=x}, {grey@example.org=x} }",
    "message_size_limit": str(LARGEST_OCTETS),
    "mynetworks": "",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sender_login_maps": "inline:{ {ted@example.org=ted}, {ann@example.org=ann}, {eve@example.org=eve} }",
    "smtpd_client_restrictions": "permit_sasl_authenticated, reject",
    "smtpd_sender_restrictions": "reject_sender_login_mismatch",
    "smtpd_relay_restrictions": "check_sasl_access inline:{ {ted=OK} }, reject_unauth_destination",
    "smtpd_recipient_restrictions": "check_recipient_access inline:{ {grey@example.org=450 4.2.0 Greylisted} }",
    "smtpd_error_sleep_time": "0",
}

_WITH_TLS: Final = "-o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Where they listen. All ports are on localhost, for which the certificate is."""

    starttls: int
    """As on port 587."""
    tls: int
    """As on port 465."""
    silent: int
    """TLS, too; it does not say how long a message may be."""
    pop3s: int
    authorities: Path
    postfix: Postfix
    mail: Path

    def came(self, user: str, count: int) -> list[bytes]:
        """Wait until a user has so many messages; give them as they are stored, oldest first."""

        def files() -> list[Path]:
            there = [path for name in ("new", "cur") for path in (self.mail / user / name).glob("*")]
            return there if len(there) >= count else []

        found = until(f"{count} messages for {user}", files)
        return [path.read_bytes() for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]


@contextmanager
def running_submission() -> Iterator[Submission]:
    """Start both, and stop them at the end."""
    with (
        postfix_folder() as folder,
        tempfile.TemporaryDirectory(prefix="restante-dovecot-", ignore_cleanup_errors=True) as place,
    ):
        home = Path(place)
        (home / "mail").mkdir()
        certify(home, "localhost")
        for name in ("chain.pem", "key.pem"):
            shutil.copy(home / name, folder / name)
        starttls, tls, silent, pop3, pop3s = (free_port() for _ in range(5))
        smtpd = f"inet n - n - - smtpd {_WITH_TLS}"
        services = [
            f"127.0.0.1:{starttls} {smtpd}",
            f"127.0.0.1:{tls} {smtpd} -o smtpd_tls_wrappermode=yes",
            f"127.0.0.1:{silent} {smtpd} -o smtpd_tls_wrappermode=yes -o smtpd_discard_ehlo_keywords=size",
        ]
        settings = {
            **_POSTFIX,
            "virtual_transport": f"lmtp:unix:{folder}/lmtp",
            "smtpd_sasl_path": f"{folder}/auth",
            "smtpd_tls_cert_file": f"{folder}/chain.pem",
            "smtpd_tls_key_file": f"{folder}/key.pem",
        }
        behind = _DOVECOT.format(home=home, postfix=folder, hashed=_HASHED)
        with (
            dovecot(home, home / "mail", behind, pop3=pop3, pop3s=pop3s),
            running_postfix(folder, settings, services) as postfix,
        ):
            yield Submission(
                starttls=starttls,
                tls=tls,
                silent=silent,
                pop3s=pop3s,
                authorities=home / "authority.pem",
                postfix=postfix,
                mail=home / "mail",
            )
