from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mail_accounts.rig import MemoryKeyring

from restante.mail_accounts.faults import ConsentWithdrawn, TokenFault
from restante.mail_accounts.logins import Logins
from restante.mail_accounts.model import Account, InFile, OAuth
from restante.mail_accounts.secrets import Secrets
from restante.mail_accounts.tokens import EARLY_SECONDS, Tokens, answer_of_issuer
from restante.mail_accounts.web import Web, WebAnswer, WebFault
from restante.proto.terms import Secret


class Issuer(Web):
    """An issuer in memory: gives the answers it was told to, in order."""

    def __init__(self, *answers: tuple[int, dict[str, Any]] | WebFault) -> None:
        object.__setattr__(self, "answers", list(answers))
        object.__setattr__(self, "asked", [])

    async def post(self, url: str, form: Mapping[str, str]) -> WebAnswer:
        self.asked.append((url, dict(form)))  # type: ignore[attr-defined]
        answer = self.answers.pop(0)  # type: ignore[attr-defined]
        if isinstance(answer, WebFault):
            raise answer
        status, fields = answer
        return WebAnswer(status=status, octets=json.dumps(fields).encode())


OAUTH = OAuth(provider=None, client_id="me", client_secret="s", token_url="https://issuer.example/token")
ACCOUNT = Account(name="ted", address="ted@example.org", login="ted", credential=OAUTH)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def tokens(tmp_path: Path, issuer: Issuer, keyring: MemoryKeyring, clock: Clock | None = None) -> Tokens:
    secrets = Secrets(environ={"XDG_DATA_HOME": str(tmp_path)}, keyring=keyring)
    return Tokens(secrets, web=issuer, clock=clock or Clock())


async def test_a_token_is_asked_for_once_and_anew_before_its_end(tmp_path: Path) -> None:
    issuer = Issuer(
        (200, {"access_token": "a1", "expires_in": 3600}), (200, {"access_token": "a2", "expires_in": "3600"})
    )
    clock = Clock()
    source = tokens(tmp_path, issuer, MemoryKeyring({"ted (refresh token)": "r1"}), clock)
    assert await source.access_token(ACCOUNT) == Secret(b"a1")
    clock.now = 3600 - EARLY_SECONDS - 1
    assert await source.access_token(ACCOUNT) == Secret(b"a1")
    clock.now = 3600 - EARLY_SECONDS
    assert await source.access_token(ACCOUNT) == Secret(b"a2")
    form = {"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "me", "client_secret": "s"}
    assert issuer.asked == [("https://issuer.example/token", form)] * 2  # type: ignore[attr-defined]


async def test_a_refresh_token_that_was_replaced_is_kept(tmp_path: Path) -> None:
    keyring = MemoryKeyring({"ted (refresh token)": "r1"})
    issuer = Issuer((200, {"access_token": "a", "refresh_token": "r2", "expires_in": 1}))
    await tokens(tmp_path, issuer, keyring).access_token(ACCOUNT)
    assert keyring.kept == {"ted (refresh token)": "r2"}


async def test_a_refresh_token_in_a_file_is_replaced_there(tmp_path: Path) -> None:
    place = InFile(path=tmp_path / "token")
    place.path.write_text("r1\n")
    place.path.chmod(0o600)
    oauth = OAuth(provider=None, client_id="me", token_url="https://issuer.example/token", refresh_token=place)
    account = Account(name="ted", address="ted@example.org", login="ted", credential=oauth)
    issuer = Issuer((200, {"access_token": "a", "refresh_token": "r2"}))
    await tokens(tmp_path, issuer, MemoryKeyring()).access_token(account)
    assert place.path.read_text() == "r2\n"


async def test_consent_that_was_withdrawn_is_told_with_what_to_do(tmp_path: Path) -> None:
    issuer = Issuer((400, {"error": "invalid_grant", "error_description": "revoked\x1b[31m"}))
    source = tokens(tmp_path, issuer, MemoryKeyring({"ted (refresh token)": "r1"}))
    with pytest.raises(ConsentWithdrawn, match=r"invalid_grant: revoked\?\[31m.*'restante setup --new-secret ted'"):
        await source.access_token(ACCOUNT)


@pytest.mark.parametrize(
    "answer",
    [(500, {}), (401, {"error": "invalid_client"}), (200, {}), (200, {"access_token": 1}), WebFault("is away")],
)
async def test_an_issuer_that_gives_no_token_is_a_fault_that_may_pass(tmp_path: Path, answer: Any) -> None:
    source = tokens(tmp_path, Issuer(answer), MemoryKeyring({"ted (refresh token)": "r1"}))
    with pytest.raises(TokenFault) as caught:
        await source.access_token(ACCOUNT)
    assert not isinstance(caught.value, ConsentWithdrawn)
    assert "r1" not in str(caught.value)


async def test_a_token_that_a_server_refused_is_not_used_again(tmp_path: Path) -> None:
    issuer = Issuer((200, {"access_token": "a1"}), (200, {"access_token": "a2"}))
    source = tokens(tmp_path, issuer, MemoryKeyring({"ted (refresh token)": "r1"}))
    await source.access_token(ACCOUNT)
    source.forget(ACCOUNT)
    assert await source.access_token(ACCOUNT) == Secret(b"a2")


@given(
    st.integers(100, 599),
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=4),
            lambda inner: st.dictionaries(
                st.sampled_from(["access_token", "error", "expires_in", "refresh_token"]), inner
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_any_answer_of_an_issuer_is_tokens_or_a_fault(status: int, octets: bytes) -> None:
    try:
        issued = answer_of_issuer(status, octets, name="ted")
    except TokenFault:
        return
    assert issued.access.reveal()
    assert 0 < issued.life_seconds <= 86_400


async def test_a_login_carries_the_password_of_its_account() -> None:
    keyring = MemoryKeyring({"ted": "pw", "ted (SMTP password)": "other"})
    logins = Logins(Secrets(environ={}, keyring=keyring))
    from restante.mail_accounts.model import KEYRING

    account = Account(name="ted", address="t@e.org", login="ted", smtp_login="sender", smtp_credential=KEYRING)
    pop3 = await logins.for_pop3(account)
    assert (pop3.name, pop3.password) == ("ted", Secret(b"pw"))
    smtp = await logins.for_smtp(account)
    assert (smtp.name, smtp.password) == ("sender", Secret(b"other"))
