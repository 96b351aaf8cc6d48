"""The base classes of results: immutable, printable, convertible to dictionaries and figures."""

from __future__ import annotations

import copy
import csv
import dataclasses
import difflib
import io
import json
import math
import os
import re
import textwrap
from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from . import _call, _html
from .errors import FileError, MissingPackage, ParameterError

if TYPE_CHECKING:
    from . import _native
    from .network import Network

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# The numbers of rows and of characters that are printed.
_ROWS = 20
_WIDTH = 118
# Columns of several values whose names differ in the tables of the program.
_MATRIX_NAMES = {"error": "energy_error", "energies": "energy"}
# Columns in their order, where it differs from that of the fields; `0` stands for the columns of each degree. Others follow.
_ORDERS: dict[str, list[str]] = {
    # The order of the program's CSV.
    "Path": [
        *("iteration", "loss", "validation_loss", "test_loss", "drawn_test_loss", "tail_energy"),
        *("predicted_loss", "alignment"),
        *("hidden_movement", "output_movement", "energy_0", "predicted_0", "loss_error", "tail_energy_error"),
        *("energy_error_0", "rmse", "validation_rmse", "test_rmse"),
    ],
    # Settings, then results.
    "SweepRows": [
        *("dim", "degree", "target", "activation", "scale", "width", "rows", "step", "iterations"),
        *("loss", "loss_standard_error", "train_loss", "train_loss_standard_error", "predicted_loss", "loss_bound"),
        *("best_polynomial_error", "energy_0", "tail_energy", "target_energy", "step_size", "seeds", "diverged"),
        *("log_n_width", "log_n_rows"),
    ],
}
# Columns that other columns determine, by the column whose root they are.
_ROOTS = {"rmse": "loss", "validation_rmse": "validation_loss", "test_rmse": "test_loss"}
# Names of the program's tables and of other programs, and the names of the columns.
_OTHER_NAMES = {
    "rest": "tail_energy",
    "theory": "predicted",
    "iterations": "iteration",
    "train_loss": "loss",
    "train_rmse": "rmse",
    "energies": "energy",
}

_Built = TypeVar("_Built")


class Record:
    """A record of named values."""

    #: Fields whose names in documents are reserved words of Python.
    _renamed: Mapping[str, str] = {}

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, by the names of the JSON documents."""
        return {self._renamed.get(name, name): _plain(value) for name, value in _fields(self)}

    def __repr__(self) -> str:
        return _text(type(self).__name__, _fields(self))

    def _repr_html_(self) -> str:
        fields = [(name, value) for name, value in _fields(self) if value is not None]
        values = [(name, summary(value)) for name, value in fields if not isinstance(value, Columns)]
        return _html.record(type(self).__name__, values, _tables(self))


class Tabular(Record):
    """A record that is a table."""

    def to_csv(self, file: str | os.PathLike[str] | None = None) -> str | None:
        """Return the table as CSV, or write it to a file; for the result of a call as the program prints it with ``--format csv``.

        Parameters
        ----------
        file : path, optional
            The file; an existing one is replaced.

        Returns
        -------
        str or None
            The text; None if it was written to a file.
        """
        return _written(self._csv(), file)

    def _csv(self) -> str:
        raise NotImplementedError


class Columns(Tabular):
    """A table: arrays by name, with one entry for each row.

    pandas and polars take it directly: ``pandas.DataFrame(columns)``. Iterating yields its rows as named tuples. Columns of
    several values, such as the energies by degree of a path, become one column for each value: ``energy_0``, ``energy_1``, ..
    Columns without any value are omitted. The path of a training on a table also has the roots of its losses, ``rmse``,
    ``validation_rmse`` and ``test_rmse``, in the label's unit.
    """

    #: Columns whose values are lists in each row, and the name of that list.
    _nested: Mapping[str, str] = {}
    #: Whether losses are those of a table, whose roots have a unit.
    _has_roots: bool = False
    #: Whether printing omits columns with a single value.
    _omits_constants: bool = False

    def __len__(self) -> int:
        lengths = (len(value) for _, value in _fields(self) if value is not None)
        return next(lengths, 0)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        flat = self._flat()
        row = namedtuple("Row", list(flat))  # type: ignore[misc]
        return map(row._make, zip(*map(_items, flat.values()), strict=True))

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return the table as an Arrow stream, for polars and others."""
        try:
            import pyarrow
        except ImportError as error:
            raise MissingPackage("the Arrow stream of a table needs pyarrow: pip install pyarrow") from error
        return pyarrow.table(self._plain()).__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> Any:
        """Return the table as a pandas data frame.

        Raises
        ------
        zonal.errors.MissingPackage
            If pandas is not installed.
        """
        return _pandas().DataFrame(self._plain())

    def _csv(self) -> str:
        flat, out = self._flat(), io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(flat)
        writer.writerows([_cell(value) for value in row] for row in self)
        return out.getvalue()

    if not TYPE_CHECKING:
        # Only columns that always exist have a declared type.
        def __getattr__(self, name: str) -> Any:
            if name in _ROOTS and self._has_roots:
                losses = getattr(self, _ROOTS[name])
                return None if losses is None else _frozen(np.sqrt(losses), np.float64)
            message = f"{type(self).__name__} has no column '{name}'"
            if not name.startswith("_"):
                names = [field.name for field in dataclasses.fields(self)]
                other = _OTHER_NAMES.get(name)
                near = difflib.get_close_matches(name, names, 1)
                if other in names:
                    message += f"; the column is {other}"
                elif near:
                    message += f"; did you mean {near[0]}?"
            raise AttributeError(message, name=name, obj=self)

    def _flat(self) -> dict[str, Any]:
        """Return the columns by name, those of several values as one column for each value, without empty ones."""
        out: dict[str, Any] = {}
        roots = [(name, getattr(self, name)) for name in _ROOTS] if self._has_roots else []
        for name, column in [*_fields(self), *roots]:
            if column is None:
                continue
            matrix = _matrix(column)
            if matrix is None:
                out[name] = column
                continue
            for k in range(matrix.shape[1]):
                out[f"{_MATRIX_NAMES.get(name, name)}_{k}"] = matrix[:, k]
        full = {name: column for name, column in out.items() if not _is_empty(column)}
        return {name: full[name] for name in _ordered(full, type(self).__name__)}

    def _plain(self) -> dict[str, Any]:
        """Return the columns as arrays and lists."""
        return {name: _list_column(column) for name, column in self._flat().items()}

    def _repr_html_(self) -> str:
        flat = self._flat()
        cells = [[summary(item) for item in _items(column[: _html.ROWS])] for column in flat.values()]
        return _html.table(flat, cells, len(self))

    def __repr__(self) -> str:
        shown = list(range(len(self)))
        if len(shown) > _ROWS:
            shown = [*shown[: _ROWS // 2], *shown[-_ROWS // 2 :]]
        columns = []
        flat = self._flat()
        constants = self._constants(flat) if self._omits_constants else {}
        for name, column in flat.items():
            if name in constants:
                continue
            items = _items(column)
            cells = [name, *(_cut(summary(items[i]), 24) for i in shown)]
            width = max(map(len, cells))
            columns.append([f"{cell:>{width}}" for cell in cells])
        fits = 1
        while fits < len(columns) and sum(len(column[0]) + 2 for column in columns[: fits + 1]) <= _WIDTH:
            fits += 1
        lines = ["  ".join(row) for row in zip(*columns[:fits], strict=True)]
        if len(self) > _ROWS:
            lines.insert(1 + _ROWS // 2, f".. {len(self) - _ROWS} more rows")
        rest = [column[0].strip() for column in columns[fits:]]
        more = textwrap.wrap(f"and the columns {', '.join(rest)}", _WIDTH) if rest else []
        same = ", ".join(f"{name} {_cut(value, 24)}" for name, value in constants.items())
        every = textwrap.wrap(f"in all rows: {same}", _WIDTH) if same else []
        return "\n".join([f"{type(self).__name__}, {len(self)} rows", *lines, *more, *every])

    def _constants(self, flat: Mapping[str, Any]) -> dict[str, str]:
        """Return the columns that have the same value in all of several rows, and that value."""
        settled = {name: {summary(value) for value in _items(column)} for name, column in flat.items()}
        fixed = {name: values.pop() for name, values in settled.items() if len(values) == 1}
        return {name: value for name, value in fixed.items() if not name.startswith("loss")} if len(self) > 1 else {}


@dataclasses.dataclass(frozen=True)
class _Forms:
    """The forms of a pickled result."""

    _text: str
    _csv: str
    _figures: tuple[tuple[str, str], ...]

    def text(self) -> str:
        return self._text

    def csv(self) -> str:
        return self._csv

    def figures(self) -> list[tuple[str, str]]:
        return list(self._figures)


class Result(Tabular):
    """The result of a call.

    It prints as the command-line program prints it, and in a notebook with its figures.

    Attributes
    ----------
    notes : tuple of str
        Notes on the job: dropped columns, automatic choices and their reasons.
    """

    notes: tuple[str, ...] = ()
    _document: Mapping[str, Any] = {}
    _report: _native.Report | _Forms = _Forms("", "", ())

    def __repr__(self) -> str:
        return "\n".join([self._report.text().rstrip("\n"), *(f"note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        drawings = [drawing for _, drawing in self.figures()]
        return _html.page(type(self).__name__, drawings, self._report.text(), self.notes, _tables(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the document that the command-line program prints with ``--format json``."""
        return copy.deepcopy(dict(self._document))

    def _csv(self) -> str:
        return self._report.csv()

    def to_pandas(self) -> Any:
        """Return the table of `to_csv` as a pandas data frame, without columns that have no value.

        Raises
        ------
        zonal.errors.MissingPackage
            If pandas is not installed.
        """
        pandas = _pandas()
        # Later versions of pandas read numbers exactly by default.
        is_old = tuple(map(int, pandas.__version__.split(".")[:2])) < (3, 1)
        exact = {"float_precision": "round_trip"} if is_old else {}
        frame = pandas.read_csv(io.StringIO(self._report.csv()), **exact)
        if len(frame) > 0:
            frame = frame.dropna(axis="columns", how="all")
        # CSV writes 1.0 as 1.
        real = _real_names(self._document)
        whole = [name for name in frame.columns if frame[name].dtype.kind in "iu"]
        frame = frame.astype({name: np.float64 for name in whole if _is_real(name, real)})
        return frame[_ordered(frame.columns, {"Training": "Path", "Sweep": "SweepRows"}.get(type(self).__name__, ""))]

    def figures(self) -> tuple[tuple[str, str], ...]:
        """Return the figures of the report: the title of each, and its drawing as SVG."""
        return tuple(self._report.figures())

    def plot(self, ax: Any = None) -> Any:
        """Plot the result with matplotlib, in the words and colours of the page of a run.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            The axes to draw on; the current axes by default. The legend is to the right of the axes; a figure of your own
            leaves space for it with ``layout="constrained"``.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        zonal.errors.ResourceError
            If matplotlib is not installed, or the result has no plot.
        """
        from . import _plot

        return _plot.draw(self, ax)

    def __getstate__(self) -> dict[str, Any]:
        # The report of the compiled part is not pickled; its forms are.
        return {**self.__dict__, "_report": _Forms(self._report.text(), self._report.csv(), self.figures())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class SpectrumResult(Result):
    """A spectrum, with its main columns."""

    degrees: Any

    @property
    def eigenvalues(self) -> FloatArray:
        """The eigenvalue of each degree: ``degrees.eigenvalue``."""
        found: FloatArray = self.degrees.eigenvalue
        return found

    @property
    def coefficients(self) -> FloatArray:
        """The coefficient of each degree: ``degrees.coefficient``."""
        found: FloatArray = self.degrees.coefficient
        return found


class TrainingResult(Result):
    """A training with its network."""

    _network: Network | None = None
    _energy_errors: FloatArray | None = None

    @property
    def network(self) -> Network | None:
        """The trained network; None at infinite width."""
        return self._network

    @property
    def energy_standard_errors(self) -> FloatArray | None:
        """Standard errors of ``path.energy`` if it was estimated from samples; None if it is exact."""
        return self._energy_errors

    def save(
        self,
        folder: str | os.PathLike[str],
        *,
        force: bool = False,
        no_report: bool = False,
        figures: Sequence[str] | None = None,
    ) -> None:
        """Write the run into a folder, as `zonal.train` does with ``out``: record, path, network and page.

        `zonal.load` reads it back, and the command-line program uses it.

        Parameters
        ----------
        folder : path
            A folder that does not exist or is empty.
        force : bool
            Whether to replace a run in it.
        no_report : bool
            Whether to omit the page.
        figures : sequence of {'svg', 'png', 'pdf'}
            The formats in which figures are also written.

        Raises
        ------
        zonal.errors.ParameterError
            For a callable activation, which a file cannot store; for a result of an estimator, of `Statistics.path` or from
            a pickle, which have no record.
        zonal.errors.FileError
            For a folder that is not empty, or cannot be written.
        """
        if isinstance(self._report, _Forms):
            raise ParameterError("the result was pickled, which keeps no record of the run; save the network instead")
        options = {"force": _call.flag("force", force), "no_report": _call.flag("no_report", no_report)}
        formats = {} if figures is None else {"figures": _call.plain("figures", figures)}
        self._report.save(json.dumps({"out": _call.path("folder", folder), **options, **formats}))


_AnyResult = TypeVar("_AnyResult", bound=Result)


class ResultList(list[_AnyResult]):
    """The results of one call, such as spectra of several activations. It prints as a comparison."""

    def __init__(self, found: Iterable[_AnyResult], text: str) -> None:
        super().__init__(found)
        self._text = text

    def __repr__(self) -> str:
        return "\n".join([self._text.rstrip("\n"), *(f"note: {note}" for note in self._notes())])

    def _repr_html_(self) -> str:
        drawings = [drawing for result in self for _, drawing in result.figures()[:1]]
        kind = type(self[0]).__name__ if self else "result"
        return _html.page(f"{len(self)} of {kind}", drawings, self._text, self._notes())

    def plot(self, ax: Any = None) -> Any:
        """Plot spectra on the same axes with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            As for a single result.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        zonal.errors.ResourceError
            If matplotlib is not installed, or for a list of other results.
        """
        from . import _plot

        return _plot.draw_all(self, ax)

    def _notes(self) -> list[str]:
        return list(dict.fromkeys(note for result in self for note in result.notes))

    def __reduce__(self) -> tuple[Any, ...]:
        return ResultList, (list(self), self._text)


def attach(result: Record, **values: Any) -> None:
    """Set values of a frozen record that are not part of its document."""
    for name, value in values.items():
        object.__setattr__(result, name, value)


def build(cls: type[_Built], document: Mapping[str, Any], namespace: Mapping[str, Any]) -> _Built:
    """Build a record from its document, by the annotations of its fields."""
    renamed: Mapping[str, str] = getattr(cls, "_renamed", {})
    values = {
        field.name: _value(str(field.type), document[renamed.get(field.name, field.name)], namespace)
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]
    }
    return cls(**values)


def _value(annotation: str, value: Any, namespace: Mapping[str, Any]) -> Any:
    annotation = annotation.removesuffix(" | None")
    if value is None:
        return None
    simple: dict[str, Callable[[Any], Any]] = {
        "int": int,
        "float": float,
        "str": str,
        "bool": bool,
        "int | float": _exact,
        "IntArray": lambda x: _frozen(x, np.int64),
        "FloatArray": lambda x: _frozen(x, np.float64),
        "tuple[str, ...]": tuple,
    }
    if annotation in simple:
        return simple[annotation](value)
    if annotation.startswith("tuple["):
        inner = namespace[annotation.removeprefix("tuple[").removesuffix(", ...]")]
        return tuple(build(inner, item, namespace) for item in value)
    cls = namespace[annotation]
    return _columns(cls, value) if issubclass(cls, Columns) else build(cls, value, namespace)


def _columns(cls: type[Columns], rows: Sequence[Mapping[str, Any]]) -> Columns:
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        name = field.name
        if name in cls._nested:
            # A matrix with a row for each row of the table and a column for each item of its list.
            lists = [row[cls._nested[name]] for row in rows]
            missing = any(items is None for items in lists)
            cells = None if missing else [[item[name] for item in items] for items in lists]
            empty = cells is None or all(cell is None for row in cells for cell in row)
            values[name] = None if empty else _frozen(cells, np.float64)
            continue
        column = [row[name] for row in rows]
        values[name] = _column(str(field.type), column)
    return cls(**values)


def _column(annotation: str, column: list[Any]) -> Any:
    optional = annotation.endswith(" | None")
    if optional and all(value is None for value in column):
        return None
    annotation = annotation.removesuffix(" | None")
    if annotation == "tuple[int | float, ...]":
        return tuple(_exact(value) for value in column)
    if annotation in ("tuple[FloatArray, ...]", "tuple[IntArray, ...]"):
        kind = np.int64 if "Int" in annotation else np.float64
        return tuple(_frozen(value, kind) for value in column)
    if annotation.startswith("tuple["):
        return tuple(column)
    if annotation == "BoolArray":
        return _frozen(column, np.bool_)
    if annotation == "IntArray":
        return _frozen(column, np.int64)
    # Infinite counts are text in documents.
    return _frozen([math.nan if value is None else float(value) for value in column], np.float64)


def _frozen(values: Any, kind: type[np.generic]) -> npt.NDArray[Any]:
    """Return a read-only array."""
    array = np.array(values, dtype=kind)
    array.setflags(write=False)
    return array


def _exact(value: Any) -> int | float:
    """Convert an integer of any size, which documents hold as text if it may be large."""
    return math.inf if value == "inf" else int(value)


def _fields(record: Record) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(record):  # type: ignore[arg-type]
        yield field.name, getattr(record, field.name)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _items(column: Any) -> list[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _matrix(column: Any) -> FloatArray | None:
    """Return a column of several values as a matrix, with NaN where a row has fewer; None for others."""
    if isinstance(column, np.ndarray):
        return column if column.ndim == 2 else None
    if not column or not all(isinstance(row, np.ndarray) and row.dtype == np.float64 for row in column):
        return None
    matrix = np.full((len(column), max(map(len, column))), math.nan)
    for values, row in zip(matrix, column, strict=True):
        values[: len(row)] = row
    return matrix


def _is_empty(column: Any) -> bool:
    """Return whether a column of some rows holds no value."""
    if isinstance(column, np.ndarray) and column.dtype == np.float64:
        return len(column) > 0 and bool(np.isnan(column).all())
    return False


def _ordered(names: Iterable[str], kind: str) -> list[str]:
    """Return the names of columns in the order of a kind of table."""
    order = {name: place for place, name in enumerate(_ORDERS.get(kind, []))}

    def place(name: str) -> tuple[int, int, int]:
        base, _, degree = name.rpartition("_")
        if not degree.isdigit():
            return order.get(name, len(order)), 0, 0
        at = order.get(f"{base}_0", len(order))
        # The energy of a degree is next to its prediction.
        return (at - 1, int(degree), 1) if base == "predicted" else (at, int(degree), 0)

    return sorted(names, key=place)


def _real_names(document: Any) -> set[str]:
    """Return the names under which a document holds numbers that are not whole by nature."""
    found: set[str] = set()
    if isinstance(document, Mapping):
        for name, value in document.items():
            items = value if isinstance(value, list) else [value]
            if any(isinstance(item, float) for item in items):
                found.add(name)
            found |= _real_names(value)
    elif isinstance(document, list):
        found = set().union(*map(_real_names, document))
    return found


def _is_real(name: str, real: Collection[str]) -> bool:
    """Return whether a column of the program's CSV holds such numbers."""
    base = re.sub(r"_\d+$", "", name)
    names = {name, base, *(field for field, column in _MATRIX_NAMES.items() if column == base)}
    return name.endswith("rmse") or not names.isdisjoint(real)


def _list_column(column: Any) -> Any:
    """Return a column for other libraries: arrays as they are, lists of numbers and of text."""
    if isinstance(column, np.ndarray):
        return column
    items = [_plain(item) for item in column]
    # Arrow and pandas have no integers beyond 64 bits.
    large = any(isinstance(item, int | float) and not abs(item) < 2**63 for item in items)
    return [float(item) for item in items] if large else items


def _cell(value: Any) -> Any:
    """Return the text of a cell of CSV; missing numbers are empty."""
    if isinstance(value, np.ndarray):
        return " ".join(map(str, value.tolist()))
    return "" if isinstance(value, float) and math.isnan(value) else value


def _written(text: str, file: str | os.PathLike[str] | None) -> str | None:
    """Return a text, or write it to a file."""
    if file is None:
        return text
    path = Path(_call.path("file", file))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}") from error
    return None


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise MissingPackage("to_pandas() needs pandas: pip install pandas") from error
    return pandas


def _tables(record: Record) -> list[tuple[str, int, str]]:
    """Return the name, the number of rows and the HTML of each table of a record."""
    tables = ((name, value) for name, value in _fields(record) if isinstance(value, Columns))
    return [(name, len(value), value._repr_html_()) for name, value in tables]


def summary(value: Any) -> str:
    """Summarise a value in one line."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, np.ndarray):
        if value.dtype == np.bool_:
            return f"true in {int(value.sum())} of {value.size}"
        if value.ndim > 1:
            return f"array of {' x '.join(map(str, value.shape))}"
        if value.size <= 6:
            return "[" + ", ".join(f"{item:.4g}" for item in value) + "]"
        return f"array of {value.size}: {value[0]:.4g} .. {value[-1]:.4g}"
    if isinstance(value, Columns):
        names = ", ".join(name for name, column in _fields(value) if column is not None)
        return f"{len(value)} rows: {names}"
    if isinstance(value, Record):
        return ", ".join(f"{name} {summary(inner)}" for name, inner in _fields(value) if inner is not None)
    if isinstance(value, tuple):
        if value and isinstance(value[0], Record):
            return f"{len(value)} of {type(value[0]).__name__}"
        return ", ".join(map(str, value)) if value else "none"
    return str(value)


def _text(title: str, fields: Iterator[tuple[str, Any]]) -> str:
    """Format one line for each field that applies."""
    lines = [(name, summary(value)) for name, value in fields if value is not None]
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join([title, *(f"  {name:<{width}}  {_cut(text)}" for name, text in lines)])


def _cut(text: str, limit: int = 120) -> str:
    line = text.replace("\n", " ")
    return line if len(line) <= limit else line[: limit - 3] + "..."
