"""The threads that work, and their end."""

from __future__ import annotations

import atexit

from . import _call, _native

# Work that nobody waits for any longer must not call into an interpreter that ends.
atexit.register(_native.close)


def set_threads(threads: int) -> None:
    """Fix the number of threads of this process, before its first work; results do not depend on it.

    Parameters
    ----------
    threads : int
        From 1 to 1024; all cores by default, or what the variable ``RAYON_NUM_THREADS`` says.

    Raises
    ------
    zonal.errors.ParameterError
        For another number, or when the threads have been started.
    """
    _native.set_threads(_call.number("threads", threads, 1, 1024))
