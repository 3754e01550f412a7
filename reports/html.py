"""The three kinds of page: one per section for its head, one for the town, one for IT staff."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from auditor.findings import Tally, shown_as
from auditor.readiness import Ready
from auditor.run import LEGS, Run
from reports.book import Book, opened, shortened
from reports.era import moment
from reports.requests import asks, worst_names
from reports.technical import technical_view
from reports.town import town_view

FIRST_PAGE = 4
"""So many requests stand on sheet 1; the others follow on later sheets."""


def render(run: Run, out: Path, lang: str) -> tuple[Path, ...]:
    """Write ``town.html``, ``technical.html`` and ``sections/*.html`` below `out`; the files, in that order.

    Raises:
        OSError: a file cannot be written.
    """
    book = opened(run, lang)
    pages = {
        Path("town.html"): page("town", book, town_view(book)),
        Path("technical.html"): page("technical", book, technical_view(book)),
    }
    for section in run.sections:
        name = Path("sections", f"{file_name(section.id)}.html")
        pages[name] = page("section", book, section_view(book, section.id))
    (out / "sections").mkdir(exist_ok=True)
    for name, text in pages.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    return tuple(out / name for name in pages)


def file_name(id_: str) -> str:
    """A file name from a section's id: nothing but letters, digits and hyphens, and never two alike."""
    plain = re.sub(r"[^A-Za-z0-9-]", "", id_)[:40]
    return plain if plain == id_ else f"{plain}-{hashlib.sha256(id_.encode()).hexdigest()[:8]}".lstrip("-")


def page(template: str, book: Book, view: dict[str, object]) -> str:
    """One self-contained page: its style inside, allowed by hash, and nothing else allowed at all."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    run = book.run
    context = {
        "run": run,
        "book": book,
        "w": book.words,
        "lang": book.words.lang,
        "style": Markup(style),  # noqa: S704 - our own file
        "policy": policy,
        "legs": LEGS,
        "states": tuple(Ready),
        "at": moment(run.started, book.words.lang),
        "shown_as": shown_as,
        "shortened": lambda names, limit=6: shortened(tuple(names), book.words, limit),
        **view,
    }
    return _environment().get_template(f"{template}.html.j2").render(context)


@cache
def _style() -> str:
    return files("reports").joinpath("style.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def section_view(book: Book, section: str) -> dict[str, object]:
    """What the page of one section shows."""
    ready = book.sections[section]
    name = next(item.name for item in book.run.sections if item.id == section)
    requests = asks(book, section)
    return {
        "section": section,
        "name": name,
        "head": head_of(name, book),
        "ready": ready,
        "verdict": verdict_of(ready.ready, heard=ready.heard),
        "requests": requests,
        "first": requests[:FIRST_PAGE],
        "later": requests[FIRST_PAGE:],
        "blocked": worst_names(book, section, (Ready.BLOCKED,)),
        "unchecked": worst_names(book, section, (Ready.CHECK_FIRST,)),
        "people": book.people_of(section),
        "bars": tuple((leg, bar(ready.by_leg[leg])) for leg in LEGS),
        "details": section_details(book, section),
        "changes": section_changes(book, section),
        "settled": ready.tally.passed + ready.tally.not_applicable,
        "statuses": tuple(Tally.__dataclass_fields__),
    }


def head_of(section: str, book: Book) -> str:
    """How the letter addresses the head: 総務課 → 総務課長; a name that ends otherwise gets 所属長."""
    if book.words.lang == "ja" and section.endswith(("課", "室", "局", "所", "館", "部", "係")):
        return f"{section}長"
    return book.words("page.head_of", section=section)


def verdict_of(ready: Ready | None, *, heard: bool | None) -> str:
    """The readiness shown in the box; a section nobody heard from is never better than 確認が先."""
    if ready is None:
        return "nobody"
    if heard is False and ready is not Ready.BLOCKED:
        return Ready.CHECK_FIRST.value
    return ready.value


def bar(counts: Mapping[Ready, int]) -> tuple[tuple[str, float, float], ...]:
    """The parts of a stacked bar: state, where it begins and how long it is, in hundredths."""
    total = sum(counts.values())
    parts: list[tuple[str, float, float]] = []
    start = 0.0
    for ready in Ready:
        width = 100 * counts.get(ready, 0) / total if total else 0
        if width:
            parts.append((ready.value, round(start, 2), round(width, 2)))
        start += width
    return tuple(parts)


def section_details(book: Book, section: str) -> tuple[dict[str, object], ...]:
    """Per target of the section (and what its people depend on): what is not in order, in one row each."""
    wanted = {cause.target for person in book.people_of(section) for cause in person.causes if cause.target}
    rows: list[dict[str, object]] = []
    for card in book.run.targets:
        if card.sections != (section,) and card.key not in wanted:
            continue
        findings = book.findings.get(card.key, ())
        whole = [finding for finding in findings if finding.whole_target]
        open_ = [f for f in findings if not f.whole_target and shown_as(f) not in ("pass", "not_applicable")]
        if whole or open_:
            rows.append({"key": card.key, "kind": card.kind, "whole": whole, "findings": open_})
    return tuple(rows)


def section_changes(book: Book, section: str) -> tuple[object, ...]:
    """The changes on targets of this section."""
    if book.run.changes is None:
        return ()
    mine = {card.key for card in book.run.targets if card.sections == (section,)}
    return tuple(
        change
        for change in book.run.changes.changed
        if change.target in mine and change.control in book.controls
    )
