"""Studies of many trainings: sweeps over a grid, claims of the theory, repetitions of runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from . import _call, _tables, results
from ._run import Path, folder, result_of, run
from .errors import ParameterError

__all__ = ["again", "reproduce", "sweep"]


#: A value of a sweep, or several that span the grid.
Values = float | str | Sequence[float | str]

_ON_TABLES = (
    "a sweep trains on targets; for a table call zonal.train in a loop, "
    "or use OneHiddenLayerRegressor with GridSearchCV of scikit-learn"
)
# The keys of a description.
_KEYS = [
    "name",
    "target",
    "dim",
    "degree",
    "activation",
    "scale",
    "width",
    "rows",
    "noise",
    "step",
    "iterations",
    "seeds",
    "max_degree",
]


@_call.checked(**dict.fromkeys(("data", "y", "label", "features", "weight"), _ON_TABLES))
def sweep(
    file: Path | Mapping[str, Any] | None = None,
    *,
    target: str | Sequence[str] | None = None,
    dim: int | Sequence[int] | None = None,
    degree: int | Sequence[int] | None = None,
    activation: str | Sequence[str] | None = None,
    scale: Values | None = None,
    width: Values | None = None,
    rows: Values | None = None,
    noise: float | None = None,
    step: Values | None = None,
    iterations: Values | None = None,
    seeds: int | None = None,
    max_degree: int | None = None,
    name: str | None = None,
    resume: Path | None = None,
    out: Path | None = None,
    force: bool = False,
    at_once: int | None = None,
    no_report: bool = False,
    figures: Sequence[str] | None = None,
    seed: int | None = None,
    progress: bool | None = None,
) -> results.Sweep:
    """Train on targets over a grid of dimensions, degrees, widths, rows, .., into one table.

    For tables call `train` in a loop, or use `OneHiddenLayerRegressor` with ``GridSearchCV`` of scikit-learn. The grid is
    described by keywords, a dictionary with the same keys, or a TOML file. `target`, `dim` and `width` are needed. Several
    values of a keyword span the grid.

    Parameters
    ----------
    file : path or dict, optional
        A TOML file or a dictionary that describes the sweep, with the keys ``target`` to ``name`` of this function.
    target : str or sequence of str
        The functions to learn, as for `plan`; ``{degree}`` stands for the degree of the cell.
    dim : int or sequence of int
        The dimension n of the sphere.
    degree : int or sequence of int
        The degrees that ``{degree}`` stands for.
    activation : str or sequence of str
        As for `spectrum`; relu by default.
    scale : float, ``'sqrt-dim'`` or a sequence of them
        The scale of the units; 1 by default.
    width : int, str or a sequence of them
        The number of hidden units: a number, or a power of the dimension such as ``'n^1.5'`` or ``'3*n^2'``.
    rows : int, str or a sequence of them
        The number of sampled rows, likewise; by default ``'exact'``, which is exact expectations.
    noise : float
        The standard deviation of the noise on sampled labels; 0 by default.
    step : float, ``'auto'`` or a sequence of them
        The step size.
    iterations : int or sequence of int
        The numbers of iterations, all from one path; 1e9 by default.
    seeds : int
        The number of draws of the hidden units, over which losses are averaged; 5 by default.
    max_degree : int
        The largest degree of the energies; 4 by default.
    name : str
        The name of the sweep.
    resume : path
        The folder of an interrupted sweep, which is resumed.
    out : path
        The folder for the results. Unlike the command-line program, nothing is written by default.
    force, no_report, figures
        Options of that folder, as in the command-line program.
    at_once : int
        The number of trainings to run in parallel; as many as threads by default.
    seed : int
        The first seed; 0 by default.
    progress : bool
        As for `train`.

    Returns
    -------
    Sweep
        ``pandas.DataFrame(result.rows)`` converts its rows to a data frame.

    Raises
    ------
    zonal.errors.ParameterError
        For values outside their domains, and for a grid of more than a million trainings.

    Examples
    --------
    >>> import zonal
    >>> found = zonal.sweep(target="x1*x2", dim=6, width=[20, 60], seeds=3)
    >>> found.trainings, bool(found.rows.loss[0] > found.rows.loss[1])
    (6, True)
    """
    arguments = locals()
    options = _call.options(sweep, arguments, ["file", "progress", "out", *_KEYS])
    if resume is None:
        options["out"] = folder(out)
    grid = {key: arguments[key] for key in _KEYS if arguments[key] is not None}
    if isinstance(file, Mapping):
        grid = _described(file, grid)
    elif file is not None:
        if not isinstance(file, str | bytes | os.PathLike):
            raise ParameterError(
                f"file is a {type(file).__name__}, but a TOML file or a dictionary that describes the sweep is needed; {_ON_TABLES}"
            )
        options["file"] = _call.path("file", file)
    if sum([bool(grid), "file" in options, resume is not None]) != 1:
        raise ParameterError(
            "exactly one of three is needed: keywords such as target, dim and width; the file of a sweep; resume, the folder of one"
        )
    if grid:
        missing = next((key for key in ("target", "dim", "width") if key not in grid), None)
        if missing is not None:
            raise ParameterError(f"{missing} is missing; a sweep needs target, dim and width")
        options["description"] = _call.toml(grid)
    (report,) = run("sweep", options, _call.command(sweep, arguments), progress=progress)
    result: results.Sweep = result_of(results.Sweep, report)
    return result


def _described(file: Mapping[str, Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a description, which may be written as in TOML, with those given as keywords."""
    found = {str(key).replace("-", "_"): value for key, value in file.items()}
    unknown = next((key for key in found if key not in _KEYS), None)
    if unknown is not None:
        raise ParameterError(f"'{unknown}' is not a key of a sweep; the keys are {', '.join(_KEYS)}")
    twice = next((key for key in found if key in keywords), None)
    if twice is not None:
        raise ParameterError(f"{twice} is specified twice: in the dictionary and as a keyword")
    return {**found, **keywords}


@_call.checked()
def again(
    record: Path,
    data: Path | Sequence[Path] | None = None,
    *,
    test: Path | Sequence[Path] | None = None,
    out: Path | None = None,
    force: bool = False,
    no_report: bool = False,
    figures: Sequence[str] | None = None,
    progress: bool | None = None,
) -> results.Agreement:
    """Repeat a finished training from its record, and check that the results match.

    The same version on the same kind of processor yields identical bits; otherwise losses agree within a stated tolerance.

    Parameters
    ----------
    record : path
        The ``run.json`` of a training on a target or on files, or its folder.
    data, test : file names
        The new paths of the files of the table, and of its test rows, if they have moved.
    out : path
        The folder for the repetition; nothing is written by default.
    force, no_report, figures
        Options of that folder, as in the command-line program.
    progress : bool
        As for `train`.

    Returns
    -------
    Agreement

    Raises
    ------
    zonal.errors.ParameterError
        For a run of another kind, for a table that was in memory and is not passed as a file, or for files if the run
        had none.

    Examples
    --------
    >>> import tempfile, zonal
    >>> folder = tempfile.mkdtemp() + "/run"
    >>> run = zonal.train(target="x1*x2", dim=4, width=30, iterations=100, out=folder)
    >>> zonal.again(folder).same_bits
    True
    """
    arguments = locals()
    options = _call.options(again, arguments, ["record", "data", "test", "progress"])
    options["again"] = _call.path("record", record)
    for name in ("data", "test"):
        if arguments[name] is not None:
            options[name] = _tables.files(arguments[name], name)
    (report,) = run("train", options, _call.command(again, arguments), progress=progress)
    result: results.Agreement = result_of(results.Agreement, report)
    return result


@_call.checked()
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
        The names of claims; all of them by default, which takes a few minutes.
    quick : bool
        Whether to check the same claims at smaller sizes.
    out : path
        The folder for the run. Unlike the command-line program, nothing is written by default.
    force, no_report, figures
        Options of that folder, as in the command-line program.
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
    arguments = locals()
    options = {**_call.options(reproduce, arguments, ["progress", "out"]), "out": folder(out)}
    (report,) = run("reproduce", options, _call.command(reproduce, arguments), progress=progress)
    result: results.Reproduction = result_of(results.Reproduction, report)
    return result
