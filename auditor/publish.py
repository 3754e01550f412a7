"""Writes a run's pages beside the old ones and swaps them in whole, so that no reader sees half a report.

Pages are on the disk before a name leads to them: after a power cut ``latest`` leads to a whole report, the
new one or the one before.
"""

import contextlib
import filecmp
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from auditor.engine import japan_day
from auditor.errors import OutputError
from auditor.run import Run
from auditor.wholefile import folder_on_disk, give, make_folder, on_disk

Renderer = Callable[[Run, Path, str], tuple[Path, ...]]
LATEST = "latest"
ASIDE, OLD = ".new-", "old"
LEFT_S = 3600
"""What was begun so long ago was left behind by a program that was killed."""


def publish(
    run: Run, out: Path, lang: str, renderers: Mapping[str, Renderer], *, newest: bool = True
) -> tuple[Path, ...]:
    """Render every report into ``out/YYYYMMDD-NNNN[-en]``; the files written.

    With `newest` the name ``out/latest`` (or ``latest-en``) then leads there.

    Raises:
        OutputError: something could not be written; what was there before is untouched.
    """
    suffix = "" if lang == "ja" else f"-{lang}"
    final = out / f"{folder_name(run)}{suffix}"
    try:
        make_folder(out, parents=True)
        _clear_up(out)
        with tempfile.TemporaryDirectory(prefix=ASIDE, dir=out) as fresh:
            aside = Path(fresh) / final.name
            aside.mkdir(mode=0o755)
            written = [path for render in renderers.values() for path in render(run, aside, lang)]
            if not (final.is_dir() and _same(aside, final)):
                _all_on_disk(aside, out)
                _replace(aside, final, Path(fresh) / OLD)
                folder_on_disk(out)
        if newest:
            _point(out / f"{LATEST}{suffix}", final)
            folder_on_disk(out)
    except OSError as error:
        raise OutputError(
            "write", path=str(error.filename or out), why=error.strerror or str(error)
        ) from error
    return tuple(final / path.relative_to(aside) for path in written)


def folder_name(run: Run) -> str:
    """Where the run's Japanese report stands; one that the history did not keep is named by its moment."""
    return f"{run.today:%Y%m%d}-{run.number:04d}" if run.number else f"{japan_day(run.started):%Y%m%d-%H%M%S}"


def _clear_up(out: Path) -> None:
    """Finish or take away what a killed program left behind; nothing of it was ever shown as a report."""
    for left in out.glob(f"{ASIDE}*"):
        for whole in left.iterdir() if (left / OLD).exists() else ():
            if whole.name != OLD and not (out / whole.name).exists():
                whole.rename(out / whole.name)  # killed between the two steps of a swap
        if abs(time.time() - left.stat().st_mtime) > LEFT_S:
            shutil.rmtree(left, ignore_errors=True)
    for left in out.glob(f".{LATEST}*-*"):
        if left.is_symlink() and abs(time.time() - left.lstat().st_mtime) > LEFT_S:
            left.unlink(missing_ok=True)


def _same(aside: Path, final: Path) -> bool:
    """True when the report stands there already, byte for byte: it need not be swapped."""
    names = [path.relative_to(aside) for path in aside.rglob("*") if path.is_file()]
    there = {path.relative_to(final) for path in final.rglob("*") if path.is_file()}
    return there == set(names) and all(filecmp.cmp(aside / one, final / one, shallow=False) for one in names)


def _all_on_disk(folder: Path, out: Path) -> None:
    """The pages of a folder are on the disk, and belong to whom `out` belongs to."""
    for path in (*folder.rglob("*"), folder):
        give(path, out)
        if path.is_dir():
            folder_on_disk(path)
        else:
            on_disk(path)


def _replace(aside: Path, final: Path, old: Path) -> None:
    """Put `aside` where `final` is; an earlier rendering of the same run gives way."""
    if final.exists():
        final.rename(old)
        try:
            aside.rename(final)
        except OSError:
            old.rename(final)
            raise
    else:
        aside.rename(final)


def _point(name: Path, final: Path) -> None:
    """Let `name` lead to `final` in one step; a copy where the system has no links for everybody."""
    aside = name.with_name(f".{name.name}-{os.getpid()}")
    try:
        aside.symlink_to(final.name, target_is_directory=True)
        if name.is_dir() and not name.is_symlink():
            shutil.rmtree(name)
        aside.replace(name)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink()
        if os.name != "nt":
            raise
        shutil.rmtree(name, ignore_errors=True)
        shutil.copytree(final, name)
