"""How a fetch is shown: a progress bar on a terminal, a line for each message elsewhere, or lines of JSON.

All three read the same tellings. What came from a server is escaped before it is shown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, assert_never

from restante.cli.outcome import complain, shown
from restante.fetch.plan import Plan, RemarkKind
from restante.fetch.telling import Compared, Ended, LeftOut, Listing, Result, Stored, Tell, Telling, Waiting

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["as_json", "counted", "face", "summary"]


@contextmanager
def face(*, in_json: bool, answers: TextIO, every: bool) -> Iterator[Tell]:
    """Choose how it is shown, for the block. `answers` is where lines go; `every`: it runs again and again."""
    if in_json:
        yield _JsonLines(answers).tell
    elif answers.isatty() and sys.stderr.isatty() and not every:
        bar = _Bar()
        with bar.progress:
            yield bar.tell
    else:
        yield _Lines(answers, quiet=every).tell


class _Lines:
    """A line for each message, and one for each account."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        """`quiet` leaves out the messages, and accounts in which nothing happened."""
        self._stream = stream
        self._quiet = quiet

    def tell(self, telling: Telling) -> None:
        """Show it."""
        match telling:
            case Listing():
                for line in listing_lines(telling, quiet=self._quiet):
                    self.say(line)
            case Stored():
                if not self._quiet:
                    self.say(stored_line(telling))
            case Compared():
                if not self._quiet:
                    self.say(f"{shown(telling.account)}: read {telling.octets:,} octets: {_id(telling.unique_id)}")
            case LeftOut():
                complain(left_out_line(telling))
            case Ended(account=account, result=result):
                if result.failure is not None and not result.left_out:
                    complain(f"{account}: {result.words}")
                if has_summary(result, quiet=self._quiet):
                    self.say(f"{shown(account)}: {summary(result)}")
            case Waiting():
                pass
            case _:
                assert_never(telling)

    def say(self, line: str) -> None:
        """Give a line."""
        self._stream.write(line + "\n")
        self._stream.flush()


class _JsonLines:
    """An object for each event, with keys that stay the same."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, telling: Telling) -> None:
        """Show it."""
        self._stream.write(json.dumps(as_json(telling)) + "\n")
        self._stream.flush()


class _Bar:
    """A bar for each account that has something to fetch, with octets and the time that is left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        self.progress: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[messages]}", markup=False),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, tuple[TaskID, int, int]] = {}

    def tell(self, telling: Telling) -> None:
        """Show it."""
        match telling:
            case Listing():
                for line in listing_lines(telling, quiet=False):
                    self._print(line)
                if telling.plan.retrieve and not telling.dry_run:
                    wanted = len(telling.plan.retrieve)
                    self._end(telling.account)
                    task = self.progress.add_task(
                        shown(telling.account), total=max(1, telling.plan.octets), messages=f"0/{wanted}"
                    )
                    self._tasks[telling.account] = task, 0, wanted
            case Stored() | Compared():
                self._advance(telling.account, telling.listed_octets)
            case LeftOut():
                self._advance(telling.account, telling.listed_octets)
                self._print(f"restante: {shown(left_out_line(telling))}")
            case Ended(account=account, result=result):
                self._end(account)
                if result.failure is not None and not result.left_out:
                    self._print(f"restante: {shown(account)}: {shown(result.words)}")
                if has_summary(result, quiet=False):
                    self._print(f"{shown(account)}: {summary(result)}")
            case Waiting():
                pass
            case _:
                assert_never(telling)

    def _advance(self, account: str, octets: int) -> None:
        if account in self._tasks:
            task, done, wanted = self._tasks[account]
            self._tasks[account] = task, done + 1, wanted
            self.progress.update(task, advance=octets, messages=f"{done + 1}/{wanted}")

    def _end(self, account: str) -> None:
        if account in self._tasks:
            self.progress.remove_task(self._tasks.pop(account)[0])

    def _print(self, line: str) -> None:
        self.progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


def counted(messages: int, octets: int | None = None) -> str:
    """Say how many messages, and how many octets."""
    words = f"{messages:,} message{'' if messages == 1 else 's'}"
    return words if octets is None else f"{words} ({octets:,} octets)"


def has_summary(result: Result, *, quiet: bool) -> bool:
    """Tell whether there is anything to say of what was done."""
    done = result.stored or result.was_there or result.left_out or result.removed
    return bool(done) or not (quiet or result.failure)


def summary(result: Result) -> str:
    """Say in a line what came of an account."""
    if not (result.stored or result.was_there or result.left_out or result.removed or result.failure):
        return "nothing new" + (f", {counted(result.left)} at the server" if result.left else "")
    parts = [f"{counted(result.stored, result.stored_octets)} stored"]
    if result.was_there:
        parts.append(f"{result.was_there:,} found stored already")
    if result.left_out:
        parts.append(f"{result.left_out:,} left out")
    parts.append(f"{result.removed:,} removed at the server")
    parts.append(f"{result.left:,} left there")
    return ", ".join(parts)


def listing_lines(listing: Listing, *, quiet: bool) -> list[str]:
    """Say what is there and what will be done."""
    account, plan = shown(listing.account), listing.plan
    lines = []
    if plan.retrieve or listing.dry_run:
        there = counted(listing.messages, listing.octets)
        lines.append(f"{account}: {there} at the server, to fetch: {counted(len(plan.retrieve), plan.octets)}")
        if listing.dry_run:
            lines += _dry_lines(account, plan, listing.unique_ids)
    for remark in plan.remarks:
        number = len(remark.places)
        if quiet and remark.kind in _USUAL:
            continue
        lines.append(f"{account}: {counted(number)} {_singular(remark.kind, number)}")
    return lines


_USUAL = frozenset({RemarkKind.TAKEN_OVER, RemarkKind.MADE_NAME, RemarkKind.TOO_LONG, RemarkKind.REFUSED})
"""What a daemon need not say at each run."""


def _singular(kind: RemarkKind, number: int) -> str:
    if number != 1:
        return kind.value
    words = {"have": "has", "are": "is", "share": "shares", "were": "was", "wait": "waits", "stay": "stays"}
    return " ".join(words.get(word, word) for word in kind.value.split(" "))


def _dry_lines(account: str, plan: Plan, unique_ids: tuple[bytes, ...]) -> list[str]:
    lines = [
        f"{account}: would fetch {_id(each.listed.unique_id)}, {each.listed.octets:,} octets: {each.why.value}"
        for each in plan.retrieve
    ]
    lines += [f"{account}: would remove {_id(unique_ids[place])}, which is stored" for place in plan.remove]
    return lines


def stored_line(stored: Stored) -> str:
    """Say that a message is stored."""
    verb = "found stored" if stored.was_there else "stored the headers," if stored.headers_only else "stored"
    return f"{shown(stored.account)}: {verb} {stored.octets:,} octets: {_id(stored.unique_id)}"


def left_out_line(left: LeftOut) -> str:
    """Say that a message is not stored, and why."""
    again = "it stays at the server" if left.for_good else "it stays at the server and is tried again"
    return f"{left.account}: left out {_id(left.unique_id)}: {left.words} ({again})"


def _id(unique_id: bytes) -> str:
    return shown(unique_id.decode("ascii", "backslashreplace"))


def as_json(telling: Telling) -> dict[str, Any]:  # Any: what JSON holds
    """Give the object of an event."""
    match telling:
        case Listing(account=account, plan=plan):
            return {
                "event": "listing",
                "account": account,
                "messages": telling.messages,
                "octets": telling.octets,
                "to_fetch": [
                    {
                        "unique_id": _text(errand.listed.unique_id),
                        "octets": errand.listed.octets,
                        "why": errand.why.value,
                    }
                    for errand in plan.retrieve
                ],
                "to_remove": [_text(telling.unique_ids[place]) for place in plan.remove],
                "known": plan.known,
                "remarks": {
                    remark.kind.name.lower(): [_text(telling.unique_ids[place]) for place in remark.places]
                    for remark in plan.remarks
                },
                "dry_run": telling.dry_run,
            }
        case Stored(account=account):
            return {
                "event": "stored",
                "account": account,
                "unique_id": _text(telling.unique_id),
                "octets": telling.octets,
                "destination": telling.destination,
                "was_there": telling.was_there,
                "headers_only": telling.headers_only,
            }
        case Compared(account=account):
            return {
                "event": "read",
                "account": account,
                "unique_id": _text(telling.unique_id),
                "octets": telling.octets,
            }
        case LeftOut(account=account):
            return {
                "event": "left_out",
                "account": account,
                "unique_id": _text(telling.unique_id),
                "reason": telling.words,
                "for_good": telling.for_good,
            }
        case Ended(account=account, result=result):
            return {
                "event": "ended",
                "account": account,
                "listed": result.listed,
                "stored": result.stored,
                "stored_octets": result.stored_octets,
                "was_there": result.was_there,
                "left_out": result.left_out,
                "removed": result.removed,
                "left": result.left,
                "failure": result.failure.value if result.failure else None,
                "reason": result.words or None,
            }
        case Waiting(account=account, seconds=seconds):
            return {"event": "waiting", "account": account, "seconds": round(seconds, 1)}
        case _:
            assert_never(telling)


def _text(unique_id: bytes) -> str:
    return unique_id.decode("ascii", "backslashreplace")
