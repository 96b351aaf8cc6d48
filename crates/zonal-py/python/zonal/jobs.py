"""The jobs of the program as functions: the same names, defaults, checks and numbers."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from . import _arrays, _call, _native, results
from ._result import attach, build
from .energies import spherical_harmonic_energies, uniform_points
from .errors import DataError, ParameterError
from .network import Network

__all__ = ["analyze", "plan", "reproduce", "spectrum", "sweep", "train"]

#: Anything that names an activation: a name, an expression in t, or a callable of one array.
Activation = str | Callable[[Any], Any]
#: Names of files.
Path = str | os.PathLike[str]


def _result(cls: type[Any], report: _native.Report) -> Any:
    """A result from what the compiled part found."""
    document = json.loads(report.json)
    result = build(cls, document, vars(results))
    attach(result, notes=tuple(report.notes), _document=document, _figures=report.figures)
    if isinstance(result, results.Training) and report.model is not None:
        attach(result, _network=Network(report.model))
    return result


def spectrum(
    activation: Activation | Sequence[str] = "relu",
    *,
    dim: int | str | Sequence[int] = 10,
    max_degree: int = 12,
    scale: float | str | Sequence[float] | None = None,
    kinks: Sequence[float] | None = None,
    kernel: str = "feature",
    bias: bool = False,
    decay: range | str | None = None,
    for_degrees: range | str | None = None,
) -> Any:
    """Funk-Hecke spectrum of an activation: which degrees it sees, and how fast each is learned.

    The coefficient of degree k is alpha_k = E[phi(s <w, x>) P_k(<w, x>)] over uniform points x of the sphere, for a unit vector
    w; the eigenvalue alpha_k^2 is the rate at which gradient descent on the output layer learns the degree. Each has a bound on
    its error.

    Parameters
    ----------
    activation : str or callable
        A name (``relu``, ``tanh``, ..), an expression in t such as ``'t*tanh(t)'``, a list of these, or a callable that
        takes an array of arguments and returns the values at them.
    dim : int, or ``'inf'``
        The dimension n of the sphere, at least 2; several are compared.
    max_degree : int
        The largest degree.
    scale : float, or ``'sqrt-dim'``
        The scale s; 1 by default. Rankings try 1 and sqrt(n).
    kinks : sequence of float
        Points where a callable or an expression is not smooth. Those of expressions are found; a callable with kinks or jumps that
        are not named costs accuracy, which the errors show, and so many calls that it may be refused.
    kernel : {'feature', 'tangent'}
        Whose eigenvalues: with the output layer trained, or with both.
    bias : bool
        With trained biases.
    decay : range or str
        Degrees over which the power is fitted by which eigenvalues fall: ``range(2, 9)`` or ``'2..8'``.
    for_degrees : range or str
        Rank activations for learning these degrees instead.

    Returns
    -------
    Spectrum
        Or `Ranking` with `for_degrees`; a list of either where several activations, dimensions or scales are given.

    Raises
    ------
    zonal.errors.ParameterError
        For parameters out of their domains. Exceptions of a callable come back as they are.

    Examples
    --------
    >>> import zonal
    >>> relu = zonal.spectrum("relu", dim=10, max_degree=4)
    >>> relu.degrees.visible.tolist()
    [True, True, True, False, True]
    >>> round(float(relu.degrees.coefficient[1]), 6)
    0.05
    """
    given = locals()
    words = ["spectrum", *_call.words(spectrum, given, ["activation", "kinks"])]
    code = _call.code(activation, () if kinks is None or not callable(activation) else kinks)
    if code is None:
        # Rankings have a list of their own.
        if for_degrees is None or activation != "relu":
            words.append(f"--activation={_call.text('activation', activation)}")
        if kinks is not None:
            words.append(f"--kinks={_call.text('kinks', kinks)}")
    reports = _native.run(words, _call.command(spectrum, given), None, code)
    cls = results.Spectrum if for_degrees is None else results.Ranking
    found = [_result(cls, report) for report in reports]
    return found[0] if len(found) == 1 else found


def plan(
    target: str | Callable[[Any], Any],
    *,
    dim: int = 10,
    activation: Activation = "relu",
    scale: float | str = "auto",
    degree: int | None = None,
    epsilon: float | None = None,
    width: int | None = None,
    iterations: int | None = None,
    delta: float | None = None,
    verify: int | None = None,
    seed: int = 0,
    kinks: Sequence[float] = (),
    samples: int = 5_000,
    progress: bool | None = None,
) -> results.Plan:
    """Width and iterations that bring the loss to that of the best polynomial of a degree, plus epsilon.

    Parameters
    ----------
    target : str or callable
        The function to learn: a polynomial in x1..xn, ``harmonic(K)``, ``neuron(A)``, ``teacher(A, units=U)``, or a sum of
        these with coefficients. Of a callable of points (rows, dim) energies are estimated from `samples` points, so that
        the plan is as good as they are; ``result.notes`` tells their errors.
    dim : int
        The dimension n of the sphere.
    activation : str or callable
        As for `spectrum`.
    scale : float, ``'sqrt-dim'`` or ``'auto'``
        The scale of the units; auto is 1.
    degree : int
        The degree of the polynomial to compare with; the target's by default, or 4 where it has none.
    epsilon : float
        How much the loss may exceed that polynomial's error by; 5 % of the target's energy by default.
    width, iterations : int
        Given instead of found.
    delta : float
        Also a bound for a single draw of hidden units, which may fail with this probability.
    verify : int
        Train with the plan over so many seeds and compare.
    seed : int
        Seed of the target's directions, and the first one of the verification.
    kinks : sequence of float
        Points where a callable activation is not smooth.
    samples : int
        Points at which a callable target is evaluated.
    progress : bool
        Whether bars are shown; by default where there is tqdm and a terminal.

    Returns
    -------
    Plan

    Examples
    --------
    >>> import zonal
    >>> found = zonal.plan("0.6*harmonic(2) + 0.8*harmonic(1)", dim=10, degree=2, epsilon=0.05)
    >>> found.loss_bound < found.best_polynomial_error + 0.05 + 1e-12
    True
    """
    given = locals()
    words = ["plan", *_call.words(plan, given, ["target", "activation", "kinks", "samples", "progress"])]
    energies: list[float] | None = None
    notes: tuple[str, ...] = ()
    if callable(target):
        name = getattr(target, "__name__", "callable")
        energies, notes = _estimated(target, dim, samples, 4 if degree is None else degree, seed)
        words.append(f"--target=function '{name}'")
    else:
        words.append(f"--target={_call.text('target', target)}")
    code = _call.code(activation, kinks)
    if code is None:
        words.append(f"--activation={_call.text('activation', activation)}")
    with _call.watching(progress) as watch:
        (report,) = _native.run(words, _call.command(plan, given), None, code, watch, energies)
    result: results.Plan = _result(results.Plan, report)
    if result.invisible_degrees.size:
        degrees = ", ".join(map(str, result.invisible_degrees))
        stays = f"{result.invisible_energy:.4g} of the target's energy {result.target_norm_sq:.4g} stays"
        notes = (*notes, f"invisible to {result.activation}: degree {degrees}; {stays}, whatever the width; see ways_out")
    attach(result, notes=(*notes, *result.notes))
    return result


def _estimated(
    target: Callable[[Any], Any], dim: int, samples: int, degree: int, seed: int
) -> tuple[list[float], tuple[str, ...]]:
    """Energies of a callable up to a degree, then the rest, and what a person should know of them."""
    points = uniform_points(dim, _call.number("samples", samples, 3), seed=seed)
    found = spherical_harmonic_energies(points, _values_of(target, points), degree)
    # What could be no energy at all counts as none.
    known = np.where(found.energy > 3 * found.standard_error, found.energy, 0.0)
    rest = max(float(found.norm_sq) - float(known.sum()), 0.0)
    pairs = zip(found.energy, found.standard_error, strict=True)
    told = ", ".join(f"degree {k}: {energy:.3g} +- {error:.2g}" for k, (energy, error) in enumerate(pairs))
    return [*known.tolist(), rest], (f"energies are estimates from {samples} points: {told}",)


def _is_path(data: Any) -> bool:
    """Whether data names files."""
    if isinstance(data, str | os.PathLike):
        return True
    return isinstance(data, list | tuple) and bool(data) and all(isinstance(x, str | os.PathLike) for x in data)


def _files(data: Any, argument: str = "data") -> list[str]:
    paths = [data] if isinstance(data, str | bytes | os.PathLike) else list(data)
    return [_call.path(argument, path) for path in paths]


def _name_list(names: str | Iterable[str], argument: str) -> list[str]:
    """One name or several, which need not be text where columns have numbers."""
    found = [names] if isinstance(names, str | int) else [str(name) for name in names]
    if not found:
        raise ParameterError(f"{argument} names no column, but at least one is needed")
    return [str(name) for name in found]


def _columns(label: Any, features: Any) -> tuple[list[str], list[str] | None]:
    """Labels and features of files, by name."""
    if label is None:
        raise ParameterError(
            "label is missing: the column of the files that is to be predicted (a function to learn is given as target)"
        )
    return _name_list(label, "label"), None if features is None else _name_list(features, "features")


def _split_frame(data: Any, y: Any, label: Any) -> tuple[_arrays.Named, _arrays.Named]:
    """Features and labels of data in memory, where labels may be columns of a table."""
    if y is None and label is None:
        raise ParameterError("y is missing: the labels as an array, or label, the column that holds them")
    if y is not None and label is not None:
        raise ParameterError("y and label are both given, but the labels come from one of them")
    if y is not None:
        return _arrays.features(data, "X"), _arrays.labels(y, "y")
    whole = _arrays.features(data, "data")
    wanted = _name_list(label, "label")
    if whole.names is None:
        raise DataError("label names a column, but data has no names; give the labels as y")
    missing = [name for name in wanted if name not in whole.names]
    if missing:
        raise DataError(f"data has no column '{missing[0]}'; its columns are {_arrays.listed(whole.names)}")
    rest = [j for j, name in enumerate(whole.names) if name not in wanted]
    features = _arrays.Named([whole.columns[j] for j in rest], [whole.names[j] for j in rest])
    if not rest:
        raise DataError("data has no column beside its labels, but at least one is needed to predict from")
    return features, _arrays.Named([whole.columns[whole.names.index(name)] for name in wanted], wanted)


def _split(data: Any, y: Any, label: Any, weight: Any) -> tuple[_arrays.Named, _arrays.Named, Any]:
    """Features, labels and weights of data in memory, where weights may be a column too."""
    if not isinstance(weight, str):
        x, labels = _split_frame(data, y, label)
        return x, labels, None if weight is None else _arrays.weights(weight, x.rows, "weight")
    x, labels = _split_frame(data, y, label)
    names = x.names or []
    if weight not in names:
        raise DataError(
            f"weight names '{weight}', which is no column beside the labels; columns are {_arrays.listed(names)}"
        )
    at = names.index(weight)
    rest = [j for j in range(len(names)) if j != at]
    features = _arrays.Named([x.columns[j] for j in rest], [names[j] for j in rest])
    return features, labels, x.columns[at]


def _chosen(features: _arrays.Named, wanted: Any) -> _arrays.Named:
    if wanted is None:
        return features
    names = features.names or _arrays.names_of(features, "x")
    wanted = _name_list(wanted, "features")
    missing = [name for name in wanted if name not in names]
    if missing:
        raise DataError(f"features names '{missing[0]}', which is no column; columns are {_arrays.listed(names)}")
    return _arrays.Named([features.columns[names.index(name)] for name in wanted], wanted)


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
    delimiter: str = ",",
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
        How CSV files are written; ``missing='drop'`` leaves out rows that lack a value.
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
    if resume is not None:
        return _resumed(resume, given, command)
    if target is None and data is None:
        raise ParameterError("data and target are both missing: rows to learn from, or a function to learn")
    if target is not None and data is not None:
        raise ParameterError("data and target are both given, but one thing is learned")
    if callable(data):
        raise ParameterError("data is a callable, but a function to learn is given as target")
    if data is not None and dim != 10:
        raise ParameterError(f"dim is {dim!r}, but the dimension of rows is that of their columns")
    code = _call.code(activation, kinks)
    skip = {
        "data",
        "y",
        "target",
        "label",
        "features",
        "weight",
        "activation",
        "kinks",
        "samples",
        "progress",
        "out",
        "test",
    }
    words, table, columns = ["train"], None, None
    words += _call.words(train, given, skip)
    words.append("--out=none" if out is None else f"--out={_call.path('out', out)}")
    if code is None:
        words.append(f"--activation={_call.text('activation', activation)}")
    if test is not None:
        words += [f"--test={file}" for file in _files(test, "test")]
    if target is not None:
        _refuse(given, ("y", "label", "features", "weight", "test"), "with a target, which has no columns")
        words.append(f"--target={_call.text('target', target)}")
    elif _is_path(data):
        _refuse(given, ("y",), "with files, whose labels are columns: name them as label")
        columns = _columns(label, features)
        if weight is not None:
            if not isinstance(weight, str):
                kind = type(weight).__name__
                raise ParameterError(f"weight is a {kind}, but with files it is the name of a column")
            words.append(f"--weight={weight}")
        words += ["--label=y", "--", *_files(data)]
    else:
        x, labels, weights = _split(data, y, label, weight)
        if weights is not None and test is not None:
            raise ParameterError("weight and test are both given, but files of test rows have no weights beside an array")
        drop = missing == "drop"
        table = _arrays.table(_chosen(x, features), labels, weights, drop_missing=drop, weight_argument="weight")
        words += ["--label=y", "--", "memory"]
    with _call.watching(progress) as watch:
        (report,) = _native.run(words, command, table, code, watch, None, columns)
    result: results.Training = _result(results.Training, report)
    return result


def _refuse(given: dict[str, Any], names: Iterable[str], why: str) -> None:
    """Refuse arguments that would be ignored."""
    for name in names:
        if given[name] is not None:
            raise ParameterError(f"{name} is given {why}")


def _resumed(resume: Any, given: dict[str, Any], command: list[str]) -> results.Training:
    """A training that goes on, with its own options."""
    words = ["train", f"--resume={_call.path('resume', resume)}"]
    for name in ("no_report", "figures"):
        words += _call.words(train, {**given, name: given[name]}, set(given) - {name})
    allowed = {"resume", "no_report", "figures", "progress"}
    defaults = inspect.signature(train).parameters
    other = [name for name in defaults if name not in allowed and given[name] is not defaults[name].default]
    other = [name for name in other if given[name] != defaults[name].default]
    if other:
        raise ParameterError(f"{other[0]} is given with resume, but a training goes on with its own options")
    with _call.watching(given["progress"]) as watch:
        (report,) = _native.run(words, command, None, None, watch)
    result: results.Training = _result(results.Training, report)
    return result


#: Points at which the residual of a callable target is looked at by degree.
_LOOKED_AT = 2_000


def _train_on_callable(target: Callable[[Any], Any], given: dict[str, Any]) -> results.Training:
    """Training on points of the sphere, as rows that need no preparation."""
    _refuse(
        given,
        ("data", "y", "label", "features", "weight", "test", "resume"),
        "with a callable target, which has rows of its own",
    )
    if given["width"] == "inf":
        raise ParameterError("width is inf, which needs a target as an expression: a callable is known at points only")
    if given["bias"] != "auto":
        raise ParameterError("bias is given with a callable target, whose points of the sphere get none")
    samples, dim, seed = _call.number("samples", given["samples"], 10), given["dim"], given["seed"]
    points = uniform_points(dim, samples, seed=seed)
    values = _values_of(target, points)
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
    max_degree = 4 if given["max_degree"] is None else given["max_degree"]
    left = np.stack([values[chosen] - f for f in network.staged_predict(points[chosen])], axis=1)
    found = spherical_harmonic_energies(points[chosen], left, max_degree)
    whole = spherical_harmonic_energies(points[chosen], values[chosen], max_degree)
    name = getattr(target, "__name__", "callable")
    object.__setattr__(result.path, "energy", found.energy)
    for field, value in (("target", f"function '{name}'"), ("target_energy", whole.energy)):
        object.__setattr__(result, field, value)
    attach(result, _energy_errors=found.standard_error)
    return result


def _values_of(target: Callable[[Any], Any], points: Any) -> Any:
    """The values of a callable at points, checked."""
    found = np.asarray(target(points))
    if found.shape != (len(points),) or found.dtype.kind not in "fiub":
        message = (
            f"target: the callable was given {len(points)} points and returned an array of shape {found.shape} and type "
            f"{found.dtype}, but one real number for each is needed"
        )
        raise ParameterError(message)
    values = found.astype(np.float64)
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ParameterError(f"target: the callable returned {values[row]} at {points[row]}, but must be finite")
    return values


def analyze(
    data: Any,
    y: Any = None,
    *,
    label: str | Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    no_header: bool = False,
    delimiter: str = ",",
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
    skip = {"data", "y", "label", "features", "progress"}
    words, table, columns = ["analyze", *_call.words(analyze, given, skip)], None, None
    if _is_path(data):
        _refuse(given, ("y",), "with files, whose labels are columns: name them as label")
        columns = _columns(label, features)
        words += ["--label=y", "--", *_files(data)]
    else:
        x, labels = _split_frame(data, y, label)
        table = _arrays.table(_chosen(x, features), labels, drop_missing=missing == "drop")
        words += ["--label=y", "--", "memory"]
    with _call.watching(progress) as watch:
        (report,) = _native.run(words, _call.command(analyze, given), table, None, watch, None, columns)
    result: results.Analysis = _result(results.Analysis, report)
    return result


def sweep(
    file: Path | None = None,
    *,
    resume: Path | None = None,
    out: Path | None = None,
    force: bool = False,
    at_once: int | None = None,
    no_report: bool = False,
    figures: Sequence[str] | None = None,
    seed: int | None = None,
    progress: bool | None = None,
) -> results.Sweep:
    """Trainings over a grid of dimensions, degrees, widths, rows, .., into one table.

    Parameters
    ----------
    file : path
        A TOML file that describes the sweep. ``target``, ``dim`` and ``width`` are needed; ``degree``, ``activation``, ``scale``,
        ``rows``, ``step``, ``iterations``, ``seeds``, ``noise``, ``max-degree`` and ``name`` are possible. Where a value may
        vary, a list does as well; ``{degree}`` in a target stands for the degree of the cell. For example
        ``target = "harmonic({degree})"``, ``degree = [1, 2]``, ``dim = 10``, ``width = [100, 1000]``, ``seeds = 5``.
    resume : path
        The folder of an interrupted sweep, to go on with.
    out : path
        The folder for the results. Unlike the program, nothing is written by default.
    force, no_report, figures
        About that folder, as for the program.
    at_once : int
        Trainings side by side; as many as threads by default.
    seed : int
        The first of the seeds; 0 by default.
    progress : bool
        As for `train`.

    Returns
    -------
    Sweep
        ``pandas.DataFrame(result.rows.to_dict())`` makes a table of it.
    """
    given = locals()
    if (file is None) == (resume is None):
        raise ParameterError("file, which describes a sweep, or resume, the folder of one, is needed: one of them")
    words = ["sweep", *_call.words(sweep, given, ["file", "progress", "out"])]
    if resume is None:
        words.append("--out=none" if out is None else f"--out={_call.path('out', out)}")
    if file is not None:
        words += ["--", _call.path("file", file)]
    with _call.watching(progress) as watch:
        (report,) = _native.run(words, _call.command(sweep, given), None, None, watch)
    result: results.Sweep = _result(results.Sweep, report)
    return result


def reproduce(
    claim: str | Sequence[str] | None = None,
    *,
    quick: bool = False,
    out: Path | None = None,
    force: bool = False,
    no_report: bool = False,
    figures: Sequence[str] | None = None,
    progress: bool | None = None,
) -> results.Reproduction:
    """Check the claims of the theory one by one: measured against predicted.

    Parameters
    ----------
    claim : str or sequence of str
        Names of claims; all of them by default, which takes some minutes.
    quick : bool
        The same claims at smaller sizes.
    out : path
        The folder for the run. Unlike the program, nothing is written by default.
    force, no_report, figures
        About that folder, as for the program.
    progress : bool
        As for `train`.

    Returns
    -------
    Reproduction

    Examples
    --------
    >>> import zonal
    >>> zonal.reproduce("representation", quick=True).holds
    True
    """
    given = locals()
    words = ["reproduce", *_call.words(reproduce, given, ["progress", "out"])]
    words.append("--out=none" if out is None else f"--out={_call.path('out', out)}")
    with _call.watching(progress) as watch:
        (report,) = _native.run(words, _call.command(reproduce, given), None, None, watch)
    result: results.Reproduction = _result(results.Reproduction, report)
    return result
