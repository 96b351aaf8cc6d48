"""Theory before any training: spectra, plans with a guarantee, and predictions for any number of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import _call, results
from ._result import attach
from ._run import Activation, result_of, result_or_list, run
from .energies import spherical_harmonic_energies, uniform_points, values_of
from .errors import ParameterError

__all__ = ["curve", "plan", "spectrum"]


@_call.checked()
def spectrum(
    activation: Activation | Sequence[str] | None = None,
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
    """Funk-Hecke spectrum of an activation: the degrees it can learn, and how fast it learns each.

    The coefficient of degree k is alpha_k = E[phi(s <w, x>) P_k(<w, x>)] over uniform points x of the sphere, for a unit vector
    w; the eigenvalue alpha_k^2 is the rate at which gradient descent on the output layer learns the degree. Each has a bound on
    its error.

    Parameters
    ----------
    activation : str or callable, optional
        A name (``relu``, ``tanh``, ..), an expression in t such as ``'t*tanh(t)'``, a list of these, or a callable that
        takes an array of arguments and returns the values at them. By default relu; for rankings all built-in activations
        and some with a shift.
    dim : int, or ``'inf'``
        The dimension n of the sphere, at least 2; several are compared.
    max_degree : int
        The largest degree.
    scale : float, or ``'sqrt-dim'``
        The scale s; 1 by default. Rankings try 1 and sqrt(n).
    kinks : sequence of float
        Points where a callable or an expression is not smooth. Those of expressions are found automatically. A callable with
        unlisted kinks or jumps loses accuracy, which its errors show, and may need more calls than allowed.
    kernel : {'feature', 'tangent'}
        The kernel of the eigenvalues: for training of the output layer, or of both layers.
    bias : bool
        Whether biases are trained: of the output for the feature kernel, of the units for the tangent kernel.
    decay : range or str
        Degrees over which a power law is fitted to the eigenvalues: ``range(2, 9)`` or ``'2..8'``.
    for_degrees : range or str
        Rank activations for learning these degrees instead.

    Returns
    -------
    Spectrum
        Or `Ranking` with `for_degrees`; a list of either for several activations, dimensions or scales.

    Raises
    ------
    zonal.errors.ParameterError
        For parameters outside their domains. Exceptions of a callable are re-raised unchanged.

    Examples
    --------
    >>> import zonal
    >>> relu = zonal.spectrum("relu", dim=10, max_degree=4)
    >>> relu.degrees.visible.tolist()
    [True, True, True, False, True]
    >>> round(float(relu.degrees.coefficient[1]), 6)
    0.05
    """
    arguments = locals()
    options = _call.options(spectrum, arguments, ["activation", "kinks"])
    code = _call.code(activation, () if kinks is None or not callable(activation) else kinks)
    if code is None:
        named = {"activation": activation, "kinks": kinks}
        options |= {name: _call.plain(name, value) for name, value in named.items() if value is not None}
    reports = run("spectrum", options, _call.command(spectrum, arguments), code=code)
    cls = results.Spectrum if for_degrees is None else results.Ranking
    return result_or_list(cls, reports)


@_call.checked()
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
    noise: float = 0.0,
    verify: int | None = None,
    seed: int = 0,
    kinks: Sequence[float] = (),
    samples: int = 5_000,
    progress: bool | None = None,
) -> results.Plan:
    """Width and iterations that provably bring the loss to that of the best polynomial of a degree, plus epsilon.

    Parameters
    ----------
    target : str or callable
        The function to learn: a polynomial in x1..xn, ``harmonic(K)``, ``neuron(A)``, ``teacher(A, units=U)``, or a sum of
        these with coefficients. The energies of a callable of points (rows, dim) are estimated from `samples` points, which
        limits the accuracy of the plan; ``result.notes`` states their errors.
    dim : int
        The dimension n of the sphere.
    activation : str or callable
        As for `spectrum`.
    scale : float, ``'sqrt-dim'`` or ``'auto'``
        The scale of the units; auto is 1.
    degree : int
        The degree of the polynomial to compare with; the target's by default, or 4 where it has none.
    epsilon : float
        The allowed excess of the loss over that polynomial's error; 5 % of the target's energy by default.
    width, iterations : int
        Fixed values, in place of the smallest ones that suffice.
    delta : float
        Also compute a bound for a single draw of hidden units, which fails with at most this probability.
    noise : float
        The variance of the noise of labels, for the number of rows.
    verify : int
        The number of seeds over which the plan is verified by training.
    seed : int
        The seed of the target's directions, and the first seed of the verification.
    kinks : sequence of float
        Points where a callable activation is not smooth.
    samples : int
        The number of points at which a callable target is evaluated.
    progress : bool
        Whether to show progress; by default if standard error is a terminal or this is a notebook.

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
    arguments = locals()
    if not callable(target) and samples != 5_000:
        raise ParameterError("samples is specified, but the target is not a callable")
    options = _call.options(plan, arguments, ["target", "activation", "kinks", "samples", "progress"])
    notes: tuple[str, ...] = ()
    if callable(target):
        name = getattr(target, "__name__", "callable")
        options["energies"], notes = _estimate_energies(target, dim, samples, 4 if degree is None else degree, seed)
        options["target"] = f"function '{name}'"
    else:
        options["target"] = _call.plain("target", target)
    code = _call.code(activation, kinks)
    if code is None:
        options["activation"] = _call.plain("activation", activation)
    (report,) = run("plan", options, _call.command(plan, arguments), code=code, progress=progress)
    result: results.Plan = result_of(results.Plan, report)
    if result.invisible_degrees.size:
        degrees = ", ".join(map(str, result.invisible_degrees))
        remaining = f"{result.invisible_energy:.4g} of the target's energy {result.target_norm_sq:.4g} remains"
        notes = (*notes, f"invisible to {result.activation}: degree {degrees}; {remaining} at every width; see ways_out")
    attach(result, notes=(*notes, *result.notes))
    return result


@_call.checked()
def curve(
    target: str | Sequence[float],
    *,
    dim: int = 10,
    noise: float = 0.0,
    activation: Activation = "relu",
    scale: float | str = "auto",
    rows: int | str | Sequence[int | str] | None = None,
    width: int | str | Sequence[int | str] | None = None,
    iterations: int | str | Sequence[int | str] | None = None,
    ridge: float | str | Sequence[float | str] | None = None,
    step: float | str = "auto",
    max_degree: int | None = None,
    simulate: int | None = None,
    check: bool = False,
    map: bool = False,
    seed: int = 0,
    kinks: Sequence[float] = (),
    progress: bool | None = None,
) -> results.Curve:
    """Predicted errors of a random network that is fitted to rows, for any numbers of rows and units.

    The mean of the test error over random rows of the uniform sphere, noise and random hidden units, from one scalar equation. It is
    a prediction and no bound: away from interpolation right to about 1 % in dimension 10 and above, near it up to 40 % too low in
    dimension 5 (docs/theory/rows.md). The test error includes the noise of new labels.

    Parameters
    ----------
    target : str or sequence of float
        The function to learn, as for `plan`, or its energies in the degrees 0, 1, ..
    dim : int
        The dimension n of the sphere.
    noise : float
        The variance of the noise of labels.
    activation : str or callable
        As for `spectrum`.
    scale : float, ``'sqrt-dim'`` or ``'auto'``
        The scale of the units; auto is 1.
    rows : int or ``'inf'``, or a sequence
        The numbers of rows; 10 to 100,000 by default.
    width : int or ``'inf'``, or a sequence
        The numbers of hidden units; infinitely many by default.
    iterations : int or ``'best'``, or a sequence
        Iterations of gradient descent on the output layer from zero; best stops at the smallest test error, and is the default.
    ridge : float or ``'best'``, or a sequence
        Ridges of ridge regression, in place of gradient descent or compared with it. 0 is the limit of small ridges.
    step : float or ``'auto'``
        The step of gradient descent; auto is 1 / ||phi||^2.
    max_degree : int
        The largest degree that is not part of the tail; by default one beyond which the tail does not matter.
    simulate : int
        Compare with the mean over this many draws of rows and units.
    check : bool
        Whether to compute ``result.holds``: that each simulated error is within four standard errors and 3 %.
    map : bool
        Compute a map over rows and width, both from 10 to 10^6 by default, in place of points: ``result.map``, with the boundaries
        of what is learned. By default with the best ridge.
    seed : int
        The seed of the target's directions, and the first seed of the draws.
    kinks : sequence of float
        Points where a callable activation is not smooth.
    progress : bool
        Whether to show progress; by default if standard error is a terminal or this is a notebook.

    Returns
    -------
    Curve

    Examples
    --------
    >>> import zonal
    >>> found = zonal.curve([0, 0.6, 0.4], dim=10, noise=0.1, rows=[100, 1000], width=500, ridge="best")
    >>> bool(0.1 < found.points.test_error[1] < found.points.test_error[0] < 1.1)
    True
    """
    arguments = locals()
    options = _call.options(curve, arguments, ["target", "activation", "kinks", "progress"])
    if isinstance(target, str):
        options["target"] = target
    else:
        options["energies"] = _call.plain("target", target)
    code = _call.code(activation, kinks)
    if code is None:
        options["activation"] = _call.plain("activation", activation)
    (report,) = run("curve", options, _call.command(curve, arguments), code=code, progress=progress)
    result: results.Curve = result_of(results.Curve, report)
    return result


def _estimate_energies(
    target: Callable[[Any], Any], dim: int, samples: int, degree: int, seed: int
) -> tuple[list[float], tuple[str, ...]]:
    """Estimate the energies of a callable up to a degree and the energy beyond, with notes on their errors."""
    points = uniform_points(dim, _call.number("samples", samples, 3), seed=seed)
    found = spherical_harmonic_energies(points, values_of(target, points), degree)
    # Energies that are not significantly positive count as zero.
    known = np.where(found.energy > 3 * found.standard_error, found.energy, 0.0)
    rest = max(float(found.norm_sq) - float(known.sum()), 0.0)
    pairs = zip(found.energy, found.standard_error, strict=True)
    listed = ", ".join(f"degree {k}: {energy:.3g} +- {error:.2g}" for k, (energy, error) in enumerate(pairs))
    return [*known.tolist(), rest], (f"energies are estimates from {samples} points: {listed}",)
