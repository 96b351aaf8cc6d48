"""The estimator for scikit-learn, which must be installed: ``pip install zonal[sklearn]``."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import _arrays, results
from ._arrays import refuse_dates
from ._result import FloatArray
from .errors import MissingPackage, ParameterError
from .network import Network
from .statistics import Statistics, Survey
from .training import train

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as error:  # pragma: no cover
    raise MissingPackage("OneHiddenLayerRegressor needs scikit-learn 1.6 or later: pip install scikit-learn") from error

__all__ = ["OneHiddenLayerRegressor"]

_LAST = 10**9
_LAST_STEP = 10**4


def _has_sums(estimator: OneHiddenLayerRegressor) -> bool:
    """Whether rows can be added: step by step there are no sums to add to."""
    if estimator._goes_step_by_step():
        raise AttributeError("partial_fit is for layers='output' and batch=None: step by step there are no sums to add to")
    return True


class OneHiddenLayerRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Regression by a network with one hidden layer, with its whole training path.

    With ``layers='output'`` hidden units stay as they were drawn, and gradient descent on the output layer is known at every
    number of iterations at the cost of one pass over the rows; the number is chosen on validation rows. For the same rows,
    options and seed the network has the same bits as that of ``zonal train --test-fraction 0``.

    Parameters
    ----------
    activation : str or callable, default='auto'
        A name, an expression in t, or a callable of one array; auto chooses on a sample of the rows.
    width : int, default=1000
        The number of hidden units.
    layers : {'output', 'both', 'hidden'}, default='output'
        Which layers are trained. Other than output goes step by step.
    iterations : int or 'auto', default='auto'
        The last iteration; auto is 1e9, step by step 1e4. The one that is used is `best_iteration_`.
    scale : float, 'sqrt-dim' or 'auto', default='auto'
        The scale of the units.
    bias : float or 'auto', default='auto'
        The bias appended to rows before they are put on the sphere.
    validation_fraction : float, default=0.2
        Part of the rows on which the iteration is chosen; with 0 the last one is used (step by step the one with the
        smallest training loss), and so it is for layers='output' where no row falls to that part.
    refit : bool, default=True
        Fit the final network to validation rows too, once they have chosen the iteration; only with layers='output'.
    step : float or 'auto', default='auto'
        The step of the descent.
    batch : int or None, default=None
        Rows that a step sees, where training goes step by step; all of them by default.
    random_state : int, RandomState or None, default=0
        Seed of the split, the sample and the hidden units.
    precision : {'f64', 'f32'}, default='f64'
        f32 is up to twice as fast and right to about six digits.

    Attributes
    ----------
    path_ : zonal.results.Path
        Losses at every listed iteration: arrays ``iteration``, ``loss``, ``validation_loss``; in the label's unit squared.
    best_iteration_ : int
        The iteration that predictions use.
    network_ : zonal.Network
        The network at every listed iteration.
    result_ : zonal.results.Training
        The whole report.
    statistics_ : zonal.Statistics
        After `partial_fit`, the sums over all rows so far.
    n_features_in_, feature_names_in_
        Of the rows of `fit`.

    Notes
    -----
    A row's part of the split depends on its number, so repeating a row is not the same as doubling its weight: of scikit-learn's
    checks those on the equivalence of sample weights fail, as for its own estimators that split internally.

    See Also
    --------
    zonal.train : the same with test rows, files and targets.
    zonal.dask.fit : the same on a cluster.

    Examples
    --------
    >>> import numpy as np
    >>> from zonal import OneHiddenLayerRegressor
    >>> x = np.random.default_rng(0).normal(size=(1000, 4))
    >>> y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2]
    >>> model = OneHiddenLayerRegressor(width=300).fit(x[:800], y[:800])
    >>> bool(model.score(x[800:], y[800:]) > 0.9)
    True
    >>> len(list(model.staged_predict(x[:1]))) == len(model.path_.iteration)
    True
    """

    def __init__(
        self,
        activation: str | Callable[[Any], Any] = "auto",
        *,
        width: int = 1000,
        layers: str = "output",
        iterations: int | str = "auto",
        scale: float | str = "auto",
        bias: float | str = "auto",
        validation_fraction: float = 0.2,
        refit: bool = True,
        step: float | str = "auto",
        batch: int | None = None,
        random_state: Any = 0,
        precision: str = "f64",
    ) -> None:
        self.activation = activation
        self.width = width
        self.layers = layers
        self.iterations = iterations
        self.scale = scale
        self.bias = bias
        self.validation_fraction = validation_fraction
        self.refit = refit
        self.step = step
        self.batch = batch
        self.random_state = random_state
        self.precision = precision

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> OneHiddenLayerRegressor:
        """Train on rows.

        Parameters
        ----------
        X : array or table of shape (rows, columns)
            The features; float32 and float64 are read where they are.
        y : array of shape (rows,) or (rows, outputs)
            The labels.
        sample_weight : array of shape (rows,), optional
            Weights of the rows in every mean; only with layers='output'.

        Returns
        -------
        OneHiddenLayerRegressor
        """
        X, y, weight = self._validated(X, y, sample_weight, reset=True)
        self.__dict__.pop("statistics_", None)
        self.__dict__.pop("_path", None)
        if self._goes_step_by_step():
            if weight is not None:
                raise ParameterError("sample_weight is for layers='output'; step by step all rows count alike")
            self._path = self._descend(X, y)
        else:
            self._path = self._solve(
                self._begin(X, y, weight).update(X, y, first_row=0, sample_weight=weight, progress=False)
            )
        return self

    @available_if(_has_sums)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> OneHiddenLayerRegressor:
        """Add rows, as if all of them had come at once.

        The first call decides how rows become points of the sphere (means and deviations of columns and labels), and
        whatever is chosen automatically; later calls only add to the sums, so the first rows should be like the others. The
        path is found when it is next needed. A call after `fit` starts anew. Only with layers='output' and batch=None.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        OneHiddenLayerRegressor
        """
        first = "statistics_" not in self.__dict__
        X, y, weight = self._validated(X, y, sample_weight, reset=first)
        if first:
            self.statistics_ = self._begin(X, y, weight)
        self.statistics_.update(X, y, sample_weight=weight, progress=False)
        self.__dict__.pop("_path", None)
        return self

    def predict(self, X: Any, iteration: int | None = None) -> FloatArray:
        """Predict the labels of rows, at `best_iteration_` or another listed iteration.

        Returns
        -------
        ndarray of shape (rows,) or (rows, outputs)
        """
        return self._shaped(self.network_.predict(self._features(X), iteration))

    def staged_predict(self, X: Any) -> Iterator[FloatArray]:
        """Predictions at every iteration of ``path_.iteration``, one after another."""
        for values in self.network_.staged_predict(self._features(X)):
            yield self._shaped(values)

    @property
    def result_(self) -> results.Training:
        """The whole report."""
        check_is_fitted(self)
        if "_path" not in self.__dict__:
            self._path = self._solve(self.statistics_)
        found: results.Training = self._path
        return found

    @property
    def network_(self) -> Network:
        """The network at every listed iteration."""
        network = self.result_.network
        if network is None:
            raise ParameterError("width is infinite, but rows need a network")
        return network

    @property
    def path_(self) -> results.Path:
        """Losses at every listed iteration."""
        return self.result_.path

    @property
    def best_iteration_(self) -> int:
        """The iteration that predictions use."""
        return self.result_.best_iteration

    def _features(self, X: Any) -> Any:
        check_is_fitted(self)
        refuse_dates(X, "X")
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    def _validated(self, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> tuple[Any, Any, Any]:
        for data, argument in ((X, "X"), (y, "y"), (sample_weight, "sample_weight")):
            refuse_dates(data, argument)
        names = _arrays.names_in(X), _arrays.names_in(y)
        X, y = validate_data(
            self,
            X,
            y,
            reset=reset,
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
            ensure_min_samples=2 if reset else 1,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            import warnings

            from sklearn.exceptions import DataConversionWarning

            message = "A column-vector y was passed when a 1d array was expected; y.ravel() gives one."
            warnings.warn(message, DataConversionWarning, stacklevel=3)
            y = y[:, 0]
        if reset:
            self._outputs = None if y.ndim == 1 else y.shape[1]
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if reset:
            # The network keeps the names, so that it can be saved and used on named columns. Later rows come by position.
            X, y = _with_names(X, names[0]), _with_names(y, names[1])
            if set(X.names or ()).intersection(y.names or ()):
                y = y._replace(names=None)
        return X, y, weight

    def _goes_step_by_step(self) -> bool:
        if self.layers not in ("output", "both", "hidden"):
            raise ParameterError(f"layers is {self.layers!r}, but must be 'output', 'both' or 'hidden'")
        return self.layers != "output" or self.batch is not None

    def _seed(self) -> int:
        if isinstance(self.random_state, numbers.Integral):
            if self.random_state < 0:
                raise ParameterError(f"random_state is {self.random_state}, but must be at least 0")
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _last(self, usual: int) -> int:
        if isinstance(self.iterations, str):
            if self.iterations != "auto":
                raise ParameterError(f"iterations is {self.iterations!r}, but must be a number or 'auto'")
            return usual
        return self.iterations

    def _begin(self, X: Any, y: Any, weight: Any) -> Statistics:
        survey = Survey(X, y, sample_weight=weight, validation_fraction=self.validation_fraction, seed=self._seed())
        return Statistics(
            survey,
            activation=self.activation,
            scale=self.scale,
            bias=self.bias,
            width=self.width,
            precision=self.precision,
            progress=False,
        )

    def _solve(self, statistics: Statistics) -> results.Training:
        return statistics.path(iterations=self._last(_LAST), step=self.step, refit=bool(self.refit), progress=False)

    def _descend(self, X: Any, y: Any) -> results.Training:
        return train(
            X,
            y,
            test_fraction=0.0,
            validation_fraction=self.validation_fraction,
            activation=self.activation,
            width=self.width,
            layers=self.layers,
            batch=self.batch,
            iterations=self._last(_LAST_STEP),
            scale=self.scale,
            bias=self.bias,
            step=self.step,
            precision=self.precision,
            seed=self._seed(),
            progress=False,
        )

    def _shaped(self, values: FloatArray) -> FloatArray:
        return values if self._outputs is None else values.reshape(len(values), self._outputs)

    def __sklearn_is_fitted__(self) -> bool:
        return "_path" in self.__dict__ or "statistics_" in self.__dict__

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _with_names(array: Any, names: list[str] | None) -> _arrays.Named:
    """The columns of an array with the names of the table that it was made from."""
    columns = [array] if array.ndim == 1 else [array[:, j] for j in range(array.shape[1])]
    return _arrays.Named(columns, names if names is not None and len(names) == len(columns) else None)
