"""`restante read`: one message of a remote maildrop, shown; its attachments listed, or saved.

What a message holds is hostile until `restante.reading` made it fit for a terminal; octets go out as they are only
into a file or a pipe. Nothing is marked and nothing deleted. Fails with CommandFailed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restante.cli.fetch_source import SecurityChoice, brought, secrets_here
from restante.cli.mail_table import handles_of
from restante.cli.outcome import CommandFailed, ExitCode, complain, say, shown
from restante.cli.remote import (
    AccountArgument,
    AuthoritiesOption,
    ExplainOption,
    FingerprintOption,
    PasswordCommandOption,
    Remote,
    SecurityOption,
    ServerOption,
    UserOption,
)

if TYPE_CHECKING:
    from restante.client import blocking
    from restante.proto.terms import Secret
    from restante.reading import Part, Readable

__all__ = ["choices_told", "commands"]

_EPILOG = """
MESSAGE is a number as list shows it, or the beginning of a unique-id, or its end behind three dots. Reading marks
nothing and deletes nothing.

HTML is shown as text; nothing that a message names is fetched from the network. On a terminal a long message goes
through $PAGER, else less.

Examples:
  restante read 3
  restante read 3 work --save ~/Downloads
  restante read 3 --part 2 >photo.jpg
  restante read 3 --raw >message.eml
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """What of a message is wanted."""

    headers: bool
    raw: bool
    html: bool
    part: int | None
    save: Path | None


commands = typer.Typer()


@commands.command("read", epilog=_EPILOG)
def read_mail(
    message: Annotated[
        str | None,
        typer.Argument(
            metavar="MESSAGE",
            help="Message: its number, or its unique-id. With -i it is left out.",
            show_default=False,
        ),
    ] = None,
    account: AccountArgument = None,
    *,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", metavar="", help="Read all mail in a full-screen reader.")
    ] = False,
    headers: Annotated[bool, typer.Option("--headers", metavar="", help="Show all header fields.")] = False,
    html: Annotated[
        bool, typer.Option("--html", metavar="", help="Prefer the HTML of a message that has plain text too.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", metavar="", help="Give the message as it came, octet by octet.")
    ] = False,
    part: Annotated[
        int | None,
        typer.Option("--part", metavar="N", min=1, help="Give one part, decoded.", show_default=False),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="DIR",
            help="Save the attachments into this folder, over nothing that is there; with --part, that part alone.",
            show_default=False,
        ),
    ] = None,
    explain: ExplainOption = None,
    server: ServerOption = None,
    user: UserOption = None,
    password_command: PasswordCommandOption = None,
    security: SecurityOption = SecurityChoice.TLS,
    fingerprint: FingerprintOption = None,
    authorities: AuthoritiesOption = None,
) -> int:
    """Read one message: its headers decoded, its text, and what is attached."""
    how = _How(headers=headers, raw=raw, html=html, part=part, save=save)
    if raw and (headers or html or part is not None or save is not None):
        raise CommandFailed("--raw gives all of the message: give it alone", exit_code=ExitCode.USAGE)
    remote = Remote(
        account=account,
        server=server,
        user=user,
        password_command=password_command,
        security=security,
        fingerprint=fingerprint,
        authorities=authorities,
        explain=explain,
    )
    if interactive:
        return _interact(replace(remote, account=account or message))
    if message is None:
        raise CommandFailed("say which message, as 'restante list' shows them, or -i", exit_code=ExitCode.USAGE)
    with remote.opened() as maildrop:
        with choices_told():
            chosen = handles_of(maildrop).named(message)
        if raw:
            _give_raw(chosen)
            return ExitCode.OK
        octets = _whole(chosen)
    from restante.reading import readable

    letter = readable(octets, prefers_html=html)
    if part is not None:
        _give_part(letter, part, save)
    elif save is not None:
        _save(letter, save)
    else:
        _show(letter, how)
    return ExitCode.OK


def _interact(remote: Remote) -> int:
    from restante.cli.reader_app import ReaderApp
    from restante.cli.reader_post import Post
    from restante.client import Login, Maildrop, connect
    from restante.mail_accounts import Logins, Secrets
    from restante.mail_accounts.model import ASK, Ask

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandFailed("the full-screen reader needs a terminal: use list and read", exit_code=ExitCode.USAGE)
    if remote.explain is not None:
        raise CommandFailed("--explain would write over the full-screen reader: give one", exit_code=ExitCode.USAGE)
    account = remote.meant()
    server, secrets = account.pop3, secrets_here()
    assert server is not None
    # Asked for before the screen is taken.
    typed = brought(secrets, ASK, name=account.name) if isinstance(account.credential, Ask) else None
    logins = Logins(secrets)

    async def open_() -> Maildrop:
        if typed is None:
            return await connect(server, login=await logins.for_pop3(account))
        return await connect(server, login=Login(name=account.login, password=typed, mechanism=account.mechanism))

    post = None
    if remote.server is None:
        secrets = Secrets(environ=os.environ, ask=_asked_before(typed))
        post = Post(account=account.name, address=account.address, secrets=secrets)
    words = ReaderApp(open_, post, terminal=sys.stdin.fileno()).run()
    if words:
        say(words)
    return ExitCode.OK


def _asked_before(typed: Secret | None) -> Callable[[str], str]:
    """Answer for the person with what was typed at the beginning: the screen is the reader's now."""

    def answer(prompt: str) -> str:
        from restante.mail_accounts import SecretFault

        if typed is None or not prompt.startswith("Password"):
            raise SecretFault("the password is asked for, which the full-screen reader cannot")
        return typed.reveal().decode()

    return answer


@contextmanager
def choices_told() -> Iterator[None]:
    """Turn a message that is not there into CommandFailed."""
    from restante.reading import MessageChoiceFault

    try:
        yield
    except MessageChoiceFault as error:
        raise CommandFailed(str(error), exit_code=ExitCode.USAGE) from None


def _whole(message: blocking.Message) -> bytes:
    from restante.client import MessageTooLarge

    try:
        return message.read()
    except MessageTooLarge:
        raise CommandFailed(
            f"message {message.number} has {message.octets:,} octets, too many to show: look by 'restante peek "
            f"{message.number} 50', or take it by 'restante read {message.number} --raw >FILE'",
            exit_code=ExitCode.TRANSFER,
        ) from None


def _give_raw(message: blocking.Message) -> None:
    """Give the octets: into a pipe as they are, on a terminal with what it would obey written out."""
    if sys.stdout.isatty():
        from restante.reading import many_lines

        say(many_lines(_whole(message).decode("utf-8", "surrogateescape")))
        return
    sys.stdout.flush()
    for chunk in message.stream():
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _give_part(letter: Readable, number: int, save: Path | None) -> None:
    part = next((part for part in letter.parts if part.number == number), None)
    if part is None:
        raise CommandFailed(
            f"there is no part {number}: the message has {len(letter.parts)}", exit_code=ExitCode.USAGE
        )
    if save is not None:
        _written([part], save)
        return
    octets, remark = part.octets()
    if sys.stdout.isatty():
        if not part.type.startswith(("text/", "message/")):
            raise CommandFailed(
                f"part {number} is {shown(part.type)} and nothing for a terminal: give --save DIR, or >FILE",
                exit_code=ExitCode.USAGE,
            )
        from restante.cli.pager import paged
        from restante.reading.letter import part_text

        text, remarks = part_text(part)
        paged(text + "\n")
        for told in remarks:
            complain(told)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(octets)
    sys.stdout.buffer.flush()
    if remark is not None:
        complain(f"part {number}: {remark}")


def _save(letter: Readable, folder: Path) -> None:
    if not letter.attached:
        complain("the message has no attachments: nothing was saved")
        return
    _written([each.part for each in letter.attached], folder)


def _written(parts: list[Part], folder: Path) -> None:
    from restante.reading import save

    try:
        saved = save(parts, folder.expanduser())
    except OSError as error:
        raise CommandFailed(
            f"{error.filename or folder}: {(error.strerror or str(error)).lower()}: they are still in the message",
            exit_code=ExitCode.STORAGE,
        ) from None
    for file in saved:
        say(f"saved {shown(file.path)}, {file.octets:,} octets")


def _show(letter: Readable, how: _How) -> None:
    from restante.cli.letter_form import letter_lines
    from restante.cli.pager import paged
    from restante.observe import wants_colour

    colour = wants_colour(sys.stdout, os.environ)
    paged("\n".join(letter_lines(letter, all_fields=how.headers, colour=colour)) + "\n")
