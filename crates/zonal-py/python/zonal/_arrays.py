"""Tables of any common kind as columns of numbers, copied only if necessary.

Columns are read in place if they are arrays of float64, float32, integers of any size or booleans, in any memory
order and with any stride. All others (half and extended precision, non-native byte order, nullable columns) are copied
column by column.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _native, _streams
from .errors import DataError

# What the compiled part calls a table without files.
_IN_MEMORY = "the table in memory"
_READ_IN_PLACE = {"f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1"}


class Named(NamedTuple):
    """Columns of equal length, and their names, if any."""

    columns: list[npt.NDArray[Any]]
    names: list[str] | None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.columns[0]) if self.columns else 0


class Texts(np.ndarray[Any, np.dtype[np.float64]]):
    """A column of text: the numbers of its texts, NaN where they are missing."""

    texts: list[str]

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Texts:
        """Return a column of texts, and of other values by their names."""
        is_known = np.array([not _is_missing(value) for value in values], bool)
        texts, found = np.unique(np.array([_class_name(value) for value in values[is_known]], str), return_inverse=True)
        codes = np.full(len(values), np.nan)
        codes[is_known] = found
        column = codes.view(cls)
        column.texts = texts.tolist()
        return column


def _is_missing(value: Any) -> bool:
    """Return whether a value of a column of objects is missing."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)


def features(data: Any, argument: str) -> Named:
    """Return the columns of a two-dimensional table."""
    named = _of_frame(data, argument)
    if named is None:
        array = _array(data, argument)
        if array.ndim == 0:
            kind = type(data).__name__
            more = f"; {argument}.collect() is one" if hasattr(data, "collect") else ""
            message = f"{argument} is a {kind}, but an array or a table of rows and columns is needed{more}"
            raise DataError(message)
        if array.ndim != 2:
            more = "; one column is X.reshape(-1, 1)" if array.ndim == 1 else ""
            message = f"{argument} has the shape {array.shape}, but two dimensions are needed: rows and columns{more}"
            raise DataError(message)
        named = Named([_numbers(array[:, j], argument) for j in range(array.shape[1])], None)
    _check_size(named, argument)
    return named


def labels(data: Any, argument: str) -> Named:
    """Return the columns of one label or several."""
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


class Coded(NamedTuple):
    """Labels as numbers of classes, NaN where they are missing."""

    codes: npt.NDArray[np.float64]
    classes: list[str]
    name: str | None

    def named(self) -> Named:
        """Return the numbers as labels."""
        return Named([self.codes], None if self.name is None else [self.name])


def coded(data: Any, task: str, argument: str = "y") -> Coded | None:
    """Return labels as numbers of classes if they are to be classified; None if they are numbers.

    With the task ``'auto'`` text, booleans and categories are classes.
    """
    if isinstance(data, Coded):
        return data
    if task == "regress" or data is None or isinstance(data, Named):
        return None
    array = _array(data, argument)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        if task == "auto":
            return None
        raise DataError(f"{argument} has the shape {array.shape}, but one column of classes is needed")
    values = array.astype(object)
    is_known = np.array([not _is_missing(value) for value in values], bool)
    known = values[is_known]
    if task == "auto" and not any(_is_class(value) for value in known):
        return None
    names = np.array([_class_name(value) for value in known], object)
    classes, found = np.unique(names.astype(str), return_inverse=True)
    order = np.argsort([float(name) for name in classes]) if all(map(_is_number, classes)) else np.arange(len(classes))
    codes = np.full(len(values), np.nan)
    codes[is_known] = np.argsort(order)[found]
    if len(classes) < 2:
        only = f"is '{classes[0]}' in all rows" if len(classes) else "has no value in any row"
        raise DataError(f"{argument} {only}, but classification needs at least two classes")
    known_names = names_in(data)
    return Coded(codes, [str(classes[i]) for i in order], known_names[0] if known_names else None)


def codes_of(data: Any, classes: Sequence[str], argument: str) -> npt.NDArray[np.float64]:
    """Return the numbers of classes that are known."""
    values = _array(data, argument).astype(object)
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    numbers = {name: float(i) for i, name in enumerate(classes)}
    names = [None if _is_missing(value) else _class_name(value) for value in values]
    unknown = next((name for name in names if name is not None and name not in numbers), None)
    if unknown is not None:
        raise DataError(f"{argument} holds {unknown!r}, but the classes are {join_names(classes, 10)}")
    return np.array([np.nan if name is None else numbers[name] for name in names])


def groups(data: Any, rows: int, argument: str = "groups") -> npt.NDArray[Any]:
    """Return the group of each row: a number, or a text."""
    array = _array(data, argument)
    if array.shape != (rows,):
        raise DataError(f"{argument} has the shape {array.shape}, but the table has {rows} rows: ({rows},) is needed")
    values = array.astype(object)
    for row, value in enumerate(values):
        if _is_missing(value):
            raise DataError(f"{argument} has no value in row {row} (counted from 0), but each row needs a group")
    return array if array.dtype.kind in "fiub" else Texts.of(values)


def times(data: Any, rows: int, argument: str = "time") -> npt.NDArray[np.float64]:
    """Return the time of each row as a number, or as a text that is a date; other dates become days since 1970."""
    array = _array(data, argument)
    if array.shape != (rows,):
        raise DataError(f"{argument} has the shape {array.shape}, but the table has {rows} rows: ({rows},) is needed")
    if array.dtype.kind == "M":
        return (array.astype("datetime64[us]") - np.datetime64(0, "us")) / np.timedelta64(1, "D")
    column = _numbers(array, argument)
    return column if isinstance(column, Texts) else column.astype(np.float64)


def _is_class(value: Any) -> bool:
    """Return whether a value is text or a boolean."""
    return isinstance(value, bool | np.bool_) or (isinstance(value, str) and not _is_number(value))


def _class_name(value: Any) -> str:
    """Return the name that a class has in files."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, numbers.Real):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    return str(value)


def column(data: Any, name: str) -> tuple[Any, Any] | None:
    """Return a column of a table, and the table without it; None for other data, and without such a column."""
    library = type(data).__module__.partition(".")[0]
    names = names_in(data)
    if names is None or name not in names or len(names) < 2:
        return None
    at = names.index(name)
    rest = [j for j in range(len(names)) if j != at]
    if library == "pandas" and type(data).__name__ == "DataFrame":
        return data.iloc[:, at], data.iloc[:, rest]
    if library == "polars" and type(data).__name__ == "DataFrame":
        return data[:, at], data[:, rest]
    if library == "pyarrow":
        return data.column(at), data.select(rest)
    return None


def weights(data: Any, rows: int, argument: str = "sample_weight") -> npt.NDArray[Any]:
    """Return the weights, one number for each row."""
    array = _array(data, argument)
    if array.shape != (rows,):
        message = f"{argument} has the shape {array.shape}, but the table has {rows} rows: ({rows},) is needed"
        raise DataError(message)
    return _only_numbers(_numbers(array, argument), argument)


def _only_numbers(column: npt.NDArray[Any], argument: str) -> npt.NDArray[Any]:
    """Reject a column of text."""
    if isinstance(column, Texts):
        raise DataError(f"{argument} holds text such as {column.texts[0]!r}, but numbers are needed")
    return column


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
    classes: list[str] | None = None,
    key: npt.NDArray[Any] | None = None,
) -> _native.Table:
    """Combine features, labels and weights into one table."""
    columns: list[object] = list(x.columns)
    names = feature_names or names_of(x, "x")
    label_names: list[str] = []
    if y is not None:
        if y.rows != x.rows:
            message = f"{arguments[0]} has {x.rows} rows and {arguments[1]} has {y.rows}: both need the same number"
            raise DataError(message)
        columns += y.columns
        label_names = label_names_of(y)
        for name, column in zip(label_names, y.columns, strict=True):
            if isinstance(column, Texts):
                raise DataError(f"the label '{name}' holds text such as {column.texts[0]!r}, but numbers are needed")
        same = set(names).intersection(y.names or ())
        if same:
            message = (
                f"'{min(same)}' is a column of {arguments[0]} and the name of {arguments[1]}; remove it from one of them"
            )
            raise DataError(message)
    if weight is not None:
        columns.append(weight)
    weight_name = None if weight is None else weight_argument
    if key is not None:
        columns.append(key)
    key_name = None if key is None else "key"
    texts = [column.texts if isinstance(column, Texts) else None for column in columns]
    return _native.Table(columns, (names, label_names, weight_name, key_name), first_row, drop_missing, classes, texts)


def names_of(named: Named, letter: str) -> list[str]:
    """Return the names of columns; without names, a letter and a number."""
    names = named.names or [f"{letter}{j + 1}" for j in range(len(named.columns))]
    duplicate = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if duplicate is not None:
        raise DataError(f"two columns are named '{duplicate}'; rename one")
    return names


def label_names_of(named: Named) -> list[str]:
    """Return the names of labels; y for a single one without a name."""
    return ["y"] if named.names is None and len(named.columns) == 1 else names_of(named, "y")


def reordered(named: Named, columns: Sequence[str], argument: str) -> Named:
    """Return named columns in the order of the training, without other columns."""
    names = named.names or []
    missing = [name for name in columns if name not in names]
    if missing:
        shown = ", ".join(missing[:5])
        raise DataError(f"{argument} lacks the columns {shown}; the network was trained on {join_names(columns)}")
    return Named([named.columns[names.index(name)] for name in columns], list(columns))


@contextmanager
def named(argument: str) -> Iterator[None]:
    """Call the table in memory by the name of its argument in messages."""
    try:
        yield
    except DataError as error:
        message = str(error)
        if _IN_MEMORY not in message:
            raise
        raise DataError(message.replace(_IN_MEMORY, argument)) from None


@contextmanager
def without_drop_advice() -> Iterator[None]:
    """Adapt messages about missing values for functions that cannot drop rows."""
    try:
        yield
    except DataError as error:
        message = str(error).replace("; fill it in, or drop such rows with missing='drop'", "; fill it in")
        raise DataError(message) from None


def join_names(names: Iterable[str], limit: int = 20) -> str:
    """Join names for a message; only the first ones if there are many."""
    every = list(names)
    return ", ".join(every[:limit]) + (f" and {len(every) - limit} more" if len(every) > limit else "")


def _check_size(named: Named, argument: str) -> None:
    if not named.columns:
        raise DataError(f"{argument} has no columns, but at least one is needed")
    if named.rows == 0:
        raise DataError(f"{argument} has no rows, but at least one is needed")


def _array(data: Any, argument: str) -> npt.NDArray[Any]:
    if hasattr(data, "toarray") and hasattr(data, "nnz"):
        raise DataError(f"{argument} is a sparse matrix, but a dense array is needed: {argument}.toarray()")
    if isinstance(data, np.ma.MaskedArray):
        # Masked values are missing values.
        filled: npt.NDArray[Any] = np.ma.filled(data.astype(np.float64), np.nan)
        return filled
    try:
        return np.asarray(data)
    except Exception as error:
        kind = type(data).__name__
        raise DataError(f"{argument} is a {kind}, which is not an array of numbers: {error}") from error


def _numbers(column: npt.NDArray[Any], argument: str, name: str | None = None) -> npt.NDArray[Any]:
    """Return a column in a type that can be read in place; text and dates as `Texts`."""
    kind = f"{column.dtype.kind}{column.dtype.itemsize}"
    if kind in _READ_IN_PLACE and column.dtype.isnative:
        return column
    if column.dtype.kind in "fiu":
        return column.astype(np.float64)
    if column.dtype.kind == "M":
        return _dates(column)
    if column.dtype.kind in "OUST":
        values = column.astype(object)
        if any(isinstance(value, str) and not _is_number(value) for value in values):
            return Texts.of(values)
        if any(type(value).__name__ in ("datetime", "date", "Timestamp") for value in values):
            return _dates(np.array([None if _is_missing(value) else value for value in values], "datetime64[us]"))
    message = _wrong_type(argument, name, column.dtype)
    if column.dtype.kind == "c":
        message += "; use real and imaginary parts as separate columns"
    elif column.dtype.kind in "OUST":
        message += _first_text(column)
    raise DataError(message)


def _dates(column: npt.NDArray[Any]) -> Texts:
    """Return dates as texts, with the time only if some have one."""
    seconds, days = column.astype("datetime64[s]"), column.astype("datetime64[D]")
    is_known = ~np.isnat(days)
    shown = days if (seconds[is_known] == days[is_known]).all() else seconds
    texts = np.datetime_as_string(shown).astype(object)
    texts[~is_known] = None
    return Texts.of(texts)


def reject_dates(data: Any, argument: str) -> None:
    """Reject dates and times, which a conversion to float would turn into numbers of an arbitrary unit."""
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


def reject_text(data: Any, argument: str) -> None:
    """Reject text in a table with names, by its column; text that reads as a number is accepted, as by NumPy."""
    library = type(data).__module__.partition(".")[0]
    if library not in ("pandas", "polars", "pyarrow") or not hasattr(data, "columns"):
        return
    for j, name in enumerate(names_in(data) or []):
        column = data.iloc[:, j] if library == "pandas" else data[name]
        kind = column.type if library == "pyarrow" else column.dtype
        if not str(kind).lower().startswith(("object", "str", "cat", "enum", "large_string", "dictionary")):
            continue
        for row, value in enumerate(column.to_pylist() if library == "pyarrow" else column):
            if isinstance(value, str) and not _is_number(value):
                message = f"{_wrong_type(argument, name, kind)}; row {row} (counted from 0) holds {value[:60]!r}"
                raise DataError(f"{message}; encode the column as numbers, for example with OneHotEncoder")


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_time(kind: Any) -> bool:
    """Return whether a type of NumPy, pandas, pyarrow or polars is a date or time."""
    if isinstance(kind, np.dtype):
        return kind.kind in "mM"
    return str(kind).lower().startswith(("date", "time", "duration", "period"))


def _wrong_type(argument: str, name: Any, kind: Any) -> str:
    """Return the message for a column that is not numeric."""
    where = argument if name is None else f"column '{name}' of {argument}"
    message = f"{where} has the type {kind}, but numbers or booleans are needed"
    return f"{message}; convert dates to numbers first, such as days since the first one" if _is_time(kind) else message


def _first_text(column: npt.NDArray[Any]) -> str:
    """Locate the first value of a column that is not a number."""
    for row, value in enumerate(column[:10_000].ravel()):
        if not _is_number(value):
            return f"; row {row} (counted from 0) holds {str(value)[:60]!r}"
    return "; convert them with astype(float)"


def names_in(data: Any) -> list[str] | None:
    """Return the names of a table's columns or of a series; None without names or with duplicates."""
    names = getattr(data, "column_names", None)
    # The names of a frame that is computed on demand are costly, and it is not a table yet.
    if names is None and not hasattr(data, "collect"):
        names = getattr(data, "columns", None)
    if names is None:
        name = getattr(data, "name", None)
        names = None if name is None else [name]
    found = None if names is None else [str(name) for name in names]
    return found if found is not None and len(set(found)) == len(found) else None


def _of_frame(data: Any, argument: str) -> Named | None:
    """Return the columns of a pandas, pyarrow or polars table; None for other data."""
    if isinstance(data, Named):
        return data
    library = type(data).__module__.partition(".")[0]
    kind = type(data).__name__
    if _streams.is_stream(data):
        return _of_frame(_streams.read(data), argument)
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

    if str(dtype).startswith(("datetime", "date", "timestamp")):
        return _numbers(series.to_numpy(dtype="datetime64[us]"), argument, name)
    if str(dtype) == "category":
        return Texts.of(np.asarray(series, dtype=object))
    if _is_time(dtype):
        raise DataError(_wrong_type(argument, name, dtype))
    if not (is_numeric_dtype(dtype) or is_bool_dtype(dtype)):
        return _numbers(np.asarray(series, dtype=object), argument, name)
    try:
        # Nullable and Arrow types: missing values become NaN.
        return _numbers(series.to_numpy(dtype=np.float64, na_value=np.nan), argument, name)
    except (TypeError, ValueError):
        return _numbers(np.asarray(series, dtype=object), argument, name)


def _arrow(column: Any, argument: str, name: str) -> npt.NDArray[Any]:
    if hasattr(column, "chunks"):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    kind = str(column.type)
    if kind.startswith(("time64", "time32", "duration", "list", "struct")):
        raise DataError(_wrong_type(argument, name, kind))
    if kind.startswith("dictionary"):
        column = column.dictionary_decode()
    if kind.startswith("decimal") or (kind == "bool" and column.null_count):
        column = column.cast("float64")
    return _numbers(column.to_numpy(zero_copy_only=False), argument, name)
