"""Finds check modules (entry points and ``--checks-dir``) and what they declare; one bad module stops all.

Built-in modules are registered in pyproject.toml like anybody's. A check module's controls stand in the
``controls.toml`` of its folder.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from auditor.declare import Check, Fact
from auditor.errors import PluginError
from auditor.tables import Table

if TYPE_CHECKING:
    from auditor.clauses import ClauseFinder

CHECKS = "telework_auditor.checks"
REPORTS = "telework_auditor.reports"
SCREENS = "telework_auditor.screens"
CLAUSES = "telework_auditor.clauses"


@dataclass(frozen=True, slots=True)
class Plugins:
    """All that was found: `versions` by distribution name, `controls` the files to read, in order."""

    facts: tuple[Fact[Any], ...]
    checks: tuple[Check, ...]
    controls: tuple[Path, ...]
    versions: dict[str, str]
    modules: tuple[str, ...]
    tables: tuple[Table, ...] = ()

    def facts_for(self, type_: type) -> tuple[Fact[Any], ...]:
        """The facts that give a value of this type, one per system at most."""
        return tuple(fact for fact in self.facts if fact.type is type_)


def discover(checks_dirs: Sequence[Path] = ()) -> Plugins:
    """Load every registered check module and every ``*.py`` of `checks_dirs` (names with ``_`` excepted).

    Raises:
        PluginError: a module does not import or declares nothing, two declare the same thing, or a check
            asks for a fact that nobody gives.
    """
    modules: dict[str, Any] = {}
    versions: dict[str, str] = {}
    for entry in sorted(entry_points(group=CHECKS), key=lambda entry: (entry.name, entry.value)):
        if entry.name in modules:
            raise PluginError("plugin_twice", name=entry.name)
        modules[entry.name] = _loaded(entry)
        if entry.dist is not None:
            versions[entry.dist.name] = entry.dist.version
    for folder in checks_dirs:
        for path in _python_files(folder):
            name = f"{folder.name}.{path.stem}"
            if name in modules:
                raise PluginError("plugin_twice", name=name)
            modules[name] = _from_file(path)
    plugins = _declared(modules, versions)
    _verify(plugins)
    return plugins


def report_renderers() -> dict[str, Callable[..., Any]]:
    """The registered reports that are files, by name.

    Raises:
        PluginError: one does not import.
    """
    return {entry.name: _loaded(entry) for entry in sorted(entry_points(group=REPORTS), key=lambda e: e.name)}


def screen(name: str) -> Callable[..., Any]:
    """A registered rendering for who sits at the terminal.

    ``summary`` of a run, ``explain`` for one finding, ``rehearsal``; ``contacts`` writes them to a file.

    Raises:
        PluginError: it is not registered, or does not import.
    """
    for entry in entry_points(group=SCREENS, name=name):
        return _loaded(entry)  # type: ignore[no-any-return]  # what a name leads to is the plug-in's promise
    raise PluginError("plugin_import", name=name, why="not registered")


def clause_finder() -> "ClauseFinder":
    """The registered finder of clauses in ordinances.

    Raises:
        PluginError: it is not registered, or does not import.
    """
    for entry in entry_points(group=CLAUSES, name="ordinances"):
        return _loaded(entry)()  # type: ignore[no-any-return]  # what a name leads to is the plug-in's promise
    raise PluginError("plugin_import", name=CLAUSES, why="not registered")


def _loaded(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except (Exception, SystemExit) as error:
        raise PluginError("plugin_import", name=entry.value, why=_why(error)) from error


def _why(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _python_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PluginError("checks_dir_missing", path=str(folder))
    found = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    if not found:
        raise PluginError("checks_dir_empty", path=str(folder))
    return found


def _from_file(path: Path) -> ModuleType:
    name = f"telework_auditor_town_checks.{path.stem}_{abs(hash(path.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError("plugin_import", name=str(path), why="not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise PluginError("plugin_import", name=str(path), why=_why(error)) from error
    return module


def _declared(modules: dict[str, Any], versions: dict[str, str]) -> Plugins:
    facts: dict[int, Fact[Any]] = {}
    checks: dict[int, Check] = {}
    folders: dict[Path, None] = {}
    tables: dict[int, Table] = {}
    for name, module in modules.items():
        if not isinstance(module, ModuleType) or module.__file__ is None:
            raise PluginError("plugin_import", name=name, why="it is not a file of Python")
        mine = list(vars(module).values())
        learnt = {id(value): value for value in mine if isinstance(value, Fact)}
        found = {id(value): value for value in mine if isinstance(value, Check)}
        offered = {id(value): value for value in mine if isinstance(value, Table)}
        if not learnt and not found and not offered:
            raise PluginError("plugin_empty", name=name)
        facts.update(learnt)
        checks.update(found)
        tables.update(offered)
        wording = Path(module.__file__).with_name("controls.toml")
        if found or wording.exists():
            folders[wording] = None
    return Plugins(
        facts=tuple(facts.values()),
        checks=tuple(checks.values()),
        controls=tuple(folders),
        versions=versions,
        modules=tuple(modules),
        tables=tuple(tables.values()),
    )


def _verify(plugins: Plugins) -> None:
    _once("check_twice", (check.control for check in plugins.checks))
    _once("table_twice", (table.id for table in plugins.tables))
    systems = [
        f"{fact.id} ({system})" for fact in plugins.facts for system in (*fact.scripts, *_probe_of(fact))
    ]
    _once("fact_twice", systems)
    contexts = {fact.id: fact.context for fact in plugins.facts}
    for fact in plugins.facts:
        if contexts[fact.id] != fact.context:
            raise PluginError("context_twice", name=fact.id)
    _once("type_twice", (name for fact in plugins.facts for name in _sources(fact)))
    probes = {fact.probe.id: fact.probe for fact in plugins.facts if fact.probe is not None}
    for fact in plugins.facts:
        if fact.probe is not None and probes[fact.probe.id] is not fact.probe:
            raise PluginError("probe_twice", name=fact.probe.id)
    given = {fact.type for fact in plugins.facts}
    for check in plugins.checks:
        for need in check.facts:
            if need.type not in given:
                raise PluginError("fact_missing", control=check.control, name=need.type.__name__)


def _sources(fact: Fact[Any]) -> tuple[str, ...]:
    """The fact's type with each place it is learnt from; two parsers of one would hide each other."""
    places = (*fact.scripts, *((fact.probe.kind,) if fact.probe is not None else ()))
    return tuple(f"{fact.type.__module__}.{fact.type.__qualname__} ({place})" for place in places)


def _probe_of(fact: Fact[Any]) -> tuple[str, ...]:
    return (fact.probe.id,) if fact.probe is not None else ()


def _once(key: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PluginError(key, name=name)
        seen.add(name)
