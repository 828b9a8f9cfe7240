"""`restante state`: what `restante fetch` remembers, to be looked at, copied to another machine, and taken over.

Fails with CommandFailed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from restante.cli.fetch import StateOption
from restante.cli.fetch_running import destination_named, label_of, opened_state
from restante.cli.outcome import CommandFailed, ExitCode, complain, say, shown

if TYPE_CHECKING:
    from restante.fetch.plan import SeenMessage
    from restante.fetch.takeover import TakenOver

__all__ = ["commands"]

commands = typer.Typer(
    name="state",
    help="What fetch remembers: show it, carry it elsewhere, take it over from getmail, fetchmail or mpop.",
    no_args_is_help=True,
)

_TOLD_LINES: Final = 10


@commands.command("list")
def list_(state: StateOption = None) -> None:
    """List the remote maildrops that are known, with how many messages were stored where."""
    with opened_state(state) as opened:
        for maildrop in opened.maildrops():
            counts = Counter((row.destination, row.taken_over_from, row.status) for row in opened.seen(maildrop))
            for (destination, program, status), number in sorted(counts.items(), key=str):
                where = f"fetched by {program}" if program else f"to {destination}"
                say(f"{shown(maildrop)}: {number} {status.value}, {shown(where)}")


@commands.command(
    epilog="""
Examples:
  restante state export fetched.jsonl
  restante state export | ssh new-machine restante state import -
"""
)
def export(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What to write. Default: standard output.", show_default=False)
    ] = "-",
    state: StateOption = None,
) -> None:
    """Write all that is remembered as lines of JSON, to be kept or carried to another machine."""
    from restante.fetch.state_lines import write_lines

    with opened_state(state) as opened:
        lines = write_lines((maildrop, opened.seen(maildrop)) for maildrop in opened.maildrops())
        if file == "-":
            for line in lines:
                say(line)
            return
        count = 0
        with Path(file).open("x", encoding="utf-8") as stream:
            for line in lines:
                stream.write(line + "\n")
                count += 1
    say(f"exported {count - 1} messages to {shown(file)}")


@commands.command(
    "import",
    epilog="""
Examples:
  restante state import fetched.jsonl
  restante state import ~/.config/getmail/oldmail-pop.example.org-995-ted
  restante state import ~/.fetchids
  restante state import ~/.mpop_uidls/ted_at_pop.example.org
""",
)
def import_(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="An export of this command, or the records of getmail6, fetchmail or mpop: which they are is seen "
            "by what is in them. - is standard input.",
            show_default=False,
        ),
    ],
    maildrop: Annotated[
        str | None,
        typer.Option(
            "--maildrop",
            metavar="USER@HOST[:PORT]",
            help="Which maildrop it is, where the other program's records do not tell, or now has another name. "
            "Default: as they tell.",
            show_default=False,
        ),
    ] = None,
    state: StateOption = None,
) -> None:
    """Take over what was fetched already, so that mail which was left at the server is not downloaded again.

    What is remembered here stays as it is. Mail that another program fetched is never removed by a plain fetch,
    only after its days with --keep-days, counted from when it was fetched, or from now where that is not known.
    """
    from restante.fetch.state_lines import NotAnExport, is_export, read_lines
    from restante.fetch.takeover import LARGEST_RECORDS_OCTETS, UnreadableRecords, read_records

    octets = _read(file, LARGEST_RECORDS_OCTETS + 1)
    bad_lines: tuple[int, ...]
    try:
        if is_export(octets):
            lines = read_lines(octets)
            found, bad_lines, program = lines.messages, lines.bad_lines, "an export"
        else:
            taken = read_records(octets, Path(file).name)
            found, bad_lines, program = _as_messages(taken, maildrop), taken.bad_lines, taken.program.value
    except (NotAnExport, UnreadableRecords) as error:
        raise CommandFailed(f"{file}: {error}") from None
    with opened_state(state) as opened:
        for name, messages in found.items():
            there = {(row.destination, row.unique_id) for row in opened.seen(name)}
            new = [row for row in messages if (row.destination, row.unique_id) not in there]
            opened.record(name, *new)
            known = f", {len(messages) - len(new)} known already" if len(new) != len(messages) else ""
            say(f"{shown(name)}: took over {len(new)} messages from {program}{known}")
    if not found:
        say("nothing to take over: no message is in it")
    _tell_bad(file, bad_lines)


@commands.command(
    epilog="""
Example:
  restante state rename maildir:~/Mail maildir:~/Maildir
"""
)
def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="What --to was.", show_default=False)],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What --to is now.", show_default=False)],
    state: StateOption = None,
) -> None:
    """Say that a destination was moved, so that what is stored there is not fetched again."""
    with opened_state(state) as opened:
        labels = label_of(destination_named(old)), label_of(destination_named(new))
        number = opened.rename(*labels)
    say(f"{number} messages are now known to be in {shown(labels[1])}")


def _read(file: str, most_octets: int) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(most_octets)
    with Path(file).expanduser().open("rb") as stream:
        return stream.read(most_octets)


def _as_messages(taken: TakenOver, maildrop: str | None) -> dict[str, list[SeenMessage]]:
    """Make what the state takes of another program's records. Raises CommandFailed."""
    from restante.fetch.plan import SeenMessage, SeenStatus
    from restante.fetch.state import maildrop_name

    found: dict[str, list[SeenMessage]] = {}
    now = time.time()
    names = {(each.user, each.host, each.port) for each in taken.ids}
    if maildrop is not None and len(names) > 1:
        raise CommandFailed("the records are of several maildrops: leave --maildrop out", exit_code=ExitCode.USAGE)
    for each in taken.ids:
        if maildrop is not None:
            name = _given_name(maildrop)
        elif each.user is not None and each.host is not None:
            name = maildrop_name(each.user, each.host, each.port or 995)
        else:
            raise CommandFailed(
                "the records do not tell of which maildrop they are, and the file is not called "
                "oldmail-SERVER-PORT-USER any more: give --maildrop USER@HOST",
                exit_code=ExitCode.USAGE,
            )
        since = now if each.fetched_epoch_seconds is None else float(each.fetched_epoch_seconds)
        found.setdefault(name, []).append(
            SeenMessage(
                unique_id=each.unique_id,
                status=SeenStatus.STORED,
                since_epoch_seconds=since,
                taken_over_from=taken.program.value,
            )
        )
    return found


def _given_name(text: str) -> str:
    from restante.fetch.state import maildrop_name

    user, at, place = text.rpartition("@")
    host, colon, port = place.partition(":")
    if not (user and at and host) or (colon and not port.isdigit()):
        raise CommandFailed(f"--maildrop {text}: give USER@HOST or USER@HOST:PORT", exit_code=ExitCode.USAGE)
    return maildrop_name(user, host, int(port or 995))


def _tell_bad(file: str, lines: Iterable[int]) -> None:
    """Name the lines that could not be read. Raises CommandFailed when there are any."""
    bad = list(lines)
    for number in bad[:_TOLD_LINES]:
        complain(f"{file}: line {number} cannot be read and was passed over")
    if bad:
        raise CommandFailed(f"{len(bad)} of the lines of {file} could not be read; all others were taken over")
