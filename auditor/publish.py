"""Writes a run's pages beside the old ones and swaps them in whole, so that no reader sees half a report."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from auditor.engine import japan_day
from auditor.errors import OutputError
from auditor.run import Run

Renderer = Callable[[Run, Path, str], tuple[Path, ...]]
LATEST = "latest"


def publish(
    run: Run, out: Path, lang: str, renderers: Mapping[str, Renderer], *, newest: bool = True
) -> tuple[Path, ...]:
    """Render every report into ``out/YYYYMMDD-NNNN[-en]``; the files written.

    With `newest` the name ``out/latest`` (or ``latest-en``) then leads there.

    Raises:
        OutputError: something could not be written; what was there before is untouched.
    """
    name = f"{run.today:%Y%m%d}-{run.number:04d}" if run.number else f"{japan_day(run.started):%Y%m%d-%H%M%S}"
    suffix = "" if lang == "ja" else f"-{lang}"
    final = out / f"{name}{suffix}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=out) as fresh:
            aside = Path(fresh) / final.name
            aside.mkdir(mode=0o755)
            written = [path for render in renderers.values() for path in render(run, aside, lang)]
            _replace(aside, final, Path(fresh) / "old")
        if newest:
            _point(out / f"{LATEST}{suffix}", final)
    except OSError as error:
        raise OutputError(
            "write", path=str(error.filename or out), why=error.strerror or str(error)
        ) from error
    return tuple(final / path.relative_to(aside) for path in written)


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
