"""Training on a table in shards, with any map-reduce engine.

There are two passes. The first surveys each shard and merges the surveys: this determines the map from rows to points,
the units of labels and, from a random sample, all automatic choices. The second sums over each shard and merges the
sums. Gradient descent on the output layer depends on the rows only through these sums, so the final sums determine the
whole path.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _arrays, _call, _native, results
from ._progress import progress_bars
from ._run import result_of
from .errors import DataError, ParameterError

__all__ = ["Statistics", "Survey"]


class Survey:
    """Moments and a random sample of some rows of a table, from the first pass.

    Parameters
    ----------
    X : array, or table of pandas, pyarrow or polars, of shape (rows, columns)
        The features.
    y : array of shape (rows,) or (rows, labels)
        The labels.
    first_row : int
        The number of the first row in the whole table. With the seed it determines which rows are for validation.
    sample_weight : array of shape (rows,), optional
        The weights of the rows.
    validation_fraction, test_fraction : float
        The fractions of the rows that are excluded from moments and sums for training.
    seed : int
        The seed of the split, the sample and, later, the network.
    missing : {'reject', 'drop'}
        What to do with rows with missing values.

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
        with _arrays.named("X"):
            self._survey = _native.Survey(table, _call.number("seed", seed), *parts)
        self._options = {"validation_fraction": validation_fraction, "test_fraction": test_fraction, "seed": seed}

    @property
    def rows(self) -> int:
        """The number of rows surveyed."""
        return self._survey.rows

    def merge(self, other: Survey) -> Survey:
        """Return the survey of the rows of both, which must be different rows of one table."""
        _check_same_type(self, other)
        merged = Survey.__new__(Survey)
        merged._survey = self._survey.merge(other._survey)
        merged._options = self._options
        return merged

    def __repr__(self) -> str:
        return f"Survey({self.rows} rows)"


class Statistics:
    """Sums over some rows of a table, from which gradient descent on the output layer is computed.

    Statistics over different rows of one table can be merged in any order; with a fixed order and fixed shards the result is
    reproducible bit by bit. They must share one choice: create it with `Statistics`, send copies made by `without_rows` to
    the shards, and merge the results.

    Parameters
    ----------
    survey : Survey
        The survey of all rows, or of enough rows to determine the map to points. It holds the seed and the fractions.
    hidden : {'drawn', 'grown'}
        Whether hidden units are drawn at random or grown on the survey's sample, as for `zonal.train`. Grown units hold out
        folds: their survey needs ``validation_fraction=0``, and ``test_fraction=0``, since the error of the mean of their
        networks does not follow from the sums. Growth takes seconds to a minute.
    activation, scale, bias, width, precision, on_sphere, lift, folds, kinks
        As for `zonal.train`; ``'auto'`` chooses on the survey's sample. `folds` is the number of grown networks.
    progress : bool
        Whether to show progress; by default if standard error is a terminal or this is a notebook.

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
        hidden: str = "drawn",
        activation: str | Callable[[Any], Any] = "auto",
        scale: float | str = "auto",
        bias: float | str = "auto",
        width: int | None = None,
        precision: str = "f64",
        on_sphere: bool = False,
        lift: str | None = None,
        folds: int | None = None,
        kinks: Sequence[float] = (),
        progress: bool | None = None,
    ) -> None:
        if not isinstance(survey, Survey):
            raise ParameterError(f"survey is a {type(survey).__name__}, but a zonal.Survey is needed")
        arguments = {**locals(), **survey._options}
        names = ["scale", "bias", "width", "precision", "lift", "folds", "hidden", "test_fraction", "seed"]
        if hidden != "grown":
            names.append("validation_fraction")
        elif survey._options["validation_fraction"] != 0:
            message = "grown units hold out folds, not validation rows: the survey needs validation_fraction=0"
            raise ParameterError(f"{message}, but has {survey._options['validation_fraction']}")
        options = {name: _call.plain(name, arguments[name]) for name in names if arguments[name] is not None}
        code = _call.code(activation, kinks)
        if code is None:
            options["activation"] = _call.plain("activation", activation)
        request = json.dumps({"command": "train", "on_sphere": _call.flag("on_sphere", on_sphere), **options})
        with progress_bars(progress) as bars:
            self._lock = threading.Lock()
            self._sums, notes = _native.Sums.choose(request, survey._survey, code, bars)
        self._notes = tuple(notes)

    @classmethod
    def _of(cls, sums: _native.Sums, notes: tuple[str, ...] = ()) -> Statistics:
        this = cls.__new__(cls)
        this._lock = threading.Lock()
        this._sums, this._notes = sums, notes
        return this

    def without_rows(self) -> Statistics:
        """Return the same choice without rows, to be sent to a shard."""
        return self._of(self._sums.without_rows(), self._notes)

    @property
    def rows(self) -> int:
        """The number of rows added, including dropped ones."""
        return self._sums.rows

    @property
    def next_row(self) -> int:
        """The first row that is missing from the rows added so far."""
        return self._sums.next_row

    @property
    def choice(self) -> Mapping[str, Any]:
        """The choice made before the sums: lift, labels, activation, scale, width, seed, candidates."""
        choice: Mapping[str, Any] = json.loads(self._sums.problem)
        return choice

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
            The number of the first row in the whole table; `next_row` by default.
        sample_weight : array of shape (rows,), optional
            The weights of the rows.
        missing : {'reject', 'drop'}
            What to do with rows with missing values.
        progress : bool
            As for `Statistics`.

        Returns
        -------
        Statistics
            The object itself. It is unchanged after an exception.
        """
        choice = self.choice
        names, label_names = choice["lift"]["columns"], [label["name"] for label in choice["labels"]]
        with self._lock, progress_bars(progress) as bars, _arrays.named("X"):
            first = self.next_row if first_row is None else first_row
            self._sums.add(_table(X, y, sample_weight, first, missing, names, label_names), bars)
        return self

    def merge(self, other: Statistics) -> Statistics:
        """Return the sums over the rows of both, which must be different rows."""
        _check_same_type(self, other)
        return self._of(self._sums.merge(other._sums), self._notes)

    def to_bytes(self) -> bytes:
        """Return everything as bytes, without a callable activation; use pickle to include it."""
        return self._sums.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Statistics:
        """Read statistics from bytes; damaged ones and those of another version are rejected."""
        return cls._of(_native.Sums.from_bytes(data))

    def path(
        self,
        *,
        iterations: int | float | None = None,
        at: Sequence[int] | None = None,
        step: float | str = "auto",
        solver: str = "auto",
        refit: bool = False,
        ridge: float = 0.0,
        progress: bool | None = None,
    ) -> results.Training:
        """Compute the whole path of gradient descent over the rows added so far.

        Parameters
        ----------
        iterations, at, step, solver, refit, ridge
            As for `zonal.train`.
        progress : bool
            As for `Statistics`.

        Returns
        -------
        Training
            Errors are computed from the sums. ``result.network`` makes predictions.
        """
        last, listed = _call.iterations(iterations, at)
        fixed = None if isinstance(step, str) and step == "auto" else _call.real("step", step)
        with progress_bars(progress) as bars:
            report = self._sums.fit(
                last, listed, fixed, solver, _call.flag("refit", refit), _call.real("ridge", ridge), bars
            )
        result: results.Training = result_of(results.Training, report, self._notes)
        return result

    def __copy__(self) -> Statistics:
        return self._of(self._sums.copy(), self._notes)

    def __reduce__(self) -> tuple[Any, ...]:
        return Statistics._of, (self._sums, self._notes)

    def __repr__(self) -> str:
        choice = self.choice
        units = "grown units" if self._sums.is_grown else choice["activation"]
        return f"Statistics({self.rows} rows, width {choice['width']}, {units})"


def _check_same_type(one: Any, other: Any) -> None:
    if type(one) is not type(other):
        kind = type(one).__name__
        raise ParameterError(f"a {kind} cannot be merged with a {type(other).__name__}; another {kind} is needed")


def _table(
    X: Any,
    y: Any,
    sample_weight: Any,
    first_row: int,
    missing: str,
    names: list[str] | None = None,
    label_names: list[str] | None = None,
) -> _native.Table:
    """Return rows as a table; `names` and `label_names` are those of the whole table."""
    if missing not in ("reject", "drop"):
        raise ParameterError(f"missing is {missing!r}, but must be 'reject' or 'drop'")
    for data, argument in ((X, "X"), (y, "y")):
        # Shards have no levels in common.
        _arrays.reject_dates(data, argument)
        _arrays.reject_text(data, argument)
    x, labels = _arrays.features(X, "X"), _arrays.labels(y, "y")
    if names is not None and len(names) != len(x.columns):
        raise DataError(f"X has {len(x.columns)} columns, but {len(names)} are needed: {_arrays.join_names(names)}")
    if names is not None and x.names is not None and x.names != names:
        raise DataError(f"X has the columns {_arrays.join_names(x.names)}, but needs {_arrays.join_names(names)}")
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
