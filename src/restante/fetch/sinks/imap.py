"""A folder of an IMAP server as a destination: each message by APPEND, with its date, and flags if wanted.

The server's answer to APPEND means that the message is there (RFC 3501 §6.3.11). With UIDPLUS it tells the UID,
which the state keeps as `<UIDVALIDITY>.<UID>`. A message that a kill left in hand is looked for by its Message-ID
and its octets, or, without a Message-ID, by octets and digest. TLS is required but on loopback, with a certificate
for that name. One message is in hand at a time: a group of them would save a wait for our disk where each waits for
the server's, and copies of one message in it could not be told apart by their Message-ID. The library blocks, so it
has a thread of its own; one call at a time. Fails as `contract` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import re
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeVar

from restante.fetch.plan import SeenMessage
from restante.fetch.sinks.contract import Kept, Letter, NotNow, OneByOne, RefusedForGood, SinkFault, message_id_of
from restante.fetch.sinks.post import is_loopback
from restante.proto.terms import Secret

if TYPE_CHECKING:
    from imapclient import IMAPClient

__all__ = ["ImapAddress", "ImapSink", "internal_date"]

T = TypeVar("T")

WAIT_SECONDS: Final = 120.0

_SAID_CHARACTERS: Final = 200
_APPENDED: Final = re.compile(rb"\[APPENDUID (\d{1,10}) (\d{1,10})\]", re.I)
_FIELD_WITH_DATE: Final = re.compile(rb"^(received|date):((?:[^\r\n]|\r\n[ \t]){0,2000})", re.I | re.M)
_TRANSIENT: Final = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|OVERQUOTA|SERVERBUG|CONTACTADMIN|EXPIRED)\]", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAddress:
    """Where the folder is, and how to come to it."""

    user: str
    host: str
    port: int
    tls: bool
    """TLS from the first octet; False: STARTTLS, and on loopback none."""
    folder: str = "INBOX"
    flags: tuple[str, ...] = ()
    password: Secret = field(default=Secret(b""), repr=False)
    authorities: str | None = None
    """A file of certificates in PEM that are trusted instead of the system's."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'imaps' if self.tls else 'imap'}://{self.user}@{host}:{self.port}/{self.folder}"


class ImapSink(OneByOne):
    """Appends to one folder."""

    def __init__(self, address: ImapAddress) -> None:
        self._address = address
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="restante-imap")
        self._connection: IMAPClient | None = None
        self.label = f"imap:{address}"

    async def open(self) -> None:
        """Connect, log in, make the folder if it is missing, select it. Raises SinkFault."""
        await self._in_thread(self._connected)

    async def intend(self, letters: Sequence[Letter]) -> Sequence[str]:
        """Give no places: the server gives the UIDs."""
        return [""] * len(letters)

    async def store(self, letter: Letter) -> Kept:
        """Append. Raises NotNow, RefusedForGood, SinkFault."""
        return await self._in_thread(self._store, letter)

    async def removed(self, messages: Sequence[SeenMessage]) -> frozenset[SeenMessage] | None:
        """Say whose UIDs are there no more. None without UIDs, and where the folder is empty or was made anew."""
        return await self._in_thread(self._removed, messages)

    async def close(self) -> None:
        """Log out."""
        if self._connection is not None:
            with contextlib.suppress(SinkFault, NotNow, RefusedForGood):
                await self._in_thread(self._log_out)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except LoginError as error:
            raise SinkFault(f"{self._address}: {_said(error)}: check the name and the password") from error
        except (IMAPClientAbortError, OSError) as error:
            self._connection = None
            raise SinkFault(f"{self._address}: {_said(error)}: see that the server runs, and try again") from error
        except IMAPClientError as error:
            raise SinkFault(f"{self._address}: {_said(error)}: see what the server has against it") from error

    def _connected(self) -> IMAPClient:
        if self._connection is not None:
            return self._connection
        import imapclient

        address = self._address
        context = ssl.create_default_context(cafile=address.authorities)
        client = imapclient.IMAPClient(
            address.host,
            port=address.port,
            ssl=address.tls,
            ssl_context=context if address.tls else None,
            timeout=imapclient.SocketTimeout(30.0, WAIT_SECONDS),
        )
        try:
            if not address.tls and not is_loopback(address.host):
                client.starttls(context)
            client.login(address.user, address.password.reveal().decode("utf-8"))
            if not client.folder_exists(address.folder):
                client.create_folder(address.folder)
            client.select_folder(address.folder)
        except BaseException:
            with contextlib.suppress(Exception):
                client.shutdown()
            raise
        self._connection = client
        return client

    def _store(self, letter: Letter) -> Kept:
        from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

        client = self._connected()
        if letter.may_be_there and self._has(client, letter):
            return Kept(was_there=True)
        try:
            answer = client.append(
                self._address.folder, letter.octets, self._address.flags, internal_date(letter.octets)
            )
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            words = f"{self._address}: {_said(error)}"
            if _TRANSIENT.search(words):
                raise NotNow(words) from error
            raise RefusedForGood(words) from error
        found = _APPENDED.search(answer if isinstance(answer, bytes) else str(answer).encode())
        return Kept(place=f"{int(found[1])}.{int(found[2])}" if found else "")

    def _has(self, client: IMAPClient, letter: Letter) -> bool:
        client.noop()
        message_id = message_id_of(letter.octets)
        octets = len(letter.octets)
        if message_id is not None:
            candidates = client.search(["HEADER", "Message-ID", message_id.decode("ascii")])
        else:
            candidates = client.search(["LARGER", octets - 1, "SMALLER", octets + 1])
        for uid, data in self._fetch(client, candidates, b"RFC822.SIZE").items():
            if data.get(b"RFC822.SIZE") != octets:
                continue
            if message_id is not None:
                return True
            whole = self._fetch(client, [uid], b"BODY.PEEK[]").get(uid, {}).get(b"BODY[]", b"")
            if sha256(whole).digest() == sha256(letter.octets).digest():
                return True
        return False

    def _fetch(self, client: IMAPClient, uids: Sequence[int], what: bytes) -> dict[int, dict[bytes, Any]]:
        # Any: the library has no types for what FETCH gives.
        return dict(client.fetch(uids, [what])) if uids else {}

    def _removed(self, messages: Sequence[SeenMessage]) -> frozenset[SeenMessage] | None:
        client = self._connected()
        status = client.select_folder(self._address.folder)
        there = set(client.search(["UNDELETED"]))
        if not there:
            return None
        validity = f"{status[b'UIDVALIDITY']}."
        return frozenset(
            message
            for message in messages
            if message.place.startswith(validity) and int(message.place.removeprefix(validity)) not in there
        )

    def _log_out(self) -> None:
        client, self._connection = self._connection, None
        if client is not None:
            client.logout()


def internal_date(octets: bytes) -> datetime | None:
    """Give when a message was received: by its topmost Received field, else its Date; None with neither."""
    end = octets.find(b"\r\n\r\n", 0, 256 * 1024)
    head = octets[: end + 2] if end >= 0 else octets[: 256 * 1024]
    written: datetime | None = None
    for name, value in _FIELD_WITH_DATE.findall(head):
        text = value.decode("ascii", "replace")
        if name.lower() == b"received":
            text = text.rpartition(";")[2]
        elif written is not None:
            continue
        try:
            date = email.utils.parsedate_to_datetime(" ".join(text.split()))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        if not 1970 <= date.year <= 9000:
            continue
        date = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
        if name.lower() == b"received":
            return date
        written = date
    return written


def _said(error: object) -> str:
    return " ".join(str(error).split())[:_SAID_CHARACTERS]
