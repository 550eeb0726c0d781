"""A progress bar in bytes, for what lasts longer than a second and is watched on a terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from rich.progress import Progress, TaskID

PATIENCE = 1.0
"""Seconds that nobody minds without a bar."""


class Meter:
    """Counts bytes from any thread; use as a context manager.

    Nothing is drawn, nor imported to draw with, in the first second or where standard error is no
    terminal.
    """

    def __init__(self, description: str, *, total: int | None = None) -> None:
        """Count towards ``total`` bytes, or an unknown number."""
        self._description = description
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._drawn: tuple[Progress, TaskID] | None = None
        self._watched = sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Begin to count."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        with self._lock:
            self._watched = False
            if self._drawn is not None:
                self._drawn[0].stop()

    def add(self, size: int) -> None:
        """Count bytes."""
        if not self._watched:
            return
        with self._lock:
            self._done += size
            if self._drawn is not None:
                self._drawn[0].update(self._drawn[1], completed=self._done)
            elif self._watched and time.monotonic() - self._begun > PATIENCE:
                self._drawn = self._draw()

    @contextlib.contextmanager
    def hidden(self) -> Iterator[None]:
        """Take the bar away while something else is written to the terminal."""
        with self._lock:
            if self._drawn is not None:
                self._drawn[0].stop()
            yield
            if self._drawn is not None:
                self._drawn[0].start()

    def _draw(self) -> tuple[Progress, TaskID]:
        from rich.console import Console  # noqa: PLC0415 - 50 ms that only a bar is worth
        from rich.progress import (  # noqa: PLC0415 - as above
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        task = progress.add_task(self._description, total=self._total, completed=self._done)
        progress.start()
        return progress, task
