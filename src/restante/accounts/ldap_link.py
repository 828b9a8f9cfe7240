"""One connection to an LDAP directory: connect, TLS, then one request after the other, and unbind.

The messages are sansldap's, which does no I/O; the octets, the time and their bounds are ours. Whoever opens a link
gives it a time in all, by `asyncio.timeout`.
With StartTLS nothing that came in the clear counts once TLS begins: octets behind the directory's answer end the
link, since somebody on the way may have put them there.
What it is not: it knows nothing of accounts. Referrals are not followed: they lead to where nobody said that
passwords may go.
How it fails: LdapFault, a sentence for the log that shows nothing of what was sent.
Sources: RFC 4511 (messages; §4.14 StartTLS), RFC 4513 §3.1.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import sansldap

from restante.accounts.ldap_settings import LdapAddress

__all__ = ["LARGEST_ANSWER_OCTETS", "Entry", "LdapFault", "LdapLink", "tls_context"]

LARGEST_ANSWER_OCTETS: Final = 64 * 1024
"""Of one request: two entries with an attribute, and what people write into diagnostics."""

_SEQUENCE: Final = b"\x30"
"""What each message begins with. Source: RFC 4511 §4.1.1."""

_START_TLS: Final = "1.3.6.1.4.1.1466.20037"
_REFUSED: Final = frozenset(
    {
        sansldap.LDAPResultCode.INVALID_CREDENTIALS,
        sansldap.LDAPResultCode.INAPPROPRIATE_AUTHENTICATION,
        sansldap.LDAPResultCode.NO_SUCH_OBJECT,
    }
)
"""What a directory says to a bind whose credentials are at fault; all else is the system's."""


class LdapFault(Exception):
    """The directory cannot be reached, or does not do as asked. The message ends with what to do next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a search found."""

    dn: str
    values: tuple[bytes, ...]
    """Of the one attribute that was asked for."""


def tls_context(authorities: Path | None) -> ssl.SSLContext:
    """Make the context of links; it takes some milliseconds, so make one. Raises OSError for no such file."""
    return ssl.create_default_context(cafile=authorities)


class LdapLink(asyncio.Protocol):
    """A connection, used by one task at a time and closed by it."""

    def __init__(self) -> None:
        self._client = sansldap.LDAPClient()
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._messages: list[sansldap.LDAPMessage] = []
        self._octets = 0
        self._first_octets = b""
        self._fault: str | None = None
        self._gone = asyncio.Event()

    @classmethod
    async def open(cls, address: LdapAddress, *, context: ssl.SSLContext | None, upgrade: bool) -> LdapLink:
        """Connect. `context` is for TLS from the first octet, or with `upgrade` by StartTLS. Raises LdapFault."""
        loop, link = asyncio.get_running_loop(), cls()
        try:
            if address.port is None:
                await loop.create_unix_connection(lambda: link, address.host)
            else:
                tls = context if address.tls else None
                await loop.create_connection(lambda: link, address.host, address.port, ssl=tls)
            if upgrade:
                await link._start_tls(address, context)
        except ssl.SSLError as error:
            fault = f"TLS with the LDAP directory {address.host} failed ({error.reason}): see to its certificate"
        except OSError as error:
            fault = f"the LDAP directory {address.host} cannot be reached ({error.strerror}): see that it runs"
        except BaseException:
            link.close()
            raise
        else:
            return link
        link.close()
        raise LdapFault(fault)

    async def bind(self, dn: str, password: str) -> bool:
        """Authenticate; False where the credentials are at fault.

        Raises LdapFault, and ValueError for an empty DN or password: a directory says yes to those, and means that
        it authenticated nobody. Source: RFC 4513 §5.1.2.
        """
        if not dn or not password:
            raise ValueError("a bind without DN or password authenticates nobody")
        answer = (await self._ask(lambda client: client.bind_simple(dn, password)))[-1]
        if not isinstance(answer, sansldap.BindResponse):
            raise LdapFault("the LDAP directory answered a bind with something else: see its log")
        code = answer.result.result_code
        if code is sansldap.LDAPResultCode.SUCCESS:
            return True
        if code in _REFUSED:
            return False
        raise LdapFault(f"the LDAP directory refused a bind ({code.name}): see its log")

    async def search(self, base: str, *, below: bool, search_filter: str, attribute: str | None) -> list[Entry]:
        """Find at most two entries: two mean that there are more than one. `below` searches all that is below base.

        Raises LdapFault.
        """
        try:
            parsed = sansldap.LDAPFilter.from_string(search_filter)
        except ValueError:
            parsed = None
        if parsed is None:
            raise LdapFault("the filter for the LDAP directory is none: write one such as (mail={name})")
        scope = sansldap.SearchScope.SUBTREE if below else sansldap.SearchScope.BASE
        # 1.1: no attributes. Source: RFC 4511 §4.5.1.8.
        wanted = [attribute or "1.1"]
        messages = await self._ask(
            lambda client: client.search_request(base, scope, size_limit=2, filter=parsed, attributes=wanted)
        )
        done = messages[-1]
        code = done.result.result_code if isinstance(done, sansldap.SearchResultDone) else None
        if code is sansldap.LDAPResultCode.NO_SUCH_OBJECT and not below:
            # Below a base that is not there nobody is; but that is a mistake in the settings, and no answer.
            return []
        if code not in (sansldap.LDAPResultCode.SUCCESS, sansldap.LDAPResultCode.SIZE_LIMIT_EXCEEDED):
            told = "something else" if code is None else code.name
            raise LdapFault(f"the LDAP directory answered a search with {told}: see the base and who may search")
        return [_entry(message) for message in messages if isinstance(message, sansldap.SearchResultEntry)]

    def close(self) -> None:
        """Unbind and close; `gone` tells when that is done."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        if self._fault is None:
            self._client.unbind()
            transport.write(self._client.data_to_send())
        transport.close()

    async def gone(self) -> None:
        """Wait until the connection is closed."""
        await self._gone.wait()

    # --- within --------------------------------------------------------------------------------------------------

    async def _start_tls(self, address: LdapAddress, context: ssl.SSLContext | None) -> None:
        if context is None:
            raise ValueError("StartTLS needs a context")
        answer = (await self._ask(lambda client: client.extended_request(_START_TLS)))[-1]
        fine = isinstance(answer, sansldap.ExtendedResponse)
        if (
            not fine or cast(sansldap.ExtendedResponse, answer).result.result_code
        ):  # cast: looked at before the `or`
            raise LdapFault(
                f"the LDAP directory {address.host} refused StartTLS: use ldaps://, or turn TLS on there"
            )
        if self._octets != _message_octets(self._first_octets) or self._transport is None:
            self._fail("octets stood in the clear behind the answer to StartTLS: somebody may be on the way")
            raise LdapFault(f"the LDAP directory {address.host}: {self._fault}")
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport, self, context, server_hostname=address.host
            )
        except BaseException:
            self._fail("failed at TLS")
            raise
        if transport is None:
            raise LdapFault(f"the LDAP directory {address.host} went away during StartTLS: see its log")
        self._transport = transport

    async def _ask(self, write: Callable[[sansldap.LDAPClient], int]) -> list[sansldap.LDAPMessage]:
        """Send a request and give all that answers it, its end last. Raises LdapFault."""
        self._messages, self._octets, self._first_octets = [], 0, b""
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            if self._fault is None and self._transport is not None:
                write(self._client)
                self._transport.write(self._client.data_to_send())
                await self._waiting
        finally:
            self._waiting = None
        if self._fault is not None or not self._messages:
            raise LdapFault(f"the LDAP directory {self._fault or 'is no longer connected'}: see its log")
        return self._messages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast(asyncio.Transport, transport)  # cast: of a stream connection it is one

    def data_received(self, data: bytes) -> None:
        """Read messages until the one that ends an answer."""
        self._octets += len(data)
        self._first_octets = (self._first_octets + data)[:8]
        if self._octets > LARGEST_ANSWER_OCTETS:
            self._fail(f"answered with more than {LARGEST_ANSWER_OCTETS} octets")
            return
        if self._first_octets[:1] != _SEQUENCE:
            self._fail("does not speak LDAP")
            return
        if self._waiting is None or self._waiting.done():
            # While nothing is asked nothing is answered; before TLS begins it would be somebody else's words.
            return
        try:
            messages = self._client.receive(data)
        except (sansldap.LDAPError, ValueError, RecursionError) as error:
            self._fail(f"does not speak LDAP ({type(error).__name__})")
            return
        self._messages += messages
        if any(not isinstance(each, _PARTS) for each in messages):
            self._waiting.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone."""
        del exc
        self._fail("closed the connection")
        self._transport = None
        self._gone.set()

    def _fail(self, fault: str) -> None:
        self._fault = self._fault or fault
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
        if self._transport is not None:
            self._transport.abort()


_PARTS: Final = (sansldap.SearchResultEntry, sansldap.SearchResultReference)
"""What comes before the end of an answer."""


def _entry(message: sansldap.SearchResultEntry) -> Entry:
    values = message.attributes[0].values if message.attributes else []
    return Entry(dn=message.object_name, values=tuple(values))


def _message_octets(head: bytes) -> int:
    """Give the octets of the message that begins so: tag, length, content. Source: RFC 4511 §5.1."""
    if len(head) < 2:
        return 0
    if head[1] < 0x80:
        return 2 + head[1]
    counted = head[1] & 0x7F
    return 2 + counted + int.from_bytes(head[2 : 2 + counted], "big")
