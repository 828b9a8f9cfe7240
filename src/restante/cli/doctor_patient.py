"""From the options of `restante doctor` to the server that is meant: an account of the file, or HOST and its login.

The secret is brought here, and a token too; no server is asked. Fails with CommandFailed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from restante.cli.fetch_source import AdHoc, SecurityChoice, ad_hoc_account, named_accounts, secrets_here, server_of
from restante.cli.outcome import CommandFailed, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restante.client import Login
    from restante.doctor import Door, Patient
    from restante.mail_accounts import Account
    from restante.submission.server import SubmissionServer

__all__ = ["Wishes", "patient_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the options say."""

    host: str | None
    account: str | None
    user: str | None
    password_command: str | None
    security: SecurityChoice
    fingerprint: str | None
    authorities: Path | None
    ports: Mapping[Door, int | None]
    """None: not given; 0: not to be looked at."""
    smtp: str | None
    address: str | None
    disposable: bool
    idle: bool


def patient_of(wishes: Wishes) -> Patient:
    """Give the server, and how far to go with it. Raises CommandFailed."""
    patient = _named(wishes) if wishes.account is not None else _described(wishes)
    patient = replace(
        patient,
        ports=_ports(wishes.ports, patient.ports),
        disposable=wishes.disposable,
        idle=wishes.idle,
        address=wishes.address or patient.address,
        plaintext=patient.plaintext or wishes.security is SecurityChoice.PLAIN,
    )
    if wishes.smtp is not None:
        patient = _sending_at(patient, wishes, wishes.smtp)
    if not any(door.is_pop3 for door in patient.ports):
        raise CommandFailed("--pop3 0 and --pop3s 0 leave no port to look at: give one", exit_code=ExitCode.USAGE)
    _check_files(patient)
    return patient


def _ports(given: Mapping[Door, int | None], usual: Mapping[Door, int]) -> dict[Door, int]:
    found: dict[Door, int] = {}
    for door, port in given.items():
        chosen = usual.get(door) if port is None else port
        if chosen:
            found[door] = chosen
    return found


def _described(wishes: Wishes) -> Patient:
    """Give the server of HOST, --user and what belongs to them."""
    from restante.client import Security
    from restante.doctor import Door, Patient
    from restante.doctor.patient import USUAL_PORTS

    if wishes.host is None:
        raise CommandFailed("give the HOST to examine, --account NAME, or --list", exit_code=ExitCode.USAGE)
    # A fingerprint is for the certificate that may be shown though the login goes out without one that is trusted.
    security = SecurityChoice.STLS if wishes.security is SecurityChoice.PLAIN else wishes.security
    options = AdHoc(
        server=wishes.host,
        user=wishes.user,
        password_command=wishes.password_command,
        security=security,
        fingerprint=wishes.fingerprint,
        authorities=wishes.authorities,
    )
    server = server_of(options, option="HOST")
    ports: Mapping[Door, int] = USUAL_PORTS
    if server.port is not None:
        door = Door.POP3S if server.security is Security.TLS else Door.POP3
        ports = {door: server.port, **{other: port for other, port in USUAL_PORTS.items() if not other.is_pop3}}
    if wishes.user is None and wishes.password_command is not None:
        raise CommandFailed("--password-command says no name: give --user NAME too", exit_code=ExitCode.USAGE)
    return Patient(
        host=server.host,
        ports=ports,
        login=None if wishes.user is None else _login(ad_hoc_account(options)),
        authorities=server.authorities,
        fingerprint=server.fingerprint,
    )


def _named(wishes: Wishes) -> Patient:
    """Give the server of an account of the file."""
    from restante.client import Security
    from restante.doctor import Door, Patient
    from restante.doctor.patient import USUAL_PORTS
    from restante.submission.server import SubmissionSecurity

    for option, value in (
        ("HOST", wishes.host),
        ("--user", wishes.user),
        ("--password-command", wishes.password_command),
        ("--fingerprint", wishes.fingerprint),
        ("--authorities", wishes.authorities),
        ("--smtp", wishes.smtp),
    ):
        if value is not None:
            raise CommandFailed(
                f"--account brings its server and login: leave {option} out, or the account",
                exit_code=ExitCode.USAGE,
            )
    (account,) = named_accounts((wishes.account,) if wishes.account is not None else (), everyone=False)
    server, smtp = account.pop3, account.smtp
    assert server is not None
    if server.proxy is not None or (smtp is not None and smtp.proxy is not None):
        raise CommandFailed(
            f"account '{account.name}' goes through a proxy, and the doctor connects by itself: give its server as "
            "HOST where that may be",
            exit_code=ExitCode.USAGE,
        )
    ports = _around(USUAL_PORTS, Door.POP3S if server.security is Security.TLS else Door.POP3, server.real_port)
    if smtp is None:
        ports |= {door: port for door, port in USUAL_PORTS.items() if not door.is_pop3}
    else:
        entry = Door.SUBMISSIONS if smtp.security is SubmissionSecurity.TLS else Door.SUBMISSION
        ports |= _around(USUAL_PORTS, entry, smtp.real_port)
    login = _login(account)
    return Patient(
        host=server.host,
        ports=ports,
        login=login,
        plaintext=server.security is Security.PLAIN,
        authorities=server.authorities,
        fingerprint=server.fingerprint,
        client_certificate=server.client_certificate,
        client_key=server.client_key,
        sending=smtp,
        sending_login=None if smtp is None else _sending_login(account, login),
        address=account.address,
    )


def _around(usual: Mapping[Door, int], entry: Door, port: int) -> dict[Door, int]:
    """Give the door of an account, and the one beside it where both are where everybody has them."""
    if port != usual[entry]:
        return {entry: port}
    return {door: one for door, one in usual.items() if door.is_pop3 is entry.is_pop3}


def _login(account: Account) -> Login:
    """Bring the secret of an account, or a fresh token."""
    from restante.cli.mail_faults import faults_told
    from restante.mail_accounts import Logins

    with faults_told():
        return asyncio.run(Logins(secrets_here()).for_pop3(account))


def _sending_login(account: Account, login: Login) -> Login:
    from restante.cli.mail_faults import faults_told
    from restante.mail_accounts import Logins

    if account.smtp_credential is None:
        # The same secret: nobody is asked for it twice.
        return replace(login, name=account.smtp_login or login.name)
    with faults_told():
        return asyncio.run(Logins(secrets_here()).for_smtp(account))


def _sending_at(patient: Patient, wishes: Wishes, where: str) -> Patient:
    """Let mail be handed in at another host."""
    from restante.doctor import Door
    from restante.submission.server import SubmissionServer

    options = AdHoc(
        server=where,
        user=None,
        password_command=None,
        security=SecurityChoice.TLS,
        fingerprint=None,
        authorities=wishes.authorities,
    )
    server = server_of(options, option="--smtp")
    one_host = server.host.lower() == patient.host.lower()
    sending: SubmissionServer = SubmissionServer(
        host=server.host,
        authorities=server.authorities,
        fingerprint=wishes.fingerprint if one_host else None,
    )
    ports = dict(patient.ports)
    if server.port is not None:
        for door in (Door.SUBMISSION, Door.SUBMISSIONS):
            if wishes.ports.get(door) is None:
                ports.pop(door, None)
        ports[Door.SUBMISSIONS] = server.port
    return replace(patient, sending=sending, ports=ports)


def _check_files(patient: Patient) -> None:
    """See that the certificates that the options name can be read."""
    from restante.cli.mail_faults import faults_told
    from restante.client.tls import context_for

    with faults_told():
        for door in patient.ports:
            context_for(patient.server_at(door))
