"""Accounts from several sources in order; and the ids of accounts whose source has none."""

from __future__ import annotations

import hashlib

from restante.accounts.names import AccountName
from restante.ports.accounts import AccountId

__all__ = ["derived_account_id"]


def derived_account_id(name: AccountName) -> AccountId:
    """Give the id of an account whose source stores none: 16 hexadecimal digits of a hash of the folded name.

    The same in every process and for every such source, so that an account that moves from a passwd-file to LDAP
    keeps its maildrop. 64 bits: among a million accounts two share an id with a chance of one in 30 million.
    """
    return AccountId(
        hashlib.blake2b(name.folded.encode(), digest_size=8, person=b"restante account"[:16]).hexdigest()
    )
