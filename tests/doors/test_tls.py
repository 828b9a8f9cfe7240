"""TLS of the server, by real handshakes in memory: which certificate, what is agreed on, renewals under way."""

import os
import shutil
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from restante.doors.certificates import PairFiles, TlsConfigError, self_signed
from restante.doors.tls import (
    ServedContext,
    ServerTls,
    TlsReloadFailed,
    channel_binding,
    handshake_reason,
    without_bad_server_names,
)
from restante.ports.events import Door
from restante.sasl.terms import BindingType

CA = trustme.CA()
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def client_context(
    version: ssl.TLSVersion | None = None, *, alpn: tuple[str, ...] = (), trusts: trustme.CA = CA
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    trusts.configure_trust(context)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@dataclass
class Handshake:
    """A client and a server in one process, stepped by hand."""

    client: ssl.SSLObject
    server: ssl.SSLObject
    to_server: ssl.MemoryBIO
    to_client: ssl.MemoryBIO
    done: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        front: ssl.SSLContext,
        client: ssl.SSLContext,
        name: str | None = None,
        session: ssl.SSLSession | None = None,
    ) -> "Handshake":
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        return cls(
            client.wrap_bio(to_client, to_server, server_hostname=name, session=session),
            front.wrap_bio(to_server, to_client, server_side=True),
            to_server,
            to_client,
        )

    def step(self, who: str) -> None:
        if who not in self.done:
            with suppress(ssl.SSLWantReadError):
                (self.client if who == "client" else self.server).do_handshake()
                self.done.add(who)

    def run(self) -> "Handshake":
        for _ in range(8):
            self.step("client")
            self.step("server")
        assert self.done == {"client", "server"}
        with suppress(ssl.SSLWantReadError):
            self.client.read(1)  # what comes behind a handshake of TLS 1.3
        return self

    def end(self) -> None:
        for each in (self.client, self.server, self.client, self.server):
            with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                each.unwrap()

    @property
    def served(self) -> bytes:
        der = self.client.getpeercert(binary_form=True)
        assert der is not None
        return der


def put(folder: Path, *names: str, not_after: datetime | None = None) -> PairFiles:
    """Write a new pair into a folder, in place of what is there."""
    folder.mkdir(exist_ok=True)
    leaf = CA.issue_cert(*names, not_after=not_after)
    files = PairFiles(certificate=folder / "chain.pem", key=folder / "key.pem")
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    files.key.write_bytes(leaf.private_key_pem.bytes())
    files.key.chmod(0o600)
    return files


def der_of(files: PairFiles) -> bytes:
    certificate = x509.load_pem_x509_certificates(files.certificate.read_bytes())[0]
    return certificate.public_bytes(serialization.Encoding.DER)


@pytest.fixture
def pairs(tmp_path: Path) -> list[PairFiles]:
    return [
        put(tmp_path / "a", "pop.example.org", "mail.example.org"),
        put(tmp_path / "b", "*.example.net", "pop.example.com"),
        put(tmp_path / "c", "special.example.net", "pop.example.org"),
    ]


@pytest.fixture
def heard() -> Iterator[list[object]]:
    heard: list[object] = []
    before = sys.unraisablehook
    sys.unraisablehook = without_bad_server_names(lambda told: heard.append(told.exc_value))
    yield heard
    sys.unraisablehook = before


def served_to(tls: ServerTls, name: str | None, version: ssl.TLSVersion | None = None) -> bytes:
    return Handshake.of(tls.front(Door.POP3), client_context(version), name).run().served


class TestChoosing:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("name", "which"),
        [
            ("pop.example.org", 0),
            ("POP.Example.COM", 1),
            ("Any.Example.NET", 1),
            ("mail.example.org", 0),
            ("pop.example.com", 1),
            ("any.example.net", 1),
            ("special.example.net", 2),
            ("two.labels.example.net", 0),
            ("example.net", 0),
            ("unknown.example", 0),
            ("localhost", 0),
            (None, 0),
        ],
    )
    def test_the_certificate_is_chosen_by_the_name_and_else_is_the_first(
        self, pairs: list[PairFiles], name: str | None, which: int, version: ssl.TLSVersion
    ) -> None:
        assert served_to(ServerTls(pairs), name, version) == der_of(pairs[which])

    @pytest.mark.parametrize("name", ["..", "pop.example.org.", "*.example.net", "*.", "."])
    def test_no_name_makes_the_choice_raise(self, pairs: list[PairFiles], name: str) -> None:
        tls = ServerTls(pairs)
        handshake = tls.front(Door.POP3).wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
        tls._choose(Door.POP3, handshake, name, tls.front(Door.POP3))
        assert handshake.context is not tls.front(Door.POP3)

    def test_a_name_with_a_label_that_no_client_could_look_up_is_a_name_like_others(
        self, pairs: list[PairFiles], heard: list[object]
    ) -> None:
        octets = hello("x" * 62 + ".x.example.net").replace(b"xx.x.example", b"xxxx.example")
        assert b"x" * 64 + b".example.net" in octets
        tls = ServerTls(pairs)
        arrived = ssl.MemoryBIO()
        arrived.write(octets)
        server = tls.front(Door.POP3).wrap_bio(arrived, ssl.MemoryBIO(), server_side=True)
        with pytest.raises(ssl.SSLWantReadError):
            server.do_handshake()
        assert isinstance(server.context, ServedContext)
        assert server.context.pair.files == pairs[1]
        assert heard == []

    def test_a_server_without_a_pair_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="at least one pair"):
            ServerTls([])


class TestWhatIsAgreedOn:
    @pytest.mark.rule("T6")
    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
    def test_tls_below_1_2_is_refused(self, pairs: list[PairFiles], version: ssl.TLSVersion) -> None:
        client = client_context()
        client.set_ciphers("ALL:@SECLEVEL=0")
        client.minimum_version = client.maximum_version = version
        with pytest.raises(ssl.SSLError) as caught:
            Handshake.of(ServerTls(pairs).front(Door.POP3), client).run()
        assert "no version of TLS in common" in handshake_reason(caught.value)

    @pytest.mark.rule("T6")
    def test_1_3_is_preferred_and_1_2_taken(self, pairs: list[PairFiles]) -> None:
        front = ServerTls(pairs).front(Door.POP3)
        assert Handshake.of(front, client_context()).run().client.version() == "TLSv1.3"
        old = Handshake.of(front, client_context(ssl.TLSVersion.TLSv1_2)).run()
        assert old.client.version() == "TLSv1.2"
        assert old.client.compression() is None

    @pytest.mark.rule("T6")
    def test_neither_compression_nor_renegotiation_nor_tickets_are_there(self, pairs: list[PairFiles]) -> None:
        tls = ServerTls(pairs)
        handshake = Handshake.of(tls.front(Door.POP3), client_context()).run()
        for context in (tls.front(Door.POP3), handshake.server.context):
            for option in (ssl.OP_NO_COMPRESSION, ssl.OP_NO_RENEGOTIATION, ssl.OP_NO_TICKET):
                assert context.options & option
            assert context.num_tickets == 0

    @pytest.mark.rule("T6")
    @pytest.mark.parametrize(
        "ciphers", ["AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256"]
    )
    def test_ciphers_without_forward_secrecy_or_without_aead_are_refused(
        self, pairs: list[PairFiles], ciphers: str
    ) -> None:
        client = client_context(ssl.TLSVersion.TLSv1_2)
        client.set_ciphers(ciphers)
        with pytest.raises(ssl.SSLError) as caught:
            Handshake.of(ServerTls(pairs).front(Door.POP3), client).run()
        assert handshake_reason(caught.value) == "the client has no cipher in common with this server"

    @pytest.mark.rule("T6")
    @pytest.mark.parametrize("ciphers", ["ECDHE+AESGCM", "ECDHE+CHACHA20"])
    def test_ciphers_of_rfc_9325_are_taken(self, pairs: list[PairFiles], ciphers: str) -> None:
        client = client_context(ssl.TLSVersion.TLSv1_2)
        client.set_ciphers(ciphers)
        Handshake.of(ServerTls(pairs).front(Door.POP3), client).run()

    @pytest.mark.parametrize(
        ("door", "asked", "agreed"),
        [
            (Door.POP3, ("pop3",), "pop3"),
            (Door.POP3, ("imap", "pop3"), "pop3"),
            (Door.POP3, ("h2",), None),
            (Door.POP3, (), None),
            (Door.SMTP, ("pop3",), None),
        ],
    )
    def test_alpn_is_pop3_at_the_door_of_pop3_and_nobody_is_refused_for_it(
        self, pairs: list[PairFiles], door: Door, asked: tuple[str, ...], agreed: str | None
    ) -> None:
        handshake = Handshake.of(ServerTls(pairs).front(door), client_context(alpn=asked)).run()
        assert handshake.client.selected_alpn_protocol() == agreed

    def test_no_session_of_1_3_goes_on_from_a_ticket(self, pairs: list[PairFiles]) -> None:
        first = Handshake.of(ServerTls(pairs).front(Door.POP3), client_context(ssl.TLSVersion.TLSv1_3)).run()
        assert first.client.session is None or not first.client.session.has_ticket

    def test_keys_are_not_logged_whatever_the_environment_says(
        self, pairs: list[PairFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = tmp_path / "keys"
        monkeypatch.setenv("SSLKEYLOGFILE", str(log))
        Handshake.of(ServerTls(pairs).front(Door.POP3), client_context()).run()
        assert not log.exists()


class TestClientCertificates:
    @pytest.fixture
    def tls(self, pairs: list[PairFiles], tmp_path: Path) -> ServerTls:
        authorities = tmp_path / "authorities.pem"
        authorities.write_bytes(CA.cert_pem.bytes())
        return ServerTls(pairs, client_authorities=authorities)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_one_that_is_signed_by_the_authority_is_seen(self, tls: ServerTls, version: ssl.TLSVersion) -> None:
        client = client_context(version)
        CA.issue_cert("ted@example.org").configure_cert(client)
        peer = Handshake.of(tls.front(Door.POP3), client, "pop.example.com").run().server.getpeercert()
        assert peer is not None
        assert peer["subjectAltName"] == (("email", "ted@example.org"),)

    def test_none_is_as_good(self, tls: ServerTls) -> None:
        assert not Handshake.of(tls.front(Door.POP3), client_context()).run().server.getpeercert()

    def test_one_of_another_authority_is_refused(self, tls: ServerTls) -> None:
        client = client_context()
        trustme.CA().issue_cert("ted@example.org").configure_cert(client)
        with pytest.raises(ssl.SSLError) as caught:
            Handshake.of(tls.front(Door.POP3), client).run()
        assert "authority" in handshake_reason(caught.value)

    def test_one_that_is_for_servers_alone_is_refused(self, tls: ServerTls, tmp_path: Path) -> None:
        leaf = CA.issue_cert("ted@example.org")
        signed = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
        key = serialization.load_pem_private_key(CA.private_key_pem.bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        builder = x509.CertificateBuilder(
            issuer_name=signed.issuer,
            subject_name=signed.subject,
            public_key=signed.public_key(),
            serial_number=signed.serial_number,
            not_valid_before=signed.not_valid_before_utc,
            not_valid_after=signed.not_valid_after_utc,
            extensions=[each for each in signed.extensions if not isinstance(each.value, x509.ExtendedKeyUsage)],
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        path = tmp_path / "server-only.pem"
        again = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        path.write_bytes(again + leaf.private_key_pem.bytes())
        client = client_context()
        client.load_cert_chain(path)
        with pytest.raises(ssl.SSLError):
            Handshake.of(tls.front(Door.POP3), client).run()

    def test_without_authorities_no_client_is_asked(self, pairs: list[PairFiles]) -> None:
        client = client_context()
        CA.issue_cert("ted@example.org").configure_cert(client)
        handshake = Handshake.of(ServerTls(pairs).front(Door.POP3), client).run()
        assert not handshake.server.getpeercert(binary_form=True)

    def test_authorities_are_renewed_too(self, tls: ServerTls, tmp_path: Path) -> None:
        other = trustme.CA()
        (tmp_path / "authorities.pem").write_bytes(other.cert_pem.bytes())
        assert tls.changed()
        tls.reload()
        client = client_context()
        other.issue_cert("ted@example.org").configure_cert(client)
        assert Handshake.of(tls.front(Door.POP3), client).run().server.getpeercert()


class TestRenewing:
    def test_whoever_connects_after_a_renewal_gets_the_new_one_from_the_same_front(
        self, pairs: list[PairFiles]
    ) -> None:
        tls = ServerTls(pairs)
        front, before = tls.front(Door.POP3), der_of(pairs[0])
        assert not tls.changed()
        put(pairs[0].certificate.parent, "pop.example.org")
        assert tls.changed()
        assert served_to(tls, "pop.example.org") == before
        tls.reload()
        assert not tls.changed()
        assert tls.front(Door.POP3) is front
        assert served_to(tls, "pop.example.org") == der_of(pairs[0]) != before

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("steps", range(6))
    def test_a_handshake_under_way_does_not_fail_wherever_the_renewal_comes(
        self, pairs: list[PairFiles], version: ssl.TLSVersion, steps: int
    ) -> None:
        tls = ServerTls(pairs)
        before = der_of(pairs[0])
        handshake = Handshake.of(tls.front(Door.POP3), client_context(version), "pop.example.org")
        for step in range(steps):
            handshake.step(("client", "server")[step % 2])
        put(pairs[0].certificate.parent, "pop.example.org")
        tls.reload()
        # The certificate is the one of the moment at which the ClientHello was read.
        assert handshake.run().served == (der_of(pairs[0]) if steps < 2 else before)
        handshake.server.write(b"+OK\r\n")
        assert handshake.client.read(5) == b"+OK\r\n"

    def test_a_renewal_that_turns_a_link_is_seen(self, tmp_path: Path) -> None:
        live = tmp_path / "live"
        live.symlink_to("first", target_is_directory=True)
        put(tmp_path / "first", "pop.example.org")
        second = put(tmp_path / "second", "pop.example.org")
        tls = ServerTls([PairFiles(certificate=live / "chain.pem", key=live / "key.pem")])
        draft = tmp_path / "draft"
        draft.symlink_to("second", target_is_directory=True)
        draft.rename(live)
        assert tls.changed()
        tls.reload()
        assert served_to(tls, None) == der_of(second)

    def test_a_renewal_by_rename_is_seen_though_time_and_octets_are_the_same(
        self, pairs: list[PairFiles], tmp_path: Path
    ) -> None:
        tls = ServerTls(pairs)
        old = pairs[0].certificate.stat()
        draft = tmp_path / "draft"
        shutil.copyfile(pairs[0].certificate, draft)
        os.utime(draft, ns=(old.st_atime_ns, old.st_mtime_ns))
        draft.rename(pairs[0].certificate)
        assert tls.changed()

    def test_of_a_pair_that_is_half_there_nothing_is_taken_until_the_rest_comes(
        self, pairs: list[PairFiles], tmp_path: Path
    ) -> None:
        tls = ServerTls(pairs)
        before = der_of(pairs[0])
        new = put(tmp_path / "new", "pop.example.org")
        new.certificate.rename(pairs[0].certificate)
        assert tls.changed()
        with pytest.raises(TlsReloadFailed, match="does not belong to the certificate"):
            tls.reload()
        assert not tls.changed(), "it is told once"
        assert served_to(tls, "pop.example.org") == before
        new.key.rename(pairs[0].key)
        assert tls.changed()
        tls.reload()
        assert served_to(tls, "pop.example.org") == der_of(pairs[0]) != before

    @pytest.mark.parametrize("which", ["certificate", "key"])
    @pytest.mark.parametrize("spoil", ["missing", "garbage", "cut"])
    def test_a_broken_pair_keeps_what_was_served_and_says_what_to_do(
        self, pairs: list[PairFiles], which: str, spoil: str
    ) -> None:
        tls = ServerTls(pairs)
        served = [der_of(each) for each in pairs]
        put(pairs[0].certificate.parent, "pop.example.org")
        path: Path = getattr(pairs[1], which)
        whole = path.read_bytes()
        match spoil:
            case "missing":
                path.unlink()
            case "garbage":
                path.write_bytes(b"garbage")
            case _:
                path.write_bytes(whole[:-60])
        with pytest.raises(TlsReloadFailed) as caught:
            tls.reload()
        assert caught.value.path == path
        assert str(path) in str(caught.value)
        assert str(caught.value).endswith("; until then the certificates read before stay in use")
        # All or nothing: the first pair is good, and is not taken either.
        assert served_to(tls, "pop.example.org") == served[0]
        assert served_to(tls, "pop.example.com") == served[1]
        path.write_bytes(whole)
        assert tls.changed()
        tls.reload()
        assert served_to(tls, "pop.example.org") != served[0]

    def test_an_expired_certificate_does_not_take_the_place_of_a_good_one(self, pairs: list[PairFiles]) -> None:
        tls = ServerTls(pairs)
        before = der_of(pairs[0])
        put(pairs[0].certificate.parent, "pop.example.org", not_after=datetime.now(UTC) - timedelta(hours=1))
        with pytest.raises(TlsReloadFailed, match="and not now"):
            tls.reload()
        assert served_to(tls, "pop.example.org") == before

    def test_at_a_start_and_after_one_that_expired_itself_it_is_served_with_a_warning(self, tmp_path: Path) -> None:
        past = datetime.now(UTC) - timedelta(hours=1)
        pair = put(tmp_path / "a", "pop.example.org", not_after=past)
        tls = ServerTls([pair])
        assert len(tls.warnings) == 1
        assert "expired" in tls.warnings[0]
        put(tmp_path / "a", "pop.example.org", not_after=past - timedelta(hours=1))
        tls.reload()
        (served,) = tls.pairs
        assert served.certificate.public_bytes(serialization.Encoding.DER) == der_of(pair)
        put(tmp_path / "a", "pop.example.org")
        tls.reload()
        assert len(tls.warnings) == 0

    def test_the_clock_is_the_one_that_was_given(self, pairs: list[PairFiles]) -> None:
        assert len(ServerTls(pairs, wall_clock=lambda: 0.0).warnings) == 3

    def test_a_file_that_was_opened_up_after_a_failure_is_seen(self, pairs: list[PairFiles]) -> None:
        tls = ServerTls(pairs)
        pairs[0].key.chmod(0o640)
        assert tls.changed()

    def test_one_that_changes_each_time_it_is_read_is_given_up(
        self, pairs: list[PairFiles], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tls = ServerTls(pairs)
        load = ssl.SSLContext.load_cert_chain

        def restless(context: ssl.SSLContext, certificate: Path, key: Path, password: object) -> None:
            load(context, certificate, key)
            key.write_bytes(key.read_bytes() + b"\n")

        monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", restless)
        with pytest.raises(TlsReloadFailed, match="changes while it is read"):
            tls.reload()
        assert tls.changed()


class TestStarting:
    def test_a_key_that_does_not_fit_is_named(self, pairs: list[PairFiles]) -> None:
        mixed = PairFiles(certificate=pairs[0].certificate, key=pairs[1].key)
        with pytest.raises(TlsConfigError, match="does not belong") as caught:
            ServerTls([mixed])
        assert caught.value.path == mixed.key

    def test_a_key_that_is_too_weak_is_named_with_what_to_ask_for(self, tmp_path: Path) -> None:
        key = rsa.generate_private_key(65537, 1024)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pop.example.org")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("pop.example.org")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        path = tmp_path / "both.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        with pytest.raises(TlsConfigError, match="ee key too small") as caught:
            ServerTls([PairFiles(certificate=path, key=path)])
        assert "2048 bits" in caught.value.advice

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_pair_that_signs_itself_is_served_and_can_be_trusted(
        self, tmp_path: Path, version: ssl.TLSVersion
    ) -> None:
        files = self_signed(tmp_path, ["localhost", "127.0.0.1"], now=datetime.now(UTC))
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.minimum_version = client.maximum_version = version
        client.verify_flags |= ssl.VERIFY_X509_STRICT
        client.load_verify_locations(files.certificate)
        for name in ("localhost", "127.0.0.1"):
            handshake = Handshake.of(ServerTls([files]).front(Door.POP3), client, name).run()
            assert handshake.served == der_of(files)


class TestChannelBinding:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_it_is_of_the_certificate_that_this_connection_was_served(
        self, pairs: list[PairFiles], version: ssl.TLSVersion
    ) -> None:
        tls = ServerTls(pairs)
        for name, which in (("pop.example.com", 1), (None, 0)):
            handshake = Handshake.of(tls.front(Door.POP3), client_context(version), name).run()
            expected = x509.load_der_x509_certificate(der_of(pairs[which])).fingerprint(hashes.SHA256())
            put(pairs[which].certificate.parent, "pop.example.com")
            tls.reload()
            binding = channel_binding(handshake.server)
            assert binding is not None
            assert binding.type is BindingType.TLS_SERVER_END_POINT
            assert binding.octets == expected

    def test_a_session_that_goes_on_by_its_id_has_none(self, pairs: list[PairFiles]) -> None:
        tls = ServerTls(pairs)
        client = client_context(ssl.TLSVersion.TLSv1_2)
        first = Handshake.of(tls.front(Door.POP3), client, "pop.example.com").run()
        session = first.client.session
        first.end()
        second = Handshake.of(tls.front(Door.POP3), client, "pop.example.com", session).run()
        assert second.server.session_reused
        assert channel_binding(second.server) is None

    def test_a_connection_of_other_contexts_has_none(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        CA.issue_cert("pop.example.org").configure_cert(context)
        assert channel_binding(Handshake.of(context, client_context()).run().server) is None


def hello(name: str) -> bytes:
    out = ssl.MemoryBIO()
    context = client_context()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name).do_handshake()
    return out.read()


def failure_of(pairs: list[PairFiles], octets: bytes, *, eof: bool = False) -> str:
    """Give the words for what a server meets when a client begins with these octets."""
    arrived = ssl.MemoryBIO()
    arrived.write(octets)
    if eof:
        arrived.write_eof()
    server = ServerTls(pairs).front(Door.POP3).wrap_bio(arrived, ssl.MemoryBIO(), server_side=True)
    with pytest.raises(ssl.SSLError) as caught:
        server.do_handshake()
    return handshake_reason(caught.value)


class TestTheWordsForAFailure:
    @pytest.mark.parametrize("octets", [b"CAPA\r\n" * 10, b"\x00" * 64, b"EHLO there\r\n", b"\xff" * 64])
    def test_plain_text_is_called_that(self, pairs: list[PairFiles], octets: bytes) -> None:
        assert "is no TLS" in failure_of(pairs, octets)

    def test_http_is_called_that(self, pairs: list[PairFiles]) -> None:
        assert "HTTP" in failure_of(pairs, b"GET / HTTP/1.1\r\n\r\n")

    def test_an_end_in_the_middle_is_called_that(self, pairs: list[PairFiles]) -> None:
        octets = hello("pop.example.org")
        assert "closed" in failure_of(pairs, octets[:50], eof=True)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_client_that_does_not_trust_the_certificate_is_called_that(
        self, pairs: list[PairFiles], version: ssl.TLSVersion
    ) -> None:
        client = client_context(version, trusts=trustme.CA())
        handshake = Handshake.of(ServerTls(pairs).front(Door.POP3), client)
        handshake.step("client")
        handshake.step("server")
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake.step("client")
        with pytest.raises(ssl.SSLError) as caught:
            handshake.server.do_handshake()
        assert handshake_reason(caught.value) == (
            "the client does not trust the certificate: it does not know who signed it"
        )

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (None, "closed the connection"),
            (ConnectionResetError(), "closed the connection"),
            (TimeoutError(), "too long"),
            (ConnectionAbortedError("SSL handshake is taking longer than 10 seconds: aborting"), "too long"),
            (ConnectionAbortedError(), "closed the connection"),
            (ValueError("secret"), "ValueError"),
            (OSError(5, "Input/output error"), "OSError"),
        ],
    )
    def test_other_errors_have_words_too(self, error: Exception | None, words: str) -> None:
        assert words in handshake_reason(error)
        assert "secret" not in handshake_reason(error)

    @pytest.mark.parametrize(
        ("reason", "words"),
        [
            ("SSLV3_ALERT_ILLEGAL_PARAMETER", "the client broke it off (illegal parameter)"),
            ("BAD_EXTENSION", "TLS failed (bad extension)"),
        ],
    )
    def test_what_is_not_known_is_told_as_openssl_tells_it(self, reason: str, words: str) -> None:
        error = ssl.SSLError()
        error.reason = reason
        assert handshake_reason(error) == words


class TestServerNamesThatAreNoText:
    def test_the_handshake_fails_and_no_traceback_is_written(
        self, pairs: list[PairFiles], heard: list[object]
    ) -> None:
        octets = hello("xxxxxxxxxx.example.org").replace(b"x" * 10, b"\xff" * 10)
        assert "no host name" in failure_of(pairs, octets)
        assert heard == []

    def test_an_error_of_ours_within_a_handshake_is_still_heard(self, heard: list[object]) -> None:
        front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def fail(_handshake: object, _name: str | None, _front: ssl.SSLContext) -> None:
            b"\xff".decode("ascii")

        front.sni_callback = fail
        with pytest.raises(ssl.SSLError):
            Handshake.of(front, client_context()).run()
        assert len(heard) == 1

    def test_other_errors_that_nobody_can_catch_are_still_heard(self, heard: list[object]) -> None:
        class Bad:
            def __del__(self) -> None:
                b"\xff".decode("ascii")

        Bad()
        assert len(heard) == 1
