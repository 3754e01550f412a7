"""From how a ledger cites an ordinance (規則の名称, 第2条第1項) to the provisions that are meant."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from auditor.api import folded
from checks.ordinance._numerals import NUMBER, branched
from checks.ordinance._provisions import Document, Part, Provision

_CLAUSE = re.compile(
    rf"第({NUMBER})条((?:の{NUMBER})*)(?:第({NUMBER})項)?(?:第({NUMBER})号((?:の{NUMBER})*))?"
)
_FORM = re.compile(r"第[0-9の]+号様式|(?:別記)?様式第[0-9の]+号?|別記様式")
Clause = tuple[str, str, str]
"""Article, paragraph and item as numbers with branches; "" = not told."""


def documents_called(title: str, documents: Iterable[Document]) -> tuple[Document, ...]:
    """The ordinances of that name; a ledger may leave out the town's own name in front."""
    wanted = folded(title)
    held = [(folded(each.title), each) for each in documents if each.is_ordinance]
    exact = tuple(each for name, each in held if name == wanted)
    if exact or len(wanted) < 4:  # noqa: PLR2004 - 条例 alone is no name
        return exact
    return tuple(each for name, each in held if name.endswith(wanted))


def clauses_in(text: str) -> tuple[Clause, ...]:
    """Every clause that a cell names, () = none that is understood."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return tuple(dict.fromkeys(_clauses(plain)))


def _clauses(plain: str) -> Iterator[Clause]:
    for found in _CLAUSE.finditer(plain):
        article = branched(found[1] + found[2])
        if article is not None:
            yield article, branched(found[3] or "") or "", branched((found[4] or "") + (found[5] or "")) or ""


def provisions_at(document: Document, wanted: Clause) -> tuple[Provision, ...]:
    """The provisions of the main part that a clause means, with all that is below it."""
    return tuple(
        each
        for each in document.provisions
        if each.part is Part.MAIN and any(_means(wanted, here) for here in clauses_in(each.citation)[:1])
    )


def _means(wanted: Clause, here: Clause) -> bool:
    """A paragraph that stands alone is the first."""
    article, paragraph, item = wanted
    return (
        article == here[0]
        and (not paragraph or paragraph == (here[1] or "1"))
        and (not item or item == here[2])
    )


def forms_behind(document: Document, cited: Iterable[Provision]) -> tuple[tuple[Provision, ...], bool]:
    """The forms that these provisions name, and whether one of them cannot be read."""
    names = {name for each in cited for name in _FORM.findall(each.text)}
    found = tuple(
        each for each in document.provisions if each.part is Part.FORM and _named(each.citation, names)
    )
    readable = {form.name for form in document.forms if form.readable}
    there = {name for name in names if any(_named(form, {name}) for form in readable)}
    return found, names != there


def _named(form: str, names: Iterable[str]) -> bool:
    return any(form.removeprefix("別記") == name.removeprefix("別記") for name in names)
