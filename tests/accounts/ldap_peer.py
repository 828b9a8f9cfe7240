"""An LDAP directory without sockets: it reads what a link writes, and answers as a directory does."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any

import sansldap
from sansldap import LDAPResultCode

from restante.accounts.ldap_link import LdapFault, LdapLink
from restante.accounts.ldap_settings import LdapAddress


@dataclass
class Person:
    password: str
    attributes: dict[str, list[bytes]] = field(default_factory=dict)


class Directory:
    """Entries, and how they are asked for. One for a test."""

    def __init__(self, people: dict[str, Person]) -> None:
        self.people = people
        self.down = False
        self.silent = False
        self.asked: list[str] = []
        self.bound: list[tuple[str, str]] = []
        self.code: LDAPResultCode | None = None
        self.raw: bytes | None = None
        self.opened = self.closed = 0

    async def open_link(self, address: LdapAddress, *, context: ssl.SSLContext | None, upgrade: bool) -> LdapLink:
        del context, upgrade
        self.opened += 1
        if self.down:
            raise LdapFault(f"the LDAP directory {address.host} cannot be reached")
        link = LdapLink()
        link.connection_made(Wire(self, link))
        return link


class Wire(asyncio.Transport):
    """One connection to it."""

    def __init__(self, directory: Directory, link: LdapLink) -> None:
        super().__init__()
        self._directory, self._link = directory, link
        self._server = sansldap.LDAPServer()
        self._bound: str | None = None
        self._closed = False

    def write(self, data: Any) -> None:
        if self._directory.silent:
            return
        try:
            messages = self._server.receive(bytes(data))
        except sansldap.ProtocolError as error:
            if isinstance(error.request, sansldap.UnbindRequest):
                # Which nobody answers.
                return
            raise
        for message in messages:
            self._answer(message)
        answer = self._server.data_to_send()
        if self._directory.raw is not None:
            answer = self._directory.raw
        # An octet at a time, as the network may bring it.
        for place in range(len(answer)):
            asyncio.get_running_loop().call_soon(self._link.data_received, answer[place : place + 1])

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._directory.closed += 1
            asyncio.get_running_loop().call_soon(self._link.connection_lost, None)

    abort = close

    def _answer(self, message: Any) -> None:
        directory, number = self._directory, message.message_id
        match message:
            case sansldap.BindRequest():
                assert isinstance(message.authentication, sansldap.SimpleCredential)
                password = message.authentication.password
                directory.bound.append((message.name, password))
                person = directory.people.get(message.name)
                fits = person is not None and person.password == password
                code = LDAPResultCode.SUCCESS if fits or not password else LDAPResultCode.INVALID_CREDENTIALS
                self._server.bind_response(number, result_code=directory.code or code)
            case sansldap.SearchRequest():
                directory.asked.append(f"{message.base_object} {message.scope.name} {message.filter}")
                found = [dn for dn in directory.people if self._matches(dn, message)]
                for dn in found[: message.size_limit]:
                    values = directory.people[dn].attributes
                    listed = [
                        sansldap.PartialAttribute(name, values[name])
                        for name in message.attributes
                        if name in values
                    ]
                    self._server.search_result_entry(number, dn, listed)
                too_many = len(found) > message.size_limit
                code = LDAPResultCode.SIZE_LIMIT_EXCEEDED if too_many else LDAPResultCode.SUCCESS
                if message.scope is sansldap.SearchScope.BASE and not found:
                    code = LDAPResultCode.NO_SUCH_OBJECT
                self._server.search_result_done(number, result_code=directory.code or code)
            case sansldap.ExtendedRequest():
                self._server.extended_response(number, result_code=directory.code or LDAPResultCode.SUCCESS)
            case _:
                raise AssertionError(message)

    def _matches(self, dn: str, request: sansldap.SearchRequest) -> bool:
        if request.scope is sansldap.SearchScope.BASE:
            return dn == request.base_object
        wanted = request.filter
        assert isinstance(wanted, sansldap.FilterEquality)
        values = self._directory.people[dn].attributes.get(wanted.attribute, [])
        return dn.endswith(request.base_object) and wanted.value in values
