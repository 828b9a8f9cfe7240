"""`restante doctor`: its options, and what an examination becomes: text, files, an exit code.

Fails with CommandFailed.
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restante.cli.doctor_patient import Wishes, patient_of
from restante.cli.fetch_source import SecurityChoice
from restante.cli.options import JsonOption
from restante.cli.outcome import CommandFailed, ExitCode, say
from restante.cli.remote import (
    WITHOUT_AN_ACCOUNT,
    AuthoritiesOption,
    FingerprintOption,
    PasswordCommandOption,
    UserOption,
    account_names,
)

if TYPE_CHECKING:
    from restante.doctor import Check, Examination, Patient
    from restante.doctor.world import World

__all__ = ["commands"]

_EPILOG = """
Without --disposable nothing on the server changes: no message is deleted, none is marked across a QUIT, nothing is
sent. Retrieving a message may mark it as read at servers that have IMAP too; at those known to do more, none is
retrieved. The password goes out under TLS with a certificate that is trusted, unless --security plain is given.

Ends with 0: nothing that the profile heeds; 1: a SHOULD or a PRACTICE failed; 2: wrong command line; 3: no
connection; 5: nothing failed, and the login could not be made; 6: a MUST failed.

Examples:
  restante doctor pop.example.org --user ted
  restante doctor --account work
  restante doctor pop.example.org --user ted --only rfc1939.7 --only login.same-text
  restante doctor 127.0.0.1 --pop3 1110 --pop3s 1995 --submissions 1465 --user ted --disposable
"""


class ProfileChoice(StrEnum):
    """How `--profile` calls the profiles."""

    PROVIDER = "provider"
    SELFHOST = "selfhost"
    DEVICE = "device"


commands = typer.Typer()


@commands.command("doctor", epilog=_EPILOG)
def doctor(
    host: Annotated[
        str | None, typer.Argument(metavar="HOST[:PORT]", help="The server.", show_default=False)
    ] = None,
    *,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            "-a",
            metavar="ACCOUNT",
            help="Account, as restante setup made it: its servers, its login by password or token.",
            autocompletion=account_names,
            show_default=False,
        ),
    ] = None,
    user: UserOption = None,
    password_command: PasswordCommandOption = None,
    security: Annotated[
        SecurityChoice,
        typer.Option(
            "--security",
            metavar="HOW",
            help="What PORT is: tls from the first octet, or stls. plain: as stls, and the password may go out "
            "without TLS, or to a certificate not trusted. Default: tls.",
            show_default=False,
            rich_help_panel=WITHOUT_AN_ACCOUNT,
        ),
    ] = SecurityChoice.TLS,
    fingerprint: FingerprintOption = None,
    authorities: AuthoritiesOption = None,
    smtp: Annotated[
        str | None,
        typer.Option(
            "--smtp",
            metavar="HOST[:PORT]",
            help="Where mail is handed in; PORT has TLS from the first octet. Default: HOST, if it is there.",
            show_default=False,
            rich_help_panel=WITHOUT_AN_ACCOUNT,
        ),
    ] = None,
    pop3: Annotated[
        int | None,
        typer.Option(
            "--pop3",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port for POP3 with STLS; 0: none. Default: 110.",
            show_default=False,
        ),
    ] = None,
    pop3s: Annotated[
        int | None,
        typer.Option(
            "--pop3s",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port for POP3 under TLS; 0: none. Default: 995.",
            show_default=False,
        ),
    ] = None,
    submission: Annotated[
        int | None,
        typer.Option(
            "--submission",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port for sending with STARTTLS; 0: none. Default: 587.",
            show_default=False,
        ),
    ] = None,
    submissions: Annotated[
        int | None,
        typer.Option(
            "--submissions",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port for sending under TLS; 0: none. Default: 465.",
            show_default=False,
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="ADDR",
            help="Where mail for the maildrop goes. Default: that of the account, or --user.",
            show_default=False,
        ),
    ] = None,
    disposable: Annotated[
        bool,
        typer.Option(
            "--disposable", metavar="", help="The maildrop may be changed: messages removed, mail sent to it."
        ),
    ] = False,
    idle: Annotated[
        bool, typer.Option("--idle", metavar="", help="Also run the checks that wait, for more than ten minutes.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="ID",
            help="Run this check, or all whose ids begin so; again for more.",
            show_default=False,
        ),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", metavar="", help="List the checks, and connect to nobody.")
    ] = False,
    profile: Annotated[
        ProfileChoice,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="What fails the run: provider, all levels; selfhost, MUST and SHOULD; device, MUST. "
            "Default: selfhost.",
            show_default=False,
        ),
    ] = ProfileChoice.SELFHOST,
    everything: Annotated[bool, typer.Option("--all", metavar="", help="Tell what passed, too.")] = False,
    as_json: JsonOption = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit's XML, too.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page of HTML, too.", show_default=False)
    ] = None,
) -> None:
    """Examine any POP3 server, and say in plain words what is wrong and what to do.

    Without --account and --user what can be seen from outside is examined. It takes a minute at the most.
    """
    from restante.doctor import CHECKS, Door, Profile, chosen, examine
    from restante.doctor.sockets import RealWorld

    try:
        checks = chosen(only) if only else CHECKS
    except KeyError as error:
        raise CommandFailed(
            f"--only {error.args[0]}: there is no such check; --list lists them", exit_code=ExitCode.USAGE
        ) from None
    if list_:
        _list(checks, in_json=as_json)
        return
    patient = patient_of(
        Wishes(
            host=host,
            account=account,
            user=user,
            password_command=password_command,
            security=security,
            fingerprint=fingerprint,
            authorities=authorities,
            ports={Door.POP3: pop3, Door.POP3S: pop3s, Door.SUBMISSION: submission, Door.SUBMISSIONS: submissions},
            smtp=smtp,
            address=address,
            disposable=disposable,
            idle=idle,
        )
    )
    world = RealWorld(patient)
    _see_that_somebody_is_there(world, patient)
    face = _ProgressLine() if sys.stderr.isatty() else None
    examination = examine(
        patient,
        world,
        checks=checks,
        profile=Profile(profile.value),
        progress=_untold if face is None else face.begins,
        waiting=_untold if face is None else face.waits,
    )
    if face is not None:
        face.clear()
    _tell(examination, in_json=as_json, everything=everything, junit=junit, html=html)
    raise typer.Exit(_exit_code(examination))


def _see_that_somebody_is_there(world: World, patient: Patient) -> None:
    """Raise CommandFailed where no door for POP3 opens at all."""
    from restante.doctor.world import DialFault, DialProblem

    troubles: dict[str, DialProblem] = {}
    for door in patient.ports:
        if door.is_pop3:
            try:
                world.dial(door).close()
            except DialFault as error:
                troubles[str(error)] = error.problem
            else:
                return
    problems = set(troubles.values())
    if problems == {DialProblem.NO_NAME}:
        advice = "see how it is spelt, and whether this machine has a network"
    elif problems == {DialProblem.REFUSED}:
        advice = "is it running? Other ports than the usual ones: --pop3 PORT, --pop3s PORT"
    else:
        advice = "see whether it runs, and what firewalls let through; other ports: --pop3 PORT, --pop3s PORT"
    raise CommandFailed(
        f"no connection to {patient.host}: {'; '.join(troubles)}: {advice}", exit_code=ExitCode.CONNECT
    )


def _untold(*facts: object) -> None:
    del facts  # nobody watches


class _ProgressLine:
    """The line on a terminal that says what is being tried."""

    def __init__(self) -> None:
        self._told = ""

    def begins(self, done: int, of: int, check: Check) -> None:
        self._told = f"{done + 1}/{of} {check.id}"
        self._show(self._told)

    def waits(self, seconds: float) -> None:
        self._show(f"{self._told}: {seconds:.0f} s to go")

    def clear(self) -> None:
        self._show("")

    def _show(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def _list(checks: tuple[Check, ...], *, in_json: bool) -> None:
    if in_json:
        keys = ("id", "source", "requirement", "meaning", "remedy")
        rows = [{**{key: getattr(check, key) for key in keys}, "level": check.level.value} for check in checks]
        say(json.dumps(rows, ensure_ascii=False))
        return
    for check in checks:
        say(f"{check.level.value:8} {check.id}: {check.requirement}")


def _tell(
    examination: Examination, *, in_json: bool, everything: bool, junit: Path | None, html: Path | None
) -> None:
    from restante.doctor.page import as_html
    from restante.doctor.report import as_json, as_junit, as_text

    for path, make in ((junit, as_junit), (html, as_html)):
        if path is not None:
            try:
                path.write_text(make(examination), "utf-8")
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise CommandFailed(
                    f"{path}: cannot be written ({reason}): name another file", exit_code=ExitCode.STORAGE
                ) from None
    say(json.dumps(as_json(examination)) if in_json else as_text(examination, everything=everything).rstrip("\n"))


def _exit_code(examination: Examination) -> ExitCode:
    from restante.doctor import Level

    if examination.worst is None:
        return ExitCode.OK if examination.login_trouble is None else ExitCode.LOGIN
    return ExitCode.TRANSFER if examination.worst is Level.MUST else ExitCode.FAILED
