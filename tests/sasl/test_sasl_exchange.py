"""The lines of AUTH are those of RFC 5034, on both sides."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sasl.acting import DECOY, World, ted

from restante.proto.lines import LineSplitter
from restante.proto.terms import Secret
from restante.sasl.bindings import exporter
from restante.sasl.exchange import (
    COMMAND_LINE_OCTETS,
    LINE_OCTETS,
    AuthExchange,
    AuthRefused,
    ClientAuthExchange,
    ExchangeStep,
    LoggedIn,
    SendLine,
)
from restante.sasl.external import ExternalClient, external_server
from restante.sasl.login import LoginClient, login_server
from restante.sasl.oauthbearer import OAuthBearerClient, oauthbearer_server
from restante.sasl.plain import PlainClient, plain_server
from restante.sasl.registry import MECHANISMS, ClientMaterial, Mechanism, ServerMaterial
from restante.sasl.scram import ScramClient
from restante.sasl.scram_keys import ScramHash
from restante.sasl.terms import (
    LARGEST_MESSAGE_OCTETS,
    ClientMechanism,
    Credentials,
    CredentialUnusable,
    Done,
    Failed,
    FailureKind,
    JudgeCertificate,
    JudgePassword,
    JudgeToken,
    MechanismError,
    PeerMisbehaved,
    ScramRefused,
    ServerNotVerified,
    TokenRefused,
)


def failed(step: ExchangeStep, kind: FailureKind) -> None:
    assert isinstance(step, Failed), step
    assert step.kind is kind


def settled(exchange: AuthExchange, step: ExchangeStep, world: World) -> SendLine | Done | Failed:
    while not isinstance(step, SendLine | Done | Failed):
        step = exchange.resume(world.answer(step))
    return step


# --- the server's side --------------------------------------------------------------------------------------------


@pytest.mark.rule("A1")
def test_an_initial_response_comes_on_the_line_of_the_command() -> None:
    # RFC 5034 §6
    step = AuthExchange(plain_server()).begin(b"dGVzdAB0ZXN0AHRlc3Q=")
    assert isinstance(step, JudgePassword)
    assert (step.authzid, step.authcid, step.password) == ("test", "test", Secret(b"test"))


@pytest.mark.rule("A2")
def test_a_missing_initial_response_gets_the_empty_challenge() -> None:
    exchange = AuthExchange(plain_server())
    assert exchange.begin(None) == SendLine(b"+ \r\n")
    assert isinstance(exchange.receive_line(b"dGVzdAB0ZXN0AHRlc3Q="), JudgePassword)


@pytest.mark.rule("A1")
def test_an_equals_sign_is_an_empty_initial_response() -> None:
    assert AuthExchange(external_server(b"DER")).begin(b"=") == JudgeCertificate(authzid=None, certificate=b"DER")
    exchange = AuthExchange(external_server(b"DER"))
    assert exchange.begin(None) == SendLine(b"+ \r\n")
    assert exchange.receive_line(b"") == JudgeCertificate(authzid=None, certificate=b"DER")


@pytest.mark.rule("A1")
def test_an_equals_sign_is_nothing_in_a_later_line() -> None:
    exchange = AuthExchange(external_server(b"DER"))
    exchange.begin(None)
    failed(exchange.receive_line(b"="), FailureKind.BAD_ENCODING)


@pytest.mark.rule("A2")
@pytest.mark.parametrize("initial", [b"=", b"dGVk"])
def test_an_initial_response_to_a_server_that_speaks_first_is_refused(initial: bytes) -> None:
    failed(AuthExchange(login_server()).begin(initial), FailureKind.INITIAL_RESPONSE)
    assert AuthExchange(login_server()).begin(None) == SendLine(b"+ VXNlcm5hbWU6\r\n")


@pytest.mark.rule("A3")
def test_an_asterisk_cancels() -> None:
    exchange = AuthExchange(login_server())
    exchange.begin(None)
    failed(exchange.receive_line(b"*"), FailureKind.CANCELLED)


@pytest.mark.rule("A3")
@pytest.mark.parametrize(
    "text", [b"!", b"dGVk ", b" dGVk", b"dGV", b"dGVk=", b"* ", b"**", b"\xff", b"dGVk\0", b"QUIT"]
)
def test_bad_base64_is_refused(text: bytes) -> None:
    exchange = AuthExchange(plain_server())
    exchange.begin(None)
    kind = FailureKind.MALFORMED if text == b"QUIT" else FailureKind.BAD_ENCODING  # four letters of the alphabet
    failed(exchange.receive_line(text), kind)
    failed(AuthExchange(plain_server()).begin(text), kind)


@pytest.mark.rule("A1")
def test_a_later_line_holds_16_kib_and_no_more() -> None:
    splitter = LineSplitter(LINE_OCTETS)
    message = b"n,,\1auth=Bearer " + b"t" * (LARGEST_MESSAGE_OCTETS - 18) + b"\1\1"
    line = b64encode(message)
    splitter.receive(line + b"\r\n")
    assert splitter.next_line() == line
    exchange = AuthExchange(oauthbearer_server())
    exchange.begin(None)
    assert isinstance(exchange.receive_line(line), JudgeToken)
    exchange = AuthExchange(oauthbearer_server())
    exchange.begin(None)
    failed(exchange.receive_line(line + b"AAAA"), FailureKind.TOO_LONG)
    exchange = AuthExchange(oauthbearer_server())
    exchange.begin(None)
    failed(exchange.receive_line(b"!" * (LINE_OCTETS - 1)), FailureKind.TOO_LONG)  # not looked at
    exchange = AuthExchange(oauthbearer_server())
    exchange.begin(None)
    failed(exchange.line_too_long(), FailureKind.TOO_LONG)


def test_another_protocol_has_another_prefix() -> None:
    assert AuthExchange(login_server(), challenge_prefix=b"334 ").begin(None) == SendLine(b"334 VXNlcm5hbWU6\r\n")


@given(
    st.lists(st.binary(max_size=40) | st.binary(max_size=40).map(b64encode), max_size=4),
    st.sampled_from(MECHANISMS),
)
def test_any_lines_end_in_a_step(lines: list[bytes], mechanism: Mechanism) -> None:
    exchange = AuthExchange(mechanism.server(server_material(mechanism)))
    assert exchange.mechanism == mechanism.name
    step = settled(exchange, exchange.begin(None), World())
    for line in lines:
        if not isinstance(step, SendLine):
            break
        assert step.octets.startswith(b"+ ")
        assert step.octets.endswith(b"\r\n")
        step = settled(exchange, exchange.receive_line(line), World())
    assert isinstance(step, SendLine | Done | Failed)


# --- both sides ---------------------------------------------------------------------------------------------------


def server_material(mechanism: Mechanism) -> ServerMaterial:
    bindings = (exporter(b"e" * 32),) if mechanism.binds else ()
    return ServerMaterial(
        entropy=b"s" * 18, host="mail.example.org", decoy=DECOY, bindings=bindings, certificate=b"DER"
    )


def play(client: ClientAuthExchange, server: AuthExchange, world: World) -> LoggedIn:
    sent = client.start()
    while True:
        assert sent.octets.endswith(b"\r\n")
        line = sent.octets[:-2]
        if line.startswith(b"AUTH "):
            _, _, *initial = line.split(b" ")
            step = server.begin(initial[0] if initial else None)
        else:
            step = server.receive_line(line)
        match settled(server, step, world):
            case SendLine(octets=octets):
                line = octets[:-2]
            case Done():
                line = b"+OK 3 messages"
            case Failed():
                line = b"-ERR [AUTH] no"
        answer = client.receive_line(line)
        if isinstance(answer, LoggedIn):
            return answer
        sent = answer


@settings(deadline=None)
@given(st.integers(1, 1000), st.sampled_from(MECHANISMS))
def test_both_sides_understand_each_other_whatever_the_length(length: int, mechanism: Mechanism) -> None:
    world = World(password="p" * length, token=b"t" * length)
    server_side = server_material(mechanism)
    client = mechanism.client(
        ClientMaterial(
            credentials=Credentials(
                authcid="ted", password=Secret(world.password.encode()), token=Secret(world.token)
            ),
            entropy=b"c" * 18,
            binding=server_side.bindings[0] if mechanism.binds else None,
            server_offers_plus=mechanism.binds,
        )
    )
    exchange = ClientAuthExchange(client)
    assert play(exchange, AuthExchange(mechanism.server(server_side)), world) == LoggedIn(b"+OK 3 messages")


def test_a_wrong_password_leaves_the_session_usable() -> None:
    client = ClientAuthExchange(PlainClient(ted("wrong")))
    with pytest.raises(AuthRefused) as caught:
        play(client, AuthExchange(plain_server()), World())
    assert caught.value.reply == b"-ERR [AUTH] no"
    assert client.session_usable


@pytest.mark.rule("A5")
def test_a_refused_token_is_told_once_the_server_said_no() -> None:
    client = ClientAuthExchange(OAuthBearerClient(Credentials(authcid="ted", token=Secret(b"wrong"))))
    with pytest.raises(TokenRefused):
        play(client, AuthExchange(oauthbearer_server()), World())
    assert client.session_usable


# --- the client's side --------------------------------------------------------------------------------------------


@pytest.mark.rule("A1")
def test_a_command_of_255_octets_holds_its_response_and_one_more_goes_in_a_second_step() -> None:
    for octets in range(1, 400):
        client = ClientAuthExchange(PlainClient(ted("p" * octets)))
        response = b64encode(b"\0ted\0" + b"p" * octets)
        whole = b"AUTH PLAIN %s\r\n" % response
        if len(whole) <= COMMAND_LINE_OCTETS:
            assert client.start() == SendLine(whole)
        else:
            assert client.start() == SendLine(b"AUTH PLAIN\r\n")
            assert client.receive_line(b"+ ") == SendLine(response + b"\r\n")


@pytest.mark.rule("A1")
def test_the_limit_itself_is_reached() -> None:
    # Base64 grows by four octets at a time; behind `AUTH OAUTHBEARER ` it ends at 255 exactly.
    lengths = {
        len(ClientAuthExchange(mechanism).start().octets)
        for octets in range(150, 200)
        for mechanism in (
            ExternalClient(Credentials(authcid="", authzid="n" * octets)),
            PlainClient(ted("p" * octets)),
            OAuthBearerClient(Credentials(authcid="ted", token=Secret(b"t" * octets))),
        )
    }
    assert max(lengths) == COMMAND_LINE_OCTETS


def test_an_empty_initial_response_is_an_equals_sign() -> None:
    assert ClientAuthExchange(ExternalClient(Credentials(authcid=""))).start() == SendLine(b"AUTH EXTERNAL =\r\n")


@pytest.mark.parametrize(
    ("mechanism", "response"),
    [(PlainClient(ted()), b"AHRlZABTRUNSRVQ=\r\n"), (ExternalClient(Credentials(authcid="")), b"\r\n")],
)
def test_a_server_of_old_gets_the_initial_response_in_a_second_step(
    mechanism: ClientMechanism, response: bytes
) -> None:
    client = ClientAuthExchange(mechanism, initial_response=False)
    assert client.start() == SendLine(b"AUTH %s\r\n" % mechanism.name.encode())
    assert client.receive_line(b"+ ") == SendLine(response)


def test_a_server_that_speaks_first_gets_no_initial_response() -> None:
    client = ClientAuthExchange(LoginClient(ted()))
    assert client.start() == SendLine(b"AUTH LOGIN\r\n")
    assert client.receive_line(b"+ VXNlcm5hbWU6") == SendLine(b"dGVk\r\n")
    assert client.receive_line(b"+ UGFzc3dvcmQ6") == SendLine(b"U0VDUkVU\r\n")
    assert client.receive_line(b"+ok welcome") == LoggedIn(b"+ok welcome")


def test_a_credential_for_which_no_line_is_long_enough_is_not_sent() -> None:
    client = ClientAuthExchange(OAuthBearerClient(Credentials(authcid="ted", token=Secret(b"t" * 13_000))))
    with pytest.raises(CredentialUnusable):
        client.start()


def long_plain() -> ClientMechanism:
    return PlainClient(ted("p" * 300))


@pytest.mark.parametrize("prompt", [b"+", b"+ ", b"+ Z28gYWhlYWQ=", b"+ go ahead"])
def test_a_prompt_may_say_anything(prompt: bytes) -> None:
    client = ClientAuthExchange(long_plain())
    client.start()
    assert isinstance(client.receive_line(prompt), SendLine)


@pytest.mark.rule("A6")
def test_a_yes_before_the_server_is_verified_is_not_believed() -> None:
    client = ClientAuthExchange(ScramClient(ScramHash.SHA_256, ted(), nonce="c"))
    client.start()
    with pytest.raises(ServerNotVerified):
        client.receive_line(b"+OK welcome")
    assert not client.session_usable


@pytest.mark.rule("A6")
def test_an_error_of_scram_is_told_once_the_server_said_no() -> None:
    client = ClientAuthExchange(ScramClient(ScramHash.SHA_256, ted(), nonce="c"))
    client.start()
    assert client.receive_line(b"+ " + b64encode(b"e=no-resources")) == SendLine(b"\r\n")
    with pytest.raises(ScramRefused):
        client.receive_line(b"-ERR no")
    assert client.session_usable


def test_a_yes_before_anything_was_told_is_not_believed() -> None:
    client = ClientAuthExchange(long_plain())
    client.start()
    with pytest.raises(PeerMisbehaved):
        client.receive_line(b"+OK welcome")


@pytest.mark.parametrize("challenge", [b"+ !", b"+ AAAA", b"+ " + b"A" * 20_000])
def test_a_challenge_that_will_not_do_is_cancelled_and_told_at_the_end(challenge: bytes) -> None:
    for end, usable in ((b"-ERR cancelled", True), (b"+OK welcome", False), (b"+ AAAA", False)):
        client = ClientAuthExchange(PlainClient(ted()))
        client.start()
        assert client.receive_line(challenge) == SendLine(b"*\r\n")
        with pytest.raises(PeerMisbehaved):
            client.receive_line(end)
        assert client.session_usable is usable


def test_a_line_of_the_server_that_is_too_long_is_cancelled_once() -> None:
    client = ClientAuthExchange(PlainClient(ted()))
    client.start()
    assert client.line_too_long() == SendLine(b"*\r\n")
    with pytest.raises(PeerMisbehaved):
        client.line_too_long()


@pytest.mark.parametrize("line", [b"", b"OK", b"+OKAY", b"-", b"* BYE", b"HTTP/1.1 400", b"\xff"])
def test_a_line_that_is_no_answer_is_not_one(line: bytes) -> None:
    client = ClientAuthExchange(PlainClient(ted()))
    client.start()
    with pytest.raises(PeerMisbehaved):
        client.receive_line(line)
    assert not client.session_usable


def test_nothing_is_believed_before_the_start_or_after_the_end() -> None:
    client = ClientAuthExchange(PlainClient(ted()))
    with pytest.raises(PeerMisbehaved):
        client.receive_line(b"+OK")
    client = ClientAuthExchange(PlainClient(ted()))
    client.start()
    client.receive_line(b"+OK")
    for line in (b"+OK", b"-ERR", b"+ "):
        with pytest.raises(PeerMisbehaved):
            client.receive_line(line)
    assert not client.session_usable


_REPLIES = (
    st.binary(max_size=30)
    | st.sampled_from([b"+ ", b"+OK", b"-ERR no"])
    | st.binary().map(lambda o: b"+ " + b64encode(o))
)


@given(st.lists(_REPLIES, max_size=5), st.sampled_from(MECHANISMS))
def test_any_lines_of_a_server_are_answered_or_one_kind_of_error(lines: list[bytes], mechanism: Mechanism) -> None:
    material = server_material(mechanism)
    exchange = ClientAuthExchange(
        mechanism.client(
            ClientMaterial(
                credentials=Credentials(authcid="ted", password=Secret(b"SECRET"), token=Secret(b"t")),
                entropy=b"c" * 18,
                binding=material.bindings[0] if mechanism.binds else None,
                server_offers_plus=mechanism.binds,
            )
        )
    )
    exchange.start()
    for line in lines:
        try:
            answer = exchange.receive_line(line)
        except MechanismError:
            break
        if isinstance(answer, LoggedIn):
            assert not mechanism.name.startswith("SCRAM")
            break
