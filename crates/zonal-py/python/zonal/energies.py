"""Energies by degree of functions on the sphere, estimated from values at points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _arrays, _call, _native
from ._result import FloatArray, IntArray, Record
from .errors import DataError, ParameterError

__all__ = ["Energies", "spherical_harmonic_energies", "uniform_points"]


@dataclass(frozen=True, eq=False, repr=False)
class Energies(Record):
    """Energies by degree, estimated from samples.

    Attributes
    ----------
    degree : ndarray of int
        The degrees 0, 1, .., max_degree.
    energy : ndarray of float, shape (degrees,), or (outputs, degrees) for several outputs
        Unbiased estimates of the squared norm of the component of each degree; small ones may be negative.
    standard_error : ndarray of float
        The standard errors of the energies.
    norm_sq : float or ndarray
        The mean square of the values: the sum of all energies.
    norm_sq_standard_error : float or ndarray
        The standard error of ``norm_sq``.
    """

    degree: IntArray
    energy: FloatArray
    standard_error: FloatArray
    norm_sq: float | FloatArray
    norm_sq_standard_error: float | FloatArray


def spherical_harmonic_energies(X: Any, values: Any, max_degree: int = 6) -> Energies:
    """Estimate the energy of a function in each degree of spherical harmonics.

    The function is given by its values at points of the sphere, for example the predictions of any model or its
    residuals. ||g_k||^2 is estimated by N_k times the mean of g(x_i) g(x_j) P_k(<x_i, x_j>) over pairs of distinct
    points, with standard errors.

    Parameters
    ----------
    X : array of shape (points, dimension)
        Independent uniform points of the unit sphere, as from `uniform_points`.
    values : array of shape (points,) or (points, outputs)
        The function at these points; tensors of PyTorch (detached, on the CPU) and JAX are accepted.
    max_degree : int
        The largest degree.

    Returns
    -------
    Energies

    Notes
    -----
    The estimates are unbiased only for uniform points. A degree is resolved if its number of harmonics N(n, k) is small
    compared with the square of the number of points. Below a few standard errors an estimate is not normally
    distributed, and its standard error is up to 50 % too large. Cost: points^2 (dimension + 6 max_degree) flops; 5,000
    points take about a second.

    Raises
    ------
    zonal.errors.DataError
        For fewer than three points, values that are not finite, or other shapes.
    zonal.errors.ParameterError
        For points that are not of length 1.

    Examples
    --------
    >>> import zonal
    >>> x = zonal.uniform_points(5, 2000, seed=0)
    >>> found = zonal.spherical_harmonic_energies(x, x[:, 0] * x[:, 1], max_degree=3)
    >>> bool(abs(found.energy[2] - 1 / 35) < 4 * found.standard_error[2])
    True
    """
    max_degree = _call.number("max_degree", max_degree, 0, 1000)
    points = _arrays.features(X, "X")
    found = _arrays.labels(values, "values")
    if found.rows != points.rows:
        message = f"X has {points.rows} points and values has {found.rows}: one value for each point is needed"
        raise DataError(message)
    each = []
    for column in found.columns:
        table = _arrays.table(points, _arrays.Named([column], None), arguments=("X", "values"))
        with _arrays.named("X"), _arrays.without_drop_advice():
            each.append(_native.sampled_energies(table, int(max_degree)))
    if not all(np.isfinite([*norm, *energy, *error]).all() for norm, energy, error in each):
        raise DataError("the squares of values overflow; use a larger unit")
    degree = np.arange(max_degree + 1, dtype=np.int64)
    if np.ndim(values) < 2:
        (norm, error), energy, standard_error = each[0]
        return Energies(degree, energy, standard_error, norm, error)
    return Energies(
        degree,
        np.array([energy for _, energy, _ in each]),
        np.array([error for _, _, error in each]),
        np.array([norm for (norm, _), _, _ in each]),
        np.array([error for (_, error), _, _ in each]),
    )


def uniform_points(dim: int, count: int, *, seed: int = 0) -> FloatArray:
    """Return independent uniform points of the unit sphere in R^dim.

    Parameters
    ----------
    dim : int
        The dimension n of the space, at least 2.
    count : int
        The number of points.
    seed : int
        The seed of the random numbers.

    Returns
    -------
    ndarray of shape (count, dim)
        One point per row.

    Examples
    --------
    >>> import numpy as np, zonal
    >>> x = zonal.uniform_points(4, 10)
    >>> x.shape, bool(np.allclose(np.linalg.norm(x, axis=1), 1))
    ((10, 4), True)
    """
    arguments = _call.number("dim", dim, 2), _call.number("count", count), _call.number("seed", seed)
    points: FloatArray = _native.uniform_points(*arguments)
    return points


def values_of(target: Callable[[Any], Any], points: Any) -> Any:
    """Return the values of a callable at points, checked."""
    found = np.asarray(target(points))
    if found.shape != (len(points),) or found.dtype.kind not in "fiub":
        message = (
            f"target: the callable was called with {len(points)} points and returned an array of shape {found.shape} and type "
            f"{found.dtype}, but one real number for each is needed"
        )
        raise ParameterError(message)
    values = found.astype(np.float64)
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ParameterError(f"target: the callable returned {values[row]} at {points[row]}, but must be finite")
    return values
