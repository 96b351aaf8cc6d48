"""Training on a table that comes in parts: any engine that maps and reduces can carry these values.

Two passes. In the first, each part is surveyed, and the surveys are merged: that fixes how rows become points, the units of
labels and, from a random sample, whatever is chosen automatically. In the second, each part is summed up, and the sums are
merged: gradient descent on the output layer depends on rows through them alone, so whoever holds the last sums finds the
whole path.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _arrays, _call, _native, results
from ._result import attach, build
from .errors import DataError, ParameterError
from .network import Network

__all__ = ["Statistics", "Survey"]


class Survey:
    """What a first look at some rows of a table finds: moments, and a random sample.

    Parameters
    ----------
    X : array, or table of pandas, pyarrow or polars, of shape (rows, columns)
        The features.
    y : array of shape (rows,) or (rows, labels)
        The labels.
    first_row : int
        The number of the first row in the whole table, which decides with the seed whether a row is for validation.
    sample_weight : array of shape (rows,), optional
        Weights of the rows.
    validation_fraction, test_fraction : float
        Parts of the rows that moments and sums for training leave out.
    seed : int
        Seed of the split, the sample and, later, the network.
    missing : {'reject', 'drop'}
        What to do with rows that lack a value.

    Examples
    --------
    >>> import numpy as np, zonal
    >>> x = np.random.default_rng(0).normal(size=(1000, 3))
    >>> y = x[:, 0] ** 2
    >>> left, right = zonal.Survey(x[:600], y[:600]), zonal.Survey(x[600:], y[600:], first_row=600)
    >>> left.merge(right).rows
    1000
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        *,
        first_row: int = 0,
        sample_weight: Any = None,
        validation_fraction: float = 0.2,
        test_fraction: float = 0.0,
        seed: int = 0,
        missing: str = "reject",
    ) -> None:
        table = _table(X, y, sample_weight, first_row, missing)
        parts = _call.real("validation_fraction", validation_fraction), _call.real("test_fraction", test_fraction)
        self._survey = _native.Survey(table, _call.number("seed", seed), *parts)
        self._options = {"validation_fraction": validation_fraction, "test_fraction": test_fraction, "seed": seed}

    @property
    def rows(self) -> int:
        """How many rows it is of."""
        return self._survey.rows

    def merge(self, other: Survey) -> Survey:
        """The survey of the rows of both, which must be different rows of one table."""
        _same(self, other)
        merged = Survey.__new__(Survey)
        merged._survey = self._survey.merge(other._survey)
        merged._options = self._options
        return merged

    def __repr__(self) -> str:
        return f"Survey({self.rows} rows)"


class Statistics:
    """The sums over some rows of a table that gradient descent on the output layer depends on.

    Statistics over different rows of one table are merged in any order; with a fixed order and fixed parts the bits are
    fixed too. They must come from one choice: make one with `Statistics`, send copies made by `without_rows` to where the
    rows are, and merge what comes back.

    Parameters
    ----------
    survey : Survey
        Of all rows, or of as many as decide how rows become points. It brings the seed and the fractions.
    activation, scale, bias, width, precision, on_sphere, kinks
        As for `zonal.train`; what is ``'auto'`` is chosen on the survey's sample.
    progress : bool
        Whether bars are shown; by default where there is tqdm and a terminal.

    Examples
    --------
    >>> import numpy as np, zonal
    >>> x = np.random.default_rng(0).normal(size=(1000, 3))
    >>> y = x[:, 0] ** 2
    >>> empty = zonal.Statistics(zonal.Survey(x, y), activation="tanh", scale=2, bias=1, width=100)
    >>> left, right = empty.without_rows(), empty.without_rows()
    >>> left.update(x[:600], y[:600], first_row=0).update(x[600:700], y[600:700], first_row=600).rows
    700
    >>> right = zonal.Statistics.from_bytes(right.update(x[700:], y[700:], first_row=700).to_bytes())
    >>> whole = left.merge(right)
    >>> run = whole.path(iterations=10**6)
    >>> run.network.predict(x[:3]).shape, run.validation_rmse < 0.5
    ((3,), True)
    """

    def __init__(
        self,
        survey: Survey,
        *,
        activation: str | Callable[[Any], Any] = "auto",
        scale: float | str = "auto",
        bias: float | str = "auto",
        width: int = 1000,
        precision: str = "f64",
        on_sphere: bool = False,
        kinks: Sequence[float] = (),
        progress: bool | None = None,
    ) -> None:
        if not isinstance(survey, Survey):
            raise ParameterError(f"survey is a {type(survey).__name__}, but a zonal.Survey is needed")
        given = {**locals(), **survey._options}
        options = {
            name: _call.plain(name, given[name])
            for name in ("scale", "bias", "width", "precision", "validation_fraction", "test_fraction", "seed")
        }
        code = _call.code(activation, kinks)
        if code is None:
            options["activation"] = _call.plain("activation", activation)
        request = json.dumps({"command": "train", "on_sphere": _call.flag("on_sphere", on_sphere), **options})
        with _call.watching(progress) as watch:
            self._lock = threading.Lock()
            self._sums, notes = _native.Sums.choose(request, survey._survey, code, watch)
        self._notes = tuple(notes)

    @classmethod
    def _of(cls, sums: _native.Sums, notes: tuple[str, ...] = ()) -> Statistics:
        this = cls.__new__(cls)
        this._lock = threading.Lock()
        this._sums, this._notes = sums, notes
        return this

    def without_rows(self) -> Statistics:
        """The same choice without rows: to be sent to where other rows are."""
        return self._of(self._sums.without_rows(), self._notes)

    @property
    def rows(self) -> int:
        """How many rows were added, with those that were left out."""
        return self._sums.rows

    @property
    def next_row(self) -> int:
        """The first row after all that were added without a gap from row 0 on."""
        return self._sums.next_row

    @property
    def choice(self) -> Mapping[str, Any]:
        """What was chosen and learned before the sums: lift, labels, activation, scale, width, seed, candidates."""
        found: Mapping[str, Any] = json.loads(self._sums.problem)
        return found

    def update(
        self,
        X: Any,
        y: Any,
        *,
        first_row: int | None = None,
        sample_weight: Any = None,
        missing: str = "reject",
        progress: bool | None = None,
    ) -> Statistics:
        """Add rows.

        Parameters
        ----------
        X, y : arrays or tables
            The rows, with the columns and labels of the survey.
        first_row : int
            The number of the first of them in the whole table; `next_row` by default.
        sample_weight : array of shape (rows,), optional
            Weights of the rows.
        missing : {'reject', 'drop'}
            What to do with rows that lack a value.
        progress : bool
            As for `Statistics`.

        Returns
        -------
        Statistics
            Itself. After an exception nothing was added.
        """
        choice = self.choice
        names, label_names = choice["lift"]["columns"], [label["name"] for label in choice["labels"]]
        with self._lock, _call.watching(progress) as watch:
            first = self.next_row if first_row is None else first_row
            self._sums.add(_table(X, y, sample_weight, first, missing, names, label_names), watch)
        return self

    def merge(self, other: Statistics) -> Statistics:
        """The sums over the rows of both, which must be different rows."""
        _same(self, other)
        return self._of(self._sums.merge(other._sums), self._notes)

    def to_bytes(self) -> bytes:
        """Everything as bytes; a callable activation is not among them (pickle carries it)."""
        return self._sums.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Statistics:
        """Statistics from bytes; damaged ones and those of another version are refused."""
        return cls._of(_native.Sums.from_bytes(data))

    def path(
        self,
        *,
        iterations: int | float | None = None,
        at: Sequence[int] | None = None,
        step: float | str = "auto",
        solver: str = "auto",
        refit: bool = False,
        progress: bool | None = None,
    ) -> results.Training:
        """The whole path of gradient descent over the rows that were added.

        Parameters
        ----------
        iterations, at, step, solver, refit
            As for `zonal.train`.
        progress : bool
            As for `Statistics`.

        Returns
        -------
        Training
            Errors are those over the sums; ``result.network`` predicts.
        """
        last, listed = _call.iterations(iterations, at)
        fixed = None if isinstance(step, str) and step == "auto" else _call.real("step", step)
        with _call.watching(progress) as watch:
            text, model, notes = self._sums.fit(last, listed, fixed, solver, _call.flag("refit", refit), watch)
        document = json.loads(text)
        result = build(results.Training, document, vars(results))
        attach(result, notes=(*self._notes, *notes), _document=document, _network=Network(model))
        return result

    def __copy__(self) -> Statistics:
        return self._of(self._sums.copied(), self._notes)

    def __reduce__(self) -> tuple[Any, ...]:
        return Statistics._of, (self._sums, self._notes)

    def __repr__(self) -> str:
        choice = self.choice
        return f"Statistics({self.rows} rows, width {choice['width']}, {choice['activation']})"


def _same(one: Any, other: Any) -> None:
    if type(one) is not type(other):
        kind = type(one).__name__
        raise ParameterError(f"a {kind} is merged with a {type(other).__name__}, but another {kind} is needed")


def _table(
    X: Any,
    y: Any,
    sample_weight: Any,
    first_row: int,
    missing: str,
    names: list[str] | None = None,
    label_names: list[str] | None = None,
) -> _native.Table:
    """Rows as a table; with `names`, those of the table that they belong to."""
    if missing not in ("reject", "drop"):
        raise ParameterError(f"missing is {missing!r}, but must be 'reject' or 'drop'")
    x, labels = _arrays.features(X, "X"), _arrays.labels(y, "y")
    if names is not None and len(names) != len(x.columns):
        raise DataError(f"X has {len(x.columns)} columns, but {len(names)} are needed: {_arrays.listed(names)}")
    if names is not None and x.names is not None and x.names != names:
        raise DataError(f"X has the columns {_arrays.listed(x.names)}, but needs {_arrays.listed(names)}")
    if label_names is not None and labels.names is not None and labels.names != label_names:
        raise DataError(f"y has the labels {', '.join(labels.names)}, but needs {', '.join(label_names)}")
    weight = None if sample_weight is None else _arrays.weights(sample_weight, x.rows)
    return _arrays.table(
        x,
        labels,
        weight,
        first_row=_call.number("first_row", first_row, 0, 10**18),
        drop_missing=missing == "drop",
        feature_names=names,
    )
