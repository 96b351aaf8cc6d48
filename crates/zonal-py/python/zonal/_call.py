"""From keywords of Python to words of the program, and what is shown while it works."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import _native
from .errors import ParameterError, ResourceError

Watch = Callable[[str, int, int], None]


def words(function: Callable[..., Any], given: Mapping[str, Any], skip: Collection[str] = ()) -> list[str]:
    """The options that differ from a function's defaults, as the program writes them."""
    out = []
    for name, parameter in inspect.signature(function).parameters.items():
        value = given[name]
        if name in skip or value is None or (type(value) is type(parameter.default) and value == parameter.default):
            continue
        option = "--" + name.replace("_", "-")
        if value is True:
            out.append(option)
        elif value is not False:
            out.append(f"{option}={text(name, value)}")
    return out


def text(name: str, value: Any) -> str:
    """A value as the program reads it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        raise ParameterError(f"{name} is {value}, but a number or a text is needed")
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, range):
        # The program's own notation for a range of degrees, whose end is included.
        return f"{value.start}..{value.stop - 1}"
    if isinstance(value, list | tuple | np.ndarray):
        return ",".join(text(name, item) for item in value)
    message = f"{name} is a {type(value).__name__}, but a number, a text or a list of them is needed"
    raise ParameterError(message)


def command(function: Callable[..., Any], given: Mapping[str, Any]) -> list[str]:
    """What a record says of a call."""
    parts = []
    for name, parameter in inspect.signature(function).parameters.items():
        value = given[name]
        if value is parameter.default or (type(value) is type(parameter.default) and value == parameter.default):
            continue
        shown = repr(value) if isinstance(value, str | int | float | bool | list | tuple) else type(value).__name__
        parts.append(f"{name}={shown[:200]}")
    return [f"zonal.{function.__name__}({', '.join(parts)})"]


def code(activation: Any, kinks: Any = ()) -> _native.Code | None:
    """A callable activation for the compiled part; None for names and expressions."""
    if not callable(activation):
        return None
    return _native.Code(activation, [float(kink) for kink in kinks])


@contextmanager
def watching(progress: bool | None) -> Iterator[Watch | None]:
    """A bar for each stage of long work, where there is tqdm and somebody to see it."""
    if progress is False or (progress is None and not _is_seen()):
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        if progress is None:
            yield None
            return
        raise ResourceError("progress=True needs tqdm: pip install tqdm") from error
    bars = _Bars(tqdm)
    try:
        yield bars
    finally:
        bars.close()


class _Bars:
    """One bar at a time: a stage's begins when it is first heard of."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self._stage: str | None = None
        self._bar: Any = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.close()
            self._stage = stage
            self._bar = self._make(total=total or None, desc=stage, delay=0.5, leave=False)
        self._bar.total = total or None
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _is_seen() -> bool:
    """Whether standard error is a terminal, or this is a notebook."""
    if "ipykernel" in sys.modules:
        return True
    stream = sys.stderr
    return stream is not None and hasattr(stream, "isatty") and stream.isatty()
