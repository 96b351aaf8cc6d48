"""Training on Dask arrays and dataframes: ``pip install zonal[dask]``.

Each worker surveys and sums its own partitions. Surveys and sums are merged pair by pair in a fixed tree, so that for the
same partitions the result is identical bit by bit for any number of workers. If a worker is lost, Dask repeats its work.
Hidden units are grown once, on the sample of the merged surveys, before the workers sum over all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import results
from .errors import DataError, MissingPackage
from .statistics import Statistics, Survey

try:
    import dask
    from dask.delayed import Delayed, delayed
except ImportError as error:  # pragma: no cover
    raise MissingPackage("zonal.dask needs Dask: pip install 'dask[array,dataframe,distributed]'") from error

__all__ = ["fit", "statistics", "survey"]


def fit(
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    hidden: str | None = None,
    activation: str | Callable[[Any], Any] = "auto",
    scale: float | str = "auto",
    bias: float | str = "auto",
    width: int | None = None,
    precision: str = "f64",
    validation_fraction: float | None = None,
    test_fraction: float = 0.0,
    iterations: int | float | None = None,
    at: Sequence[int] | None = None,
    step: float | str = "auto",
    solver: str = "auto",
    refit: bool = False,
    folds: int | None = None,
    on_sphere: bool = False,
    lift: str | None = None,
    seed: int = 0,
) -> results.Training:
    """Train on a Dask array or dataframe.

    Parameters
    ----------
    X : dask.array.Array of shape (rows, columns), or dask.dataframe.DataFrame
        The features; an array is one partition for each chunk of rows.
    y : dask.array.Array or dask.dataframe.Series
        The labels, in the same partitions.
    sample_weight : dask.array.Array or dask.dataframe.Series, optional
        The weights of the rows, in the same partitions.
    hidden : {'grown', 'drawn'}
        Whether hidden units are grown on a sample of all rows or drawn at random. By default they are grown, unless
        `activation` is a callable, or `scale`, `bias`, `lift`, `on_sphere`, `validation_fraction`, `test_fraction` or `refit`
        is set.
    activation, scale, bias, width, precision, validation_fraction, test_fraction, iterations, at, step, solver, refit
        As for `zonal.train`. `test_fraction` needs drawn units: the error of the mean of grown networks does not follow from
        the sums.
    folds : int
        The number of grown networks, each of which holds out one fold.
    on_sphere, lift, seed
        As for `zonal.train`.

    Returns
    -------
    zonal.results.Training
        For the same partitions, identical bit by bit for any number of workers. ``result.network.predict`` works on each
        partition: ``X.map_blocks(result.network.predict, drop_axis=1, dtype=float)``.

    Notes
    -----
    Partitions are computed twice, and once more to count rows if Dask does not know their number (dataframes). Persist
    partitions that are expensive to compute. The sums of a partition take about 8 width^2 bytes (12 with test rows), and
    several times that while they are computed.

    Examples
    --------
    >>> import dask.array as da, zonal.dask
    >>> x = da.random.default_rng(0).normal(size=(4000, 3), chunks=(1000, 3))
    >>> run = zonal.dask.fit(x, x[:, 0] * x[:, 1], width=100)
    >>> run.validation_rmse < 0.1
    True
    """
    set_for_drawn = (
        (scale, bias, lift, validation_fraction) != ("auto", "auto", None, None)
        or (on_sphere, refit, test_fraction) != (False, False, 0.0)
        or callable(activation)
    )
    if hidden is None:
        hidden = "drawn" if set_for_drawn else "grown"
    if validation_fraction is None:
        validation_fraction = 0.0 if hidden == "grown" else 0.2
    partitions = _partitions(X, y, sample_weight)
    options = {"validation_fraction": validation_fraction, "test_fraction": test_fraction, "seed": seed}
    empty = Statistics(
        _survey_partitions(partitions, options),
        hidden=hidden,
        activation=activation,
        scale=scale,
        bias=bias,
        width=width,
        precision=precision,
        folds=folds,
        on_sphere=on_sphere,
        lift=lift,
        progress=False,
    )
    sums = _sum_partitions(partitions, empty)
    return sums.path(iterations=iterations, at=at, step=step, solver=solver, refit=refit, progress=False)


def survey(
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    validation_fraction: float = 0.2,
    test_fraction: float = 0.0,
    seed: int = 0,
) -> Survey:
    """Survey all partitions, merged in a fixed tree on the workers.

    Parameters
    ----------
    X, y, sample_weight, validation_fraction, test_fraction, seed
        As for `fit`.

    Returns
    -------
    zonal.Survey
    """
    options = {"validation_fraction": validation_fraction, "test_fraction": test_fraction, "seed": seed}
    return _survey_partitions(_partitions(X, y, sample_weight), options)


def _survey_partitions(partitions: list[Partition], options: dict[str, Any]) -> Survey:
    one = delayed(_survey, pure=True)
    found: Survey = dask.compute(_tree([one(*partition, options) for partition in partitions]))[0]
    return found


def statistics(empty: Statistics, X: Any, y: Any, *, sample_weight: Any = None) -> Statistics:
    """Sum over all partitions, merged in a fixed tree on the workers.

    Parameters
    ----------
    empty : Statistics
        The choice: `Statistics` of the survey, without rows.
    X, y, sample_weight
        As for `fit`.

    Returns
    -------
    zonal.Statistics
    """
    return _sum_partitions(_partitions(X, y, sample_weight), empty)


def _sum_partitions(partitions: list[Partition], empty: Statistics) -> Statistics:
    choice = delayed(empty.without_rows(), pure=True)
    one = delayed(_update, pure=True)
    found: Statistics = dask.compute(_tree([one(choice, *partition) for partition in partitions]))[0]
    return found


def _survey(X: Any, y: Any, weight: Any, first: int, options: dict[str, Any]) -> Survey:
    return Survey(X, y, sample_weight=weight, first_row=first, **options)


def _update(empty: Statistics, X: Any, y: Any, weight: Any, first: int) -> Statistics:
    return empty.without_rows().update(X, y, sample_weight=weight, first_row=first, progress=False)


def _merge(left: Any, right: Any) -> Any:
    return left.merge(right)


def _tree(values: list[Any]) -> Any:
    """Merge neighbours until one remains, in an order that does not depend on timing."""
    pair = delayed(_merge, pure=True)
    while len(values) > 1:
        joined = [pair(values[i], values[i + 1]) for i in range(0, len(values) - 1, 2)]
        values = joined + values[len(joined) * 2 :]
    return values[0]


class Partition(NamedTuple):
    """One partition, and the number of its first row."""

    X: Delayed
    y: Delayed
    weight: Delayed | None
    first_row: int


def _partitions(X: Any, y: Any, weight: Any) -> list[Partition]:
    """Return features, labels and weights of each partition."""
    columns = [_pieces(X, "X", 2), _pieces(y, "y", None)]
    weights = None if weight is None else _pieces(weight, "sample_weight", 1)
    for name, pieces in (("y", columns[1]), ("sample_weight", weights)):
        if pieces is not None and len(pieces) != len(columns[0]):
            message = f"X has {len(columns[0])} partitions and {name} has {len(pieces)}: both need the same number"
            raise DataError(message)
    if not columns[0]:
        raise DataError("X has no partitions, but at least one is needed")
    firsts = _first_rows(X, columns[0])
    rows = zip(columns[0], columns[1], weights or [None] * len(columns[0]), firsts, strict=True)
    return [Partition(*row) for row in rows]


def _pieces(data: Any, argument: str, dimensions: int | None) -> list[Any]:
    if hasattr(data, "to_delayed") and hasattr(data, "chunks"):
        if dimensions is not None and data.ndim != dimensions:
            raise DataError(f"{argument} has {data.ndim} dimensions, but {dimensions} are needed")
        if data.ndim == 2 and data.numblocks[1] > 1:
            data = data.rechunk({1: -1})
        return list(np.ravel(data.to_delayed()))
    if hasattr(data, "to_delayed"):
        return list(data.to_delayed())
    kind = type(data).__name__
    raise DataError(f"{argument} is a {kind}, but a Dask array or dataframe is needed; da.from_array makes one")


def _first_rows(X: Any, parts: list[Any]) -> list[int]:
    """Return the number of the first row of each partition; rows are counted if Dask does not know their number."""
    chunks = X.chunks[0] if hasattr(X, "chunks") else (np.nan,)
    known = not np.isnan(np.asarray(chunks, dtype=np.float64)).any()
    lengths = list(chunks) if known else dask.compute([delayed(len, pure=True)(part) for part in parts])[0]
    empty = [i for i, length in enumerate(lengths) if length == 0]
    if empty:
        raise DataError(f"partition {empty[0]} of X has no rows; repartition the data")
    return [0, *np.cumsum(lengths)[:-1].tolist()]
