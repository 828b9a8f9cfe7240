"""Against a real slapd: StartTLS, ldaps and a socket; search and template; and no password at all.

Each test of the module shares one slapd, with its settings in a temporary folder, on loopback ports and a socket.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from tests.conftest import program_path
from tests.e2e.bed import Bed, Owner, assert_is_delivery_of, until
from tests.e2e.corpus import PLAIN
from tests.e2e.wire import Wire

from restante.accounts.ldap import LdapDirectory
from restante.accounts.ldap_link import LdapFault, LdapLink
from restante.accounts.ldap_settings import LdapAddress, LdapSettings
from restante.accounts.names import parse_account_name
from restante.accounts.sources import derived_account_id
from restante.ports.accounts import Accepted, Account, AccountFault, RefusalReason, Refused, Unavailable, Verdict
from restante.ports.soon import Later
from restante.proto.terms import Secret

pytestmark = pytest.mark.peer("slapd")

BASE = "dc=example,dc=org"
SERVICE = f"cn=restante,{BASE}"
TEMPLATE = f"uid={{local}},ou=people,{BASE}"

CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
suffix "{base}"
rootdn "{service}"
rootpw service
directory {folder}/db
access to attrs=userPassword by anonymous auth by * none
access to * by self read by * none
"""

ENTRIES = f"""\
dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: uid=ted,ou=people,{BASE}
objectClass: inetOrgPerson
uid: ted
cn: Ted
sn: Ted
mail: Ted@Example.org
description: /var/vmail/ted
userPassword: Möwe

dn: uid=a,ou=people,{BASE}
objectClass: inetOrgPerson
uid: a
cn: a
sn: a
mail: twice@example.org

dn: uid=b,ou=people,{BASE}
objectClass: inetOrgPerson
uid: b
cn: b
sn: b
mail: twice@example.org
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slapd:
    folder: Path
    plain: str
    tls: str
    unix: str

    @property
    def authorities(self) -> Path:
        return self.folder / "ca.pem"


def free_port() -> int:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def slapd() -> Iterator[Slapd]:
    folder = Path(tempfile.mkdtemp(prefix="restante-slapd-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        authority.cert_pem.write_to_path(folder / "ca.pem")
        certificate.private_key_pem.write_to_path(folder / "server.key")
        for number, blob in enumerate(certificate.cert_chain_pems):
            blob.write_to_path(folder / "server.pem", append=number > 0)
        (folder / "db").mkdir()
        (folder / "slapd.conf").write_text(CONFIG.format(folder=folder, base=BASE, service=SERVICE))
        slapd_path = program_path("slapd")
        assert slapd_path is not None
        # slapadd is slapd by another name.
        subprocess.run(
            [Path(slapd_path).with_name("slapadd"), "-f", folder / "slapd.conf"],
            input=ENTRIES.encode(),
            check=True,
            timeout=60,
        )
        made = Slapd(
            folder=folder,
            plain=f"ldap://127.0.0.1:{free_port()}",
            tls=f"ldaps://127.0.0.1:{free_port()}",
            unix=f"ldapi://{quote(str(folder / 'socket'), safe='')}",
        )
        process = subprocess.Popen(
            [slapd_path, "-d", "0", "-f", folder / "slapd.conf", "-h", f"{made.plain} {made.tls} {made.unix}"],
            stderr=subprocess.DEVNULL,
        )
        for url in (made.plain, made.tls):
            until(f"slapd at {url}", partial(answers, int(url.rpartition(":")[2])))
        yield made
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def find(directory: LdapDirectory, name: str) -> Account | None:
    found = directory.find(name)
    try:
        return await found if isinstance(found, Later) else found
    finally:
        await directory.close()


async def login(directory: LdapDirectory, name: str, password: str) -> Verdict:
    verdict = directory.verify_password(name.encode(), Secret(password.encode()))
    try:
        return await verdict if isinstance(verdict, Later) else verdict
    finally:
        await directory.close()


def searching(slapd: Slapd, url: str, **how: object) -> LdapDirectory:
    return LdapDirectory(
        LdapSettings(
            url=url,
            authorities=slapd.authorities,
            base=BASE,
            service_dn=SERVICE,
            service_password=Secret(b"service"),
            **how,  # type: ignore[arg-type]
        )
    )


@pytest.mark.parametrize("way", ["plain", "tls", "unix"])
async def test_a_login_goes_by_the_directory_on_each_way_there(slapd: Slapd, way: str) -> None:
    directory = searching(slapd, getattr(slapd, way), maildir_attribute="description")
    wanted = Account(
        id=derived_account_id(parse_account_name("ted@example.org")),
        name="ted@example.org",
        maildir=Path("/var/vmail/ted"),
    )
    assert await find(directory, "TED@example.org") == wanted
    assert await login(directory, "ted@example.org", "Möwe") == Accepted(account=wanted)
    assert await login(directory, "ted@example.org", "möwe") == Refused(reason=RefusalReason.WRONG_PASSWORD)
    assert await login(directory, "ted@example.org", "") == Refused(reason=RefusalReason.WRONG_PASSWORD)
    assert await login(directory, "bob@example.org", "Möwe") == Refused(reason=RefusalReason.UNKNOWN_NAME)
    assert await find(directory, "bob@example.org") is None


async def test_a_template_names_the_entry_at_once(slapd: Slapd) -> None:
    directory = LdapDirectory(LdapSettings(url=slapd.plain, authorities=slapd.authorities, dn_template=TEMPLATE))
    assert isinstance(await login(directory, "ted", "Möwe"), Accepted)
    for name, password in (("ted", "x"), ("bob", "Möwe"), ("a", "x")):
        assert await login(directory, name, password) == Refused(reason=RefusalReason.WRONG_PASSWORD)


async def test_more_than_one_entry_is_nobody(slapd: Slapd) -> None:
    directory = searching(slapd, slapd.tls)
    with pytest.raises(AccountFault, match="more than one"):
        await find(directory, "twice@example.org")
    assert isinstance(await login(directory, "twice@example.org", "x"), Unavailable)


async def test_a_certificate_of_a_stranger_is_not_taken(slapd: Slapd, tmp_path: Path) -> None:
    strangers = tmp_path / "strangers.pem"
    trustme.CA().cert_pem.write_to_path(strangers)
    for url in (slapd.plain, slapd.tls):
        directory = LdapDirectory(LdapSettings(url=url, authorities=strangers, dn_template=TEMPLATE))
        verdict = await login(directory, "ted", "Möwe")
        assert isinstance(verdict, Unavailable)
        assert "TLS" in verdict.reason


async def test_a_port_that_does_not_answer_is_unavailable(slapd: Slapd) -> None:
    directory = LdapDirectory(LdapSettings(url=f"ldaps://127.0.0.1:{free_port()}", dn_template=TEMPLATE))
    assert isinstance(await login(directory, "ted", "Möwe"), Unavailable)
    missing = LdapDirectory(LdapSettings(url=f"ldapi://{quote(os.devnull, safe='')}", dn_template=TEMPLATE))
    assert isinstance(await login(missing, "ted", "Möwe"), Unavailable)


async def test_a_port_of_the_wrong_kind_is_unavailable(slapd: Slapd) -> None:
    port = int(slapd.tls.rpartition(":")[2])
    directory = LdapDirectory(
        LdapSettings(url=f"ldap://127.0.0.1:{port}", start_tls=False, dn_template=TEMPLATE), seconds=5
    )
    assert isinstance(await login(directory, "ted", "Möwe"), Unavailable)


async def test_a_base_that_is_not_there_bounces_nothing(slapd: Slapd) -> None:
    directory = LdapDirectory(
        LdapSettings(url=slapd.unix, base="dc=nowhere", service_dn=SERVICE, service_password=Secret(b"service"))
    )
    with pytest.raises(AccountFault, match="NO_SUCH_OBJECT"):
        await find(directory, "ted@example.org")


async def test_a_directory_would_say_yes_to_no_password_and_is_not_asked(slapd: Slapd) -> None:
    link = await LdapLink.open(LdapAddress.parse(slapd.unix), context=None, upgrade=False)
    with pytest.raises(ValueError, match="nobody"):
        await link.bind(f"uid=ted,ou=people,{BASE}", "")
    link.close()
    await link.gone()


async def test_a_server_certificate_is_checked_against_the_name_that_was_asked_for(slapd: Slapd) -> None:
    port = int(slapd.tls.rpartition(":")[2])
    directory = LdapDirectory(
        LdapSettings(url=f"ldaps://127.0.0.2:{port}", authorities=slapd.authorities, dn_template=TEMPLATE)
    )
    # Nothing listens there, or its certificate is for another address: in neither case is a password sent.
    assert isinstance(await login(directory, "ted", "Möwe"), Unavailable)
    with pytest.raises(LdapFault):
        await LdapLink.open(LdapAddress(host="127.0.0.2", port=port, tls=False), context=None, upgrade=False)


def test_an_account_of_the_directory_gets_mail_and_logs_in_at_a_server(slapd: Slapd, tmp_path: Path) -> None:
    (tmp_path / "service").write_text("service\n")
    settings = {
        "accounts.sources": "built-in ldap",
        "ldap.url": slapd.plain,
        "ldap.authorities": str(slapd.authorities),
        "ldap.base": BASE,
        "ldap.service_dn": SERVICE,
        "ldap.service_password_file": str(tmp_path / "service"),
        "domains": "example.org",
    }
    ted = Owner(name="ted@example.org", password="Möwe")
    with Bed(settings=settings, doors=("pop3", "lmtp")) as bed:
        with Wire(bed.address("lmtp")) as wire:
            taken, unknown = wire.mail([ted.name, "nobody@example.org"], PLAIN)
        assert taken.startswith(b"250"), taken
        assert unknown.startswith(b"550"), unknown
        delivered = bed.cli("deliver", ted.name, given=PLAIN)
        assert delivered.code == 0, delivered.said
        first, second = bed.mail(ted)
        assert_is_delivery_of(first, PLAIN)
        assert_is_delivery_of(second, PLAIN)
        assert bed.cli("maildrop", "list", ted.name).code == 0
        listed = bed.cli("account", "list")
        assert "accounts in ldap are not listed" in listed.said
        with bed.pop3() as wire:
            wire.ok(f"USER {ted.name}")
            assert wire.say("PASS Hering").startswith(b"-ERR [AUTH]")


def test_mail_waits_and_a_login_is_put_off_while_the_directory_is_away(tmp_path: Path) -> None:
    settings = {
        "accounts.sources": "ldap",
        "ldap.url": f"ldap://127.0.0.1:{free_port()}",
        "ldap.start_tls": "false",
        "ldap.dn_template": TEMPLATE,
    }
    with Bed(settings=settings, doors=("pop3", "lmtp")) as bed:
        with Wire(bed.address("lmtp")) as wire:
            (answer,) = wire.mail(["ted@localhost"], PLAIN)
        assert answer.startswith(b"451"), answer
        assert bed.cli("deliver", "ted", given=PLAIN).code == 75
        with bed.pop3() as wire:
            wire.ok("USER ted")
            assert wire.say("PASS x").startswith(b"-ERR [SYS/TEMP]")
