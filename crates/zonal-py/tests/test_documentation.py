"""Examples in the documentation run, and everything public is documented."""

from __future__ import annotations

import doctest
import importlib
import inspect
import runpy

import pytest

import zonal

MODULES = ["theory", "training", "studies", "sq", "network", "energies", "statistics", "estimator", "dask"]
ROOT = __import__("pathlib").Path(__file__).resolve().parents[3]
GUIDE = sorted((ROOT / "docs/guide").glob("*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    module = importlib.import_module(f"zonal.{name}")
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert found.attempted > 0 and found.failed == 0


def test_everything_public_is_documented():
    for name in zonal.__all__:
        value = getattr(zonal, name)
        assert name == "__version__" or (inspect.getdoc(value) or "").strip(), name
        if inspect.isclass(value):
            for member, function in inspect.getmembers(value, inspect.isfunction):
                if not member.startswith("_") and function.__module__.startswith("zonal"):
                    assert inspect.getdoc(function), f"{name}.{member}"


@pytest.mark.parametrize("script", GUIDE, ids=lambda p: p.stem)
def test_the_guide_runs(script, tmp_path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(script), run_name="__main__")


def test_the_guide_is_there():
    assert len(GUIDE) == 4
