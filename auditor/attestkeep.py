"""Keeps what was read from attestation forms in the town folder: each form whole, or not at all."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from auditor.attested import FOLDER, name_of
from auditor.attestfile import refusal
from auditor.attestforms import Form
from auditor.attestread import read
from auditor.errors import ConfigError, OutputError, Problem
from auditor.model import Model
from auditor.targets import Town
from auditor.wholefile import make_folder, replaced

MAX_FILES = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the files: `kept` = form by file, `problems` = why the others were not taken."""

    kept: tuple[tuple[Path, Form], ...]
    problems: tuple[Problem, ...]


def files_of(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files named, and the workbooks in the folders named; what a suite has open is left out.

    Raises:
        ConfigError: a folder holds none, or too many.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            found[path] = None
            continue
        inside = sorted(one for one in path.iterdir() if one.suffix.lower() in (".xlsx", ".xlsm", ".xls"))
        inside = [one for one in inside if not one.name.startswith(("~$", ".", "._"))]
        if not inside or len(inside) > MAX_FILES:
            raise refusal(path, "folder", count=len(inside), limit=MAX_FILES)
        found.update(dict.fromkeys(inside))
    return tuple(found)


def take(files: Sequence[Path], root: Path, town: Town, model: Model) -> Taken:
    """Read every file, then keep the good ones; the same form from two files is kept from neither.

    Raises:
        OutputError: the town folder cannot be written to.
    """
    forms: defaultdict[tuple[str, str], list[tuple[Path, Form]]] = defaultdict(list)
    problems: list[Problem] = []
    for path in files:
        try:
            form = read(path, town, model)
        except ConfigError as error:
            problems += error.problems
        else:
            forms[form.section, form.quarter].append((path, form))
    kept: list[tuple[Path, Form]] = []
    for group in forms.values():
        path, form = group[0]
        if len(group) > 1:
            others = ", ".join(one.name for one, _ in group)
            problems += [Problem(one, None, "", "attest_twice", {"files": others}) for one, _ in group]
        elif (before := _kept(root, form)) is not None and before.on > form.on:
            problems.append(Problem(path, None, "", "attest_older", {"kept": before.on.isoformat()}))
        else:
            _keep(root, form)
            kept.append((path, form))
    return Taken(tuple(kept), tuple(problems))


def _kept(root: Path, form: Form) -> Form | None:
    """What is kept of that section and quarter, None = nothing that can be read."""
    try:
        return msgspec.json.decode(
            (root / FOLDER / name_of(form.section, form.quarter)).read_bytes(), type=Form
        )
    except (OSError, msgspec.MsgspecError, UnicodeError):
        return None


def _keep(root: Path, form: Form) -> None:
    """Replace the kept file in one step."""
    path = root / FOLDER / name_of(form.section, form.quarter)
    try:
        make_folder(path.parent)
        replaced(path, msgspec.json.format(msgspec.json.encode(form), indent=1) + b"\n", 0o666)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise OutputError("attest_not_written", path=str(path), why=why) from None
