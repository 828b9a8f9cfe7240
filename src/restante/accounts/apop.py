"""APOP's two needs: the digest, and a shared secret that can be had back, hence is kept sealed.

A sealed secret is AES-256-GCM under a key in the data folder, bound to the account's id so that one account's
secret cannot be put in the place of another's. It protects a copy of the accounts' file (a backup, a leak) that
comes without the key; it does not protect against one who reads the whole data folder.
How it fails: SealingFault, whose message says what to do.
Sources: RFC 1939 §7 (APOP: MD5 over timestamp and secret); NIST SP 800-38D (GCM, nonces of 96 bits by lot).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from restante.ports.accounts import AccountId
from restante.proto.terms import Secret

__all__ = ["Sealer", "SealingFault", "apop_digest", "apop_digest_fits"]

_KEY_OCTETS: Final = 32
_NONCE_OCTETS: Final = 12
_FORM: Final = b"\x01"
"""The first octet of what is sealed: which way it was done, should there ever be a second."""

_DECOY_ID: Final = AccountId("0" * 16)


class SealingFault(Exception):
    """The key or a sealed secret cannot be used. The message is for the administrator and says what to do."""


def apop_digest(timestamp: bytes, secret: Secret) -> bytes:
    """Give the digest of APOP: lower-case hex MD5 over the timestamp, brackets included, and the secret.

    Source: RFC 1939 §7.
    """
    # MD5 because the protocol says so; a system under FIPS rules has to be told that it guards nothing else.
    return hashlib.md5(timestamp + secret.reveal(), usedforsecurity=False).hexdigest().encode("ascii")


def apop_digest_fits(digest: bytes, timestamp: bytes, secret: Secret) -> bool:
    """Tell whether a client's digest is right, in a time that does not tell how nearly."""
    return hmac.compare_digest(digest, apop_digest(timestamp, secret))


class Sealer:
    """Seals APOP secrets under the key in a file. The file is made with the first secret that is sealed."""

    __slots__ = ("_cipher", "_decoy", "_decoy_cipher", "_path")

    def __init__(self, key_path: Path) -> None:
        """Name the key's file; it is read, or made, when it is first needed."""
        self._path = key_path
        self._cipher: AESGCM | None = None
        self._decoy_cipher = AESGCM(secrets.token_bytes(_KEY_OCTETS))
        self._decoy = _seal(self._decoy_cipher, _DECOY_ID, secrets.token_bytes(_NONCE_OCTETS))

    def __repr__(self) -> str:
        return f"Sealer({str(self._path)!r})"

    def seal(self, account_id: AccountId, secret: Secret) -> bytes:
        """Seal a secret for an account, making the key if there is none yet. Raises SealingFault."""
        # Read anew: another process may have made the first key, or put back another, since.
        if not self._path.exists():
            self._make_key()
        cipher = self._cipher = self._read_key()
        return _seal(cipher, account_id, secret.reveal())

    def unseal(self, account_id: AccountId, sealed: bytes) -> Secret:
        """Give back a secret. Raises SealingFault when the key is missing or another, or the account is another."""
        if self._cipher is not None:
            with contextlib.suppress(InvalidTag):
                return _unseal(self._cipher, account_id, sealed)
        cipher = self._cipher = self._read_key()
        try:
            return _unseal(cipher, account_id, sealed)
        except InvalidTag:
            raise SealingFault(
                f"the APOP secret of the account with id {account_id} does not open with the key {self._path}: put "
                "back the key that belongs to these accounts, or run `restante account apop NAME --enable` again"
            ) from None

    def unseal_decoy(self) -> Secret:
        """Do the work of `unseal` and give a secret that nobody knows: for names that have none."""
        return _unseal(self._decoy_cipher, _DECOY_ID, self._decoy)

    def _read_key(self) -> AESGCM:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                mode = os.fstat(descriptor).st_mode
                text = file.read(2 * _KEY_OCTETS + 2)
        except FileNotFoundError:
            raise SealingFault(
                f"the key {self._path} is missing, so APOP secrets cannot be read: put it back from a backup, "
                "or run `restante account apop NAME --enable` again for each account that has APOP"
            ) from None
        except OSError as error:
            raise SealingFault(
                f"the key {self._path} cannot be read: {error.strerror}; "
                "see that it belongs to the user that runs restante"
            ) from error
        if mode & 0o007:
            raise SealingFault(f"the key {self._path} is open to everybody on this machine: run `chmod 600` on it")
        try:
            key = bytes.fromhex(text.decode("ascii").strip())
        except ValueError:
            key = b""
        if len(key) != _KEY_OCTETS:
            # Neither the text nor the cause is told: what is left of the key may still be one.
            raise SealingFault(
                f"the key {self._path} is not {2 * _KEY_OCTETS} hexadecimal digits: put it back from a backup"
            ) from None
        return AESGCM(key)

    def _make_key(self) -> None:
        """Make the key whole beside its place, then put it there unless another process was quicker.

        A crash leaves: a hidden `.….new` file that nothing reads (before the link), both names (before the unlink),
        or the key alone. A secret is sealed only after the key is durable, the folder's entry included.
        """
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}.new")
        try:
            descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    os.fchmod(descriptor, 0o600)
                    file.write(secrets.token_hex(_KEY_OCTETS).encode("ascii") + b"\n")
                    file.flush()
                    os.fsync(descriptor)
                with contextlib.suppress(FileExistsError):
                    os.link(draft, self._path)
            finally:
                draft.unlink()
            folder = os.open(self._path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise SealingFault(
                f"the key {self._path} cannot be made: {error.strerror}; see that its folder is there, has room, "
                "and belongs to the user that runs restante"
            ) from error


def _seal(cipher: AESGCM, account_id: AccountId, secret: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_OCTETS)
    return _FORM + nonce + cipher.encrypt(nonce, secret, _bound_to(account_id))


def _unseal(cipher: AESGCM, account_id: AccountId, sealed: bytes) -> Secret:
    """Raise InvalidTag for whatever is wrong."""
    nonce = sealed[1 : 1 + _NONCE_OCTETS]
    if sealed[:1] != _FORM or len(nonce) != _NONCE_OCTETS:
        raise InvalidTag
    return Secret(cipher.decrypt(nonce, sealed[1 + _NONCE_OCTETS :], _bound_to(account_id)))


def _bound_to(account_id: AccountId) -> bytes:
    return b"restante apop " + account_id.encode("ascii")
