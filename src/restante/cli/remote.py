"""The remote maildrop that a command of the mail program means: its options, and the way into it.

The options are the same for all such commands, and those of a server without an account for all that may do
without: `fetch`, `doctor` and `maildrop migrate` too. A session can be told as it goes (`--explain`), on
standard error, with names, secrets and messages hidden. Fails with CommandFailed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from restante.cli.fetch_source import AdHoc, SecurityChoice, ad_hoc_account, named_accounts, secrets_here
from restante.cli.outcome import CommandFailed, ExitCode
from restante.explain.view import View

if TYPE_CHECKING:
    from restante.client import blocking
    from restante.explain.telling import Telling
    from restante.mail_accounts import Account

__all__ = [
    "WITHOUT_AN_ACCOUNT",
    "AccountArgument",
    "AccountOption",
    "AuthoritiesOption",
    "ExplainOption",
    "FingerprintOption",
    "PasswordCommandOption",
    "Remote",
    "SecurityOption",
    "ServerOption",
    "UserOption",
    "account_names",
    "explain_joined",
    "telling_of",
]

WITHOUT_AN_ACCOUNT: Final = "Without an account"
"""The panel of the help for options that describe a server which stands in no file."""


def account_names(incomplete: str) -> list[str]:
    """Give the accounts whose names begin so, for the shell's completion; none where the file cannot be read."""
    import os

    from restante.mail_accounts import MailAccountFault, accounts_file, load_accounts

    try:
        names = load_accounts(accounts_file(os.environ)).by_name
    except (MailAccountFault, OSError):
        return []
    return [name for name in names if name.startswith(incomplete)]


AccountArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="ACCOUNT",
        help="Account, as restante setup made it. Default: the default account.",
        autocompletion=account_names,
        show_default=False,
    ),
]
AccountOption = Annotated[
    str | None,
    typer.Option(
        "--account",
        "-a",
        metavar="ACCOUNT",
        help="Account, as restante setup made it. Default: the default account.",
        autocompletion=account_names,
        show_default=False,
    ),
]
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST[:PORT]",
        help="Use this server; no account is needed.",
        show_default=False,
        rich_help_panel=WITHOUT_AN_ACCOUNT,
    ),
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="NAME",
        help="The name to log in with.",
        show_default=False,
        rich_help_panel=WITHOUT_AN_ACCOUNT,
    ),
]
PasswordCommandOption = Annotated[
    str | None,
    typer.Option(
        "--password-command",
        metavar="COMMAND",
        help="Prints the password in its first line. Default: it is asked for.",
        show_default=False,
        rich_help_panel=WITHOUT_AN_ACCOUNT,
    ),
]
SecurityOption = Annotated[
    SecurityChoice,
    typer.Option(
        "--security",
        metavar="HOW",
        help="How the connection is secured: tls from the first octet; stls, on port 110; plain shows your mail to "
        "everybody on the way. Default: tls.",
        show_default=False,
        rich_help_panel=WITHOUT_AN_ACCOUNT,
    ),
]
FingerprintOption = Annotated[
    str | None,
    typer.Option(
        "--fingerprint",
        metavar="HEX",
        help="Trust the certificate with this SHA-256, and no other.",
        show_default=False,
        rich_help_panel=WITHOUT_AN_ACCOUNT,
    ),
]
AuthoritiesOption = Annotated[
    Path | None,
    typer.Option(
        "--authorities",
        metavar="FILE",
        help="Certificates in PEM to trust instead of the system's.",
        show_default=False,
        rich_help_panel=WITHOUT_AN_ACCOUNT,
    ),
]
ExplainOption = Annotated[
    View | None,
    typer.Option(
        "--explain",
        metavar="[VIEW]",
        help="Tell the session as it goes, on standard error, with secrets hidden: wire, story, lesson, or both, "
        "which is meant where none is named.",
        show_default=False,
    ),
]

_VIEWS: Final = frozenset(view.value for view in View)

_TELLING: Final = frozenset({"list", "read", "peek", "delete", "fetch", "send", "setup", "maildrop"})
"""The commands that tell their session, and the group of one that does."""


def explain_joined(arguments: Sequence[str]) -> list[str]:
    """Give a command line in which `--explain` has its value: the toolkit knows no option that may lack one.

    `serve` has one of that name without any value, beside `--view`.
    """
    if not arguments or arguments[0] not in _TELLING:
        return list(arguments)
    joined: list[str] = []
    words = iter(arguments)
    word = next(words, None)
    while word is not None:
        if word == "--":
            return [*joined, word, *words]
        following = next(words, None)
        if word == "--explain":
            if following in _VIEWS:
                word, following = f"--explain={following}", next(words, None)
            else:
                word = f"--explain={View.BOTH.value}"
        joined.append(word)
        word = following
    return joined


def telling_of(view: View | None) -> Telling | None:
    """Give what tells sessions on standard error; None where that is not wished for."""
    if view is None:
        return None
    from restante.cli.telling import language_of, text_form
    from restante.explain.telling import Telling

    language = language_of(None)
    return Telling(text_form(view, language, stream=sys.stderr), language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What the options say of the maildrop, and of how its session is told."""

    account: str | None
    server: str | None
    user: str | None
    password_command: str | None
    security: SecurityChoice
    fingerprint: str | None
    authorities: Path | None
    explain: View | None

    def meant(self) -> Account:
        """Give the account. Raises CommandFailed."""
        if self.server is None:
            return named_accounts(() if self.account is None else (self.account,), everyone=False)[0]
        if self.account is not None:
            raise CommandFailed("--server stands for an account: name none beside it", exit_code=ExitCode.USAGE)
        return ad_hoc_account(
            AdHoc(
                server=self.server,
                user=self.user,
                password_command=self.password_command,
                security=self.security,
                fingerprint=self.fingerprint,
                authorities=self.authorities,
            )
        )

    @contextmanager
    def opened(self) -> Iterator[blocking.Maildrop]:
        """Give the maildrop for the block; QUIT is said at a good end. Raises CommandFailed, and ClientFault."""
        from restante.cli.mail_faults import faults_told
        from restante.client import UnusableArgument, blocking
        from restante.mail_accounts import Logins

        account = self.meant()
        assert account.pop3 is not None
        telling = telling_of(self.explain)
        with faults_told():
            login = asyncio.run(Logins(secrets_here()).for_pop3(account))
            try:
                maildrop = blocking.connect(
                    account.pop3, login=login, observe=None if telling is None else telling.session()
                )
            except UnusableArgument as error:
                raise CommandFailed(
                    f"the name or the password cannot be sent by POP3: {error}", exit_code=ExitCode.USAGE
                ) from None
            with maildrop:
                yield maildrop
        if telling is not None:
            telling.finish()
