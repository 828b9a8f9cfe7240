"""Brings a secret from where it lies, and puts it there: keyring, command, file, environment, or a person.

Everything is bounded: a command has two minutes (somebody may have to unlock something), a line has an end. The way
to the keyring and to the terminal are ports, so that a test or another program can be them. Blocks; whoever runs an
event loop calls it in a thread. Fails with SecretFault, which shows no secret.
"""

from __future__ import annotations

import os
import select
import stat
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, assert_never

from restante.mail_accounts.faults import SecretFault
from restante.mail_accounts.model import Ask, InCommand, InEnvironment, InFile, InKeyring, SecretPlace
from restante.mail_accounts.private_files import write_privately
from restante.proto.terms import Secret

__all__ = ["COMMAND_SECONDS", "LARGEST_SECRET_OCTETS", "KeyringPort", "Secrets", "SystemKeyring"]

COMMAND_SECONDS: Final = 120.0
LARGEST_SECRET_OCTETS: Final = 12_000
"""What a mechanism can carry; refresh tokens of Microsoft take some 2000."""

_SERVICE: Final = "restante"


class KeyringPort(Protocol):
    """A keyring. Each method raises SecretFault where it cannot be used."""

    def get(self, name: str) -> str | None:
        """Give the secret kept under a name, or None."""
        ...

    def put(self, name: str, secret: str) -> None:
        """Keep a secret under a name."""
        ...

    def remove(self, name: str) -> None:
        """Forget it; nothing where there is none."""
        ...


class SystemKeyring:
    """The keyring of the desktop, by the `keyring` library."""

    def get(self, name: str) -> str | None:
        """See KeyringPort."""
        found: str | None = self._asked(lambda ring: ring.get_password(_SERVICE, name))
        return found

    def put(self, name: str, secret: str) -> None:
        """See KeyringPort."""
        self._asked(lambda ring: ring.set_password(_SERVICE, name, secret))

    def remove(self, name: str) -> None:
        """See KeyringPort."""
        from keyring.errors import PasswordDeleteError

        def delete(ring: Any) -> None:  # Any: the module `keyring`
            with suppress(PasswordDeleteError):
                ring.delete_password(_SERVICE, name)

        self._asked(delete)

    @staticmethod
    def _asked(call: Callable[[Any], Any]) -> Any:  # Any: the module `keyring`, and what its calls give
        try:
            import keyring
            import keyring.errors
        except Exception as error:  # backends of others are loaded here, and may do anything
            raise SecretFault(_no_keyring(type(error).__name__)) from None
        try:
            return call(keyring)
        except keyring.errors.NoKeyringError:
            raise SecretFault(_no_keyring("there is none on this machine")) from None
        except keyring.errors.KeyringLocked:
            raise SecretFault("the keyring is locked: unlock it and try again") from None
        except Exception as error:  # D-Bus and the backends have errors of their own
            raise SecretFault(_no_keyring(type(error).__name__)) from None


def _no_keyring(why: str) -> str:
    return (
        f"the system's keyring cannot be used ({why}): keep the secret elsewhere with password_command or "
        "password_file (for setup: --password-command, --password-file)"
    )


def _nobody(prompt: str) -> str:
    raise SecretFault(f"{prompt}there is no terminal to ask on: keep it in the keyring, a command or a file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The places of secrets, as one process sees them."""

    environ: Mapping[str, str]
    keyring: KeyringPort = field(default_factory=SystemKeyring)
    ask: Callable[[str], str] = _nobody
    """Asks a person for a secret and gives it without its line end. It is given the prompt."""

    def get(self, place: SecretPlace, *, name: str, what: str = "password") -> Secret:
        """Bring a secret. `name` is the account's, `what` says which of its secrets. Raises SecretFault."""
        match place:
            case InKeyring():
                found = self.keyring.get(_kept_as(name, what))
                if found is None:
                    raise SecretFault(
                        f"account '{name}': its {what} is not in the keyring: put it there with "
                        f"'restante setup --new-secret {name}'"
                    )
            case Ask():
                found = self.ask(f"{what.capitalize()} of {name}: ")
            case InCommand(command=command):
                found = _from_command(command, self.environ, name)
            case InFile(path=path):
                found = _from_file(path, name)
            case InEnvironment(variable=variable):
                found = self.environ.get(variable, "")
                if not found:
                    raise SecretFault(f"account '{name}': the variable {variable} is not set: set it to its {what}")
            case _:
                assert_never(place)
        return _usable(found, name, what)

    def put(self, place: SecretPlace, secret: Secret, *, name: str, what: str = "password") -> bool:
        """Keep a secret where its place can keep one; tells whether it can. Raises SecretFault."""
        text = secret.reveal().decode("utf-8", "surrogateescape")
        match place:
            case InKeyring():
                self.keyring.put(_kept_as(name, what), text)
            case InFile(path=path):
                _into_file(path, text, name)
            case Ask() | InCommand() | InEnvironment():
                return False
            case _:
                assert_never(place)
        return True

    def forget(self, place: SecretPlace, *, name: str, what: str = "password") -> bool:
        """Take a secret out of the keyring; tells whether it was there to take. Raises SecretFault."""
        if not isinstance(place, InKeyring) or self.keyring.get(_kept_as(name, what)) is None:
            return False
        self.keyring.remove(_kept_as(name, what))
        return True


def _kept_as(name: str, what: str) -> str:
    return name if what == "password" else f"{name} ({what})"


def _usable(text: str, name: str, what: str) -> Secret:
    octets = text.encode("utf-8", "surrogateescape")
    if not octets:
        raise SecretFault(f"account '{name}': its {what} is empty: see where it is kept")
    if len(octets) > LARGEST_SECRET_OCTETS:
        raise SecretFault(
            f"account '{name}': its {what} is longer than {LARGEST_SECRET_OCTETS} octets: see where it is kept"
        )
    if any(sign in octets for sign in b"\r\n\0"):
        raise SecretFault(f"account '{name}': its {what} holds a line end or a NUL: see where it is kept")
    return Secret(octets)


def _first_line(octets: bytes) -> str:
    return octets.partition(b"\n")[0].removesuffix(b"\r").decode("utf-8", "surrogateescape")


def _from_command(command: str, environ: Mapping[str, str], name: str) -> str:
    # In our own session and group, since it may want to ask on the terminal.
    with subprocess.Popen(  # noqa: S602 - the person's own command line, as they wrote it
        command, shell=True, stdout=subprocess.PIPE, env=dict(environ)
    ) as child:
        try:
            octets = _written(child, time.monotonic() + COMMAND_SECONDS)
        except TimeoutError:
            raise SecretFault(
                f"account '{name}': the command for its secret did not end in {COMMAND_SECONDS:g} s: "
                f"try it by hand: {command}"
            ) from None
        finally:
            child.kill()
    # One that wrote more than a secret was ended by us, which is no failure of its own.
    if child.returncode and len(octets) <= LARGEST_SECRET_OCTETS:
        raise SecretFault(
            f"account '{name}': the command for its secret failed with exit code {child.returncode}: "
            f"try it by hand: {command}"
        )
    return _first_line(octets)


def _written(child: subprocess.Popen[bytes], until: float) -> bytes:
    """Read what a child writes, and wait for its end. Raises TimeoutError."""
    assert child.stdout is not None
    descriptor = child.stdout.fileno()
    octets = bytearray()
    while len(octets) <= LARGEST_SECRET_OCTETS:
        if not select.select([descriptor], [], [], max(until - time.monotonic(), 0))[0]:
            raise TimeoutError
        part = os.read(descriptor, LARGEST_SECRET_OCTETS + 1)
        if not part:
            break
        octets += part
    else:
        return bytes(octets)
    try:
        child.wait(max(until - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    return bytes(octets)


def _from_file(path: Path, name: str) -> str:
    try:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SecretFault(f"{path}: others may read this secret: chmod 600 {path}")
            return _first_line(stream.read(LARGEST_SECRET_OCTETS + 1))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SecretFault(
            f"{path}: the secret of account '{name}' cannot be read ({reason}): see the file"
        ) from None


def _into_file(path: Path, text: str, name: str) -> None:
    try:
        write_privately(path, text.encode("utf-8", "surrogateescape") + b"\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SecretFault(
            f"{path}: the secret of account '{name}' cannot be kept ({reason}): see to its folder"
        ) from None
