"""Progress of long work as one line of text on standard error."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Progress = Callable[[str, int, int], None]

# Seconds before a stage is shown, and between updates: of a line in place, and of new lines in a file.
_DELAY = 0.5
_INTERVAL = 0.1
_FILE_INTERVAL = 5.0
# Characters of the bar.
_BAR = 24


@contextmanager
def progress_bars(progress: bool | None) -> Iterator[Progress | None]:
    """Show the progress of long work; by default only if standard error is a terminal or this is a notebook."""
    stream = sys.stderr
    if progress is False or stream is None or (progress is None and not _is_interactive(stream)):
        yield None
        return
    line = _Line(stream, _is_interactive(stream))
    try:
        yield line
    finally:
        line.clear()


class _Line:
    """The line of the current stage. In terminals and notebooks it is updated in place, elsewhere each update is a new line."""

    def __init__(self, stream: TextIO, in_place: bool) -> None:
        self._stream, self._in_place = stream, in_place
        self._stage: str | None = None
        self._started = self._next = 0.0
        self._first = self._length = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self.clear()
            self._stage, self._first, self._started, self._next = stage, done, now, now + _DELAY
        if now >= self._next:
            self._next = now + (_INTERVAL if self._in_place else _FILE_INTERVAL)
            self._write(text(stage, done, total, done - self._first, now - self._started))

    def _write(self, line: str) -> None:
        if self._in_place:
            line = line[: shutil.get_terminal_size().columns - 1]
            # Spaces hide what remains of a longer line.
            self._stream.write(f"\r{line:<{self._length}}")
            self._length = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._length:
            self._write("")
            self._stream.write("\r")
            self._stream.flush()


def text(stage: str, done: int, total: int, since: int, seconds: float) -> str:
    """Format a position: the share, a bar, the count, and the remaining time at the rate of the `since` last steps."""
    if total <= 0:
        return f"{stage}: {done:,}" if done else f"{stage}: {seconds:.0f} s"
    share = min(done / total, 1.0)
    bar = "#" * int(share * _BAR)
    left = f", {_duration(seconds / since * (total - done))} left" if since > 0 and done < total else ""
    return f"{stage}: {share:4.0%} [{bar:<{_BAR}}] {done:,}/{total:,}{left}"


def _duration(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes:.0f} min" if minutes < 100 else f"{hours:.0f} h"


def _is_interactive(stream: TextIO) -> bool:
    """Return whether a line on the stream can be updated in place: on a terminal and in a notebook."""
    return "ipykernel" in sys.modules or (hasattr(stream, "isatty") and stream.isatty())
