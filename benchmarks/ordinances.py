"""A hundred ordinances read from a folder, parsed to provisions and judged by every control on clauses.

Every sentence is one of the labelled clauses of the tests, so that far more words are found than in a town's
own collection; every copy has numbers of its own, so that nothing remembered from one helps with the next.
"""

from datetime import date
from pathlib import Path

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Params, Status
from benchmarks.timing import Result, own_cpu_s
from checks.ordinance import (
    analogue,
    corpus,
    decisions,
    deputies,
    forms,
    paper,
    promulgation,
    recognised,
    seal,
    service,
    telework,
)
from checks.ordinance._standing import Decisions

CLAUSES = Path(__file__).parents[1] / "tests" / "corpus" / "ordinance"
FILES = 100
ARTICLES = 60
LIMIT_S = 2.0
TODAY = date(2026, 11, 26)
_GIVEN = Params({"words": (), "undecided": 0, "umbrella": "apply", "required": True, "image_only": 0})
_CHECKS = (
    analogue.visual_inspections,
    analogue.audits_on_site,
    analogue.inspections_at_fixed_times,
    analogue.full_time_posts,
    analogue.training_in_person,
    analogue.postings_on_paper,
    analogue.inspections_by_visit,
    analogue.named_media,
    analogue.payments_by_stamp_or_cash,
    seal.seal_clauses_are_decided,
    paper.paper_clauses_are_decided,
)
_POSITIVE = Params(
    {
        "undecided": 0,
        "phase": ("1", "2", "3"),
        "clauses": ("target", "place", "cost"),
        "words": (),
        "remaining": 0,
        "need": ("電磁的記録", "電子署名"),
        "coverage": 100,
        "required": True,
    }
)
_POSITIVES = (
    telework.telework_rule_is_complete,
    service.service_is_not_tied_to_the_hall,
    recognised.electronic_originals_are_recognised,
    deputies.each_decision_maker_has_a_deputy,
    promulgation.promulgation_is_on_the_web_too,
)


def hundred_files(folder: Path) -> Result:
    """CPU time of the whole way, from files to verdicts."""
    home = folder / "ordinances"
    home.mkdir()
    for number, page in enumerate(_pages()):
        (home / f"k101RG{number:08}.html").write_text(page, "utf-8")
    target = Documents(id="reiki", name="例規集", kind="ordinances", folder=home)
    size_kb = sum(path.stat().st_size for path in home.iterdir()) / FILES / 1000

    def judge() -> None:
        body = corpus.read_folder.collect(target, DirectFolder(home))
        texts = corpus.ordinances(Answer("ordinance.lines", Status.OK, body))
        for check in _CHECKS:
            check(texts=texts, register=Decisions(kept=False), params=_GIVEN, today=TODAY)
        seal.a_rule_lifts_seals(texts=texts, params=_GIVEN, today=TODAY)
        paper.procedures_may_be_electronic(texts=texts, params=_GIVEN, today=TODAY)
        forms.forms_can_be_read(texts=texts, params=_GIVEN)
        decisions.every_hit_has_a_decision(
            texts=texts, register=Decisions(kept=False), params=_POSITIVE, today=TODAY
        )
        for check in _POSITIVES:
            check(texts=texts, params=_POSITIVE, today=TODAY)

    judge()  # the words are compiled once a run
    spent = sorted(own_cpu_s(judge) for _ in range(3))[1]
    return Result(
        f"{FILES} ordinances of {size_kb:.0f} kB read and judged : {LIMIT_S:g} s", spent, LIMIT_S, 1
    )


def _pages() -> list[str]:
    lines = [
        line
        for name in ("lines.tsv", "kinds.tsv")
        for line in (CLAUSES / name).read_text("utf-8").splitlines()
    ]
    clauses = [line.rsplit("\t", 1)[-1] for line in lines if not line.startswith("#")]
    return [_page(number, clauses) for number in range(FILES)]


def _page(number: int, clauses: list[str]) -> str:
    rows = "".join(
        f"<div class='eline'><div class='article'><p><span class='num'>第{at}条</span>　"
        f"<span class='p'>{clauses[(number * 7 + at) % len(clauses)]}"
        f"その取扱いは、第{number}号の例による。</span></p></div></div>"
        for at in range(1, ARTICLES + 1)
    )
    head = f"<p class='title-irregular'>○見本町第{number}規則</p><p>規則第{number + 1}号</p>"
    return f"<html><body><div id='primary'>{head}{rows}</div></body></html>"
