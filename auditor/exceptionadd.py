"""Adds one exception at the end of ``exceptions.toml``; what stands there, comments included, is kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from auditor.errors import ConfigError, OutputError, Problem
from auditor.exceptionfile import NAME
from auditor.exceptions import Exceptions
from auditor.tomlfile import read_toml
from auditor.wholefile import replaced

BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An exception as it is typed in; see `auditor.exceptionfile.Row`."""

    number: str
    control: str
    applicant: str
    reason: str
    measure: str
    approver: str
    start: date
    end: date
    targets: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()

    def toml(self) -> str:
        """The table as it is written into the file."""
        lines = ["[[exceptions]]", f"number = {_text(self.number)}", f"control = {_text(self.control)}"]
        lines += [f"targets = {_list(self.targets)}"] if self.targets else []
        lines += [f"sections = {_list(self.sections)}"] if self.sections else []
        lines += [
            f"{name} = {_text(getattr(self, name))}"
            for name in ("applicant", "reason", "measure", "approver")
        ]
        return "\n".join([*lines, f"start = {self.start.isoformat()}", f"end = {self.end.isoformat()}", ""])


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for the one character that JSON leaves alone."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(_text(value) for value in values)}]"


def append(folder: Path, draft: Draft, read: Callable[[str], Exceptions]) -> Path:
    """Add the exception and return the file; `read` refuses a text that would not be right as a whole.

    Raises:
        ConfigError: what was there, or would be, is wrong; the file is as it was.
        OutputError: it cannot be written; the file is as it was.
    """
    path = folder / NAME
    before = _before(path)
    newline = "\r\n" if "\r\n" in before else "\n"
    gap = "" if not before.strip(BOM) else "\n" if before.endswith("\n") else "\n\n"
    after = before + (gap + draft.toml()).replace("\n", newline)
    try:
        content = after.encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigError([Problem(path, None, "", "not_utf8")]) from None
    read(after.removeprefix(BOM))
    try:
        replaced(path.resolve(), content)  # a link of the town's own stays a link
    except OSError as error:
        raise OutputError("write", path=str(path), why=error.strerror or str(error)) from error
    return path


def _before(path: Path) -> str:
    """The file as it stands, its byte order mark included; "" = there is none."""
    if not path.exists():
        return ""
    read_toml(path)  # too large, not UTF-8, not TOML
    return path.read_bytes().decode("utf-8")
