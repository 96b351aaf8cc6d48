"""The laboratory of statistical queries: how many a learner needs, games against an oracle, descent through one.

A learner by statistical queries sees a target only through expectations E h(x, y), each answered with an error up to a
tolerance. Gradient descent is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import _call, results
from ._run import Path, folder, result_of, run

__all__ = ["bound", "learn", "play"]


def bound(
    *,
    family: str,
    dim: int | Sequence[int],
    degree: int | Sequence[int],
    tolerance: float | Sequence[float],
    queries: str = "correlational",
    delta: float = 0.5,
    epsilon: float = 0.5,
    size: int | None = None,
    directions: str = "random",
    seed: int | None = None,
    progress: bool | None = None,
) -> Any:
    """How many queries of a tolerance any learner needs for a family of targets.

    Parameters
    ----------
    family : {'zonal', 'random', 'signs', 'monomials'}
        The targets.
    dim, degree, tolerance
        The dimension n, the degree k and the tolerance; several of each make a grid.
    queries : str
        Which queries the learner may ask: ``'correlational'``, ``'lipschitz:L'`` or ``'any'``.
    delta : float
        Probability of success.
    epsilon : float
        Mean squared error at most 1 - epsilon is to be reached.
    size : int
        Members of a finite family; the whole family by default.
    directions : {'random', 'coordinate', 'devore'}
        How members of a finite zonal family lie.
    seed : int
        Seed of a finite family that is drawn.
    progress : bool
        Whether bars are shown; by default where there is tqdm and a terminal.

    Returns
    -------
    Bound
        A list of them for a grid.

    Examples
    --------
    >>> import zonal
    >>> found = zonal.sq.bound(family="zonal", dim=100, degree=6, tolerance=0.01)
    >>> found.log10_queries > 3
    True
    """
    given = locals()
    options = _call.options(bound, given, ["progress"])
    reports = run("sq-bound", options, _command(bound, given), progress=progress)
    found = [result_of(results.Bound, report) for report in reports]
    return found[0] if len(found) == 1 else found


def play(
    *,
    family: str,
    dim: int,
    degree: int,
    tolerance: float,
    learner: str = "greedy",
    answers: str = "base",
    epsilon: float = 0.5,
    size: int | None = None,
    directions: str = "random",
    max_queries: int | None = None,
    width: int | None = None,
    rows: int | None = None,
    noise: float | None = None,
    save: Path | None = None,
    out: Path | None = None,
    force: bool = False,
    no_report: bool = False,
    figures: Sequence[str] | None = None,
    seed: int = 0,
    progress: bool | None = None,
) -> results.Game:
    """A learner against an oracle that answers as badly as it may and commits itself to no target.

    Parameters
    ----------
    family, dim, degree, size, directions
        The targets, as for `bound`; here always finitely many.
    tolerance : float
        The tolerance of an answer to a query of norm 1.
    learner : str
        Who asks.
    answers : str
        How is answered.
    epsilon : float
        Mean squared error at most 1 - epsilon is to be reached.
    max_queries : int
        The learner may ask so many.
    width : int
        Hidden units of the descent learner.
    rows, noise
        Of the learner that tries every member on rows.
    save : path
        A file for the transcript.
    out : path
        The folder for the run. Unlike the program, nothing is written by default.
    force, no_report, figures
        About that folder, as for the program.
    seed : int
        Seed of the family and of the learner.
    progress : bool
        As for `bound`.

    Returns
    -------
    Game

    Examples
    --------
    >>> import zonal
    >>> game = zonal.sq.play(family="monomials", dim=8, degree=3, tolerance=0.25)
    >>> game.queries_distinct >= game.family_size // max(game.max_dropped, 1) - 1
    True
    """
    given = locals()
    options = {**_call.options(play, given, ["progress", "out"]), "out": folder(out)}
    (report,) = run("sq-play", options, _command(play, given), progress=progress)
    result: results.Game = result_of(results.Game, report)
    return result


def learn(
    target: str,
    *,
    dim: int,
    oracle: str = "exact",
    convention: str = "unit",
    activation: str | Callable[[Any], Any] = "relu",
    scale: float | str = 1,
    width: int | None = None,
    layers: str = "output",
    iterations: int | None = None,
    step: float | str = "auto",
    max_degree: int = 6,
    save: Path | None = None,
    seed: int = 0,
    kinks: Sequence[float] = (),
    progress: bool | None = None,
) -> results.Learning:
    """Gradient descent that sees its target only through an oracle, beside the same descent through the exact one.

    Parameters
    ----------
    target : str
        As for `zonal.plan`.
    dim : int
        The dimension n.
    oracle : str
        Who answers: ``exact``, ``honest:TAU``, ``quantised:TAU``, ``lazy:TAU``, ``sampled:ROWS``, ``sampled:ROWS:shared``,
        ``vstat:T`` or ``replay:FILE``.
    convention : {'unit', 'raw', 'range'}
        What TAU is measured in.
    activation : str or callable
        As for `zonal.spectrum`.
    scale : float or ``'sqrt-dim'``
        The scale of the units.
    width : int
        The width; 500 by default, with both layers 100.
    layers : {'output', 'both'}
        Whether hidden units turn too.
    iterations : int
        The last iteration.
    step : float or ``'auto'``
        The step.
    max_degree : int
        Energies up to this degree.
    save : path
        A file for the transcript.
    seed : int
        Seed of everything random.
    kinks : sequence of float
        Points where a callable activation is not smooth.
    progress : bool
        As for `bound`.

    Returns
    -------
    Learning

    Examples
    --------
    >>> import zonal
    >>> stalled = zonal.sq.learn("harmonic(2)", dim=10, oracle="lazy:0.5", width=100)
    >>> stalled.smallest_loss, stalled.vanishing_tolerance < 0.5
    (1.0, True)
    """
    given = locals()
    options = _call.options(learn, given, ["activation", "kinks", "progress"])
    code = _call.code(activation, kinks)
    if code is None:
        options["activation"] = _call.plain("activation", activation)
    (report,) = run("sq-learn", options, _command(learn, given), code=code, progress=progress)
    result: results.Learning = result_of(results.Learning, report)
    return result


def _command(function: Callable[..., Any], given: dict[str, Any]) -> list[str]:
    return [word.replace("zonal.", "zonal.sq.", 1) for word in _call.command(function, given)]
