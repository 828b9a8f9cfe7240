"""The two builds, the pure one and the compiled one: this file holds on both, and says which of them runs."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

from restante import __version__
from restante.compiled import COMPILED

ROOT: Final = Path(__file__).resolve().parent.parent
_PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())
_HOOK: Final = _PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
MODULES: Final[list[str]] = _HOOK["modules"]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_hot_path_is_compiled_where_all_are(module: str) -> None:
    file = importlib.import_module(f"restante.{module.replace('/', '.')}").__file__
    assert file is not None
    assert file.endswith(".py") is not COMPILED


def test_without_the_variable_no_hook_is_loaded() -> None:
    assert _HOOK["enable-by-default"] is False


def test_the_version_says_which_build_it_is() -> None:
    command = [sys.executable, "-m", "restante", "--version"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown == f"restante {__version__}{' (compiled)' if COMPILED else ''}\n"


def test_nobody_inherits_from_a_compiled_class() -> None:
    compiled = {
        (f"restante.{module.replace('/', '.')}", node.name)
        for module in MODULES
        for node in ast.parse((ROOT / "src" / "restante" / f"{module}.py").read_text()).body
        if isinstance(node, ast.ClassDef) and "Enum" not in {ast.unparse(base) for base in node.bases}
    }
    # A class that is interpreted cannot: it would be an error that only the compiled build has.
    heirs = [
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("src", "tests", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if str(path.relative_to(ROOT).with_suffix("")).removeprefix("src/restante/") not in MODULES
        for name in heirs_in(path.read_text(), compiled)
    ]
    assert heirs == []


def heirs_in(source: str, classes: set[tuple[str, str]]) -> list[str]:
    """Give the classes of a file that inherit from one of those, which it has imported."""
    nodes = list(ast.walk(ast.parse(source)))
    imported = {
        each.asname or each.name
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for each in node.names
        if (node.module, each.name) in classes
    }
    return [
        node.name
        for node in nodes
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name) and base.id in imported
    ]


def test_an_heir_is_known_by_where_its_base_is_from() -> None:
    classes = {("a.b", "C")}
    assert heirs_in("from a.b import C\nclass D(C): ...", classes) == ["D"]
    assert heirs_in("from a.b import C as E\nclass D(E): ...", classes) == ["D"]
    assert heirs_in("from a.x import C\nclass D(C): ...", classes) == []


def test_the_pages_name_the_pythons_that_the_classifiers_name() -> None:
    prefix = "Programming Language :: Python :: 3."
    named = [each[len(prefix) - 2 :] for each in _PROJECT["project"]["classifiers"] if each.startswith(prefix)]
    proven = f"{', '.join(named[:-1])} and {named[-1]}"
    for page in ("docs/howto/compiled.md", "CONTRIBUTING.md"):
        assert proven in (ROOT / page).read_text(), page
