"""One finding explained on the terminal, for IT staff who want to check it by hand."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from auditor.explanation import Explanation, Told
from auditor.findings import ATTESTED, Verdict, shown_as
from auditor.run import Run
from reports.book import Book
from reports.exceptions import over
from reports.requests import due_of
from reports.terminal import STYLES
from reports.wording import Words, plain, town_rule


def print_explanation(
    found: Explanation, run: Run, console: Console, lang: str, *, script: bool = False
) -> None:
    """Print it; `script` = also the very lines that were run on the machine."""
    book = Book(run, Words(lang))
    for line in explanation(found, book, script=script):
        console.print(line, soft_wrap=True)


def explanation(found: Explanation, book: Book, *, script: bool = False) -> Iterator[Text]:
    """Verdict first; then what is wanted, what was answered, how to verify, who acts."""
    words, control, finding = book.words, found.control, found.finding
    state = shown_as(finding)
    title = f"{control.id} {control.title.in_(words.lang)}"
    yield Text(f"{title} — {plain(book.label(found.target.key))} ({plain(found.target.id)})", style="bold")
    mark = Text(words(f"verdict.{state}"), style=STYLES.get(state.removeprefix(ATTESTED), "green"))
    yield mark + Text(f" {plain(words.seen(finding, control))}", style="")
    if laid := over(book, finding):
        yield Text(f"  {plain(laid)}")
    yield from _notes(found, words)
    yield _head(words("explain.wants"))
    yield from _wants(found, words)
    yield _head(words("explain.answers"))
    yield from _answers([one for one in found.told if one.judged], words, found, script=script)
    beside = [one for one in found.told if not one.judged and one.status is not None]
    if beside:
        yield _head(words("explain.beside"))
        yield from _answers(beside, words, found, script=script)
    yield _head(words("explain.verify"))
    yield Text(f"  {control.verify.in_(words.lang)}")
    if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN):
        yield _head(words("explain.fix"))
        yield from _fix(found, book)


def _head(text: str) -> Text:
    return Text(f"\n■ {text}", style="bold")


def _notes(found: Explanation, words: Words) -> Iterator[Text]:
    finding = found.finding
    if finding.note:
        yield Text(f"  {words('explain.note', note=plain(finding.note))}")
    for place in finding.places:
        yield Text(f"  · {plain(place)}")
    if whose := words.whose(finding):
        yield Text(f"  {whose}")
    if finding.since is not None:
        yield Text(f"  {words('explain.since', day=words.day(finding.since))}")


def _wants(found: Explanation, words: Words) -> Iterator[Text]:
    control = found.control
    model = found.model.title.in_(words.lang)
    yield Text(f"  {words('explain.model', model=plain(model), day=words.day(found.today))}")
    for name, param in sorted(control.params.items()):
        value = ", ".join(param.value) if isinstance(param.value, tuple) else param.value
        ends = {"low": _number(param.low), "high": _number(param.high)}
        bounds = "" if param.low is None else words("explain.bounds", **ends)
        reason = words("explain.reason", why=plain(param.reason)) if param.reason else ""
        yield Text(f"  {name} = {value} {param.unit} {bounds}{reason}".rstrip())
    if control.grace_days:
        yield Text(f"  {words('exception.grace_days', days=control.grace_days)}")
    source = words("section.town_mark") if town_rule(found.finding, control) else ""
    yield Text(f"  {words('explain.source', source=control.source)} {source}".rstrip())


def _number(value: float | None) -> str:
    """As people write it: 59, not 59.0."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def _answers(rows: list[Told], words: Words, found: Explanation, *, script: bool) -> Iterator[Text]:
    if not rows:
        yield Text(f"  {words('explain.nothing')}")
    for one in rows:
        yield _heading(one, words, found)
        if script and one.question:
            yield Text(f"    {words('explain.asked')}")
            yield from (Text(f"      {line}", style="dim") for line in one.question.splitlines())
        if one.answer:
            yield Text(f"    {words('explain.answered')}")
            yield from (Text(f"      {plain(line)}") for line in one.answer.splitlines())
        if one.read:
            yield Text(f"    {words('explain.read')}")
            yield from (Text(f"      {plain(line)}") for line in one.read)


def _heading(one: Told, words: Words, found: Explanation) -> Text:
    if one.status is None:
        return Text(f"  {one.id}: {words('explain.not_kept')}")
    when = words.moment(one.at) if one.at is not None else "-"
    how = words(f"road.{found.target.road}") if found.target.road else "-"
    status = words(f"explain.status_{one.status.value}")
    because = f" ({words(f'reason.{one.reason.value}')})" if one.reason is not None else ""
    note = f" {plain(one.note)}" if one.note else ""
    origin = f" {plain(found.origin)}" if found.origin else ""
    return Text(f"  {one.id}: {status}{because} — {when}, {how}{origin}{note}")


def _fix(found: Explanation, book: Book) -> Iterator[Text]:
    words, control, finding = book.words, found.control, found.finding
    if finding.verdict is Verdict.UNKNOWN:
        yield Text(f"  {words('explain.find_out')}")
        return
    who = words(f"doer.{control.doer}")
    yield Text(f"  {words('explain.who', who=who, day=words.day(due_of(book, finding)))}")
    yield Text(f"  {control.fix.in_(words.lang)}")
    yield Text(f"  {words('explain.effort', effort=control.effort.in_(words.lang))}")
