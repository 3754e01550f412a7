"""The dated table of what entrances run on (gateway-versions.toml), as values."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release of a software. `end` = last day of security updates, None = none is published.

    `maintained_on` = day a release without end was last seen maintained, None = never looked.
    """

    software: str
    release: str
    end: date | None
    maintained_on: date | None
    mark: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A way of connecting that is gone from version `since` on."""

    software: str
    feature: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The whole table. `as_of` = day it was last gone through."""

    as_of: date
    stale_after_days: int
    releases: tuple[Release, ...]
    removed: tuple[Removed, ...]
    sources: Mapping[str, Mapping[str, str]]

    def release_of(self, software: str, version: str) -> Release | None:
        """The row of a version ("7.4.8" is of release "7.4"); None = not listed."""
        for row in self.releases:
            if row.software == software and f"{version}.".startswith(f"{row.release}."):
                return row
        return None


@cache
def versions() -> Versions:
    """The table, read once; a constant of the package."""
    table = tomllib.loads(Path(__file__).with_name("gateway-versions.toml").read_text("utf-8"))
    return Versions(
        as_of=table["as_of"],
        stale_after_days=table["stale_after_days"],
        releases=tuple(
            Release(
                software=row["software"],
                release=row["release"],
                end=row.get("end"),
                maintained_on=row.get("maintained_on"),
                mark=row["mark"],
                source=row["source"],
            )
            for row in table["entry"]
        ),
        removed=tuple(
            Removed(software=row["software"], feature=row["feature"], since=row["since"])
            for row in table["removed"]
        ),
        sources=table["sources"],
    )
