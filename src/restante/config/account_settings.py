"""The settings of where accounts are and who vouches for people: sources in order, and each one's own table.

Secrets are never among them: a setting names the file that holds one, since the environment, arguments of processes
and settings files are read by more people than a secret should be.
"""

# ruff: noqa: RUF009 - setting gives what dataclasses.field gives

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from restante.config.declaring import setting
from restante.config.kinds import Choice, ListOf, OptionalPath, OptionalText, Text, WholeNumber, YesOrNo
from restante.config.values import LDAP_URL, WEB_URL, WORD, AccountSourceName, one_line

__all__ = ["AccountSettings", "LdapSettings", "OAuthSettings", "PamSettings", "PasswdFileSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """Where accounts are."""

    sources: tuple[AccountSourceName, ...] = setting(
        (AccountSourceName.BUILT_IN,),
        ListOf(kind=Choice(among=AccountSourceName)),
        "Where accounts are, in order: the first source that knows a name judges its logins.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswdFileSettings:
    """Accounts in a passwd-file as Dovecot reads it. It is read anew when it changes, and never written."""

    path: Path | None = setting(None, OptionalPath(), "The file, for the source passwd-file.", default_words="none")
    default_scheme: str = setting(
        "CRYPT", WORD, "Scheme of passwords that have none in braces; Dovecot calls it default_pass_scheme."
    )
    allow_plain: bool = setting(
        False, YesOrNo(), "Whether passwords that lie there in the clear (PLAIN) are taken."
    )
    mail_location: str | None = setting(
        None,
        OptionalText(text=one_line("Dovecot's mail_location, such as maildir:/var/vmail/%d/%n", "LOCATION")),
        "Where the mail is of accounts without userdb_mail, as Dovecot writes it.",
        default_words="as maildir_pattern says",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings:
    """Accounts in an LDAP directory. Names may stand as {name}, {local} and {domain} in the DN and the filter."""

    url: str | None = setting(
        None,
        OptionalText(text=LDAP_URL),
        "The directory, for the source ldap: ldaps://host, ldap://host, or ldapi:// and a socket.",
        default_words="none",
    )
    start_tls: bool = setting(
        True, YesOrNo(), "Whether ldap:// asks for TLS first; only a loopback address may do without."
    )
    authorities: Path | None = setting(
        None,
        OptionalPath(),
        "Authorities, in PEM, one of which signed the directory's certificate.",
        default_words="the system's",
    )
    base: str | None = setting(
        None,
        OptionalText(text=one_line("a DN", "DN")),
        "Below which entry accounts are searched.",
        default_words="none",
    )
    filter: str = setting(
        "(mail={name})",
        Text(pattern=r"\(.+\)", words="a filter in parentheses, such as (mail={name})", placeholder="FILTER"),
        "Filter by which the search finds an account.",
    )
    dn_template: str | None = setting(
        None,
        OptionalText(text=one_line("a DN, such as uid={local},ou=people,dc=example,dc=org", "DN")),
        "The DN of an account, in place of a search.",
        default_words="none",
    )
    service_dn: str | None = setting(
        None,
        OptionalText(text=one_line("a DN", "DN")),
        "As whom to search.",
        default_words="none, so as nobody",
    )
    service_password_file: Path | None = setting(
        None, OptionalPath(), "File with that one's password, as its one line.", default_words="none"
    )
    maildir_attribute: str | None = setting(
        None,
        OptionalText(text=WORD),
        "Attribute that holds the path of an account's Maildir.",
        default_words="none: as maildir_pattern says",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PamSettings:
    """The users of the machine as accounts, for the source pam."""

    service: str = setting("restante", WORD, "The service: the name of a file in /etc/pam.d.")
    least_uid: int = setting(1000, WholeNumber(least=1), "The least uid that is a person's, and so an account.")
    maildir_in_home: str | None = setting(
        None,
        OptionalText(text=one_line("a path below the home folder, such as Maildir", "PATH")),
        "The Maildir in a user's home folder.",
        default_words="none: as maildir_pattern says",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSettings:
    """Bearer tokens (OAUTHBEARER, XOAUTH2): whose are taken, and which account they are for."""

    issuer: str | None = setting(
        None,
        OptionalText(text=WEB_URL),
        "Who issues the tokens, written exactly as the issuer writes itself.",
        default_words="none",
    )
    audience: tuple[str, ...] = setting(
        (),
        ListOf(kind=one_line("a name under which the issuer knows this server", "NAME")),
        "Names of this server at the issuer: a token has to be for one of them.",
        default_words="none; where tokens are taken, one has to be named",
    )
    keys_url: str | None = setting(
        None,
        OptionalText(text=WEB_URL),
        "Where the issuer publishes its keys.",
        default_words="as its openid-configuration says",
    )
    introspection_url: str | None = setting(
        None,
        OptionalText(text=WEB_URL),
        "Where the issuer is asked about each token (RFC 7662), in place of its keys; then it need not be named.",
        default_words="none",
    )
    client_id: str | None = setting(
        None,
        OptionalText(text=one_line("a client's id", "ID")),
        "As whom this server asks about tokens.",
        default_words="none",
    )
    client_secret_file: Path | None = setting(
        None, OptionalPath(), "File with that client's secret, as its one line.", default_words="none"
    )
    name_claim: str = setting(
        "preferred_username", WORD, "The claim that names the account; email counts only if it was verified."
    )
    scope: str | None = setting(
        None,
        OptionalText(text=one_line("a scope", "SCOPE")),
        "What has to be among a token's scopes.",
        default_words="none",
    )
    authorities: Path | None = setting(
        None,
        OptionalPath(),
        "Authorities, in PEM, one of which signed the issuer's certificate.",
        default_words="the system's",
    )
