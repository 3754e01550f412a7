"""The dated table of operating systems' ends of support (end-of-support.toml), as values."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


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
    maintained; `doubtful` = even that says nothing.
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


@cache
def lifetimes() -> tuple[Lifetime, ...]:
    """The table, read once; a constant of the package."""
    text = files(__package__).joinpath("end-of-support.toml").read_text(encoding="utf-8")
    return tuple(
        Lifetime(
            product=row["product"],
            release=row["release"],
            edition=row["edition"],
            build=row["build"],
            end=row.get("end"),
            extended_end=row.get("extended_end"),
            extensions=tuple(Extension(one["proof"], one["end"]) for one in row.get("extension", ())),
            maintained_on=row.get("maintained_on"),
            doubtful=row.get("doubtful", False),
        )
        for row in tomllib.loads(text)["entry"]
    )


def lifetime_of(product: str, release: str, edition: str, build: str) -> Lifetime | None:
    """The entry of a system; None = not listed. Windows goes by edition and build, the rest by release."""
    for row in lifetimes():
        if row.product != product:
            continue
        if row.build == "-" and row.release == release:
            return row
        if row.build != "-" and (row.edition, row.build) == (edition, build):
            return row
    return None
