"""Many trainings at once: sweeps over a grid, the claims of the theory."""

from __future__ import annotations

from collections.abc import Sequence

from . import _call, _native, _tables, results
from ._run import Path, result_of
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
    words = ["sweep", *_call.words(sweep, given, ["file", "progress", "out"])]
    if resume is None:
        words.append("--out=none" if out is None else f"--out={_call.path('out', out)}")
    if file is not None:
        words += ["--", _call.path("file", file)]
    with _call.watching(progress) as watch:
        (report,) = _native.run(words, _call.command(sweep, given), None, None, watch)
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
    words = ["train", f"--again={_call.path('record', record)}"]
    words += _call.words(again, given, ["record", "data", "test", "progress", "out"])
    if out is not None:
        words.append(f"--out={_call.path('out', out)}")
    if test is not None:
        words += [f"--test={file}" for file in _tables.files(test, "test")]
    if data is not None:
        words += ["--", *_tables.files(data)]
    with _call.watching(progress) as watch:
        (report,) = _native.run(words, _call.command(again, given), None, None, watch)
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
    words = ["reproduce", *_call.words(reproduce, given, ["progress", "out"])]
    words.append("--out=none" if out is None else f"--out={_call.path('out', out)}")
    with _call.watching(progress) as watch:
        (report,) = _native.run(words, _call.command(reproduce, given), None, None, watch)
    result: results.Reproduction = result_of(results.Reproduction, report)
    return result
