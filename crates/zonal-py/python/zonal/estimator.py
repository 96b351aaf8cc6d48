"""The estimators for scikit-learn, which must be installed: ``pip install zonal[sklearn]``."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import _arrays, results
from ._arrays import reject_dates, reject_text
from ._result import FloatArray
from .errors import DataError, MissingPackage, ParameterError
from .network import Network
from .statistics import Statistics, Survey
from .training import train

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_array, check_random_state, column_or_1d, compute_sample_weight
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as error:  # pragma: no cover
    raise MissingPackage("zonal.estimator needs scikit-learn 1.6 or later: pip install scikit-learn") from error

__all__ = ["OneHiddenLayerClassifier", "OneHiddenLayerRegressor"]

_WIDTH = 1000
_ITERATIONS = 10**9
_ITERATIVE_ITERATIONS = 10**4
_SEARCH_ITERATIONS = 10**3


def _has_sums(estimator: OneHiddenLayerRegressor) -> bool:
    """Return whether rows can be added: iterative training has no sums to add to."""
    if estimator._is_iterative():
        raise AttributeError("partial_fit needs layers='output' and batch=None; iterative training has no sums to add to")
    if estimator.hidden == "grown":
        raise AttributeError("partial_fit needs hidden='drawn' or 'auto'; units are grown on all rows")
    if estimator.stop not in ("auto", "validation"):
        raise AttributeError("partial_fit needs stop='auto' or 'validation'; sums have no rows that can be left out")
    return True


class _OneHiddenLayer(BaseEstimator):  # type: ignore[misc]
    """What regression and classification share."""

    def __init__(
        self,
        activation: str | Callable[[Any], Any] = "auto",
        *,
        width: int | None = None,
        hidden: str = "auto",
        layers: str = "output",
        iterations: int | str = "auto",
        scale: float | str = "auto",
        bias: float | str = "auto",
        validation_fraction: float = 0.2,
        refit: bool = True,
        stop: str = "auto",
        ridge: float = 0.0,
        step: float | str = "auto",
        batch: int | None = None,
        method: str = "descent",
        random_state: Any = 0,
        precision: str = "f64",
    ) -> None:
        self.activation = activation
        self.width = width
        self.hidden = hidden
        self.layers = layers
        self.iterations = iterations
        self.scale = scale
        self.bias = bias
        self.validation_fraction = validation_fraction
        self.refit = refit
        self.stop = stop
        self.ridge = ridge
        self.step = step
        self.batch = batch
        self.method = method
        self.random_state = random_state
        self.precision = precision

    @property
    def result_(self) -> results.Training:
        """The report of the training."""
        check_is_fitted(self)
        found: results.Training = self._path
        return found

    @property
    def network_(self) -> Network:
        """The network at every reported iteration."""
        network = self.result_.network
        if network is None:
            raise ParameterError("width is infinite, but rows need a finite width")
        return network

    @property
    def path_(self) -> results.Path:
        """Losses at every reported iteration."""
        return self.result_.path

    @property
    def best_iteration_(self) -> int | None:
        """The default iteration of predictions; None for grown units."""
        return self.result_.best_iteration

    def _features(self, X: Any) -> Any:
        check_is_fitted(self)
        # The general checks take longer than the prediction of a row.
        plain = type(X) is np.ndarray and X.dtype == np.float64 and X.ndim == 2 and not hasattr(self, "feature_names_in_")
        if plain and len(X) and X.shape[1] == self.n_features_in_ and np.isfinite(X).all():
            return X
        reject_dates(X, "X")
        reject_text(X, "X")
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    def _has_validation(self, X_val: Any, y_val: Any) -> bool:
        if (X_val is None) != (y_val is None):
            raise ParameterError("X_val and y_val belong together; pass both or neither")
        return X_val is not None

    def _validation_features(self, X_val: Any, X: _arrays.Named) -> _arrays.Named:
        reject_dates(X_val, "X_val")
        reject_text(X_val, "X_val")
        return _with_names(validate_data(self, X_val, dtype=[np.float64, np.float32], reset=False), X.names)

    def _is_iterative(self) -> bool:
        if self.layers not in ("output", "both", "hidden"):
            raise ParameterError(f"layers is {self.layers!r}, but must be 'output', 'both' or 'hidden'")
        if self.method not in ("descent", "lbfgs"):
            raise ParameterError(f"method is {self.method!r}, but must be 'descent' or 'lbfgs'")
        iterative = self.layers != "output" or self.batch is not None
        if self.method == "lbfgs" and not iterative:
            raise ParameterError(
                "method='lbfgs' needs layers='both' or 'hidden'; the output layer's path is exact without it"
            )
        return iterative

    def _is_grown(self) -> bool:
        if self.hidden != "auto":
            return self.hidden == "grown"
        drawn = {"scale": "auto", "bias": "auto", "validation_fraction": 0.2, "refit": True, "ridge": 0.0}
        is_usual = all(getattr(self, name) == usual for name, usual in drawn.items())
        return not callable(self.activation) and is_usual and self.stop in ("auto", "folds")

    def _stop(self) -> str | None:
        if self.stop not in ("auto", "leave-one-out", "validation", "folds"):
            raise ParameterError(f"stop is {self.stop!r}, but must be 'auto', 'leave-one-out', 'validation' or 'folds'")
        return None if self.stop == "auto" else self.stop

    def _seed(self) -> int:
        if isinstance(self.random_state, numbers.Integral):
            if self.random_state < 0:
                raise ParameterError(f"random_state is {self.random_state}, but must be at least 0")
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _iterations(self, default: int) -> int:
        if isinstance(self.iterations, str):
            if self.iterations != "auto":
                raise ParameterError(f"iterations is {self.iterations!r}, but must be a number or 'auto'")
            return default
        return self.iterations

    def _check_hidden(self, weight: Any) -> None:
        if self.hidden not in ("auto", "grown", "drawn"):
            raise ParameterError(f"hidden is {self.hidden!r}, but must be 'auto', 'grown' or 'drawn'")
        if self._is_iterative():
            if self.hidden == "grown":
                raise ParameterError("hidden='grown' fixes the hidden units; iterative training needs hidden='drawn'")
            if weight is not None:
                raise ParameterError("sample_weight needs layers='output'; iterative training has no weights")

    def _descend(self, X: Any, y: Any, groups: Any, validation: Any) -> results.Training:
        return train(
            X,
            y,
            groups=groups,
            validation=validation,
            test_fraction=0.0,
            validation_fraction=0.2 if validation is not None else self.validation_fraction,
            activation=self.activation,
            width=self.width,
            stop=self._stop(),
            ridge=self.ridge,
            layers=self.layers,
            method=self.method,
            batch=self.batch,
            iterations=self._iterations(_SEARCH_ITERATIONS if self.method == "lbfgs" else _ITERATIVE_ITERATIONS),
            scale=self.scale,
            bias=self.bias,
            step=self.step,
            precision=self.precision,
            seed=self._seed(),
            progress=False,
        )

    def _grow(self, X: Any, y: Any, weight: Any, groups: Any, validation: Any) -> results.Training:
        return train(
            X,
            y,
            groups=groups,
            validation=validation,
            weight=weight,
            test_fraction=0.0,
            hidden="grown",
            stop=self._stop(),
            ridge=self.ridge,
            activation=self.activation,
            width=self.width,
            iterations=self._iterations(_ITERATIONS),
            step=self.step,
            precision=self.precision,
            seed=self._seed(),
            progress=False,
        )

    def _draw(self, X: Any, y: Any, weight: Any, groups: Any, validation: Any) -> results.Training:
        return train(
            X,
            y,
            groups=groups,
            validation=validation,
            weight=weight,
            test_fraction=0.0,
            validation_fraction=0.2 if validation is not None else self.validation_fraction,
            refit=bool(self.refit) and validation is None and self.validation_fraction > 0 and self.stop != "folds",
            stop=self._stop(),
            ridge=self.ridge,
            hidden="drawn",
            activation=self.activation,
            width=_WIDTH if self.width is None else self.width,
            iterations=self._iterations(_ITERATIONS),
            scale=self.scale,
            bias=self.bias,
            step=self.step,
            precision=self.precision,
            seed=self._seed(),
            progress=False,
        )


class OneHiddenLayerRegressor(RegressorMixin, _OneHiddenLayer):  # type: ignore[misc]
    """Regression by a network with one hidden layer, with its whole training path.

    With ``layers='output'`` hidden units are grown on the rows, or drawn at random, and then fixed, and gradient descent on
    the output layer is computed for any number of iterations; folds, rows left out or validation rows choose the number. For
    the same rows, options and seed the network is identical bit by bit to that of ``zonal train --test-fraction 0``.

    Parameters
    ----------
    activation : str or callable, default='auto'
        A name, an expression in t, or a callable of one array; auto chooses on a sample of the rows.
    width : int, optional
        The number of hidden units; by default 1000, and for grown units 300 in each network, or 600 from 2,000 rows.
    hidden : {'auto', 'grown', 'drawn'}, default='auto'
        Whether hidden units are grown on the rows or drawn at random, as for `zonal.train`. Folds choose the iterations of
        grown units. With auto, units are grown, unless training is iterative, the activation is a callable, or `scale`,
        `bias`, `validation_fraction`, `refit`, `ridge` or `stop` (other than folds), which are for drawn units, differ from
        their defaults. `partial_fit` draws.
    layers : {'output', 'both', 'hidden'}, default='output'
        The layers that are trained; ``'both'`` and ``'hidden'`` are iterative.
    iterations : int or 'auto', default='auto'
        The number of iterations; auto is 1e9, 1e4 for iterative training, and 1e3 for L-BFGS. Predictions use `best_iteration_`.
    scale : float, 'sqrt-dim' or 'auto', default='auto'
        The scale s of the units.
    bias : float or 'auto', default='auto'
        The bias appended to rows before they are mapped to the sphere.
    validation_fraction : float, default=0.2
        The fraction of the rows that choose the iteration, if validation rows do. With 0 the last iteration is used;
        iterative training then uses the one with the smallest training loss.
    refit : bool, default=True
        Whether to fit the final network to the validation rows too, once they have chosen the iteration; only with
        layers='output'.
    stop : {'auto', 'leave-one-out', 'validation', 'folds'}, default='auto'
        The rows that choose the iteration of drawn units, as for `zonal.train`: with auto each row, left out of the descent on all
        others, on small tables (below 20,000 rows), and no groups, validation rows or other `validation_fraction`.
    ridge : float, default=0.0
        The factor of the squared norm of the output weights, which is added to the mean squared error of drawn units.
    step : float or 'auto', default='auto'
        The step size.
    batch : int or None, default=None
        The number of rows of a step in iterative training; all rows by default.
    method : {'descent', 'lbfgs'}, default='descent'
        What determines a step of iterative training. L-BFGS needs far fewer steps, each of about two gradients, and all rows.
    random_state : int, RandomState or None, default=0
        The seed of the split, the sample and the hidden units.
    precision : {'f64', 'f32'}, default='f64'
        The precision; f32 is up to twice as fast and accurate to about six digits.

    Attributes
    ----------
    path_ : zonal.results.Path
        Losses at every reported iteration: arrays ``iteration``, ``loss``, ``validation_loss``; in the label's unit squared.
    best_iteration_ : int or None
        The default iteration of predictions; None for grown units, see `result_.best_iterations`.
    network_ : zonal.Network
        The network at every reported iteration.
    result_ : zonal.results.Training
        The report of the training.
    statistics_ : zonal.Statistics
        After `partial_fit`, the sums over all rows so far.
    n_features_in_, feature_names_in_
        The number and the names of the columns of `fit`.

    Notes
    -----
    The part of a row in the split depends on its number, so repeating a row is not equivalent to doubling its weight.
    scikit-learn's checks on the equivalence of sample weights therefore fail, as for its own estimators that split
    internally.

    See Also
    --------
    zonal.train : training with test rows, files and targets.
    zonal.dask.fit : training on a cluster.

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

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        X_val: Any = None,
        y_val: Any = None,
    ) -> OneHiddenLayerRegressor:
        """Train on rows.

        Parameters
        ----------
        X : array or table of shape (rows, columns)
            The features; float32 and float64 are read in place.
        y : array of shape (rows,) or (rows, outputs)
            The labels.
        sample_weight : array of shape (rows,), optional
            The weights of the rows in every mean; only with layers='output'.
        groups : array of shape (rows,), optional
            The group of each row, such as a patient: no group is divided between the rows that are fitted and those that choose the
            iteration.
        X_val, y_val : arrays, optional
            Rows that choose the iteration, in place of a part of `X`; the network is not fitted to them.

        Returns
        -------
        OneHiddenLayerRegressor
        """
        X, y, weight = self._validate(X, y, sample_weight, reset=True)
        self.__dict__.pop("statistics_", None)
        self.__dict__.pop("_path", None)
        self._check_hidden(weight)
        validation = None
        if self._has_validation(X_val, y_val):
            labels = check_array(y_val, ensure_2d=False, dtype=np.float64, input_name="y_val")
            validation = (self._validation_features(X_val, X), labels)
        if self._is_iterative():
            self._path = self._descend(X, y, groups, validation)
        elif self._is_grown():
            self._path = self._grow(X, y, weight, groups, validation)
        else:
            self._path = self._draw(X, y, weight, groups, validation)
        return self

    @available_if(_has_sums)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> OneHiddenLayerRegressor:
        """Add rows; the result is that of fitting all rows at once with ``stop='validation'``, if none are copies.

        The first call determines the map from rows to points of the sphere (means and deviations of columns and labels) and
        all automatic choices. Later calls only add to the sums, so the first rows should be representative. The path is
        computed when it is next needed. A call after `fit` starts over. Hidden units are drawn, since growth needs all rows.
        Only with layers='output', batch=None and hidden='drawn' or 'auto'.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        OneHiddenLayerRegressor
        """
        first = "statistics_" not in self.__dict__
        X, y, weight = self._validate(X, y, sample_weight, reset=first)
        if first:
            self.statistics_ = self._begin(X, y, weight)
        self.statistics_.update(X, y, sample_weight=weight, progress=False)
        self.__dict__.pop("_path", None)
        return self

    def predict(self, X: Any, iteration: int | None = None) -> FloatArray:
        """Predict the labels of rows, at `best_iteration_` or another reported iteration.

        Returns
        -------
        ndarray of shape (rows,) or (rows, outputs)
        """
        return self._reshape(self.network_.predict(self._features(X), iteration))

    def predict_interval(self, X: Any, level: float = 0.9) -> FloatArray:
        """Predict intervals that cover the labels of new rows with a given probability; see `zonal.Network.predict_interval`.

        Returns
        -------
        ndarray of shape (rows, 2) or (rows, outputs, 2)
            The lower and the upper ends.
        """
        ends = self.network_.predict_interval(self._features(X), level)
        return ends if self._outputs is None else ends.reshape(len(ends), self._outputs, 2)

    def staged_predict(self, X: Any) -> Iterator[FloatArray]:
        """Yield predictions at every iteration of ``path_.iteration``."""
        for values in self.network_.staged_predict(self._features(X)):
            yield self._reshape(values)

    @property
    def result_(self) -> results.Training:
        """The report of the training."""
        check_is_fitted(self)
        if "_path" not in self.__dict__:
            self._path = self._solve(self.statistics_)
        found: results.Training = self._path
        return found

    def _validate(self, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> tuple[Any, Any, Any]:
        for data, argument in ((X, "X"), (y, "y"), (sample_weight, "sample_weight")):
            reject_dates(data, argument)
            reject_text(data, argument)
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
            # The network stores the names, so that it can be saved and used on named columns. Later rows are matched by position.
            X, y = _with_names(X, names[0]), _with_names(y, names[1])
            if set(X.names or ()).intersection(y.names or ()):
                y = y._replace(names=None)
        return X, y, weight

    def _begin(self, X: Any, y: Any, weight: Any) -> Statistics:
        survey = Survey(X, y, sample_weight=weight, validation_fraction=self.validation_fraction, seed=self._seed())
        return Statistics(
            survey,
            activation=self.activation,
            scale=self.scale,
            bias=self.bias,
            width=_WIDTH if self.width is None else self.width,
            precision=self.precision,
            progress=False,
        )

    def _solve(self, statistics: Statistics) -> results.Training:
        return statistics.path(
            iterations=self._iterations(_ITERATIONS),
            step=self.step,
            refit=bool(self.refit),
            ridge=self.ridge,
            progress=False,
        )

    def _reshape(self, values: FloatArray) -> FloatArray:
        return values if self._outputs is None else values.reshape(len(values), self._outputs)

    def __sklearn_is_fitted__(self) -> bool:
        return "_path" in self.__dict__ or "statistics_" in self.__dict__

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class OneHiddenLayerClassifier(ClassifierMixin, _OneHiddenLayer):  # type: ignore[misc]
    """Classification by a network with one hidden layer, with its whole training path.

    The network has one output for each class, fitted by least squares to 1 for the class of a row and 0 for the others. The
    probability of a class is proportional to the exponential of a temperature times its output; iteration and temperature have the
    smallest log-loss on held-out rows, over which each class is spread evenly. For the same rows, options and seed the network is
    identical bit by bit to that of ``zonal train --task classify --test-fraction 0``.

    Parameters
    ----------
    activation : str or callable, default='auto'
        A name, an expression in t, or a callable of one array; auto chooses on a sample of the rows.
    width : int, optional
        The number of hidden units; by default 1000, and for grown units 300 in each network, or 600 from 2,000 rows.
    hidden : {'auto', 'grown', 'drawn'}, default='auto'
        Whether hidden units are grown on the rows or drawn at random, as for `zonal.train`. Folds choose the iterations of
        grown units. With auto, units are grown, unless training is iterative, the activation is a callable, or `scale`,
        `bias`, `validation_fraction`, `refit`, `ridge` or `stop` (other than folds), which are for drawn units, differ from
        their defaults.
    layers : {'output', 'both', 'hidden'}, default='output'
        The layers that are trained; ``'both'`` and ``'hidden'`` are iterative.
    iterations : int or 'auto', default='auto'
        The number of iterations; auto is 1e9, 1e4 for iterative training, and 1e3 for L-BFGS. Predictions use `best_iteration_`.
    scale : float, 'sqrt-dim' or 'auto', default='auto'
        The scale s of the units.
    bias : float or 'auto', default='auto'
        The bias appended to rows before they are mapped to the sphere.
    validation_fraction : float, default=0.2
        The fraction of the rows that choose the iteration, if validation rows do. With 0 the last iteration is used;
        iterative training then uses the one with the smallest training loss.
    refit : bool, default=True
        Whether to fit the final network to the validation rows too, once they have chosen the iteration; only with
        layers='output'.
    stop : {'auto', 'leave-one-out', 'validation', 'folds'}, default='auto'
        The rows that choose the iteration of drawn units, as for `zonal.train`: with auto each row, left out of the descent on all
        others, on small tables (below 20,000 rows), and no groups, validation rows or other `validation_fraction`.
    ridge : float, default=0.0
        The factor of the squared norm of the output weights, which is added to the mean squared error of drawn units.
    step : float or 'auto', default='auto'
        The step size.
    batch : int or None, default=None
        The number of rows of a step in iterative training; all rows by default.
    method : {'descent', 'lbfgs'}, default='descent'
        What determines a step of iterative training. L-BFGS needs far fewer steps, each of about two gradients, and all rows.
    random_state : int, RandomState or None, default=0
        The seed of the split, the sample and the hidden units.
    precision : {'f64', 'f32'}, default='f64'
        The precision; f32 is up to twice as fast and accurate to about six digits.
    class_weight : dict, 'balanced' or None, default=None
        The weight of the rows of each class, times `sample_weight`; ``'balanced'`` gives all classes the same total weight. Only with
        ``layers='output'``.

    Attributes
    ----------
    classes_ : ndarray of shape (classes,)
        The classes.
    path_ : zonal.results.Path
        Losses at every reported iteration: arrays ``iteration``, ``loss``, ``validation_loss``, ``log_loss``.
    best_iteration_ : int or None
        The default iteration of predictions; None for grown units, see `result_.best_iterations`.
    network_ : zonal.Network
        The network at every reported iteration.
    temperature_ : float
        The factor of the outputs whose exponentials are proportional to the probabilities.
    result_ : zonal.results.Training
        The report of the training.
    n_features_in_, feature_names_in_
        The number and the names of the columns of `fit`.

    See Also
    --------
    OneHiddenLayerRegressor : the same for numbers.
    zonal.train : training with test rows and files.

    Examples
    --------
    >>> import numpy as np
    >>> from zonal import OneHiddenLayerClassifier
    >>> x = np.random.default_rng(0).normal(size=(600, 3))
    >>> y = np.where(x[:, 0] * x[:, 1] > 0, "same", "different")
    >>> model = OneHiddenLayerClassifier(width=100).fit(x[:500], y[:500])
    >>> bool(model.score(x[500:], y[500:]) > 0.9)
    True
    >>> model.predict_proba(x[:2]).shape
    (2, 2)
    """

    def __init__(
        self,
        activation: str | Callable[[Any], Any] = "auto",
        *,
        width: int | None = None,
        hidden: str = "auto",
        layers: str = "output",
        iterations: int | str = "auto",
        scale: float | str = "auto",
        bias: float | str = "auto",
        validation_fraction: float = 0.2,
        refit: bool = True,
        stop: str = "auto",
        ridge: float = 0.0,
        step: float | str = "auto",
        batch: int | None = None,
        method: str = "descent",
        random_state: Any = 0,
        precision: str = "f64",
        class_weight: Any = None,
    ) -> None:
        super().__init__(
            activation,
            width=width,
            hidden=hidden,
            layers=layers,
            iterations=iterations,
            scale=scale,
            bias=bias,
            validation_fraction=validation_fraction,
            refit=refit,
            stop=stop,
            ridge=ridge,
            step=step,
            batch=batch,
            method=method,
            random_state=random_state,
            precision=precision,
        )
        self.class_weight = class_weight

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        X_val: Any = None,
        y_val: Any = None,
    ) -> OneHiddenLayerClassifier:
        """Train on rows.

        Parameters
        ----------
        X : array or table of shape (rows, columns)
            The features; float32 and float64 are read in place.
        y : array of shape (rows,)
            The classes: text, numbers or booleans.
        sample_weight : array of shape (rows,), optional
            The weights of the rows in every mean; only with layers='output'.
        groups : array of shape (rows,), optional
            The group of each row, such as a patient: no group is divided between the rows that are fitted and those that choose the
            iteration.
        X_val, y_val : arrays, optional
            Rows that choose the iteration and the temperature, in place of a part of `X`; the network is not fitted to them.

        Returns
        -------
        OneHiddenLayerClassifier
        """
        for data, argument in ((X, "X"), (sample_weight, "sample_weight")):
            reject_dates(data, argument)
            reject_text(data, argument)
        names = _arrays.names_in(X)
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2)
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            # Rows of weight 0 do not count, and may have classes of their own.
            used = weight > 0
            X, y, weight = X[used], y[used], weight[used]
            groups = None if groups is None else np.asarray(groups)[used]
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(f"y has {len(self.classes_)} class, but classification needs at least two classes")
        if self.class_weight is not None:
            of_class = compute_sample_weight(self.class_weight, y)
            weight = of_class if weight is None else weight * of_class
        self._check_hidden(weight)
        labels = _arrays.Coded(codes.astype(np.float64), [str(name) for name in self.classes_], None)
        X = _with_names(X, names)
        validation = None
        if self._has_validation(X_val, y_val):
            values = column_or_1d(y_val, warn=True)
            unknown = values[~np.isin(values, self.classes_)]
            if len(unknown):
                known = _arrays.join_names(labels.classes, 10)
                raise DataError(f"y_val holds {unknown[0]!r}, but the classes of y are {known}")
            of_rows = np.searchsorted(self.classes_, values).astype(np.float64)
            validation = (self._validation_features(X_val, X), _arrays.Named([of_rows], None))
        if self._is_iterative():
            self._path = self._descend(X, labels, groups, validation)
        else:
            self._path = (self._grow if self._is_grown() else self._draw)(X, labels, weight, groups, validation)
        return self

    def predict(self, X: Any, iteration: int | None = None) -> Any:
        """Predict the classes of rows, at `best_iteration_` or another reported iteration.

        Returns
        -------
        ndarray of shape (rows,)
        """
        values = self._outputs(X, iteration)
        return self.classes_[values.argmax(axis=1)]

    def predict_proba(self, X: Any, iteration: int | None = None) -> FloatArray:
        """Predict the probabilities of the classes of rows, in the order of `classes_`.

        Returns
        -------
        ndarray of shape (rows, classes)
        """
        return self.network_.predict_proba(self._features(X), iteration)

    def decision_function(self, X: Any, iteration: int | None = None) -> FloatArray:
        """Compute the outputs of the network times `temperature_`, whose exponentials are proportional to the probabilities.

        Returns
        -------
        ndarray of shape (rows, classes), or (rows,) for two classes: the output of the second one less that of the first
        """
        values = self.temperature_ * self._outputs(X, iteration)
        return values[:, 1] - values[:, 0] if len(self.classes_) == 2 else values

    def _outputs(self, X: Any, iteration: int | None) -> FloatArray:
        network = self.network_
        at = None if iteration is None else network._iteration(iteration)
        return network._values(network._table(self._features(X)), at)

    @property
    def temperature_(self) -> float:
        """The factor of the outputs whose exponentials are proportional to the probabilities."""
        temperature = self.network_.temperature
        assert temperature is not None
        return temperature

    def __sklearn_is_fitted__(self) -> bool:
        return "_path" in self.__dict__


def _with_names(array: Any, names: list[str] | None) -> _arrays.Named:
    """Return the columns of an array, with the names of its original table."""
    columns = [array] if array.ndim == 1 else [array[:, j] for j in range(array.shape[1])]
    return _arrays.Named(columns, names if names is not None and len(names) == len(columns) else None)
