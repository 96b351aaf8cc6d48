"""Statistical queries: bounds on their number, games against an oracle, gradient descent through an oracle.

A learner by statistical queries sees a target only through expectations E h(x, y), each answered with an error up to a
tolerance. Gradient descent is such a learner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import _call, results
from ._run import Path, folder, result_of, result_or_list, run

__all__ = ["bound", "learn", "play"]


@_call.checked()
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
    """Lower bound on the number of queries that any learner needs for a family of targets.

    Parameters
    ----------
    family : {'zonal', 'random', 'signs', 'monomials'}
        The family of targets.
    dim, degree, tolerance
        The dimension n, the degree k and the tolerance tau; several values of each span a grid.
    queries : str
        The queries that the learner may ask: ``'correlational'``, ``'lipschitz:L'`` or ``'any'``.
    delta : float
        The probability of success.
    epsilon : float
        The learner is to reach a mean squared error of 1 - epsilon.
    size : int
        The number of members of a finite family; the whole family by default.
    directions : {'random', 'coordinate', 'devore'}
        The directions of the members of a finite zonal family.
    seed : int
        The seed of the random members of a finite family.
    progress : bool
        Whether to show progress; by default if standard error is a terminal or this is a notebook.

    Returns
    -------
    Bound
        Or a list of them for a grid.

    Examples
    --------
    >>> import zonal
    >>> found = zonal.sq.bound(family="zonal", dim=100, degree=6, tolerance=0.01)
    >>> found.log10_queries > 3
    True
    """
    arguments = locals()
    options = _call.options(bound, arguments, ["progress"])
    reports = run("sq-bound", options, _command(bound, arguments), progress=progress)
    return result_or_list(results.Bound, reports)


@_call.checked()
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
    """A game of a learner against an adaptive oracle, which has no target and gives the worst consistent answers.

    Parameters
    ----------
    family, dim, degree, size, directions
        The family of targets, as for `bound`, with finitely many members.
    tolerance : float
        The tolerance tau of an answer to a query of norm 1.
    learner : str
        The learner: greedy, members, regression, descent, attack or brute-force.
    answers : str
        The rule that chooses among consistent answers: base or interval.
    epsilon : float
        The learner is to reach a mean squared error of 1 - epsilon.
    max_queries : int
        The largest number of queries; ten for each member plus 10,000 by default.
    width : int
        The number of hidden units of the descent learner.
    rows, noise
        The number of rows of the brute-force learner, and the noise on their labels.
    save : path
        The file to save the transcript in, for replaying.
    out : path
        The folder for the run. Unlike the command-line program, nothing is written by default.
    force, no_report, figures
        Options of that folder, as in the command-line program.
    seed : int
        The seed of the family and of the learner.
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
    arguments = locals()
    options = {**_call.options(play, arguments, ["progress", "out"]), "out": folder(out)}
    (report,) = run("sq-play", options, _command(play, arguments), progress=progress)
    result: results.Game = result_of(results.Game, report)
    return result


@_call.checked()
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
    """Gradient descent that sees its target only through an oracle, compared with descent through the exact one.

    Parameters
    ----------
    target : str
        As for `zonal.plan`.
    dim : int
        The dimension n of the sphere.
    oracle : str
        The oracle: ``exact``, ``honest:TAU``, ``quantised:TAU``, ``lazy:TAU``, ``sampled:ROWS``, ``sampled:ROWS:shared``,
        ``vstat:T`` or ``replay:FILE``.
    convention : {'unit', 'raw', 'range'}
        The unit of TAU.
    activation : str or callable
        As for `zonal.spectrum`.
    scale : float or ``'sqrt-dim'``
        The scale s of the units.
    width : int
        The width m; by default 500, with both layers 100.
    layers : {'output', 'both'}
        The layers that are trained.
    iterations : int
        The number of iterations; by default 1e6, with both layers 1000.
    step : float or ``'auto'``
        The step size.
    max_degree : int
        The largest degree of the energies.
    save : path
        The file to save the transcript in, for replaying.
    seed : int
        The seed of all random numbers.
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
    arguments = locals()
    options = _call.options(learn, arguments, ["activation", "kinks", "progress"])
    code = _call.code(activation, kinks)
    if code is None:
        options["activation"] = _call.plain("activation", activation)
    (report,) = run("sq-learn", options, _command(learn, arguments), code=code, progress=progress)
    result: results.Learning = result_of(results.Learning, report)
    return result


def _command(function: Callable[..., Any], arguments: dict[str, Any]) -> list[str]:
    return [text.replace("zonal.", "zonal.sq.", 1) for text in _call.command(function, arguments)]
