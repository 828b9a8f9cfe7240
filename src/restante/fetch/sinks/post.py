"""A mail server as a destination: SMTP or LMTP, by a library whose only work that is.

A 2xx to the end of the data means that the server answers for the message from then on (RFC 5321 §6.1, RFC 2033
§4.2). 5xx is refused for good, 4xx not now; a recipient that is not known and a server that cannot be reached end
the session. On loopback and on sockets of this machine it may be without TLS; anywhere else STARTTLS is required,
with a certificate for that name. Lines end in CRLF; nothing in a message can end the data early, since the library
stuffs dots. Fails as `contract` says.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from restante.fetch.sinks.contract import (
    Kept,
    Letter,
    NotNow,
    OneByOne,
    RefusedForGood,
    SinkFault,
    WithoutPlaces,
    reverse_path_of,
)

if TYPE_CHECKING:
    import aiosmtplib

__all__ = ["PostAddress", "PostSink", "Protocol", "is_loopback"]

WAIT_SECONDS: Final = 120.0
"""For each answer but the last: RFC 5321 §4.5.3.2 asks for minutes."""

_SAID_CHARACTERS: Final = 200


class Protocol(Enum):
    """Which of the two."""

    SMTP = "smtp"
    LMTP = "lmtp"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAddress:
    """Where the server is."""

    host: str | None = None
    port: int | None = None
    socket: str | None = None
    """A path, instead of host and port."""

    def __str__(self) -> str:
        if self.socket is not None:
            return f"unix:{self.socket}"
        host = f"[{self.host}]" if self.host and ":" in self.host else self.host
        return f"{host}:{self.port}"


class PostSink(OneByOne, WithoutPlaces):
    """Hands each message to one recipient."""

    def __init__(
        self, protocol: Protocol, address: PostAddress, recipient: str, *, authorities: str | None = None
    ) -> None:
        """Know where to. `authorities`: certificates in PEM that are trusted instead of the system's."""
        self._protocol = protocol
        self._address = address
        self._recipient = recipient
        self._authorities = authorities
        self._client: aiosmtplib.SMTP | None = None
        self.label = f"{protocol.value}:{address} to {recipient}"

    async def open(self) -> None:
        """Connect. Raises SinkFault."""
        await self._connected()

    async def store(self, letter: Letter) -> Kept:
        """Hand it over. Raises NotNow, RefusedForGood, SinkFault."""
        import aiosmtplib

        client = await self._connected()
        options = [f"SIZE={len(letter.octets)}"] if client.supports_extension("size") else []
        if client.supports_extension("8bitmime") and not letter.octets.isascii():
            options.append("BODY=8BITMIME")
        try:
            await client.mail(reverse_path_of(letter.octets).decode("ascii"), options=options)
            await client.rcpt(self._recipient)
            await client.data(letter.octets)
        except aiosmtplib.SMTPRecipientRefused as error:
            await self._take_back(client)
            words = f"{self._address} refused the recipient {self._recipient}: {error.code} {_said(error.message)}"
            if error.code >= 500:
                # The recipient is the same for all, so this is no fault of the message.
                raise SinkFault(f"{words}: check the recipient") from error
            raise NotNow(words) from error
        except aiosmtplib.SMTPResponseException as error:
            await self._take_back(client)
            words = f"{self._address}: {error.code} {_said(error.message)}"
            if error.code >= 500:
                raise RefusedForGood(words) from error
            raise NotNow(words) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise SinkFault(
                f"{self._address}: {_said(str(error))}: see that the server runs, and try again"
            ) from error
        return Kept()

    async def _take_back(self, client: aiosmtplib.SMTP) -> None:
        """Begin anew after a refusal; where that fails the next message has a new connection."""
        import aiosmtplib

        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            client.close()

    async def _connected(self) -> aiosmtplib.SMTP:
        import aiosmtplib

        if self._client is not None and self._client.is_connected:
            return self._client
        address = self._address
        local = address.socket is not None or is_loopback(address.host or "")
        client = (_lmtp_client() if self._protocol is Protocol.LMTP else aiosmtplib.SMTP)(
            hostname=address.host,
            port=address.port,
            socket_path=address.socket,
            start_tls=not local,
            tls_context=None if local else ssl.create_default_context(cafile=self._authorities),
            timeout=WAIT_SECONDS,
            local_hostname="localhost" if local else None,
        )
        try:
            await client.connect()
            await client.ehlo()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise SinkFault(
                f"{address}: {_said(str(error))}: see that {self._protocol.name} is served there"
            ) from error
        self._client = client
        return client

    async def close(self) -> None:
        """Say QUIT, and hang up."""
        import aiosmtplib

        client, self._client = self._client, None
        if client is not None and client.is_connected:
            try:
                await client.quit(timeout=5)
            except (aiosmtplib.SMTPException, OSError):
                client.close()


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, where nobody is in between."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _lmtp_client() -> type[aiosmtplib.SMTP]:
    """Give the library's client with LHLO for EHLO: with one recipient that is all the difference (RFC 2033 §4)."""
    import aiosmtplib

    class LmtpClient(aiosmtplib.SMTP):
        """Says LHLO."""

        async def ehlo(self, **_: object) -> aiosmtplib.SMTPResponse:
            """Say LHLO."""
            response = await self.execute_command(b"LHLO", (self.local_hostname or "localhost").encode("ascii"))
            if response.code != aiosmtplib.SMTPStatus.completed:
                raise aiosmtplib.SMTPHeloError(response.code, response.message)
            self.last_ehlo_response = response
            return response

    return LmtpClient


def _said(text: str) -> str:
    return " ".join(text.split())[:_SAID_CHARACTERS]
