"""Progress of a long scan: a moving line on a terminal, plain lines nowhere, nothing on stdout."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from auditor.cli.speech import Speech
from auditor.findings import Reason
from auditor.targets import Target


class Watched:
    """Shows how many targets are done and how many gave no answer; use as a context manager."""

    def __init__(self, speech: Speech, total: int) -> None:
        self._speech = speech
        self._silent = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task(speech("scan.progress", silent=0), total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def seen(self, target: Target, outcome: Reason | None) -> None:
        """Count one finished target."""
        self._silent += outcome is not None
        text = self._speech("scan.progress", silent=self._silent)
        self._progress.update(self._task, advance=1, description=f"{text} {escape(target.id)}")
