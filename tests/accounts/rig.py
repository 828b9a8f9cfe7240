"""A judge of logins over a real directory, whose work is counted and can be held up."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, TypeVar

from restante.accounts.authenticator import PasswordAuthenticator
from restante.accounts.passwords import HashPool, PasswordHasher
from restante.accounts.sealing import SealedUse, Sealer
from restante.accounts.sql import SqlDirectory
from restante.accounts.verified import VerifiedCredentials
from restante.ports.accounts import AccountId, Verdict
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret

RIGHT, WRONG = Secret(b"SECRET"), Secret(b"secret")

T = TypeVar("T")


class CountingHasher(PasswordHasher):
    """Counts what costs time, and can be held up."""

    def __init__(self, *, passes: int = 1) -> None:
        super().__init__(memory_kib=8, passes=passes)
        self.verified = 0
        self.made = 0
        self.go = threading.Event()
        self.go.set()
        self.began = threading.Event()

    def verify(self, encoded: str, password: Secret) -> bool:
        self.began.set()
        assert self.go.wait(timeout=60)
        self.verified += 1
        return super().verify(encoded, password)

    def _hash(self, password: Secret) -> str:
        self.made += 1
        return super()._hash(password)


class CountingSealer(Sealer):
    """Counts what it opens."""

    unsealed = 0

    def unseal(self, account_id: AccountId, sealed: bytes, *, use: SealedUse = SealedUse.APOP) -> Secret:
        self.unsealed += 1
        return super().unseal(account_id, sealed, use=use)

    def unseal_decoy(self) -> Secret:
        self.unsealed += 1
        return super().unseal_decoy()


class Rig:
    """An authenticator over a real directory, with one account: Ted, SECRET."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.directory = SqlDirectory(folder / "accounts.db")
        self.hasher = CountingHasher()
        self.sealer = Sealer(folder / "key")
        self.pool = HashPool(at_once=2, queue=2)
        self.faults: list[str] = []
        self.ted = self.directory.add("Ted", PasswordHasher(memory_kib=8, passes=1).hash(RIGHT))
        self.authenticator = self.another()

    def another(self, **changed: Any) -> PasswordAuthenticator:  # Any: any of the parts
        parts: dict[str, Any] = {  # Any: as above
            "hasher": self.hasher,
            "pool": self.pool,
            "verified": VerifiedCredentials(),
            "sealer": self.sealer,
            "tell_fault": self.faults.append,
        }
        directory = changed.pop("directory", self.directory)
        return PasswordAuthenticator(directory, **(parts | changed))

    async def log_in(self, name: bytes = b"Ted", password: Secret = RIGHT) -> Verdict:
        return await settled(self.authenticator.verify_password(name, password))

    def close(self) -> None:
        self.hasher.go.set()
        self.pool.close()
        self.directory.close()


async def settled(answer: Soon[T]) -> T:
    return await answer if isinstance(answer, Later) else answer
