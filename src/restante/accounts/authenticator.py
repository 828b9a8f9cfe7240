"""Judges a name and a password, or an APOP digest, against a directory's accounts.

A password that proved right a short while ago is accepted at once, as a plain value: that is the hot path, some
microseconds. All else costs exactly one argon2 hash in the pool, whatever is wrong: an unknown name, a name that no
account could have, a locked account and a wrong password take the same work, so that time tells nothing. Logins
with the same name and password while the hash is under way share it. (A hash made with other parameters than
today's takes another time until its owner's next login renews it.)
How it fails: Unavailable, with a sentence for the log; it raises nothing.
Sources: RFC 1939 §7 (PASS, APOP), RFC 3206 §4-6 (what is the system's fault and what the credentials').
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from restante.accounts.apop import Sealer, SealingFault, apop_digest_fits
from restante.accounts.credentials import CredentialDirectory, Credentials
from restante.accounts.passwords import BrokenHash, HashPool, HashQueueFull, PasswordHasher
from restante.accounts.verified import VerifiedCredentials
from restante.ports.accounts import (
    Accepted,
    AccountFault,
    AccountStatus,
    RefusalReason,
    Refused,
    Unavailable,
    Verdict,
)
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret

__all__ = ["PasswordAuthenticator"]

_PASS: Final = b"PASS"
"""The mechanism, as the memory of verified credentials knows it."""

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
        hasher: PasswordHasher,
        pool: HashPool,
        verified: VerifiedCredentials,
        sealer: Sealer,
        tell_fault: Callable[[str], None] = lambda _fault: None,
    ) -> None:
        """Put it together. `tell_fault` takes a sentence for the log when something failed that no login hangs on.

        It is called from the pool's threads.
        """
        self._directory = directory
        self._hasher = hasher
        self._pool = pool
        self._verified = verified
        self._sealer = sealer
        self._tell_fault = tell_fault
        self._under_way: dict[bytes, asyncio.Task[Verdict]] = {}
        self._offered_apop = False

    # --- passwords -----------------------------------------------------------------------------------------------

    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        """Judge a name and a password: at once when they proved right lately, else later, for one hash."""
        key = self._verified.key(name=name.lower(), mechanism=_PASS, password=password)
        # Latin-1 takes every octet, and the directory knows no name beyond ASCII.
        text = name.decode("latin-1")
        try:
            found = self._directory.credentials(text)
        except AccountFault as fault:
            return Unavailable(reason=str(fault))
        if (
            found is not None
            and found.account.status is AccountStatus.ACTIVE
            and self._verified.holds(key, found.account)
        ):
            return Accepted(account=found.account)
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
                    return self._judge(key, now, fits=checked.fits)
        except (AccountFault, BrokenHash, HashQueueFull) as fault:
            return Unavailable(reason=str(fault))
        return Unavailable(reason="the account was changed again and again while its password was verified")

    def _check(self, found: Credentials | None, password: Secret) -> _Checked:
        """Do one hash, and another only where a right password's hash is outdated. Runs in the pool."""
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
        if not fits or found.account.status is not AccountStatus.ACTIVE or not self._hasher.is_outdated(stored):
            return _Checked(fits=fits)
        return _Checked(fits=True, replaced_by=self._renew(found, password))

    def _renew(self, found: Credentials, password: Secret) -> str | None:
        """Store a hash with today's parameters. That it cannot be done harms no login: the next one tries again."""
        try:
            renewed = self._hasher.rehash(password)
            if self._directory.replace_hash(found.account.id, found.password_hash, renewed):
                return renewed
        except (AccountFault, BrokenHash) as fault:
            self._tell_fault(f"the password hash of {found.account.name} could not be renewed: {fault}")
        return None

    def _judge(self, key: bytes, now: Credentials | None, *, fits: bool) -> Verdict:
        if now is None:
            return Refused(reason=RefusalReason.UNKNOWN_NAME)
        if not fits:
            return Refused(reason=RefusalReason.WRONG_PASSWORD)
        if now.account.status is not AccountStatus.ACTIVE:
            # Not remembered: a quick refusal would tell that the password is right.
            return Refused(reason=RefusalReason.LOCKED)
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
