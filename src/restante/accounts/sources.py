"""Accounts from several sources in order: the first source that knows a name has it, and judges it alone.

There is no falling through after a wrong password. If there were, whoever can make an account in a later source
(everybody who may write to that LDAP tree, say) would get into the maildrop of the same name in an earlier one, a
password that was changed would go on working where the old one is kept elsewhere, and each wrong guess would be a
guess at every source. For the same reason a source that cannot tell stops the search: a login is unavailable then,
and mail is told to come again, rather than that a later source takes its place.

A name that no source knows is judged by the first one, at the price of its work for unknown names. How long a
refusal takes may tell which source a name is in, where their hashes cost differently; not whether the password was
nearly right.

How each source verifies is its own: one with stored hashes is a PasswordAuthenticator with a PasswordVerifier (the
slow work goes to the pool), one that has somebody else ask for the password is a `PasswordOnly` around that.
What it is not: a source.
How it fails: a directory by AccountFault, an authenticator by Unavailable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar, assert_never

from restante.accounts.judges import CertificateJudge, TokenJudge
from restante.accounts.names import AccountName
from restante.ports.accounts import (
    Accepted,
    Account,
    AccountDirectory,
    AccountFault,
    AccountId,
    Authenticator,
    Judgement,
    RefusalReason,
    Refused,
    Unavailable,
    Verdict,
)
from restante.ports.soon import Later, Soon, attempt, then
from restante.proto.terms import Secret
from restante.sasl import terms as sasl

__all__ = ["AccountSource", "OrderedAuthenticator", "OrderedDirectory", "PasswordOnly", "derived_account_id"]

T = TypeVar("T")

_PERSON: Final = b"restante account"


def derived_account_id(name: AccountName) -> AccountId:
    """Give the id of an account whose source stores none: 16 hexadecimal digits of a hash of the folded name.

    The same in every process and for every such source, so that an account that moves from a passwd-file to LDAP
    keeps its maildrop; and so that whoever gets a name that was somebody's gets their mail. 64 bits: among a
    million accounts two share an id with a chance of one in 30 million.
    """
    return AccountId(hashlib.blake2b(name.folded.encode(), digest_size=8, person=_PERSON).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSource:
    """Where accounts are, and who judges those who call for their mail."""

    directory: AccountDirectory
    authenticator: Authenticator


class OrderedDirectory:
    """The accounts of several sources: of a name, the first one's."""

    def __init__(self, directories: Sequence[AccountDirectory]) -> None:
        self._directories = tuple(directories)

    def find(self, name: str) -> Soon[Account | None]:
        """Give the account of that name, or None. Raises AccountFault where an earlier source cannot tell."""
        return then(_first_that_knows(self._directories, name), lambda found: found and found[1])


class OrderedAuthenticator:
    """Has each name judged by the source that knows it."""

    def __init__(
        self,
        sources: Sequence[AccountSource],
        *,
        tokens: TokenJudge | None = None,
        certificates: CertificateJudge | None = None,
    ) -> None:
        """Take the sources in their order. Raises ValueError where there are none.

        Tokens and certificates name nobody before they are judged: by those given, of whatever source the account
        is; without, such a login is unavailable.
        """
        if not sources:
            raise ValueError("name one source of accounts at the least")
        self._directories = tuple(source.directory for source in sources)
        self._authenticators = tuple(source.authenticator for source in sources)
        # The one that judges every name, where there is one source.
        self._only = self._authenticators[0] if len(sources) == 1 else None
        self._tokens = tokens
        self._certificates = certificates

    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        """Judge a name and a password."""
        if self._only is not None:
            return self._only.verify_password(name, password)
        return self._judged_by_its_source(
            _text(name), lambda judge: judge.verify_password(name, password), lambda told: Unavailable(reason=told)
        )

    def verify_apop(self, name: bytes, timestamp: bytes, digest: bytes) -> Soon[Verdict]:
        """Judge an APOP digest."""
        return self._judged_by_its_source(
            _text(name),
            lambda judge: judge.verify_apop(name, timestamp, digest),
            lambda told: Unavailable(reason=told),
        )

    def judge(self, request: sasl.Request) -> Soon[Judgement]:
        """Answer what a SASL mechanism asks."""
        match request:
            case sasl.JudgePassword() | sasl.NeedScramKeys() | sasl.NeedSharedSecret():
                name = request.authcid
                return self._judged_by_its_source(
                    name,
                    lambda judge: judge.judge(request),
                    lambda told: Judgement(answer=sasl.Unavailable(), claimed=name, unavailable=told),
                )
            case sasl.JudgeToken():
                if self._tokens is not None:
                    return self._tokens.judge_token(request)
                return _not_judged(request.authzid, "no issuer of tokens is set up: see the setting oauth.issuer")
            case sasl.JudgeCertificate():
                if self._certificates is not None:
                    return self._certificates.judge_certificate(request)
                return _not_judged(
                    request.authzid,
                    "no authority of client certificates is set up: see the setting tls.client_authorities",
                )
            case _:
                assert_never(request)

    def offers_apop(self) -> bool:
        """Tell whether some account of some source has APOP enabled."""
        # Asked at each greeting: without a generator.
        for authenticator in self._authenticators:  # noqa: SIM110
            if authenticator.offers_apop():
                return True
        return False

    def _judged_by_its_source(
        self, name: str, ask: Callable[[Authenticator], Soon[T]], unavailable: Callable[[str], T]
    ) -> Soon[T]:
        if self._only is not None:
            return ask(self._only)

        def judge(found: tuple[int, Account] | None) -> Soon[T]:
            # The first one does its work for a name that is not there.
            return ask(self._authenticators[found[0] if found else 0])

        return attempt(
            lambda: _first_that_knows(self._directories, name),
            judge,
            errors=(AccountFault,),
            rescue=lambda fault: unavailable(str(fault)),
        )


class PasswordOnly:
    """An authenticator around somebody else who judges passwords: no APOP, no keys, no tokens, no certificates."""

    def __init__(self, verify: Callable[[bytes, Secret], Soon[Verdict]]) -> None:
        self._verify = verify

    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        """Judge a name and a password."""
        return self._verify(name, password)

    def verify_apop(self, name: bytes, timestamp: bytes, digest: bytes) -> Soon[Verdict]:
        """Refuse: the secret is with somebody else."""
        del name, timestamp, digest
        return Refused(reason=RefusalReason.NO_APOP)

    def judge(self, request: sasl.Request) -> Soon[Judgement]:
        """Judge a password, as it was sent, of whoever acts as itself; all else cannot be right."""
        match request:
            case sasl.JudgePassword(authcid=authcid, authzid=authzid):
                # As octets, since those fold in ASCII alone, as names of accounts do.
                if authzid is not None and authzid.encode().lower() != authcid.encode().lower():
                    return Judgement(answer=sasl.Denied(), claimed=authcid, reason=RefusalReason.NOT_ALLOWED)
                verdict = self._verify(authcid.encode(), request.password_as_sent)
                return then(verdict, lambda verdict: _judgement(authcid, verdict))  # type: ignore[arg-type]  # see Soon
            case sasl.NeedScramKeys(authcid=authcid):
                return Judgement(
                    answer=sasl.FoundKeys(keys=None, may_log_in=False),
                    claimed=authcid,
                    reason=RefusalReason.NO_KEYS,
                )
            case sasl.NeedSharedSecret(authcid=authcid):
                return Judgement(
                    answer=sasl.FoundSecret(secret=None, may_log_in=False),
                    claimed=authcid,
                    reason=RefusalReason.NO_APOP,
                )
            case sasl.JudgeToken() | sasl.JudgeCertificate():
                return _not_judged(request.authzid, "this source of accounts judges passwords only")
            case _:
                assert_never(request)

    def offers_apop(self) -> bool:
        """Tell that it does not."""
        return False


def _judgement(claimed: str, verdict: Verdict) -> Judgement:
    match verdict:
        case Accepted(account=account):
            return Judgement(answer=sasl.Granted(authcid=account.name), claimed=claimed, account=account)
        case Refused(reason=reason):
            return Judgement(answer=sasl.Denied(), claimed=claimed, reason=reason)
        case Unavailable(reason=fault):
            return Judgement(answer=sasl.Unavailable(), claimed=claimed, unavailable=fault)
        case _:
            assert_never(verdict)


def _not_judged(authzid: str | None, why: str) -> Judgement:
    return Judgement(answer=sasl.Unavailable(), claimed=authzid or "", unavailable=why)


def _text(name: bytes) -> str:
    # Latin-1 takes every octet, and no directory knows a name beyond ASCII.
    return name.decode("latin-1")


def _first_that_knows(
    directories: Sequence[AccountDirectory], name: str, place: int = 0
) -> Soon[tuple[int, Account] | None]:
    """Give the place of the first directory that knows a name, and the account: at once where all answer so."""
    for here in range(place, len(directories)):
        found = directories[here].find(name)
        if isinstance(found, Later):
            return Later(_go_on(directories, name, here, found))
        if found is not None:
            return here, found
    return None


async def _go_on(
    directories: Sequence[AccountDirectory], name: str, here: int, later: Later[Account | None]
) -> tuple[int, Account] | None:
    found = await later
    if found is not None:
        return here, found
    rest = _first_that_knows(directories, name, here + 1)
    return await rest if isinstance(rest, Later) else rest
