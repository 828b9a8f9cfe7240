"""The documents say nothing that is not so: links, commands, settings, files, dependencies.

What they show of a running server is held in `tests/e2e/test_docs_examples.py`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from restante.cli.application import application
from restante.config import SETTINGS, load_settings
from restante.observe.families import FAMILIES, Kind
from restante.sasl.registry import MECHANISMS

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
INLINE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ (.*)$", re.M)

NOT_THERE_YET: set[str] = set()
"""Files that CONTRIBUTING names as to come."""

documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def blocks(document: Path, language: str) -> list[str]:
    return [text for name, text in FENCE.findall(document.read_text()) if name == language]


def prose(document: Path) -> str:
    return FENCE.sub("", document.read_text())


def anchor_of(heading: str) -> str:
    """Give the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@documents
def test_each_relative_link_leads_somewhere(document: Path) -> None:
    for target in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), f"{target} is not there"
        if anchor:
            anchors = {anchor_of(heading) for heading in HEADING.findall(prose(file))}
            assert anchor in anchors, f"{target}: no such heading"


def test_each_document_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    reached, to_read = set(), [index]
    while to_read:
        document = to_read.pop()
        if document in reached:
            continue
        reached.add(document)
        links = [target.partition("#")[0] for target in LINK.findall(prose(document))]
        to_read += [
            file for link in links if link.endswith(".md") and (file := (document.parent / link).resolve()).exists()
        ]
    assert {path for path in DOCUMENTS if path.is_relative_to(ROOT / "docs")} <= reached


# --- commands ----------------------------------------------------------------------------------------------------


def quoted_commands(document: Path) -> Iterator[tuple[str, bool]]:
    """Give the command lines after the word `restante`, and whether each is one to type as it stands."""
    text = document.read_text()
    for block in blocks(document, "console"):
        for line in re.findall(r"^[$#] (.*)$", block.replace("\\\n", ""), re.M):
            # In a pipeline, after `runuser … --`, with a comment behind: each command on its own.
            for part in re.split(r"\s[|&#]+(?:\s|$)|;\s|\s--\s(?=restante)", line):
                words = part.strip()
                if re.match(r"restante(\s|$)", words):
                    yield words, True
    for line in re.findall(r"(?:argv=|ExecStart=)\S*/(restante .*)", text):
        yield line, True
    for words in INLINE.findall(prose(document)):
        if re.match(r"restante [a-z-]", words):
            yield words, False


def options_of(command: Any) -> dict[str, bool]:  # Any: the toolkit's classes are private
    """Give a command's options, each with whether a value follows."""
    return {
        name: not parameter.is_flag
        for parameter in command.params
        if parameter.param_type_name == "option"
        for name in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help": False, "-h": False}


def check_command(line: str, *, whole: bool) -> None:
    """Fail unless the command line is one that `restante` understands; `whole`: no argument is missing either."""
    words = shlex.split(line.replace("…", ""))[1:]
    command: Any = typer.main.get_command(application)  # Any: as above
    while words and (commands := getattr(command, "commands", None)) and not words[0].startswith("-"):
        assert words[0] in commands, f"{line}: there is no command {words[0]}"
        command = commands[words.pop(0)]
    assert not whole or words or not getattr(command, "commands", None), f"{line}: a command is missing"
    options, arguments = options_of(command), []
    while words:
        word = words.pop(0)
        if word == "--":
            arguments += words
            break
        if re.match(r"\d?>", word):
            continue
        if not word.startswith("-") or word == "-":
            arguments.append(word)
            continue
        name, equals, _ = word.partition("=")
        assert name in options, f"{line}: there is no option {name}"
        if options[name] and not equals:
            assert words or not whole, f"{line}: {name} needs a value"
            words[:1] = []
    places = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    many = any(place.nargs == -1 for place in places)
    assert many or len(arguments) <= len(places), f"{line}: {arguments[-1]} is one argument too many"
    needed = sum(parameter.required for parameter in places)
    assert not whole or len(arguments) >= needed or "--help" in line, f"{line}: an argument is missing"


@documents
def test_each_command_line_is_one_that_restante_understands(document: Path) -> None:
    for line, whole in quoted_commands(document):
        check_command(line, whole=whole)


def test_the_documents_do_quote_command_lines() -> None:
    lines = {line for document in DOCUMENTS for line, _ in quoted_commands(document)}
    assert "restante serve --demo" in lines
    assert len(lines) > 20


@pytest.mark.parametrize(
    "line",
    [
        "restante server",
        "restante serve --dem",
        "restante account",
        "restante account add",
        "restante account add ted more",
        "restante serve --data",
    ],
)
def test_a_wrong_command_line_would_be_noticed(line: str) -> None:
    with pytest.raises(AssertionError):
        check_command(line, whole=True)


# --- settings ----------------------------------------------------------------------------------------------------


@documents
def test_each_setting_that_is_named_exists(document: Path) -> None:
    tables = {setting.table for setting in SETTINGS if setting.table}
    names = {setting.name for setting in SETTINGS}
    for words in INLINE.findall(prose(document)):
        name = words.partition(" ")[0]
        if re.fullmatch(rf"({'|'.join(sorted(tables))})\.[a-z_0-9]+", name):
            assert name in names, f"{name} is not a setting"


@documents
def test_each_settings_file_can_be_loaded(document: Path, tmp_path: Path) -> None:
    for number, block in enumerate(blocks(document, "toml")):
        tomllib.loads(block)
        file = tmp_path / f"{number}.toml"
        file.write_text(block)
        load_settings(file, {}, {})


# --- the project itself ------------------------------------------------------------------------------------------


def dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()]
    listed = [*project["project"]["dependencies"], *(entry for group in groups for entry in group)]
    return {re.split(r"[^A-Za-z0-9-]", entry)[0] for entry in listed if isinstance(entry, str)}


def test_each_dependency_has_its_sentence_of_why_and_none_has_one_too_many() -> None:
    text = (ROOT / "docs" / "decisions.md").read_text()
    section = text[text.index("## What Restante stands on") : text.index("## The wire")]
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \| .+\. \|$", section, re.M)) == dependencies()


def test_the_readme_names_the_two_commands_near_its_top() -> None:
    top = "\n".join((ROOT / "README.md").read_text().splitlines()[:30])
    assert "$ make run" in top
    assert "$ make test" in top


@documents
def test_each_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:`|^\$ )make ([a-z]+)", document.read_text(), re.M)) <= targets


@documents
def test_each_source_file_that_is_named_exists(document: Path) -> None:
    for words in INLINE.findall(prose(document)):
        if re.fullmatch(r"[a-z_0-9/]+/[a-z_0-9]+\.py", words):
            is_there = (ROOT / "src" / "restante" / words).exists() or (ROOT / words).exists()
            assert is_there != (words in NOT_THERE_YET), f"{words}: its time has come, or gone"


@documents
def test_each_python_example_compiles(document: Path) -> None:
    for block in blocks(document, "python"):
        compile(block, document.name, "exec")


# --- for those who come from Dovecot -----------------------------------------------------------------------------

FROM_DOVECOT = ROOT / "docs" / "howto" / "from-dovecot.md"
ITS_SETTINGS = re.compile(r"(?:pop3|login|lmtp|lda|ssl|auth|mail|maildir|haproxy)(?:_[a-z0-9_]+)?")
"""Dovecot's settings that touch what Restante does, by their names."""


def settings_of_dovecot() -> set[str]:
    listed = subprocess.run(["doveconf", "-d"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^([a-z0-9_]+) =", listed, re.M))


def first_cells() -> list[str]:
    """Give all names in the first column of the page's tables."""
    cells = re.findall(r"^\| (`.*?) \| ", FROM_DOVECOT.read_text(), re.M)
    return [name for cell in cells for name in INLINE.findall(cell)]


@pytest.mark.peer("dovecot")
def test_each_setting_of_dovecots_has_its_counterpart_or_the_reason_why_there_is_none() -> None:
    wanted = {name for name in settings_of_dovecot() if ITS_SETTINGS.fullmatch(name)}
    assert len(wanted) > 100
    assert wanted - set(first_cells()) == set()


@pytest.mark.peer("dovecot")
def test_no_setting_is_said_to_be_dovecots_that_is_not() -> None:
    names = {name for name in first_cells() if re.fullmatch(r"[a-z0-9_]+", name)}
    assert names - settings_of_dovecot() == set()


def test_no_setting_of_dovecots_is_told_of_twice() -> None:
    names = first_cells()
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


# --- metrics, mechanisms, threats --------------------------------------------------------------------------------


@documents
def test_each_metric_that_is_named_exists(document: Path) -> None:
    suffixes = {Kind.COUNTER: ["_total"], Kind.GAUGE: [""], Kind.HISTOGRAM: ["_bucket", "_count", "_sum", ""]}
    names = {family.name + suffix for family in FAMILIES for suffix in suffixes[family.kind]} | {
        "restante_build_info"
    }
    text = "\n".join([*blocks(document, "yaml"), *INLINE.findall(prose(document))])
    assert set(re.findall(r"restante_[a-z0-9_]+", text)) - names == set()


def test_each_mechanism_of_the_registry_is_told_of() -> None:
    told = set(INLINE.findall((ROOT / "docs" / "howto" / "passwords.md").read_text()))
    assert {mechanism.name for mechanism in MECHANISMS} - told == set()


@documents
def test_each_test_that_is_named_exists(document: Path) -> None:
    for words in INLINE.findall(prose(document)):
        if re.match(r"tests/[a-z0-9_/]+\.py", words):
            path, _, name = words.partition("::")
            assert (ROOT / path).exists(), words
            assert not name or f"def {name}(" in (ROOT / path).read_text(), words


def test_each_threat_has_its_test() -> None:
    page = (ROOT / "docs" / "security.md").read_text().partition("\n## What it costs")[0]
    rows = re.findall(r"^\| (.*) \|$", page, re.M)
    threats = [row.split(" | ") for row in rows if not row.startswith(("threat |", "---"))]
    assert len(threats) > 30
    assert [threat for threat, _, held_by in threats if "`tests/" not in held_by] == []
