"""Gradient descent on networks with one hidden layer: what is learned, in which order, and at which width.

The functions have the names, defaults and results of the command-line program ``zonal``:

- `spectrum`: the degrees that an activation can learn, and how fast it learns each,
- `plan`: width and iterations with a guarantee,
- `train`: the training itself, on a target or on a table, to any number of iterations,
- `analyze`: polynomial fits, the noise floor and energies of a table,
- `sweep`, `reproduce`, `again`: trainings over a grid, the claims of the theory, repetition of a run,
- `load`, `predict`, `report`: finished runs read back, applied to tables, and put on a page,
- `sq`: statistical queries,
- `spherical_harmonic_energies`: energy by degree of any model,
- `OneHiddenLayerRegressor`: an estimator for scikit-learn,
- `Survey`, `Statistics`, `zonal.dask`: tables distributed over machines.
"""

from __future__ import annotations

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
from .theory import plan, spectrum
from .training import analyze, train

if TYPE_CHECKING:
    from . import dask as dask
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
    "errors",
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


def __getattr__(name: str) -> Any:
    # These import optional or slow packages.
    if name == "OneHiddenLayerRegressor":
        from .estimator import OneHiddenLayerRegressor

        return OneHiddenLayerRegressor
    if name == "dask":
        import importlib

        return importlib.import_module(".dask", __name__)
    raise AttributeError(f"module 'zonal' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, "OneHiddenLayerRegressor", "dask"])
