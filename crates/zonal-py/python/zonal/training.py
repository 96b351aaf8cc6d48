"""Trainings, and analyses of tables before training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from . import _arrays, _call, _native, _streams, _tables, results
from ._result import attach
from ._run import Activation, Path, folder, result_of, run
from .energies import spherical_harmonic_energies, uniform_points, values_of
from .errors import DataError, ParameterError

__all__ = ["analyze", "learning_curve", "train"]


@_call.checked()
@_streams.spilled
def train(
    data: Any = None,
    y: Any = None,
    *,
    target: str | Callable[[Any], Any] | None = None,
    dim: int = 10,
    label: str | Sequence[str] | None = None,
    task: str = "auto",
    features: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    groups: Any = None,
    time: Any = None,
    weight: Any = None,
    on_sphere: bool = False,
    lift: str | None = None,
    no_header: bool = False,
    delimiter: str | None = None,
    decimal: str | None = None,
    missing: str = "fill",
    categorical: Sequence[str] | None = None,
    validation: Any = None,
    test: Path | Sequence[Path] | None = None,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.2,
    stop: str | None = None,
    folds: int | None = None,
    interval: float = 0.9,
    refit: bool = False,
    precision: str = "f64",
    activation: Activation = "auto",
    scale: float | str = "auto",
    bias: float | str = "auto",
    width: int | str | None = None,
    hidden: str | None = None,
    iterations: int | float | None = None,
    step: float | str = "auto",
    ridge: float = 0.0,
    solver: str = "auto",
    at: Sequence[int] | None = None,
    max_degree: int | None = None,
    layers: str = "output",
    method: str | None = None,
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

    Training is gradient descent on squared loss. With ``layers='output'`` hidden units stay as drawn, and the whole path is
    computed at once, for any number of iterations. With ``'both'`` or ``'hidden'``, or with a `batch`, training is
    iterative.

    Parameters
    ----------
    data : file names, array, table of pandas, pyarrow or polars, or stream of Arrow
        The rows: files or globs (CSV, lines of JSON, NPY, NPZ, Parquet, Arrow; they may exceed memory); an array of shape
        (rows, columns), which is read in place; or anything with ``__arrow_c_stream__``, such as a relation of DuckDB, which is
        written to a temporary file batch by batch.
    y : array of shape (rows,) or (rows, labels)
        The labels of an array: numbers, or the class of each row.
    target : str or callable
        A function to learn in place of a table: an expression as for `plan`, learned from exact expectations; or a callable
        that takes points (rows, dim) and returns their values, learned from `samples` points.
    dim : int
        The dimension of the target's sphere.
    label : str or sequence of str
        The columns to predict, of files or of a table with names.
    task : {'auto', 'regress', 'classify'}
        Whether labels are numbers or classes; with auto, text and booleans are classes. For classes the network has one output each,
        fitted by least squares to 1 for the class of a row and 0 for the others; iteration and temperature of the probabilities are
        chosen by the log-loss on held-out rows.
    features : sequence of str
        The columns to predict from; all others by default.
    exclude : sequence of str
        Columns not to predict from.
    groups : str or array of shape (rows,)
        The group of each row, such as a patient: a column of the files or of the table, or an array. No group is divided between
        parts or folds.
    time : str or array of shape (rows,)
        The time of each row, a number or a date: the last rows are for testing, those before them for validation, and folds are
        intervals of time.
    weight : str or array of shape (rows,)
        The weights of the rows in every mean: a column of the files or of the table, or an array. Rows of weight 0 are
        dropped; other weights must be from 1e-30 to 1e30.
    on_sphere : bool
        Whether rows are points of the unit sphere: columns are not standardised, no bias is appended, and each row is only
        divided by its length. A table whose sampled rows do not have length 1 is rejected.
    lift : {'sphere', 'none'}
        Whether drawn units see standardised rows, with the bias, divided by their length, which makes them points of the
        sphere, or as they are. No plan or spectrum applies to rows that are not on the sphere.
    no_header, delimiter
        The dialect of CSV files. The default delimiter is a tab for files that end in ``.tsv``, and for others what the first line
        suggests: a comma, a semicolon, a tab or a bar.
    decimal : {'point', 'comma'}
        The decimal mark of CSV files; by default what the first lines suggest.
    missing : {'fill', 'drop', 'reject'}
        What to do with missing values: replace missing features by the mean of their column over the training rows and mark
        them in a column of their own, drop such rows, or raise. Rows without a label are dropped, unless it is ``reject``.
    categorical : sequence of str
        The columns of files that hold levels even if these look like numbers. Each level gets a column of its own, as for
        columns of text.
    validation : file names, or pair of arrays
        The rows for choosing the iteration: files, or, for rows in memory, the pair ``(X, y)``, or a table with the columns of `data`. By
        default they are split off the table, and grown units use folds; with such rows each network of grown units is fitted to all other
        rows.
    test : file names
        Files with test rows; by default they are split off the table.
    test_fraction, validation_fraction : float
        The fractions of the rows for testing and for choosing the iteration. The part of a row depends only on the seed and
        its number.
    interval : float
        The probability with which the reported intervals are to cover the labels of new rows.
    stop : {'leave-one-out', 'validation', 'folds'}
        The rows that choose the iteration of drawn units. With leave-one-out each row is predicted by the network that descent on all
        other rows finds, exactly and at every iteration, and no row is held back; copies of rows are left out together, and means and
        units of columns and labels are those of all rows. It is the default below 20,000 rows, if rows times width times labels or classes
        is at most 2e7, in f64, unless `validation`, `validation_fraction`, `folds`, `groups` or `time` is set or training is
        iterative. Grown units hold out folds.
    folds : int
        The number of folds for choosing the iteration by cross-validation; with ``stop='folds'`` 5 by default.
    refit : bool
        Whether to fit the final network to the validation rows too.
    precision : {'f64', 'f32'}
        The precision; f32 is up to twice as fast and accurate to about six digits.
    activation : str or callable
        As for `spectrum`; auto chooses on a sample of the non-test rows, and is relu for targets.
    scale, bias : float or ``'auto'``
        The scale of the units (also ``'sqrt-dim'``) and the bias appended to rows; auto chooses on the same sample.
    width : int or ``'inf'``
        The number of hidden units; ``'inf'`` for the limit of infinite width, on targets. By default 1000; for grown units
        300 in each network, and 600 from 2,000 rows.
    hidden : {'grown', 'drawn'}
        On tables, whether hidden units are grown on the rows (drawn where rows are, on few columns, chosen in stages by what
        they add to the labels, and tuned) or drawn at random. The network of grown units is the mean of `folds` networks
        (by default 8, 4 from 2,000 rows, and a tenth of the rows below 80), each of which holds out one fold. By
        default units are grown, unless training is iterative, `activation` is a callable, or `scale`, `bias`, `lift`, `on_sphere`,
        `validation_fraction`, `refit`, `ridge` or a `stop` other than folds is set.
    iterations : int
        The number of iterations; by default the largest of `at`, else 1e9, or 1e4 for iterative training.
    step : float or ``'auto'``
        The step size.
    ridge : float
        The factor of the squared norm of the output weights, which is added to the mean squared error of drawn units on a table, with
        labels in standard units. Descent then approaches ridge regression.
    solver : {'auto', 'dense', 'lanczos'}
        The solver of the path.
    at : sequence of int
        The iterations to report; by default six for each power of ten.
    max_degree : int
        The largest degree to report, on targets.
    layers : {'output', 'hidden', 'both'}
        The layers that are trained.
    method : {'descent', 'lbfgs'}
        What determines a step of iterative training. L-BFGS needs all rows or exact expectations, and has no step size.
    batch : ``'full'``, int, ``'fresh:N'`` or ``'exact'``
        The rows of a step: all rows, a number of rows, N new points of a target's sphere, or exact expectations.
    units : {'free', 'sphere'}
        Whether trained hidden units move freely or stay on the sphere.
    biases : bool
        Whether each hidden unit has a trained bias.
    parametrisation : {'ntk', 'standard', 'mean-field'}
        The factor before the sum of units: 1/sqrt m, 1 or 1/m.
    init : {'symmetric', 'random', 'zero'}
        The initial output weights.
    patience : float
        On tables, end at this multiple of the iteration with the smallest validation loss; 10 by default.
    out : path
        The folder for the run. Unlike the command-line program, nothing is written by default.
    force, resume, checkpoint, no_report, figures
        Options of that folder, as in the command-line program.
    seed : int
        The seed of all random numbers; the same seed yields the same bits as the command-line program.
    kinks : sequence of float
        Points where a callable activation is not smooth.
    samples : int
        The number of points at which a callable target is evaluated.
    progress : bool
        Whether to show progress; by default if standard error is a terminal or this is a notebook.

    Returns
    -------
    Training
        Losses are mean squared errors, on tables in the label's unit squared. ``result.network`` makes predictions.

    Raises
    ------
    zonal.errors.DataError, zonal.errors.ParameterError
        Before any long work; the message states what was found and what is needed.
    KeyboardInterrupt
        Within a second of Ctrl-C.

    Examples
    --------
    >>> import zonal
    >>> run = zonal.train(target="0.8*harmonic(2) + 0.3*harmonic(4)", dim=5, width=300, iterations=10**6)
    >>> run.path.energy.shape[1], run.path.loss[0] > run.path.loss[-1]
    (5, np.True_)
    """
    arguments = locals()
    command = _call.command(train, arguments)
    if callable(target):
        return _train_on_callable(target, arguments)
    if samples != 20_000:
        raise ParameterError("samples is specified, but the target is not a callable")
    skip = ["data", "y", "label", "features", "exclude", "groups", "time", "weight", "activation", "kinks", "samples"]
    skip += ["progress", "out", "test", "validation"]
    options = _call.options(train, arguments, skip)
    code = _call.code(activation, kinks)
    if code is None and activation != "auto":
        options["activation"] = _call.plain("activation", activation)
    if test is not None:
        options["test"] = _tables.files(test, "test")
    if resume is None or out is not None:
        options["out"] = folder(out)
    table = None
    if target is None and resume is None:
        table = _rows(arguments, options)
    else:
        other = "resume, which uses the rows of its run" if target is None else "a target, which has no columns"
        columns = ("data", "y", "label", "features", "exclude", "groups", "time", "weight", "validation")
        _reject(arguments, columns, f"with {other}")
    (report,) = run("train", options, command, table, code, progress)
    result: results.Training = result_of(results.Training, report)
    return result


# The names of the arguments that hold rows.
_ROWS = ("data", "y")


def _rows(arguments: dict[str, Any], options: dict[str, Any]) -> _native.Table | None:
    """Return data in memory as a table; files are added to the options instead."""
    data, y, weight, test = arguments["data"], arguments["y"], arguments["weight"], arguments["test"]
    if data is None:
        raise ParameterError("data and target are both missing; pass rows, or a function to learn")
    if callable(data):
        raise ParameterError("data is a callable; pass a function to learn as target")
    if _tables.is_path(data):
        _tables.reject_labels(arguments["y"])
        options |= _tables.columns(data, arguments["label"], arguments["features"])
        if arguments["exclude"] is not None:
            options["exclude"] = _tables.name_list(arguments["exclude"], "exclude")
        for name in ("groups", "time"):
            if arguments[name] is not None and not isinstance(arguments[name], str):
                kind = type(arguments[name]).__name__
                raise ParameterError(f"{name} is a {kind}, but with files the name of a column is needed")
            options |= {} if arguments[name] is None else {name: arguments[name]}
        if weight is not None:
            if not isinstance(weight, str):
                kind = type(weight).__name__
                raise ParameterError(f"weight is a {kind}, but with files the name of a column is needed")
            options["weight"] = weight
        if arguments["validation"] is not None:
            if not _tables.is_path(arguments["validation"]):
                kind = type(arguments["validation"]).__name__
                raise ParameterError(f"validation is a {kind}, but data is in files, so that files are needed here too")
            options["validation"] = _tables.files(arguments["validation"], "validation")
        return None
    data, given = _key(arguments, data, options)
    data, y, label, coded = _tables.coded(data, y, arguments["label"], arguments["task"])
    x, labels, weights = _tables.split(data, y, label, weight)
    key = None
    if given is not None:
        name, values = given
        key = (_arrays.groups if name == "groups" else _arrays.times)(values, x.rows, name)
    if weights is not None and test is not None:
        raise ParameterError("weight is an array and test is a file, whose rows have no weights; omit one of them")
    if test is None:
        _reject(arguments, ("decimal",), "with data in memory")
    if test is None and (arguments["no_header"] or arguments["delimiter"] is not None):
        name = "no_header" if arguments["no_header"] else "delimiter"
        raise ParameterError(f"{name} is specified, but there are no files")
    drop = arguments["missing"] == "drop"
    selected = _tables.without(_tables.select(x, arguments["features"]), arguments["exclude"])
    classes = None if coded is None else coded.classes

    def table(x: _arrays.Named, y: _arrays.Named, weights: Any, key: Any, names: tuple[str, str]) -> _native.Table:
        return _arrays.table(
            x, y, weights, drop_missing=drop, arguments=names, weight_argument="weight", classes=classes, key=key
        )

    whole = table(selected, labels, weights, key, _ROWS)
    if arguments["validation"] is None:
        return whole
    names = ("the rows of validation", "its labels")
    of_x, of_y = _validation(arguments["validation"], arguments["label"], selected, labels, classes)
    # Their weights are 1, and what determines the parts of other rows does not matter.
    ones, zeros = np.ones(of_x.rows), np.zeros(of_x.rows)
    return whole.with_validation(table(of_x, of_y, None if weights is None else ones, None if key is None else zeros, names))


def _validation(
    rows: Any, label: Any, x: _arrays.Named, y: _arrays.Named, classes: Sequence[str] | None
) -> tuple[_arrays.Named, _arrays.Named]:
    """Return the features and the labels of validation rows in memory, with the columns of the other rows."""
    if _tables.is_path(rows):
        raise ParameterError("validation is a file, but data is in memory; pass the pair (X, y)")
    if isinstance(rows, tuple) and len(rows) == 2:
        features, values = _arrays.features(rows[0], "validation"), rows[1]
    elif label is None:
        raise ParameterError("validation has no labels; pass the pair (X, y), or name their column as label")
    else:
        names = _tables.name_list(label, "label")
        found = _arrays.column(rows, names[0]) if len(names) == 1 else None
        if found is None:
            features, values = _tables.split(rows, None, label, None)[:2]
        else:
            values, features = found[0], _arrays.features(found[1], "validation")
    if x.names is not None and features.names is not None:
        features = _arrays.reordered(features, x.names, "validation")
    if len(features.columns) != len(x.columns):
        raise DataError(f"validation has {len(features.columns)} features, but data has {len(x.columns)}")
    if classes is not None and not isinstance(values, _arrays.Named):
        return _arrays.Named(features.columns, x.names), _arrays.Named(
            [_arrays.codes_of(values, classes, "the label of validation")], y.names
        )
    labels = _arrays.labels(values, "the label of validation")
    if len(labels.columns) != len(y.columns):
        raise DataError(f"validation has {len(labels.columns)} labels, but data has {len(y.columns)}")
    return _arrays.Named(features.columns, x.names), _arrays.Named(labels.columns, y.names)


def _key(arguments: dict[str, Any], data: Any, options: dict[str, Any]) -> tuple[Any, tuple[str, Any] | None]:
    """Return the data without a column that determines the parts of rows, and the name of its argument with its values."""
    given = [name for name in ("groups", "time") if arguments[name] is not None]
    if not given:
        return data, None
    if len(given) == 2:
        raise ParameterError("groups and time both determine the parts of rows; use one of them")
    (name,) = given
    options[name] = name
    values = arguments[name]
    if not isinstance(values, str):
        return data, (name, values)
    found = _arrays.column(data, values)
    if found is None:
        raise DataError(f"{name}: {_tables.no_column('data', values, _arrays.names_in(data) or ())}")
    values, rest = found
    is_feature = arguments["features"] is not None and arguments[name] in _tables.name_list(
        arguments["features"], "features"
    )
    return (data if is_feature else rest), (name, values)


def _reject(arguments: dict[str, Any], names: Iterable[str], why: str) -> None:
    """Reject arguments that would be ignored."""
    for name in names:
        if arguments[name] is not None:
            raise ParameterError(f"{name} cannot be used {why}")


#: The number of points from which the residual energies of a callable target are estimated.
_ENERGY_POINTS = 2_000


def _train_on_callable(target: Callable[[Any], Any], arguments: dict[str, Any]) -> results.Training:
    """Train on points of the sphere, as rows without preparation."""
    _reject(
        arguments,
        ("data", "y", "label", "features", "weight", "test", "resume"),
        "with a callable target, whose points are sampled",
    )
    if arguments["width"] in ("inf", math.inf):
        raise ParameterError("width is inf, which needs a target given as an expression, not a callable")
    if arguments["bias"] != "auto":
        raise ParameterError("bias cannot be used with a callable target, whose rows are points of the sphere")
    max_degree = 4 if arguments["max_degree"] is None else _call.number("max_degree", arguments["max_degree"], 0, 1000)
    samples, dim, seed = _call.number("samples", arguments["samples"], 10), arguments["dim"], arguments["seed"]
    points = uniform_points(dim, samples, seed=seed)
    values = values_of(target, points)
    activation, scale = arguments["activation"], arguments["scale"]
    options = {name: value for name, value in arguments.items() if name not in ("samples", "target", "dim", "max_degree")}
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
    # Rows that are not used for training, if there are any.
    parts = network._model.parts(network._table(points))
    rows = np.flatnonzero(parts == parts.max())[:_ENERGY_POINTS]
    if len(rows) < 3:
        rows = np.arange(samples)[:_ENERGY_POINTS]
    residuals = np.stack([values[rows] - f for f in network.staged_predict(points[rows])], axis=1)
    found = spherical_harmonic_energies(points[rows], residuals, max_degree)
    whole = spherical_harmonic_energies(points[rows], values[rows], max_degree)
    name = getattr(target, "__name__", "callable")
    object.__setattr__(result.path, "energy", found.energy)
    for field, value in (("target", f"function '{name}'"), ("target_energy", whole.energy)):
        object.__setattr__(result, field, value)
    attach(result, _energy_errors=found.standard_error)
    return result


@_call.checked()
@_streams.spilled
def analyze(
    data: Any,
    y: Any = None,
    *,
    label: str | Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    no_header: bool = False,
    delimiter: str | None = None,
    decimal: str | None = None,
    missing: str = "fill",
    categorical: Sequence[str] | None = None,
    test_fraction: float = 0.2,
    max_degree: int = 4,
    most_monomials: int = 3000,
    seed: int = 0,
    progress: bool | None = None,
) -> results.Analysis:
    """Analyse a table before training: the best polynomial of each degree, the noise floor, energies by degree.

    Parameters
    ----------
    data, y, label, features, no_header, delimiter, decimal, missing, categorical
        As for `train`.
    test_fraction : float
        The fraction of the rows on which polynomials are scored and not fitted.
    max_degree : int
        The largest degree of polynomials and energies.
    most_monomials : int
        The largest number of monomials of a polynomial; degrees with more are skipped.
    seed : int
        The seed of the split and of the sample.
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
    arguments = locals()
    options, table = _call.options(analyze, arguments, ["data", "y", "label", "features", "progress"]), None
    if _tables.is_path(data):
        _tables.reject_labels(arguments["y"])
        options |= _tables.columns(data, label, features)
    else:
        x, labels, _ = _tables.split(data, y, label, None)
        table = _arrays.table(_tables.select(x, features), labels, drop_missing=missing == "drop", arguments=_ROWS)
    (report,) = run("analyze", options, _call.command(analyze, arguments), table, progress=progress)
    result: results.Analysis = result_of(results.Analysis, report)
    return result


@_call.checked()
@_streams.spilled
def learning_curve(
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    features: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    rows: int | str | Sequence[int | str] | None = None,
    width: int | None = None,
    activation: Activation = "relu",
    scale: float | str = "auto",
    seed: int = 0,
    kinks: Sequence[float] = (),
    progress: bool | None = None,
) -> results.TableCurve:
    """Measure the error of drawn units on a table by leave-one-out, and estimate it at more rows than the table has.

    Units are drawn, with the best ridge. Estimates are an interval between two heuristics: a power law through the errors of parts of the
    table, and the equivalent of its spectrum and its label (docs/theory/rows.md). Neither is a bound.

    Parameters
    ----------
    data, y, features, exclude
        As for `train`.
    label : str
        The column to predict, of files or of a table with names; a number.
    rows : int or str, or a sequence
        Numbers of rows, or multiples such as ``'2x'``, from 1x to 10x of those of the table; 2x and 10x by default.
    width : int
        The number of hidden units; 1000 by default.
    activation : str or callable
        As for `spectrum`.
    scale : float, ``'sqrt-dim'`` or ``'auto'``
        The scale of the units; auto chooses on a sample, as is the bias.
    seed : int
        The seed of the hidden units and of the parts.
    kinks : sequence of float
        Points where a callable activation is not smooth.
    progress : bool
        As for `train`.

    Returns
    -------
    TableCurve
        Errors are root mean squared errors in the label's unit.

    Examples
    --------
    >>> import numpy as np, zonal
    >>> x = np.random.default_rng(0).normal(size=(400, 3))
    >>> found = zonal.learning_curve(x, np.sin(2 * x[:, 0]) + x[:, 1], width=200)
    >>> found.points.rows.tolist(), bool(found.points.low[0] < found.leave_one_out)
    ([800, 4000], True)
    """
    arguments = locals()
    skip = ["data", "y", "label", "features", "exclude", "activation", "kinks", "progress"]
    options, table = _call.options(learning_curve, arguments, skip), None
    code = _call.code(activation, kinks)
    if code is None:
        options["activation"] = _call.plain("activation", activation)
    if _tables.is_path(data):
        _tables.reject_labels(y)
        options |= _tables.columns(data, label, features)
        if exclude is not None:
            options["exclude"] = _tables.name_list(exclude, "exclude")
    else:
        x, labels, _ = _tables.split(data, y, label, None)
        selected = _tables.without(_tables.select(x, features), exclude)
        table = _arrays.table(selected, labels, drop_missing=False, arguments=_ROWS)
    (report,) = run("curve", options, _call.command(learning_curve, arguments), table, code, progress)
    result: results.TableCurve = result_of(results.TableCurve, report)
    return result
