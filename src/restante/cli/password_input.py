"""Passwords from a person or a program: asked for on a terminal without an echo, or one line of standard input.

Fails with CommandFailed, which never shows what was typed. Whether a password may be given to an account is for
`restante.accounts` to judge.
"""

from __future__ import annotations

import sys
from typing import Final

from restante.cli.outcome import CommandFailed, ExitCode
from restante.proto.terms import Secret

__all__ = ["LARGEST_LINE_OCTETS", "ask_new_password", "ask_password", "ask_secret"]

LARGEST_LINE_OCTETS: Final = 4096
"""No password that POP3 can carry is longer than 255; a file piped in by mistake is not read whole."""


def ask_new_password(name: str, *, from_stdin: bool) -> Secret:
    """Ask for a new password, twice on a terminal; or read one line. Raises CommandFailed."""
    if from_stdin:
        return _line_of_stdin()
    _need_terminal()
    first = _typed(f"New password for {name}: ")
    if first != _typed("The same again: "):
        raise CommandFailed("the two passwords differ, and nothing was changed: try again")
    return first


def ask_password(name: str, *, from_stdin: bool) -> Secret:
    """Ask for the password that an account has; or read one line. Raises CommandFailed."""
    if from_stdin:
        return _line_of_stdin()
    _need_terminal()
    return _typed(f"Password of {name}: ")


def ask_secret(prompt: str) -> str:
    """Ask for a secret of another server on the terminal. Raises CommandFailed."""
    import getpass

    if not sys.stdin.isatty():
        raise CommandFailed(
            f"{prompt}there is no terminal to ask on: keep it in the keyring, or give --password-command",
            exit_code=ExitCode.USAGE,
        )
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise CommandFailed("no password was typed: try again") from None


def _need_terminal() -> None:
    if not sys.stdin.isatty():
        raise CommandFailed(
            "there is no terminal to ask for the password on: give --password-stdin, and the password on standard "
            "input",
            exit_code=ExitCode.USAGE,
        )


def _typed(prompt: str) -> Secret:
    import getpass

    try:
        return _checked(getpass.getpass(prompt).encode("utf-8", "surrogateescape"))
    except EOFError:
        raise CommandFailed("no password was typed, and nothing was changed: try again") from None


def _line_of_stdin() -> Secret:
    line = sys.stdin.buffer.readline(LARGEST_LINE_OCTETS + 1)
    if len(line) > LARGEST_LINE_OCTETS:
        raise CommandFailed(
            f"the line on standard input is longer than {LARGEST_LINE_OCTETS} octets: give the password alone"
        )
    # Exactly one line end goes: blanks belong to the password (RFC 1939 §7).
    return _checked(line.removesuffix(b"\n").removesuffix(b"\r") if line.endswith(b"\n") else line)


def _checked(password: bytes) -> Secret:
    if not password:
        raise CommandFailed("the password is empty, and nothing was changed: give one of at least one character")
    return Secret(password)
