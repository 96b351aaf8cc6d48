"""Interpretation of the arguments `data`, `y`, `label`, `features` and `weight`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from . import _arrays, _call
from .errors import DataError, ParameterError

__all__ = ["columns", "files", "is_path", "select", "split", "without"]


def is_path(data: Any) -> bool:
    """Return whether data names files."""
    if isinstance(data, str | os.PathLike):
        return True
    return isinstance(data, list | tuple) and bool(data) and all(isinstance(x, str | os.PathLike) for x in data)


def files(data: Any, argument: str = "data") -> list[str]:
    """Return the paths of one file or several."""
    paths = [data] if isinstance(data, str | bytes | os.PathLike) else list(data)
    return [_call.path(argument, path) for path in paths]


def name_list(names: str | Iterable[str], argument: str) -> list[str]:
    """Return one name or several as text; columns may also be named by numbers."""
    every = [names] if isinstance(names, str | int) else list(names)
    if not every:
        raise ParameterError(f"{argument} names no column, but at least one is needed")
    return [str(name) for name in every]


def is_names(label: Any) -> bool:
    """Return whether a label names columns, rather than holding their values."""
    if isinstance(label, str | int):
        return True
    if getattr(getattr(label, "dtype", None), "kind", "O") in "fiubc":
        return False
    return isinstance(label, Iterable) and all(isinstance(name, str | int) for name in label)


def names_columns(y: Any) -> bool:
    """Return whether labels are a name or names, which are expected as `label`."""
    return isinstance(y, str) or (isinstance(y, list | tuple) and bool(y) and all(isinstance(name, str) for name in y))


def reject_labels(y: Any) -> None:
    """Reject labels in memory for rows in files."""
    if y is not None:
        advice = f"to name their column, write label={y!r}" if names_columns(y) else "name their column as label"
        raise ParameterError(f"y cannot be used with files, which hold the labels; {advice}")


def columns(data: Any, label: Any, features: Any) -> dict[str, list[str]]:
    """Return files with their labels and features, as options of a request."""
    if label is None:
        raise ParameterError(
            "label is missing; name the column of the files to predict (or set target, to learn a function)"
        )
    out = {"data": files(data), "label": name_list(label, "label")}
    return out if features is None else {**out, "features": name_list(features, "features")}


def _of_frame(data: Any, y: Any, label: Any) -> tuple[_arrays.Named, _arrays.Named]:
    """Return features and labels of data in memory, whose labels may be columns of a table."""
    if y is None and label is None:
        raise ParameterError("y is missing; pass the labels as an array, or name their column as label")
    if y is not None and label is not None:
        raise ParameterError("y and label are both specified; use one of them")
    if names_columns(y):
        raise ParameterError(f"y is {y!r}, but the labels themselves are needed; to name their column, write label={y!r}")
    if y is not None:
        return _arrays.features(data, "data"), _arrays.labels(y, "y")
    whole = _arrays.features(data, "data")
    label_names = name_list(label, "label")
    if whole.names is None:
        raise DataError("label names a column, but data has no column names; pass the labels as y")
    missing = [name for name in label_names if name not in whole.names]
    if missing:
        raise DataError(no_column("data", missing[0], whole.names))
    rest = [j for j, name in enumerate(whole.names) if name not in label_names]
    features = _arrays.Named([whole.columns[j] for j in rest], [whole.names[j] for j in rest])
    if not rest:
        raise DataError("data has no columns other than its labels; at least one feature is needed")
    return features, _arrays.Named([whole.columns[whole.names.index(name)] for name in label_names], label_names)


def coded(data: Any, y: Any, label: Any, task: str) -> tuple[Any, Any, Any, _arrays.Coded | None]:
    """Return data, y and label with the numbers of classes as y, if the labels are to be classified."""
    if task not in ("auto", "regress", "classify"):
        raise ParameterError(f"task is {task!r}, but must be 'auto', 'regress' or 'classify'")
    rest, values, argument = data, y, "y"
    if y is None and label is not None and is_names(label):
        names = name_list(label, "label")
        found = _arrays.column(data, names[0]) if len(names) == 1 else None
        if found is None:
            return data, y, label, None
        (values, rest), argument = found, f"column '{names[0]}' of data"
    elif label is not None or names_columns(y):
        return data, y, label, None
    codes = _arrays.coded(values, task, argument)
    return (data, y, label, None) if codes is None else (rest, codes.named(), None, codes)


def no_column(argument: str, name: str, names: Iterable[str]) -> str:
    """Return the message for a name that is not a column of a table."""
    known = list(names)
    near = _call.nearest(name, known)
    advice = f"its columns are {_arrays.join_names(known)}" if near is None else f"did you mean {near}?"
    return f"{argument} has no column '{name}'; {advice}"


def split(data: Any, y: Any, label: Any, weight: Any) -> tuple[_arrays.Named, _arrays.Named, Any]:
    """Return features, labels and weights of data in memory; weights may be a column too."""
    if not isinstance(weight, str):
        x, labels = _of_frame(data, y, label)
        return x, labels, None if weight is None else _arrays.weights(weight, x.rows, "weight")
    x, labels = _of_frame(data, y, label)
    names = x.names or []
    if weight not in names:
        raise DataError(f"weight: {no_column('data', weight, names)}")
    at = names.index(weight)
    rest = [j for j in range(len(names)) if j != at]
    features = _arrays.Named([x.columns[j] for j in rest], [names[j] for j in rest])
    return features, labels, x.columns[at]


def select(features: _arrays.Named, wanted: Any) -> _arrays.Named:
    """Return the named columns; all of them by default."""
    if wanted is None:
        return features
    names = features.names or _arrays.names_of(features, "x")
    wanted = name_list(wanted, "features")
    missing = [name for name in wanted if name not in names]
    if missing:
        raise DataError(f"features: {no_column('data', missing[0], names)}")
    return _arrays.Named([features.columns[names.index(name)] for name in wanted], wanted)


def without(features: _arrays.Named, unwanted: Any) -> _arrays.Named:
    """Return the columns that are not named; all of them by default."""
    if unwanted is None:
        return features
    names = features.names or _arrays.names_of(features, "x")
    unwanted = name_list(unwanted, "exclude")
    missing = [name for name in unwanted if name not in names]
    if missing:
        raise DataError(f"exclude: {no_column('data', missing[0], names)}")
    rest = [j for j, name in enumerate(names) if name not in unwanted]
    if not rest:
        raise DataError("exclude names all columns, but at least one feature is needed")
    return _arrays.Named([features.columns[j] for j in rest], [names[j] for j in rest])
