"""The settings: every one with its default, what is allowed, and the sentence that the reference prints.

The loader, the flags of `restante serve` and the reference page of the docs are made from it, by way of `table`. It
reads nothing: `restante.config.loading` does. A value made by hand (in a test) is not checked.

Plain dataclasses, since `restante deliver` runs once for each message: a validation library would cost it more time
than all of the delivery.
"""

# ruff: noqa: RUF009 - setting gives what dataclasses.field gives

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from restante.config.account_settings import (
    AccountSettings,
    LdapSettings,
    OAuthSettings,
    PamSettings,
    PasswdFileSettings,
)
from restante.config.address import Address, TcpAddress
from restante.config.declaring import setting
from restante.config.kinds import (
    AccountNameText,
    Choice,
    FilePath,
    FolderPath,
    ListenAddress,
    ListOf,
    OptionalNumber,
    OptionalPath,
    OptionalText,
    PatternText,
    WholeNumber,
    YesOrNo,
)
from restante.config.values import (
    DELIMITER,
    DOMAIN,
    HOSTNAME,
    MECHANISM,
    NETWORK,
    BareLineEnds,
    Capability,
    CertificateName,
    LogEvents,
    LogFormat,
    LoginRequired,
    OverQuota,
    Plaintext,
)

__all__ = [
    "AccountSettings",
    "AuthSettings",
    "BareLineEnds",
    "Capability",
    "CertificateName",
    "DeliverySettings",
    "LdapSettings",
    "LimitSettings",
    "LogEvents",
    "LogFormat",
    "LogSettings",
    "MaildropSettings",
    "OAuthSettings",
    "OverQuota",
    "PamSettings",
    "PasswdFileSettings",
    "Plaintext",
    "Settings",
    "TlsSettings",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """Logins: where passwords may go, by which mechanisms, and how they are hashed."""

    plaintext: Plaintext = setting(
        Plaintext.LOOPBACK,
        Choice(among=Plaintext),
        "Where a password may cross a line that is not under TLS: nowhere, within this machine, or everywhere.",
    )
    mechanisms: tuple[str, ...] = setting(
        ("PLAIN", "LOGIN"),
        ListOf(kind=MECHANISM),
        "SASL mechanisms that AUTH takes; PLAIN under TLS is always one of them.",
        default_words="PLAIN, LOGIN, and with tls.client_authorities EXTERNAL, with oauth settings both for tokens",
    )
    certificate_name: CertificateName = setting(
        CertificateName.EMAIL,
        Choice(among=CertificateName),
        "What in a client's certificate names the account: an address of mail, or the common name.",
    )

    hash_memory_kib: int = setting(
        19456, WholeNumber(least=8, most=2**22), "Memory of one argon2id hash, in KiB; OWASP asks for 19456."
    )
    hash_passes: int = setting(2, WholeNumber(least=1, most=100), "Passes of one argon2id hash over its memory.")
    hash_lanes: int = setting(1, WholeNumber(least=1, most=64), "Lanes (parallelism) of one argon2id hash.")
    hashes_at_once: int = setting(
        2, WholeNumber(least=1, most=256), "Hashes that each worker runs at the same time."
    )
    hash_queue: int = setting(
        64,
        WholeNumber(least=0, most=100_000),
        "Logins that may wait for a hash in each worker; one more is told to try again later.",
    )
    verified_seconds: int = setting(
        300,
        WholeNumber(least=0, most=86_400),
        "Seconds since its last use for which a proven password needs no second hash; 0 turns that off.",
    )
    verified_credentials: int = setting(
        10_000, WholeNumber(least=0, most=10_000_000), "Proven passwords that each worker remembers at most."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """TLS: certificates, and how they are renewed."""

    certificate: tuple[Path, ...] = setting(
        (),
        ListOf(kind=FilePath()),
        "Certificate chains, in PEM; with more than one, the name that the client asks for chooses.",
        default_words="none: a self-signed one on loopback",
    )
    key: tuple[Path, ...] = setting(
        (), ListOf(kind=FilePath()), "Private keys, in PEM, in the order of the certificates.", default_words="none"
    )
    client_authorities: Path | None = setting(
        None,
        OptionalPath(),
        "Authorities, in PEM, one of which signed a client's certificate: for logins by EXTERNAL.",
        default_words="none",
    )
    handshake_seconds: int = setting(
        10, WholeNumber(least=1, most=600), "Seconds that a client has for its TLS handshake."
    )
    watch_seconds: int = setting(
        60,
        WholeNumber(least=0, most=86_400),
        "Seconds between looks whether the certificate files changed; 0 leaves that to SIGHUP.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Bounds of a POP3 session, and of stopping."""

    command_line_octets: int = setting(
        255,
        WholeNumber(least=255, most=65_536),
        "Octets of the longest command line, its CRLF included; RFC 2449 asks for 255.",
    )
    bad_commands: int = setting(
        10, WholeNumber(least=1, most=10_000), "Bad commands after which a session is closed."
    )
    autologout_seconds: int = setting(
        600,
        WholeNumber(least=600, most=86_400),
        "Seconds without a command after which a session is closed and nothing removed; RFC 1939 asks for 600.",
    )
    login_seconds: int = setting(
        60, WholeNumber(least=1, most=86_400), "Seconds that a client has from its connection to its login."
    )
    stop_seconds: int = setting(
        30, WholeNumber(least=1, most=3600), "Seconds that sessions in UPDATE have to finish when the server stops."
    )
    connections: int = setting(
        20_000, WholeNumber(least=1, most=1_000_000), "POP3 connections that each worker takes at the same time."
    )
    connections_per_address: int = setting(
        100,
        WholeNumber(least=1, most=1_000_000),
        "POP3 connections from one address (IPv6: one /64) in each worker; loopback is not counted.",
    )
    connections_per_account: int = setting(
        10, WholeNumber(least=1, most=1_000_000), "POP3 sessions of one account in each worker, after its login."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """What comes in by SMTP, LMTP and `restante deliver`."""

    message_octets: int = setting(
        52_428_800, WholeNumber(least=65_536, most=2**40), "Octets of the longest message that is taken."
    )
    recipients: int = setting(
        100, WholeNumber(least=100, most=100_000), "Recipients of one message at most; RFC 5321 asks for 100."
    )
    recipient_delimiter: str | None = setting(
        "+",
        OptionalText(text=DELIMITER),
        "Character that ends the account's name in an address: ted+news reaches ted; empty turns that off.",
    )
    postmaster: str | None = setting(
        None,
        OptionalText(text=AccountNameText()),
        "Account that gets the mail for postmaster; without it an account of that name does.",
    )
    bare_line_ends: BareLineEnds = setting(
        BareLineEnds.NORMALISE,
        Choice(among=BareLineEnds),
        "What becomes of a CR or LF that is not part of a CRLF: made a CRLF, or the message is refused.",
    )
    over_quota: OverQuota = setting(
        OverQuota.DEFER,
        Choice(among=OverQuota),
        "What a sender hears whose recipient may keep no more: try again later, or never.",
    )
    timeout_seconds: int = setting(
        300,
        WholeNumber(least=1, most=86_400),
        "Seconds that SMTP and LMTP wait for the client; RFC 5321 asks for 300.",
    )
    connections: int = setting(
        1000,
        WholeNumber(least=1, most=1_000_000),
        "SMTP and LMTP connections that each worker takes at the same time.",
    )
    connections_per_address: int = setting(
        50,
        WholeNumber(least=1, most=1_000_000),
        "SMTP, or LMTP, connections from one address (IPv6: one /64) in each worker; loopback is not counted.",
    )
    login_required: LoginRequired = setting(
        LoginRequired.SMTPS,
        Choice(among=LoginRequired),
        "Where a client of SMTP has to log in before it may send: nowhere, at smtps addresses, or at all.",
    )
    octets_at_once: int = setting(
        268_435_456,
        WholeNumber(least=65_536, most=2**40),
        "Octets of messages that each worker holds in memory while they come in; at least message_octets.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildropSettings:
    """A site's policies on the mail it keeps; none of them by default."""

    expire_days: int | None = setting(
        None,
        OptionalNumber(number=WholeNumber(least=1, most=36_500)),
        "Days after its arrival at which mail is removed.",
        default_words="none",
    )
    expire_after_retrieval_days: int | None = setting(
        None,
        OptionalNumber(number=WholeNumber(least=0, most=36_500)),
        "Days after its first RETR at which mail is removed; 0 is at that session's QUIT.",
        default_words="none",
    )
    trash_days: int = setting(
        0, WholeNumber(least=0, most=36_500), "Days for which removed mail can be brought back; 0 is none."
    )
    login_delay_seconds: int = setting(
        0, WholeNumber(least=0, most=86_400), "Seconds from one login of an account to its next; 0 is none."
    )
    quota_messages: int | None = setting(
        None,
        OptionalNumber(number=WholeNumber(least=1)),
        "Messages that an account may keep.",
        default_words="none",
    )
    quota_octets: int | None = setting(
        None,
        OptionalNumber(number=WholeNumber(least=1)),
        "Octets, as LIST tells them, that an account may keep.",
        default_words="none",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The log, which goes to standard error."""

    format: LogFormat = setting(
        LogFormat.AUTO,
        Choice(among=LogFormat),
        "How lines are written; auto is text on a terminal and JSON elsewhere.",
    )
    wire: bool = setting(False, YesOrNo(), "Whether each command and reply gets a line; passwords are left out.")
    events: LogEvents = setting(
        LogEvents.ALL, Choice(among=LogEvents), "Which events get a line: all, or only those that went wrong."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a server and of the commands that work on its data folder."""

    data: Path = setting(
        Path("/var/lib/restante"),
        FolderPath(),
        "Folder that holds the accounts, the sealing key and the maildrops.",
        default_words="/var/lib/restante for root, else $XDG_DATA_HOME/restante or ~/.local/share/restante",
    )
    pop3: tuple[Address, ...] = setting(
        (TcpAddress(host="127.0.0.1", port=1110),), ListOf(kind=ListenAddress()), "Addresses that take POP3."
    )
    pop3s: tuple[Address, ...] = setting(
        (),
        ListOf(kind=ListenAddress()),
        "Addresses that take POP3 under TLS from the first octet: the recommended door.",
        default_words="none",
    )
    smtp: tuple[Address, ...] = setting(
        (), ListOf(kind=ListenAddress()), "Addresses that take SMTP for local accounts."
    )
    smtps: tuple[Address, ...] = setting(
        (),
        ListOf(kind=ListenAddress()),
        "Addresses that take SMTP under TLS from the first octet, from who logs in.",
        default_words="none",
    )
    lmtp: tuple[Address, ...] = setting(
        (), ListOf(kind=ListenAddress()), "Addresses that take LMTP from a mail server."
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        ListOf(kind=NETWORK),
        "Proxies whose PROXY header (v1 or v2) says who the client is; they have to send one.",
        default_words="none",
    )
    metrics: tuple[Address, ...] = setting(
        (), ListOf(kind=ListenAddress()), "Addresses that give metrics at /metrics, by HTTP.", default_words="none"
    )
    disabled_capabilities: tuple[Capability, ...] = setting(
        (),
        ListOf(kind=Choice(among=Capability)),
        "Capabilities that are switched off, with their commands and their response codes.",
        default_words="none",
    )
    workers: int = setting(0, WholeNumber(least=0, most=1024), "Processes that serve; 0 is one for each core.")
    hostname: str = setting(
        "localhost",
        HOSTNAME,
        "Name by which the server greets and signs trace headers.",
        default_words="the machine's name",
    )
    domains: tuple[str, ...] = setting(
        ("localhost",),
        ListOf(kind=DOMAIN),
        "Domains whose mail is local.",
        default_words="hostname and localhost",
    )
    maildir_pattern: str | None = setting(
        None,
        OptionalText(text=PatternText()),
        "Where other programs keep the Maildir of an account, such as /var/vmail/{domain}/{local}.",
        default_words="none, so that maildrops lie in the data folder",
    )
    tls: TlsSettings = field(default_factory=TlsSettings)
    auth: AuthSettings = field(default_factory=AuthSettings)
    accounts: AccountSettings = field(default_factory=AccountSettings)
    passwd_file: PasswdFileSettings = field(default_factory=PasswdFileSettings)
    ldap: LdapSettings = field(default_factory=LdapSettings)
    pam: PamSettings = field(default_factory=PamSettings)
    oauth: OAuthSettings = field(default_factory=OAuthSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    maildrop: MaildropSettings = field(default_factory=MaildropSettings)
    log: LogSettings = field(default_factory=LogSettings)
