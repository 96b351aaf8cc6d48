"""Trained networks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _call, _native, _onnx
from ._result import FloatArray
from .errors import DataError, ParameterError

__all__ = ["Network"]


class Network:
    """A network with one hidden layer, at every reported iteration of its training.

    `zonal.train` returns it as ``result.network``; the command-line program writes it as ``model.safetensors``. For a row x
    its value is f(x) = c sum_j a_j phi(s <w_j, x> + b_j). Rows of a table are first mapped to the sphere as in training,
    and predictions are in the labels' units.

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
        """Read a network from ``model.safetensors`` or from a run folder.

        Raises
        ------
        zonal.errors.FileError, zonal.errors.DataError
            For a file that cannot be read or is not a network.
        """
        return cls(_native.Model.load(_call.path("path", path)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file, for `load` and for ``zonal predict FILE DATA``."""
        self._model.save(_call.path("path", path))

    def to_onnx(self, path: str | os.PathLike[str] | None = None, iteration: int | None = None) -> Any:
        """Convert the network to an ONNX model, and write it to a file if a path is given.

        The input ``X`` of shape (rows, columns) holds the columns of the training in double precision, with NaN for missing values
        and days since 1970-01-01 for dates. If there are columns of text, the input ``text`` of strings holds these, empty for missing
        ones, and ``X`` the others. The output ``prediction`` has a column for each label, or for each class its output; for classes
        ``probabilities`` follow. The names of columns, labels and classes are in the metadata. Needs the package onnx; differs from
        `predict` by rounding only.

        Parameters
        ----------
        path : path, optional
            The file to write.
        iteration : int, optional
            One of `iterations`; the default iteration of predictions if not set.

        Returns
        -------
        onnx.ModelProto

        Raises
        ------
        zonal.errors.ParameterError
            For activations that are formulas or Hermite polynomials.
        """
        model = _onnx.model(self._model, None if iteration is None else self._iteration(iteration))
        if path is not None:
            FilePath(_call.path("path", path)).write_bytes(model.SerializeToString())
        return model

    @property
    def card(self) -> str | None:
        """What the network predicts, from which columns, how it was trained, its errors and its limits, as Markdown; None in files of older
        versions.
        """
        return self._model.card

    @property
    def iterations(self) -> npt.NDArray[np.uint64]:
        """The iterations at which the network is known, ascending."""
        iterations: npt.NDArray[np.uint64] = self._model.iterations
        return iterations

    @property
    def best_iteration(self) -> int | None:
        """The default iteration of predictions; None for grown networks, each of which has its own."""
        return None if self._model.best_iterations is not None else self._model.best_iteration

    @property
    def best_iterations(self) -> tuple[int, ...] | None:
        """The iteration at which each grown network is used by default; None for drawn units."""
        found = self._model.best_iterations
        return None if found is None else tuple(found)

    @property
    def width(self) -> int:
        """The number of hidden units."""
        return self._model.width

    @property
    def activation(self) -> str:
        """The activation's name or expression; of grown units all names."""
        groups = self._model.groups
        return self._model.activation if groups is None else ", ".join(dict.fromkeys(name for name, _ in groups[1:]))

    @property
    def groups(self) -> tuple[tuple[str, int], ...] | None:
        """The activations of grown units with the number of units, in the order of `weights`; None for drawn units.

        The first group of each network is its constant: one unit with weights 0 and bias 1.
        """
        groups = self._model.groups
        return None if groups is None else tuple(groups)

    @property
    def scale(self) -> float:
        """The scale s of the units."""
        return self._model.scale

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names of the feature columns; None for a network trained on a target."""
        columns = self._model.columns
        return None if columns is None else tuple(columns)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels."""
        return tuple(self._model.labels)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes of the label; None if labels are numbers."""
        found = self._model.classes
        return None if found is None else tuple(found[0])

    @property
    def temperature(self) -> float | None:
        """The factor of the outputs whose exponentials are proportional to the probabilities of classes."""
        found = self._model.classes
        return None if found is None else found[1]

    def weights(self, iteration: int | None = None) -> tuple[FloatArray, FloatArray | None, FloatArray]:
        """Return hidden weights (width, dimension), biases (width,) or None, and output weights (labels, width)."""
        known = None if iteration is None else self._iteration(iteration)
        hidden, biases, output = self._model.weights(known)
        return hidden, biases, output

    def predict(self, X: Any, iteration: int | None = None) -> FloatArray:
        """Predict the labels of rows.

        Parameters
        ----------
        X : array, or table of pandas, pyarrow or polars, of shape (rows, columns)
            Rows with the columns of the training, or points of the sphere for a network trained on a target.
        iteration : int, optional
            One of `iterations`; by default `best_iteration`, or for grown networks `best_iterations`.

        Returns
        -------
        ndarray of shape (rows,), or (rows, labels) for several labels
            The predictions in the labels' units, identical bit by bit to ``zonal predict``; of a network that was trained on
            classes the name of the most probable one.

        Raises
        ------
        zonal.errors.DataError
            For columns other than those of the training, or missing values.
        zonal.errors.ParameterError
            For an iteration at which the network is not known; the message lists the nearest ones.
        """
        at = None if iteration is None else self._iteration(iteration)
        return self._predict(X, at, "X")

    def _predict(self, rows: Any, at: int | None, argument: str) -> FloatArray:
        """Predict rows at an iteration or by default; `argument` is their name in messages."""
        values = self._values(self._table(rows, argument), at, argument)
        return self._squeeze(values) if self.classes is None else np.array(self.classes)[values.argmax(axis=1)]

    def predict_proba(self, X: Any, iteration: int | None = None) -> FloatArray:
        """Predict the probabilities of the classes of rows, in the order of `classes`; for networks trained on classes.

        Parameters
        ----------
        X, iteration
            As for `predict`.

        Returns
        -------
        ndarray of shape (rows, classes)
            exp(T f) / sum exp(T f), where f are the outputs of the network and T is `temperature`.

        Raises
        ------
        zonal.errors.DataError, zonal.errors.ParameterError
            As for `predict`; for a network trained on numbers.
        """
        return self._predict_proba(X, None if iteration is None else self._iteration(iteration), "X")

    def predict_interval(self, X: Any, level: float = 0.9) -> FloatArray:
        """Predict intervals that cover the labels of new rows with a given probability, at the best iteration.

        Half the width is the ceil((N+1) level)-th smallest error on N rows that were held out in the training. Of grown networks
        these are errors of each alone; the error of their mean is smaller, so that more labels are covered.

        Parameters
        ----------
        X
            As for `predict`.
        level : float
            The probability.

        Returns
        -------
        ndarray of shape (rows, 2), or (rows, labels, 2) for several labels
            The lower and the upper ends.

        Raises
        ------
        zonal.errors.ParameterError
            For a level that the held-out rows do not determine, and for networks without held-out rows or of classes.
        """
        half = self._model.half_widths(_call.real("level", level))
        values = self._values(self._table(X), None)
        ends = np.stack([values - half, values + half], axis=-1)
        return ends[:, 0] if ends.shape[1] == 1 else ends

    def _predict_proba(self, rows: Any, at: int | None, argument: str) -> FloatArray:
        if self.classes is None:
            raise ParameterError("the network was trained on numbers, which have no probabilities; use predict")
        return self._values(self._table(rows, argument), at, argument, has_probabilities=True)

    def staged_predict(self, X: Any, iterations: Sequence[int] | None = None) -> Iterator[FloatArray]:
        """Yield predictions at each reported iteration, or at the specified ones; of classes the outputs for each."""
        at = self.iterations if iterations is None else [self._iteration(t) for t in iterations]
        table = self._table(X)
        for t in at:
            yield self._squeeze(self._values(table, int(t)))

    def _table(self, rows: Any, argument: str = "X") -> _native.Table:
        named = _arrays.features(rows, argument)
        columns = self.columns
        if columns is None:
            return _arrays.table(named)
        if named.names is not None and named.names != list(columns):
            named = _arrays.reordered(named, columns, argument)
        if len(named.columns) != len(columns):
            message = f"{argument} has {len(named.columns)} columns, but the network was trained on {len(columns)}"
            raise DataError(message)
        return _arrays.table(named, feature_names=list(columns))

    def _values(
        self, table: _native.Table, iteration: int | None, argument: str = "X", *, has_probabilities: bool = False
    ) -> FloatArray:
        with _arrays.named(argument), _arrays.without_drop_advice():
            values: FloatArray = self._model.predict(table, iteration, has_probabilities)
        return values

    def _squeeze(self, values: FloatArray) -> FloatArray:
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
            f"best {self.best_iteration if self.best_iterations is None else self.best_iterations}{labels})"
        )
