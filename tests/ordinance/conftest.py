"""What the ordinance tests share: an ordinance from a few lines, a folder as the engine gives it."""

from collections.abc import Callable, Mapping
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from auditor.access.folder import DirectFolder
from auditor.answers import Answer, Status
from auditor.api import Check, Fact, Judgement, Params
from auditor.catalogue import read_catalogue
from auditor.control import ParamValue
from auditor.discover import Plugins
from auditor.work import Documents
from checks.ordinance import _search, analogue, corpus, forms, paper, seal
from checks.ordinance._provisions import Document
from checks.ordinance._reader import documents_of
from checks.ordinance._rules import Term, rules
from checks.ordinance._search import CANDIDATE, LAW, Match, Search
from checks.ordinance._standing import Decisions
from checks.ordinance._text import plain_page
from checks.ordinance.corpus import Ordinances

TODAY = date(2026, 11, 24)
NONE_DECIDED = Decisions(kept=False)
CONTROLS = Path(corpus.__file__).with_name("controls.toml")
CHECKS: dict[str, Check] = {
    value.control: value
    for module in (analogue, seal, paper, forms)
    for value in vars(module).values()
    if isinstance(value, Check)
}
AREA = [
    value
    for entry in entry_points(group="telework_auditor.checks")
    if entry.name.startswith("ordinance.")
    for value in vars(entry.load()).values()
]
PLUGINS = Plugins(
    tuple(value for value in AREA if isinstance(value, Fact)),
    tuple({value.control: value for value in AREA if isinstance(value, Check)}.values()),
    (CONTROLS,),
    {},
    (),
)


def document(*lines: str) -> Document:
    """The one ordinance of these lines."""
    (found,) = documents_of("x.txt", plain_page("\n".join(lines)))
    return found


def article(text: str) -> Document:
    """An ordinance of one article."""
    return document("第1条　" + text)


def search(target: Document, category: str, own: tuple[Term, ...] = ()) -> Search:
    """What the words of one category (and `own`) find in an ordinance."""
    terms = tuple(term for term in rules().terms if term.kind.category == category)
    return _search.search(target, rules(), (*terms, *own))


def matches(text: str, category: str) -> tuple[Match, ...]:
    """What is found in an ordinance of one article."""
    return search(article(text), category).matches


def demands(text: str, category: str) -> bool:
    """Whether an article is a candidate."""
    return any(found.klass in (CANDIDATE, LAW) for found in matches(text, category))


def collected(folder: Path) -> Ordinances:
    """The folder as the probe reads it and the parser understands it."""
    target = Documents(id="reiki", name="例規集", kind="ordinances", folder=folder, count=1)
    body = corpus.read_folder.collect(target, DirectFolder(folder))
    return corpus.ordinances(Answer("ordinance.lines", Status.OK, body))


def judged(
    control: str,
    texts: Ordinances,
    today: date = TODAY,
    register: Decisions = NONE_DECIDED,
    **changed: ParamValue,
) -> Judgement:
    """The judgement of one control under the shipped parameters, `changed` laid over them."""
    shipped: Mapping[str, ParamValue] = {
        name: param.value
        for each in read_catalogue(PLUGINS)
        if each.id == control
        for name, param in each.params.items()
    }
    given: dict[type, Any] = {
        Ordinances: texts,
        Decisions: register,
        Params: Params({**shipped, **changed}),
        date: today,
    }
    check = CHECKS[control]
    return check(**{need.name: given[need.type] for need in check.needs})


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Ordinances]:
    """Writes the given files (path to content) into a folder and collects it."""

    def write(files: Mapping[str, str | bytes]) -> Ordinances:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return collected(tmp_path)

    return write
