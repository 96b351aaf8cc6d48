"""Studies of many trainings: sweeps over a grid, claims of the theory, repetitions of runs."""

from __future__ import annotations

from collections.abc import Sequence

from . import _call, _tables, results
from ._run import Path, folder, result_of, run
from .errors import ParameterError

__all__ = ["again", "reproduce", "sweep"]


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
    """Train over a grid of dimensions, degrees, widths, rows, .., into one table.

    Parameters
    ----------
    file : path
        A TOML file that describes the sweep. ``target``, ``dim`` and ``width`` are required; ``degree``, ``activation``, ``scale``,
        ``rows``, ``step``, ``iterations``, ``seeds``, ``noise``, ``max-degree`` and ``name`` are optional. Keys that span the
        grid take a value or a list; ``{degree}`` in a target stands for the degree of the cell. For example
        ``target = "harmonic({degree})"``, ``degree = [1, 2]``, ``dim = 10``, ``width = [100, 1000]``, ``seeds = 5``.
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
        ``pandas.DataFrame(result.rows.to_dict())`` converts its rows to a data frame.
    """
    arguments = locals()
    if (file is None) == (resume is None):
        raise ParameterError("exactly one of file, which describes a sweep, and resume, the folder of one, is needed")
    options = _call.options(sweep, arguments, ["file", "progress", "out"])
    if resume is None:
        options["out"] = folder(out)
    if file is not None:
        options["file"] = _call.path("file", file)
    (report,) = run("sweep", options, _call.command(sweep, arguments), progress=progress)
    result: results.Sweep = result_of(results.Sweep, report)
    return result


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
