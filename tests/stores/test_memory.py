"""The memory store passes the contract; nothing else is to be said of it."""

from __future__ import annotations

import pytest

from restante.ports.accounts import Account, AccountId
from restante.ports.stores import Store
from restante.stores.memory import MemoryStore
from restante.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    @pytest.fixture
    def account(self) -> Account:
        return Account(id=AccountId("0123456789abcdef"), name="ted")

    def lose(self, store: Store, account: Account, unique_id: bytes) -> None:
        assert isinstance(store, MemoryStore)
        store.lose(account, unique_id)
