"""AUTH over SMTP, by the mechanisms of `sasl/`: the strongest that is offered, or the one that the account names.

A response that would make the line too long goes in a step of its own, as Office 365 wants it of long tokens. Where
SCRAM is refused under TLS, what shows the password is tried once, as by POP3: servers offer SCRAM to all, and hold
its keys for some.
Source: RFC 4954 §4 (AUTH; `=` for an empty response; 512 octets of line), RFC 4616, 5802, 7628 through `sasl/`.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING, Final

from restante.client.faults import Phase, UnusableArgument
from restante.client.server import Login
from restante.sasl.registry import (
    ClientMaterial,
    CredentialKind,
    Mechanism,
    NoMechanism,
    NoMechanismReason,
    choose,
)
from restante.sasl.scram import ENTROPY_OCTETS
from restante.sasl.terms import ClientMechanism, CredentialUnusable, MechanismError, PeerMisbehaved
from restante.submission.failures import refused_by, words_of
from restante.submission.faults import SubmissionFault
from restante.submission.server import SubmissionSecurity, SubmissionServer

if TYPE_CHECKING:  # it takes a while to import
    from aiosmtplib import SMTP, SMTPResponse

__all__ = ["log_in"]

_LINE_OCTETS: Final = 512
"""Of a command with its CRLF. Source: RFC 5321 §4.5.3.1.4."""

_BAD_CREDENTIALS: Final = 535
"""Source: RFC 4954 §6."""

_MOST_STEPS: Final = 8
"""SCRAM takes three."""


async def log_in(server: SubmissionServer, smtp: SMTP, login: Login) -> None:
    """Log in. Raises SubmissionFault, and UnusableArgument for a name or secret that cannot be sent."""
    mechanism = _chosen(server, smtp, login)
    try:
        await _logged_in(server, smtp, login, mechanism)
    except SubmissionFault as fault:
        weaker = _after_scram(server, smtp, login, mechanism) if fault.code == _BAD_CREDENTIALS else None
        if weaker is None:
            raise
        await _logged_in(server, smtp, login, weaker)


def _after_scram(server: SubmissionServer, smtp: SMTP, login: Login, refused: Mechanism) -> Mechanism | None:
    """Give what is tried where SCRAM was refused; None for nothing."""
    plain = server.security is SubmissionSecurity.PLAIN
    if login.mechanism is not None or plain or not refused.name.startswith("SCRAM-") or not smtp.is_connected:
        return None
    offered = [name for name in smtp.server_auth_methods if not name.upper().startswith("SCRAM-")]
    chosen = choose(offered, have={CredentialKind.PASSWORD}, tls=True)
    return chosen if isinstance(chosen, Mechanism) else None


async def _logged_in(server: SubmissionServer, smtp: SMTP, login: Login, mechanism: Mechanism) -> None:
    material = ClientMaterial(
        credentials=login.credentials,
        entropy=secrets.token_bytes(ENTROPY_OCTETS),
        host=server.host,
        port=server.real_port,
    )
    try:
        exchange = mechanism.client(material)
        initial = exchange.start()
    except CredentialUnusable as error:
        raise UnusableArgument(str(error)) from error
    try:
        reply = await _exchanged(smtp, mechanism, exchange, initial)
    except MechanismError as error:
        smtp.close()
        raise _impossible(server, str(error)) from error
    if reply.code == 235:
        try:
            exchange.finished()
        except PeerMisbehaved as error:
            smtp.close()
            raise _impossible(server, str(error)) from error
        return
    try:
        exchange.refused()
    except MechanismError as error:
        raise _impossible(server, f"{error} ({reply.code} {words_of(reply.message)})", code=reply.code) from error
    raise refused_by(server, reply.code, reply.message, f"the login by {mechanism.name}", phase=Phase.LOGIN)


async def _exchanged(
    smtp: SMTP, mechanism: Mechanism, exchange: ClientMechanism, initial: bytes | None
) -> SMTPResponse:
    """Go through the steps; gives the reply that ends them."""
    line = b"AUTH " + mechanism.name.encode()
    waiting = initial
    if initial is not None:
        whole = line + b" " + (base64.b64encode(initial) or b"=")
        if len(whole) + 2 <= _LINE_OCTETS:
            line, waiting = whole, None
    reply = await smtp.execute_command(line)
    for _ in range(_MOST_STEPS):
        if reply.code != 334:
            return reply
        if waiting is not None:
            response, waiting = waiting, None
        else:
            response = exchange.respond(_challenge(mechanism, reply.message))
        reply = await smtp.execute_command(base64.b64encode(response))
    raise PeerMisbehaved(mechanism=mechanism.name, reason="goes on and on")


def _challenge(mechanism: Mechanism, text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii", "replace"), validate=True)
    except binascii.Error:
        raise PeerMisbehaved(mechanism=mechanism.name, reason="sends a challenge that is not base64") from None


def _chosen(server: SubmissionServer, smtp: SMTP, login: Login) -> Mechanism:
    offered = tuple(name.upper() for name in smtp.server_auth_methods)
    if not offered:
        raise _impossible(server, "it offers no AUTH on this port; check port and security in the account")
    have = {CredentialKind.CERTIFICATE} if server.client_certificate is not None else set()
    if login.password is not None:
        have = {CredentialKind.PASSWORD}
    if login.token is not None:
        have = {CredentialKind.TOKEN}
    named = login.mechanism if login.mechanism not in ("USER", "APOP") else None
    plain = server.security is SubmissionSecurity.PLAIN
    chosen = choose(offered, have=have, tls=not plain, allow_plaintext=plain, named=named)
    if isinstance(chosen, NoMechanism):
        if chosen.reason is NoMechanismReason.NOTHING_IN_COMMON:
            # By SMTP there is no USER and PASS to go to.
            names = words_of(", ".join(offered))
            raise _impossible(
                server, f"it offers {names}, of which nothing is known here; ask who runs it for PLAIN"
            )
        raise _impossible(server, chosen.sentence)
    return chosen


def _impossible(server: SubmissionServer, why: str, *, code: int | None = None) -> SubmissionFault:
    return SubmissionFault(
        f"cannot log in to {server.address}: {why}",
        server=server.address,
        phase=Phase.LOGIN,
        temporary=False,
        code=code,
    )
