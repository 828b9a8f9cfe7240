"""Client certificates: whose they are, by the names they bear, as accounts of a directory.

TLS has verified by then that the client has the key, that an authority which the administrator named signed the
certificate, and that it may be used by a client and is valid now. What is left is whom it names: each address of
mail in it (rfc822Name), or each common name, is the name of an account or of nobody. So the authority has to be one
that signs for this site's people: one that signs for everybody lets in whoever bought a certificate with that name.
A certificate that names several accounts serves a client that says which one it wants, and no other.
What it is not: a check for revocation. Who lost their certificate has their account locked, or a new one made with
another authority.
How it fails: it raises nothing; the judgement says.
Sources: RFC 4422 appendix A (EXTERNAL), RFC 5280 §4.2.1.6 (rfc822Name) and §4.1.2.6 (subject).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, assert_never

from cryptography import x509

from restante.ports.accounts import (
    Account,
    AccountDirectory,
    AccountFault,
    AccountId,
    AccountStatus,
    Judgement,
    RefusalReason,
)
from restante.ports.soon import Later, Soon
from restante.sasl.terms import Denied, Granted, JudgeCertificate, Unavailable

__all__ = ["MOST_NAMES", "CertificateAccounts", "NamedBy", "names_in"]

MOST_NAMES: Final = 16
"""In one certificate; each is a question to the directory. A certificate with more is not for a person."""


class NamedBy(Enum):
    """Which part of a certificate names accounts."""

    EMAIL = "email"
    """rfc822Name, in the alternative names."""
    COMMON_NAME = "common-name"
    """CN, in the subject."""


_UNREADABLE: Final = (
    TypeError,
    ValueError,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises at certificates that are spoilt in one octet; TypeError: a bit string for a name."""


def names_in(certificate: bytes, named_by: NamedBy) -> tuple[str, ...]:
    """Give the names that a certificate (DER) bears, each once; none where it cannot be read, or bears too many."""
    try:
        read = x509.load_der_x509_certificate(certificate)
        match named_by:
            case NamedBy.EMAIL:
                alternatives = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
                found = list(alternatives.get_values_for_type(x509.RFC822Name))
            case NamedBy.COMMON_NAME:
                common = read.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
                found = [str(each.value) for each in common]
            case _:
                assert_never(named_by)
    except _UNREADABLE:
        return ()
    names = tuple(dict.fromkeys(found))
    return names if len(names) <= MOST_NAMES else ()


class CertificateAccounts:
    """Judges certificates against a directory's accounts (`judges.CertificateJudge`)."""

    def __init__(self, directory: AccountDirectory, *, named_by: NamedBy) -> None:
        """Put it together."""
        self._directory = directory
        self._named_by = named_by

    def judge_certificate(self, request: JudgeCertificate) -> Soon[Judgement]:
        """Answer with Granted, Denied or Unavailable in the judgement."""
        return Later(self._judge(request))

    async def _judge(self, request: JudgeCertificate) -> Judgement:
        names = names_in(request.certificate, self._named_by)
        claimed = request.authzid or " ".join(names)
        accounts: dict[AccountId, Account] = {}
        try:
            for name in names:
                if (account := await self._find(name)) is not None:
                    accounts[account.id] = account
            wanted = None if request.authzid is None else await self._find(request.authzid)
        except AccountFault as fault:
            return Judgement(answer=Unavailable(), claimed=claimed, unavailable=str(fault))
        if not accounts:
            return _denied(claimed, RefusalReason.UNKNOWN_NAME)
        if request.authzid is not None:
            chosen = None if wanted is None else accounts.get(wanted.id)
        else:
            chosen = next(iter(accounts.values())) if len(accounts) == 1 else None
        if chosen is None:
            return _denied(
                claimed, RefusalReason.NOT_ALLOWED if request.authzid else RefusalReason.SEVERAL_ACCOUNTS
            )
        if chosen.status is not AccountStatus.ACTIVE:
            return _denied(chosen.name, RefusalReason.LOCKED)
        return Judgement(answer=Granted(authcid=chosen.name), claimed=chosen.name, account=chosen)

    async def _find(self, name: str) -> Account | None:
        found = self._directory.find(name)
        return await found if isinstance(found, Later) else found


def _denied(claimed: str, reason: RefusalReason) -> Judgement:
    return Judgement(answer=Denied(), claimed=claimed, reason=reason)
