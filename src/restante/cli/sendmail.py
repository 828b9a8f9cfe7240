"""`restante sendmail`, and `restante` called by the name `sendmail`: what cron, git, mutt and scripts hand mail to.

It reads the options that callers of sendmail(8) use, and passes over those that are about a mail server of one's
own. Its own small parser, since those options (`-oi`, `-fted@example.org`) are none of the kind that the toolkit
reads. Ends with the codes of sysexits(3): 0 sent; 75 it waits in the outbox, safe; 69 refused, and kept aside; the
rest: nothing was kept.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from restante.cli.exit_codes import ExitCode, SysExit
from restante.cli.outcome import CommandFailed, complain, say, shown

if TYPE_CHECKING:
    from restante.mail_accounts import Account
    from restante.submission import Outgoing, Stamp

__all__ = ["SendmailRequest", "read_sendmail_options", "sendmail"]

_WITH_VALUE: Final = frozenset("fFrabBCdDhLNOopRVXq")
"""Single letters whose value stands in the same word, or in the next one where that is empty."""

_NEXT_WORD: Final = frozenset("fFraBhLNORVX")
"""Those of them that take the next word."""

_LARGEST_OCTETS: Final = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SendmailRequest:
    """What was asked for."""

    recipients: tuple[str, ...] = ()
    from_header: bool = False
    dot_ends: bool = True
    """Whether a line with a dot alone ends the message, as it does without -i."""
    sender: str | None = None
    display_name: str | None = None
    account: str | None = None
    mode: str = "m"
    """`m`: take a message; `p`: list the outbox; `q`: try it again."""


def read_sendmail_options(words: Sequence[str]) -> SendmailRequest:
    """Read a command line of sendmail(8). Raises CommandFailed."""
    given: dict[str, str] = {}
    flags: set[str] = set()
    mode = "m"
    left = list(words)
    recipients: list[str] = []
    while left:
        word = left.pop(0)
        if word == "--":
            recipients += left
            break
        if not word.startswith("-") or word == "-":
            recipients.append(word)
            continue
        letter, value = word[1], word[2:]
        if letter in _NEXT_WORD and not value:
            if not left:
                raise CommandFailed(f"{word} needs a value: see 'restante sendmail --help'")
            value = left.pop(0)
        if letter in _WITH_VALUE:
            given[letter] = value
            if letter == "b":
                mode = _mode(value)
            elif letter == "q":
                mode = "q"
            elif letter == "o" and value.startswith("i"):
                flags.add("i")
        elif set(word[1:]) <= set("tivnmsUGAc"):
            flags |= set(word[1:])
        else:
            raise CommandFailed(f"{word} is no option that is known here: see 'restante sendmail --help'")
    return SendmailRequest(
        recipients=tuple(recipients),
        from_header="t" in flags,
        dot_ends="i" not in flags,
        sender=given.get("f", given.get("r")),
        display_name=given.get("F"),
        account=given.get("a"),
        mode=mode,
    )


def _mode(value: str) -> str:
    if value in ("m", "i", "p"):
        return "p" if value == "p" else "m"
    raise CommandFailed(f"-b{value} is not done here: restante hands mail in, and is no mail server")


def sendmail(words: Sequence[str]) -> int:
    """Do what the words ask for and give the exit code. Never raises but for Ctrl-C."""
    from restante.cli.mail_faults import faults_told
    from restante.submission import MessageFault, OutboxFault

    try:
        with faults_told():
            request = read_sendmail_options(words)
            return _done(request)
    except MessageFault as fault:
        complain(str(fault))
        return SysExit.DATA
    except OutboxFault as fault:
        complain(str(fault))
        return SysExit.IO
    except CommandFailed as error:
        complain(str(error))
        match error.exit_code:
            case ExitCode.FAILED | ExitCode.USAGE:
                return SysExit.USAGE
            case ExitCode.STORAGE:
                return SysExit.IO
            case ExitCode.CONFIGURATION:
                return SysExit.CONFIGURATION
            case _:
                return SysExit.TEMPORARY
    except Exception as error:  # whoever called would take Python's own exit code 1 for a refusal
        complain(f"not sent ({type(error).__name__}: {error}): try again")
        return SysExit.TEMPORARY


def _done(request: SendmailRequest) -> int:
    from restante.cli.fetch_source import secrets_here
    from restante.cli.sending import (
        exit_code_of_outcomes,
        keep,
        new_stamp,
        sending_account,
        tell_outcomes,
        try_to_send,
    )
    from restante.mail_accounts import Logins, accounts_file, load_accounts, mail_data_folder
    from restante.submission import Outbox

    outbox = Outbox(mail_data_folder(os.environ) / "outbox")
    accounts = load_accounts(accounts_file(os.environ))
    match request.mode:
        case "p":
            for each in outbox.waiting():
                to = shown(", ".join(each.recipients)) or "kept aside"
                say(f"{each.id}  {each.octets} octets  {shown(each.sender)} -> {to}")
            return SysExit.OK
        case "q":
            ids = [each.id for each in outbox.waiting() if each.recipients]
        case _:
            account = sending_account(accounts, request.account or _account_of(accounts.by_name, request.sender))
            stamp = new_stamp(account, display_name=request.display_name)
            outgoing = _made(request, stamp, _read(dot_ends=request.dot_ends))
            ids = [keep(outbox, outgoing, account, stamp)]
    outcomes = asyncio.run(try_to_send(outbox, accounts, Logins(secrets_here()), ids))
    tell_outcomes(outcomes, only_trouble=True)
    match exit_code_of_outcomes(outcomes):
        case ExitCode.OK:
            return SysExit.OK
        case ExitCode.TRANSFER:
            return SysExit.UNAVAILABLE
        case _:
            return SysExit.TEMPORARY


def _account_of(by_name: Mapping[str, Account], sender: str | None) -> str | None:
    """Give the account with the reverse-path as its address: git and mutt choose so. None: the default one."""
    for name, account in by_name.items():
        if sender is not None and account.address.lower() == sender.lower():
            return name
    return None


def _made(request: SendmailRequest, stamp: Stamp, octets: bytes) -> Outgoing:
    from restante.submission import complete

    sender = request.sender
    if sender is not None and "@" not in sender and sender not in ("", "<>"):
        sender = None  # a name of this machine, as cron gives it: nobody elsewhere could answer it
    return complete(
        octets,
        stamp,
        sender="" if sender == "<>" else sender,
        recipients=request.recipients,
        from_header=request.from_header,
    )


def _read(*, dot_ends: bool) -> bytes:
    stream = sys.stdin.buffer
    if not dot_ends:
        octets = stream.read(_LARGEST_OCTETS + 1)
    else:
        lines = bytearray()
        while len(lines) <= _LARGEST_OCTETS and (line := stream.readline(_LARGEST_OCTETS)):
            if line in (b".\n", b".\r\n"):
                break
            lines += line
        octets = bytes(lines)
    if len(octets) > _LARGEST_OCTETS:
        raise CommandFailed(f"the message is longer than {_LARGEST_OCTETS} octets: send it in parts")
    return octets
