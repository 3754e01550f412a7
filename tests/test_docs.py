"""The documents say what is true: commands exist, examples run, tables are complete."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from auditor.exits import Exit
from auditor.model import load_model
from auditor.session import read_controls
from tests.whole.command import auditor

ROOT = Path(__file__).parents[1]
READMES = (ROOT / "README.md", ROOT / "README.ja.md")
PAGES = (*READMES, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
ELSEWHERE = {
    "data check": "end-of-support.md",
    "import": "evidence.md",
    "ordinances evaluate": "ordinances.md",
    "ordinances list": "ordinances.md",
    "rehearse": "rehearsal.md",
    "inbox forget": "evidence.md",
    "hosts show": "roads.md",
    "attest make": "attestations.md",
    "attest read": "attestations.md",
    "history verify": "history.md",
    "history backup": "history.md",
    "history restore": "history.md",
    "history compact": "history.md",
    "explore": "history.md",
    "except add": "exceptions.md",
    "except check": "exceptions.md",
    "except list": "exceptions.md",
    "status": "notifications.md",
    "notify test": "notifications.md",
    "run-nightly": "nightly.md",
    "schedule install": "nightly.md",
    "schedule show": "nightly.md",
    "schedule remove": "nightly.md",
    "schedule test": "nightly.md",
}
"""Commands that stand on the page of their subject instead of in the README."""

GROUPS = ("hosts", "data", "inbox", "attest", "ordinances", "notify", "schedule", "except", "history")
"""Commands with commands of their own."""

COMMANDS = (
    "collector",
    "data show",
    "export",
    "inbox show",
    "explain",
    "scan",
    "judge",
    "report",
    "init",
    "doctor",
    "demo",
    "hosts learn",
    *ELSEWHERE,
)


WITH_EXAMPLES = tuple(command for command in COMMANDS if command not in ("hosts show", "hosts learn"))


def blocks(page: Path, kind: str) -> list[str]:
    """The fenced blocks of a kind."""
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """Every ``auditor …`` line of a page's shell blocks, split, comments removed."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("auditor ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_document_exists_with_its_options(page: Path, tmp_path: Path) -> None:
    for words in commands(page):
        name = [word for word in words[1:3] if not word.startswith(("-", "."))]
        name = name[:2] if name[:1] and name[0] in GROUPS else name[:1]
        help_ = auditor(*name, "--help", cwd=tmp_path)
        assert help_.returncode == 0, words
        for option in (word for word in words if word.startswith("--") and word != "--lang"):
            assert option in help_.stdout, (words, option)


def test_both_readmes_show_the_same_commands() -> None:
    first, second = (commands(page) for page in READMES)
    assert first == second
    assert len(first) >= 8


def test_every_command_is_in_the_readme_or_its_help() -> None:
    text = READMES[0].read_text("utf-8")
    for command in COMMANDS:
        page = (ROOT / "docs" / ELSEWHERE[command]).read_text("utf-8") if command in ELSEWHERE else text
        assert f"auditor {command}" in page, command


def test_the_readme_s_commands_run(tmp_path: Path) -> None:
    """In its order; the town folder that `init` made is filled with the sample before it is scanned."""
    ended: dict[str, int] = {}
    for words in commands(READMES[0]):
        arguments = words[1:]
        if arguments[:2] == ["hosts", "learn"]:
            (tmp_path / "matsukaze").rename(tmp_path / "template")
            assert auditor("demo", "./matsukaze", cwd=tmp_path).returncode == 0
        done = auditor(*arguments, cwd=tmp_path, lang="ja")
        option = next((word for word in ("--dry-run", "--at") if word in arguments), "")
        ended[f"{arguments[0]} {option}".strip()] = done.returncode
        assert "Traceback" not in done.stderr
    assert ended["init"] == ended["demo"] == ended["hosts"] == ended["report"] == 0
    assert ended["scan --dry-run"] == ended["explain"] == ended["export"] == 0
    assert ended["report --at"] == int(Exit.REFUSED), "no night was kept on that day"
    assert ended["schedule"] in (0, int(Exit.REFUSED)), "a folder in a temporary place is not scheduled"
    assert ended["doctor"] == int(Exit.REFUSED), "a template has to be filled in first"
    assert {ended["scan"], ended["judge"]} <= {3, 4}


def test_every_help_page_has_an_example_in_both_languages(tmp_path: Path) -> None:
    for lang, word in (("ja", "例:"), ("en", "Example")):
        for command in WITH_EXAMPLES:
            assert word in auditor(*command.split(), "--help", cwd=tmp_path, lang=lang).stdout, command


def test_the_table_of_exit_codes_is_complete() -> None:
    text = (ROOT / "docs" / "exit-codes.md").read_text("utf-8")
    assert [int(code) for code in re.findall(r"^\| (\d) \|", text, re.MULTILINE)] == sorted(map(int, Exit))


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.split(r"[><=]", entry)[0] for entry in project["dependencies"]]
    table = re.findall(
        r"^\| ([a-z0-9-]+) \|", (ROOT / "docs" / "dependencies.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(names) == sorted(set(table) - {"package"})


def test_the_lock_files_pin_every_dependency_with_hashes_and_name_no_index() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for name, entries in (
        ("run", project["project"]["dependencies"]),
        ("dev", project["project"]["dependencies"] + project["dependency-groups"]["dev"]),
    ):
        text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        assert "://" not in text
        pinned = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))
        for entry in entries:
            assert re.split(r"[><=]", entry)[0].lower() in pinned, entry
        for requirement in re.split(r"\n(?=\S)", text):
            if "==" in requirement:
                assert "--hash=sha256:" in requirement, requirement[:60]


def test_the_make_targets_that_documents_name_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:`|^)(?:sudo )?make ([a-z]+)\b", page.read_text("utf-8"), re.MULTILINE)
    }
    assert "audit" in named
    assert named <= targets


def test_the_model_shown_is_a_model_that_loads(tmp_path: Path) -> None:
    (text,) = blocks(ROOT / "docs" / "security-model.md", "toml")
    (tmp_path / "model.toml").write_text(text, "utf-8")
    model = load_model(read_controls()[1], town_file=tmp_path / "model.toml")
    assert model.params("EP-07").integer("lock_max_s") == 300


def test_the_check_shown_runs_beside_the_built_ins(tmp_path: Path) -> None:
    (code,) = blocks(ROOT / "docs" / "writing-a-check.md", "python")
    controls = re.findall(
        r"```toml\n(\[TOWN-01\].*?)```", (ROOT / "docs" / "writing-a-check.md").read_text("utf-8"), re.DOTALL
    )
    folder = tmp_path / "our-checks"
    folder.mkdir()
    (folder / "queues.py").write_text(code, "utf-8")
    (folder / "controls.toml").write_text(controls[0], "utf-8")
    done = auditor("scan", "--checks-dir", str(folder), "--json", cwd=tmp_path)
    run = json.loads(done.stdout)
    found = {row["control"]: row for row in run["findings"]}
    assert found["TOWN-01"]["verdict"] in ("pass", "fail")
    assert "EP-02" in found
    assert run["broken"] == []


def test_relative_links_of_documents_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
