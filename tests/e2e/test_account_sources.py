"""Accounts that others keep, through `restante serve` with its settings: a passwd-file of Dovecot's, and PAM."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.bed import Bed, Owner, assert_is_delivery_of, run
from tests.e2e.corpus import PLAIN
from tests.e2e.wire import Wire

SCHEMES = (
    *("ARGON2ID", "ARGON2I", "BLF-CRYPT", "SHA512-CRYPT", "SHA256-CRYPT", "MD5-CRYPT", "PBKDF2"),
    *(
        "SSHA",
        "SSHA256",
        "SSHA512",
        "SHA1",
        "SHA256.hex",
        "SMD5",
        "PLAIN-MD5",
        "LDAP-MD5",
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
    ),
)
PASSWORD = "Möwe und 12 Fische"


def stored(scheme: str, password: str = PASSWORD) -> str:
    """Give a password as Dovecot's own tool stores it."""
    cheap = ("-r", "5") if scheme == "BLF-CRYPT" else ()
    ran = run("doveadm", "-O", "pw", "-s", scheme, "-p", password, *cheap)
    assert ran.code == 0, ran.said
    return ran.out.decode().strip()


def owner_of(scheme: str) -> Owner:
    return Owner(name=f"{scheme.replace('.', '-').lower()}@example.org", password=PASSWORD)


def receive(bed: Bed, address: str, message: bytes = PLAIN) -> bytes:
    """Send by LMTP, and give the answer."""
    with Wire(bed.address("lmtp")) as wire:
        (answer,) = wire.mail([address], message)
    return answer


@pytest.fixture(scope="module")
def file_bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A site with a passwd-file before the built-in accounts."""
    folder = tmp_path_factory.mktemp("site")
    lines = [f"{owner_of(scheme).name}:{stored(scheme)}::::::" for scheme in SCHEMES]
    lines += [f"both@example.org:{stored('SSHA')}::::::", f"gone@example.org:{stored('SSHA')}::::::nologin"]
    (folder / "users").write_text("\n".join(lines) + "\n")
    settings = {
        "accounts.sources": "passwd-file built-in",
        "passwd_file.path": str(folder / "users"),
        "auth.mechanisms": "PLAIN SCRAM-SHA-256",
        "domains": "example.org",
    }
    with Bed(settings=settings, doors=("pop3", "lmtp", "smtp")) as bed:
        yield bed


@pytest.mark.peer("doveadm")
@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_account_of_a_passwd_file_gets_mail_and_logs_in(file_bed: Bed, scheme: str) -> None:
    owner = owner_of(scheme)
    assert receive(file_bed, owner.name).startswith(b"250")
    (message,) = file_bed.mail(owner)
    assert_is_delivery_of(message, PLAIN)


@pytest.mark.peer("doveadm")
def test_mail_for_them_comes_by_deliver_and_by_smtp_too(file_bed: Bed) -> None:
    owner = owner_of("SSHA512")
    delivered = file_bed.cli("deliver", owner.name, given=PLAIN)
    assert delivered.code == 0, delivered.said
    with Wire(file_bed.address("smtp")) as wire:
        (answer,) = wire.mail([owner.name], PLAIN, hello="EHLO")
        assert answer.startswith(b"250"), answer
    assert len(file_bed.mail(owner)) >= 2
    assert file_bed.cli("deliver", "nobody@example.org", given=PLAIN).code == 67  # EX_NOUSER
    assert receive(file_bed, "nobody@example.org").startswith(b"550")


@pytest.mark.peer("doveadm")
@pytest.mark.rule("A4")
def test_the_keys_of_a_scram_scheme_serve_scram(file_bed: Bed) -> None:
    owner = owner_of("SCRAM-SHA-256")
    with file_bed.pop3() as wire:
        first = f"n,,n={owner.name},r=clientnonce".encode()
        challenge = wire.say(b"AUTH SCRAM-SHA-256 " + base64.b64encode(first))
        assert challenge.startswith(b"+ ")
        # Dovecot's count: a decoy would have ours.
        assert b",i=4096" in base64.b64decode(challenge[2:])


@pytest.mark.peer("doveadm")
def test_the_first_source_has_a_name_and_the_built_in_accounts_come_after_it(file_bed: Bed) -> None:
    file_bed.account(name="both@example.org", password="built-in")
    file_bed.account(name="own@example.org", password="built-in")
    with file_bed.pop3(Owner(name="both@example.org", password=PASSWORD)) as wire:
        wire.ok("QUIT")
    with file_bed.pop3(Owner(name="own@example.org", password="built-in")) as wire:
        wire.ok("QUIT")
    with file_bed.pop3() as wire:
        wire.ok("USER both@example.org")
        assert wire.say("PASS built-in").startswith(b"-ERR [AUTH]")


@pytest.mark.peer("doveadm")
def test_commands_see_the_accounts_of_the_file_and_do_not_change_them(file_bed: Bed) -> None:
    listed = file_bed.cli("account", "list")
    assert listed.code == 0, listed.said
    rows = {line.split()[0]: line.split() for line in listed.out.decode().splitlines()}
    assert rows["ssha@example.org"][1:4] == ["active", "-", "passwd-file"]
    assert rows["gone@example.org"][1] == "locked"
    owner = owner_of("SHA1")
    assert receive(file_bed, owner.name).startswith(b"250")
    shown = file_bed.cli("maildrop", "list", owner.name)
    assert shown.code == 0, shown.said
    refused = file_bed.cli("account", "lock", owner.name)
    assert refused.code == 1
    assert "are changed where they are" in refused.said


def test_what_cannot_be_had_is_told_in_one_line_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "empty").write_text("\n")
    ldap = {"RESTANTE_ACCOUNTS_SOURCES": "ldap", "RESTANTE_LDAP_URL": "ldap://ldap.example.org"}
    service = {"RESTANTE_LDAP_SERVICE_DN": "cn=x", "RESTANTE_LDAP_SERVICE_PASSWORD_FILE": f"{tmp_path}/empty"}
    issuer = {"RESTANTE_OAUTH_ISSUER": "http://login.example.org", "RESTANTE_OAUTH_AUDIENCE": "restante"}
    for environ, line in (
        (ldap, "the settings of ldap: an LDAP directory needs either a template of DNs or a base to search from"),
        (
            {**ldap, **service},
            f"{tmp_path}/empty: is not one line of at most 4096 octets: put the secret there, alone",
        ),
        (issuer, "the settings of oauth: 'http://login.example.org/.well-known/openid-configuration' is not safe"),
        (
            {"RESTANTE_ACCOUNTS_SOURCES": ""},
            "accounts.sources is empty: name one source at the least, such as built-in",
        ),
    ):
        ran = run(
            *(Path(sys.executable).parent / "restante", "serve", "--data", tmp_path / "data"),
            *("--pop3", "127.0.0.1:0"),
            env=environ,
        )
        assert ran.code == 1
        assert ran.said.startswith(f"restante: {line}"), ran.said
        assert ran.said.count("\n") == 1


# --- PAM ----------------------------------------------------------------------------------------------------------

PRIVATE = """
set -e
mount --bind "$0/pam.d" /etc/pam.d
mount --bind "$0/passwd" /etc/passwd
mount --bind "$0/shadow" /etc/shadow
exec "$@"
"""
"""Files of the system's own, for one process and its children."""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with one person on it, whose password pam_unix knows."""
    (tmp_path / "pam.d").mkdir()
    (tmp_path / "pam.d" / "restante").write_text(
        "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"
    )
    (tmp_path / "passwd").write_text("root:x:0:0::/root:/bin/sh\nted:x:4711:4711::/home/ted:/bin/sh\n")
    hashed = stored("SHA512-CRYPT", "SECRET").removeprefix("{SHA512-CRYPT}")
    (tmp_path / "shadow").write_text(f"root:{hashed}:19000:0:99999:7:::\nted:{hashed}:19000:0:99999:7:::\n")
    return tmp_path


@pytest.mark.peer("unshare", "doveadm")
def test_a_user_of_the_machine_gets_mail_and_logs_in_by_pam(machine: Path) -> None:
    launcher = ["unshare", "-m", "sh", "-c", PRIVATE, str(machine)]
    with Bed(settings={"accounts.sources": "pam"}, doors=("pop3", "lmtp"), launcher=launcher) as bed:
        ted = Owner(name="ted", password="SECRET")
        assert receive(bed, "ted@localhost").startswith(b"250")
        assert receive(bed, "root@localhost").startswith(b"550")
        (message,) = bed.mail(ted)
        assert_is_delivery_of(message, PLAIN)
        with bed.pop3() as wire:
            wire.ok("USER ted")
            assert wire.say("PASS wrong").startswith(b"-ERR [AUTH]")
            wire.ok("USER root")
            assert wire.say("PASS SECRET").startswith(b"-ERR [AUTH]")
