"""The shape of the tree: one-way arrows, small files, everything registered, importing does nothing."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("auditor", "checks", "reports", "tests", "scripts", "benchmarks")
MAX_LINES = 300
MAX_FUNCTION_LINES = 60

VALUES = {"answers", "contacts", "control", "errors", "exceptions", "explanation", "findings", "readiness"}
VALUES |= {"rehearsal", "run"}
VALUES |= {"seasons", "targets", "words", "work", "zones"}
"""What `reports` may know of `auditor`: values, never ways to get them."""

UNESCAPED = {
    ("reports/html.py", "Markup(style)"),  # our own style sheet, whose hash is in the policy
}
"""Every place that puts text into a page without escaping it, and why that is safe.

``Markup`` of a text written there is none: what its ``format`` fills in is escaped.
"""

PRINTERS = {"print", "input", "breakpoint", "exit", "quit"}


def files(*folders: str, suffix: str = ".py") -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob(f"*{suffix}")]
    return sorted(path for path in found if "__pycache__" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """The dotted names of all modules a file imports, also inside functions."""
    package = shown(path.parent).replace("/", ".")
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).rstrip(".")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def called(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def belongs(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def outside(path: Path) -> set[str]:
    """What a file imports of this repository."""
    return {name for name in imported(path) if belongs(name, "auditor", "checks", "reports", "tests")}


SHARED = ("checks._read", "checks._fragments", "checks._ledgers", "checks._spelling")
"""What every area may use: how answers are read, lines that fragments begin with, how ledgers are read, and
how texts are compared."""


def test_a_check_knows_the_api_its_own_area_and_the_shared_reading_helpers_only() -> None:
    wrong = {
        (shown(path), name)
        for path in files("checks")
        for name in outside(path)
        if not belongs(name, "auditor.api", *SHARED, f"checks.{path.relative_to(ROOT / 'checks').parts[0]}")
    }
    assert wrong == set()


def test_reports_know_values_only() -> None:
    allowed = (*(f"auditor.{module}" for module in sorted(VALUES)), "reports")
    wrong = {
        (shown(path), name)
        for path in files("reports")
        for name in outside(path)
        if not belongs(name, *allowed)
    }
    assert wrong == set()


def test_the_engine_never_imports_checks_or_reports() -> None:
    wrong = {
        (shown(path), name)
        for path in files("auditor")
        for name in outside(path)
        if not belongs(name, "auditor")
    }
    assert wrong == set()


def test_nothing_is_imported_by_a_name_made_at_run_time() -> None:
    """It would walk round the arrows; only discovery loads modules, and it names those that fail.

    The modules of protocols are loaded by the table beside the call, each when an entrance of it is asked.
    """
    wrong = {
        (shown(path), ast.unparse(call))
        for path in files("auditor", "checks", "reports")
        for call in called(path)
        if ast.unparse(call.func)
        in {"__import__", "import_module", "importlib.import_module", "exec", "eval"}
    }
    assert wrong == {
        ("checks/remote/_alive.py", "import_module(f'checks.remote.{module}')"),
        ("checks/remote/_upgrade.py", "import_module(UPGRADES[protocol])"),
    }


def test_only_the_command_line_prints_or_exits() -> None:
    wrong = set()
    for path in files("auditor", "checks", "reports"):
        if path.parent.name == "cli" or path.name == "__main__.py":
            continue
        for node in ast.walk(tree(path)):
            text = ast.unparse(node) if isinstance(node, ast.Call | ast.Attribute) else ""
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PRINTERS:
                wrong.add((shown(path), text))
            if text in {"sys.exit", "os._exit", "os.abort", "sys.stdout", "sys.stderr"}:
                wrong.add((shown(path), text))
            if isinstance(node, ast.Raise) and node.exc is not None and "SystemExit" in ast.unparse(node.exc):
                wrong.add((shown(path), ast.unparse(node)))
    assert wrong == set()


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    lengths = {shown(path): len(path.read_text("utf-8").splitlines()) for path in files(*CODE)}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_function_is_longer_than_sixty_lines() -> None:
    lengths = {
        f"{shown(path)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in files(*CODE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


def test_every_module_of_checks_is_registered_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = project["entry-points"]["telework_auditor.checks"]
    modules = {
        shown(path).removesuffix(".py").replace("/", ".")
        for path in files("checks")
        if not path.name.startswith("_")
    }
    assert set(declared.values()) == modules
    assert {f"checks.{name}" for name in declared} == modules


def test_what_is_installed_is_what_the_project_file_registers() -> None:
    """An old installation would leave a check module out without a word."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    entries = distribution("telework-auditor").entry_points
    for group, declared in project["entry-points"].items():
        assert {entry.name: entry.value for entry in entries.select(group=group)} == declared, group


def loaded_by(*arguments: str) -> set[str]:
    """The top-level modules that a run of the command loads."""
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "auditor", *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert said.stdout.strip()
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in said.stderr.splitlines()}


def test_the_version_is_told_without_loading_anything() -> None:
    heavy = {"typer", "click", "rich", "requests", "paramiko", "jinja2", "lxml", "msgspec", "psutil"}
    assert loaded_by("--version") & heavy == set()


@pytest.mark.parametrize("command", [(), ("scan",), ("report",), ("hosts",)])
def test_help_loads_nothing_that_only_an_audit_needs(command: tuple[str, ...]) -> None:
    heavy = {"requests", "paramiko", "jinja2", "lxml", "playwright", "cryptography", "keyring", "psutil"}
    assert loaded_by(*command, "--help") & heavy == set()


IMPORT_ALL = """
import importlib, socket, subprocess, sys
def refuse(event, args):
    writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    if writes or event in ("socket.connect", "subprocess.Popen", "os.system", "sqlite3.connect"):
        raise SystemExit(f"{event} {args}")
sys.dont_write_bytecode = True
names = sys.argv[1:]
sys.addaudithook(refuse)
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_importing_a_module_writes_connects_and_starts_nothing() -> None:
    names = [
        shown(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for path in files("auditor", "checks", "reports")
    ]
    said = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *names], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert (said.stdout.strip(), said.stderr[-500:]) == (str(len(names)), "")


def kept() -> list[Path]:
    """The files of the repository: tracked or about to be; all files where this is no clone."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], check=False, capture_output=True, cwd=ROOT
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    found = [ROOT / name for name in names] or files(
        "auditor", "checks", "reports", "tests", "docs", suffix=""
    )
    return [path for path in found if path.is_file() and not path.is_symlink()]


FORBIDDEN = [
    re.compile(rb"/" + b"work/"),
    re.compile(rb"/" + b"tmp/bash_jobs"),
    re.compile(rb"\." + b"library/"),
    re.compile(rb"(?i)py" + rb"pi\.org|python" + rb"hosted\.org"),
    re.compile(rb"(?i)--(extra-)?index-url|--trusted-host"),
]


def test_no_file_names_a_path_of_one_machine_or_a_package_index() -> None:
    found = kept()
    assert any(path.name == "pyproject.toml" for path in found) or found
    wrong = {
        (shown(path), pattern.pattern.decode())
        for path in found
        for pattern in FORBIDDEN
        if path != Path(__file__) and pattern.search(path.read_bytes())
    }
    assert wrong == set()


def test_no_file_keeps_a_note_to_do_it_later() -> None:
    later = re.compile(
        "|".join(rf"\b{first}{rest}\b" for first, rest in (("TO", "DO"), ("FIX", "ME"), ("X", "XX")))
    )
    assert [shown(path) for path in files(*CODE) if later.search(path.read_text("utf-8"))] == []


def test_every_unescaped_text_in_pages_is_listed() -> None:
    raw = re.compile(r"\|\s*safe\b|\bautoescape\s+(false|no)\b|\|\s*attr\b", re.IGNORECASE)
    found = {
        (shown(path), match[0])
        for path in files("reports", suffix=".j2")
        for match in raw.finditer(path.read_text("utf-8"))
    }
    found |= {
        (shown(path), ast.unparse(call))
        for path in files("reports")
        for call in called(path)
        if ast.unparse(call.func).rpartition(".")[2] in {"Markup", "mark_safe"}
        and not all(isinstance(argument, ast.Constant) for argument in call.args)
    }
    assert found == UNESCAPED


def test_pages_are_escaped_and_strict_about_missing_values() -> None:
    makers = [
        ast.unparse(call)
        for path in files("reports")
        for call in called(path)
        if ast.unparse(call.func).rpartition(".")[2] == "Environment"
    ]
    assert makers
    for made in makers:
        assert "autoescape=True" in made, made
        assert "StrictUndefined" in made, made
