"""A Postfix on loopback: settings, queue, data and log in a folder of its own.

Nothing of the machine's own mail server is touched. It has to be started as root.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.bed import run, until

__all__ = ["Postfix", "postfix_folder", "running_postfix"]

_MAIN: Final = {
    "compatibility_level": "3.6",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "postfix.example",
    "mydestination": "",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "smtpd_peername_lookup": "no",
    "disable_dns_lookups": "yes",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "1s",
    "queue_run_delay": "1s",
    "local_header_rewrite_clients": "",
    "lmtp_line_length_limit": "0",
    "biff": "no",
}

_MASTER: Final = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

ASK_AGAIN_SECONDS: Final = 4


class Postfix:
    """One that runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def command(self, program: str, *arguments: str) -> str:
        """Run a command of Postfix's on this instance."""
        ran = run(program, "-c", self.folder / "etc", *arguments, env={"PATH": f"{os.environ['PATH']}:/usr/sbin"})
        assert ran.code == 0, ran.said
        return ran.said

    def logged(self) -> str:
        """Give the log so far."""
        log = self.folder / "log"
        return log.read_text("utf-8", "replace") if log.exists() else ""

    def wait_for(self, recipient: str, status: str) -> str:
        """Wait for a line of the log that says how a delivery went."""
        wanted = re.compile(rf"^.* to=<{re.escape(recipient)}>,.* status={status} .*$", re.M)
        asked = time.monotonic()

        def logged() -> re.Match[str] | None:
            nonlocal asked
            # A message that the queue's run met while it was under way is skipped, and may then lie for minutes.
            if time.monotonic() > asked + ASK_AGAIN_SECONDS:
                self.command("postqueue", "-f")
                asked = time.monotonic()
            return wanted.search(self.logged())

        try:
            return until(f"{recipient} to be {status}", logged)[0]
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.logged()[-3000:]}") from None


@contextmanager
def postfix_folder() -> Iterator[Path]:
    """Give a folder into which Postfix's user may go."""
    folder = Path(tempfile.mkdtemp(prefix="restante-postfix-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postfix(folder: Path, settings: Mapping[str, str], services: Sequence[str]) -> Iterator[Postfix]:
    """Run one in a folder of `postfix_folder`.

    `settings` go into main.cf over those that all have; `services`, smtpd among them, into master.cf.
    """
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir(mode=0o755)
    shutil.chown(folder / "data", "postfix")
    own = {
        "queue_directory": f"{folder}/queue",
        "data_directory": f"{folder}/data",
        "maillog_file": f"{folder}/log",
        "maillog_file_prefixes": str(folder),
    }
    main = "".join(f"{name} = {value}\n" for name, value in {**_MAIN, **own, **settings}.items())
    (folder / "etc" / "main.cf").write_text(main)
    (folder / "etc" / "master.cf").write_text(_MASTER + "".join(f"{service}\n" for service in services))
    postfix = Postfix(folder)
    postfix.command("postfix", "start")
    try:
        yield postfix
    finally:
        postfix.command("postfix", "stop")
