"""Where fetched mail goes: a file for each kind of destination, and here how a sink is made for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, assert_never

from restante.fetch.sinks.contract import Kept, Letter, NotNow, RefusedForGood, Sink, SinkFault
from restante.fetch.sinks.destination import (
    Command,
    Destination,
    ImapFolder,
    Maildir,
    MailServer,
    Mbox,
    NoDestination,
    OwnMaildrop,
    StandardOutput,
    parse_destination,
)
from restante.proto.terms import Secret

__all__ = [
    "Destination",
    "Kept",
    "Letter",
    "NoDestination",
    "NotNow",
    "RefusedForGood",
    "Sink",
    "SinkFault",
    "make_sink",
    "parse_destination",
]


def make_sink(
    destination: Destination,
    *,
    stdout: BinaryIO,
    own: Callable[[str], Sink],
    recipient: str = "",
    password: Callable[[], Secret] = lambda: Secret(b""),
    authorities: str | None = None,
) -> Sink:
    """Make the sink for a destination.

    `own` makes the one for a maildrop of ours by its name; `recipient` is for SMTP and LMTP, `password` for IMAP;
    `authorities` is a file of certificates that those three trust instead of the system's.
    Raises NoDestination, and as `own` and `password` do.
    """
    # Each in its place: SMTP and IMAP bring libraries with them that a Maildir does not need.
    match destination:
        case Maildir(path=path):
            from restante.fetch.sinks.maildir import MaildirSink

            return MaildirSink(path)
        case Mbox(path=path):
            from restante.fetch.sinks.mbox import MboxSink

            return MboxSink(path)
        case MailServer(protocol=protocol, address=address):
            from restante.fetch.sinks.post import PostSink

            if not recipient:
                raise NoDestination(
                    "an smtp: or lmtp: destination needs to know for whom: give --recipient ADDRESS"
                )
            return PostSink(protocol, address, recipient, authorities=authorities)
        case ImapFolder(address=address):
            from restante.fetch.sinks.imap import ImapSink

            return ImapSink(replace(address, password=password(), authorities=authorities))
        case Command(command=command):
            from restante.fetch.sinks.pipe import PipeSink

            try:
                return PipeSink(command)
            except ValueError as error:
                raise NoDestination(f"pipe:{command}: {error}: mend the quotes of the command") from None
        case OwnMaildrop(name=name):
            return own(name)
        case StandardOutput():
            from restante.fetch.sinks.mbox import StandardOutputSink

            return StandardOutputSink(stdout)
        case _:
            assert_never(destination)
