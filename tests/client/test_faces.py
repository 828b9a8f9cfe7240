"""The two faces have one logic: the same names, the same arguments, and neither knows POP3."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from restante.client import aio, blocking


def public(owner: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(value)
        for name, value in vars(owner).items()
        if not name.startswith("_") and inspect.isfunction(value)
    }


def arguments(signature: inspect.Signature) -> list[tuple[str, object]]:
    return [(each.name, each.default) for each in signature.parameters.values()][1:]


@pytest.mark.parametrize("name", ["Maildrop", "Message"])
def test_both_faces_have_the_same_operations_with_the_same_arguments(name: str) -> None:
    one, other = public(getattr(aio, name)), public(getattr(blocking, name))
    assert set(one) == set(other)
    for operation, signature in one.items():
        assert arguments(signature) == arguments(other[operation]), operation


@pytest.mark.parametrize("name", ["Maildrop", "Message"])
def test_each_operation_says_what_it_does_in_both_faces_alike(name: str) -> None:
    for operation in public(getattr(aio, name)):
        one, other = getattr(getattr(aio, name), operation), getattr(getattr(blocking, name), operation)
        assert inspect.getdoc(one), operation
        assert inspect.getdoc(one) == inspect.getdoc(other), operation


def test_connect_is_the_same() -> None:
    assert inspect.signature(aio.connect).parameters == inspect.signature(blocking.connect).parameters
    assert inspect.getdoc(aio.connect) == inspect.getdoc(blocking.connect)


@pytest.mark.parametrize("face", [aio, blocking])
def test_no_pump_knows_a_command(face: object) -> None:
    source = Path(str(inspect.getsourcefile(face))).read_text()  # type: ignore[arg-type]  # a module
    assert not any(f'b"{keyword}' in source for keyword in ("RETR", "STAT", "UIDL", "QUIT", "+OK", "-ERR"))
