"""Tables of any common kind as columns of numbers, without a copy where none is needed.

Columns stay where they are when they are arrays of float64, float32, integers of any size or booleans, in any memory
order and with any stride. Everything else (half and extended precision, foreign byte order, nullable columns) is copied
column by column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _native
from .errors import DataError

_READ_IN_PLACE = {"f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1"}


class Named(NamedTuple):
    """Columns of equal length, and their names where they have any."""

    columns: list[npt.NDArray[Any]]
    names: list[str] | None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.columns[0]) if self.columns else 0


def features(data: Any, argument: str) -> Named:
    """The columns of a table of two dimensions."""
    named = _of_frame(data, argument)
    if named is None:
        array = _array(data, argument)
        if array.ndim == 0:
            kind = type(data).__name__
            raise DataError(f"{argument} is a {kind}, but an array or a table of rows and columns is needed")
        if array.ndim != 2:
            more = "; one column is X.reshape(-1, 1)" if array.ndim == 1 else ""
            message = f"{argument} has the shape {array.shape}, but two dimensions are needed: rows and columns{more}"
            raise DataError(message)
        named = Named([_numbers(array[:, j], argument) for j in range(array.shape[1])], None)
    _check_size(named, argument)
    return named


def labels(data: Any, argument: str) -> Named:
    """The columns of one label or several."""
    named = _of_frame(data, argument)
    if named is None:
        name = getattr(data, "name", None)
        array = _array(data, argument)
        if array.ndim not in (1, 2):
            message = f"{argument} has the shape {array.shape}, but one dimension is needed, or two for several labels"
            raise DataError(message)
        columns = [array] if array.ndim == 1 else [array[:, j] for j in range(array.shape[1])]
        names = [str(name)] if array.ndim == 1 and name is not None else None
        named = Named([_numbers(column, argument) for column in columns], names)
    _check_size(named, argument)
    return named


def weights(data: Any, rows: int, argument: str = "sample_weight") -> npt.NDArray[Any]:
    """One number for each row."""
    array = _array(data, argument)
    if array.shape != (rows,):
        message = f"{argument} has the shape {array.shape}, but the table has {rows} rows: ({rows},) is needed"
        raise DataError(message)
    return _numbers(array, argument)


def table(
    x: Named,
    y: Named | None = None,
    weight: npt.NDArray[Any] | None = None,
    *,
    first_row: int = 0,
    drop_missing: bool = False,
    feature_names: list[str] | None = None,
    arguments: tuple[str, str] = ("X", "y"),
    weight_argument: str = "sample_weight",
) -> _native.Table:
    """Features, labels and weights as one table."""
    columns: list[object] = list(x.columns)
    names = feature_names or names_of(x, "x")
    label_names: list[str] = []
    if y is not None:
        if y.rows != x.rows:
            message = f"{arguments[0]} has {x.rows} rows and {arguments[1]} has {y.rows}: both need the same number"
            raise DataError(message)
        columns += y.columns
        label_names = label_names_of(y)
        same = set(names).intersection(y.names or ())
        if same:
            message = (
                f"'{min(same)}' is a column of {arguments[0]} and the name of {arguments[1]}; leave it out of one of them"
            )
            raise DataError(message)
    if weight is not None:
        columns.append(weight)
    weight_name = None if weight is None else weight_argument
    return _native.Table(columns, names, label_names, weight_name, first_row, drop_missing)


def names_of(named: Named, letter: str) -> list[str]:
    """The names of columns, or a letter with a number where they have none."""
    names = named.names or [f"{letter}{j + 1}" for j in range(len(named.columns))]
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise DataError(f"two columns are called '{twice}'; rename one")
    return names


def label_names_of(named: Named) -> list[str]:
    """The names of labels: y for a single one without a name."""
    return ["y"] if named.names is None and len(named.columns) == 1 else names_of(named, "y")


@contextmanager
def without_remedy() -> Iterator[None]:
    """Messages about missing values where rows cannot be left out."""
    try:
        yield
    except DataError as error:
        message = str(error).replace("; fill it in, or use missing='drop'", "; fill it in")
        raise DataError(message) from None


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names for a message, the first of them where there are many."""
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def _check_size(named: Named, argument: str) -> None:
    if not named.columns:
        raise DataError(f"{argument} has no columns, but at least one is needed")
    if named.rows == 0:
        raise DataError(f"{argument} has no rows, but at least one is needed")


def _array(data: Any, argument: str) -> npt.NDArray[Any]:
    if hasattr(data, "toarray") and hasattr(data, "nnz"):
        raise DataError(f"{argument} is a sparse matrix, but a dense array is needed: {argument}.toarray()")
    if isinstance(data, np.ma.MaskedArray):
        # What is masked is missing.
        filled: npt.NDArray[Any] = np.ma.filled(data.astype(np.float64), np.nan)
        return filled
    try:
        return np.asarray(data)
    except Exception as error:
        kind = type(data).__name__
        raise DataError(f"{argument} is a {kind}, which is no array of numbers: {error}") from error


def _numbers(column: npt.NDArray[Any], argument: str, name: str | None = None) -> npt.NDArray[Any]:
    """A column in a type that is read in place."""
    kind = f"{column.dtype.kind}{column.dtype.itemsize}"
    if kind in _READ_IN_PLACE and column.dtype.isnative:
        return column
    if column.dtype.kind in "fiu":
        return column.astype(np.float64)
    message = _wrong_type(argument, name, column.dtype)
    if column.dtype.kind == "c":
        message += "; take real and imaginary parts as columns of their own"
    elif column.dtype.kind in "OUST":
        message += _first_text(column)
    raise DataError(message)


def refuse_dates(data: Any, argument: str) -> None:
    """Refuse dates and times, which become numbers of an arbitrary unit where everything is converted to float."""
    kinds = getattr(data, "dtypes", None)
    if hasattr(data, "schema") and hasattr(data.schema, "types"):
        named = list(zip(data.schema.names, data.schema.types, strict=True))
    elif kinds is not None and hasattr(data, "columns"):
        named = list(zip(data.columns, kinds, strict=True))
    else:
        first = data
        while isinstance(first, list | tuple) and first:
            first = first[0]
        named = [(getattr(data, "name", None), getattr(first, "dtype", None))]
    for name, kind in named:
        if _is_time(kind):
            raise DataError(_wrong_type(argument, name, kind))


def _is_time(kind: Any) -> bool:
    """Whether a type of NumPy, pandas, pyarrow or polars is one of dates or times."""
    if isinstance(kind, np.dtype):
        return kind.kind in "mM"
    return str(kind).lower().startswith(("date", "time", "duration", "period"))


def _wrong_type(argument: str, name: Any, kind: Any) -> str:
    """Why a column is refused, in the words of the program."""
    where = argument if name is None else f"column '{name}' of {argument}"
    message = f"{where} has the type {kind}, but numbers or booleans are needed"
    return f"{message}; convert dates to numbers first, such as days since the first one" if _is_time(kind) else message


def _first_text(column: npt.NDArray[Any]) -> str:
    """Where a column that should hold numbers holds something else."""
    for row, value in enumerate(column[:10_000].ravel()):
        try:
            float(value)
        except (TypeError, ValueError):
            return f"; row {row} (counted from 0) holds {str(value)[:60]!r}"
    return "; convert them with astype(float)"


def names_in(data: Any) -> list[str] | None:
    """The names of a table's columns or of a series; None for data without names, and where two are the same."""
    names = getattr(data, "column_names", None)
    names = getattr(data, "columns", None) if names is None else names
    if names is None:
        name = getattr(data, "name", None)
        names = None if name is None else [name]
    found = None if names is None else [str(name) for name in names]
    return found if found is not None and len(set(found)) == len(found) else None


def _of_frame(data: Any, argument: str) -> Named | None:
    """The columns of a pandas, pyarrow or polars table; None for everything else."""
    if isinstance(data, Named):
        return data
    library = type(data).__module__.partition(".")[0]
    kind = type(data).__name__
    if library == "pandas" and kind == "DataFrame":
        names = [str(name) for name in data.columns]
        columns = [_pandas(data.iloc[:, j], argument, name) for j, name in enumerate(names)]
        return Named(columns, names)
    if library == "pandas" and kind == "Series":
        name = None if data.name is None else [str(data.name)]
        return Named([_pandas(data, argument, kind)], name)
    if library == "pyarrow" and kind in ("Table", "RecordBatch"):
        names = list(data.schema.names)
        columns = [_arrow(data.column(j), argument, name) for j, name in enumerate(names)]
        return Named(columns, names)
    if library == "pyarrow" and kind.endswith("Array"):
        return Named([_arrow(data, argument, kind)], None)
    if library == "polars" and kind == "DataFrame":
        names = list(data.columns)
        columns = [_numbers(data.get_column(name).to_numpy(), argument, name) for name in names]
        return Named(columns, names)
    return None


def _pandas(series: Any, argument: str, name: str) -> npt.NDArray[Any]:
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        return _numbers(series.to_numpy(), argument, name)
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if not (is_numeric_dtype(dtype) or is_bool_dtype(dtype)):
        text = "" if _is_time(dtype) else _first_text(np.asarray(series, dtype=object))
        raise DataError(_wrong_type(argument, name, dtype) + text)
    try:
        # Nullable and Arrow types: what is missing becomes NaN.
        return _numbers(series.to_numpy(dtype=np.float64, na_value=np.nan), argument, name)
    except (TypeError, ValueError):
        return _numbers(np.asarray(series, dtype=object), argument, name)


def _arrow(column: Any, argument: str, name: str) -> npt.NDArray[Any]:
    if hasattr(column, "chunks"):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    kind = str(column.type)
    if _is_time(kind) or kind.startswith(("dictionary", "string", "large_string", "list", "struct")):
        raise DataError(_wrong_type(argument, name, kind))
    if kind.startswith("decimal") or (kind == "bool" and column.null_count):
        column = column.cast("float64")
    return _numbers(column.to_numpy(zero_copy_only=False), argument, name)
