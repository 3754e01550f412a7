"""The approval log a town exports, and how many of a section's cases are electronic."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from auditor.api import (
    Answer,
    Documents,
    Folder,
    Judgement,
    Params,
    Reason,
    Section,
    Town,
    check,
    fact,
    failed,
    folded,
    passed,
    probe,
    unknown,
)
from checks.paperless._log import Entry, Log, log_of, told_log
from checks.paperless._window import came, windowed


@probe("approvals.log", kind="approvals")
def read_log(documents: Documents, folder: Folder) -> bytes:
    """Every approval log of the folder; titles and names of people are not read."""
    del documents
    return msgspec.json.encode(log_of(folder))


@fact("approvals.log", probe=read_log)
def approvals(answer: Answer) -> Log:
    """The kept rows; their shape is our own."""
    return told_log(answer)


@dataclass(frozen=True, slots=True)
class _Share:
    """Cases of one section: electronic, on paper, and those of which the log does not tell."""

    electronic: int
    paper: int
    blank: int

    @property
    def total(self) -> int:
        return self.electronic + self.paper + self.blank

    def meets(self, target: int) -> bool | None:
        """True or False where the blank ones cannot change it, None = they can."""
        least = self.electronic * 100 >= target * self.total
        most = (self.electronic + self.blank) * 100 >= target * self.total
        return least if least == most else None


@check("PPL-02")
def electronic_share(log: Log, documents: Documents, town: Town, params: Params, today: date) -> Judgement:
    """Every section starts most of its cases electronically; a section the log does not know is open.

    A file without a single case on paper may be that of the electronic system alone: it says nothing of the
    sections that stand in no other.
    """
    window = windowed(log, params, today, came, "medium")
    if isinstance(window, Judgement):
        return window
    target = params.integer("target")
    sections = {
        section.id: section
        for section in town.sections
        if not documents.sections or section.id in documents.sections
    }
    ids = {folded(name): one.id for one in sections.values() for name in (one.id, one.name)}
    shares, strangers = _shares(window.entries, sections, ids)
    low = {id_: one for id_, one in shares.items() if one.meets(target) is False and _many(one, params)}
    if low:
        percents = {id_: one.electronic * 100 // one.total for id_, one in low.items()}
        worst = min(percents.values())
        places = tuple(
            f"{sections[id_].name}: {percents[id_]}% ({one.electronic}/{one.total})"
            for id_, one in low.items()
        )
        return failed(
            "low",
            places=(*places, *log.faults),
            count=len(low),
            worst=worst,
            first=window.first,
            last=window.last,
        )
    if log.faults or strangers:
        return unknown(Reason.UNREADABLE, "rows that cannot be used", places=(*strangers, *log.faults))
    if (
        alone := set(sections)
        - _with_paper(log.entries, ids)
        - {id_ for id_ in shares if not shares[id_].total}
    ):
        places = tuple(sections[id_].name for id_ in sections if id_ in alone)
        note = "no case on paper in the file: it may hold the electronic ones alone"
        return unknown(Reason.NOT_MEASURABLE, note, places=places)
    open_ = [
        f"{section.name}: {shares[id_].total}"
        for id_, section in sections.items()
        if not _many(shares[id_], params) or shares[id_].meets(target) is None
    ]
    if open_ or not sections:
        return unknown(Reason.WINDOW_SHORT, "too few cases, or too many blanks", places=tuple(open_))
    least = min(shares[id_].electronic * 100 // shares[id_].total for id_ in sections)
    return passed("ok", count=len(sections), least=least, first=window.first, last=window.last)


def _many(share: _Share, params: Params) -> bool:
    return share.total >= params.integer("min_cases")


def _with_paper(entries: Iterable[Entry], ids: Mapping[str, str]) -> set[str]:
    """Ids of the sections that stand in a file which knows cases on paper."""
    rows = [(entry.place.rpartition(":")[0], entry) for entry in entries]
    whole = {file for file, entry in rows if entry.electronic is False}
    return {ids.get(folded(entry.section), "") for file, entry in rows if file in whole}


def _shares(
    entries: Iterable[Entry], sections: Mapping[str, Section], ids: Mapping[str, str]
) -> tuple[Mapping[str, _Share], tuple[str, ...]]:
    """Cases by section id, and the places of rows of a section that nobody declared.

    A case whose rows disagree on paper or electronic is a blank one.
    """
    said: dict[str, dict[int | str, set[bool]]] = defaultdict(lambda: defaultdict(set))
    weights: dict[int | str, int] = {}
    strangers = []
    for entry in entries:
        section = ids.get(folded(entry.section))
        if section is None:
            strangers.append(f"{entry.place} section")
            continue
        case = entry.place if entry.case is None else entry.case
        weights[case] = entry.count if entry.case is None else 1
        said[section][case] |= set() if entry.electronic is None else {entry.electronic}
    shares = {}
    for id_ in sections:
        totals = {True: 0, False: 0, None: 0}
        for case, answers in said[id_].items():
            totals[next(iter(answers)) if len(answers) == 1 else None] += weights[case]
        shares[id_] = _Share(totals[True], totals[False], totals[None])
    return shares, tuple(strangers)
