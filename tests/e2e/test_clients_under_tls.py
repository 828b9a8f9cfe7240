"""Kinds of session that no other test has, under TLS: unique-ids that are searched, TOP before DELE, and others."""

from __future__ import annotations

import base64
import shutil
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from tests.e2e.bed import NOBODY, Bed, Owner, as_unix, run
from tests.e2e.corpus import CORPUS, DOTS, MULTIPART, PLAIN
from tests.e2e.patient_delivery import patient_delivery
from tests.e2e.servers.peer import certify

SHORT: Final = tuple(PLAIN + b"%d\r\n" % number for number in range(12))
"""More than seven: with fewer, fetchmail asks for the whole listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A server with a certificate for localhost."""

    bed: Bed
    authorities: Path
    """May be read by anybody: getmail refuses to be root."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("certificate")
    certify(folder, "localhost")
    options = ("--tls-certificate", f"{folder}/chain.pem", "--tls-key", f"{folder}/key.pem")
    with Bed(doors=("pop3", "pop3s", "lmtp"), options=options) as bed:
        shutil.copy(folder / "authority.pem", bed.folder / "authority.pem")
        yield Site(bed=bed, authorities=bed.folder / "authority.pem")


def maildir(home: Path) -> Path:
    for folder in ("new", "cur", "tmp"):
        (home / "Mail" / folder).mkdir(parents=True, exist_ok=True)
    return home / "Mail"


def kept(home: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in (home / "Mail" / "new").iterdir())


def fetchmail(site: Site, owner: Owner, home: Path, *, stls: bool) -> str:
    """Run fetchmail, which keeps what it fetches and searches for the first message that it has not seen."""
    store = home / "store"
    store.write_text(f'#!/bin/sh\ncat >"$(mktemp {maildir(home)}/new/XXXXXXXX)"\n')
    store.chmod(0o700)
    settings = home / "fetchmailrc"
    settings.write_text(
        f"poll localhost service {site.bed.port('pop3' if stls else 'pop3s')} protocol pop3 uidl no dns\n"
        f'  username "{owner.name}" password "{owner.password}" keep fastuidl 1\n'
        f'  {"" if stls else "ssl "}sslproto "TLS1.2+" sslcertck sslcertfile "{site.authorities}"\n'
        f'  no rewrite pass8bits mda "{store}"\n'
    )
    settings.chmod(0o600)
    ran = run(
        *("fetchmail", "-f", settings, "--idfile", home / "ids", "--pidfile", home / "pid"),
        *("--nodetach", "--nosyslog", "--invisible", "-v"),
        env={"HOME": str(home), "FETCHMAILHOME": str(home)},
    )
    assert ran.code == 0, ran.said
    return ran.said


@pytest.mark.peer("fetchmail")
@pytest.mark.rule("C9", "S3")
def test_fetchmail_searches_for_what_is_new_in_a_maildrop_that_others_changed(site: Site, home: Path) -> None:
    owner = site.bed.account(*SHORT[:10])
    fetchmail(site, owner, home, stls=True)
    assert kept(home) == as_unix(site.bed.mail(owner))
    with site.bed.pop3(owner) as wire:
        wire.ok("DELE 2")
        wire.ok("QUIT")
    site.bed.deliver(owner, *SHORT[10:])
    said = fetchmail(site, owner, home, stls=False)
    # One by one and not the whole listing.
    assert "> UIDL 11\n" in said
    assert "> UIDL\n" not in said
    assert len(kept(home)) == len(SHORT)
    assert set(as_unix(site.bed.mail(owner))) < set(kept(home))


@pytest.mark.peer("getmail")
@pytest.mark.rule("C4", "S5")
def test_getmail_takes_a_few_in_each_session_and_leaves_what_is_too_long(site: Site, home: Path) -> None:
    owner = site.bed.account(SHORT[0], CORPUS["large"], *SHORT[1:3])
    (home / "getmailrc").write_text(
        "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\n"
        f"port = {site.bed.port('pop3s')}\nusername = {owner.name}\npassword = {owner.password}\n"
        f"ca_certs = {site.authorities}\n{patient_delivery(home, home / 'Mail' / 'new')}"
        "[options]\nread_all = false\ndelete = true\ndelivered_to = false\nreceived = false\n"
        "max_messages_per_session = 2\nmax_message_size = 10000\n"
    )
    if NOBODY:
        for path in (home, *home.rglob("*")):
            shutil.chown(path, NOBODY)
    there = as_unix(site.bed.mail(owner))
    for left in (2, 1, 1):
        ran = run("getmail", "--getmaildir", home, "--rcfile", "getmailrc", env={"HOME": str(home)}, user=NOBODY)
        assert ran.code == 0, ran.said
        assert len(site.bed.mail(owner)) == left, ran.said
    assert sorted([*kept(home), *as_unix(site.bed.mail(owner))]) == there


@pytest.mark.peer("mpop")
@pytest.mark.rule("C8", "C7", "L10")
def test_mpop_looks_at_headers_and_then_takes_kills_or_leaves(site: Site, home: Path) -> None:
    owner = site.bed.account(PLAIN, DOTS, MULTIPART)
    judge = home / "judge"
    judge.write_text("#!/bin/sh\ncase $(grep ^Subject:) in *Minutes*) exit 1;; *Dots*) exit 2;; *) exit 0;; esac\n")
    judge.chmod(0o700)
    settings = home / "mpoprc"
    settings.write_text(
        f"account site\nhost localhost\nport {site.bed.port('pop3')}\ntls on\ntls_starttls on\n"
        f"tls_trust_file {site.authorities}\nreceived_header off\nuser {owner.name}\npassword {owner.password}\n"
        f"delivery maildir {maildir(home)}\nuidls_file {home}/uidls\nkeep off\nfilter {judge}\npipelining on\n"
    )
    settings.chmod(0o600)
    taken, left, _ = site.bed.mail(owner)
    ran = run("mpop", "-C", settings, "site", env={"HOME": str(home)})
    assert ran.code == 0, ran.said
    assert kept(home) == as_unix([taken])
    assert site.bed.mail(owner) == [left]


@pytest.mark.peer("curl")
@pytest.mark.rule("C4", "C7", "C8", "S5")
def test_curl_does_all_of_a_session_over_one_connection(site: Site) -> None:
    owner = site.bed.account(PLAIN, DOTS, MULTIPART)
    there = site.bed.mail(owner)
    with site.bed.pop3(owner) as wire:
        listings = wire.multi("LIST") + wire.multi("UIDL")
        wire.ok("QUIT")
    steps: list[tuple[str, ...]] = [
        ("",),
        ("", "-X", "UIDL"),
        ("", "-X", "TOP 2 0"),
        ("2",),
        ("3",),
        ("3", "-l", "-X", "DELE"),
        ("1", "-l", "-X", "DELE"),
    ]
    words: list[str] = ["-q"]
    for path, *options in steps:
        words += ["-sSv", "-u", f"{owner.name}:{owner.password}", "--cacert", str(site.authorities), *options]
        words += [f"pop3s://localhost:{site.bed.port('pop3s')}/{path}", "--next"]
    ran = run("curl", *words[:-1])
    assert ran.code == 0, ran.said
    assert ran.err.count(b"< +OK Restante") == 1, ran.said
    head = there[1].partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert ran.out == listings + head + there[1] + there[2]
    assert site.bed.mail(owner) == [there[1]]


@pytest.mark.rule("A1", "A2", "C3", "C8", "C9", "T3")
def test_a_session_as_thunderbird_holds_it_that_leaves_mail_for_some_days(site: Site) -> None:
    """In the order of its Pop3Client.sys.mjs: STLS, AUTH without initial response, three listings, the mail."""
    owner = site.bed.account(*SHORT[:3], DOTS)
    context = ssl.create_default_context(cafile=str(site.authorities))

    def secure(plain: socket.socket) -> socket.socket:
        return context.wrap_socket(plain, server_hostname="localhost")

    with site.bed.pop3() as wire:
        assert b"STLS\r\n" in wire.multi("CAPA")
        wire.ok("STLS")
        wire.upgrade(secure)
        told = wire.multi("CAPA")
        assert b"STLS\r\n" not in told
        (mechanisms,) = (line for line in told.splitlines() if line.startswith(b"SASL "))
        assert b"PLAIN" in mechanisms.split()
        assert wire.say("AUTH PLAIN") == b"+ "
        wire.ok(base64.b64encode(f"\0{owner.name}\0{owner.password}".encode()))
        count, octets = map(int, wire.ok("STAT").split()[1:3])
        listed = dict(line.split() for line in wire.multi("LIST").splitlines())
        names = dict(line.split() for line in wire.multi("UIDL").splitlines())
        assert count == len(listed) == len(names) == 4
        assert octets == sum(map(int, listed.values()))
        # Its popstate.dat knows the first, whose days are over, and the second; the fourth is over its limit.
        wire.ok("DELE 1")
        assert len(wire.multi("RETR 3")) == int(listed[b"3"])
        top = wire.multi("TOP 4 20")
        assert wire.multi("RETR 4").startswith(top)
        wire.ok("NOOP")
        wire.ok("QUIT")
    with site.bed.pop3(owner) as wire:
        after = dict(line.split() for line in wire.multi("UIDL").splitlines())
        wire.ok("QUIT")
    assert list(after.values()) == list(names.values())[1:]
