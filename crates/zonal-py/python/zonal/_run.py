"""Jobs of the compiled part, and their results."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from . import _arrays, _call, _native, results
from ._progress import progress_bars
from ._result import ResultList, attach, build
from .network import Network

#: An activation: a name, an expression in t, or a callable of one array.
Activation = str | Callable[[Any], Any]
#: A path of a file or folder.
Path = str | os.PathLike[str]


def run(
    command: str,
    options: dict[str, Any],
    call: list[str],
    table: _native.Table | None = None,
    code: _native.Code | None = None,
    progress: bool | None = False,
) -> list[_native.Report]:
    """Run a command with its options, optionally on a table in memory and with a callable as activation."""
    request = json.dumps({"command": command, **options})
    with progress_bars(progress) as bars, _arrays.named("data"):
        return _native.run(request, call, table, code, bars)


def folder(out: Any) -> str:
    """Return the option ``out``: unlike the command-line program, nothing is written by default."""
    return "none" if out is None else _call.path("out", out)


def result_of(cls: type[Any], report: _native.Report, notes: Iterable[str] = ()) -> Any:
    """Build a result from a report of the compiled part, with other notes before those of the report."""
    document = json.loads(report.json)
    result = build(cls, document, vars(results))
    attach(result, notes=(*notes, *report.notes), _document=document, _report=report)
    if isinstance(result, results.Training):
        attach(result.path, _has_roots=result.labels is not None)
    if isinstance(result, results.Sweep):
        attach(result.rows, _omits_constants=True)
    if isinstance(result, results.Training) and report.model is not None:
        attach(result, _network=Network(report.model))
    return result


def result_or_list(cls: type[Any], reports: list[_native.Report]) -> Any:
    """Build a result, or a list of them from several reports."""
    found = [result_of(cls, report) for report in reports]
    text = reports[0].comparison
    return found[0] if text is None else ResultList(found, text)
