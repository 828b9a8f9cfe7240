"""Application passwords are strong, typed in many ways, and judged by one digest whoever is asked for."""

from __future__ import annotations

import re
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.accounts import app_passwords
from restante.accounts.app_passwords import (
    APP_PASSWORD_BITS,
    LABEL_CHARACTERS,
    IllegalLabel,
    app_password_digest,
    check_label,
    fitting_app_password,
    new_app_password,
    plain_app_password,
)
from restante.accounts.credentials import AppPassword, Credentials
from restante.accounts.passwords import check_new_password
from restante.ports.accounts import Account, AccountId
from restante.proto.terms import Secret

TED, TIM = AccountId("0123456789abcdef"), AccountId("fedcba9876543210")
PLAIN = Secret(b"abcdefghijklmnopqrstuvw7")


def _stored(account_id: AccountId, *plains: Secret) -> Credentials:
    return Credentials(
        account=Account(id=account_id, name="ted"),
        password_hash="hash",
        app_passwords=tuple(
            AppPassword(label=f"{n}", digest=app_password_digest(account_id, plain), created_epoch_seconds=0)
            for n, plain in enumerate(plains)
        ),
    )


def test_what_is_drawn_has_the_bits_and_letters_that_are_promised() -> None:
    drawn = [new_app_password() for _ in range(300)]
    assert len(set(drawn)) == 300
    letters = b"".join(each.reveal() for each in drawn).replace(b"-", b"")
    assert set(letters) == set(b"abcdefghijklmnopqrstuvwxyz234567")
    for each in drawn:
        assert re.fullmatch(rb"[a-z2-7]{4}(?:-[a-z2-7]{4}){5}", each.reveal())
        check_new_password(each)
    assert log2(32**24) == APP_PASSWORD_BITS
    assert APP_PASSWORD_BITS >= 112


@pytest.mark.parametrize(
    "typed",
    [
        b"abcd-efgh-ijkl-mnop-qrst-uvw7",
        b"ABCD-EFGH-IJKL-MNOP-QRST-UVW7",
        b"abcd efgh ijkl mnop qrst uvw7",
        b"abcdefghijklmnopqrstuvw7",
        b" abcdefghijklmnopqrstuvw7 ",
    ],
)
def test_it_is_the_same_however_it_is_typed(typed: bytes) -> None:
    assert plain_app_password(Secret(typed)) == PLAIN


@pytest.mark.parametrize(
    "typed",
    [
        b"",
        b"SECRET",
        b"abcd-efgh-ijkl-mnop-qrst-uvw",
        b"abcd-efgh-ijkl-mnop-qrst-uvw77",
        b"abcd-efgh-ijkl-mnop-qrst-uvw1",
        b"abcd-efgh-ijkl-mnop-qrst-uvw\xe9",
        b"abcdefghijklmnopqrstuvw7\n",
        b"abcdefghijklmnopqrstuvw7\0",
        b"abcdefghijklmnopqrstuvw7" + b" " * 1000,
    ],
)
def test_whatever_else_is_typed_is_none(typed: bytes) -> None:
    assert plain_app_password(Secret(typed)) is None


@given(st.binary(max_size=100))
def test_any_octets_are_one_in_its_plain_form_or_none(octets: bytes) -> None:
    plain = plain_app_password(Secret(octets))
    if plain is not None:
        assert plain_app_password(plain) == plain


def test_a_digest_is_bound_to_its_account_and_shows_nothing() -> None:
    digest = app_password_digest(TED, PLAIN)
    assert len(digest) == 32
    assert digest != app_password_digest(TIM, PLAIN)
    assert PLAIN.reveal() not in digest


def test_one_of_many_is_found_and_one_of_another_account_is_not() -> None:
    many = [Secret(PLAIN.reveal()[:-1] + bytes([letter])) for letter in b"abcdef"]
    stored = _stored(TED, *many)
    for n, each in enumerate(many):
        fitting = fitting_app_password(stored, each)
        assert fitting is not None
        assert fitting.label == str(n)
    assert fitting_app_password(stored, PLAIN) is None
    assert fitting_app_password(_stored(TIM), many[0]) is None
    assert fitting_app_password(None, many[0]) is None
    # A digest that was copied to another account's rows opens nothing there.
    moved = Credentials(
        account=Account(id=TIM, name="tim"), password_hash="hash", app_passwords=stored.app_passwords
    )
    assert fitting_app_password(moved, many[0]) is None


@pytest.mark.rule("S8")
def test_the_digests_computed_depend_on_what_was_typed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = 0

    def counting(account_id: AccountId, plain: Secret) -> bytes:
        nonlocal computed
        computed += 1
        return app_password_digest(account_id, plain)

    stored = [None, _stored(TED), _stored(TED, PLAIN), _stored(TED, *[new_plain() for _ in range(64)])]
    monkeypatch.setattr(app_passwords, "app_password_digest", counting)
    for password, expected in ((PLAIN, 1), (new_app_password(), 1), (Secret(b"SECRET"), 0), (Secret(b""), 0)):
        for found in stored:
            computed = 0
            fitting_app_password(found, password)
            assert computed == expected


def new_plain() -> Secret:
    plain = plain_app_password(new_app_password())
    assert plain is not None
    return plain


@pytest.mark.parametrize("label", ["phone", "Thunderbird on the laptop", "Büro", "x" * LABEL_CHARACTERS])
def test_a_label_is_anything_that_shows(label: str) -> None:
    check_label(label)


@pytest.mark.parametrize(
    "label", ["", " ", " phone", "phone ", "x" * (LABEL_CHARACTERS + 1), "pho\nne", "pho\x1b[2Jne", "\u202ephone"]
)
def test_a_label_that_would_not_show_is_refused_and_escaped(label: str) -> None:
    with pytest.raises(IllegalLabel) as refused:
        check_label(label)
    assert str(refused.value).isprintable()
    assert refused.value.label == label
