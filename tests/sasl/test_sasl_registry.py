"""The registry knows every mechanism, offers what is safe, and chooses the strongest."""

from __future__ import annotations

import pytest
from tests.sasl.acting import DECOY, World, log_in

from restante.proto.terms import Secret
from restante.sasl.bindings import exporter
from restante.sasl.registry import (
    MECHANISMS,
    ClientMaterial,
    CredentialKind,
    Mechanism,
    NoMechanism,
    NoMechanismReason,
    ServerMaterial,
    choose,
    find,
    offer,
)
from restante.sasl.terms import Credentials, Done

ALL = [mechanism.name for mechanism in MECHANISMS]
PASSWORD, TOKEN, CERTIFICATE = CredentialKind.PASSWORD, CredentialKind.TOKEN, CredentialKind.CERTIFICATE
BINDING = exporter(b"e" * 32)


def test_the_mechanisms_stand_strongest_first() -> None:
    assert ALL == [
        "EXTERNAL",
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
        "OAUTHBEARER",
        "XOAUTH2",
        "PLAIN",
        "LOGIN",
        "CRAM-MD5",
    ]


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda mechanism: mechanism.name)
def test_both_sides_of_each_row_log_in(mechanism: Mechanism) -> None:
    binding = BINDING if mechanism.binds else None
    server = mechanism.server(
        ServerMaterial(
            certificate=b"DER",
            entropy=b"s" * 18,
            host="mail.example.org",
            decoy=DECOY,
            bindings=(binding,) if binding else (),
        )
    )
    client = mechanism.client(
        ClientMaterial(
            credentials=Credentials(authcid="ted", password=Secret(b"SECRET"), token=Secret(b"tokentoken")),
            entropy=b"c" * 18,
            binding=binding,
            server_offers_plus=mechanism.binds,
            host="mail.example.org",
            port=995,
        )
    )
    assert (server.name, server.server_first) == (mechanism.name, mechanism.server_first)
    assert client.name == mechanism.name
    outcome = log_in(server, client, World())
    assert isinstance(outcome, Done)
    assert outcome.authcid == "ted"
    assert (client.start() is None) == mechanism.server_first


def test_names_are_found_in_any_case() -> None:
    assert find("scram-sha-256") is find("SCRAM-SHA-256")
    assert find("plain") is not None
    for name in ("", "DIGEST-MD5", "plaın", "PLAIN "):
        assert find(name) is None


# --- the server's offer -------------------------------------------------------------------------------------------


def offered(
    *,
    tls: bool,
    allow_plaintext: bool = False,
    binding: bool = False,
    certificate: bool = False,
    names: list[str] = ALL,
) -> list[str]:
    return [
        mechanism.name
        for mechanism in offer(
            names, tls=tls, allow_plaintext=allow_plaintext, binding=binding, certificate=certificate
        )
    ]


@pytest.mark.rule("T4")
def test_before_tls_nothing_that_reveals_a_credential_is_offered() -> None:
    assert offered(tls=False) == ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"]


def test_the_administrator_may_allow_it_without_tls() -> None:
    assert {"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"} <= set(offered(tls=False, allow_plaintext=True))


@pytest.mark.rule("A4")
def test_plain_is_always_there_under_tls() -> None:
    assert offered(tls=True, names=[]) == ["PLAIN"]
    assert offered(tls=False, names=[]) == []


def test_what_needs_a_binding_or_a_certificate_is_offered_where_there_is_one() -> None:
    assert offered(tls=True, binding=True, certificate=True) == ALL
    assert not {"EXTERNAL", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"} & set(offered(tls=True))


def test_what_is_not_enabled_is_not_offered() -> None:
    assert offered(tls=True, names=["scram-sha-256", "DIGEST-MD5"]) == ["SCRAM-SHA-256", "PLAIN"]


# --- the client's choice ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "have", "tls", "chosen"),
    [
        (ALL, {PASSWORD}, True, "SCRAM-SHA-256"),
        (ALL, {PASSWORD, CERTIFICATE}, True, "EXTERNAL"),
        (ALL, {TOKEN}, True, "OAUTHBEARER"),
        (["PLAIN", "XOAUTH2"], {TOKEN, PASSWORD}, True, "XOAUTH2"),
        (["login", "plain"], {PASSWORD}, True, "PLAIN"),
        (["LOGIN"], {PASSWORD}, True, "LOGIN"),
        (["PLAIN", "SCRAM-SHA-1"], {PASSWORD}, False, "SCRAM-SHA-1"),
        (["GSSAPI", "PLAIN", "\xff"], {PASSWORD}, True, "PLAIN"),
        (["CRAM-MD5", "PLAIN"], {PASSWORD}, True, "PLAIN"),
    ],
)
def test_the_strongest_that_can_be_used_is_chosen(
    names: list[str], have: set[CredentialKind], tls: bool, chosen: str
) -> None:
    mechanism = choose(names, have=have, tls=tls)
    assert isinstance(mechanism, Mechanism)
    assert mechanism.name == chosen


@pytest.mark.rule("A6")
def test_a_binding_is_used_where_both_have_it() -> None:
    mechanism = choose(ALL, have={PASSWORD}, tls=True, binding=True)
    assert isinstance(mechanism, Mechanism)
    assert mechanism.name == "SCRAM-SHA-256-PLUS"


def refused(choice: Mechanism | NoMechanism, reason: NoMechanismReason) -> NoMechanism:
    assert isinstance(choice, NoMechanism)
    assert choice.reason is reason
    assert all(name in choice.sentence for name in choice.names)
    return choice


@pytest.mark.rule("A7")
@pytest.mark.parametrize("tls", [False, True])
def test_cram_md5_is_never_chosen_unless_it_is_named(tls: bool) -> None:
    refused(choose(["CRAM-MD5"], have={PASSWORD}, tls=tls), NoMechanismReason.ONLY_WHEN_NAMED)
    refused(choose(["CRAM-MD5", "PLAIN"], have={PASSWORD}, tls=False), NoMechanismReason.NEEDS_TLS)
    named = choose(["CRAM-MD5", "PLAIN"], have={PASSWORD}, tls=tls, named="cram-md5")
    assert isinstance(named, Mechanism)
    assert named.name == "CRAM-MD5"


@pytest.mark.rule("T5")
def test_without_tls_no_credential_is_revealed_unless_a_person_says_so() -> None:
    for name in ("PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"):
        for named in (None, name):
            refused(choose([name], have={PASSWORD, TOKEN}, tls=False, named=named), NoMechanismReason.NEEDS_TLS)
            chosen = choose([name], have={PASSWORD, TOKEN}, tls=False, named=named, allow_plaintext=True)
            assert isinstance(chosen, Mechanism)
    refused(choose(["EXTERNAL"], have={CERTIFICATE}, tls=False, allow_plaintext=True), NoMechanismReason.NEEDS_TLS)


def test_a_choice_that_cannot_be_made_says_why() -> None:
    refused(choose([], have={PASSWORD}, tls=True), NoMechanismReason.NOTHING_IN_COMMON)
    refused(choose(["GSSAPI"], have={PASSWORD}, tls=True), NoMechanismReason.NOTHING_IN_COMMON)
    refused(choose(["PLAIN"], have={TOKEN}, tls=True), NoMechanismReason.NEEDS_CREDENTIAL)
    refused(choose(["SCRAM-SHA-1-PLUS"], have={PASSWORD}, tls=True), NoMechanismReason.NEEDS_BINDING)
    refused(choose(ALL, have={PASSWORD}, tls=True, named="GSSAPI"), NoMechanismReason.UNKNOWN)
    refused(choose(["PLAIN"], have={PASSWORD}, tls=True, named="LOGIN"), NoMechanismReason.NOT_OFFERED)


@pytest.mark.parametrize("reason", NoMechanismReason)
def test_each_reason_ends_with_what_to_do(reason: NoMechanismReason) -> None:
    sentence = NoMechanism(reason=reason, names=("PLAIN", "LOGIN")).sentence
    assert any(word in sentence for word in ("; ", ": give"))
