"""What is known before any training: spectra, and plans with a guarantee."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import _call, results
from ._result import attach
from ._run import Activation, result_of, run
from .energies import spherical_harmonic_energies, uniform_points, values_of
from .errors import ParameterError

__all__ = ["plan", "spectrum"]


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
    """Funk-Hecke spectrum of an activation: which degrees it sees, and how fast each is learned.

    The coefficient of degree k is alpha_k = E[phi(s <w, x>) P_k(<w, x>)] over uniform points x of the sphere, for a unit vector
    w; the eigenvalue alpha_k^2 is the rate at which gradient descent on the output layer learns the degree. Each has a bound on
    its error.

    Parameters
    ----------
    activation : str or callable, optional
        A name (``relu``, ``tanh``, ..), an expression in t such as ``'t*tanh(t)'``, a list of these, or a callable that
        takes an array of arguments and returns the values at them. By default relu; for rankings all that have a name, and some
        with a shift.
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
    options = _call.options(spectrum, given, ["activation", "kinks"])
    code = _call.code(activation, () if kinks is None or not callable(activation) else kinks)
    if code is None:
        named = {"activation": activation, "kinks": kinks}
        options |= {name: _call.plain(name, value) for name, value in named.items() if value is not None}
    reports = run("spectrum", options, _call.command(spectrum, given), code=code)
    cls = results.Spectrum if for_degrees is None else results.Ranking
    found = [result_of(cls, report) for report in reports]
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
    if not callable(target) and samples != 5_000:
        raise ParameterError("samples is given, but the target is no callable")
    options = _call.options(plan, given, ["target", "activation", "kinks", "samples", "progress"])
    notes: tuple[str, ...] = ()
    if callable(target):
        name = getattr(target, "__name__", "callable")
        options["energies"], notes = _estimated(target, dim, samples, 4 if degree is None else degree, seed)
        options["target"] = f"function '{name}'"
    else:
        options["target"] = _call.plain("target", target)
    code = _call.code(activation, kinks)
    if code is None:
        options["activation"] = _call.plain("activation", activation)
    (report,) = run("plan", options, _call.command(plan, given), code=code, progress=progress)
    result: results.Plan = result_of(results.Plan, report)
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
    found = spherical_harmonic_energies(points, values_of(target, points), degree)
    # What could be no energy at all counts as none.
    known = np.where(found.energy > 3 * found.standard_error, found.energy, 0.0)
    rest = max(float(found.norm_sq) - float(known.sum()), 0.0)
    pairs = zip(found.energy, found.standard_error, strict=True)
    told = ", ".join(f"degree {k}: {energy:.3g} +- {error:.2g}" for k, (energy, error) in enumerate(pairs))
    return [*known.tolist(), rest], (f"energies are estimates from {samples} points: {told}",)
