"""The memory store passes the contract; nothing else is to be said of it."""

from __future__ import annotations

import pytest

from restante.maildrop.policies import MaildropPolicies
from restante.ports.accounts import Account, AccountId
from restante.ports.stores import QuotaOf, Store, no_quota
from restante.stores.memory import MemoryStore
from restante.testing.policy_contract import HandClock, MakesStores, PolicyContract
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


class TestPoliciesInMemory(PolicyContract):
    @pytest.fixture
    def account(self) -> Account:
        return Account(id=AccountId("0123456789abcdef"), name="ted")

    @pytest.fixture
    def clock(self) -> HandClock:
        return HandClock()

    @pytest.fixture
    def made(self, clock: HandClock) -> MakesStores:
        stores: list[MemoryStore] = []

        def make(policies: MaildropPolicies, quota_of: QuotaOf = no_quota) -> Store:
            # A second one is the first: there is no disk for them to share.
            stores.append(stores[0] if stores else MemoryStore(clock=clock, policies=policies, quota_of=quota_of))
            return stores[-1]

        return make
