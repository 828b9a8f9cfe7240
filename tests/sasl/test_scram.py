"""SCRAM is that of RFC 5802 and RFC 7677, and gives way to no trick on either side."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sasl.acting import DECOY, World, log_in, ted, texts

from restante.proto.terms import Secret
from restante.sasl.bindings import exporter, server_end_point
from restante.sasl.machine import ServerMechanism
from restante.sasl.scram import ScramClient, nonce_from, scram_server
from restante.sasl.scram_keys import ScramHash, ScramKeys, scram_keys
from restante.sasl.terms import (
    Challenge,
    ChannelBinding,
    CredentialUnusable,
    Done,
    Failed,
    FailureKind,
    FoundKeys,
    NeedScramKeys,
    PeerMisbehaved,
    ScramRefused,
    ServerNotVerified,
    Unavailable,
)

SHA_1, SHA_256 = ScramHash.SHA_1, ScramHash.SHA_256
EXPORTER = exporter(b"e" * 32)
_END_POINT = server_end_point(b"certificate", signature_hash="sha256")
assert _END_POINT is not None
END_POINT = _END_POINT

EXAMPLES = {
    SHA_1: (
        "fyko+d2lbbFgONRv9qkxdawL",
        "3rfcNHYJY1ZVvWVs7j",
        "QSXCR+Q6sek8bf92",
        b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    SHA_256: (
        "rOprNGfwEbeRWgbNEkqO",
        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        "W22ZaJ0SNY7soEsUEjb6gQ==",
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
}
"""RFC 5802 §5 and RFC 7677 §3: nonces, salt, and the four messages; user `user`, password `pencil`."""


def keys_of(hash_: ScramHash) -> ScramKeys:
    return scram_keys(hash_, Secret(b"pencil"), salt=b64decode(EXAMPLES[hash_][2]), iterations=4096)


def server_of(
    hash_: ScramHash = SHA_256, *, plus: bool = False, bindings: tuple[ChannelBinding, ...] = ()
) -> ServerMechanism:
    return scram_server(hash_, plus=plus, nonce=EXAMPLES[hash_][1], decoy=DECOY, bindings=bindings)


def client_of(hash_: ScramHash = SHA_256) -> ScramClient:
    return ScramClient(hash_, ted("pencil", name="user"), nonce=EXAMPLES[hash_][0])


def failed(step: object, kind: FailureKind) -> None:
    assert isinstance(step, Failed), step
    assert step.kind is kind


@pytest.mark.rule("A6")
@pytest.mark.parametrize("hash_", ScramHash)
def test_the_server_of_the_example(hash_: ScramHash) -> None:
    _, _, _, client_first, server_first, client_final, server_final = EXAMPLES[hash_]
    server = server_of(hash_)
    assert server.begin(client_first) == NeedScramKeys(hash=hash_, authzid=None, authcid="user")
    assert server.resume(FoundKeys(keys=keys_of(hash_))) == Challenge(octets=server_first)
    assert server.step(client_final) == Challenge(octets=server_final)
    assert server.step(b"") == Done(authcid="user", authzid=None)


@pytest.mark.rule("A6")
@pytest.mark.parametrize("hash_", ScramHash)
def test_the_client_of_the_example(hash_: ScramHash) -> None:
    _, _, _, client_first, server_first, client_final, server_final = EXAMPLES[hash_]
    client = client_of(hash_)
    assert client.start() == client_first
    assert client.respond(server_first) == client_final
    assert client.respond(server_final) == b""
    client.finished()


@pytest.mark.rule("A4")
def test_the_verifier_is_a_challenge_and_the_end_carries_no_data() -> None:
    server = server_of()
    server.begin(EXAMPLES[SHA_256][3])
    server.resume(FoundKeys(keys=keys_of(SHA_256)))
    assert isinstance(server.step(EXAMPLES[SHA_256][5]), Challenge)
    failed(server.step(b"more"), FailureKind.MALFORMED)


@settings(max_examples=30, deadline=None)
@given(texts, texts, st.sampled_from(ScramHash), st.booleans())
def test_both_sides_understand_each_other(name: str, password: str, hash_: ScramHash, plus: bool) -> None:
    world = World(name=name, password=password)
    client = ScramClient(
        hash_, ted(password, name=name, authzid=name), nonce="client", plus=plus, binding=EXPORTER if plus else None
    )
    server = server_of(hash_, plus=plus, bindings=(END_POINT, EXPORTER) if plus else ())
    assert log_in(server, client, world) == Done(authcid=world.name, authzid=world.name)


@pytest.mark.rule("A6")
@pytest.mark.parametrize("binding", [EXPORTER, END_POINT])
def test_plus_binds_the_login_to_the_channel(binding: ChannelBinding) -> None:
    client = ScramClient(SHA_256, ted(), nonce="client", plus=True, binding=binding)
    assert client.start() == b"p=%s,,n=ted,r=client" % binding.type.value.encode()
    assert client.name == "SCRAM-SHA-256-PLUS"
    assert isinstance(log_in(server_of(plus=True, bindings=(EXPORTER, END_POINT)), client, World()), Done)


@pytest.mark.rule("A6")
def test_another_channel_is_refused_though_the_password_is_right() -> None:
    client = ScramClient(SHA_256, ted(), nonce="client", plus=True, binding=exporter(b"x" * 32))
    failed(log_in(server_of(plus=True, bindings=(EXPORTER,)), client, World()), FailureKind.BINDING_MISMATCH)


@pytest.mark.rule("A6")
def test_a_client_that_saw_no_offer_of_binding_is_refused_where_there_is_one() -> None:
    client = ScramClient(SHA_256, ted(), nonce="client", binding=EXPORTER, server_offers_plus=False)
    assert client.start().startswith(b"y,,")
    failed(server_of(bindings=(EXPORTER,)).begin(client.start()), FailureKind.DOWNGRADE)
    assert isinstance(server_of().begin(client.start()), NeedScramKeys)


def test_a_client_that_saw_the_offer_and_does_without_says_so() -> None:
    client = ScramClient(SHA_256, ted(), nonce="client", binding=EXPORTER, server_offers_plus=True)
    assert client.start().startswith(b"n,,")
    assert isinstance(server_of(bindings=(EXPORTER,)).begin(client.start()), NeedScramKeys)


@pytest.mark.rule("A6")
@pytest.mark.parametrize(
    ("first", "plus", "kind"),
    [
        (b"p=tls-exporter,,n=ted,r=c", False, FailureKind.MALFORMED),
        (b"n,,n=ted,r=c", True, FailureKind.MALFORMED),
        (b"y,,n=ted,r=c", True, FailureKind.MALFORMED),
        (b"p=tls-unique,,n=ted,r=c", True, FailureKind.UNSUPPORTED),
        (b"p=tls-server-end-point,,n=ted,r=c", True, FailureKind.UNSUPPORTED),
        (b"n,,m=x,n=ted,r=c", False, FailureKind.UNSUPPORTED),
        (b"n,,n=ted,r=c,m=x", False, FailureKind.UNSUPPORTED),
        (b"", False, FailureKind.MALFORMED),
        (b"n=ted,r=c", False, FailureKind.MALFORMED),
        (b"x,,n=ted,r=c", False, FailureKind.MALFORMED),
        (b"n,n=ted,r=c", False, FailureKind.MALFORMED),
        (b"n,b=ted,n=ted,r=c", False, FailureKind.MALFORMED),
        (b"n,a=,n=ted,r=c", False, FailureKind.MALFORMED),
        (b"n,,n=,r=c", False, FailureKind.MALFORMED),
        (b"n,,n=ted,r=", False, FailureKind.MALFORMED),
        (b"n,,n=ted,r=c c", False, FailureKind.MALFORMED),
        (b"n,,n=ted,r=" + b"c" * 257, False, FailureKind.MALFORMED),
        (b"n,,n=ted", False, FailureKind.MALFORMED),
        (b"n,,r=c,n=ted", False, FailureKind.MALFORMED),
        (b"n,,n=t=2ced,r=c", False, FailureKind.MALFORMED),
        (b"n,,n=ted=,r=c", False, FailureKind.MALFORMED),
        (b"n,,n=t\0d,r=c", False, FailureKind.MALFORMED),
        (b"n,,n=\xff,r=c", False, FailureKind.MALFORMED),
        (b"n,,n=\x07,r=c", False, FailureKind.WRONG_CREDENTIALS),
        (b"n,,n=" + b"t" * 321 + b",r=c", False, FailureKind.TOO_LONG),
        (b"n,,n=ted,r=c,x", False, FailureKind.MALFORMED),
    ],
)
def test_a_first_message_that_will_not_do_is_refused(first: bytes, plus: bool, kind: FailureKind) -> None:
    failed(server_of(plus=plus, bindings=(EXPORTER,) if plus else ()).begin(first), kind)


def test_optional_extensions_are_passed_over() -> None:
    server = server_of()
    assert isinstance(server.begin(b"n,,n=ted,r=c,x=1,y=\xc3\xa9"), NeedScramKeys)


def test_names_are_unescaped() -> None:
    request = server_of().begin(b"n,a=x=2Cy,n=a=3D=2Cb=3D2C,r=c")
    assert request == NeedScramKeys(hash=SHA_256, authzid="x,y", authcid="a=,b=2C")


_FINAL = EXAMPLES[SHA_256][5]


@pytest.mark.rule("A6")
@pytest.mark.parametrize(
    ("final", "kind"),
    [
        (b"", FailureKind.MALFORMED),
        (_FINAL.replace(b"r=rO", b"r=rX"), FailureKind.MALFORMED),
        (_FINAL.replace(b"$k0,", b"$k,"), FailureKind.MALFORMED),
        (_FINAL.replace(b"c=biws", b"c=eSws"), FailureKind.BINDING_MISMATCH),
        (_FINAL.replace(b"c=biws", b"c=biws="), FailureKind.BAD_ENCODING),
        (_FINAL.replace(b"p=dHzb", b"p=eHzb"), FailureKind.WRONG_CREDENTIALS),
        (_FINAL.replace(b"dVQ=", b"dVR="), FailureKind.BAD_ENCODING),
        (_FINAL.replace(b"AndVQ=", b""), FailureKind.BAD_ENCODING),
        (_FINAL[:-4], FailureKind.MALFORMED),
        (_FINAL[: _FINAL.index(b",p=")], FailureKind.MALFORMED),
        (_FINAL.replace(b",p=", b",m=1,p="), FailureKind.UNSUPPORTED),
        (_FINAL.replace(b",p=", b",x=1,p="), FailureKind.WRONG_CREDENTIALS),
        (_FINAL + b",x=1", FailureKind.MALFORMED),
    ],
)
def test_a_last_message_that_will_not_do_is_refused(final: bytes, kind: FailureKind) -> None:
    server = server_of()
    server.begin(EXAMPLES[SHA_256][3])
    server.resume(FoundKeys(keys=keys_of(SHA_256)))
    failed(server.step(final), kind)


@settings(deadline=None)
@given(st.data())
def test_any_octets_at_each_step_get_a_step_or_a_refusal(data: st.DataObject) -> None:
    true = [EXAMPLES[SHA_256][3], EXAMPLES[SHA_256][5], b""]
    messages = list(true)
    spoiled = data.draw(st.integers(0, 2))
    messages[spoiled] = data.draw(
        st.binary(max_size=80)
        | st.text(alphabet="cnmrpavei=,biws0", max_size=30).map(str.encode)
        | st.integers(0, max(len(messages[spoiled]) - 1, 0)).map(
            lambda at: messages[spoiled][:at] + messages[spoiled][at + 1 :]
        )
    )
    server = server_of()
    step = server.begin(messages[0])
    for message in messages[1:]:
        if isinstance(step, NeedScramKeys):
            step = server.resume(FoundKeys(keys=keys_of(SHA_256)))
        if not isinstance(step, Challenge):
            break
        step = server.step(message)
    assert isinstance(step, Done) == (messages == true)


# --- names cannot be probed ---------------------------------------------------------------------------------------


@pytest.mark.rule("A6")
def test_unknown_wrong_and_locked_take_the_same_steps_to_the_same_end() -> None:
    def steps(world: World, name: str, password: str) -> list[object]:
        server, client = server_of(), ScramClient(SHA_256, ted(password, name=name), nonce="client")
        seen: list[object] = [world.settle(server, server.begin(client.start()))]
        assert isinstance(seen[0], Challenge)
        end = server.step(client.respond(seen[0].octets))
        first = re.sub(rb"s=[^,]+", lambda salt: b"s=%d" % len(salt[0]), seen[0].octets)
        return [first, end]

    unknown = steps(World(), "bob", "SECRET")
    assert unknown == steps(World(), "ted", "wrong")
    assert unknown == steps(World(locked=True), "ted", "SECRET")
    failed(unknown[1], FailureKind.WRONG_CREDENTIALS)


@pytest.mark.rule("A6")
def test_an_unknown_name_gets_the_same_salt_each_time() -> None:
    def salt(name: bytes) -> bytes:
        server = server_of()
        server.begin(b"n,,n=%s,r=c" % name)
        step = server.resume(FoundKeys(keys=None))
        assert isinstance(step, Challenge)
        return step.octets

    assert salt(b"bob") == salt(b"bob") == salt(b"BOB")
    assert salt(b"bob") != salt(b"eve")


def test_a_lock_does_not_change_the_salt() -> None:
    octets = []
    for may_log_in in (True, False):
        server = server_of()
        server.begin(EXAMPLES[SHA_256][3])
        step = server.resume(FoundKeys(keys=keys_of(SHA_256), may_log_in=may_log_in))
        assert isinstance(step, Challenge)
        octets.append(step.octets)
    assert octets[0] == octets[1]


def test_acting_as_somebody_else_is_for_the_world_to_allow() -> None:
    client = ScramClient(SHA_256, ted(authzid="bob"), nonce="client")
    failed(log_in(server_of(), client, World()), FailureKind.WRONG_CREDENTIALS)


def test_a_world_that_cannot_tell_is_not_a_wrong_password() -> None:
    server = server_of()
    server.begin(EXAMPLES[SHA_256][3])
    failed(server.resume(Unavailable()), FailureKind.UNAVAILABLE)


def test_keys_of_another_hash_are_the_callers_mistake() -> None:
    server = server_of(SHA_256)
    server.begin(EXAMPLES[SHA_256][3])
    with pytest.raises(TypeError):
        server.resume(FoundKeys(keys=keys_of(SHA_1)))


# --- what the client does not put up with -------------------------------------------------------------------------

_NONCE = EXAMPLES[SHA_256][0].encode()


@pytest.mark.rule("A6")
@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"r=%sx,s=c2FsdA==" % _NONCE,
        b"r=%s,s=c2FsdA==,i=4096" % _NONCE,  # nothing added
        b"r=x%s,s=c2FsdA==,i=4096" % _NONCE,
        b"r=%sx,s=c2FsdA==,i=4095" % _NONCE,
        b"r=%sx,s=c2FsdA==,i=1" % _NONCE,
        b"r=%sx,s=c2FsdA==,i=600001" % _NONCE,
        b"r=%sx,s=c2FsdA==,i=99999999999999999999" % _NONCE,
        b"r=%sx,s=c2FsdA==,i=04096" % _NONCE,
        b"r=%sx,s=c2FsdA==,i=-4096" % _NONCE,
        b"r=%sx,s=,i=4096" % _NONCE,
        b"r=%sx,s=c2FsdA,i=4096" % _NONCE,
        b"r=%sx,s=%s,i=4096" % (_NONCE, b64encode(b"s" * 257)),
        b"r=%sx,s=%s,i=4096" % (_NONCE, b64encode(b"s" * 300)),
        b"m=x,r=%sx,s=c2FsdA==,i=4096" % _NONCE,
        b"r=%sx,s=c2FsdA==,i=4096,m=x" % _NONCE,
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ],
)
def test_a_first_message_of_the_server_that_is_not_safe_is_not_answered(challenge: bytes) -> None:
    client = client_of()
    client.start()
    with pytest.raises(PeerMisbehaved):
        client.respond(challenge)
    with pytest.raises(PeerMisbehaved):
        client.respond(EXAMPLES[SHA_256][4])
    with pytest.raises(ServerNotVerified):
        client.finished()


@pytest.mark.rule("A6")
@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"v=",
        b"v=AAAA",
        b"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ],
)
def test_a_server_that_does_not_know_the_keys_is_not_believed(challenge: bytes) -> None:
    client = client_of()
    client.start()
    client.respond(EXAMPLES[SHA_256][4])
    with pytest.raises(PeerMisbehaved):
        client.respond(challenge)
    with pytest.raises(ServerNotVerified):
        client.finished()


@pytest.mark.rule("A6")
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_yes_before_the_server_is_verified_is_not_believed(steps: int) -> None:
    client = client_of()
    for step in range(steps):
        if step == 0:
            client.start()
        else:
            client.respond(EXAMPLES[SHA_256][4])
    with pytest.raises(ServerNotVerified):
        client.finished()


@settings(deadline=None)
@given(st.binary(max_size=80) | st.text(alphabet="rsive=,c0A", max_size=30).map(str.encode))
def test_any_challenge_is_answered_or_refused_as_one_kind_of_error(challenge: bytes) -> None:
    for first in ([], [EXAMPLES[SHA_256][4]]):
        client = client_of()
        client.start()
        for known in first:
            client.respond(known)
        with suppress(PeerMisbehaved):
            client.respond(challenge)
        with pytest.raises(ServerNotVerified):
            client.finished()


@pytest.mark.rule("A6")
@pytest.mark.parametrize(
    ("challenge", "error"),
    [
        (b"e=invalid-proof", "invalid-proof"),
        (b"e=unknown-user,x=1", "unknown-user"),
        (b"e=\xff\x1b[31m", "other-error"),
        (b"e=something-new", "other-error"),
    ],
)
def test_an_error_of_the_server_is_told_by_name(challenge: bytes, error: str) -> None:
    for known in ([], [EXAMPLES[SHA_256][4]]):
        client = client_of()
        client.start()
        for message in known:
            client.respond(message)
        assert client.respond(challenge) == b""
        with pytest.raises(ScramRefused) as caught:
            client.refused()
        assert caught.value.error == error
        with pytest.raises(ServerNotVerified):
            client.finished()


def test_a_no_without_a_word_is_left_to_the_protocol() -> None:
    client = client_of()
    client.start()
    client.refused()


def test_the_client_refuses_what_it_cannot_carry() -> None:
    for credentials in (ted("\x07"), ted(name="\u200e"), ted("\u06271")):
        with pytest.raises(CredentialUnusable) as caught:
            ScramClient(SHA_256, credentials, nonce="c")
        assert caught.value.__context__ is None


def test_material_that_does_not_do_is_refused() -> None:
    with pytest.raises(ValueError, match="channel bindings"):
        server_of(plus=True)
    with pytest.raises(ValueError, match="channel binding"):
        ScramClient(SHA_256, ted(), nonce="c", plus=True)
    for nonce in ("", "a,b", "a b", "é"):
        with pytest.raises(ValueError, match="nonce"):
            ScramClient(SHA_256, ted(), nonce=nonce)
    with pytest.raises(ValueError, match="random octets"):
        nonce_from(b"short")
    assert isinstance(ScramClient(SHA_256, ted(), nonce=nonce_from(bytes(range(200, 224)))).start(), bytes)
