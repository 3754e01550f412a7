"""The files below one declared folder, and nothing outside of it."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from auditor.errors import Unreached
from auditor.findings import Reason

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_FILES = 5000
KEPT = frozenset({"decisions.csv"})
"""Files of the town folder itself that a probe of documents may read."""


class DirectFolder:
    r"""`seams.Folder` on this machine's file system.

    Folders that are symbolic links are not entered. A name that is not UTF-8 is shown with ``\xNN`` in it
    and can be read under that name.
    """

    def __init__(
        self,
        root: Path,
        *,
        others: Mapping[str, Sequence[Path]] | None = None,
        kept_in: Path | None = None,
    ) -> None:
        self._root = root
        self._others = others or {}
        self._kept_in = kept_in
        self._paths: dict[str, Path] = {}

    def names(self, *suffixes: str) -> tuple[str, ...]:
        """Relative paths of the regular files ending so; see `seams.Folder.names`."""
        if not self._root.is_dir():
            raise Unreached(Reason.NOT_COLLECTED, f"no folder {self._root}")
        endings = tuple(suffix.lower() for suffix in suffixes)
        names: list[str] = []
        try:
            for count, path in enumerate(self._files(), start=1):
                if count > MAX_FILES:
                    raise Unreached(Reason.NOT_MEASURABLE, f"more than {MAX_FILES} files")
                name = _shown(path.relative_to(self._root))
                if not endings or name.lower().endswith(endings):
                    names.append(name)
                    self._paths[name] = path
        except PermissionError as error:
            raise Unreached(Reason.NO_PERMISSION, str(error)) from None
        except OSError as error:
            raise Unreached(Reason.UNREADABLE, str(error)) from None
        return tuple(sorted(names))

    def read(self, name: str) -> bytes:
        """One file's bytes; see `seams.Folder.read`."""
        path = self._paths.get(name, self._root / name)
        try:
            self._check_inside(path)
            return _content(path, name)
        except PermissionError as error:
            raise Unreached(Reason.NO_PERMISSION, str(error)) from None
        except (OSError, ValueError) as error:
            raise Unreached(Reason.UNREADABLE, f"{name}: {error}") from None

    def beside(self, kind: str) -> "tuple[DirectFolder, ...]":
        """The folders of the town's other document sets of that kind; see `seams.Folder.beside`."""
        return tuple(DirectFolder(path) for path in self._others.get(kind, ()))

    def kept(self, name: str) -> bytes | None:
        """A file of people's own decisions; see `seams.Folder.kept`."""
        if name not in KEPT:
            raise Unreached(Reason.NOT_DECLARED, name)
        if self._kept_in is None or not (self._kept_in / name).exists():
            return None
        return DirectFolder(self._kept_in).read(name)

    def modified(self, name: str) -> datetime:
        """When one file was last written; see `seams.Folder.modified`."""
        path = self._paths.get(name, self._root / name)
        try:
            self._check_inside(path)
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except PermissionError as error:
            raise Unreached(Reason.NO_PERMISSION, str(error)) from None
        except (OSError, ValueError, OverflowError) as error:
            raise Unreached(Reason.UNREADABLE, f"{name}: {error}") from None

    def _files(self) -> Iterator[Path]:
        """Every regular file, and every link to one that stays inside."""
        for folder, _, files in os.walk(self._root, onerror=_give_up):
            for name in files:
                path = Path(folder, name)
                if path.is_file() and (not path.is_symlink() or self._inside(path)):
                    yield path

    def _inside(self, path: Path) -> bool:
        return path.resolve(strict=True).is_relative_to(self._root.resolve(strict=True))

    def _check_inside(self, path: Path) -> None:
        if not self._inside(path):
            raise ValueError("leads outside of the folder")


def _give_up(error: OSError) -> None:
    raise error


def _shown(path: Path) -> str:
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _content(path: Path, name: str) -> bytes:
    """The bytes of a regular file; opening does not wait, should it have become a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    number = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise Unreached(Reason.UNREADABLE, f"{name}: not a regular file")
    with os.fdopen(number, "rb") as file:
        body = file.read(MAX_FILE_BYTES + 1)
    if len(body) > MAX_FILE_BYTES:
        raise Unreached(Reason.UNREADABLE, f"{name}: larger than {MAX_FILE_BYTES} bytes")
    return body
