"""Progress for people: a bar on a terminal, a line per phase elsewhere, always on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import TaskID


class Bar:
    """Implements ``intact.adapters.ports.Progress``; use as a context manager."""

    def __init__(self) -> None:
        """Draw on standard error."""
        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing; what was drawn stays."""
        self._finish()
        self._progress.stop()

    def phase(self, name: str, *, total: int | None = None) -> None:
        """Begin a phase of ``total`` steps, or of an unknown number."""
        self._finish()
        self._task = self._progress.add_task(name, total=total)
        if not self._console.is_terminal:
            steps = "" if total is None else f" ({total:,})"
            self._console.print(f"{name}{steps}", markup=False)

    def note(self, text: str) -> None:
        """Say what the phase is at."""
        if self._task is not None and self._console.is_terminal:
            self._progress.update(self._task, description=text)
        else:
            self._console.print(f"  {text}", markup=False)

    def advance(self) -> None:
        """Finish a step."""
        if self._task is not None:
            self._progress.advance(self._task)

    def _finish(self) -> None:
        if self._task is not None:
            task = self._progress.tasks[self._task]
            done = task.completed if task.total is None else task.total
            self._progress.update(self._task, total=done or 1, completed=done or 1)
            self._task = None
