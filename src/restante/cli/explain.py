"""`restante explain`: a session out of a log, a transcript or a capture, told in plain words.

It reads files and standard input and writes to standard output; all else is in `restante.explain`. Fails with
CommandFailed for a file that cannot be read, that is too large, or in which nobody speaks POP3, SMTP or LMTP.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from restante.cli.options import JsonOption
from restante.cli.outcome import CommandFailed, ExitCode
from restante.cli.telling import LanguageOption, ProtocolOption, ViewOption, language_of, text_form
from restante.explain.events import Show
from restante.explain.json_form import JsonForm
from restante.explain.page import PageForm
from restante.explain.protocols import MailProtocol
from restante.explain.sources import (
    FORMATS,
    LARGEST_RAWLOG_OCTETS,
    Recognizer,
    looks_like_a_rawlog,
    read_rawlogs,
    speaking,
)
from restante.explain.telling import Form, Telling
from restante.explain.view import View

__all__ = [
    "ShowOption",
    "ShowWhat",
    "commands",
    "shown_of",
]

_EPILOG = f"""
What it reads is found out from the file: {", ".join(FORMATS)}.

Examples:
  curl -v pop3://localhost/ 2>&1 | restante explain -
  restante explain --view lesson session.log
  restante explain --html capture.pcapng >session.html
  tcpdump -U -w - port 110 or port 25 | restante explain --view story -
  swaks --to ann@example.org --server localhost | restante explain -
  restante explain --protocol smtp --port 10025 capture.pcapng
  restante serve --demo | restante explain -
"""

LARGEST_INPUT_OCTETS: Final = 4 * 1024**3
"""Of one file. Nothing is kept of it, so this only ends what has no end."""

_READ_OCTETS: Final = 64 * 1024


class ShowWhat(StrEnum):
    """What is let through that is hidden otherwise."""

    NAMES = "names"
    MESSAGES = "messages"
    SECRETS = "secrets"


_SHOWS: Final = {
    ShowWhat.NAMES: Show.NAMES,
    ShowWhat.MESSAGES: Show.MESSAGES,
    ShowWhat.SECRETS: Show.SECRETS | Show.NAMES,
}

ShowOption = Annotated[
    list[ShowWhat] | None,
    typer.Option(
        "--show",
        metavar="WHAT",
        help="Show what is hidden otherwise: names, messages (their first lines), or secrets. May be given several "
        "times.",
        show_default=False,
    ),
]


def shown_of(what: list[ShowWhat] | None) -> Show:
    """Give what is let through."""
    shown = Show.NOTHING
    for one in what or ():
        shown |= _SHOWS[one]
    return shown


commands = typer.Typer()


@commands.command("explain", epilog=_EPILOG)
def explain(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Transcript, log or capture; - is standard input.", show_default=False
        ),
    ],
    *,
    view: ViewOption = View.BOTH,
    format: Annotated[  # noqa: A002 - the flag's name
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="What the file is. Default: found out from it.", show_default=False
        ),
    ] = None,
    port: Annotated[
        list[int] | None,
        typer.Option(
            "--port",
            metavar="PORT",
            help="A further port of mail in a capture; 110, 995, 24, 25, 465, 587, and ports where POP3, SMTP or "
            "LMTP is seen to be spoken are known. May be given several times.",
            show_default=False,
        ),
    ] = None,
    protocol: ProtocolOption = None,
    html: Annotated[
        bool, typer.Option("--html", metavar="", help="Write a page of HTML that needs nothing else.")
    ] = False,
    as_json: JsonOption = False,
    language: LanguageOption = None,
    show: ShowOption = None,
) -> int:
    """Tell POP3, SMTP and LMTP sessions in plain words, and say what went wrong in them.

    Reads transcripts, logs of mail programs, and captures of the network. Names, passwords and messages are hidden.
    """
    if format is not None and format not in FORMATS:
        raise CommandFailed(
            f"{format!r} is no format that explain knows: choose one of {', '.join(FORMATS)}",
            exit_code=ExitCode.USAGE,
        )
    if html and as_json:
        raise CommandFailed("--html and --json exclude each other: choose one", exit_code=ExitCode.USAGE)
    spoken, shown = language_of(language), shown_of(show)
    form: Form
    if html:
        form = PageForm(sys.stdout.write, language=spoken, hides_secrets=shown is Show.NOTHING)
    elif as_json:
        form = JsonForm(sys.stdout.write, language=spoken)
    else:
        form = text_form(view, spoken)
    telling = Telling(form, language=spoken, show=shown, in_turn=html or not _is_live(files))
    for file in _without_pairs(files, telling, protocol):
        _tell(file, telling, Recognizer(telling.any_session, name=format, ports=port or (), protocol=protocol))
    telling.finish()
    return ExitCode.OK


def _is_live(files: list[Path]) -> bool:
    """Tell whether sessions are told while they go on: those of a program that writes into a pipe."""
    if [str(file) for file in files] != ["-"]:
        return False
    return not stat.S_ISREG(os.fstat(sys.stdin.buffer.fileno()).st_mode)


def _tell(file: Path, telling: Telling, source: Recognizer) -> None:
    before = telling.sessions
    try:
        if str(file) == "-":
            _feed(source, sys.stdin.buffer, "standard input")
        else:
            with file.open("rb") as opened:
                _feed(source, opened, str(file))
    except OSError as error:
        raise CommandFailed(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if telling.sessions == before:
        what = "standard input" if str(file) == "-" else str(file)
        raise CommandFailed(
            f"{what}: nobody speaks POP3, SMTP or LMTP here, as far as can be seen; --format names the format of a "
            f"log ({', '.join(FORMATS)})"
        )


def _without_pairs(files: list[Path], telling: Telling, protocol: MailProtocol | None) -> list[Path]:
    """Tell the sessions of rawlogs, which are two files each, and give the other files. Raises CommandFailed."""
    others, told = [], set()
    for file in files:
        base = file.with_suffix("")
        client, server = base.with_suffix(f"{base.suffix}.in"), base.with_suffix(f"{base.suffix}.out")
        if file.suffix not in (".in", ".out") or not (_is_rawlog(client) and _is_rawlog(server)):
            others.append(file)
        elif base not in told:
            told.add(base)
            read_rawlogs(_whole(client), _whole(server), speaking(protocol, telling.any_session))
    return others


def _is_rawlog(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return looks_like_a_rawlog(opened.read(_READ_OCTETS))
    except OSError:
        return False


def _whole(file: Path) -> bytes:
    with file.open("rb") as opened:
        octets = opened.read(LARGEST_RAWLOG_OCTETS + 1)
    if len(octets) > LARGEST_RAWLOG_OCTETS:
        raise CommandFailed(f"{file}: more than {LARGEST_RAWLOG_OCTETS:,} octets; cut out what matters")
    return octets


def _feed(source: Recognizer, opened: BinaryIO, what: str) -> None:
    octets = 0
    for part in _parts(opened):
        octets += len(part)
        if octets > LARGEST_INPUT_OCTETS:
            raise CommandFailed(f"{what}: more than {LARGEST_INPUT_OCTETS:,} octets; cut out what matters")
        source.feed(part)
    source.finish()


def _parts(opened: BinaryIO) -> Iterator[bytes]:
    # One read gives what there is: a log that grows is told as it grows.
    descriptor = opened.fileno()
    while part := os.read(descriptor, _READ_OCTETS):
        yield part
