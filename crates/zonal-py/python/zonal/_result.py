"""The base classes of results: immutable, printable, convertible to dictionaries and figures."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from . import _html

if TYPE_CHECKING:
    from .network import Network

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# The number of rows that are printed.
_ROWS = 20

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
        return self._html((), ())

    def _html(self, drawings: Sequence[str], notes: Sequence[str]) -> str:
        fields = [(name, value) for name, value in _fields(self) if value is not None]
        values = [(name, summary(value)) for name, value in fields if not isinstance(value, Columns)]
        tables = [(name, len(value), value._repr_html_()) for name, value in fields if isinstance(value, Columns)]
        return _html.page(type(self).__name__, values, drawings, tables, notes)


class Columns(Record):
    """A table: arrays by name, with one entry for each row."""

    #: Columns whose values are lists in each row, and the name of that list.
    _nested: Mapping[str, str] = {}

    def __len__(self) -> int:
        lengths = (len(value) for _, value in _fields(self) if value is not None)
        return next(lengths, 0)

    def _repr_html_(self) -> str:
        fields = [(name, column) for name, column in _fields(self) if column is not None]
        shown = [(name, column) for name, column in fields if getattr(column, "ndim", 1) == 1]
        cells = [[summary(item) for item in _items(column[: _html.ROWS])] for _, column in shown]
        return _html.table((name for name, _ in shown), cells, len(self))

    def __repr__(self) -> str:
        shown = [(name, column) for name, column in _fields(self) if column is not None and np.ndim(column[:1]) == 1]
        cells = [[name, *(_cut(summary(item), 24) for item in _items(column[:_ROWS]))] for name, column in shown]
        widths = [max(map(len, column)) for column in cells]
        lines = []
        for row in zip(*cells, strict=True):
            line = "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
            lines.append(_cut(line, 160))
        more = [f".. and {len(self) - _ROWS} more rows"] if len(self) > _ROWS else []
        return "\n".join([f"{type(self).__name__}, {len(self)} rows", *lines, *more])


class Result(Record):
    """The result of a call.

    Attributes
    ----------
    notes : tuple of str
        Notes on the job: dropped columns, automatic choices and their reasons.
    """

    notes: tuple[str, ...] = ()
    _document: Mapping[str, Any] = {}
    _figures: Callable[[], list[tuple[str, str]]] | tuple[tuple[str, str], ...] = ()

    def _repr_html_(self) -> str:
        return self._html([drawing for _, drawing in self.figures()], self.notes)

    def to_dict(self) -> dict[str, Any]:
        """Return the document that the command-line program prints with ``--format json``."""
        return copy.deepcopy(dict(self._document))

    def figures(self) -> tuple[tuple[str, str], ...]:
        """Return the figures of the report: the title of each, and its drawing as SVG."""
        drawn = self._figures
        return tuple(drawn()) if callable(drawn) else drawn

    def plot(self, ax: Any = None) -> Any:
        """Plot the result with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            The axes to draw on; the current axes by default.

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
        # The function that draws is not pickled; the drawings are.
        return {**self.__dict__, "_figures": self.figures()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


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


def attach(result: Result, **values: Any) -> None:
    """Set values of a frozen result that are not part of its document."""
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
    return _frozen([math.nan if value is None else value for value in column], np.float64)


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
