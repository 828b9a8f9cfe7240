"""The table of rules and tests is up to date, knows each rule, and has no hole in what is built."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from restante.config import SETTINGS
from restante.proto.spec import SPECS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The script docs/generate, which has no suffix that Python would import by."""
    loader = SourceFileLoader("docs_generate", str(ROOT / "docs" / "generate"))
    spec = importlib.util.spec_from_loader("docs_generate", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_generate"] = module
    loader.exec_module(module)
    return module


def test_every_generated_page_is_up_to_date(generate: ModuleType) -> None:
    stale = [path for path, make in generate.PAGES.items() if (ROOT / path).read_text("utf-8") != make()]
    assert stale == [], "run `make docs`"


def test_every_rule_of_what_is_built_is_held_by_a_test(generate: ModuleType) -> None:
    holding = generate.read_tests()
    assert [rule.id for rule in generate.read_rules() if rule.stage is None and rule.id not in holding] == []


def test_no_test_names_a_rule_that_is_not_there(generate: ModuleType) -> None:
    known = {rule.id for rule in generate.read_rules()}
    unknown = {rule: tests for rule, tests in generate.read_tests().items() if rule not in known}
    assert unknown == {}


def test_rules_wait_for_nothing_but_the_client(generate: ModuleType) -> None:
    assert {rule.stage for rule in generate.read_rules()} <= {None, "the client"}
    assert [rule.id for rule in generate.read_rules() if rule.stage and rule.id[0] in "LSCU"] == []


def test_the_generated_pages_leave_nothing_out(generate: ModuleType) -> None:
    settings = generate.settings()
    assert [row.name for row in SETTINGS if f"### `{row.name}`" not in settings] == []
    commands = generate.commands()
    assert [spec.syntax for spec in SPECS.values() if f"| `{spec.syntax}` |" not in commands] == []
    command_line = generate.command_line()
    assert "## restante account app-password revoke\n" in command_line
    assert [row.flag for row in SETTINGS if not re.search(rf"^  {row.flag}\b", command_line, re.M)] == []


@pytest.mark.parametrize(
    ("prefix", "count"), [("L", 10), ("S", 8), ("C", 12), ("T", 6), ("A", 7), ("U", 4), ("M", 4)]
)
def test_the_rules_are_complete_and_numbered(generate: ModuleType, prefix: str, count: int) -> None:
    ids = [rule.id for rule in generate.read_rules() if rule.id.startswith(prefix)]
    assert ids == [f"{prefix}{number}" for number in range(1, count + 1)]
