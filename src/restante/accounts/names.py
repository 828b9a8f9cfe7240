"""What a legal account name is, and how a name and a site's pattern give the path of a Maildir.

The rule is an allow-list, and this docstring is its one statement. A name is `local` or `local@domain`, in ASCII:

- `local` is 1 to 64 of the letters, the digits, `.`, `_` and `-`. It does not start with `.` or `-`, does not end
  with `.`, and holds no `..`. No `+`: in an address that parts the name from its detail.
- `domain` is labels parted by `.`; a label is 1 to 63 letters, digits and `-`, with no `-` at either end.
- The whole name is at most 215 octets, so that it fits into the longest command that carries one (APOP).
- Names are compared without regard to case.

What it is not: the grammar of addresses (RFC 5321 §4.1.2 allows far more, quotes and blanks among them), and not a
folder's name: folders of our own bear the account's id. It does no I/O.
How it fails: IllegalName and IllegalPattern, whose messages say what is wrong and what is allowed.
Sources: RFC 5321 §4.5.3.1 (64 octets), RFC 1035 §2.3.1 (labels), RFC 1939 §7, RFC 2449 §4 (the longest command).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = [
    "LABEL_OCTETS",
    "LOCAL_PART_OCTETS",
    "NAME_OCTETS",
    "AccountName",
    "IllegalName",
    "IllegalPattern",
    "MaildirPattern",
    "expand_maildir_pattern",
    "parse_account_name",
]

LOCAL_PART_OCTETS: Final = 64
"""Source: RFC 5321 §4.5.3.1.1."""

LABEL_OCTETS: Final = 63
"""Source: RFC 1035 §2.3.4."""

NAME_OCTETS: Final = 255 - len("APOP ") - len(" ") - 32 - len("\r\n")
"""A longer name could be made but not used: the line of APOP also carries a digest of 32. Below DNS's own 253."""

_ALLOWED: Final = (
    "allowed is `ted` or `ted@example.org`: letters, digits, `.`, `_` and `-`, one `@` before a domain"
)

# \Z and not $: the latter would let a last line end through.
_LOCAL: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")
_PLACEHOLDER: Final = re.compile(r"\{(local|domain|name)\}")


class IllegalName(ValueError):
    """A name that no account may have. `name` is what was given: hostile, and shown escaped in the message."""

    def __init__(self, name: str, problem: str) -> None:
        shown = name if len(name) <= NAME_OCTETS else name[:32] + "…"
        super().__init__(f"{shown!r} cannot be the name of an account: {problem}; {_ALLOWED}")
        self.name = name
        self.problem = problem


class IllegalPattern(ValueError):
    """A Maildir pattern that cannot be used."""

    def __init__(self, pattern: str, problem: str) -> None:
        super().__init__(
            f"the Maildir pattern {pattern!r} cannot be used: {problem}; "
            "write a path that starts with /, such as /var/vmail/{domain}/{local}"
        )
        self.pattern = pattern
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountName:
    """A legal name. Two are equal when they differ in case only. Raises IllegalName when built of illegal parts."""

    local: str = field(compare=False)
    """As typed."""
    domain: str | None = field(compare=False, default=None)
    """As typed; None where there is no `@`."""
    folded: str = field(init=False)
    """The whole name in lower case: what is compared."""

    def __post_init__(self) -> None:
        problem = _problem(self.local, self.domain)
        if problem:
            raise IllegalName(str(self), problem)
        object.__setattr__(self, "folded", str(self).lower())

    def __str__(self) -> str:
        return self.local if self.domain is None else f"{self.local}@{self.domain}"


def parse_account_name(text: str) -> AccountName:
    """Read a name by the rule of this module. Nothing is stripped. Raises IllegalName."""
    local, at, domain = text.partition("@")
    return AccountName(local=local, domain=domain if at else None)


def _problem(local: str, domain: str | None) -> str | None:
    """Say what is wrong with a name's parts, or None."""
    whole = local if domain is None else f"{local}@{domain}"
    if not whole:
        return "it is empty"
    if not whole.isascii():
        return "it holds characters other than ASCII"
    if len(whole) > NAME_OCTETS:
        return f"it is longer than {NAME_OCTETS} octets"
    if not local:
        return "nothing stands before the `@`"
    if len(local) > LOCAL_PART_OCTETS:
        return f"what stands before the domain is longer than {LOCAL_PART_OCTETS} octets"
    if local[0] in ".-":
        return f"it starts with `{local[0]}`"
    if not _LOCAL.match(local):
        wrong = next(c for c in local if not re.match(r"[A-Za-z0-9._-]", c))
        hint = " (in an address, what follows `+` is a detail and no part of the name)" if wrong == "+" else ""
        return f"it holds {wrong!r}{hint}"
    if ".." in local or local.endswith("."):
        return "a `.` stands doubled or at the end"
    return None if domain is None else _domain_problem(domain)


def _domain_problem(domain: str) -> str | None:
    if "@" in domain:
        return "it holds more than one `@`"
    for label in domain.split("."):
        if not label:
            return "in its domain a part between the dots is empty"
        if len(label) > LABEL_OCTETS:
            return f"in its domain a part between the dots is longer than {LABEL_OCTETS} octets"
        if not _LABEL.match(label):
            return f"{label!r} cannot be a part of a domain"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildirPattern:
    """A site's word on where other programs keep an account's Maildir: `/var/vmail/{domain}/{local}`.

    `{local}`, `{domain}` and `{name}` (the whole name) stand for the parts of the name, in lower case. Since a
    legal name holds no `/` and is never `.` or `..`, no name can lead out. Raises IllegalPattern when it is not
    absolute, has `..` in it, an unknown placeholder, neither `{local}` nor `{name}`, or two placeholders in one
    part of the path (`{local}-{domain}` would give `a@b-c` and `a-b@c` one folder).
    """

    text: str

    def __post_init__(self) -> None:
        text = self.text
        fixed = _PLACEHOLDER.sub("", text)
        used = _PLACEHOLDER.findall(text)
        parts = text.split("/")
        if not text.startswith("/"):
            raise IllegalPattern(text, "it does not start with /")
        if "\0" in text:
            raise IllegalPattern(text, "it holds a NUL")
        if "{" in fixed or "}" in fixed:
            raise IllegalPattern(text, "the only placeholders are {local}, {domain} and {name}")
        if ".." in parts or "." in parts:
            raise IllegalPattern(text, "`.` and `..` have no place in it")
        if "local" not in used and "name" not in used:
            raise IllegalPattern(text, "without {local} or {name} all accounts would share one Maildir")
        if any(len(_PLACEHOLDER.findall(part)) > 1 for part in parts):
            raise IllegalPattern(text, "two placeholders stand in one part of the path, which names could mix up")

    @property
    def tells_domains_apart(self) -> bool:
        """Whether `ted@a` and `ted@b` get two paths."""
        return "{domain}" in self.text or "{name}" in self.text

    def expand(self, name: AccountName) -> Path | None:
        """Give the path for a name; None for a name without domain where the pattern asks for one.

        None means that the account has a maildrop of its own in the data folder.
        """
        if name.domain is None and "{domain}" in self.text:
            return None
        values = {"local": name.local.lower(), "domain": (name.domain or "").lower(), "name": name.folded}
        # In one pass, so that nothing in a value is read as a placeholder.
        return Path(_PLACEHOLDER.sub(lambda match: values[match[1]], _one_slash(self.text)))

    def read_back(self, path: Path) -> tuple[str, str | None] | None:
        """Give the local part and the domain, lower case, that expand to this path; None when none do.

        The domain is None where the pattern does not tell domains apart, or the name had none.
        """
        seen: set[str] = set()
        expression = ""
        for position, piece in enumerate(_PLACEHOLDER.split(_one_slash(self.text))):
            if position % 2 == 0:
                expression += re.escape(piece)
            elif piece in seen:
                expression += f"(?P={piece})"
            else:
                # One placeholder a part of the path, so that this can match in one way only.
                expression += f"(?P<{piece}>[^/]+)"
                seen.add(piece)
        match = re.fullmatch(expression, str(path))
        if match is None:
            return None
        if "name" in seen:
            local, at, domain = match["name"].partition("@")
            return local, domain if at else None
        return match["local"], match["domain"] if "domain" in seen else None


def _one_slash(text: str) -> str:
    """Write a path as Path does, and with one slash at its start, where Path would keep two."""
    return re.sub(r"/+", "/", text).rstrip("/")


def expand_maildir_pattern(pattern: str, name: AccountName) -> Path | None:
    """Give the path of an account's Maildir under a site's pattern, or None as `MaildirPattern.expand` does.

    Raises IllegalPattern.
    """
    return MaildirPattern(text=pattern).expand(name)
