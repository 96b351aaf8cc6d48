"""Trained networks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _call, _native
from ._result import FloatArray
from .errors import DataError

__all__ = ["Network"]


class Network:
    """A network with one hidden layer, at every listed iteration of its training.

    It is what `zonal.train` leaves in ``result.network``, and what the program keeps as ``model.safetensors``. For a row
    x it gives f(x) = c sum_j a_j phi(s <w_j, x> + b_j); rows of a table are first put on the sphere as in training, and
    predictions are in the labels' units.

    Examples
    --------
    >>> import numpy as np, zonal
    >>> x = np.random.default_rng(0).normal(size=(300, 3))
    >>> network = zonal.train(x, x[:, 0] * x[:, 1], width=200, seed=1).network
    >>> network.predict(x[:5]).shape
    (5,)
    >>> bool(network.predict(x[:5], iteration=0).std() < 1e-12)
    True
    """

    def __init__(self, model: _native.Model) -> None:
        self._model = model

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Network:
        """Read a network from ``model.safetensors`` or from a run folder of the program.

        Raises
        ------
        zonal.errors.FileError, zonal.errors.DataError
            For a file that cannot be read or is no network.
        """
        return cls(_native.Model.load(_call.path("path", path)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file that the program reads too; ``zonal predict FILE DATA``."""
        self._model.save(_call.path("path", path))

    @property
    def iterations(self) -> npt.NDArray[np.uint64]:
        """The iterations at which it is known, ascending."""
        iterations: npt.NDArray[np.uint64] = self._model.iterations
        return iterations

    @property
    def best_iteration(self) -> int:
        """The iteration that is used unless another is asked for."""
        return self._model.best_iteration

    @property
    def width(self) -> int:
        """The number of hidden units."""
        return self._model.width

    @property
    def activation(self) -> str:
        """The activation's name or expression."""
        return self._model.activation

    @property
    def scale(self) -> float:
        """The scale s of the units."""
        return self._model.scale

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of the feature columns; None for a network that was trained on a target."""
        columns = self._model.columns
        return None if columns is None else tuple(columns)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the labels."""
        return tuple(self._model.labels)

    def weights(self, iteration: int | None = None) -> tuple[FloatArray, FloatArray | None, FloatArray]:
        """Hidden weights (width, dimension), biases (width,) or None, and output weights (labels, width)."""
        wanted = None if iteration is None else self._iteration(iteration)
        hidden, biases, output = self._model.weights(wanted)
        return hidden, biases, output

    def predict(self, X: Any, iteration: int | None = None) -> FloatArray:
        """Predict the labels of rows.

        Parameters
        ----------
        X : array, or table of pandas, pyarrow or polars, of shape (rows, columns)
            Rows with the columns of the training, or points of the sphere for a network trained on a target.
        iteration : int, optional
            One of `iterations`; `best_iteration` by default.

        Returns
        -------
        ndarray of shape (rows,), or (rows, labels) for several labels
            In the labels' units. The same bits as ``zonal predict``.

        Raises
        ------
        zonal.errors.DataError
            For other columns than those of the training, or values that are missing.
        zonal.errors.ParameterError
            For an iteration that is not listed, with those near it that are.
        """
        wanted = self.best_iteration if iteration is None else self._iteration(iteration)
        return self._shaped(self._values(self._table(X), wanted))

    def staged_predict(self, X: Any, iterations: Sequence[int] | None = None) -> Iterator[FloatArray]:
        """Predictions at each listed iteration, or at some of them, one after another."""
        wanted = self.iterations if iterations is None else [self._iteration(t) for t in iterations]
        table = self._table(X)
        for t in wanted:
            yield self._shaped(self._values(table, int(t)))

    def _table(self, X: Any) -> _native.Table:
        named = _arrays.features(X, "X")
        columns = self.columns
        if columns is None:
            return _arrays.table(named)
        if named.names is not None and named.names != list(columns):
            named = _reordered(named, columns)
        if len(named.columns) != len(columns):
            message = f"X has {len(named.columns)} columns, but the network was trained on {len(columns)}"
            raise DataError(message)
        return _arrays.table(named, feature_names=list(columns))

    def _values(self, table: _native.Table, iteration: int) -> FloatArray:
        with _arrays.without_remedy():
            values: FloatArray = self._model.predict(table, iteration)
        return values

    def _shaped(self, values: FloatArray) -> FloatArray:
        return values[:, 0] if values.shape[1] == 1 else values

    @staticmethod
    def _iteration(value: Any) -> int:
        return _call.number("iteration", value)

    def __reduce__(self) -> tuple[Any, ...]:
        return Network, (self._model,)

    def __repr__(self) -> str:
        labels = f", labels {', '.join(self.labels)}" if self.labels else ""
        return (
            f"Network(width {self.width}, {self.activation}, {len(self.iterations)} iterations, "
            f"best {self.best_iteration}{labels})"
        )


def _reordered(named: _arrays.Named, columns: tuple[str, ...]) -> _arrays.Named:
    """Named columns in the order of the training; other columns are left out."""
    names = named.names or []
    missing = [name for name in columns if name not in names]
    if missing:
        shown = ", ".join(missing[:5])
        raise DataError(f"X lacks the columns {shown}; the network was trained on {_arrays.listed(columns)}")
    return _arrays.Named([named.columns[names.index(name)] for name in columns], list(columns))
