"""What a line of a passwd-file says: the name, the password field, where the mail lies, and who may not log in.

    user:password:uid:gid:(gecos):home:(shell):extra_fields

Extra fields are parted by blanks. Of them `userdb_mail`, `userdb_home` and `nologin` count. Those that change who
gets in, `nopassword`, `allow_nets` and `user`, cannot be kept; they keep the account from logging in, since to
overlook them would let in whom the file keeps out.
A password field that is empty, `*`, `x` or starts with `!` is that of an account that is locked (shadow(5)).
In `userdb_mail=maildir:PATH` the path may begin with `~/`, and hold `%u`, `%n`, `%d` (the name, what stands before
the @, what stands after it, in lower case), `%h` (the home) and `%%`, also as `%{user}` and so on. Since a legal
name holds no `/`, and `..` is refused, no name leads out of what the file says.
What it is not: the reader of the file; it does no I/O.
How it fails: LineBroken.
Sources: Dovecot's "Passwd-file", "Variables" and "Mail location"; shadow(5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from restante.accounts.names import AccountName, IllegalName, MaildirPattern, parse_account_name

__all__ = ["LineBroken", "PasswdLine", "parse_passwd_line"]

_FIELDS: Final = 8
_VARIABLE: Final = re.compile(r"%(?:\{(\w+)\}|L?(.)|\Z)")
_LONG: Final = {"user": "u", "username": "n", "domain": "d", "home": "h"}
_NOT_KEPT: Final = {
    "nopassword": "`nopassword` would let everybody in",
    "allow_nets": "`allow_nets` is not kept here, so nobody is let in rather than everybody",
    "user": "`user=` would make one account of another, which is not done here",
}


class LineBroken(ValueError):
    """A line that tells of no account. The message shows nothing of its password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswdLine:
    """One line, understood. Two are equal when nothing that counts here differs."""

    name: AccountName
    password: str = field(repr=False)
    """The password field as it stands."""
    locked: bool
    """By the file's own word."""
    no_login: str | None
    """Why nobody may log in though the file does not say so; told to the administrator."""
    maildir: Path | None
    """None: a maildrop in the data folder."""
    mail_fault: str | None
    """Why the mail cannot be served, and what to do."""


def parse_passwd_line(
    text: str, *, mail_location: str | None = None, maildir_pattern: MaildirPattern | None = None
) -> PasswdLine:
    """Read a line that is neither empty nor a comment. Raises LineBroken.

    `mail_location` is the site's, for a line without `userdb_mail`; `maildir_pattern` is for a line without either.
    """
    if "\0" in text:
        raise LineBroken("it holds a NUL")
    if ":" not in text:
        # A name alone would be an account without a password.
        raise LineBroken("no `:` parts a name from a password")
    user, password, *rest = text.split(":", _FIELDS - 1)
    home = rest[3] if len(rest) > 3 else ""
    extra = _extra_fields(rest[5] if len(rest) > 5 else "")
    try:
        name = parse_account_name(user)
    except IllegalName as illegal:
        broken = str(illegal)
    else:
        location = extra.get("userdb_mail") or mail_location
        maildir, fault = _maildir(location, name, extra.get("userdb_home") or home)
        if not location and maildir_pattern is not None:
            maildir = maildir_pattern.expand(name)
        return PasswdLine(
            name=name,
            password=password,
            locked="nologin" in extra or password in ("", "*", "x") or password.startswith("!"),
            no_login="; ".join(told for key, told in _NOT_KEPT.items() if key in extra) or None,
            maildir=maildir,
            mail_fault=fault,
        )
    raise LineBroken(broken)


def _extra_fields(text: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in text.split())
    return {key.lower(): value for key, _, value in pairs}


def _maildir(location: str | None, name: AccountName, home: str) -> tuple[Path | None, str | None]:
    """Give the Maildir, or why there is none that could be served."""
    if not location:
        return None, None
    kind, _, path = location.partition(":")
    if kind.lower() != "maildir" or not path:
        return None, (
            f"its mail is in {location!r}, and only `maildir:PATH` can be read: convert it with `dsync`, "
            "or leave userdb_mail out and import it"
        )
    # What follows the path says where Dovecot keeps its own indexes and folders, which are not read.
    path = path.partition(":")[0]
    try:
        path = _expanded("%h" + path[1:] if path.startswith("~/") or path == "~" else path, name, home)
    except ValueError as error:
        return None, f"the Maildir {path!r} cannot be told: {error}"
    parts = path.split("/")
    if not path.startswith("/") or ".." in parts or "." in parts:
        return None, f"the Maildir {path!r} is no whole path: write one that starts with / and holds no `..`"
    return Path("/" + path.strip("/")), None


def _expanded(text: str, name: AccountName, home: str) -> str:
    """Put the values in the variables' places, in one pass. Raises ValueError."""
    values = {"u": name.folded, "n": name.local.lower(), "d": (name.domain or "").lower(), "h": home, "%": "%"}

    def value(match: re.Match[str]) -> str:
        key = _LONG.get(match[1], "") if match[1] else match[2] or ""
        if key not in values:
            raise ValueError(f"the variable {match[0]!r} is not known here, but %u, %n, %d and %h are")
        if not values[key]:
            raise ValueError(f"{match[0]} is empty for this account: fill in the field, or name the path itself")
        return values[key]

    return _VARIABLE.sub(value, text)
