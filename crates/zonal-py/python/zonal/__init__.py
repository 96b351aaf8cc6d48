"""What a network with one hidden layer learns by gradient descent, in which order, how wide and how long.

The functions have the names, defaults and numbers of the program ``zonal``:

- `spectrum`: which degrees an activation sees, and how fast each is learned,
- `plan`: width and iterations with a guarantee,
- `train`: the training itself, on a target or on a table, to any number of iterations,
- `analyze`: what a table holds before any network,
- `sweep`, `reproduce`, `again`: trainings over a grid, the claims of the theory, a run repeated from its record,
- `sq`: statistical queries,
- `spherical_harmonic_energies`: energy by degree of anybody's model,
- `OneHiddenLayerRegressor`: an estimator for scikit-learn,
- `Survey`, `Statistics`, `zonal.dask`: tables that are spread over machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors, results, sq
from ._native import __version__
from ._threads import set_threads
from .energies import Energies, spherical_harmonic_energies, uniform_points
from .errors import ZonalError
from .network import Network
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
    "plan",
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
    # These need packages that take long to import, or are not there.
    if name == "OneHiddenLayerRegressor":
        from .estimator import OneHiddenLayerRegressor

        return OneHiddenLayerRegressor
    if name == "dask":
        import importlib

        return importlib.import_module(".dask", __name__)
    raise AttributeError(f"module 'zonal' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, "OneHiddenLayerRegressor", "dask"])
