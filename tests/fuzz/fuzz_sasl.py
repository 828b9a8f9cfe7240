"""Fuzzes AUTH on both sides: whatever a peer sends, each line gets a step or a refusal of a known kind.

And nobody who does not know the password gets in, and no server that does not know it is believed by SCRAM.

An input is one octet that picks the mechanism and the side, then lines. A line that starts with `!` goes in as it
is; any other is put into base64 first, so that what a fuzzer changes reaches the mechanisms.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from tests.sasl.acting import DECOY, World

from restante.proto.terms import Secret
from restante.sasl.bindings import exporter
from restante.sasl.exchange import AuthExchange, ClientAuthExchange, ExchangeStep, LoggedIn, SendLine
from restante.sasl.registry import MECHANISMS, ClientMaterial, Mechanism, ServerMaterial
from restante.sasl.terms import Credentials, Done, Failed, MechanismError

PIECES: Final = (b"\0", b",", b"=", b"\1", b"\n", b"m=x,", b"\xff")

MOST_LINES: Final = 8
"""More than any mechanism has turns."""

UNGUESSED: Final = b"correct-horse-battery-staple"

UNKNOWN_TO_SERVERS: Final = b"incorrect-horse-battery-staple"
"""The client's password; the servers of the corpus know the other one."""

WORLD: Final = World(password=UNGUESSED.decode(), token=UNGUESSED)


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    if not octets:
        return
    picked = octets[0] % (2 * len(MECHANISMS))
    mechanism = MECHANISMS[picked // 2]
    lines = [line[1:] if line.startswith(b"!") else b64encode(line) for line in octets[1:].split(b"\n", MOST_LINES)]
    if picked % 2:
        against_client(mechanism, lines)
    else:
        against_server(mechanism, lines)


def against_server(mechanism: Mechanism, lines: list[bytes]) -> None:
    exchange = AuthExchange(
        mechanism.server(
            ServerMaterial(
                entropy=b"s" * 18,
                host="mail.example.org",
                decoy=DECOY,
                certificate=b"DER",
                bindings=(exporter(b"e" * 32),) if mechanism.binds else (),
            )
        )
    )
    WORLD.asked.clear()
    initial, *rest = lines
    step = _settled(exchange, exchange.begin(None if initial == b"-" else initial))
    for line in rest:
        if not isinstance(step, SendLine):
            break
        assert step.octets.startswith(b"+ ")
        assert step.octets.endswith(b"\r\n")
        assert b"\n" not in step.octets[:-1]
        step = _settled(exchange, exchange.receive_line(line))
    # Who EXTERNAL logs in was settled by a certificate before.
    assert not isinstance(step, Done) or mechanism.name == "EXTERNAL"


def _settled(exchange: AuthExchange, step: ExchangeStep) -> SendLine | Done | Failed:
    while not isinstance(step, SendLine | Done | Failed):
        step = exchange.resume(WORLD.answer(step))
    return step


def against_client(mechanism: Mechanism, lines: list[bytes]) -> None:
    secret = Secret(UNKNOWN_TO_SERVERS)
    exchange = ClientAuthExchange(
        mechanism.client(
            ClientMaterial(
                credentials=Credentials(authcid="ted", password=secret, token=secret),
                entropy=b"c" * 18,
                binding=exporter(b"e" * 32),
                server_offers_plus=mechanism.binds,
                most_iterations=5000,
            )
        )
    )
    exchange.start()
    for line in lines:
        # In base64 it is a challenge; else whatever it is.
        try:
            answer = exchange.receive_line(line if line[:1] in {b"+", b"-"} else b"+ " + line)
        except MechanismError:
            return
        if isinstance(answer, LoggedIn):
            assert not mechanism.name.startswith("SCRAM")
            return
        assert answer.octets.endswith(b"\r\n")
        assert b"\n" not in answer.octets[:-1]
