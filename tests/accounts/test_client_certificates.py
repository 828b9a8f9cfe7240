"""A verified certificate opens the account that it names, and no other."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from restante.accounts.client_certificates import MOST_NAMES, CertificateAccounts, NamedBy, names_in
from restante.ports.accounts import Account, AccountFault, AccountId, AccountStatus, Judgement, RefusalReason
from restante.ports.soon import Later, Soon
from restante.sasl.terms import Denied, Granted, JudgeCertificate, Unavailable

TED = Account(id=AccountId("0" * 16), name="ted@example.org")
ANN = Account(id=AccountId("1" * 16), name="ann@example.org")
OUT = Account(id=AccountId("2" * 16), name="out@example.org", status=AccountStatus.LOCKED)
SHORT = Account(id=AccountId("3" * 16), name="ted")


class Directory:
    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken

    def find(self, name: str) -> Soon[Account | None]:
        if self.broken:
            raise AccountFault("the disk is gone: buy another")
        return next((each for each in (TED, ANN, OUT, SHORT) if each.name == name.lower()), None)


def certificate(
    *emails: str, common_names: tuple[str, ...] = (), others: tuple[x509.GeneralName, ...] = ()
) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name) for name in common_names])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
    )
    names = [*map(x509.RFC822Name, emails), *others]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


async def judged(
    der: bytes, authzid: str | None = None, *, named_by: NamedBy = NamedBy.EMAIL, broken: bool = False
) -> Judgement:
    judge = CertificateAccounts(Directory(broken=broken), named_by=named_by)
    judgement = judge.judge_certificate(JudgeCertificate(authzid=authzid, certificate=der))
    assert isinstance(judgement, Later)
    return await judgement


@pytest.mark.parametrize("authzid", [None, "ted@example.org", "Ted@Example.ORG"])
async def test_an_address_of_mail_names_the_account(authzid: str | None) -> None:
    judgement = await judged(certificate("Ted@example.org"), authzid)
    assert judgement.answer == Granted(authcid=TED.name)
    assert judgement.account is TED


async def test_a_common_name_names_one_only_where_that_is_the_setting() -> None:
    der = certificate("ann@example.org", common_names=("ted",))
    assert (await judged(der, named_by=NamedBy.COMMON_NAME)).account is SHORT
    assert (await judged(der)).account is ANN
    assert (await judged(certificate(common_names=("ted",)))).reason is RefusalReason.UNKNOWN_NAME


async def test_nobody_acts_for_another() -> None:
    for authzid in ("ann@example.org", "ted", "nobody"):
        judgement = await judged(certificate("ted@example.org"), authzid)
        assert (judgement.answer, judgement.reason, judgement.account) == (
            Denied(),
            RefusalReason.NOT_ALLOWED,
            None,
        )


async def test_of_several_accounts_the_client_has_to_say_which() -> None:
    der = certificate("ted@example.org", "ann@example.org", "strange@elsewhere.example")
    judgement = await judged(der)
    assert (judgement.answer, judgement.reason) == (Denied(), RefusalReason.SEVERAL_ACCOUNTS)
    assert (await judged(der, "ann@example.org")).account is ANN


async def test_a_locked_account_stays_locked() -> None:
    judgement = await judged(certificate("out@example.org"))
    assert (judgement.answer, judgement.reason, judgement.account) == (Denied(), RefusalReason.LOCKED, None)


async def test_other_kinds_of_name_count_for_nothing() -> None:
    others = (x509.DNSName("ted@example.org"), x509.UniformResourceIdentifier("ted@example.org"))
    assert names_in(certificate(others=others), NamedBy.EMAIL) == ()
    assert names_in(certificate(), NamedBy.EMAIL) == names_in(certificate(), NamedBy.COMMON_NAME) == ()


def test_a_certificate_with_too_many_names_has_none() -> None:
    names = [f"u{number}@example.org" for number in range(MOST_NAMES + 1)]
    assert names_in(certificate(*names), NamedBy.EMAIL) == ()
    assert len(names_in(certificate(*names[1:], *names[1:2]), NamedBy.EMAIL)) == MOST_NAMES


@pytest.mark.rule("C12")
async def test_while_the_accounts_cannot_be_read_nobody_gets_in_and_nobody_is_refused() -> None:
    judgement = await judged(certificate("ted@example.org"), broken=True)
    assert (judgement.answer, judgement.account) == (Unavailable(), None)
    assert judgement.unavailable == "the disk is gone: buy another"


SPOILT = certificate("ted@example.org", common_names=("ted",))


# Of a serial number that RFC 5280 forbids the library says that it will refuse it one day.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@given(st.binary(max_size=64) | st.tuples(st.integers(0, len(SPOILT) - 1), st.integers(0, 255)))
def test_no_octets_make_it_raise(octets: bytes | tuple[int, int]) -> None:
    if not isinstance(octets, bytes):
        place, value = octets
        octets = SPOILT[:place] + bytes([value]) + SPOILT[place + 1 :]
    for named_by in NamedBy:
        assert len(names_in(octets, named_by)) <= MOST_NAMES


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("value", [0, 1, 3, 255])
def test_no_octet_that_is_spoilt_makes_it_raise(value: int) -> None:
    for place in range(len(SPOILT)):
        for named_by in NamedBy:
            assert len(names_in(SPOILT[:place] + bytes([value]) + SPOILT[place + 1 :], named_by)) <= MOST_NAMES
