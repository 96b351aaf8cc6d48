"""Gradient descent on networks with one hidden layer: what is learned, in which order, and at which width.

The functions have the names, defaults and results of the command-line program ``zonal``:

- `spectrum`: the degrees that an activation can learn, and how fast it learns each,
- `plan`: width and iterations with a guarantee,
- `curve`: predicted errors by the numbers of rows and units; `learning_curve`: those of a table at more rows than it has,
- `train`: the training itself, on a target or on a table, to any number of iterations,
- `analyze`: polynomial fits, the noise floor and energies of a table,
- `sweep`, `reproduce`, `again`: trainings on targets over a grid, the claims of the theory, repetition of a run,
- `load`, `predict`, `report`: finished runs read back, applied to tables, and put on a page,
- `sq`: statistical queries,
- `spherical_harmonic_energies`: energy by degree of any model,
- `OneHiddenLayerRegressor`, `OneHiddenLayerClassifier`: estimators for scikit-learn,
- `Survey`, `Statistics`, `zonal.dask`: tables distributed over machines.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from . import errors, results, sq
from ._native import __version__
from ._threads import set_threads
from .energies import Energies, spherical_harmonic_energies, uniform_points
from .errors import ZonalError
from .network import Network
from .runs import load, predict, report
from .statistics import Statistics, Survey
from .studies import again, reproduce, sweep
from .theory import curve, plan, spectrum
from .training import analyze, learning_curve, train

if TYPE_CHECKING:
    from . import dask as dask
    from .estimator import OneHiddenLayerClassifier as OneHiddenLayerClassifier
    from .estimator import OneHiddenLayerRegressor as OneHiddenLayerRegressor

__all__ = [
    "Energies",
    "Network",
    "Statistics",
    "Survey",
    "ZonalError",
    "__version__",
    "again",
    "analyze",
    "curve",
    "errors",
    "learning_curve",
    "load",
    "plan",
    "predict",
    "report",
    "reproduce",
    "results",
    "set_threads",
    "spectrum",
    "spherical_harmonic_energies",
    "sq",
    "sweep",
    "train",
    "uniform_points",
]


# Optional packages are looked up and not imported: `help`, completion and `from zonal import *` need the names only.
_ESTIMATORS = ("OneHiddenLayerClassifier", "OneHiddenLayerRegressor")
_OPTIONAL = {**dict.fromkeys(_ESTIMATORS, "sklearn"), "dask": "dask"}

if find_spec("sklearn") is not None:
    __all__ += ["OneHiddenLayerClassifier", "OneHiddenLayerRegressor"]


def __getattr__(name: str) -> Any:
    # These import optional or slow packages.
    if name not in _OPTIONAL:
        raise AttributeError(f"module 'zonal' has no attribute '{name}'")
    try:
        if name == "dask":
            import importlib

            return importlib.import_module(".dask", __name__)
        from . import estimator

        return getattr(estimator, name)
    except errors.MissingPackage as error:
        if name in _ESTIMATORS and find_spec("sklearn") is None:
            # For `from zonal import OneHiddenLayerRegressor`, which would replace the message of an AttributeError.
            raise
        # A package that is listed but cannot be used must not end `help(zonal)`, which passes over attributes that are missing.
        raise errors.MissingAttribute(str(error)) from error


def __dir__() -> list[str]:
    installed = [name for name, package in _OPTIONAL.items() if find_spec(package) is not None]
    return sorted({*__all__, *installed})
