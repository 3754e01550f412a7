"""The dated table of ends of support (end-of-support.toml), as values."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension of support that a PC can show: `proof` is the programme's word, `end` its last day."""

    proof: str
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """One release and edition.

    `end` = last day of ordinary security updates, None = no end is published. `extended_end` = last day of
    any extension, None = there is none. `maintained_on` = the day a release without end was last seen
    maintained; `doubtful` = even that says nothing. `as_of` = day the row was last compared with its source,
    None = with the whole table.
    """

    product: str
    release: str
    edition: str
    build: str
    end: date | None = None
    extended_end: date | None = None
    extensions: tuple[Extension, ...] = ()
    maintained_on: date | None = None
    doubtful: bool = False
    as_of: date | None = None
    mark: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """The whole table. `as_of` = day it was last gone through; `sources` = its keys spelled out."""

    as_of: date
    stale_after_days: int
    rows: tuple[Lifetime, ...]
    sources: Mapping[str, Mapping[str, str]]

    def compared_on(self, row: Lifetime) -> date:
        """The day a row was last compared with its source."""
        return row.as_of or self.as_of

    def fresh_until(self, row: Lifetime) -> date:
        """The last day on which a row is not stale."""
        return self.compared_on(row) + timedelta(days=self.stale_after_days)


@cache
def end_dates() -> Lifetimes:
    """The table, read once; a constant of the package."""
    text = files(__package__).joinpath("end-of-support.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return Lifetimes(
        as_of=table["as_of"],
        stale_after_days=table["stale_after_days"],
        rows=tuple(_row(row) for row in table["entry"]),
        sources=table["sources"],
    )


def _row(row: Mapping[str, Any]) -> Lifetime:
    return Lifetime(
        product=row["product"],
        release=row["release"],
        edition=row["edition"],
        build=row["build"],
        end=row.get("end"),
        extended_end=row.get("extended_end"),
        extensions=tuple(Extension(one["proof"], one["end"]) for one in row.get("extension", ())),
        maintained_on=row.get("maintained_on"),
        doubtful=row.get("doubtful", False),
        as_of=row.get("as_of"),
        mark=row["mark"],
        source=row["source"],
        note=row.get("note", ""),
    )


def lifetimes() -> tuple[Lifetime, ...]:
    """The rows of the table."""
    return end_dates().rows


def lifetime_of(product: str, release: str, edition: str = "-", build: str = "-") -> Lifetime | None:
    """The entry of a system; None = not listed. Windows goes by edition and build, the rest by release."""
    for row in lifetimes():
        if row.product != product:
            continue
        if row.build == "-" and row.release == release:
            return row
        if row.build != "-" and (row.edition, row.build) == (edition, build):
            return row
    return None
