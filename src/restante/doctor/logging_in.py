"""Logs in over a raw line, by the mechanism that is told or a simple one; all that it says is masked by the reader.

Nothing here judges whether the line is safe: `Bench.check_that_the_password_is_safe` does, before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final

from restante.client.server import Login
from restante.doctor.line import Line, NoReply
from restante.doctor.patient import Door, Patient
from restante.proto.client import BadReply, Status, status_of
from restante.proto.listings import Capabilities
from restante.sasl.exchange import ClientAuthExchange, LoggedIn
from restante.sasl.registry import ClientMaterial, CredentialKind, Mechanism, find
from restante.sasl.terms import ChannelBinding, CredentialUnusable, MechanismError

__all__ = ["TIMESTAMP", "TOKEN_MECHANISMS", "by_apop", "by_mechanism", "by_user", "log_in", "triable"]

LOGIN_SECONDS: Final = 25.0
"""Servers make an address that failed before wait for up to some 15 seconds."""

TOKEN_MECHANISMS: Final = ("OAUTHBEARER", "XOAUTH2")

TIMESTAMP: Final = re.compile(rb"<[!-;=?A-~]{1,250}@[!-;=?A-~]{1,250}>")
"""A msg-id in printable ASCII."""


def log_in(
    line: Line, login: Login, capabilities: Capabilities, patient: Patient, entropy: Callable[[int], bytes]
) -> Status:
    """Log in and give the last status. Raises LineFault."""
    named = None if login.mechanism is None else login.mechanism.upper()
    offered = [name.upper() for name in capabilities.get("SASL", ())]
    if named is None and login.token is not None:
        named = next((name for name in TOKEN_MECHANISMS if name in offered), "XOAUTH2")
    if named is None and login.token is None and login.password is None:
        named = "EXTERNAL"
    if named is None and "PLAIN" in offered and "USER" not in capabilities:
        named = "PLAIN"
    if named == "APOP":
        return by_apop(line, login)
    mechanism = None if named in (None, "USER") else find(named or "")
    if mechanism is not None:
        return by_mechanism(line, login, mechanism, patient, entropy)
    return by_user(line, login)


def triable(login: Login, offered: tuple[str, ...], binding: ChannelBinding | None) -> list[Mechanism]:
    """Give the mechanisms that are offered, known here, and can be tried with what the login and the line have."""
    kind = CredentialKind.CERTIFICATE
    if login.password is not None:
        kind = CredentialKind.PASSWORD
    if login.token is not None:
        kind = CredentialKind.TOKEN
    found = [find(name) for name in dict.fromkeys(offered)]
    return [
        one
        for one in found
        if one is not None and one.credential is kind and (binding is not None or not one.binds)
    ]


def by_user(line: Line, login: Login) -> Status:
    """Log in by USER and PASS. Raises LineFault."""
    status = line.ask(b"USER " + login.name.encode())
    if not status.ok:
        return status
    return line.ask(b"PASS " + (login.password.reveal() if login.password is not None else b""), LOGIN_SECONDS)


def by_apop(line: Line, login: Login) -> Status:
    """Log in by APOP. Raises LineFault."""
    found = TIMESTAMP.search(line.greeting.line if line.greeting is not None else b"")
    if found is None or login.password is None:
        raise NoReply("greeted without a timestamp for APOP")
    digest = hashlib.md5(found[0] + login.password.reveal(), usedforsecurity=False).hexdigest()
    return line.ask(b"APOP %s %s" % (login.name.encode(), digest.encode()), LOGIN_SECONDS)


def by_mechanism(
    line: Line,
    login: Login,
    mechanism: Mechanism,
    patient: Patient,
    entropy: Callable[[int], bytes],
    *,
    initial_response: bool = True,
) -> Status:
    """Log in by AUTH, and give the status that ends it. Raises LineFault."""
    door = Door.POP3S if line.tls is not None and Door.POP3S in patient.ports else Door.POP3
    material = ClientMaterial(
        credentials=login.credentials,
        entropy=entropy(32),
        # Only where it is used: whoever could bind and does not would have to say so (RFC 5802 §6).
        binding=line.tls.binding if mechanism.binds and line.tls is not None else None,
        server_offers_plus=mechanism.binds,
        host=patient.host,
        port=patient.ports.get(door),
    )
    try:
        exchange = ClientAuthExchange(mechanism.client(material), initial_response=initial_response)
        step = exchange.start()
    except CredentialUnusable as error:
        raise NoReply(f"cannot be asked: {error}") from None
    last = b""
    try:
        while True:
            line.send(step.octets)
            last = line.raw_line(LOGIN_SECONDS).rstrip(b"\r\n")
            answer = exchange.receive_line(last)
            if isinstance(answer, LoggedIn):
                return status_of(last)
            step = answer
    except MechanismError as error:
        try:
            return status_of(last)
        except BadReply:
            raise NoReply(f"broke off the login: {error}") from None
