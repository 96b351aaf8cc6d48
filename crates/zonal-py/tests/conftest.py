"""What the tests share: the program that the workspace has built, and tables."""

from __future__ import annotations

import os
from pathlib import Path

# Before NumPy: its threads and ours would stand in each other's way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def program() -> Path:
    """The program zonal, which the other tests have built."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = Path(os.environ.get("ZONAL_PROGRAM", target / "release/zonal"))
    if not path.is_file():
        pytest.skip(f"{path} is not built: cargo build --release")
    return path


@pytest.fixture(scope="session")
def diabetes() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The table of the examples: features, label, names of the features."""
    path = ROOT / "examples/data/diabetes.csv"
    names = path.read_text().splitlines()[0].split(",")
    values = np.loadtxt(path, delimiter=",", skiprows=1)
    label = names.index("progression")
    rest = [j for j in range(len(names)) if j != label]
    return values[:, rest], values[:, label], [names[j] for j in rest]


@pytest.fixture(scope="session")
def rows() -> tuple[np.ndarray, np.ndarray]:
    """3,000 rows of a smooth function of four columns."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3_000, 4))
    return x, np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * rng.normal(size=3_000)
