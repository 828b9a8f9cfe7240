"""Credentials do not show themselves."""

from __future__ import annotations

from restante.accounts.credentials import AppPassword, Credentials
from restante.ports.accounts import Account, AccountId


def test_credentials_show_neither_hash_nor_sealed_secret() -> None:
    ted = Account(id=AccountId("0123456789abcdef"), name="ted")
    phone = AppPassword(label="phone", digest=b"DIGEST", created_epoch_seconds=0)
    shown = repr(
        Credentials(
            account=ted,
            password_hash="$argon2id$HASH",
            sealed_apop=b"SEALED",
            sealed_scram=b"SEALED",
            app_passwords=(phone,),
        )
    )
    assert "HASH" not in shown
    assert "DIGEST" not in shown
    assert "SEALED" not in shown
    assert "ted" in shown
