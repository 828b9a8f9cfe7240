"""Whom `restante doctor` means: what an account of the file brings, and what HOST and the options say."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.cli.doctor_patient import Wishes, patient_of
from restante.cli.fetch_source import SecurityChoice
from restante.cli.outcome import CommandFailed
from restante.client import Login
from restante.doctor import Door, Patient
from restante.doctor.patient import USUAL_PORTS

PIN = ":".join(["00"] * 32)
ACCOUNTS = f"""\
[accounts.ted]
address = "ted@example.org"
login = "ted"
mechanism = "PLAIN"
password_env = "POP3_SECRET"

[accounts.ted.pop3]
host = "pop.example.org"
fingerprint = "{PIN}"

[accounts.ted.smtp]
host = "smtp.example.org"
security = "starttls"
login = "sender"
password_env = "SMTP_SECRET"

[accounts.odd]
address = "odd@example.org"
password_env = "POP3_SECRET"

[accounts.odd.pop3]
host = "pop.example.org"
port = 1110
security = "plain"

[accounts.far]
address = "far@example.org"
password_env = "POP3_SECRET"

[accounts.far.pop3]
host = "pop.example.org"
proxy = "socks5://127.0.0.1:9050"

[accounts.sender]
address = "sender@example.org"
[accounts.sender.smtp]
host = "smtp.example.org"
"""


@pytest.fixture(autouse=True)
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(ACCOUNTS)
    path.chmod(0o600)
    monkeypatch.setenv("RESTANTE_ACCOUNTS", str(path))
    monkeypatch.setenv("POP3_SECRET", "SECRET")
    monkeypatch.setenv("SMTP_SECRET", "OTHER")


def meant(
    host: str | None = None,
    *,
    account: str | None = None,
    user: str | None = None,
    password_command: str | None = None,
    security: SecurityChoice = SecurityChoice.TLS,
    fingerprint: str | None = None,
    authorities: Path | None = None,
    ports: dict[Door, int] | None = None,
    smtp: str | None = None,
) -> Patient:
    return patient_of(
        Wishes(
            host=host,
            account=account,
            user=user,
            password_command=password_command,
            security=security,
            fingerprint=fingerprint,
            authorities=authorities,
            ports=dict.fromkeys(Door, None) | (ports or {}),
            smtp=smtp,
            address=None,
            disposable=False,
            idle=False,
        )
    )


def test_an_account_brings_both_servers_both_logins_and_the_pinned_certificate() -> None:
    patient = meant(account="ted")
    assert patient.host == "pop.example.org"
    assert patient.ports == USUAL_PORTS
    assert patient.login == Login.by_password("ted", "SECRET", mechanism="PLAIN")
    assert patient.sending_login == Login.by_password("sender", "OTHER", mechanism="PLAIN")
    assert patient.mail_address == "ted@example.org"
    assert patient.server_at(Door.POP3).fingerprint == PIN
    assert patient.server_at(Door.SUBMISSION).address == "smtp.example.org:587"
    assert patient.server_at(Door.SUBMISSION).fingerprint is None
    assert not patient.plaintext


def test_an_account_at_a_port_of_its_own_is_looked_at_there_alone() -> None:
    patient = meant(account="odd")
    assert {door: port for door, port in patient.ports.items() if door.is_pop3} == {Door.POP3: 1110}
    assert patient.plaintext, "the account says that it is to go in the clear"
    assert meant(account="odd", ports={Door.POP3S: 1995}).ports[Door.POP3S] == 1995


def test_a_host_with_a_port_is_that_door() -> None:
    assert _pop3(meant("pop.example.org:1995")) == {Door.POP3S: 1995}
    assert _pop3(meant("pop.example.org:1110", security=SecurityChoice.STLS)) == {Door.POP3: 1110}
    plain = meant("[::1]:1110", security=SecurityChoice.PLAIN)
    assert (_pop3(plain), plain.host, plain.plaintext) == ({Door.POP3: 1110}, "::1", True)
    assert _pop3(meant("pop.example.org", ports={Door.POP3: 0})) == {Door.POP3S: 995}


def _pop3(patient: Patient) -> dict[Door, int]:
    return {door: port for door, port in patient.ports.items() if door.is_pop3}


def test_mail_may_be_handed_in_elsewhere() -> None:
    patient = meant("pop.example.org", smtp="smtp.example.org:2465", fingerprint=PIN)
    assert patient.server_at(Door.SUBMISSIONS).address == "smtp.example.org:2465"
    assert patient.server_at(Door.SUBMISSIONS).fingerprint is None, "the fingerprint is that of another host"
    assert Door.SUBMISSION not in patient.ports
    assert meant("pop.example.org", smtp="pop.example.org", fingerprint=PIN).server_at(Door.SUBMISSION).pinned


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({}, "give the HOST to examine, --account NAME, or --list"),
        ({"host": "pop.example.org", "account": "ted"}, "leave HOST out"),
        ({"account": "ted", "user": "ted"}, "leave --user out"),
        ({"account": "far"}, "goes through a proxy"),
        ({"account": "sender"}, "only sends"),
        ({"account": "nobody"}, "'nobody' is no account here"),
        ({"host": "pop.example.org", "password_command": "true"}, "give --user NAME too"),
        ({"host": "pop.example.org", "ports": {Door.POP3: 0, Door.POP3S: 0}}, "leave no port to look at"),
        ({"host": "pop.example.org", "fingerprint": "00"}, "fingerprint is the SHA-256"),
        ({"host": "pop.example.org", "authorities": Path("/no/such.pem")}, "cannot use /no/such.pem"),
        ({"host": "pop.example.org", "smtp": "a b"}, "--smtp is HOST"),
    ],
)
def test_what_contradicts_itself_is_told_before_anybody_is_asked(wishes: dict[str, object], told: str) -> None:
    with pytest.raises(CommandFailed, match=told):
        meant(**wishes)  # type: ignore[arg-type]  # named in each case
