"""The house keeps its order: floors, sizes of files, public names, imports that do nothing."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "restante"

LONGEST_FILE_LINES = 400

FLOOR_ZERO = ("proto", "maildrop", "sasl", "explain")

READS_THE_WORLD = frozenset(
    {
        *("asyncio", "fcntl", "io", "logging", "multiprocessing", "os", "pathlib", "random"),
        *("secrets", "select", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl"),
        *("subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
    }
)
"""What code of floor 0 does not import: it has no I/O, no clock and no chance."""

WORLD_BY_CALL = frozenset({"open", "print", "input", "exec", "eval", "__import__", "breakpoint"})

NOT_IN_THE_PRODUCT = frozenset({"poplib", "smtplib", "imaplib", "asyncore", "asynchat", "smtpd"})

STREAMS = frozenset({"StreamReader", "StreamWriter", "open_connection", "start_server", "start_unix_server"})
"""The stock streams keep octets over a change to TLS, and cost a task for each connection."""


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def of_floor_zero() -> list[Path]:
    return [path for path in modules() if path.relative_to(SOURCE).parts[0] in FLOOR_ZERO]


@pytest.mark.parametrize("path", of_floor_zero(), ids=dotted)
def test_floor_zero_imports_nothing_that_reads_the_world(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert {name for name in imports(tree) if name.partition(".")[0] in READS_THE_WORLD} == set()
    outside = {
        name for name in imports(tree) if name.startswith("restante.") and name.split(".")[1] not in FLOOR_ZERO
    }
    assert outside == set(), "floor 0 imports from floor 0 only"


@pytest.mark.parametrize("path", of_floor_zero(), ids=dotted)
def test_floor_zero_calls_nothing_that_reads_the_world(path: Path) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert calls & WORLD_BY_CALL == set()


def test_no_file_of_the_product_is_longer_than_one_idea() -> None:
    long = {dotted(path): lines for path in modules() if (lines := line_count(path)) > LONGEST_FILE_LINES}
    assert long == {}


def line_count(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_the_product_uses_no_forbidden_library(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert {name for name in imports(tree) if name.partition(".")[0] in NOT_IN_THE_PRODUCT} == set()
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert named & STREAMS == set()


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_each_module_says_what_it_is_and_names_what_it_exports(path: Path) -> None:
    module = importlib.import_module(dotted(path))
    words = (module.__doc__ or "").strip()
    assert len(words) > 20, "the docstring says what the module is"
    # What `python -m restante` runs is no module to import from.
    exported = [] if path.name == "__main__.py" else module.__all__
    assert len(set(exported)) == len(exported)
    assert [name for name in exported if not hasattr(module, name)] == []


IMPORT_EVERYTHING = """
import os, socket, sys, threading
opened = []
WATCHED = {"socket.bind", "socket.connect", "subprocess.Popen", "os.fork", "os.mkdir", "os.remove", "os.rename",
           "sqlite3.connect", "socket.getaddrinfo", "os.putenv", "signal.pthread_kill"}
def watch(event, arguments):
    if event in WATCHED:
        opened.append((event, arguments))
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        opened.append((event, arguments))
before = set(os.listdir("/proc/self/fd"))
sys.dont_write_bytecode = True
sys.addaudithook(watch)
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
print(opened, threading.active_count() - 1, sorted(set(os.listdir("/proc/self/fd")) - before))
"""


def test_importing_every_module_opens_and_starts_nothing() -> None:
    names = [dotted(path) for path in modules()]
    argv = [sys.executable, "-I", "-c", IMPORT_EVERYTHING, *names]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.stdout == "[] 0 []\n"
