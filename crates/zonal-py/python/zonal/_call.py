"""Options of a request from keyword arguments."""

from __future__ import annotations

import difflib
import functools
import inspect
import json
import math
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from . import _native
from .errors import ParameterError

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Options, and their names in other programs: those of the command-line program's tips, in Python's spelling.
_OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "step": ("lr", "learning_rate", "learning_rate_init", "eta", "step_size"),
    "iterations": ("epochs", "steps", "num_steps", "n_iter", "max_iter", "max_steps", "iters"),
    "width": ("hidden", "hidden_units", "hidden_size", "hidden_layer_sizes", "neurons"),
    "batch": ("batch_size", "minibatch"),
    "label": ("target_column", "labels", "outcome"),
    "features": ("x", "columns"),
    "exclude": ("drop_columns", "ignore"),
    "groups": ("group", "group_column"),
    "time": ("time_column", "date_column"),
    "task": ("objective", "problem_type"),
    "data": ("X", "df", "table"),
    "weight": ("sample_weight", "weights"),
    "seed": ("random_state", "random_seed"),
    "out": ("output", "output_dir", "save"),
    "delimiter": ("sep", "separator"),
    "dim": ("n", "dimension", "input_dim"),
    "test_fraction": ("test_size",),
    "degree": ("degrees",),
}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to a misspelt one, if any is near."""
    words = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.7)
    return words[found[0]] if found else None


def checked(**hints: str) -> Callable[[_Function], _Function]:
    """Make a function answer an unknown keyword with the name of the option, or with one of the hints."""

    def decorate(function: _Function) -> _Function:
        known = list(inspect.signature(function).parameters)

        @functools.wraps(function)
        def call(*values: Any, **keywords: Any) -> Any:
            for name in keywords:
                if name not in known:
                    message = f"{function.__name__}() got an unexpected keyword argument '{name}'"
                    raise TypeError(message + _advice(name, known, hints))
            return function(*values, **keywords)

        return call  # type: ignore[return-value]

    return decorate


def _advice(name: str, known: Collection[str], hints: Mapping[str, str]) -> str:
    if name in hints:
        return f"; {hints[name]}"
    if name in ("n_jobs", "threads", "workers"):
        return "; zonal.set_threads(n) sets the number of threads"
    option = next((option for option, names in _OTHER_NAMES.items() if option in known and name in names), None)
    if option is not None:
        return f"; the option is {option}"
    near = nearest(name, known)
    return "" if near is None else f"; did you mean {near}?"


def options(function: Callable[..., Any], arguments: Mapping[str, Any], skip: Collection[str] = ()) -> dict[str, Any]:
    """Return the options of a request: the arguments that differ from their defaults, as JSON values."""
    out = {}
    for name, parameter in inspect.signature(function).parameters.items():
        value = arguments[name]
        if name in skip or value is None or is_default(parameter, value):
            continue
        out[name] = flag(name, value) if isinstance(parameter.default, bool) else plain(name, value)
    return out


def is_default(parameter: inspect.Parameter, value: Any) -> bool:
    """Return whether a value equals the default and has its type."""
    default = parameter.default
    return value is default or (type(value) is type(default) and bool(value == default))


# Options that are ranges of degrees, whose end the request includes.
_RANGES = ("decay", "for_degrees")


def plain(name: str, value: Any) -> Any:
    """Convert a value to JSON types."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, bool):
        raise ParameterError(f"{name} is {value}, but a number or a string is needed")
    if isinstance(value, float):
        # JSON has no infinity and no NaN.
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str | int):
        return value
    if isinstance(value, os.PathLike):
        return path(name, value)
    if isinstance(value, range) and name in _RANGES:
        if value.step != 1 or not value:
            raise ParameterError(f"{name} is {value!r}, but a range of consecutive degrees is needed")
        return f"{value.start}..{value.stop - 1}"
    if isinstance(value, list | tuple | range | np.ndarray):
        return [plain(name, item) for item in value]
    needed = "a number, a string or a list of them"
    if name in ("activation", "target"):
        needed = "a name, an expression or a callable"
    raise ParameterError(f"{name} is a {type(value).__name__}, but {needed} is needed")


def path(name: str, value: Any) -> str:
    """Convert a path to text."""
    if not isinstance(value, str | bytes | os.PathLike):
        raise ParameterError(f"{name} is a {type(value).__name__}, but the path of a file or folder is needed")
    found = os.fsdecode(value)
    try:
        found.encode()
    except UnicodeEncodeError as error:
        raise ParameterError(f"{name} is {found!r}, which is not valid text (UTF-8)") from error
    return found


def number(name: str, value: Any, least: int = 0, most: int = 2**64 - 1) -> int:
    """Convert an integer, checked for its range."""
    whole = isinstance(value, int | np.integer) or (isinstance(value, float | np.floating) and float(value).is_integer())
    if isinstance(value, bool | np.bool_) or not whole or not least <= value <= most:
        required = f"an integer from {least} to {most}" if most < 2**64 - 1 else f"an integer of at least {least}"
        raise ParameterError(f"{name} is {value!r}, but {required} is needed")
    return int(value)


def real(name: str, value: Any) -> float:
    """Convert a real number, checked."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or np.iscomplexobj(value):
        raise ParameterError(f"{name} is {value!r}, but a number is needed")
    try:
        found = float(value)
    except OverflowError as error:
        raise ParameterError(f"{name} is {value!r}, which exceeds the range of float") from error
    if math.isnan(found):
        raise ParameterError(f"{name} is nan, but a number is needed")
    return found


def flag(name: str, value: Any) -> bool:
    """Convert True or False, checked."""
    if not isinstance(value, bool | np.bool_):
        raise ParameterError(f"{name} is {value!r}, but True or False is needed")
    return bool(value)


def iterations(last: Any, at: Any) -> tuple[int, list[int] | None]:
    """Return the number of iterations, by default the largest of `at`, and the iterations to report."""
    listed = None if at is None else [number("at", t, 0, 10**18) for t in at]
    if listed is not None and not listed:
        raise ParameterError("at is empty; list iterations such as [0, 10, 1000]")
    if last is None:
        return max(listed) if listed else 10**9, listed
    return number("iterations", last, 0, 10**18), listed


def command(function: Callable[..., Any], arguments: Mapping[str, Any]) -> list[str]:
    """Return the text of a call, for the record of a run."""
    parts = []
    for name, parameter in inspect.signature(function).parameters.items():
        value = arguments[name]
        if is_default(parameter, value):
            continue
        shown = repr(value) if isinstance(value, str | int | float | bool | list | tuple) else type(value).__name__
        parts.append(f"{name}={shown[:200]}")
    return [f"zonal.{function.__name__}({', '.join(parts)})"]


def code(activation: Any, kinks: Any = ()) -> _native.Code | None:
    """Return a callable activation for the compiled part; None for names and expressions."""
    if not callable(activation):
        if np.size(kinks) > 0:
            raise ParameterError("kinks are specified, but the activation is not a callable; those of expressions are found")
        return None
    points = [kinks] if np.ndim(kinks) == 0 else list(kinks)
    return _native.Code(activation, [real("kinks", kink) for kink in points])


def toml(values: Mapping[str, Any]) -> str:
    """Return options as TOML, with names in kebab case."""
    lines = (
        f"{name.replace('_', '-')} = {json.dumps(plain(name, value), ensure_ascii=False)}" for name, value in values.items()
    )
    return "".join(f"{line}\n" for line in lines)
