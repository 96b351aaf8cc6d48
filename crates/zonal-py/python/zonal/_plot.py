"""Plots of results with matplotlib, an optional dependency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import MissingPackage, ResourceError

if TYPE_CHECKING:
    from . import results
    from ._result import Result


def draw(result: Result, ax: Any) -> Any:
    """Draw a result according to its class."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingPackage("plot() needs matplotlib: pip install matplotlib") from error
    drawings: dict[str, Any] = {
        "Spectrum": _spectrum,
        "Training": _training,
        "Analysis": _analysis,
        "Sweep": _sweep,
        "Learning": _learning,
    }
    kind = type(result).__name__
    if kind not in drawings:
        message = f"a {kind} has no plot; results with one are {', '.join(drawings)}"
        raise ResourceError(message)
    ax = plt.gca() if ax is None else ax
    drawings[kind](result, ax)
    return ax


def _spectrum(result: results.Spectrum, ax: Any) -> None:
    degrees = result.degrees
    visible = degrees.visible
    ax.stem(degrees.degree[visible], degrees.eigenvalue[visible], basefmt=" ", label="visible")
    if not visible.all():
        low = degrees.eigenvalue[visible].min() if visible.any() else 1.0
        invisible = degrees.degree[~visible]
        ax.plot(invisible, np.full(len(invisible), low), "x", color="grey", label="invisible")
        ax.legend()
    ax.set(yscale="log", xlabel="degree", ylabel="eigenvalue", title=f"Spectrum of {result.activation}")


# Energies below this fraction of the largest are not drawn.
_FLOOR = 1e-9


def _training(result: results.Training, ax: Any) -> None:
    path = result.path
    if path.energy is not None:
        largest = float(path.energy.max())
        for degree in range(path.energy.shape[1]):
            energy = path.energy[:, degree]
            if energy.max() < 1e-4 * largest:
                continue
            (points,) = ax.plot(path.iteration, energy, ".", label=f"degree {degree}")
            if path.predicted is not None:
                ax.plot(path.iteration, path.predicted[:, degree], "--", color=points.get_color(), lw=1)
        low = max(float(path.energy[path.energy > 0].min(initial=largest)), _FLOOR * largest)
        ax.set(ylabel="remaining energy", yscale="log", ylim=(low / 2, 2 * largest))
    else:
        curves = (("training", path.loss), ("validation", path.validation_loss), ("test", path.test_loss))
        for name, losses in curves:
            if losses is not None:
                ax.plot(path.iteration, np.sqrt(losses), label=name)
        ax.axvline(result.best_iteration, color="grey", lw=1, label="chosen")
        ax.set(ylabel="root mean squared error", yscale="log")
    _iterations(ax)


def _iterations(ax: Any) -> None:
    """Label a logarithmic axis of iterations that includes 0."""
    ax.set_xscale("symlog", linthresh=1)
    ax.set(xlabel="iteration", xlim=(-0.2, None))
    ax.legend()


def _analysis(result: results.Analysis, ax: Any) -> None:
    for label in result.labels:
        fits = label.best_polynomial
        scale = label.deviation**2
        ax.plot(fits.degree, fits.error / scale, "o-", label=f"{label.label}, training rows")
        if fits.test_error is not None:
            ax.plot(fits.degree, fits.test_error / scale, "s--", label=f"{label.label}, test rows")
    # Polynomials that fit the noise of the training rows have large errors on others.
    ax.set(xlabel="degree of the polynomial", ylabel="error divided by the variance", ylim=(0, 2))
    ax.set_xticks(result.labels[0].best_polynomial.degree)
    ax.legend()


def _sweep(result: results.Sweep, ax: Any) -> None:
    rows = result.rows
    errors, losses = rows.loss_standard_error, rows.loss
    if losses is None:
        raise ResourceError("every training of this sweep diverged; there is no loss to plot")
    settings = list(zip(rows.dim, rows.activation, rows.target, strict=True))
    for setting in dict.fromkeys(settings):
        chosen = np.array([other == setting for other in settings])
        ax.errorbar(
            rows.log_n_width[chosen],
            losses[chosen],
            yerr=None if errors is None else errors[chosen],
            fmt="o",
            label=f"n = {setting[0]}, {setting[1]}",
        )
    ax.set(yscale="log", xlabel="log of the width to the base n", ylabel="loss", title=result.name)
    ax.legend()


def _learning(result: results.Learning, ax: Any) -> None:
    path = result.path
    ax.plot(path.iteration, path.loss, "o-", label=f"through {result.oracle} answers")
    ax.plot(path.iteration, path.exact_loss, label="exact")
    ax.set(yscale="log", ylabel="loss")
    _iterations(ax)
