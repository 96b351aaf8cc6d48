"""Training, and what a table holds before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from . import _arrays, _call, _native, _tables, results
from ._result import attach
from ._run import Activation, Path, folder, result_of, run
from .energies import spherical_harmonic_energies, uniform_points, values_of
from .errors import ParameterError

__all__ = ["analyze", "train"]


def train(
    data: Any = None,
    y: Any = None,
    *,
    target: str | Callable[[Any], Any] | None = None,
    dim: int = 10,
    label: str | Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    weight: Any = None,
    on_sphere: bool = False,
    no_header: bool = False,
    delimiter: str | None = None,
    missing: str = "reject",
    test: Path | Sequence[Path] | None = None,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.2,
    folds: int | None = None,
    refit: bool = False,
    precision: str = "f64",
    activation: Activation = "auto",
    scale: float | str = "auto",
    bias: float | str = "auto",
    width: int | str = 1000,
    iterations: int | float | None = None,
    step: float | str = "auto",
    solver: str = "auto",
    at: Sequence[int] | None = None,
    max_degree: int | None = None,
    layers: str = "output",
    batch: int | str | None = None,
    units: str | None = None,
    biases: bool = False,
    parametrisation: str | None = None,
    init: str | None = None,
    patience: float | None = None,
    out: Path | None = None,
    force: bool = False,
    resume: Path | None = None,
    checkpoint: int = 60,
    no_report: bool = False,
    figures: Sequence[str] | None = None,
    seed: int = 0,
    kinks: Sequence[float] = (),
    samples: int = 20_000,
    progress: bool | None = None,
) -> results.Training:
    """Train a network with one hidden layer, and measure its whole path.

    Gradient descent on squared loss. With ``layers='output'`` hidden units stay as they were drawn, and the path is found
    at once for every number of iterations; with ``'both'`` or ``'hidden'``, or with a `batch`, it goes step by step.

    Parameters
    ----------
    data : file names, array, or table of pandas, pyarrow or polars
        The rows: files or patterns (CSV, NPY, NPZ, Parquet, Arrow; larger than memory allowed), or an array of shape
        (rows, columns), which is read where it is.
    y : array of shape (rows,) or (rows, labels)
        The labels of an array.
    target : str or callable
        A function to learn in place of a table: an expression as for `plan`, on exact expectations; or a callable that takes
        points (rows, dim) and returns their values, which is learned from `samples` points.
    dim : int
        The dimension of the target's sphere.
    label : str or sequence of str
        The columns to predict, of files or of a table with names.
    features : sequence of str
        The columns to predict from; all others by default.
    weight : str or array of shape (rows,)
        The rows' weights in every mean: a column of the files or of the table, or an array. Rows of weight 0 are left out;
        others are from 1e-30 to 1e30.
    on_sphere : bool
        Rows are points of the unit sphere: nothing is standardised, no bias appended, each is only divided by its length. A
        table whose sampled rows have other lengths than 1 is refused.
    no_header, delimiter, missing
        How CSV files are written. Fields are separated by a tab in files that end in ``.tsv`` and by a comma in others, unless
        `delimiter` is given; ``missing='drop'`` leaves out rows that lack a value.
    test : file names
        Rows for testing, in place of a part of the table.
    test_fraction, validation_fraction : float
        Parts of the rows for testing and for choosing the iteration. A row's part depends on the seed and its number alone.
    folds : int
        Choose the iteration over folds in place of validation rows.
    refit : bool
        Fit the final network to validation rows too.
    precision : {'f64', 'f32'}
        f32 is up to twice as fast and right to about six digits.
    activation : str or callable
        As for `spectrum`; auto chooses on a sample of the rows that are not for testing, and is relu for targets.
    scale, bias : float or ``'auto'``
        The scale of the units (also ``'sqrt-dim'``) and the bias appended to rows; auto chooses on the same sample.
    width : int or ``'inf'``
        The number of hidden units; the limit on targets.
    iterations : int
        The last iteration; by default the last one of `at`, or 1e9, step by step 1e4.
    step : float or ``'auto'``
        The step of the descent.
    solver : {'auto', 'dense', 'lanczos'}
        How the path is found.
    at : sequence of int
        Iterations to list; six for each power of ten by default.
    max_degree : int
        The largest degree to list, on targets.
    layers : {'output', 'hidden', 'both'}
        Which layers are trained.
    batch : ``'full'``, int, ``'fresh:N'`` or ``'exact'``
        What a step sees: all rows, a number of rows, N new points of a target's sphere, or exact expectations.
    units : {'free', 'sphere'}
        Whether hidden units that are trained may leave the sphere.
    biases : bool
        Whether each unit has a bias that is trained with it.
    parametrisation : {'ntk', 'standard', 'mean-field'}
        The factor before the sum of units: 1/sqrt m, 1 or 1/m.
    init : {'symmetric', 'random', 'zero'}
        How output weights begin.
    patience : float
        On tables, end at this multiple of the iteration with the smallest validation loss; 10 by default.
    out : path
        The folder for the run. Unlike the program, nothing is written by default.
    force, resume, checkpoint, no_report, figures
        About that folder, as for the program.
    seed : int
        Seed of everything random: the same seed gives the same bits as the program.
    kinks : sequence of float
        Points where a callable activation is not smooth.
    samples : int
        Points at which a callable target is evaluated.
    progress : bool
        Whether bars are shown; by default where there is tqdm and a terminal.

    Returns
    -------
    Training
        Losses are mean squared errors, on tables in the label's unit squared. ``result.network`` predicts.

    Raises
    ------
    zonal.errors.DataError, zonal.errors.ParameterError
        Before any long work, with what was found and what is needed.
    KeyboardInterrupt
        Within a second of Ctrl-C.

    Examples
    --------
    >>> import zonal
    >>> run = zonal.train(target="0.8*harmonic(2) + 0.3*harmonic(4)", dim=5, width=300, iterations=10**6)
    >>> run.path.energy.shape[1], run.path.loss[0] > run.path.loss[-1]
    (5, np.True_)
    """
    given = locals()
    command = _call.command(train, given)
    if callable(target):
        return _train_on_callable(target, given)
    if samples != 20_000:
        raise ParameterError("samples is given, but the target is no callable")
    skip = ["data", "y", "label", "features", "weight", "activation", "kinks", "samples", "progress", "out", "test"]
    options = _call.options(train, given, skip)
    code = _call.code(activation, kinks)
    if code is None and activation != "auto":
        options["activation"] = _call.plain("activation", activation)
    if test is not None:
        options["test"] = _tables.files(test, "test")
    if resume is None or out is not None:
        options["out"] = folder(out)
    table = None
    if target is None and resume is None:
        table = _rows(given, options)
    else:
        needed = "resume, which continues on its own rows" if target is None else "a target, which has no columns"
        _refuse(given, ("data", "y", "label", "features", "weight"), f"with {needed}")
    (report,) = run("train", options, command, table, code, progress)
    result: results.Training = result_of(results.Training, report)
    return result


def _rows(given: dict[str, Any], options: dict[str, Any]) -> _native.Table | None:
    """The rows of a training: files go into its options, data in memory become a table."""
    data, y, weight, test = given["data"], given["y"], given["weight"], given["test"]
    if data is None:
        raise ParameterError("data and target are both missing: rows to learn from, or a function to learn")
    if callable(data):
        raise ParameterError("data is a callable, but a function to learn is given as target")
    if _tables.is_path(data):
        _refuse(given, ("y",), "with files, whose labels are columns: name them as label")
        options |= _tables.columns(data, given["label"], given["features"])
        if weight is not None:
            if not isinstance(weight, str):
                kind = type(weight).__name__
                raise ParameterError(f"weight is a {kind}, but with files it is the name of a column")
            options["weight"] = weight
        return None
    x, labels, weights = _tables.split(data, y, given["label"], weight)
    if weights is not None and test is not None:
        raise ParameterError("weight and test are both given, but files of test rows have no weights beside an array")
    if test is None and (given["no_header"] or given["delimiter"] is not None):
        name = "no_header" if given["no_header"] else "delimiter"
        raise ParameterError(f"{name} is given, but there are no files")
    drop = given["missing"] == "drop"
    chosen = _tables.chosen(x, given["features"])
    return _arrays.table(chosen, labels, weights, drop_missing=drop, weight_argument="weight")


def _refuse(given: dict[str, Any], names: Iterable[str], why: str) -> None:
    """Refuse arguments that would be ignored."""
    for name in names:
        if given[name] is not None:
            raise ParameterError(f"{name} is given {why}")


#: Points at which the residual of a callable target is looked at by degree.
_LOOKED_AT = 2_000


def _train_on_callable(target: Callable[[Any], Any], given: dict[str, Any]) -> results.Training:
    """Training on points of the sphere, as rows that need no preparation."""
    _refuse(
        given,
        ("data", "y", "label", "features", "weight", "test", "resume"),
        "with a callable target, which has rows of its own",
    )
    if given["width"] in ("inf", math.inf):
        raise ParameterError("width is inf, which needs a target as an expression: a callable is known at points only")
    if given["bias"] != "auto":
        raise ParameterError("bias is given with a callable target, whose points of the sphere get none")
    max_degree = 4 if given["max_degree"] is None else _call.number("max_degree", given["max_degree"], 0, 1000)
    samples, dim, seed = _call.number("samples", given["samples"], 10), given["dim"], given["seed"]
    points = uniform_points(dim, samples, seed=seed)
    values = values_of(target, points)
    activation, scale = given["activation"], given["scale"]
    options = {name: value for name, value in given.items() if name not in ("samples", "target", "dim", "max_degree")}
    options |= {
        "on_sphere": True,
        "activation": "relu" if activation == "auto" else activation,
        "scale": 1.0 if scale == "auto" else scale,
        "data": points,
        "y": values,
    }
    result = train(**options)
    network = result.network
    if network is None:
        return result
    # Rows that the training has not seen, where there are any.
    parts = network._model.parts(0, samples)
    chosen = np.flatnonzero(parts == parts.max())[:_LOOKED_AT]
    if len(chosen) < 3:
        chosen = np.arange(samples)[:_LOOKED_AT]
    left = np.stack([values[chosen] - f for f in network.staged_predict(points[chosen])], axis=1)
    found = spherical_harmonic_energies(points[chosen], left, max_degree)
    whole = spherical_harmonic_energies(points[chosen], values[chosen], max_degree)
    name = getattr(target, "__name__", "callable")
    object.__setattr__(result.path, "energy", found.energy)
    for field, value in (("target", f"function '{name}'"), ("target_energy", whole.energy)):
        object.__setattr__(result, field, value)
    attach(result, _energy_errors=found.standard_error)
    return result


def analyze(
    data: Any,
    y: Any = None,
    *,
    label: str | Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    no_header: bool = False,
    delimiter: str | None = None,
    missing: str = "reject",
    test_fraction: float = 0.2,
    max_degree: int = 4,
    most_monomials: int = 3000,
    seed: int = 0,
    progress: bool | None = None,
) -> results.Analysis:
    """What a table holds before any network: the best polynomial of each degree, noise, energy by degree.

    Parameters
    ----------
    data, y, label, features, no_header, delimiter, missing
        As for `train`.
    test_fraction : float
        Part of the rows on which polynomials are scored and not fitted.
    max_degree : int
        Polynomials and energies up to this degree.
    most_monomials : int
        The most monomials that a polynomial may have; degrees with more are left out.
    seed : int
        Seed of the split and of the sample.
    progress : bool
        As for `train`.

    Returns
    -------
    Analysis

    Examples
    --------
    >>> import numpy as np, zonal
    >>> x = np.random.default_rng(0).normal(size=(2000, 3))
    >>> found = zonal.analyze(x, x[:, 0] * x[:, 1])
    >>> bool(found.labels[0].best_polynomial.error[2] < 1e-12)
    True
    """
    given = locals()
    options, table = _call.options(analyze, given, ["data", "y", "label", "features", "progress"]), None
    if _tables.is_path(data):
        _refuse(given, ("y",), "with files, whose labels are columns: name them as label")
        options |= _tables.columns(data, label, features)
    else:
        x, labels, _ = _tables.split(data, y, label, None)
        table = _arrays.table(_tables.chosen(x, features), labels, drop_missing=missing == "drop")
    (report,) = run("analyze", options, _call.command(analyze, given), table, progress=progress)
    result: results.Analysis = result_of(results.Analysis, report)
    return result
