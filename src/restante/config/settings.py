"""The settings: every one with its default, what is allowed, and the sentence that the reference prints.

This is the one table of settings. The loader, the flags of `restante serve` and the reference page of the docs are
made from it. It reads nothing: `restante.config.loading` does. A value made by hand (in a test) is not checked.

Plain dataclasses, since `restante deliver` runs once for each message: a validation library would cost it more time
than all of the delivery.
"""

# ruff: noqa: RUF009 - _setting gives what dataclasses.field gives

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from restante.config.address import Address, TcpAddress
from restante.config.kinds import (
    AccountNameText,
    Choice,
    FilePath,
    FolderPath,
    Kind,
    ListenAddress,
    ListOf,
    OptionalPath,
    OptionalText,
    PatternText,
    Text,
    WholeNumber,
    YesOrNo,
)

__all__ = [
    "ENVIRONMENT_PREFIX",
    "SETTINGS",
    "AuthSettings",
    "BareLineEnds",
    "DeliverySettings",
    "LimitSettings",
    "LogEvents",
    "LogFormat",
    "LogSettings",
    "Plaintext",
    "Setting",
    "Settings",
    "TlsSettings",
]

T = TypeVar("T")

ENVIRONMENT_PREFIX: Final = "RESTANTE_"

_HOST: Final = r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?"
_HOSTNAME: Final = Text(pattern=_HOST, words="a host's name: letters, digits, `.`, `-`, `_`", placeholder="HOST")
_DOMAIN: Final = Text(pattern=_HOST, words="a domain: letters, digits, `.`, `-`, `_`", placeholder="DOMAIN")
_MECHANISM: Final = Text(
    pattern=r"[A-Za-z0-9_-]{1,20}",
    words="the name of a SASL mechanism, such as SCRAM-SHA-256",
    placeholder="MECHANISM",
)
_NETWORK: Final = Text(
    pattern=r"unix|[0-9.]+(?:/[0-9]{1,2})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?",
    words="an address or a network such as 10.0.0.0/8, or unix",
    placeholder="NETWORK",
)
_DELIMITER: Final = Text(pattern=r"[!#$%&'*+/=?^_`{|}~-]", words="one character such as + or -", placeholder="CHAR")


class BareLineEnds(StrEnum):
    """What happens to a message that comes with a CR or LF that is not part of a CRLF."""

    NORMALISE = "normalise"
    REFUSE = "refuse"


class Plaintext(StrEnum):
    """Where a password may cross a line that is not under TLS."""

    TLS = "tls"
    LOOPBACK = "loopback"
    ALWAYS = "always"


class LogFormat(StrEnum):
    """How a line of the log is written."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class LogEvents(StrEnum):
    """Which events get a line in the log."""

    ALL = "all"
    PROBLEMS = "problems"


def _setting(default: T, kind: Kind[T], description: str, *, default_words: str | None = None) -> T:
    """Declare a field: mypy sees its default, dataclasses sees a field that knows what is allowed."""
    metadata = {"kind": kind, "description": description, "default_words": default_words}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """Logins: where passwords may go, by which mechanisms, and how they are hashed."""

    plaintext: Plaintext = _setting(
        Plaintext.LOOPBACK,
        Choice(among=Plaintext),
        "Where a password may cross a line that is not under TLS: nowhere, within this machine, or everywhere.",
    )
    mechanisms: tuple[str, ...] = _setting(
        ("PLAIN", "LOGIN"),
        ListOf(kind=_MECHANISM),
        "SASL mechanisms that AUTH takes; PLAIN under TLS is always one of them.",
    )

    hash_memory_kib: int = _setting(
        19456, WholeNumber(least=8, most=2**22), "Memory of one argon2id hash, in KiB; OWASP asks for 19456."
    )
    hash_passes: int = _setting(2, WholeNumber(least=1, most=100), "Passes of one argon2id hash over its memory.")
    hash_lanes: int = _setting(1, WholeNumber(least=1, most=64), "Lanes (parallelism) of one argon2id hash.")
    hashes_at_once: int = _setting(
        2, WholeNumber(least=1, most=256), "Hashes that each worker runs at the same time."
    )
    hash_queue: int = _setting(
        64,
        WholeNumber(least=0, most=100_000),
        "Logins that may wait for a hash in each worker; one more is told to try again later.",
    )
    verified_seconds: int = _setting(
        300,
        WholeNumber(least=0, most=86_400),
        "Seconds since its last use for which a proven password needs no second hash; 0 turns that off.",
    )
    verified_credentials: int = _setting(
        10_000, WholeNumber(least=0, most=10_000_000), "Proven passwords that each worker remembers at most."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """TLS: certificates, and how they are renewed."""

    certificate: tuple[Path, ...] = _setting(
        (),
        ListOf(kind=FilePath()),
        "Certificate chains, in PEM; with more than one, the name that the client asks for chooses.",
        default_words="none: a self-signed one on loopback",
    )
    key: tuple[Path, ...] = _setting(
        (), ListOf(kind=FilePath()), "Private keys, in PEM, in the order of the certificates.", default_words="none"
    )
    client_authorities: Path | None = _setting(
        None,
        OptionalPath(),
        "Authorities, in PEM, whose client certificates AUTH EXTERNAL takes.",
        default_words="none",
    )
    handshake_seconds: int = _setting(
        10, WholeNumber(least=1, most=600), "Seconds that a client has for its TLS handshake."
    )
    watch_seconds: int = _setting(
        60,
        WholeNumber(least=0, most=86_400),
        "Seconds between looks whether the certificate files changed; 0 leaves that to SIGHUP.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Bounds of a POP3 session, and of stopping."""

    command_line_octets: int = _setting(
        255,
        WholeNumber(least=255, most=65_536),
        "Octets of the longest command line, its CRLF included; RFC 2449 asks for 255.",
    )
    bad_commands: int = _setting(
        10, WholeNumber(least=1, most=10_000), "Bad commands after which a session is closed."
    )
    autologout_seconds: int = _setting(
        600,
        WholeNumber(least=600, most=86_400),
        "Seconds without a command after which a session is closed and nothing removed; RFC 1939 asks for 600.",
    )
    login_seconds: int = _setting(
        60, WholeNumber(least=1, most=86_400), "Seconds that a client has from its connection to its login."
    )
    stop_seconds: int = _setting(
        30, WholeNumber(least=1, most=3600), "Seconds that sessions in UPDATE have to finish when the server stops."
    )
    connections: int = _setting(
        20_000, WholeNumber(least=1, most=1_000_000), "POP3 connections that each worker takes at the same time."
    )
    connections_per_address: int = _setting(
        100,
        WholeNumber(least=1, most=1_000_000),
        "The same from one address (IPv6: one /64); loopback is not counted.",
    )
    connections_per_account: int = _setting(
        10, WholeNumber(least=1, most=1_000_000), "The same for one account, after its login."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """What comes in by SMTP, LMTP and `restante deliver`."""

    message_octets: int = _setting(
        52_428_800, WholeNumber(least=65_536, most=2**40), "Octets of the longest message that is taken."
    )
    recipients: int = _setting(
        100, WholeNumber(least=100, most=100_000), "Recipients of one message at most; RFC 5321 asks for 100."
    )
    recipient_delimiter: str | None = _setting(
        "+",
        OptionalText(text=_DELIMITER),
        "Character that ends the account's name in an address: ted+news reaches ted; empty turns that off.",
    )
    postmaster: str | None = _setting(
        None,
        OptionalText(text=AccountNameText()),
        "Account that gets the mail for postmaster; without it an account of that name does.",
    )
    bare_line_ends: BareLineEnds = _setting(
        BareLineEnds.NORMALISE,
        Choice(among=BareLineEnds),
        "What becomes of a CR or LF that is not part of a CRLF: made a CRLF, or the message is refused.",
    )
    timeout_seconds: int = _setting(
        300,
        WholeNumber(least=1, most=86_400),
        "Seconds that SMTP and LMTP wait for the client; RFC 5321 asks for 300.",
    )
    connections: int = _setting(
        1000,
        WholeNumber(least=1, most=1_000_000),
        "SMTP and LMTP connections that each worker takes at the same time.",
    )
    octets_at_once: int = _setting(
        268_435_456,
        WholeNumber(least=65_536, most=2**40),
        "Octets of messages that each worker holds in memory while they come in; at least message_octets.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The log, which goes to standard error."""

    format: LogFormat = _setting(
        LogFormat.AUTO,
        Choice(among=LogFormat),
        "How lines are written; auto is text on a terminal and JSON elsewhere.",
    )
    wire: bool = _setting(False, YesOrNo(), "Whether each command and reply gets a line; passwords are left out.")
    events: LogEvents = _setting(
        LogEvents.ALL, Choice(among=LogEvents), "Which events get a line: all, or only those that went wrong."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a server and of the commands that work on its data folder."""

    data: Path = _setting(
        Path("/var/lib/restante"),
        FolderPath(),
        "Folder that holds the accounts, the sealing key and the maildrops.",
        default_words="/var/lib/restante for root, else $XDG_DATA_HOME/restante or ~/.local/share/restante",
    )
    pop3: tuple[Address, ...] = _setting(
        (TcpAddress(host="127.0.0.1", port=1110),), ListOf(kind=ListenAddress()), "Addresses that take POP3."
    )
    pop3s: tuple[Address, ...] = _setting(
        (),
        ListOf(kind=ListenAddress()),
        "Addresses that take POP3 under TLS from the first octet: the recommended door.",
        default_words="none",
    )
    smtp: tuple[Address, ...] = _setting(
        (), ListOf(kind=ListenAddress()), "Addresses that take SMTP for local accounts."
    )
    lmtp: tuple[Address, ...] = _setting(
        (), ListOf(kind=ListenAddress()), "Addresses that take LMTP from a mail server."
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        ListOf(kind=_NETWORK),
        "Proxies whose PROXY header (v1 or v2) says who the client is; they have to send one.",
        default_words="none",
    )
    metrics: tuple[Address, ...] = _setting(
        (), ListOf(kind=ListenAddress()), "Addresses that give metrics at /metrics, by HTTP.", default_words="none"
    )
    workers: int = _setting(0, WholeNumber(least=0, most=1024), "Processes that serve; 0 is one for each core.")
    hostname: str = _setting(
        "localhost",
        _HOSTNAME,
        "Name by which the server greets and signs trace headers.",
        default_words="the machine's name",
    )
    domains: tuple[str, ...] = _setting(
        ("localhost",),
        ListOf(kind=_DOMAIN),
        "Domains whose mail is local.",
        default_words="hostname and localhost",
    )
    maildir_pattern: str | None = _setting(
        None,
        OptionalText(text=PatternText()),
        "Where other programs keep the Maildir of an account, such as /var/vmail/{domain}/{local}.",
        default_words="none, so that maildrops lie in the data folder",
    )
    tls: TlsSettings = field(default_factory=TlsSettings)
    auth: AuthSettings = field(default_factory=AuthSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    log: LogSettings = field(default_factory=LogSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table: a setting's one name in its three spellings, and all that is said about it."""

    table: str | None
    """The TOML table, or None at the top."""
    key: str
    kind: Kind[Any]  # Any: the rows are of many kinds, and each reads its own
    default: Any  # Any: as above
    default_words: str
    """The default as one would type it, or in words where it depends on the machine."""
    description: str

    @property
    def name(self) -> str:
        """As it stands in the TOML file, its table before it: `limits.autologout_seconds`."""
        return f"{self.table}.{self.key}" if self.table else self.key

    @property
    def variable(self) -> str:
        """As it stands in the environment: `RESTANTE_LIMITS_AUTOLOGOUT_SECONDS`."""
        return ENVIRONMENT_PREFIX + self.name.replace(".", "_").upper()

    @property
    def flag(self) -> str:
        """As it stands on the command line: `--limits-autologout-seconds`."""
        return "--" + re.sub(r"[._]", "-", self.name)


TABLES: Final[dict[str, type]] = {
    "tls": TlsSettings,
    "auth": AuthSettings,
    "limits": LimitSettings,
    "delivery": DeliverySettings,
    "log": LogSettings,
}


def as_typed(value: object) -> str:
    """Give a setting's value as one would type it in the environment."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return " ".join(str(item) for item in value)
        case _:
            return str(value)


def _rows(table: str | None, model: type) -> list[Setting]:
    return [
        Setting(
            table=table,
            key=each.name,
            kind=each.metadata["kind"],
            default=each.default,
            default_words=each.metadata["default_words"] or as_typed(each.default) or "none",
            description=each.metadata["description"],
        )
        for each in fields(model)
        if each.name not in TABLES or table is not None
    ]


SETTINGS: Final[tuple[Setting, ...]] = tuple(
    row for table, model in ((None, Settings), *TABLES.items()) for row in _rows(table, model)
)
"""Every setting there is, in the order of the reference."""
