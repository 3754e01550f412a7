"""One bad check module stops everything before anything runs, and is named."""

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from auditor import discover as module
from auditor.discover import CHECKS, discover
from auditor.errors import PluginError
from tests.core.world import CONTROLS_TOML, MODULE, write_checks


def refusal(*folders: Path) -> PluginError:
    with pytest.raises(PluginError) as caught:
        discover(folders)
    return caught.value


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No built-ins, so that what a test writes is all there is."""
    monkeypatch.setattr(module, "entry_points", lambda **_: EntryPoints())


def registered(monkeypatch: pytest.MonkeyPatch, *values: tuple[str, str]) -> None:
    entries = EntryPoints(EntryPoint(name, value, CHECKS) for name, value in values)
    monkeypatch.setattr(module, "entry_points", lambda **_: entries)


def test_the_built_ins_are_found_like_anybodys() -> None:
    found = discover()
    assert "endpoint.lock" in found.modules
    assert found.versions.keys() == {"telework-auditor"}
    assert all(path.name == "controls.toml" for path in found.controls)


@pytest.mark.usefixtures("only")
def test_a_folder_of_checks_is_read_and_its_private_files_are_not(tmp_path: Path) -> None:
    folder = write_checks(tmp_path / "ours")
    (folder / "_shared.py").write_text("raise RuntimeError", "utf-8")
    found = discover([folder])
    assert (found.modules, [check.control for check in found.checks]) == (("ours.mine",), ["TOWN-01"])
    assert found.controls == (folder / "controls.toml",)


def test_checks_of_a_folder_stand_beside_the_built_ins(tmp_path: Path) -> None:
    judged = {check.control for check in discover([write_checks(tmp_path / "ours")]).checks}
    assert {"TOWN-01", "EP-07"} <= judged


@pytest.mark.usefixtures("only")
@pytest.mark.parametrize(
    "body",
    [
        "import not_there_at_all",
        "raise ValueError('x')",
        "def broken(:",
        "import sys; sys.exit(0)",
        "raise SystemExit",
        "1/0",
    ],
)
def test_a_module_that_does_not_import_is_named(tmp_path: Path, body: str) -> None:
    folder = write_checks(tmp_path / "ours", module=body)
    error = refusal(folder)
    assert (error.key, error.values["name"]) == ("plugin_import", str(folder / "mine.py"))
    assert error.values["why"]


@pytest.mark.parametrize("value", ["not_there_at_all", "json.not_there", "json:nothing"])
def test_an_entry_point_that_does_not_import_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    registered(monkeypatch, ("ours.x", value))
    error = refusal()
    assert (error.key, error.values["name"]) == ("plugin_import", value)


def test_an_entry_point_that_is_no_module_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    registered(monkeypatch, ("ours.x", "json:loads"))
    error = refusal()
    assert (error.key, error.values["name"]) == ("plugin_import", "ours.x")


def test_two_entry_points_of_one_name_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    registered(monkeypatch, ("ours.x", "checks.endpoint.lock"), ("ours.x", "checks.endpoint.host"))
    assert refusal().key == "plugin_twice"


@pytest.mark.usefixtures("only")
@pytest.mark.parametrize("body", ["", "x = 1", "from auditor.api import check\n\ndef judge(): ..."])
def test_a_module_that_declares_nothing_is_an_error(tmp_path: Path, body: str) -> None:
    """A forgotten decorator must not make a control vanish."""
    folder = write_checks(tmp_path / "ours")
    (folder / "more.py").write_text(body, "utf-8")
    error = refusal(folder)
    assert (error.key, error.values["name"]) == ("plugin_empty", "ours.more")


@pytest.mark.usefixtures("only")
def test_a_controls_file_counts_although_its_module_lost_its_check(tmp_path: Path) -> None:
    body = MODULE.format(fact="town.seen", id="TOWN-01").replace('@check("TOWN-01")\n', "")
    folder = write_checks(tmp_path / "ours", module=body)
    assert discover([folder]).controls == (folder / "controls.toml",)


def test_a_check_of_a_control_that_is_judged_already_is_an_error(tmp_path: Path) -> None:
    error = refusal(write_checks(tmp_path / "ours", "EP-07"))
    assert (error.key, error.values["name"]) == ("check_twice", "EP-07")


@pytest.mark.usefixtures("only")
def test_two_folders_may_not_read_one_fact(tmp_path: Path) -> None:
    first = write_checks(tmp_path / "one", "TOWN-01")
    second = write_checks(tmp_path / "two", "TOWN-02")
    error = refusal(first, second)
    assert (error.key, error.values["name"]) == ("fact_twice", "town.seen (linux)")


@pytest.mark.usefixtures("only")
def test_one_folder_twice_is_an_error(tmp_path: Path) -> None:
    folder = write_checks(tmp_path / "ours")
    assert refusal(folder, folder).key == "plugin_twice"


def test_a_parser_may_not_replace_another_modules_fact(tmp_path: Path) -> None:
    """It would stand behind the built-in's id and be believed by the built-in's check."""
    body = """
from auditor.api import Answer, fact
from checks.endpoint.lock import ScreenLock

@fact("zz.lock", linux="echo")
def lies(answer: Answer) -> ScreenLock:
    return ScreenLock(1, True)
"""
    error = refusal(write_checks(tmp_path / "ours", module=body))
    assert error.key == "type_twice"
    assert str(error.values["name"]).endswith("ScreenLock (linux)")


@pytest.mark.usefixtures("only")
def test_types_of_one_name_in_two_modules_are_two(tmp_path: Path) -> None:
    first = write_checks(tmp_path / "one", "TOWN-01")
    second = write_checks(tmp_path / "two", "TOWN-02", module=MODULE.format(fact="town.seen2", id="TOWN-02"))
    assert len(discover([first, second]).checks) == 2


@pytest.mark.usefixtures("only")
def test_a_fact_that_nobody_gives_is_an_error(tmp_path: Path) -> None:
    body = MODULE.format(fact="town.seen", id="TOWN-01")
    body += "\n\nclass Other: ...\n\n@check('TOWN-02')\ndef wants(other: Other) -> Judgement: ...\n"
    error = refusal(write_checks(tmp_path / "ours", module=body))
    assert (error.key, error.values) == ("fact_missing", {"control": "TOWN-02", "name": "Other"})


@pytest.mark.usefixtures("only")
def test_two_probes_may_not_share_an_id(tmp_path: Path) -> None:
    body = """
from auditor.api import Answer, Dial, Gateway, fact, probe

class A: ...
class B: ...

@probe("p", kind="gateway")
def one(gateway: Gateway, dial: Dial) -> bytes: ...

@probe("p", kind="gateway")
def two(gateway: Gateway, dial: Dial) -> bytes: ...

@fact("a", probe=one)
def a(answer: Answer) -> A: ...

@fact("b", probe=two)
def b(answer: Answer) -> B: ...
"""
    assert refusal(write_checks(tmp_path / "ours", module=body)).key == "probe_twice"


def test_a_folder_that_is_missing_or_empty_is_an_error(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere").key == "checks_dir_missing"
    assert refusal(tmp_path).key == "checks_dir_empty"


PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "matsukaze-checks"
version = "2.5"

[project.entry-points."telework_auditor.checks"]
"matsukaze.mine" = "matsukaze_checks.mine"

[tool.hatch.build.targets.wheel]
packages = ["matsukaze_checks"]
"""

ASK = """
import json
from auditor.model import load_model
from auditor.session import read_controls
plugins, controls = read_controls()
model = load_model(controls)
ids = [one.id for one in controls]
print(json.dumps([list(plugins.modules), plugins.versions, ids, sorted(model.controls)]))
"""


def test_a_third_partys_package_appears_beside_the_built_ins(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "installed"
    package = source / "matsukaze_checks"
    source.mkdir()
    (source / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    write_checks(package, "MTKZ-01")
    (package / "__init__.py").write_text('"""Checks of a town."""\n', "utf-8")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps"]
    install += ["--no-index", "--disable-pip-version-check", "--no-cache-dir", "--target", str(target)]
    subprocess.run([*install, str(source)], check=True, capture_output=True, timeout=120)
    env = {**os.environ, "PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(
        [sys.executable, "-c", ASK], check=True, capture_output=True, env=env, cwd=tmp_path, timeout=60
    )
    modules, versions, controls, demanded = json.loads(said.stdout)
    assert {"matsukaze.mine", "endpoint.lock"} <= set(modules)
    assert versions["matsukaze-checks"] == "2.5"
    assert {"MTKZ-01", "EP-07"} <= set(controls)
    assert demanded == controls


def test_the_example_controls_are_a_good_file(tmp_path: Path) -> None:
    folder = write_checks(tmp_path / "ours", controls=CONTROLS_TOML.format(id="TOWN-01", target="endpoint"))
    assert (folder / "controls.toml").read_text("utf-8").startswith("[TOWN-01]")
