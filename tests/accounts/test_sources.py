"""The first source that knows a name judges it alone; a source that cannot tell lets no other take its place."""

from __future__ import annotations

from typing import TypeVar

import pytest

from restante.accounts.names import parse_account_name
from restante.accounts.sources import (
    AccountSource,
    OrderedAuthenticator,
    OrderedDirectory,
    PasswordOnly,
    derived_account_id,
)
from restante.ports.accounts import (
    Accepted,
    Account,
    AccountDirectory,
    AccountFault,
    Authenticator,
    Judgement,
    RefusalReason,
    Refused,
    Unavailable,
    Verdict,
)
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret
from restante.sasl import terms as sasl
from restante.sasl.scram_keys import ScramHash

T = TypeVar("T")


async def come(value: T) -> T:
    return value


async def settled(soon: Soon[T]) -> T:
    return await soon if isinstance(soon, Later) else soon


class Source:
    """Names and their passwords; may answer later, or be broken. Counts whom it judged."""

    def __init__(self, passwords: dict[str, bytes], *, later: bool = False, apop: bool = False) -> None:
        self.passwords, self.later, self.apop = passwords, later, apop
        self.broken = False
        self.judged: list[bytes] = []
        self.authenticator = PasswordOnly(self.verify)

    def find(self, name: str) -> Soon[Account | None]:
        if self.broken:
            raise AccountFault("cannot tell: try again")
        folded = name.lower()
        account = (
            Account(id=derived_account_id(parse_account_name(folded)), name=folded)
            if folded in self.passwords
            else None
        )
        return Later(come(account)) if self.later else account

    def verify(self, name: bytes, password: Secret) -> Soon[Verdict]:
        self.judged.append(name)
        known = self.passwords.get(name.decode().lower())
        account = Account(id=derived_account_id(parse_account_name("x")), name=name.decode().lower())
        if known is None:
            verdict: Verdict = Refused(reason=RefusalReason.UNKNOWN_NAME)
        elif known == password.reveal():
            verdict = Accepted(account=account)
        else:
            verdict = Refused(reason=RefusalReason.WRONG_PASSWORD)
        return Later(come(verdict)) if self.later else verdict

    @property
    def source(self) -> AccountSource:
        return AccountSource(directory=self, authenticator=self.authenticator)


@pytest.fixture(params=[False, True], ids=["at once", "later"])
def sources(request: pytest.FixtureRequest) -> tuple[Source, Source]:
    later = request.param
    return Source({"ted": b"one"}, later=later), Source({"ted": b"two", "ann": b"two"}, later=later)


def test_they_have_the_faces_of_the_ports(sources: tuple[Source, Source]) -> None:
    directory: AccountDirectory = OrderedDirectory([])
    authenticator: Authenticator = OrderedAuthenticator([each.source for each in sources])
    assert directory.find("ted") is None
    assert not authenticator.offers_apop()


async def test_a_name_is_found_in_the_first_source_that_knows_it(sources: tuple[Source, Source]) -> None:
    directory = OrderedDirectory(sources)
    for name, found in (("ted", True), ("ANN", True), ("bob", False)):
        account = await settled(directory.find(name))
        assert (account is not None) is found


async def test_the_first_source_that_knows_a_name_judges_it(sources: tuple[Source, Source]) -> None:
    judge = OrderedAuthenticator([each.source for each in sources])
    assert isinstance(await settled(judge.verify_password(b"ted", Secret(b"one"))), Accepted)
    assert isinstance(await settled(judge.verify_password(b"ANN", Secret(b"two"))), Accepted)
    assert sources[0].judged == [b"ted"]
    assert sources[1].judged == [b"ANN"]


async def test_a_wrong_password_is_not_tried_at_the_next_source(sources: tuple[Source, Source]) -> None:
    judge = OrderedAuthenticator([each.source for each in sources])
    verdict = await settled(judge.verify_password(b"ted", Secret(b"two")))
    assert verdict == Refused(reason=RefusalReason.WRONG_PASSWORD)
    assert sources[1].judged == []


async def test_a_name_that_nobody_knows_costs_the_first_sources_work(sources: tuple[Source, Source]) -> None:
    judge = OrderedAuthenticator([each.source for each in sources])
    verdict = await settled(judge.verify_password(b"bob", Secret(b"two")))
    assert verdict == Refused(reason=RefusalReason.UNKNOWN_NAME)
    assert sources[0].judged[-1] == b"bob"
    assert sources[1].judged == []


async def test_a_source_that_cannot_tell_stops_the_search(sources: tuple[Source, Source]) -> None:
    sources[0].broken = True
    judge, directory = OrderedAuthenticator([each.source for each in sources]), OrderedDirectory(sources)
    for name in (b"ted", b"ann"):
        verdict = await settled(judge.verify_password(name, Secret(b"two")))
        assert verdict == Unavailable(reason="cannot tell: try again")
        assert await settled(judge.verify_apop(name, b"<t>", b"d")) == verdict
        with pytest.raises(AccountFault):
            await settled(directory.find(name.decode()))
    judgement = await settled(judge.judge(sasl.NeedSharedSecret(authcid="ann")))
    assert judgement.answer == sasl.Unavailable()
    assert judgement.unavailable == "cannot tell: try again"
    assert sources[1].judged == []


async def test_a_later_source_that_cannot_tell_does_not_harm_an_earlier_one(sources: tuple[Source, Source]) -> None:
    sources[1].broken = True
    judge = OrderedAuthenticator([each.source for each in sources])
    assert isinstance(await settled(judge.verify_password(b"ted", Secret(b"one"))), Accepted)
    assert isinstance(await settled(judge.verify_password(b"ann", Secret(b"two"))), Unavailable)


def password(authcid: str, octets: bytes, authzid: str | None = None) -> sasl.JudgePassword:
    return sasl.JudgePassword(
        authzid=authzid, authcid=authcid, password=Secret(b"prepared"), password_as_sent=Secret(octets)
    )


async def test_sasl_goes_to_the_source_of_the_name(sources: tuple[Source, Source]) -> None:
    judge = OrderedAuthenticator([each.source for each in sources])
    for request in (password("ann", b"two"), password("ann", b"two", "ANN")):
        granted = await settled(judge.judge(request))
        assert granted.answer == sasl.Granted(authcid="ann")
        assert granted.account is not None
    wrong = await settled(judge.judge(password("ted", b"two")))
    assert (wrong.answer, wrong.reason) == (sasl.Denied(), RefusalReason.WRONG_PASSWORD)
    other = await settled(judge.judge(password("ann", b"two", "ted")))
    assert (other.answer, other.reason, other.account) == (sasl.Denied(), RefusalReason.NOT_ALLOWED, None)


async def test_passwords_only_means_no_keys_no_secrets_and_no_tokens() -> None:
    source = Source({"ted": b"one"})
    judge = OrderedAuthenticator([source.source])
    keys = await settled(judge.judge(sasl.NeedScramKeys(hash=ScramHash.SHA_256, authzid=None, authcid="ted")))
    assert keys.answer == sasl.FoundKeys(keys=None, may_log_in=False)
    secret = await settled(judge.judge(sasl.NeedSharedSecret(authcid="ted")))
    assert secret.answer == sasl.FoundSecret(secret=None, may_log_in=False)
    assert keys.account is secret.account is None
    for request in (
        sasl.JudgeToken(authzid=None, token=Secret(b"t"), host=None, port=None),
        sasl.JudgeCertificate(authzid="ted", certificate=b"DER"),
    ):
        told = await settled(judge.judge(request))
        assert told.answer == sasl.Unavailable()
        assert told.account is None
    assert await settled(judge.verify_apop(b"ted", b"<t>", b"d")) == Refused(reason=RefusalReason.NO_APOP)
    assert not judge.offers_apop()


async def test_what_is_unavailable_stays_so() -> None:
    judge = PasswordOnly(lambda _name, _password: Unavailable(reason="away"))
    told = await settled(judge.judge(password("ted", b"x")))
    assert (told.answer, told.unavailable) == (sasl.Unavailable(), "away")


def test_no_sources_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="one source"):
        OrderedAuthenticator([])


def test_an_id_is_made_from_the_folded_name() -> None:
    ids = {derived_account_id(parse_account_name(name)) for name in ("Ted@Example.org", "ted@example.ORG")}
    # Folders on disk bear it: it never changes.
    assert ids == {"6ff05039da5a4cab"}
    assert derived_account_id(parse_account_name("ted")) not in ids


class Judges:
    """Judges tokens and certificates, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def judge_token(self, request: sasl.JudgeToken) -> Soon[Judgement]:
        self.asked.append(request)
        return Judgement(answer=sasl.TokenDenied())

    def judge_certificate(self, request: sasl.JudgeCertificate) -> Soon[Judgement]:
        self.asked.append(request)
        return Judgement(answer=sasl.Denied())


async def test_tokens_and_certificates_are_judged_by_those_for_them() -> None:
    judges = Judges()
    judge = OrderedAuthenticator([Source({}).source, Source({}).source], tokens=judges, certificates=judges)
    token = sasl.JudgeToken(authzid=None, token=Secret(b"t"), host=None, port=None)
    certificate = sasl.JudgeCertificate(authzid="ted", certificate=b"DER")
    assert (await settled(judge.judge(token))).answer == sasl.TokenDenied()
    assert (await settled(judge.judge(certificate))).answer == sasl.Denied()
    assert judges.asked == [token, certificate]


async def test_one_source_alone_is_not_looked_through_first() -> None:
    source = Source({"ted": b"one"})
    judge = OrderedAuthenticator([source.source])
    assert isinstance(await settled(judge.verify_password(b"ted", Secret(b"one"))), Accepted)
    assert source.judged == [b"ted"]
