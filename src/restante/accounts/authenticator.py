"""Judges a name and a password, an APOP digest, or what SASL asks, against a directory's accounts.

A password that proved right a short while ago is accepted at once, as a plain value: that is the hot path, some
microseconds; an application password takes as little (`app_passwords` says why that is safe). All else costs
exactly one argon2 hash in the pool, whatever is wrong: an unknown name, a name that no account could have, a locked
account and a wrong password take the same work, so that time tells nothing. Logins with the same name and password
while the hash is under way share it. (A hash made with other parameters than today's takes another time until its
owner's next login renews it.) What SASL asks is judged by the same rules and, for passwords, in the same way.
How it fails: Unavailable, with a sentence for the log; it raises nothing.
Sources: RFC 1939 §7 (PASS, APOP), RFC 3206 §4-6 (what is the system's fault and what the credentials'), RFC 4422
§2 (authzid and authcid).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from restante.accounts.apop import apop_digest_fits
from restante.accounts.app_passwords import fitting_app_password
from restante.accounts.credentials import CredentialDirectory, Credentials, PasswordVerifier
from restante.accounts.judges import CertificateJudge, TokenJudge
from restante.accounts.last_uses import LastUses
from restante.accounts.passwords import BrokenHash, HashPool, HashQueueFull
from restante.accounts.scram import (
    are_outdated,
    make_scram_keys,
    seal_scram_keys,
    unseal_decoy_keys,
    unseal_scram_keys,
)
from restante.accounts.sealing import Sealer, SealingFault
from restante.accounts.verified import VerifiedCredentials
from restante.ports.accounts import (
    Accepted,
    AccountFault,
    AccountStatus,
    Judgement,
    RefusalReason,
    Refused,
    Unavailable,
    Verdict,
)
from restante.ports.soon import Later, Soon, then
from restante.proto.terms import Secret
from restante.sasl import terms as sasl
from restante.sasl.scram_keys import BadScramKeys

__all__ = ["PasswordAuthenticator"]

_ROUNDS: Final = 3
"""How often a password is verified anew because the account changed meanwhile, before that is called a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What a hash told."""

    fits: bool
    replaced_by: str | None = None
    """The hash that stands in the place of the one that was checked, where its parameters were outdated."""


class PasswordAuthenticator:
    """The authenticator of a directory with password hashes. One for each process, used on its event loop."""

    def __init__(
        self,
        directory: CredentialDirectory,
        *,
        hasher: PasswordVerifier,
        pool: HashPool,
        verified: VerifiedCredentials,
        sealer: Sealer,
        scram: bool = False,
        tokens: TokenJudge | None = None,
        certificates: CertificateJudge | None = None,
        tell_fault: Callable[[str], None] = lambda _fault: None,
    ) -> None:
        """Put it together.

        `scram` makes SCRAM keys at a login by password for accounts that have none yet. Tokens and certificates are
        judged by those given; without, such a login is unavailable. `tell_fault` takes a sentence for the log when
        something failed that no login hangs on; it is called from the pool's threads, too.
        """
        self._directory = directory
        self._hasher = hasher
        self._pool = pool
        self._verified = verified
        self._sealer = sealer
        self._scram = scram
        self._tokens = tokens
        self._certificates = certificates
        self._tell_fault = tell_fault
        self._last_uses = LastUses(directory, pool, tell_fault=tell_fault)
        self._under_way: dict[bytes, asyncio.Task[Verdict]] = {}
        self._offered_apop = False

    # --- passwords -----------------------------------------------------------------------------------------------

    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        """Judge a name and a password: at once when they proved right lately, else later, for one hash.

        The right application password is judged at once, too; a wrong one costs that hash like any other.
        """
        folded = name.lower()
        key = self._verified.key(name=folded, password=password)
        # Latin-1 takes every octet, and the directory knows no name beyond ASCII.
        text = folded.decode("latin-1")
        try:
            found = self._directory.credentials(text)
        except AccountFault as fault:
            return Unavailable(reason=str(fault))
        active = found is not None and found.account.status is AccountStatus.ACTIVE
        if found is not None and active and self._verified.holds(key, found.account):
            return Accepted(account=found.account)
        used = fitting_app_password(found, password)
        if found is not None and active and used is not None:
            self._last_uses.note(found.account.id, used)
            return Accepted(account=found.account)
        # Of a locked account even the right one waits for a hash: a quick answer would tell that it is right.
        return Later(self._share(key, text, password))

    async def _share(self, key: bytes, name: str, password: Secret) -> Verdict:
        """Wait for the verification of these very credentials, beginning it unless it is under way."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._verify(key, name, password))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._forget_task(key, done))
        # Shielded: a client that goes away must not end what others wait for.
        return await asyncio.shield(task)

    def _forget_task(self, key: bytes, task: asyncio.Task[Verdict]) -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
        if not task.cancelled():
            # Taken note of here, since everybody who waited may have gone.
            task.exception()

    async def _verify(self, key: bytes, name: str, password: Secret) -> Verdict:
        try:
            for _ in range(_ROUNDS):
                found = self._directory.credentials(name)
                checked = await self._pool.run(lambda found=found: self._check(found, password))  # type: ignore[misc]
                # The account may have been changed, locked or removed while the hash ran.
                now = self._directory.credentials(name)
                if now is None or now.password_hash in (_hash_of(found), checked.replaced_by):
                    by_app = fitting_app_password(now, password) is not None
                    return self._judge(key, now, fits=checked.fits, by_app=by_app)
        except (AccountFault, BrokenHash, HashQueueFull) as fault:
            return Unavailable(reason=str(fault))
        return Unavailable(reason="the account was changed again and again while its password was verified")

    def _check(self, found: Credentials | None, password: Secret) -> _Checked:
        """Do one hash, and more only for a right password whose hash or keys are outdated. Runs in the pool."""
        if found is None:
            self._hasher.verify(self._hasher.decoy, password)
            return _Checked(fits=False)
        stored = found.password_hash
        try:
            fits = self._hasher.verify(stored, password)
        except BrokenHash as fault:
            raise BrokenHash(
                f"{found.account.name}: {fault}; set the password anew with `restante account password`"
            ) from None
        if not fits or found.account.status is not AccountStatus.ACTIVE:
            return _Checked(fits=fits)
        replaced_by = self._renew(found, password) if self._hasher.is_outdated(stored) else None
        if self._scram:
            self._keep_scram(found, replaced_by or stored, password)
        return _Checked(fits=True, replaced_by=replaced_by)

    def _renew(self, found: Credentials, password: Secret) -> str | None:
        """Store a hash with today's parameters. That it cannot be done harms no login: the next one tries again."""
        try:
            renewed = self._hasher.rehash(password)
            if self._directory.replace_hash(found.account.id, found.password_hash, renewed):
                return renewed
        except (AccountFault, BrokenHash) as fault:
            self._tell_fault(f"the password hash of {found.account.name} could not be renewed: {fault}")
        return None

    def _keep_scram(self, found: Credentials, password_hash: str, password: Secret) -> None:
        """Store SCRAM keys where there are none of today's. That it cannot be done harms no login either."""
        account, sealed = found.account, found.sealed_scram
        if sealed is not None and not are_outdated(self._sealer, account.id, sealed):
            return
        keys = make_scram_keys(password)
        if keys is None:
            return
        try:
            sealed = seal_scram_keys(self._sealer, account.id, keys)
            self._directory.replace_scram(account.id, password_hash, sealed)
        except (AccountFault, SealingFault) as fault:
            self._tell_fault(f"no SCRAM keys could be kept for {account.name}: {fault}")

    def _judge(self, key: bytes, now: Credentials | None, *, fits: bool, by_app: bool) -> Verdict:
        if now is None:
            return Refused(reason=RefusalReason.UNKNOWN_NAME)
        if not (fits or by_app):
            return Refused(reason=RefusalReason.WRONG_PASSWORD)
        if now.account.status is not AccountStatus.ACTIVE:
            # Not remembered: a quick refusal would tell that the password is right.
            return Refused(reason=RefusalReason.LOCKED)
        if fits:
            # An application password needs no memory: it is judged at once, and counts until it is revoked.
            self._verified.remember(key, now.account)
        return Accepted(account=now.account)

    # --- APOP ----------------------------------------------------------------------------------------------------

    def verify_apop(self, name: bytes, timestamp: bytes, digest: bytes) -> Soon[Verdict]:
        """Judge an APOP digest, at once. A name without a secret costs the same unsealing and the same MD5."""
        try:
            found = self._directory.credentials(name.decode("latin-1"))
            if found is None or found.sealed_apop is None:
                secret = self._sealer.unseal_decoy()
            else:
                secret = self._sealer.unseal(found.account.id, found.sealed_apop)
        except (AccountFault, SealingFault) as fault:
            return Unavailable(reason=str(fault))
        fits = apop_digest_fits(digest, timestamp, secret)
        if found is None:
            return Refused(reason=RefusalReason.UNKNOWN_NAME)
        if found.sealed_apop is None:
            return Refused(reason=RefusalReason.NO_APOP)
        if not fits:
            return Refused(reason=RefusalReason.WRONG_PASSWORD)
        if found.account.status is not AccountStatus.ACTIVE:
            return Refused(reason=RefusalReason.LOCKED)
        return Accepted(account=found.account)

    # --- SASL ----------------------------------------------------------------------------------------------------

    def judge(self, request: sasl.Request) -> Soon[Judgement]:
        """Answer what a SASL mechanism asks; a password costs what it does by PASS, keys and secrets come at once.

        An authzid has to be the authcid, in whatever case: nobody acts for another here.
        """
        match request:
            case sasl.JudgePassword(authcid=authcid):
                if not _acts_for_itself(request.authzid, authcid):
                    return _denied(authcid, RefusalReason.NOT_ALLOWED)
                verdict = self.verify_password(authcid.encode(), request.password_as_sent)
                return then(verdict, lambda verdict: _judgement(authcid, verdict))  # type: ignore[arg-type]  # see Soon
            case sasl.NeedScramKeys():
                return self._find_scram_keys(request)
            case sasl.NeedSharedSecret():
                return self._find_shared_secret(request.authcid)
            case sasl.JudgeToken():
                if self._tokens is None:
                    return _unavailable(
                        request.authzid or "", "no issuer of tokens is set up: see the setting oauth.issuer"
                    )
                return self._tokens.judge_token(request)
            case sasl.JudgeCertificate():
                if self._certificates is None:
                    return _unavailable(request.authzid or "", "no authority of client certificates is set up")
                return self._certificates.judge_certificate(request)
            case _:
                assert_never(request)

    def _find_scram_keys(self, request: sasl.NeedScramKeys) -> Judgement:
        """Give the keys of an account, or none. A name without keys costs the same work."""
        authcid = request.authcid
        try:
            found = self._directory.credentials(authcid)
            if found is None or found.sealed_scram is None:
                unseal_decoy_keys(self._sealer)
                keys = None
            else:
                keys = unseal_scram_keys(self._sealer, found.account.id, found.sealed_scram).get(request.hash)
        except (AccountFault, SealingFault, BadScramKeys) as fault:
            return _unavailable(authcid, str(fault))
        reason = _hindrance(found, has_secret=keys is not None, without=RefusalReason.NO_KEYS)
        if reason is None and not _acts_for_itself(request.authzid, authcid):
            reason = RefusalReason.NOT_ALLOWED
        return Judgement(
            answer=sasl.FoundKeys(keys=keys, may_log_in=reason is None),
            claimed=authcid,
            account=None if found is None or reason is not None else found.account,
            reason=reason,
        )

    def _find_shared_secret(self, authcid: str) -> Judgement:
        """Give the secret that APOP has sealed, or none. A name without one costs the same."""
        try:
            found = self._directory.credentials(authcid)
            if found is None or found.sealed_apop is None:
                self._sealer.unseal_decoy()
                secret = None
            else:
                secret = self._sealer.unseal(found.account.id, found.sealed_apop)
        except (AccountFault, SealingFault) as fault:
            return _unavailable(authcid, str(fault))
        reason = _hindrance(found, has_secret=secret is not None, without=RefusalReason.NO_APOP)
        return Judgement(
            answer=sasl.FoundSecret(secret=secret, may_log_in=reason is None),
            claimed=authcid,
            account=None if found is None or reason is not None else found.account,
            reason=reason,
        )

    # --- what is offered -----------------------------------------------------------------------------------------

    def offers_apop(self) -> bool:
        """Tell whether some account has APOP enabled; while the directory cannot be read, what it said last."""
        try:
            self._offered_apop = self._directory.any_apop()
        except AccountFault:
            # The login will tell; a greeting has no way to.
            return self._offered_apop
        return self._offered_apop


def _hash_of(credentials: Credentials | None) -> str | None:
    return None if credentials is None else credentials.password_hash


def _acts_for_itself(authzid: str | None, authcid: str) -> bool:
    # As octets, since those fold in ASCII alone, as names of accounts do.
    return authzid is None or authzid.encode().lower() == authcid.encode().lower()


def _hindrance(found: Credentials | None, *, has_secret: bool, without: RefusalReason) -> RefusalReason | None:
    """Say why an account cannot log in, whatever the client proves; None where only that will tell."""
    if found is None:
        return RefusalReason.UNKNOWN_NAME
    if not has_secret:
        return without
    return None if found.account.status is AccountStatus.ACTIVE else RefusalReason.LOCKED


def _judgement(claimed: str, verdict: Verdict) -> Judgement:
    match verdict:
        case Accepted(account=account):
            return Judgement(answer=sasl.Granted(authcid=account.name), claimed=claimed, account=account)
        case Refused(reason=reason):
            return _denied(claimed, reason)
        case Unavailable(reason=fault):
            return _unavailable(claimed, fault)
        case _:
            assert_never(verdict)


def _denied(claimed: str, reason: RefusalReason) -> Judgement:
    return Judgement(answer=sasl.Denied(), claimed=claimed, reason=reason)


def _unavailable(claimed: str, fault: str) -> Judgement:
    return Judgement(answer=sasl.Unavailable(), claimed=claimed, unavailable=fault)
