"""Reads ``town.toml`` table by table: ids, references, addresses and files are checked, faults collected."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.cells import MAX_NAME, is_id, name_fault, parse_host
from auditor.findings import Scalar
from auditor.ledger import folded
from auditor.printurls import split
from auditor.problems import Told
from auditor.townfile import TownFile

TARGET_ROADS = ("probe", "file")
"""How a target other than an endpoint is reached: asked, or by an evidence file in the inbox."""


@dataclass(frozen=True, slots=True)
class Declaring:
    """Turns what is written in one ``town.toml`` into values; what is wrong goes to `told`."""

    file: TownFile
    folder: Path
    told: Told

    def existing(self, place: tuple[str, ...], written: str) -> Path | None:
        """A declared file that must be there; None = none is declared."""
        if not written:
            return None
        path = self.folder / written
        if not path.is_file():
            self.wrong(place, "declared_file_missing", path=str(path))
        return path

    def inside(self, place: tuple[str, ...], written: str) -> Path:
        """An absolute folder, or a relative one that does not leave the town folder."""
        folder = (self.folder / written).resolve()
        if not written.strip():
            self.wrong(place, "blank")
        elif not Path(written).is_absolute() and not folder.is_relative_to(self.folder):
            self.wrong(place, "folder_outside", path=written[:MAX_NAME])
        return folder

    def names(self, table: str, index: int, id_: str, name: str) -> None:
        """The id and the name of a row."""
        if not is_id(id_):
            self.wrong((table, str(index), "id"), "bad_id" if id_ else "blank", seen=id_[:MAX_NAME])
        if fault := name_fault(name.strip()):
            self.wrong((table, str(index), "name"), fault, limit=MAX_NAME)

    def once(self, table: str, key: str, values: Sequence[str]) -> None:
        """No value stands in two rows."""
        first: dict[str, int] = {}
        for index, value in enumerate(values):
            before = first.setdefault(folded(value), index)
            if value and before != index:
                line = self.file.toml.line_of((table, str(before), key)) or 0
                self.wrong((table, str(index), key), f"{key}_twice", name=value[:MAX_NAME], first=line)

    def one_of(self, place: tuple[str, ...], value: str, known: Sequence[str]) -> None:
        """The value is one of the known ones."""
        self.all_of(place, [value], known, "bad_choice")

    def all_of(
        self, place: tuple[str, ...], values: Sequence[str], known: Collection[str], problem: str
    ) -> None:
        """Every value is one of the known ones."""
        for value in values:
            if value not in known:
                seen = value[:MAX_NAME]
                near = self.told.near(value, known)
                self.wrong(place, problem, seen=seen, name=seen, known=", ".join(known), near=near)

    def host(self, place: tuple[str, ...], written: str, *, required: bool) -> str:
        """A host's name or address, "" = none that can be used."""
        host = parse_host(written)
        if host is None and (written or required):
            self.wrong(place, "bad_host" if written else "blank", seen=written[:MAX_NAME])
        return host or ""

    def url(self, place: tuple[str, ...], written: str, schemes: Sequence[str]) -> None:
        """An address with a host, without a password, of one of the schemes."""
        parts = split(written)
        if parts is None or parts.scheme not in schemes or not parse_host(parts.hostname or ""):
            self.wrong(place, "bad_url", seen=written[:MAX_NAME], known=", ".join(schemes))
        elif parts.username is not None or parts.password is not None:
            self.wrong(place, "url_secret")
        elif parts.query or parts.fragment:
            self.wrong(place, "bad_url", seen=written[:MAX_NAME], known=", ".join(schemes))

    def wrong(self, place: tuple[str, ...], key: str, **values: Scalar) -> None:
        """Tell of one fault."""
        self.told.problems.append(self.file.toml.problem(place, key, **values))
