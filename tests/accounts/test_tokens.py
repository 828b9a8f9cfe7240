"""Only a token of the right issuer, for us, signed, and in its time opens the account that it names."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import pytest
from tests.accounts.issuer import EC, ED, GOOD, ISSUER, NOW, OTHER_RSA, RSA, Issuer, signed, unsigned

from restante.accounts.issuer_keys import IssuerKeys
from restante.accounts.judges import TokenJudge
from restante.accounts.tokens import (
    INTROSPECTED_SECONDS,
    LEEWAY_SECONDS,
    BearerJudge,
    IntrospectedTokens,
    SignedTokens,
    TokenRules,
)
from restante.ports.accounts import Account, AccountFault, AccountId, AccountStatus, Judgement, RefusalReason
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret
from restante.sasl.terms import Granted, JudgeToken, TokenDenied, Unavailable

TED = Account(id=AccountId("0" * 16), name="Ted")
ANN = Account(id=AccountId("1" * 16), name="ann@example.org")
OUT = Account(id=AccountId("2" * 16), name="out", status=AccountStatus.LOCKED)
RULES = TokenRules(audiences=frozenset({"restante", "mail"}), issuer=ISSUER)


class Directory:
    """Three accounts; may come later, or be broken."""

    def __init__(self, *, later: bool = False, broken: bool = False) -> None:
        self.later, self.broken = later, broken

    def find(self, name: str) -> Soon[Account | None]:
        if self.broken:
            raise AccountFault("the disk is gone: buy another")
        found = {account.name.lower(): account for account in (TED, ANN, OUT)}.get(name.lower())

        async def come() -> Account | None:
            return found

        return Later(come()) if self.later else found


class Desk:
    def __init__(self, rules: TokenRules = RULES, *, introspect: bool = False, **directory: bool) -> None:
        self.now = NOW
        self.issuer = Issuer()
        web = self.issuer.web()
        self.authority = (
            IntrospectedTokens(
                web,
                rules,
                url="https://login.example.org/introspect",
                client_id="rest:ante",
                client_secret=Secret(b"s p+\xc3\xa9"),
                clock=lambda: self.now,
            )
            if introspect
            else SignedTokens(IssuerKeys(web, issuer=ISSUER), rules, clock=lambda: self.now)
        )
        self.judge: TokenJudge = BearerJudge(self.authority, Directory(**directory), rules)

    async def judged(self, token: Secret, authzid: str | None = None) -> Judgement:
        request = JudgeToken(authzid=authzid, token=token, host="evil.example", port=1)
        soon = self.judge.judge_token(request)
        return await soon if isinstance(soon, Later) else soon

    async def lets_in(self, token: Secret, authzid: str | None = None) -> bool:
        judgement = await self.judged(token, authzid)
        assert isinstance(judgement.answer, Granted) is (judgement.account is not None)
        assert isinstance(judgement.answer, Granted | TokenDenied)
        return isinstance(judgement.answer, Granted)


@pytest.mark.parametrize(
    ("key", "alg"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (ED, "EdDSA"), (ED, "Ed25519")]
)
async def test_a_good_token_lets_in_whom_it_names(key: Any, alg: str) -> None:
    judgement = await Desk().judged(signed(GOOD, key, alg))
    assert judgement == Judgement(answer=Granted(authcid="Ted"), claimed="Ted", account=TED)


async def test_a_directory_may_answer_later() -> None:
    assert await Desk(later=True).lets_in(signed(GOOD), "TED")


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "application/at+JWT", None])
async def test_the_types_of_access_tokens_are_taken(typ: str | None) -> None:
    assert await Desk().lets_in(signed(GOOD, typ=typ))


async def test_a_token_that_names_no_key_is_tried_with_all_of_its_kind() -> None:
    desk = Desk()
    desk.issuer.keys.insert(0, OTHER_RSA.as_dict(private=False, kid="old"))
    assert await desk.lets_in(signed(GOOD, kid=None))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"iss": [ISSUER]},
        {"aud": "other"},
        {"aud": None},
        {"aud": []},
        {"aud": ["other", 1, None]},
        {"aud": {"restante": 1}},
        {"exp": None},
        {"exp": NOW - LEEWAY_SECONDS},
        {"exp": "2000000300"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": [NOW + 300]},
        {"nbf": NOW + LEEWAY_SECONDS + 1},
        {"nbf": "now"},
        {"iat": NOW + LEEWAY_SECONDS + 1},
        {"nbf": float("nan")},
        {"preferred_username": None},
        {"preferred_username": ""},
        {"preferred_username": ["ted"]},
        {"preferred_username": "nobody"},
        {"preferred_username": "out"},
    ],
)
async def test_a_token_with_one_claim_wrong_lets_nobody_in(changed: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    assert not await Desk().lets_in(signed(claims))


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ["other", "mail"]},
        {"exp": NOW - LEEWAY_SECONDS + 1},
        {"nbf": NOW + LEEWAY_SECONDS},
        {"iat": NOW - 1_000_000},
        {"preferred_username": "TED"},
    ],
)
async def test_what_is_still_right_is_let_in(changed: dict[str, Any]) -> None:
    assert await Desk().lets_in(signed({**GOOD, **changed}))


def hmac_with_the_public_key() -> Secret:
    """The classic attack: HS256, with the published key for a secret."""
    head = unsigned({"alg": "HS256", "kid": "rsa"}, GOOD).reveal().removesuffix(b".")
    signature = hmac.digest(RSA.as_pem(private=False), head, "sha256")
    return Secret(head + b"." + base64.urlsafe_b64encode(signature).rstrip(b"="))


@pytest.mark.parametrize(
    "token",
    [
        signed(GOOD, OTHER_RSA),
        signed(GOOD, OTHER_RSA, kid=None),
        signed(GOOD, RSA, "RS512"),
        signed(GOOD, RSA, kid="ec"),
        signed(GOOD, RSA, typ="logout+jwt"),
        signed(GOOD, RSA, typ="JWE"),
        signed(GOOD, OTHER_RSA, jwk=OTHER_RSA.as_dict(private=False)),
        unsigned({"alg": "none"}, GOOD),
        unsigned({"alg": "None", "kid": "rsa"}, GOOD),
        unsigned({"alg": "RS256", "kid": "rsa"}, GOOD),
        unsigned({"alg": "RS256", "kid": "rsa"}, GOOD, b"\0" * 256),
        unsigned({"alg": "ES256", "kid": "ec"}, GOOD, b"\0" * 64),
        unsigned({"alg": ["RS256"]}, GOOD),
        unsigned({"kid": "rsa"}, GOOD),
        unsigned({"alg": "RS256", "kid": 1}, GOOD),
        unsigned({"alg": "RS256", "kid": "rsa", "crit": ["exp"], "exp": 1}, GOOD),
        unsigned({"alg": "dir", "enc": "A128GCM"}, GOOD),
        Secret(b""),
        Secret(b".."),
        Secret(b"...."),
        Secret(b"opaque"),
        Secret(b"\xff.\xff.\xff"),
        Secret(b"bnVsbA.bnVsbA."),
        Secret(b"W10.W10."),
        Secret(base64.urlsafe_b64encode(b"[" * 3000) + b".."),
    ],
)
async def test_a_token_that_the_issuer_did_not_sign_lets_nobody_in(token: Secret) -> None:
    assert not await Desk().lets_in(token)


async def test_a_published_key_is_no_secret_to_sign_with() -> None:
    assert not await Desk().lets_in(hmac_with_the_public_key())


async def test_a_changed_octet_spoils_a_token() -> None:
    head, claims, signature = signed(GOOD).reveal().split(b".")
    other = base64.urlsafe_b64encode(base64.urlsafe_b64decode(claims + b"==").replace(b'"ted"', b'"ann"')).rstrip(
        b"="
    )
    assert not await Desk().lets_in(Secret(b".".join((head, other, signature))))


async def test_a_header_may_say_more_than_is_read() -> None:
    assert await Desk().lets_in(signed(GOOD, x5c=["A" * 3000], nonce="n"))


# --- for whom -----------------------------------------------------------------------------------------------------


async def test_nobody_acts_for_another() -> None:
    desk = Desk()
    for authzid in ("ann@example.org", "nobody", ""):
        judgement = await desk.judged(signed(GOOD), authzid)
        assert isinstance(judgement.answer, TokenDenied)
        assert judgement.reason is RefusalReason.NOT_ALLOWED
    assert await desk.lets_in(signed(GOOD), "tEd")


async def test_the_log_knows_what_the_client_is_not_told() -> None:
    desk = Desk()
    answers = set()
    for claims, reason in (
        ({"aud": "other"}, RefusalReason.WRONG_TOKEN),
        ({"preferred_username": "nobody"}, RefusalReason.UNKNOWN_NAME),
        ({"preferred_username": "out"}, RefusalReason.LOCKED),
    ):
        judgement = await desk.judged(signed({**GOOD, **claims}))
        assert judgement.reason is reason
        assert judgement.account is None
        answers.add(judgement.answer)
    assert answers == {TokenDenied(openid_configuration=ISSUER + "/.well-known/openid-configuration")}


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        ({"email": "ann@example.org", "email_verified": True}, True),
        ({"email": "ann@example.org", "email_verified": "true"}, False),
        ({"email": "ann@example.org", "email_verified": False}, False),
        ({"email": "ann@example.org"}, False),
    ],
)
async def test_an_address_counts_only_if_it_was_verified(claims: dict[str, Any], wanted: bool) -> None:
    rules = TokenRules(audiences=frozenset({"restante"}), issuer=ISSUER, name_claim="email")
    assert await Desk(rules).lets_in(signed({**GOOD, **claims})) is wanted


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        ({"scope": "a mail b"}, True),
        ({"scope": None, "scp": ["mail"]}, True),
        ({"scope": None, "scp": "mail x"}, True),
        ({"scope": "mailbox"}, False),
        ({"scope": None}, False),
        ({"scope": 1, "scp": [1]}, False),
    ],
)
async def test_a_scope_may_be_asked_for(claims: dict[str, Any], wanted: bool) -> None:
    desk = Desk(TokenRules(audiences=frozenset({"restante"}), issuer=ISSUER, scope="mail"))
    token = signed({name: value for name, value in {**GOOD, **claims}.items() if value is not None})
    assert await desk.lets_in(token) is wanted
    if not wanted:
        answer = (await desk.judged(token)).answer
        assert isinstance(answer, TokenDenied)
        assert (answer.status, answer.scope) == ("insufficient_scope", "mail")


def test_rules_without_an_audience_or_an_issuer_are_none() -> None:
    for audiences in (frozenset[str](), frozenset({""})):
        with pytest.raises(ValueError, match="audience"):
            TokenRules(audiences=audiences, issuer=ISSUER)
    with pytest.raises(ValueError, match="issuer"):
        SignedTokens(IssuerKeys(Issuer().web(), issuer=ISSUER), TokenRules(audiences=frozenset({"restante"})))


# --- the world ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("introspect", [False, True])
async def test_an_issuer_that_is_away_lets_nobody_in_and_blames_nobody(introspect: bool) -> None:
    desk = Desk(introspect=introspect)
    desk.issuer.down = True
    judgement = await desk.judged(signed(GOOD), "ted")
    assert judgement.answer == Unavailable()
    assert judgement.account is None
    assert judgement.unavailable is not None
    assert "login.example.org" in judgement.unavailable
    assert judgement.claimed == "ted"


async def test_a_directory_that_is_broken_is_told() -> None:
    judgement = await Desk(broken=True).judged(signed(GOOD))
    assert judgement.answer == Unavailable()
    assert judgement.unavailable == "the disk is gone: buy another"


# --- introspection ------------------------------------------------------------------------------------------------


async def test_an_issuer_is_asked_with_our_credentials_and_the_token() -> None:
    desk = Desk(introspect=True)
    assert await desk.lets_in(Secret(b"opaque+/=~"))
    (request,) = desk.issuer.asked
    assert request.method == "POST"
    assert request.content == b"token=opaque%2B%2F%3D~&token_type_hint=access_token"
    scheme, given = request.headers["authorization"].split(" ")
    # Source: RFC 6749 §2.3.1.
    assert (scheme, base64.b64decode(given)) == ("Basic", b"rest%3Aante:s+p%2B%C3%A9")


async def test_a_yes_is_remembered_for_a_minute_at_most() -> None:
    desk = Desk(introspect=True)
    for _ in range(3):
        assert await desk.lets_in(Secret(b"opaque"))
    assert len(desk.issuer.asked) == 1
    assert await desk.lets_in(Secret(b"another"))
    assert len(desk.issuer.asked) == 2
    desk.issuer.introspected = {"active": False}
    desk.now += INTROSPECTED_SECONDS - 1
    assert await desk.lets_in(Secret(b"opaque"))
    desk.now += 1
    assert not await desk.lets_in(Secret(b"opaque"))


async def test_a_yes_is_not_remembered_beyond_the_tokens_end() -> None:
    desk = Desk(introspect=True)
    desk.issuer.introspected["exp"] = NOW + 10
    assert await desk.lets_in(Secret(b"opaque"))
    desk.now += 10
    await desk.judged(Secret(b"opaque"))
    assert len(desk.issuer.asked) == 2


async def test_a_no_is_not_remembered() -> None:
    desk = Desk(introspect=True)
    desk.issuer.introspected = {"active": False}
    assert not await desk.lets_in(Secret(b"opaque"))
    desk.issuer.introspected = {"active": True, **GOOD}
    assert await desk.lets_in(Secret(b"opaque"))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {**GOOD},
        {**GOOD, "active": "true"},
        {**GOOD, "active": 1},
        {**GOOD, "active": True, "aud": "other"},
        {**GOOD, "active": True, "iss": "https://evil.example"},
        {**GOOD, "active": True, "exp": NOW - 3600},
        {"active": True, "iss": ISSUER, "preferred_username": "ted"},
    ],
)
async def test_an_issuers_answer_has_to_be_right_in_all(answer: dict[str, Any]) -> None:
    desk = Desk(introspect=True)
    desk.issuer.introspected = answer
    assert not await desk.lets_in(Secret(b"opaque"))


async def test_introspection_may_leave_out_the_end_and_the_issuer() -> None:
    desk = Desk(TokenRules(audiences=frozenset({"restante"}), name_claim="username"), introspect=True)
    desk.issuer.introspected = {"active": True, "aud": "restante", "username": "ted"}
    assert await desk.lets_in(Secret(b"opaque"))
    denied = (await desk.judged(Secret(b"opaque"), "ann")).answer
    assert denied == TokenDenied()


@pytest.mark.parametrize("token", [b"", "tökén".encode()])
async def test_what_is_no_token_is_not_asked_about(token: bytes) -> None:
    desk = Desk(introspect=True)
    assert not await desk.lets_in(Secret(token))
    assert desk.issuer.asked == []
