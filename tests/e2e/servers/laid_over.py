"""A server whose package conflicts with what is installed, laid over the system for it alone.

tests/install-peers unpacks it into a folder. Here it gets a mount namespace in which that folder lies over /usr and
/etc, with settings and accounts of its own, and a process namespace that ends with it: nothing is left behind. It
takes root.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.servers.peer import PASSWORD, USER, until_it_greets

__all__ = ["ASIDE", "HOME", "INTO_VAR_MAIL", "MAIL_ID", "account_files", "laid_over"]

ASIDE: Final = Path("/opt/restante-peers")
MAIL_ID: Final = 4242
"""The number of the account, as user and as group."""

HOME: Final = "/var/spool/ted"

_OVER: Final = """\
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t overlay -o "lowerdir=$1/usr:/usr" none /usr
mount -t overlay -o "lowerdir=$2/etc:$1/etc:/etc" none /etc
for folder in /run /var/lib /var/mail /var/spool; do mount -t tmpfs none $folder; done
cd "$2"
"""

INTO_VAR_MAIL: Final = f"""\
chmod 1777 /var/mail
mv mbox /var/mail/{USER}
chown {MAIL_ID}:8 /var/mail/{USER}
chmod 660 /var/mail/{USER}
"""
"""Gives the account the file `mbox` for its mail."""


def hashed_password() -> str:
    """Give the password as /etc/shadow has it."""
    command = ["openssl", "passwd", "-6", "-stdin"]
    done = subprocess.run(command, input=PASSWORD.encode(), capture_output=True, check=True)
    return done.stdout.decode().strip()


def account_files(**users: int) -> dict[str, str]:
    """Give passwd, group and shadow with the account and further users, none of whom can log in."""
    accounts = [(name, number, "!") for name, number in users.items()] + [(USER, MAIL_ID, hashed_password())]
    return {
        "passwd": "root:x:0:0::/root:/bin/sh\n"
        + "".join(f"{name}:x:{number}:{number}::{HOME}:/bin/sh\n" for name, number, _ in accounts),
        "group": "root:x:0:\nmail:x:8:\n" + "".join(f"{name}:x:{number}:\n" for name, number, _ in accounts),
        "shadow": "".join(f"{name}:{secret}:19000:0:99999:7:::\n" for name, _, secret in accounts),
    }


@contextmanager
def laid_over(
    package: str, start: str, *, port: int, etc: Mapping[str, str], files: Mapping[str, bytes | Path]
) -> Iterator[Path]:
    """Run a shell script that starts a server and stays, until the end of the block; gives the folder it runs in.

    `etc` is what lies over /etc, `files` what lies in the folder in which the script runs; a path is copied.
    """
    with tempfile.TemporaryDirectory(prefix="restante-peer-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        for name, text in etc.items():
            (home / "etc" / name).parent.mkdir(parents=True, exist_ok=True)
            (home / "etc" / name).write_text(text)
        for name, octets in files.items():
            if isinstance(octets, Path):
                shutil.copy(octets, home / name)
            else:
                (home / name).write_bytes(octets)
        (home / "start").write_text(_OVER + start)
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", str(home / "start")]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [*command, str(ASIDE / package), str(home)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            try:
                until_it_greets(port, server)
            except AssertionError as error:
                error.add_note((home / "log").read_text("utf-8", "replace"))
                raise
            yield home
        finally:
            server.kill()
            server.wait(30)
