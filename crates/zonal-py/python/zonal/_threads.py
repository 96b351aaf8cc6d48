"""Number of threads, and their shutdown."""

from __future__ import annotations

import atexit

from . import _call, _native

# Abandoned work must not call into an interpreter that is shutting down.
atexit.register(_native.close)


def set_threads(threads: int) -> None:
    """Set the number of threads of this process, before its first work; results do not depend on it.

    Parameters
    ----------
    threads : int
        From 1 to 1024; by default all cores, or the environment variable ``RAYON_NUM_THREADS``.

    Raises
    ------
    zonal.errors.ParameterError
        For a number out of range, or if the threads are already running.
    """
    _native.set_threads(_call.number("threads", threads, 1, 1024))
