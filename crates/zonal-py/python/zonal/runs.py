"""Finished runs: read back, used for predictions, and put on a page."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from . import _arrays, _call, _native, _streams, _tables, results
from ._result import FloatArray, TrainingResult, build
from ._run import Path, result_of, run
from .errors import DataError, ParameterError
from .network import Network

__all__ = ["load", "predict", "report"]

# The result of each kind of run.
_KINDS: dict[str, type[Any]] = {
    "train": results.Training,
    "sweep": results.Sweep,
    "reproduce": results.Reproduction,
    "sq-play": results.Game,
}


@_call.checked()
def load(folder: Path) -> Any:
    """Read a finished run back from its folder.

    Parameters
    ----------
    folder : path
        The folder of a run of `train`, `sweep`, `reproduce` or `sq.play`, or of the command-line program.

    Returns
    -------
    Training, Sweep, Reproduction or Game
        The result as the call returned it; for a training with its ``network``.

    Raises
    ------
    zonal.errors.FileError, zonal.errors.DataError
        For a folder without a finished run, or with a damaged one.

    Examples
    --------
    >>> import tempfile, zonal
    >>> folder = tempfile.mkdtemp() + "/run"
    >>> run = zonal.train(target="x1*x2", dim=4, width=30, iterations=100, out=folder)
    >>> again = zonal.load(folder)
    >>> again.loss == run.loss, again.network.width
    (True, 30)
    """
    found = _native.load(_call.path("folder", folder))
    return result_of(_KINDS[found.kind], found)


@_call.checked()
@_streams.spilled
def predict(
    model: Path | Network | TrainingResult,
    data: Any,
    *,
    iteration: int | None = None,
    label: str | Sequence[str] | None = None,
    interval: float | None = None,
    part: str = "all",
    no_header: bool = False,
    delimiter: str | None = None,
    decimal: str | None = None,
    missing: str = "fill",
    probabilities: bool = False,
    progress: bool | None = None,
) -> FloatArray | results.Score:
    """Predict the rows of a table with a trained network, or score it on labelled rows.

    Parameters
    ----------
    model : path, Network or Training
        A run folder, a model file, a network, or the result of a training.
    data : file names, array, table of pandas, pyarrow or polars, or stream of Arrow
        The rows, with the columns of the training; other columns of a table with names are ignored.
    iteration : int, optional
        One of the network's iterations; its best iteration by default.
    label : str or sequence of str, optional
        The columns of the labels: return the root mean squared error instead of predictions.
    interval : float, optional
        Return the ends of intervals that cover the labels with this probability, by the errors on held-out rows of the training; see
        `Network.predict_interval`. With `label`, the share of labels that are covered is part of the score.
    part : {'all', 'train', 'validation', 'test'}
        Only the rows of one part of the training's split, for the table that the network was trained on.
    no_header, delimiter, decimal, missing
        The dialect of CSV files, as for `train`.
    probabilities : bool
        For a network trained on classes: return their probabilities, in the order of `Network.classes`, instead of the name of the
        most probable one.
    progress : bool
        As for `train`.

    Returns
    -------
    ndarray of shape (rows,), or (rows, labels) for several labels
        The predictions in the labels' units, in the order of the rows that are used; with `interval` the lower and the upper ends, with
        one more dimension; or a `Score` with `label`.

    Raises
    ------
    zonal.errors.DataError, zonal.errors.FileError
        For columns other than those of the training, missing values, or files that cannot be read.
    zonal.errors.ParameterError
        For an iteration at which the network is not known, or a network trained on a target if data are files.

    Examples
    --------
    >>> import numpy as np, zonal
    >>> x = np.random.default_rng(0).normal(size=(300, 3))
    >>> run = zonal.train(x, x[:, 0] * x[:, 1], width=200)
    >>> zonal.predict(run, x[:4]).shape
    (4,)
    """
    if part not in ("all", "train", "validation", "test"):
        raise ParameterError(f"part is {part!r}, but must be 'all', 'train', 'validation' or 'test'")
    if not _tables.is_path(data):
        if label is not None and not _tables.is_names(label):
            raise ParameterError(
                f"label is a {type(label).__name__}, but must name columns of data; "
                "to score arrays, compare zonal.predict(run, data) with the labels"
            )
        if no_header or (delimiter, decimal) != (None, None) or missing != "fill":
            message = "no_header, delimiter, decimal and missing describe files, but data is in memory; omit them"
            raise ParameterError(message)
        if interval is not None and label is not None:
            raise ParameterError(
                "interval and label are for files; with data in memory, compare predict_interval with the labels"
            )
        network = _network_of(model)
        of_rows = _predict_rows(network, data, iteration, label, part, probabilities)
        return of_rows if interval is None else _ends(network, of_rows, interval, iteration)
    arguments = locals()
    options = _call.options(predict, arguments, ["model", "data", "label", "probabilities", "progress"])
    options["data"] = _tables.files(data)
    if label is not None:
        options["label"] = _tables.name_list(label, "label")
    call = _call.command(predict, arguments)
    with tempfile.TemporaryDirectory() as scratch:
        if isinstance(model, Network | TrainingResult):
            options["model"] = str(FilePath(scratch) / "model.safetensors")
            _network_of(model).save(options["model"])
        else:
            options["model"] = _call.path("model", model)
        (found,) = run("predict", options, call, progress=progress)
    if label is not None:
        return build(results.Score, json.loads(found.json), vars(results))
    values: Any = found.predictions
    classes = _network_of(model).classes
    if classes is not None:
        names: FloatArray = values if probabilities else np.array(classes)[values.argmax(axis=1)]
        return names
    if probabilities:
        raise ParameterError("the network was trained on numbers, which have no probabilities; omit probabilities")
    predictions: FloatArray = values[:, 0] if values.shape[1] == 1 else values
    return predictions if interval is None else _ends(_network_of(model), predictions, interval, iteration)


def _ends(network: Network, predictions: Any, level: float, iteration: int | None) -> FloatArray:
    """Return the ends of intervals around predictions."""
    if iteration is not None:
        raise ParameterError("interval cannot be used with iteration: intervals are those of the best iteration")
    half = network._model.half_widths(_call.real("interval", level))
    half = half if predictions.ndim == 2 else half[0]
    ends: FloatArray = np.stack([predictions - half, predictions + half], axis=-1)
    return ends


def _network_of(model: Any) -> Network:
    """Return the network of a result, a file or a run folder."""
    if isinstance(model, Network):
        return model
    if isinstance(model, TrainingResult):
        if model.network is None:
            raise ParameterError("the training has infinite width and no network; predictions need a finite width")
        return model.network
    return Network.load(model)


_PARTS = {"train": 0, "validation": 1, "test": 2}


def _predict_rows(
    network: Network,
    data: Any,
    iteration: int | None,
    label: str | Sequence[str] | None,
    part: str,
    probabilities: bool,
) -> FloatArray | results.Score:
    """Predict or score rows in memory."""
    asked = None if iteration is None else _call.number("iteration", iteration)
    if network.classes is not None and label is not None:
        raise ParameterError(
            "the classes of data in memory cannot be scored; compare predictions with them, or score a file"
        )
    of_rows = network._predict_proba if probabilities else network._predict
    values = of_rows(data, asked, "data")
    at = network.best_iteration if asked is None else asked
    used = np.ones(len(values), dtype=bool)
    if part != "all":
        used = network._model.parts(network._table(data, "data")) == _PARTS[part]
    if not used.any():
        raise DataError(f"no row falls into the part {part}")
    if label is None:
        shown: FloatArray = values[used]
        return shown
    table, names = _arrays.features(data, "data"), _tables.name_list(label, "label")
    missing = [name for name in names if name not in (table.names or ())]
    if missing:
        raise DataError(_tables.no_column("data", missing[0], table.names or ()))
    if len(names) != len(network.labels):
        expected = ", ".join(network.labels)
        raise ParameterError(f"label names {len(names)} columns, but the network predicts {len(network.labels)}: {expected}")
    if set(names) == set(network.labels):
        names = list(network.labels)
    truth = np.stack([table.columns[table.names.index(name)] for name in names if table.names], axis=1)
    errors = ((values.reshape(len(values), -1) - truth)[used] ** 2).mean(axis=0)
    return results.Score(
        labels=network.labels,
        classes=None,
        class_scores=None,
        rows=int(used.sum()),
        iteration=at,
        coverage=None,
        label_rmse=np.sqrt(errors),
        rmse=float(np.sqrt(errors.mean())),
    )


@_call.checked()
def report(
    runs: Path | TrainingResult | Sequence[Path | TrainingResult],
    *,
    out: Path | None = None,
    force: bool = False,
    figures: Sequence[str] | None = None,
) -> FilePath:
    """Write one page of one or several finished runs.

    Parameters
    ----------
    runs : path or result, or a sequence of them
        Folders of finished runs, or results that wrote one.
    out : path
        The file of the page; by default ``report.html`` in the folder of a single run, otherwise ``comparison.html``.
    force : bool
        Whether to overwrite existing files even if zonal did not write them.
    figures : sequence of {'svg', 'png', 'pdf'}
        The formats in which figures are also written, into the folder ``figures`` next to the page.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    zonal.errors.FileError
        For a folder without a finished run, or files that cannot be written.

    Examples
    --------
    >>> import tempfile, zonal
    >>> folder = tempfile.mkdtemp() + "/run"
    >>> run = zonal.train(target="x1*x2", dim=4, width=30, iterations=100, out=folder)
    >>> zonal.report(run).name
    'report.html'
    """
    arguments = locals()
    options = _call.options(report, arguments, ["runs", "out"])
    options["runs"] = [_folder_of(one) for one in _sequence(runs)]
    if out is not None:
        options["out"] = _call.path("out", out)
    (found,) = run("report", options, _call.command(report, arguments))
    return FilePath(json.loads(found.json)["page"])


def _sequence(runs: Any) -> Iterable[Any]:
    return runs if isinstance(runs, list | tuple) else [runs]


def _folder_of(one: Any) -> str:
    """Return the folder of a run, or of the result of one."""
    if isinstance(one, results.Training | results.Sweep | results.Reproduction | results.Game):
        if one.run is None:
            kind = type(one).__name__.lower()
            advice = "write one first: run.save(folder)" if isinstance(one, results.Training) else "call with out=folder"
            raise ParameterError(f"this {kind} has no run folder; {advice}")
        return one.run
    return _call.path("runs", one)
