"""Jobs of the compiled part, and what they found as results."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from . import _native, results
from ._result import attach, build
from .network import Network

#: Anything that names an activation: a name, an expression in t, or a callable of one array.
Activation = str | Callable[[Any], Any]
#: Names of files.
Path = str | os.PathLike[str]


def result_of(cls: type[Any], report: _native.Report) -> Any:
    """A result from what the compiled part found."""
    document = json.loads(report.json)
    result = build(cls, document, vars(results))
    attach(result, notes=tuple(report.notes), _document=document, _figures=report.figures)
    if isinstance(result, results.Training) and report.model is not None:
        attach(result, _network=Network(report.model))
    return result
