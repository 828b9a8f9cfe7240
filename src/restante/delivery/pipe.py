"""The pipe door: one message from a stream, for `restante deliver`, which Postfix, Exim and procmail call.

It ends with a code of sysexits(3), by which those programs decide between delivered, bounce and try again: what
might be mended (disk, database, our own fault) is always EX_TEMPFAIL, so that no mail bounces for it: to Postfix
nearly all the other codes are reasons to bounce, EX_IOERR among them.
The reverse-path comes from the caller (option, `$SENDER`), else from a `From ` line on top, else from a Return-Path
header there: whoever may run the command is a mail system of this machine, so its word is good. One that cannot
be read counts as none, since a bounce to it could not be sent anyway.
Source: sysexits.h of 4.3BSD.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol, assert_never

from restante.delivery.envelope import NULL_PATH, Envelope, Recipient, parse_address
from restante.delivery.limits import READ_OCTETS, DoorLimits
from restante.delivery.receive import Delivered, Receiver
from restante.delivery.replies import Cause, Rejection
from restante.delivery.trace import Arrival, cut_from_line, cut_return_path
from restante.ports.events import Door
from restante.proto.lines import canonical

__all__ = ["OctetStream", "PipeResult", "SysExit", "deliver_from_pipe"]

_MESSAGE_OCTETS: Final = DoorLimits().message_octets


class SysExit(IntEnum):
    """How the command ends. Source: sysexits(3)."""

    EX_OK = 0
    EX_USAGE = 64
    """For the command line: a wrong option."""
    EX_DATAERR = 65
    """No message, or one longer than the limit."""
    EX_NOINPUT = 66
    """For the command line: the file that was named cannot be opened."""
    EX_NOUSER = 67
    EX_SOFTWARE = 70
    """For the command line: a fault where no message is at stake."""
    EX_IOERR = 74
    """For the command line: writing to the terminal failed, and the like. Not used for a delivery."""
    EX_TEMPFAIL = 75
    EX_NOPERM = 77
    """The account may not keep more, and such mail is refused. (To Exim 73, which says it better, is temporary.)"""
    EX_CONFIG = 78
    """For the command line: a wrong setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeResult:
    """How a delivery from a pipe ended."""

    code: SysExit
    message: str
    """One line for standard error; empty when all is well."""


class OctetStream(Protocol):
    """A stream of octets, such as standard input in binary."""

    def read(self, octets: int, /) -> bytes:
        """Give at most that many octets, none at the end. Raises OSError."""
        ...


async def deliver_from_pipe(
    receiver: Receiver,
    name: str,
    stream: OctetStream,
    *,
    sender: str | None = None,
    message_octets: int = _MESSAGE_OCTETS,
) -> PipeResult:
    """Deliver what a stream holds to the account of that name or address.

    `sender` is the reverse-path as the caller gave it: the empty string or `<>` for a bounce, None where it gave
    none. The stream is read to its end, waiting: nothing else runs in such a process. Never raises.
    """
    account = await receiver.resolve(name)
    if isinstance(account, Rejection):
        receiver.tell_rejection(account, name, session=None, door=Door.PIPE)
        return _failed(account, name)
    try:
        octets = _read(stream, message_octets)
    except OSError as error:
        return PipeResult(code=SysExit.EX_TEMPFAIL, message=f"reading the message broke off: {error}; try again")
    if octets is None:
        rejection = Rejection(cause=Cause.TOO_LONG, detail=f"more than {message_octets} octets")
        receiver.tell_rejection(rejection, "", session=None, door=Door.PIPE)
        return _failed(rejection, name)
    octets, from_line_path = cut_from_line(canonical(octets))
    octets, header_path = cut_return_path(octets)
    if not octets:
        return PipeResult(
            code=SysExit.EX_DATAERR, message="no message came; pipe one in, or name a file that holds one"
        )
    paths = (_given(sender), from_line_path, header_path)
    envelope = Envelope(
        reverse_path=next((path for path in paths if path is not None), NULL_PATH),
        recipients=(Recipient(address=name, account=account),),
    )
    arrival = Arrival(door=Door.PIPE, session=None, message_id=secrets.token_hex(8), protocol="local")
    (outcome,) = await receiver.deliver(envelope, octets, arrival)
    match outcome:
        case Delivered():
            return PipeResult(code=SysExit.EX_OK, message="")
        case Rejection():
            return _failed(outcome, name)
        case _:
            assert_never(outcome)


def _read(stream: OctetStream, limit: int) -> bytes | None:
    """Read to the end; None when there is more than limit."""
    chunks: list[bytes] = []
    held = 0
    while chunk := stream.read(READ_OCTETS):
        held += len(chunk)
        if held > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _given(sender: str | None) -> str | None:
    if sender is None:
        return None
    address = sender.removeprefix("<").removesuffix(">")
    if address in ("", "MAILER-DAEMON"):  # the latter is how Postfix writes a bounce's sender to a pipe
        return NULL_PATH
    return address if parse_address(address) is not None else None


def _failed(rejection: Rejection, name: str) -> PipeResult:
    match rejection.cause:
        case Cause.NO_SUCH_ACCOUNT | Cause.FOREIGN_DOMAIN | Cause.BAD_ADDRESS:
            what = f"no account {name!a} here; `restante account list` names those there are"
            return PipeResult(code=SysExit.EX_NOUSER, message=what)
        case Cause.TOO_LONG | Cause.BARE_LINE_END:
            what = f"{rejection.reason}; raise the limit in the settings to take it"
            return PipeResult(code=SysExit.EX_DATAERR, message=what)
        case Cause.OVER_QUOTA_FOR_GOOD:
            return PipeResult(code=SysExit.EX_NOPERM, message=rejection.reason)
        case (
            Cause.NO_ROOM
            | Cause.OVER_QUOTA_NOW
            | Cause.STORE_FAULT
            | Cause.ACCOUNTS_FAULT
            | Cause.TOO_MUCH_HELD
            | Cause.FAULT
        ):
            what = f"{rejection.reason}; the sender should try again later"
            return PipeResult(code=SysExit.EX_TEMPFAIL, message=" ".join(what.split()))
        case _:
            assert_never(rejection.cause)
