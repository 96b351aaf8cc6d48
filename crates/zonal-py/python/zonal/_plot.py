"""Plots of results with matplotlib, an optional dependency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import MissingPackage, ResourceError

if TYPE_CHECKING:
    from . import results
    from ._result import Result


# The colours and markers of the page of a run, by degree or by line (`zonal_report::palette`).
COLOURS = ("#184cab", "#d8430e", "#2f8a61", "#a20071", "#a878c0", "#37250c", "#3e7aff")
MARKERS = ("o", "s", "^", "D")
_SOFT = "#57606a"


def _look(number: int) -> dict[str, str]:
    """Return the colour and the marker of a series; the marker changes once all colours have been used."""
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number // len(COLOURS) % len(MARKERS)]}


def draw(result: Result, ax: Any) -> Any:
    """Draw a result according to its class."""
    drawings: dict[str, Any] = {
        "Spectrum": _spectrum,
        "Curve": _curve,
        "TableCurve": _table_curve,
        "Training": _training,
        "Analysis": _analysis,
        "Sweep": _sweep,
        "Learning": _learning,
    }
    kind = type(result).__name__
    if kind not in drawings:
        message = f"a {kind} has no plot; results with one are {', '.join(drawings)}"
        raise ResourceError(message)
    ax = _axes(ax)
    drawings[kind](result, ax)
    return ax


def draw_all(found: Sequence[Result], ax: Any) -> Any:
    """Draw several results of one call on the same axes."""
    if not found or type(found[0]).__name__ != "Spectrum":
        kind = type(found[0]).__name__ if found else "result"
        raise ResourceError(f"a list of {kind} has no common plot; plot its items")
    ax = _axes(ax)
    _spectra(found, ax)
    return ax


def _axes(ax: Any) -> Any:
    """Return the axes to draw on: those of the caller, or the current ones in a figure with space for the legend."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingPackage("plot() needs matplotlib: pip install matplotlib") from error
    if ax is not None:
        return ax
    figure = plt.gcf()
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")
    return plt.gca()


def _legend(ax: Any) -> None:
    """Show the legend to the right of the axes, where it covers nothing."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), borderaxespad=0.0)


def _spectrum(result: results.Spectrum, ax: Any) -> None:
    degrees = result.degrees
    visible = degrees.visible
    look = _look(0)["color"]
    lines = ax.stem(degrees.degree[visible], degrees.eigenvalue[visible], basefmt=" ", label="visible")
    lines.markerline.set_color(look)
    lines.stemlines.set_color(look)
    if not visible.all():
        low = degrees.eigenvalue[visible].min() if visible.any() else 1.0
        invisible = degrees.degree[~visible]
        ax.plot(invisible, np.full(len(invisible), low), "x", color=_look(1)["color"], label="invisible")
        _legend(ax)
    ax.set(yscale="log", xlabel="degree", ylabel="eigenvalue", title=f"Spectrum of {result.activation}")


def _curve(result: results.Curve, ax: Any) -> None:
    """Draw the error by the number of rows, or by the width where there is one number of rows; of a map its boundaries."""
    if result.map is not None:
        _map(result.map, ax)
        return
    points = result.points
    name, x, other = (
        ("width", points.width, points.rows) if len(set(points.rows)) == 1 else ("rows", points.rows, points.width)
    )
    fits = [_fit(points, i) for i in range(len(x))]
    curves = sorted(set(zip(other, fits, strict=True)), key=lambda key: [*zip(other, fits, strict=True)].index(key))
    unit = "rows" if name == "width" else "units"
    for number, (size, fit) in enumerate(curves):
        same = [i for i in range(len(x)) if (other[i], fits[i]) == (size, fit) and np.isfinite(x[i])]
        same.sort(key=lambda i: x[i])
        look = _look(number)
        errors = np.full(len(x), np.nan) if points.test_error is None else points.test_error
        ax.plot(x[same], errors[same], lw=1, color=look["color"], label=f"{size:g} {unit}, {fit}")
        if points.simulated is not None:
            ax.plot(x[same], points.simulated[same], linestyle="", **look)
    ax.set(xscale="log", yscale="log", xlabel=name, ylabel="mean squared error", title=f"Test error, {result.activation}")
    _legend(ax)


def _table_curve(result: results.TableCurve, ax: Any) -> None:
    """Draw the measured errors by the number of rows, and the two estimates."""
    parts, points, law = result.parts, result.points, result.power_law
    last = max(result.rows, *points.rows) if len(points.rows) else result.rows
    rows = np.geomspace(parts.rows[0], last, 60)
    curve = np.sqrt(law.offset + law.factor * rows**-law.exponent)
    ax.plot(parts.rows, parts.rmse, linestyle="", label="leave-one-out", **_look(0))
    ax.plot(rows, curve, lw=1, ls="--", color=_look(1)["color"], label="power law")
    order = np.argsort(points.rows)
    x = np.concatenate([[result.rows], points.rows[order]])
    ax.plot(x, np.concatenate([[result.leave_one_out], points.equivalent[order]]), lw=1, label="equivalent", **_look(2))
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="rows",
        ylabel=f"RMSE of {result.label}",
        title=f"Learning curve, {result.activation}",
    )
    _legend(ax)


def _map(found: results.CurveMap, ax: Any) -> None:
    """Draw the degree learned at each number of rows and units, and where half of each degree is learned."""
    learned = np.asarray(found.degree_learned)
    for number, degree in enumerate(found.boundaries.degree):
        look = _look(number)
        rows, width = np.nonzero(learned == degree)
        ax.plot(found.rows[rows], found.width[width], linestyle="", ms=3, label=f"degree {degree}", **look)
        boundary = (found.boundaries.rows[number], found.boundaries.width[number])
        ax.plot(*boundary, lw=1, color=look["color"])
    finite = [sizes[np.isfinite(sizes)] for sizes in (found.rows, found.width)]
    limits = {f"{axis}lim": (sizes.min(), sizes.max()) for axis, sizes in zip("xy", finite, strict=True) if len(sizes) > 1}
    ax.set(xscale="log", yscale="log", xlabel="rows", ylabel="width", title="Degrees learned", **limits)
    _legend(ax)


def _fit(points: Any, i: int) -> str:
    """Return how the output layer of a point was fitted."""
    is_ridge = points.ridge is not None and np.isfinite(points.ridge[i])
    if points.best[i]:
        return "best ridge" if is_ridge else "best iteration"
    return f"ridge {points.ridge[i]:.4g}" if is_ridge else f"{points.iterations[i]:g} iterations"


def _spectra(found: Sequence[Any], ax: Any) -> None:
    """Draw the eigenvalues of several spectra; the legend has what differs."""
    shown = [[s.activation, f"n = {s.dim}", f"scale {s.scale:.4g}" if s.scale is not None else ""] for s in found]
    differs = [j for j in range(3) if len({names[j] for names in shown}) > 1] or [0]
    floor = min((s.degrees.eigenvalue[s.degrees.visible].min(initial=1.0) for s in found), default=1.0)
    any_invisible = False
    for number, (spectrum, names) in enumerate(zip(found, shown, strict=True)):
        degrees, visible = spectrum.degrees, spectrum.degrees.visible
        label = ", ".join(names[j] for j in differs if names[j])
        ax.plot(degrees.degree[visible], degrees.eigenvalue[visible], lw=1, label=label, **_look(number))
        hidden = degrees.degree[~visible]
        any_invisible = any_invisible or len(hidden) > 0
        # One row of crosses for each spectrum.
        ax.plot(hidden, np.full(len(hidden), floor / 3 ** (number + 1)), "x", color=_look(number)["color"])
    if any_invisible:
        ax.plot([], [], "x", color=_SOFT, label="invisible")
    ax.set(yscale="log", xlabel="degree", ylabel="eigenvalue", title="Spectra")
    _legend(ax)


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
            look = _look(degree)
            ax.plot(path.iteration, energy, linestyle="", ms=4, label=f"degree {degree}", **look)
            if path.predicted is not None:
                ax.plot(path.iteration, path.predicted[:, degree], "--", color=look["color"], lw=1)
        if path.tail_energy is not None and path.tail_energy.max() >= 1e-4 * largest:
            label = f"degree > {path.energy.shape[1] - 1}"
            ax.plot(path.iteration, path.tail_energy, linestyle="", marker=".", color=_SOFT, label=label)
        if path.predicted is not None:
            ax.plot([], [], "--", color=_SOFT, lw=1, label="infinite width")
        low = max(float(path.energy[path.energy > 0].min(initial=largest)), _FLOOR * largest)
        ax.set(ylabel="residual energy", yscale="log", ylim=(low / 2, 2 * largest))
    else:
        curves = (("training", path.loss), ("validation", path.validation_loss), ("test", path.test_loss))
        for number, (name, losses) in enumerate(curves):
            if losses is not None:
                ax.plot(path.iteration, np.sqrt(losses), label=name, color=_look(number)["color"])
        if result.best_iteration is not None:
            ax.axvline(result.best_iteration, color=_SOFT, lw=1, label="best")
        ax.set(ylabel="root mean squared error", yscale="log")
    _iterations(ax)


def _iterations(ax: Any) -> None:
    """Label a logarithmic axis of iterations that includes 0."""
    ax.set_xscale("symlog", linthresh=1)
    ax.set(xlabel="iterations", xlim=(-0.2, None))
    _legend(ax)


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
    _legend(ax)


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
    _legend(ax)


def _learning(result: results.Learning, ax: Any) -> None:
    path = result.path
    ax.plot(path.iteration, path.loss, "o-", color=COLOURS[0], label=f"through {result.oracle} answers")
    ax.plot(path.iteration, path.exact_loss, color=COLOURS[1], label="exact")
    ax.set(yscale="log", ylabel="mean squared error")
    _iterations(ax)
