"""What `data`, `y`, `label`, `features` and `weight` mean together."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from . import _arrays, _call
from .errors import DataError, ParameterError

__all__ = ["chosen", "columns", "files", "is_path", "split"]


def is_path(data: Any) -> bool:
    """Whether data names files."""
    if isinstance(data, str | os.PathLike):
        return True
    return isinstance(data, list | tuple) and bool(data) and all(isinstance(x, str | os.PathLike) for x in data)


def files(data: Any, argument: str = "data") -> list[str]:
    paths = [data] if isinstance(data, str | bytes | os.PathLike) else list(data)
    return [_call.path(argument, path) for path in paths]


def name_list(names: str | Iterable[str], argument: str) -> list[str]:
    """One name or several, which need not be text where columns have numbers."""
    found = [names] if isinstance(names, str | int) else [str(name) for name in names]
    if not found:
        raise ParameterError(f"{argument} names no column, but at least one is needed")
    return [str(name) for name in found]


def columns(data: Any, label: Any, features: Any) -> dict[str, list[str]]:
    """Files with their labels and features, as options of a request."""
    if label is None:
        raise ParameterError(
            "label is missing: the column of the files that is to be predicted (a function to learn is given as target)"
        )
    out = {"data": files(data), "label": name_list(label, "label")}
    return out if features is None else {**out, "features": name_list(features, "features")}


def _of_frame(data: Any, y: Any, label: Any) -> tuple[_arrays.Named, _arrays.Named]:
    """Features and labels of data in memory, where labels may be columns of a table."""
    if y is None and label is None:
        raise ParameterError("y is missing: the labels as an array, or label, the column that holds them")
    if y is not None and label is not None:
        raise ParameterError("y and label are both given, but the labels come from one of them")
    if y is not None:
        return _arrays.features(data, "X"), _arrays.labels(y, "y")
    whole = _arrays.features(data, "data")
    wanted = name_list(label, "label")
    if whole.names is None:
        raise DataError("label names a column, but data has no names; give the labels as y")
    missing = [name for name in wanted if name not in whole.names]
    if missing:
        raise DataError(f"data has no column '{missing[0]}'; its columns are {_arrays.listed(whole.names)}")
    rest = [j for j, name in enumerate(whole.names) if name not in wanted]
    features = _arrays.Named([whole.columns[j] for j in rest], [whole.names[j] for j in rest])
    if not rest:
        raise DataError("data has no column beside its labels, but at least one is needed to predict from")
    return features, _arrays.Named([whole.columns[whole.names.index(name)] for name in wanted], wanted)


def split(data: Any, y: Any, label: Any, weight: Any) -> tuple[_arrays.Named, _arrays.Named, Any]:
    """Features, labels and weights of data in memory, where weights may be a column too."""
    if not isinstance(weight, str):
        x, labels = _of_frame(data, y, label)
        return x, labels, None if weight is None else _arrays.weights(weight, x.rows, "weight")
    x, labels = _of_frame(data, y, label)
    names = x.names or []
    if weight not in names:
        raise DataError(
            f"weight names '{weight}', which is no column beside the labels; columns are {_arrays.listed(names)}"
        )
    at = names.index(weight)
    rest = [j for j in range(len(names)) if j != at]
    features = _arrays.Named([x.columns[j] for j in rest], [names[j] for j in rest])
    return features, labels, x.columns[at]


def chosen(features: _arrays.Named, wanted: Any) -> _arrays.Named:
    if wanted is None:
        return features
    names = features.names or _arrays.names_of(features, "x")
    wanted = name_list(wanted, "features")
    missing = [name for name in wanted if name not in names]
    if missing:
        raise DataError(f"features names '{missing[0]}', which is no column; columns are {_arrays.listed(names)}")
    return _arrays.Named([features.columns[names.index(name)] for name in wanted], wanted)
