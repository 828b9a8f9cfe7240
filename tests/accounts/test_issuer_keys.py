"""An issuer's keys are found and kept; nobody can make us flood the issuer, and no weak key is taken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from tests.accounts.issuer import EC, ISSUER, KEYS_URL, OTHER_RSA, RSA, Issuer

from restante.accounts.issuer_keys import (
    AGAIN_SECONDS,
    FRESH_SECONDS,
    KEPT_SECONDS,
    MOST_KEYS,
    IssuerKeys,
    discovery_url,
)
from restante.accounts.web_json import WebFault

DISCOVERY, KEYS = "/realm/.well-known/openid-configuration", "/realm/keys"


class Desk:
    def __init__(self, **how: Any) -> None:
        self.now = 1000.0
        self.issuer = Issuer()
        self.keys = IssuerKeys(self.issuer.web(), issuer=ISSUER, clock=lambda: self.now, **how)

    async def kids(self, kid: str | None, key_type: Any = RSAKey) -> list[str | None]:
        return [key.kid for key in await self.keys.candidates(kid, key_type)]


async def test_keys_are_discovered_once_and_kept() -> None:
    desk = Desk()
    assert await desk.kids("rsa") == ["rsa"]
    assert await desk.kids("ec", ECKey) == ["ec"]
    assert await desk.kids(None, OKPKey) == ["ed"]
    assert desk.issuer.paths == [DISCOVERY, KEYS]


async def test_a_named_address_needs_no_discovery() -> None:
    desk = Desk(keys_url=KEYS_URL)
    assert await desk.kids("rsa") == ["rsa"]
    assert desk.issuer.paths == [KEYS]


async def test_a_key_is_of_one_kind_whatever_it_is_called() -> None:
    desk = Desk()
    assert await desk.kids("rsa", ECKey) == []


async def test_an_unknown_key_is_asked_for_at_most_now_and_then() -> None:
    desk = Desk(keys_url=KEYS_URL)
    await desk.kids("rsa")
    for _ in range(5):
        assert await desk.kids("new") == []
    assert len(desk.issuer.asked) == 1
    desk.issuer.keys.append(OTHER_RSA.as_dict(private=False, kid="new"))
    desk.now += AGAIN_SECONDS
    assert await desk.kids("new") == ["new"]
    assert len(desk.issuer.asked) == 2


async def test_all_who_wait_share_one_question() -> None:
    desk = Desk()
    assert await asyncio.gather(*(desk.kids("rsa") for _ in range(20))) == [["rsa"]] * 20
    assert len(desk.issuer.asked) == 2


async def test_a_waiter_who_leaves_does_not_end_the_question() -> None:
    desk = Desk()
    leaver, stayer = asyncio.create_task(desk.kids("rsa")), asyncio.create_task(desk.kids("rsa"))
    await asyncio.sleep(0)
    leaver.cancel()
    assert await stayer == ["rsa"]


async def test_a_key_that_was_taken_back_goes_when_the_keys_are_asked_for_anew() -> None:
    desk = Desk(keys_url=KEYS_URL)
    await desk.kids("rsa")
    desk.issuer.keys = [EC.as_dict(private=False)]
    assert await desk.kids("rsa") == ["rsa"]
    desk.now += FRESH_SECONDS
    assert await desk.kids("rsa") == []


async def test_known_keys_outlive_an_issuer_that_is_away_for_a_time() -> None:
    desk = Desk(keys_url=KEYS_URL)
    await desk.kids("rsa")
    desk.issuer.down = True
    desk.now += FRESH_SECONDS
    assert await desk.kids("rsa") == ["rsa"]
    with pytest.raises(WebFault):
        # Nobody can tell whether there is such a key.
        await desk.kids("new")
    assert len(desk.issuer.asked) == 2
    desk.now += KEPT_SECONDS - FRESH_SECONDS
    with pytest.raises(WebFault):
        await desk.kids("rsa")
    desk.issuer.down = False
    desk.now += AGAIN_SECONDS
    assert await desk.kids("rsa") == ["rsa"]


async def test_an_issuer_that_never_answered_is_a_fault_each_time() -> None:
    desk = Desk()
    desk.issuer.down = True
    for _ in range(3):
        with pytest.raises(WebFault):
            await desk.kids("rsa")
    assert len(desk.issuer.asked) == 1


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://evil.example", "jwks_uri": KEYS_URL},
        {"jwks_uri": KEYS_URL},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "http://keys.example.org/"},
        {"issuer": ISSUER, "jwks_uri": 1},
    ],
)
async def test_a_configuration_that_is_not_the_issuers_is_refused(configuration: dict[str, Any]) -> None:
    desk = Desk()
    desk.issuer.configuration = configuration
    with pytest.raises(WebFault):
        await desk.kids("rsa")
    assert KEYS not in desk.issuer.paths


RSA_PUBLIC = RSA.as_dict(private=False)


@pytest.mark.parametrize(
    "bad",
    [
        OctKey.generate_key(256).as_dict(),
        RSA.as_dict(private=True),
        {**RSA_PUBLIC, "use": "enc"},
        {**RSA_PUBLIC, "key_ops": ["sign"]},
        {**RSA_PUBLIC, "key_ops": 1},
        {**RSA_PUBLIC, "kid": 1},
        {**RSA_PUBLIC, "n": RSA_PUBLIC["n"][:100]},
        {**RSA_PUBLIC, "n": "_" * 2000},
        {**RSA_PUBLIC, "n": 1},
        {**RSA_PUBLIC, "n": "ä"},
        {**RSA_PUBLIC, "e": "!"},
        {"kty": "RSA", "kid": "rsa"},
        {"kty": "AKP", "kid": "rsa"},
        {**ECKey.generate_key("P-521").as_dict(private=False)},
        {**OKPKey.generate_key("X25519").as_dict(private=False)},
        {**EC.as_dict(private=False), "x": "AAAA"},
        {},
        "key",
        None,
    ],
)
async def test_a_key_that_is_of_no_use_here_does_not_spoil_the_others(bad: Any) -> None:
    desk = Desk(keys_url=KEYS_URL)
    desk.issuer.keys = [bad, EC.as_dict(private=False)]
    assert await desk.kids(None, RSAKey) == []
    assert await desk.kids(None, OKPKey) == []
    assert await desk.kids(None, ECKey) == ["ec"]


@pytest.mark.parametrize("keys", [[], [{}], "x", [RSA_PUBLIC] * (MOST_KEYS + 1)])
async def test_a_set_that_is_none_is_a_fault(keys: Any) -> None:
    desk = Desk(keys_url=KEYS_URL)
    desk.issuer.keys = keys
    with pytest.raises(WebFault):
        await desk.kids("rsa")


def test_unsafe_addresses_are_refused_at_the_start() -> None:
    for issuer, keys_url in (("http://login.example.org", None), (ISSUER, "http://keys.example.org/")):
        with pytest.raises(ValueError, match="https://"):
            IssuerKeys(Issuer().web(), issuer=issuer, keys_url=keys_url)


def test_the_configuration_is_found_under_the_issuer() -> None:
    assert discovery_url("https://a.example/") == "https://a.example/.well-known/openid-configuration"
