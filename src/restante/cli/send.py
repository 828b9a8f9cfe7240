"""`restante send`: writes a message, or takes one that is written, and hands it in; and looks after the outbox.

The work is in `restante.submission` and `sending.py`; here are the options. Fails with CommandFailed.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from restante.cli.exit_codes import ExitCode
from restante.cli.options import JsonOption
from restante.cli.outcome import CommandFailed, complain, say, shown
from restante.cli.remote import ExplainOption, telling_of
from restante.explain.view import View

if TYPE_CHECKING:
    from restante.cli.sending import Outcome
    from restante.submission import Outbox, Outgoing, Stamp, Waiting

__all__ = ["commands", "read_message"]

_EPILOG = """
The message is kept in the outbox before a server is asked, and leaves it when the server has it. What cannot go now
waits there, and 'restante send --flush' tries again; what a server will never take is kept aside and told.

Ends with 0: sent; 2: wrong command line; 6: refused for good; 7: the outbox cannot be written; 9: the account is
wrong; 75: not yet sent, the message waits.

Examples:
  restante send --to ann@example.org --subject "The plan" --attach plan.pdf plan.txt
  git log -1 | restante send --to "Ann <ann@example.org>" --subject News
  restante send -t message.eml
  restante send --flush
"""

_LARGEST_OCTETS: Final = 128 * 1024 * 1024

_Several = list[str] | None


commands = typer.Typer()


@commands.command("send", epilog=_EPILOG)
def send(  # noqa: PLR0917 - the toolkit reads the options from the arguments
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="File that holds the text, or with -t the message. Default: standard input, and on a terminal an "
            "editor.",
            show_default=False,
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            "-a",
            metavar="NAME",
            help="Account that sends. Default: the default one.",
            show_default=False,
        ),
    ] = None,
    ready: Annotated[
        bool,
        typer.Option(
            "-t",
            "--ready",
            metavar="",
            help="The message is written already: its To, Cc and Bcc say for whom it is.",
        ),
    ] = False,
    to: Annotated[
        _Several, typer.Option("--to", metavar="ADDR", help="For whom; may be repeated.", show_default=False)
    ] = None,
    cc: Annotated[
        _Several, typer.Option("--cc", metavar="ADDR", help="For whom besides.", show_default=False)
    ] = None,
    bcc: Annotated[
        _Several,
        typer.Option(
            "--bcc", metavar="ADDR", help="For whom besides, without anybody seeing it.", show_default=False
        ),
    ] = None,
    subject: Annotated[
        str, typer.Option("--subject", "-s", metavar="TEXT", help="What it is about.", show_default=False)
    ] = "",
    attach: Annotated[
        list[Path] | None,
        typer.Option("--attach", metavar="FILE", help="File that goes along; may be repeated.", show_default=False),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", metavar="", help="Show the message as it would go out, and send nothing.")
    ] = False,
    outbox: Annotated[bool, typer.Option("--outbox", metavar="", help="List what waits in the outbox.")] = False,
    flush: Annotated[bool, typer.Option("--flush", metavar="", help="Try again what waits in the outbox.")] = False,
    retry: Annotated[
        str | None,
        typer.Option(
            "--retry",
            metavar="ID",
            help="Try one message of the outbox again, also for those who were refused.",
            show_default=False,
        ),
    ] = None,
    drop: Annotated[
        str | None,
        typer.Option("--drop", metavar="ID", help="Take a message out of the outbox, unsent.", show_default=False),
    ] = None,
    explain: ExplainOption = None,
    json: JsonOption = False,
) -> int:
    """Send a message by the account's server, or look after the outbox."""
    from restante.cli.mail_faults import faults_told
    from restante.submission import MessageFault, OutboxFault

    chores = [name for name, given in (("--outbox", outbox), ("--flush", flush)) if given]
    chores += [name for name, value in (("--retry", retry), ("--drop", drop)) if value is not None]
    if len(chores) > 1 or (chores and (file or ready or to or cc or bcc or subject or attach or show)):
        raise CommandFailed(f"{chores[0]} stands alone: leave the rest out", exit_code=ExitCode.USAGE)
    with faults_told():
        try:
            if outbox:
                return _list(_outbox(), as_json=json)
            if drop is not None:
                return _drop(_outbox(), drop)
            if flush or retry is not None:
                return _flush(_outbox(), retry, explain=explain, as_json=json)
            return _send(
                _Wishes(
                    file=file,
                    ready=ready,
                    to=tuple(to or ()),
                    cc=tuple(cc or ()),
                    bcc=tuple(bcc or ()),
                    subject=subject,
                    attach=tuple(attach or ()),
                ),
                account,
                show=show,
                explain=explain,
                as_json=json,
            )
        except MessageFault as fault:
            raise CommandFailed(str(fault), exit_code=ExitCode.USAGE) from None
        except OutboxFault as fault:
            raise CommandFailed(str(fault), exit_code=ExitCode.STORAGE) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """What the options say of a new message."""

    file: Path | None
    ready: bool
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    subject: str
    attach: tuple[Path, ...]


def _outbox() -> Outbox:
    from restante.mail_accounts import mail_data_folder
    from restante.submission import Outbox

    return Outbox(mail_data_folder(os.environ) / "outbox")


def _send(wishes: _Wishes, account_name: str | None, *, show: bool, explain: View | None, as_json: bool) -> int:
    from restante.cli.sending import keep, new_stamp, sending_account
    from restante.mail_accounts import accounts_file, load_accounts

    accounts = load_accounts(accounts_file(os.environ))
    account = sending_account(accounts, account_name)
    stamp = new_stamp(account)
    outgoing = _made(wishes, stamp)
    if show:
        sys.stdout.flush()
        sys.stdout.buffer.write(outgoing.octets)
        return ExitCode.OK
    outbox = _outbox()
    mark = keep(outbox, outgoing, account, stamp)
    return _tried(outbox, [mark], explain=explain, as_json=as_json)


def _made(wishes: _Wishes, stamp: Stamp) -> Outgoing:
    from restante.submission import Attachment, Draft, complete, compose

    if wishes.ready:
        if wishes.subject or wishes.attach:
            raise CommandFailed(
                "-t takes the message as it is: put subject and attachments into it, or leave -t out",
                exit_code=ExitCode.USAGE,
            )
        recipients = (*wishes.to, *wishes.cc, *wishes.bcc)
        return complete(read_message(wishes.file), stamp, recipients=recipients, from_header=True)
    if not (wishes.to or wishes.cc or wishes.bcc):
        raise CommandFailed(
            "nobody is named to send it to: give --to ADDR, or -t for a message that says so",
            exit_code=ExitCode.USAGE,
        )
    attachments = tuple(Attachment(name=path.name, octets=read_message(path)) for path in wishes.attach)
    body = _body(wishes.file)
    draft = Draft(
        to=wishes.to, cc=wishes.cc, bcc=wishes.bcc, subject=wishes.subject, body=body, attachments=attachments
    )
    return compose(draft, stamp)


def read_message(file: Path | None) -> bytes:
    """Read a file, or standard input for None and `-`. Raises CommandFailed."""
    try:
        if file is None or file == Path("-"):
            octets = sys.stdin.buffer.read(_LARGEST_OCTETS + 1)
        else:
            with file.open("rb") as stream:
                octets = stream.read(_LARGEST_OCTETS + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandFailed(
            f"{file or 'standard input'}: cannot be read ({reason}): name another file", exit_code=ExitCode.USAGE
        ) from None
    if len(octets) > _LARGEST_OCTETS:
        raise CommandFailed(
            f"{file or 'standard input'}: is longer than {_LARGEST_OCTETS} octets: send it in parts"
        )
    return octets


def _body(file: Path | None) -> str:
    if file is None and sys.stdin.isatty():
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if editor:
            return _edited(editor)
        complain("write the text, and end it with Ctrl-D on a line of its own (set EDITOR for an editor)")
    octets = read_message(file)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _edited(editor: str) -> str:
    import shlex
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="restante-") as folder:
        file = Path(folder) / "message.txt"
        file.touch(mode=0o600)
        done = subprocess.run([*shlex.split(editor), str(file)], check=False)  # noqa: S603 - the person's own editor
        text = file.read_text("utf-8", "replace")
    if done.returncode != 0 or not text.strip():
        raise CommandFailed("nothing was written, and nothing was sent")
    return text


def _tried(outbox: Outbox, ids: Sequence[str], *, explain: View | None, as_json: bool) -> int:
    from restante.cli.fetch_source import secrets_here
    from restante.cli.sending import exit_code_of_outcomes, tell_outcomes, try_to_send
    from restante.mail_accounts import Logins, accounts_file, load_accounts

    accounts = load_accounts(accounts_file(os.environ))
    telling = telling_of(explain)
    outcomes = asyncio.run(try_to_send(outbox, accounts, Logins(secrets_here()), ids, telling=telling))
    if as_json:
        import json

        say(json.dumps([_as_json(outcome) for outcome in outcomes], indent=2))
    else:
        tell_outcomes(outcomes)
    return exit_code_of_outcomes(outcomes)


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "id": outcome.id,
        "sent_to": list(outcome.taken),
        "refused": [{"recipient": each.recipient, "said": each.said} for each in outcome.refused],
        "waits_for": list(outcome.waits_for),
        "error": outcome.error,
    }


def _flush(outbox: Outbox, retry: str | None, *, explain: View | None, as_json: bool) -> int:
    from dataclasses import replace

    outbox.sweep(now=time.time())
    waiting = outbox.waiting()
    if retry is None:
        ids = [each.id for each in waiting if each.recipients]
        if not ids and not as_json:
            say("nothing waits in the outbox")
            return ExitCode.OK
        return _tried(outbox, ids, explain=explain, as_json=as_json)
    with outbox.held(retry) as held:
        if held is None:
            raise _no_such(retry)
        again = held[0]
        everybody = tuple(dict.fromkeys((*again.recipients, *(each.recipient for each in again.refused))))
        outbox.settle(replace(again, recipients=everybody, refused=(), aside=False))
    return _tried(outbox, [retry], explain=explain, as_json=as_json)


def _drop(outbox: Outbox, mark: str) -> int:
    with outbox.held(mark) as held:
        if held is None:
            raise _no_such(mark)
        outbox.remove(mark)
    say(f"dropped {mark}")
    return ExitCode.OK


def _no_such(mark: str) -> CommandFailed:
    return CommandFailed(
        f"'{mark}' does not wait in the outbox, or is being sent just now: see 'restante send --outbox'"
    )


def _list(outbox: Outbox, *, as_json: bool) -> int:
    waiting = outbox.waiting()
    if as_json:
        import json
        from dataclasses import asdict

        say(json.dumps([asdict(each) for each in waiting], indent=2))
        return ExitCode.OK
    if not waiting:
        say("nothing waits in the outbox")
    for each in waiting:
        _tell(each, time.time())
    return ExitCode.OK


def _tell(waiting: Waiting, now: float) -> None:
    state = "kept aside" if waiting.aside else "waits"
    tries = "1 try" if waiting.attempts == 1 else f"{waiting.attempts} tries"
    age = _age(now - waiting.since)
    say(f"{waiting.id}  {state} for {age}, {waiting.octets} octets, {tries}, {waiting.account}")
    if waiting.recipients:
        say(f"  for {shown(', '.join(waiting.recipients))}")
    for refused in waiting.refused:
        say(f"  refused for {shown(refused.recipient)}: {shown(refused.said)}")
    if waiting.error is not None and waiting.recipients:
        say(f"  {shown(waiting.error)}")


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(int(seconds), 0)} s"
