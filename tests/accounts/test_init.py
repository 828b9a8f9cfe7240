"""The package exports what it says, and brings a library only to those who need it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import restante.accounts


def test_every_exported_name_is_there_under_its_own_name() -> None:
    assert restante.accounts.__all__ == sorted(restante.accounts.__all__)
    assert set(restante.accounts.__all__) == set(restante.accounts._MODULES)
    for name in restante.accounts.__all__:
        assert getattr(restante.accounts, name).__name__ == name


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nobody'"):
        _ = restante.accounts.Nobody


def test_looking_up_a_name_brings_no_library_of_passwords() -> None:
    script = (
        "import sys; from restante.accounts import SqlDirectory, parse_account_name;"
        "print(sorted({'argon2', 'cryptography', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"
