"""`restante serve`: the server itself. Its flags are made from the table of settings.

Fails with ConfigError for settings and CommandFailed for the data folder; what happens later is the server's.
"""

from __future__ import annotations

import inspect
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from restante.cli.data_folder import make_data_folder
from restante.cli.options import ConfigOption
from restante.cli.outcome import CommandFailed, ExitCode
from restante.cli.telling import LanguageOption, ViewOption, language_of, text_form
from restante.config import SETTINGS, Setting, load_settings
from restante.config.kinds import ListOf, YesOrNo
from restante.explain.view import View
from restante.ports.events import Listener

__all__ = ["commands"]

_PANELS: Final[Mapping[str | None, str]] = {
    None: "Server",
    "tls": "TLS",
    "auth": "Logins and passwords",
    "accounts": "Where accounts are",
    "passwd_file": "Accounts: a passwd-file",
    "ldap": "Accounts: LDAP",
    "pam": "Accounts: PAM",
    "oauth": "Logins by tokens",
    "limits": "Limits of a POP3 session",
    "delivery": "Delivery",
    "maildrop": "Policies on mail",
    "log": "Log",
}
_DEMO_DEFAULTS: Final[Mapping[str, str | list[str]]] = {
    "pop3": ["127.0.0.1:1110"],
    "pop3s": ["127.0.0.1:1995"],
    "smtp": ["127.0.0.1:1025"],
    "smtps": ["127.0.0.1:1465"],
    "log.format": "text",
    "log.wire": "true",
}

_EPILOG = """
Each flag is a setting: --limits-autologout-seconds is autologout_seconds in the table limits of the file, and
RESTANTE_LIMITS_AUTOLOGOUT_SECONDS in the environment. A flag beats the environment, which beats the file.

ADDR is host:port, *:port for every interface, an IPv6 address in brackets with its port, or unix:path; port 0 takes
a free one.

Examples:
  restante serve --demo
  restante serve --data /srv/mail --pop3 '*:110' --smtp 127.0.0.1:25 --domains example.org
  restante serve --pop3 127.0.0.1:1110 --lmtp unix:/run/restante/lmtp
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """What is no setting."""

    demo: bool
    explain: bool
    view: View
    language: str | None

    def live(self) -> Callable[[], Listener] | None:
        """Give what tells sessions on standard output, if that was asked for. Raises CommandFailed."""
        if not self.explain:
            return None
        from restante.explain.telling import Telling
        from restante.observe.explanation import Explanation

        language = language_of(self.language)
        return lambda: Explanation(Telling(text_form(self.view, language), language=language))


def _run(config: Path | None, wishes: _Wishes, given: Mapping[str, Any]) -> int:  # Any: flags of several types
    flags = {
        setting.name: text for setting in SETTINGS if (text := _as_text(given[_parameter(setting)])) is not None
    }
    live = wishes.live()
    if wishes.demo:
        return _run_demo(config, flags, live)
    settings = load_settings(config, os.environ, flags)
    if not (settings.pop3 or settings.pop3s or settings.smtp or settings.smtps or settings.lmtp):
        raise CommandFailed(
            "there is no address to listen on: give one with --pop3, --pop3s, --smtp, --smtps or --lmtp",
            exit_code=ExitCode.USAGE,
        )
    from restante import serving

    make_data_folder(settings.data)
    return serving.serve(settings, live=live)


def _run_demo(
    config: Path | None, flags: Mapping[str, str | Sequence[str]], live: Callable[[], Listener] | None
) -> int:
    """Serve a data folder that goes away at the end, unless one was named.

    The file of the machine's real server is not read unless it is named: its accounts are no place for one whose
    password is in the documentation.
    """
    from restante import serving

    with tempfile.TemporaryDirectory(prefix="restante-demo-") as folder:
        defaults = {"data": folder, **_DEMO_DEFAULTS}
        if "pop3" in flags:
            # Who chose another port for the one has not asked for the other to stay where it is.
            del defaults["pop3s"]
        if "smtp" in flags:
            del defaults["smtps"]
        settings = load_settings(config, os.environ, flags, default_config=None, defaults=defaults)
        make_data_folder(settings.data)
        return serving.serve(settings, demo=True, live=live)


def _parameter(setting: Setting) -> str:
    return setting.name.replace(".", "_")


def _as_text(value: bool | str | list[str] | None) -> str | list[str] | None:
    """Give a flag's value as the loader reads it; None when the flag was not given."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None or value == [] else value


def _flag(setting: Setting) -> inspect.Parameter:
    """Make the flag of a setting."""
    names = [setting.flag]
    annotation: Any = str | None  # Any: a type, made at run time
    if isinstance(setting.kind, YesOrNo):
        names = [f"{setting.flag}/--no-{setting.flag.removeprefix('--')}"]
        annotation = bool | None
    elif isinstance(setting.kind, ListOf):
        annotation = list[str] | None
    repeatable = " May be given several times." if isinstance(setting.kind, ListOf) else ""
    option = typer.Option(
        *names,
        metavar="" if isinstance(setting.kind, YesOrNo) else setting.kind.placeholder,
        help=f"{setting.description}{repeatable} Default: {setting.default_words}.",
        show_default=False,
        rich_help_panel=_PANELS[setting.table],
    )
    return inspect.Parameter(
        _parameter(setting), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[annotation, option]
    )


def _with_flags(run: Callable[[Path | None, _Wishes, Mapping[str, Any]], int]) -> Callable[..., int]:
    """Make the command: `run`, with one parameter for each setting."""

    def serve(
        *,
        config: Path | None = None,
        demo: bool = False,
        explain: bool = False,
        view: View = View.BOTH,
        language: str | None = None,
        **given: Any,  # Any: as above
    ) -> int:
        """Serve POP3, and take mail by SMTP and LMTP, until SIGTERM or Ctrl-C.

        When all addresses listen, each is printed on standard output: 'listening pop3 127.0.0.1:1110'. The log goes
        to standard error. Sockets that systemd hands over are used in place of the addresses.
        """
        return run(config, _Wishes(demo=demo, explain=explain, view=view, language=language), given)

    demo = Annotated[
        bool,
        typer.Option(
            "--demo",
            metavar="",
            help="Try it out: an account Ted with password SECRET and three messages, POP3 on 127.0.0.1:1110, "
            "POP3S on 127.0.0.1:1995, SMTP on 127.0.0.1:1025, SMTPS on 127.0.0.1:1465, every command and reply "
            "shown. Its data folder goes "
            "away at the end unless --data names one.",
            rich_help_panel=_PANELS[None],
        ),
    ]
    explain = Annotated[
        bool,
        typer.Option(
            "--explain",
            metavar="",
            help="Tell each session in plain words on standard output, as it happens.",
            rich_help_panel=_PANELS[None],
        ),
    ]
    parameters = [
        inspect.Parameter("config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ConfigOption),
        inspect.Parameter("demo", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=demo),
        inspect.Parameter("explain", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=explain),
        inspect.Parameter("view", inspect.Parameter.KEYWORD_ONLY, default=View.BOTH, annotation=ViewOption),
        inspect.Parameter("language", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=LanguageOption),
        *(_flag(setting) for setting in SETTINGS),
    ]
    # The toolkit reads a command's parameters from its signature and its annotations.
    serve.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]
    serve.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return serve


commands = typer.Typer()
commands.command("serve", epilog=_EPILOG)(_with_flags(_run))
