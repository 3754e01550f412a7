"""The dated tables that the checks of endpoints rest on: offered to be shown, and judged by their age."""

from datetime import date, timedelta

from auditor.api import (
    Judgement,
    Params,
    TableContent,
    TableRow,
    TableSource,
    Wording,
    check,
    failed,
    passed,
    table,
)
from checks.endpoint._lifetimes import Lifetime, Lifetimes, end_dates


@table("end-of-support")
def end_of_support() -> TableContent:
    """Ends of support of operating systems, browsers and office suites."""
    found = end_dates()
    return TableContent(
        as_of=found.as_of,
        stale_after_days=found.stale_after_days,
        rows=tuple(
            TableRow(
                product=row.product,
                release=row.release,
                edition="" if row.edition == "-" else row.edition,
                end=row.end,
                extended_end=row.extended_end,
                seen_on=row.maintained_on,
                as_of=row.as_of,
                mark=row.mark,
                source=row.source,
                note=row.note,
            )
            for row in found.rows
        ),
        sources={
            key: TableSource(title=Wording(words["ja"], words["en"]), where=words["where"])
            for key, words in found.sources.items()
        },
    )


@check("AUD-01")
def end_dates_are_recent(params: Params, today: date) -> Judgement:
    """The table, and every part of it that moves by itself, was compared with its source lately."""
    return judged_by_age(end_dates(), params.integer("stale_after_days"), today)


def judged_by_age(found: Lifetimes, limit: int, today: date) -> Judgement:
    """Passes up to and on day `limit` after the oldest comparison with a source."""
    age = (today - found.as_of).days
    if age > limit:
        return failed("old", as_of=found.as_of, days=age)
    old = [row for row in found.rows if row.as_of is not None and (today - row.as_of).days > limit]
    if old:
        seen = min(found.compared_on(row) for row in old)
        places = tuple(_named(row, found) for row in old)
        return failed("part", places=places, count=len(old), seen=seen, days=(today - seen).days)
    until = min(found.compared_on(row) for row in found.rows) + timedelta(days=limit)
    return passed(until=until, as_of=found.as_of, days=max(age, 0))


def _named(row: Lifetime, found: Lifetimes) -> str:
    return f"{row.product} {row.release} ({found.compared_on(row).isoformat()})"
