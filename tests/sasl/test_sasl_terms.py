"""No value of an exchange shows a secret, and each failure knows whose fault it is."""

from __future__ import annotations

import pytest
from tests.sasl.acting import DECOY

from restante.proto.terms import Secret
from restante.sasl import terms
from restante.sasl.bearer import BearerClient
from restante.sasl.cram_md5 import CramMd5Client
from restante.sasl.exchange import LINE_OCTETS, ClientAuthExchange
from restante.sasl.login import LoginClient
from restante.sasl.plain import PlainClient, plain_server
from restante.sasl.registry import ClientMaterial, ServerMaterial
from restante.sasl.scram import ScramClient
from restante.sasl.scram_keys import ScramHash, scram_keys
from restante.sasl.terms import (
    BindingType,
    ChannelBinding,
    Credentials,
    FailureKind,
    Fault,
    FoundKeys,
    FoundSecret,
    JudgePassword,
    JudgeToken,
)

HUSH = Secret(b"hush-hush")
CREDENTIALS = Credentials(authcid="ted", password=HUSH, token=HUSH)


@pytest.mark.parametrize(
    "value",
    [
        CREDENTIALS,
        JudgePassword(authzid=None, authcid="ted", password=HUSH, password_as_sent=HUSH),
        JudgeToken(authzid=None, token=HUSH, host=None, port=None),
        FoundSecret(secret=HUSH),
        FoundKeys(keys=scram_keys(ScramHash.SHA_256, HUSH, salt=b"salt", iterations=4096)),
        ChannelBinding(type=BindingType.TLS_EXPORTER, octets=b"hush"),
        DECOY,
        PlainClient(CREDENTIALS),
        LoginClient(CREDENTIALS),
        CramMd5Client(CREDENTIALS),
        ScramClient(ScramHash.SHA_256, CREDENTIALS, nonce="nonce"),
        BearerClient("XOAUTH2", b"hush", answer=b""),
        ClientAuthExchange(PlainClient(CREDENTIALS)).start(),
        ClientMaterial(credentials=CREDENTIALS, entropy=b"e" * 18),
        ServerMaterial(entropy=b"e" * 18, host="h", decoy=DECOY),
        plain_server().begin(b"\0ted\0hush-hush"),
        plain_server().begin(b"\0ted\0hush-hush\0"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_shows_its_secret(value: object) -> None:
    for shown in (repr(value), str(value), f"{value}"):
        assert "hush" not in shown
        assert "dddd" not in shown
        assert "aHVza" not in shown


@pytest.mark.rule("C12")
@pytest.mark.parametrize("kind", FailureKind)
def test_each_failure_knows_whose_fault_it_is(kind: FailureKind) -> None:
    credentials = {FailureKind.WRONG_CREDENTIALS, FailureKind.BINDING_MISMATCH, FailureKind.DOWNGRADE}
    assert (kind.fault is Fault.CREDENTIALS) == (kind in credentials)
    assert (kind.fault is Fault.SYSTEM) == (kind is FailureKind.UNAVAILABLE)
    assert (kind.fault is Fault.CHOICE) == (kind is FailureKind.CANCELLED)


@pytest.mark.rule("A1")
def test_a_message_of_the_largest_octets_fits_into_the_longest_line() -> None:
    def line(octets: int) -> int:
        return (octets + 2) // 3 * 4 + 2

    assert line(terms.LARGEST_MESSAGE_OCTETS) <= LINE_OCTETS < line(terms.LARGEST_MESSAGE_OCTETS + 1)
