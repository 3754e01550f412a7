"""``auditor ordinances``: the clauses that people decide on, and how well the search finds them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.speech import Speech
from auditor.errors import ConfigError, Problem
from auditor.exits import Exit

if TYPE_CHECKING:
    from auditor.clauses import Clause, ClauseFinder, Listing
    from auditor.labels import Label, Rate

KIND = "ordinances"
SHOWN = 60
"""Characters of a sentence that the screen shows."""
NAMED, REMARKS = 10, 200
"""So many files and rows are named."""


def application(speech: Speech) -> typer.Typer:
    """The commands ``ordinances list`` and ``ordinances evaluate``."""
    app = typer.Typer(help=speech("ordinances.help"), no_args_is_help=True, rich_markup_mode=None)

    @app.command("list", help=speech("ordinances.help_list"), epilog=speech("ordinances.list_examples"))
    def list_(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        csv: Path | None = typer.Option(None, "--csv", help=speech("ordinances.help_csv"), metavar="FILE"),
        kind: list[str] = typer.Option([], "--kind", help=speech("ordinances.help_kind"), metavar="NAME"),
        undecided: bool = typer.Option(False, "--undecided", help=speech("ordinances.help_undecided")),
    ) -> int:
        return _list(speech, town, csv, kind, undecided=undecided)

    @app.command(
        "evaluate", help=speech("ordinances.help_evaluate"), epilog=speech("ordinances.evaluate_examples")
    )
    def evaluate(
        labels: Path = typer.Argument(..., help=speech("ordinances.help_labels"), metavar="LABELS"),
        lines: bool = typer.Option(False, "--lines", help=speech("ordinances.help_lines")),
    ) -> int:
        return _evaluate(speech, labels, lines=lines)

    return app


def _finder() -> "ClauseFinder":
    from auditor.discover import clause_finder  # noqa: PLC0415 - start-up time

    return clause_finder()


def _list(speech: Speech, town: Path, csv: Path | None, kinds: list[str], *, undecided: bool) -> Exit:
    """Every clause that waits for a decision or has one; then what was not searched."""
    from auditor.clauselist import written  # noqa: PLC0415 - start-up time
    from auditor.clauses import State  # noqa: PLC0415

    finder = _finder()
    wanted = _wanted(finder, kinds)
    listings = _listings(finder, town)
    clauses = [
        clause
        for listing in listings
        for clause in listing.clauses
        if clause.kind.ja in wanted and not (undecided and clause.state is State.DECIDED)
    ]
    if csv is not None:
        speech.out(str(written(clauses, finder.headings(), csv)))
    else:
        for clause in clauses:
            speech.out(_line(speech, clause))
    decided = sum(clause.state is State.DECIDED for clause in clauses)
    speech.note(speech("ordinances.total", count=len(clauses), decided=decided))
    for listing in listings:
        _notes(speech, listing)
    return Exit.DONE


def _wanted(finder: "ClauseFinder", kinds: list[str]) -> set[str]:
    """The kinds asked for by their Japanese names, all of them where none was.

    Raises:
        ConfigError: one is not known.
    """
    known = finder.kinds()
    names = {name: kind.ja for kind in known for name in (kind.ja, kind.en)}
    told = ", ".join(kind.ja for kind in known)
    wrong = [
        Problem(Path("--kind"), None, "", "no_clause_kind", {"seen": name, "known": told})
        for name in kinds
        if name not in names
    ]
    if wrong:
        raise ConfigError(wrong)
    return {names[name] for name in kinds} or set(names.values())


def _listings(finder: "ClauseFinder", folder: Path) -> "list[Listing]":
    """The clauses of each document set of ordinances that the town declared.

    Raises:
        ConfigError: the town folder is wrong, or declares none.
    """
    from auditor.access.folder import DirectFolder  # noqa: PLC0415 - start-up time
    from auditor.engine import japan_day  # noqa: PLC0415
    from auditor.town import load_town  # noqa: PLC0415

    town = load_town(folder).town
    sets = [each for each in town.documents if each.kind == KIND]
    if not sets:
        raise ConfigError([Problem(folder / "town.toml", None, "documents", "no_ordinances")])
    today = japan_day(datetime.now(UTC)).date()
    return [finder.listed(each, DirectFolder(each.folder, kept_in=town.root), today) for each in sets]


def _line(speech: Speech, clause: "Clause") -> str:
    sentence = clause.sentence if len(clause.sentence) <= SHOWN else clause.sentence[:SHOWN] + "…"
    return speech(
        "ordinances.line",
        id=clause.id,
        place=clause.document + clause.place,
        kind=clause.kind.in_(speech.lang),
        klass=speech(f"ordinances.class_{clause.klass.replace('-', '_')}"),
        state=speech(f"ordinances.state_{clause.state.value}"),
        sentence=sentence,
    )


def _notes(speech: Speech, listing: "Listing") -> None:
    if listing.unread:
        speech.note(
            speech("ordinances.unread", count=len(listing.unread), names=", ".join(listing.unread[:NAMED]))
        )
    if listing.remarks:
        speech.note(speech("ordinances.remarks", count=len(listing.remarks)))
        for remark in listing.remarks[:REMARKS]:
            speech.note(f"  {remark}")


def _evaluate(speech: Speech, path: Path, *, lines: bool) -> Exit:
    """Precision and recall with n and intervals: all, by kind, by town."""
    from auditor.labels import grouped, read_labels, score  # noqa: PLC0415 - start-up time

    finder = _finder()
    judged = score(read_labels(path, finder.kinds()), finder.demanded)
    speech.out(speech("ordinances.evaluated", path=path, n=len(judged)))
    _scored(speech, speech("ordinances.all"), judged)
    english = {kind.ja: kind.in_(speech.lang) for kind in finder.kinds()}
    speech.out(speech("ordinances.by_kind"))
    for name, group in grouped(judged, lambda label: label.category).items():
        _scored(speech, english[name], group, lines=lines)
    towns = grouped(judged, lambda label: label.town)
    if set(towns) != {""}:
        speech.out(speech("ordinances.by_town"))
        for name, group in towns.items():
            _scored(speech, name or "-", group)
    speech.out(speech("ordinances.warning"))
    return Exit.DONE


def _scored(speech: Speech, name: str, group: "Iterable[tuple[Label, bool]]", *, lines: bool = False) -> None:
    from auditor.labels import summed  # noqa: PLC0415 - start-up time

    result = summed(group)
    precision, recall = _rate(speech, result.precision), _rate(speech, result.recall)
    speech.out(speech("ordinances.score", name=name, n=result.n, precision=precision, recall=recall))
    for key, numbers in (("missed", result.missed), ("wrong", result.wrong)):
        if lines and numbers:
            speech.out(speech(f"ordinances.{key}", lines=", ".join(map(str, numbers))))


def _rate(speech: Speech, rate: "Rate") -> str:
    share, interval = rate.share, rate.interval
    if share is None or interval is None:
        return speech("ordinances.no_rate")
    share_, low, high = (f"{one:.2f}" for one in (share, *interval))
    return speech("ordinances.rate", share=share_, low=low, high=high, hits=rate.hits, n=rate.n)
