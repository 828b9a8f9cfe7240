"""Accounts in an LDAP directory: found there, and their passwords tried there by a bind.

A login looks for the account's entry, as the service or as nobody, and then binds as that entry with the password
that the client sent; with a template of DNs it binds at once. An empty password is refused before anything is sent,
since a directory says yes to it (RFC 4513 §5.1.2). A name that is not there has a bind tried all the same, as an
entry that cannot be, so that time tells little. The directory's own locks and policies count: to a locked account
it says no, and so do we.
With a template, too, delivery has to find entries: whoever searches must be allowed to read them, or their mail
would bounce as that of people who are not there.
Each question is a connection of its own, at most `LINKS` at once and `ANSWER_SECONDS` long. What delivery asks is
remembered for a short time; a login never goes by that.
An account's id is made from its name (`sources.derived_account_id`).
What it is not: a mirror. Nothing is written, there or here.
How it fails: AccountFault and Unavailable, where the directory cannot be asked: never by letting somebody in.
Sources: RFC 4511, RFC 4513 §5.1 and §6.3.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from restante.accounts.ldap_link import Entry, LdapFault, LdapLink, tls_context
from restante.accounts.ldap_settings import LdapAddress, LdapSettings, dn_value, filled_in
from restante.accounts.names import AccountName, IllegalName, parse_account_name
from restante.accounts.sources import derived_account_id
from restante.ports.accounts import (
    Accepted,
    Account,
    AccountFault,
    RefusalReason,
    Refused,
    Unavailable,
    Verdict,
)
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret

__all__ = ["ANSWER_SECONDS", "FOUND_SECONDS", "LINKS", "LdapDirectory", "OpenLink"]

ANSWER_SECONDS: Final = 8.0
"""For the whole of a question: waiting for a link, connecting, TLS, search and bind."""

LINKS: Final = 8
"""At once; more wait."""

FOUND_SECONDS: Final = 30.0
"""How long delivery goes by an answer."""

FOUND_NAMES: Final = 10_000

CLOSE_SECONDS: Final = 2.0


class OpenLink(Protocol):
    """Opens a link to a directory."""

    def __call__(
        self, address: LdapAddress, *, context: ssl.SSLContext | None, upgrade: bool
    ) -> Awaitable[LdapLink]:
        """Open it. Raises LdapFault."""
        ...


class LdapDirectory:
    """The accounts of a directory. One for each process, used on its event loop.

    `find` makes it an AccountDirectory; `sources.PasswordOnly(directory.verify_password)` its authenticator.
    """

    def __init__(
        self,
        settings: LdapSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = ANSWER_SECONDS,
        open_link: OpenLink = LdapLink.open,
    ) -> None:
        """Open nothing yet. `clock` gives monotonic seconds; `open_link` opens a link, and raises LdapFault."""
        self._settings = settings
        self._address: LdapAddress = settings.address
        self._clock = clock
        self._seconds = seconds
        self._open_link = open_link
        self._context: ssl.SSLContext | None = None
        self._links = asyncio.Semaphore(LINKS)
        self._leaving: set[asyncio.Task[None]] = set()
        self._found: dict[str, tuple[float, Account | None]] = {}

    def find(self, name: str) -> Soon[Account | None]:
        """Give the account of that name, or None: at once where it was asked for lately. Raises AccountFault."""
        legal = _legal(name)
        if legal is None:
            return None
        until, account = self._found.get(legal.folded, (0.0, None))
        return account if self._clock() < until else Later(self._find(legal))

    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        """Judge a name and a password, as the client sent it."""
        legal = _legal(name.decode("latin-1"))
        if legal is None:
            return Refused(reason=RefusalReason.UNKNOWN_NAME)
        try:
            text = password.reveal().decode()
        except UnicodeDecodeError:
            text = ""
        if not text or "\0" in text:
            # An empty one would be a bind that authenticates nobody; a directory takes UTF-8 (RFC 4513 §5.1.3).
            return Refused(reason=RefusalReason.WRONG_PASSWORD)
        return Later(self._verify(legal, text))

    async def close(self) -> None:
        """Wait for the links that are closing, but not for long."""
        if self._leaving:
            _, late = await asyncio.wait(self._leaving, timeout=CLOSE_SECONDS)
            for task in late:
                task.cancel()

    # --- within --------------------------------------------------------------------------------------------------

    async def _find(self, name: AccountName) -> Account | None:
        try:
            async with self._link() as link:
                await self._bind_service(link)
                entry = await self._search(link, name)
                account = None if entry is None else self._account(name, entry)
        except LdapFault as fault:
            told = str(fault)
        else:
            if len(self._found) >= FOUND_NAMES:
                self._found.clear()
            self._found[name.folded] = self._clock() + FOUND_SECONDS, account
            return account
        raise AccountFault(told)

    async def _verify(self, name: AccountName, password: str) -> Verdict:
        try:
            async with self._link() as link:
                if self._settings.dn_template is not None:
                    return await self._verify_at_once(link, name, password)
                await self._bind_service(link)
                entry = await self._search(link, name)
                fits = await link.bind(entry.dn if entry else self._nobody(name), password)
                if entry is None:
                    return Refused(reason=RefusalReason.UNKNOWN_NAME)
                if not fits:
                    return Refused(reason=RefusalReason.WRONG_PASSWORD)
                return Accepted(account=self._account(name, entry))
        except LdapFault as fault:
            return Unavailable(reason=str(fault))

    async def _verify_at_once(self, link: LdapLink, name: AccountName, password: str) -> Verdict:
        """Bind as the entry that the template names, and then read it as that entry."""
        template = self._settings.dn_template or ""
        dn = filled_in(template, name, as_dn=True)
        if dn is None:
            return Refused(reason=RefusalReason.UNKNOWN_NAME)
        if not await link.bind(dn, password):
            return Refused(reason=RefusalReason.WRONG_PASSWORD)
        entry = await self._search(link, name) if self._settings.maildir_attribute else None
        return Accepted(account=self._account(name, entry or Entry(dn=dn, values=())))

    def _nobody(self, name: AccountName) -> str:
        """Give the DN of an entry that is not there."""
        return f"cn={dn_value(name.folded)},cn=nobody,{self._settings.base}"

    async def _bind_service(self, link: LdapLink) -> None:
        dn, password = self._settings.service_dn, self._settings.service_password
        if dn is not None and password is not None and not await link.bind(dn, password.reveal().decode()):
            raise LdapFault(f"the LDAP directory refused the password of {dn}: see the settings")

    async def _search(self, link: LdapLink, name: AccountName) -> Entry | None:
        settings = self._settings
        below = settings.base is not None
        base = settings.base or filled_in(settings.dn_template or "", name, as_dn=True)
        search_filter = filled_in(settings.search_filter if below else "(objectClass=*)", name, as_dn=False)
        if base is None or search_filter is None:
            return None
        entries = await link.search(
            base, below=below, search_filter=search_filter, attribute=settings.maildir_attribute
        )
        if len(entries) > 1:
            raise LdapFault(f"the LDAP directory has more than one entry for {name}: make the filter narrower")
        return entries[0] if entries else None

    def _account(self, name: AccountName, entry: Entry) -> Account:
        pattern = self._settings.maildir_pattern
        maildir = pattern.expand(name) if pattern is not None else None
        if self._settings.maildir_attribute is not None and entry.values:
            text = os.fsdecode(entry.values[0])
            if (
                len(entry.values) > 1
                or not text.startswith("/")
                or "\0" in text
                or {".", ".."} & set(text.split("/"))
            ):
                raise LdapFault(
                    f"the LDAP directory names no whole path for {name}'s Maildir: write one that starts with /"
                )
            maildir = Path("/" + text.strip("/"))
        return Account(id=derived_account_id(name), name=name.folded, maildir=maildir)

    @asynccontextmanager
    async def _link(self) -> AsyncIterator[LdapLink]:
        """Open a link for one question, with an end to all of it. Raises LdapFault."""
        try:
            async with asyncio.timeout(self._seconds), self._links:
                link = await self._open()
                try:
                    yield link
                finally:
                    # Not waited for: whoever logs in need not see a goodbye.
                    link.close()
                    self._leaving.add(leaving := asyncio.create_task(link.gone()))
                    leaving.add_done_callback(self._leaving.discard)
        except TimeoutError:
            host, seconds = self._address.host, self._seconds
            told = f"the LDAP directory {host} did not answer within {seconds:g} s: see that it runs"
        else:
            return
        raise LdapFault(told)

    async def _open(self) -> LdapLink:
        upgrade = self._settings.upgrades
        if self._context is None and (self._address.tls or upgrade):
            try:
                self._context = tls_context(self._settings.authorities)
            except OSError:
                wrong = f"{self._settings.authorities} holds no certificates: name a file in PEM"
            else:
                wrong = ""
            if wrong:
                raise LdapFault(wrong)
        return await self._open_link(self._address, context=self._context, upgrade=upgrade)


def _legal(name: str) -> AccountName | None:
    try:
        return parse_account_name(name)
    except IllegalName:
        return None
