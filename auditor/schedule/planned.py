"""What has to be started, when and as whom; each system's own module makes files of it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError, Problem
from auditor.nightly.hours import Hours

if TYPE_CHECKING:
    from jinja2 import Environment

PREFIX = "telework-auditor"
WAIT_S = 3600
"""So long a start waits for another audit to end."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The nightly run of one town.

    `folder` and `program` are absolute; `installed` = the folders the program and its Python lie in, `more`
    = further options of the command. `networks` = what it may reach, () = not known. `secrets` = files that
    only their owner may read. `account` = who runs it, "" = whoever installs it for themselves.
    """

    folder: Path
    program: tuple[str, ...]
    hours: Hours
    account: str = ""
    lang: str = "ja"
    networks: tuple[str, ...] = ()
    secrets: tuple[Path, ...] = ()
    more: tuple[str, ...] = ()
    installed: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """What the units, task or file are called: plain letters, made from the folder's name."""
        plain = self.folder.name.lower()
        if not _PLAIN.fullmatch(plain):
            plain = hashlib.sha256(str(self.folder).encode(errors="surrogateescape")).hexdigest()[:8]
        return f"{PREFIX}-{plain}"

    @property
    def mark(self) -> str:
        """The line by which our own files are known."""
        return f"telework-auditor schedule --town {self.folder}"

    def command(self, *more: str) -> tuple[str, ...]:
        """The words of the command that a timer starts."""
        words = ("--lang", self.lang, "run-nightly", str(self.folder), "--wait", str(WAIT_S))
        return (*self.program, *words, *self.more, *more)


@dataclass(frozen=True, slots=True)
class Placed:
    """A file, and where it belongs on this machine."""

    path: Path
    content: bytes


@dataclass(frozen=True, slots=True)
class Scheduled:
    """All that one system needs: files to write, then what an administrator types to begin and to end it.

    `wanted` = what has to be there once it is switched on, None = it cannot be seen from here.
    """

    files: tuple[Placed, ...]
    begin: tuple[str, ...]
    end: tuple[str, ...]
    wanted: tuple[Path, ...] | None = None


_ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9_.$@\\-]{0,60}")
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - named to be refused


def checked_account(name: str) -> str:
    """The name of an account, with its domain on Windows.

    Raises:
        ConfigError: it is none.
    """
    if not _ACCOUNT.fullmatch(name):
        raise ConfigError([Problem(Path("--account"), None, "", "not_account", {"seen": name[:60]})])
    return name


def placed_well(folder: Path) -> Path:
    """The town folder's absolute path, which a line of a unit or a table can name.

    Raises:
        ConfigError: it lies where files do not last, or its name cannot be written there.
    """
    whole = folder.resolve()
    if any(base == whole or base in whole.parents for base in _TEMPORARY):
        raise ConfigError([Problem(whole, None, "", "folder_temporary")])
    if not str(whole).isprintable():
        raise ConfigError([Problem(folder, None, "", "folder_unprintable")])
    return whole


def one_line(text: str) -> str:
    """Text that cannot begin a line of its own in a unit or a table."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def rendered(template: str, values: Mapping[str, object]) -> str:
    """A template beside this module, filled in."""
    return _templates().get_template(template).render(values)


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - start-up time

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=lambda name: name == "task.j2",  # noqa: S701 - units and tables are no markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
