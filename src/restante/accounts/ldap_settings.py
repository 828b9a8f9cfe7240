"""Where an LDAP directory is, how its entries are found, and how a name gets into a DN or a filter without harm.

Passwords go to the directory as they are, so the way there is TLS: `ldaps://`, or `ldap://` with StartTLS. Only a
loopback address, by its number, and a socket (`ldapi://`) do without.
What it is not: a connection; it does no I/O.
How it fails: ValueError, which says what to write instead.
Sources: RFC 4514 §2.4 (DNs), RFC 4515 §3 (filters), RFC 4516 §2 (URLs), RFC 4513 §6.3 (why TLS).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from restante.accounts.names import AccountName, MaildirPattern
from restante.proto.terms import Secret

__all__ = ["LdapAddress", "LdapSettings", "dn_value", "filled_in", "filter_value"]

_PLACEHOLDER: Final = re.compile(r"\{(name|local|domain)\}")
_PORTS: Final = {"ldap": 389, "ldaps": 636}


def dn_value(text: str) -> str:
    """Write a value so that it is one in a DN, whatever it holds. Source: RFC 4514 §2.4."""
    escaped = re.sub(r'(["+,;<>=\\]|\A[ #])', r"\\\1", text).replace("\0", "\\00")
    return escaped[:-1] + "\\ " if len(text) > 1 and text.endswith(" ") else escaped


def filter_value(text: str) -> str:
    """Write a value so that it is one in a filter, whatever it holds. Source: RFC 4515 §3."""
    return re.sub(r"[\\*()\0]", lambda found: f"\\{ord(found[0]):02x}", text)


def filled_in(template: str, name: AccountName, *, as_dn: bool) -> str | None:
    """Put a name's parts, in lower case and escaped, in a template; None where it asks for a domain in vain."""
    if name.domain is None and "{domain}" in template:
        return None
    escaped = dn_value if as_dn else filter_value
    values = {"name": name.folded, "local": name.local.lower(), "domain": (name.domain or "").lower()}
    # In one pass, so that nothing in a value is read as a placeholder.
    return _PLACEHOLDER.sub(lambda found: escaped(values[found[1]]), template)


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapAddress:
    """Where to connect to."""

    host: str
    """A name or an address; of a socket its path."""
    port: int | None
    """None: a socket."""
    tls: bool
    """From the first octet."""

    @classmethod
    def parse(cls, url: str) -> LdapAddress:
        """Read `ldaps://host`, `ldap://host:port` or `ldapi://%2Fpath`. Raises ValueError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme == "ldapi" and (path := unquote(parts.netloc)).startswith("/"):
            return cls(host=path, port=None, tls=False)
        if (
            parts.scheme not in _PORTS
            or not parts.hostname
            or parts.username is not None
            or parts.path not in ("", "/")
        ):
            raise ValueError(
                f"{url!r} is no address of an LDAP directory: write ldaps://host, ldap://host or ldapi://%2Fpath"
            )
        return cls(host=parts.hostname, port=port or _PORTS[parts.scheme], tls=parts.scheme == "ldaps")

    @property
    def stays_here(self) -> bool:
        """Whether what is sent does not leave the machine."""
        if self.port is None:
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            # `localhost` is whatever the resolver says.
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings:
    """How accounts are found in a directory and their passwords tried. Raises ValueError.

    Either `dn_template` names an entry at once, or a search below `base` with `search_filter` finds it. In both
    `{name}`, `{local}` and `{domain}` stand for the name and its parts, in lower case.
    """

    url: str
    start_tls: bool = True
    """Of `ldap://`: ask for TLS before anything else. Only a loopback address may do without."""
    authorities: Path | None = None
    """A file of certificates (PEM); None: the system's."""
    dn_template: str | None = None
    """Such as `uid={local},ou=people,dc=example,dc=org`."""
    base: str | None = None
    search_filter: str = "(mail={name})"
    service_dn: str | None = None
    """As whom to search; None: as nobody, where the directory lets nobody search."""
    service_password: Secret | None = field(repr=False, default=None)
    maildir_attribute: str | None = None
    """The attribute that holds the path of an account's Maildir; None: `maildir_pattern` says."""
    maildir_pattern: MaildirPattern | None = None
    """None: a maildrop in the data folder."""

    def __post_init__(self) -> None:
        address = self.address
        if not address.tls and not self.start_tls and not address.stays_here:
            raise ValueError(
                f"{self.url!r} without TLS would show passwords on their way: use ldaps://, or StartTLS"
            )
        if (self.dn_template is None) == (self.base is None):
            raise ValueError("an LDAP directory needs either a template of DNs or a base to search from")
        template = self.search_filter if self.dn_template is None else self.dn_template
        if not _PLACEHOLDER.search(template):
            raise ValueError(f"{template!r} would be one entry for all names: put {{name}} or {{local}} into it")
        if (self.service_dn is None) != (self.service_password is None):
            raise ValueError("the DN to search as and its password belong together: name both, or neither")
        if self.service_password is not None and not self.service_password.reveal():
            # It would be taken as no authentication at all. Source: RFC 4513 §5.1.2.
            raise ValueError("the password to search with is empty: name it, or leave the DN out, too")

    @property
    def address(self) -> LdapAddress:
        """Where to connect to."""
        return LdapAddress.parse(self.url)

    @property
    def upgrades(self) -> bool:
        """Whether StartTLS comes first."""
        return self.start_tls and not self.address.tls and self.address.port is not None
