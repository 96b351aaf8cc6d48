"""Examples in the documentation run, and everything public is documented."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import runpy
import subprocess
import sys

import pytest

import zonal

MODULES = ["theory", "training", "studies", "runs", "sq", "network", "energies", "statistics", "estimator", "dask"]
ROOT = __import__("pathlib").Path(__file__).resolve().parents[3]
GUIDE = sorted((ROOT / "docs/guide").glob("*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    module = importlib.import_module(f"zonal.{name}")
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    names = {public: getattr(module, public) for public in module.__all__}
    for public, value in names.items():
        # Functions that check their keywords are defined in another module than their wrappers.
        for test in doctest.DocTestFinder().find(value, public, module=False, globs={**names}):
            runner.run(test)
    assert runner.tries > 0 and runner.failures == 0


def test_everything_public_is_documented():
    for name in zonal.__all__:
        value = getattr(zonal, name)
        assert name == "__version__" or (inspect.getdoc(value) or "").strip(), name
        if inspect.isclass(value):
            for member, function in inspect.getmembers(value, inspect.isfunction):
                if not member.startswith("_") and function.__module__.startswith("zonal"):
                    assert inspect.getdoc(function), f"{name}.{member}"


LOOK = """
import inspect, pydoc, sys
for package in {missing}:
    sys.modules[package] = None
if {old}:
    import sklearn.base
    del sklearn.base.RegressorMixin
import zonal
inspect.getmembers(zonal)
text = pydoc.render_doc(zonal, renderer=pydoc.plaintext)
assert "spectrum(" in text and "train(" in text
assert ("class OneHiddenLayerRegressor" in text) == {estimator}
assert ("dask" in dir(zonal)) == ("dask" not in {missing})
from zonal import *
if "dask" in {missing}:
    assert not hasattr(zonal, "dask")
    try:
        from zonal import dask
    except ImportError as error:
        assert "needs Dask" in str(error)
    else:
        raise AssertionError
if "sklearn" in {missing}:
    try:
        from zonal import OneHiddenLayerRegressor
    except ImportError as error:
        assert "needs scikit-learn" in str(error)
    else:
        raise AssertionError
"""
OPTIONAL = ["sklearn", "dask", "pandas", "pyarrow", "polars", "matplotlib"]


def test_help_needs_no_optional_package():
    look = LOOK.format(missing=OPTIONAL, estimator=False, old=False)
    subprocess.run([sys.executable, "-c", look], check=True)


def test_help_with_all_packages():
    for package in ("sklearn", "dask"):
        pytest.importorskip(package)
    subprocess.run([sys.executable, "-c", LOOK.format(missing=[], estimator=True, old=False)], check=True)


def test_help_with_a_version_of_a_package_that_is_too_old():
    pytest.importorskip("sklearn")
    look = LOOK.format(missing=[], estimator=False, old=True).replace("from zonal import *", "")
    subprocess.run([sys.executable, "-c", look], check=True)


def public_functions():
    every = [getattr(zonal, name) for name in zonal.__all__] + [getattr(zonal.sq, name) for name in zonal.sq.__all__]
    return [value for value in every if inspect.isfunction(value)]


@pytest.mark.parametrize("function", public_functions(), ids=lambda f: f.__name__)
def test_functions_document_their_parameters_and_have_an_example(function):
    text = inspect.getdoc(function)
    sections = dict(zip(*[iter(re.split(r"\n(\w[\w ]*)\n-+\n", text)[1:])] * 2, strict=True))
    described = {
        name.strip()
        for line in re.findall(r"^(\w.*)$", sections["Parameters"], re.M)
        for name in line.split(" : ")[0].split(",")
    }
    assert set(inspect.signature(function).parameters) <= described
    assert {"Returns", "Examples"} <= set(sections) or function is zonal.set_threads


@pytest.mark.parametrize("script", GUIDE, ids=lambda p: p.stem)
def test_the_guide_runs(script, tmp_path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(script), run_name="__main__")


def test_the_guide_is_there():
    assert len(GUIDE) == 4
