"""The certificate that a client asks for by name, and its renewal without a restart, at every door there is."""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
import trustme
from tests.e2e.bed import Bed, Owner, Wire, assert_is_delivery_of, run, until
from tests.e2e.corpus import PLAIN

DOORS: Final = ("pop3", "pop3s", "smtp", "smtps", "lmtp")
ONE: Final = "mail.one.example"
TWO: Final = "mail.two.example"
SHOWN: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.S)


@dataclass(slots=True, kw_only=True)
class Site:
    """A server of two names, and who signs for them."""

    bed: Bed
    folder: Path
    authority: trustme.CA
    issued: dict[str, bytes] = field(default_factory=dict)
    """The certificate that stands in the file of each name."""

    @property
    def trusted(self) -> Path:
        return self.folder / "authority.pem"

    def certify(self, name: str) -> None:
        """Put a certificate of its own into the file of a name, as a renewal does."""
        made = self.authority.issue_cert(name)
        draft = self.folder / "draft"
        draft.write_bytes(made.private_key_and_cert_chain_pem.bytes())
        draft.chmod(0o600)
        draft.replace(self.folder / f"{name}.pem")
        self.issued[name] = made.cert_chain_pems[0].bytes()

    def shown(self, door: str, name: str | None) -> bytes:
        """Give the certificate that a door shows to OpenSSL, which checks it, when asked for that name."""
        address = self.bed.address(door)
        where = ["-unix", address] if isinstance(address, str) else ["-connect", f"127.0.0.1:{address[1]}"]
        begun = [] if door.endswith("s") else ["-starttls", door]
        asked = ["-noservername"] if name is None else ["-servername", name]
        ran = run("openssl", "s_client", *where, *begun, *asked, "-CAfile", self.trusted, "-verify_return_error")
        assert ran.code == 0, ran.said
        found = SHOWN.search(ran.out)
        assert found, ran.said
        return found[0]

    def session(self, door: str, owner: Owner) -> Wire:
        """Open a session under TLS at the second name; a login where there is one to make."""

        def secure(plain: socket.socket) -> socket.socket:
            return ssl.create_default_context(cafile=str(self.trusted)).wrap_socket(plain, server_hostname=TWO)

        wire = Wire(self.bed.address(door), secure=secure if door.endswith("s") else None)
        if door == "pop3":
            wire.ok("STLS")
            wire.upgrade(secure)
        elif door in ("smtp", "lmtp"):
            assert wire.answer("STARTTLS").startswith(b"220 ")
            wire.upgrade(secure)
        if door == "smtps":
            assert wire.answer("EHLO bed.example").startswith(b"250 ")
            secret = base64.b64encode(f"\0{owner.name}\0{owner.password}".encode()).decode()
            assert wire.answer(f"AUTH PLAIN {secret}").startswith(b"235 ")
        return wire.login(owner) if door.startswith("pop3") else wire


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    options = [word for name in (ONE, TWO) for word in ("--tls-certificate", f"{folder}/{name}.pem")]
    made = Site(
        bed=Bed(doors=DOORS, options=options, settings={"tls.watch_seconds": "1"}),
        folder=folder,
        authority=authority,
    )
    for name in (ONE, TWO):
        made.certify(name)
    with made.bed:
        yield made


@pytest.mark.peer("openssl")
def test_each_door_shows_the_certificate_of_the_name_and_else_the_first(site: Site) -> None:
    for door in DOORS:
        assert site.shown(door, TWO) == site.issued[TWO], door
        for name in (ONE, None, "mail.three.example"):
            assert site.shown(door, name) == site.issued[ONE], door


@pytest.mark.peer("curl")
@pytest.mark.peer("swaks")
def test_mail_is_brought_under_the_second_name_by_each_door(site: Site, tmp_path: Path) -> None:
    bed = site.bed
    owner = bed.account()
    letter = tmp_path / "letter"
    letter.write_bytes(PLAIN)
    for door in ("smtp", "smtps"):
        port = bed.port(door)
        ran = run(
            *("curl", "-q", "-sS", "--ssl-reqd", "--cacert", site.trusted, "--resolve", f"{TWO}:{port}:127.0.0.1"),
            *("-u", f"{owner.name}:{owner.password}", "--mail-from", "alice@example.org"),
            *("--mail-rcpt", f"{owner.name}@localhost", "--upload-file", letter, f"{door}://{TWO}:{port}"),
        )
        assert ran.code == 0, ran.said
    address = bed.address("lmtp")
    assert isinstance(address, str)
    ran = run(
        *("swaks", "--protocol", "LMTP", "--socket", address, "--tls", "--tls-sni", TWO, "--tls-verify"),
        *("--tls-ca-path", site.trusted, "--tls-get-peer-cert", tmp_path / "shown.pem"),
        *("--from", "alice@example.org", "--to", f"{owner.name}@localhost", "--data", letter),
    )
    assert ran.code == 0, ran.said
    assert (tmp_path / "shown.pem").read_bytes() == site.issued[TWO]
    by_smtp, by_smtps, by_lmtp = bed.mail(owner)
    for message in (by_smtp, by_smtps):
        assert_is_delivery_of(message, PLAIN)
    assert b"with LMTPS id" in by_lmtp


@pytest.mark.peer("openssl")
def test_each_door_shows_what_was_renewed_and_the_sessions_of_before_go_on(site: Site) -> None:
    bed = site.bed
    ann, bob = bed.account(), bed.account()
    owners = {door: bob if door == "pop3s" else ann for door in DOORS}
    before = site.issued[TWO]
    with ExitStack() as stack:
        sessions = {door: stack.enter_context(site.session(door, owners[door])) for door in DOORS}
        site.certify(TWO)
        assert site.issued[TWO] != before
        until("the renewal to be seen", lambda: '"certificates_read"' in bed.logged())
        for door in DOORS:
            assert site.shown(door, TWO) == site.issued[TWO], door
            assert site.shown(door, ONE) == site.issued[ONE], door
        # What cannot be served takes the place of nothing.
        (site.folder / f"{ONE}.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\n")
        os.kill(bed.pid, signal.SIGHUP)
        until("the bad one to be told", lambda: '"certificates_not_read"' in bed.logged())
        for door in DOORS:
            assert site.shown(door, TWO) == site.issued[TWO], door
            assert site.shown(door, None) == site.issued[ONE], door
        for door, wire in sessions.items():
            if door.startswith("pop3"):
                wire.ok("NOOP")
                wire.ok("QUIT")
            else:
                hello = "LHLO" if door == "lmtp" else "EHLO"
                (answer,) = wire.mail([f"{ann.name}@localhost"], PLAIN, hello=hello)
                assert answer.startswith(b"250"), (door, answer)
        assert len(bed.mail(ann)) == 3
