"""Many trainings at once: sweeps over a grid, the claims of the theory."""

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
    options = _call.options(sweep, given, ["file", "progress", "out"])
    if resume is None:
        options["out"] = folder(out)
    if file is not None:
        options["file"] = _call.path("file", file)
    (report,) = run("sweep", options, _call.command(sweep, given), progress=progress)
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
    """Repeat a finished training from its record, and say whether it agrees.

    The same version on the same kind of processor gives the same bits; otherwise losses agree to a stated tolerance.

    Parameters
    ----------
    record : path
        The ``run.json`` of a training on a target or on files, or its folder.
    data, test : file names
        Where the files of the table, and of its test rows, are now, if they have been moved.
    out : path
        The folder for the repetition; nothing is written by default.
    force, no_report, figures
        About that folder, as for the program.
    progress : bool
        As for `train`.

    Returns
    -------
    Agreement

    Raises
    ------
    zonal.errors.ParameterError
        For a run of another kind, of a table that was in memory and is not given as a
        file, or for files that the run had none of.

    Examples
    --------
    >>> import tempfile, zonal
    >>> folder = tempfile.mkdtemp() + "/run"
    >>> run = zonal.train(target="x1*x2", dim=4, width=30, iterations=100, out=folder)
    >>> zonal.again(folder).same_bits
    True
    """
    given = locals()
    options = _call.options(again, given, ["record", "data", "test", "progress"])
    options["again"] = _call.path("record", record)
    for name in ("data", "test"):
        if given[name] is not None:
            options[name] = _tables.files(given[name], name)
    (report,) = run("train", options, _call.command(again, given), progress=progress)
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
    options = {**_call.options(reproduce, given, ["progress", "out"]), "out": folder(out)}
    (report,) = run("reproduce", options, _call.command(reproduce, given), progress=progress)
    result: results.Reproduction = result_of(results.Reproduction, report)
    return result
