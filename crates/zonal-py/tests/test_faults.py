"""Whatever is wrong is told by its argument, with what was found and what is needed; nothing leaks."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import zonal
from zonal.errors import DataError, FileError, ParameterError, ZonalError

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0] ** 2
HOLE = X.copy()
HOLE[7, 1] = np.nan


class Lazy:
    """A frame that is computed on demand, as polars and Dask have."""

    columns = ("a", "y")

    def collect(self):
        return X


FAULTS = [
    (lambda: zonal.train(X[:, 0], Y), DataError, "data has the shape .60,., but two dimensions"),
    (lambda: zonal.train(X, Y[:50]), DataError, "data has 60 rows and y has 50"),
    (lambda: zonal.train(X, Y.reshape(3, 20, 1)), DataError, "y has the shape"),
    (lambda: zonal.train(X[:0], Y[:0]), DataError, "data has no rows"),
    (lambda: zonal.train(X[:, :0], Y), DataError, "data has no columns"),
    (lambda: zonal.train(HOLE, Y, missing="reject"), DataError, "column 'x2': row 7 .*lacks a value.* missing='drop'"),
    (lambda: zonal.train(X, np.where(Y > 2, np.inf, Y)), DataError, "column 'y': row .* holds inf"),
    (lambda: zonal.train(X.astype(object), Y), DataError, "data has the type object, but numbers"),
    (lambda: zonal.train([["a", "b"]] * 60, Y), DataError, "none of the 2 feature columns varies"),
    (lambda: zonal.train(X + 1j, Y), DataError, "complex128.*real and imaginary"),
    (lambda: zonal.train([[1, 2], [3]], [1, 2]), DataError, "data is a list, which is not an array"),
    (lambda: zonal.train(X), ParameterError, "y is missing"),
    (lambda: zonal.train(X, "y"), ParameterError, "y is 'y', but the labels themselves .* write label='y'"),
    (lambda: zonal.analyze(X, ["a", "b"]), ParameterError, r"write label=\['a', 'b'\]"),
    (lambda: zonal.train("a.csv", "y"), ParameterError, "y cannot be used with files.*write label='y'"),
    (lambda: zonal.train("a.csv", Y), ParameterError, "y cannot be used with files.*name their column as label"),
    (lambda: zonal.train(), ParameterError, "data and target are both missing"),
    (lambda: zonal.train(X, Y, target="x1"), ParameterError, "data cannot be used with a target"),
    (lambda: zonal.analyze(X, np.ones(60)), DataError, "label 'y' has the same value 1"),
    (lambda: zonal.train(np.ones((60, 2)), Y), DataError, "none of the 2 feature columns varies"),
    (lambda: zonal.train(X, Y, width=0), ParameterError, "width"),
    (lambda: zonal.train(X, Y, width=10**7), MemoryError, "width .* would fit"),
    (lambda: zonal.train(X, Y, width="wide"), ParameterError, "width: 'wide' is not a count"),
    (lambda: zonal.train(X, Y, activation="reluu"), ParameterError, "did you mean relu"),
    (lambda: zonal.train(X, Y, activation="t*(t"), ParameterError, r"character"),
    (lambda: zonal.train(X, Y, step=1e9, activation="relu", bias=1), ParameterError, "step"),
    (
        lambda: zonal.train(X, Y, at=[5, 10**12], iterations=10**6),
        ParameterError,
        "at lists 1000000000000.*raise iterations",
    ),
    (lambda: zonal.train(X, Y, test_fraction=0.7, validation_fraction=0.7), ParameterError, "fraction"),
    (lambda: zonal.train(X, Y, precision="f16"), ParameterError, "f16"),
    (lambda: zonal.train(X, Y, seed=-1), ParameterError, "seed: '-1' is not a non-negative integer"),
    (lambda: zonal.train(X, Y, weight=np.ones(3)), DataError, "weight has the shape .3,., but the table has 60"),
    (
        lambda: zonal.train(X, Y, weight=-np.ones(60)),
        DataError,
        "column 'weight': row .* has the weight -1, but 0 or a number",
    ),
    (
        lambda: zonal.train(X, Y, weight=np.ones(60), layers="both"),
        ParameterError,
        "weight is supported only for training of the output layer",
    ),
    (lambda: zonal.train(X, Y, weight=np.zeros(60)), DataError, "no usable rows: all 60 .* weight 0"),
    (lambda: zonal.train(X, Y, bias=False), ParameterError, "bias is False"),
    (lambda: zonal.train(X, Y, refit="yes"), ParameterError, "refit is 'yes', but True or False"),
    (lambda: zonal.train(X, Y, features=[]), ParameterError, "features names no column"),
    (lambda: zonal.train(X, Y, dim=4), ParameterError, "dim cannot be used with data"),
    (lambda: zonal.train(X, Y, test=(X, Y)), ParameterError, "test is a ndarray, but the path of a file"),
    (lambda: zonal.train(X, Y, kinks=[0.2]), ParameterError, "kinks are specified, but the activation is not a callable"),
    (lambda: zonal.train(target="x1", weight=[1.0]), ParameterError, "weight cannot be used with a target"),
    (lambda: zonal.train("a.csv", Y, label="y"), ParameterError, "y cannot be used with files"),
    (lambda: zonal.train("a.csv", label="y", weight=Y), ParameterError, "weight is a ndarray"),
    (lambda: zonal.train(lambda x: x, dim=3), ParameterError, "pass a function to learn as target"),
    (lambda: zonal.train(Lazy(), label="y"), DataError, r"data is a Lazy, but .*; data.collect\(\) is one"),
    (lambda: zonal.train(iter([1]), Y), DataError, "data is a list_iterator, but an array or a table"),
    (lambda: zonal.train(resume="runs/none", width=3), ParameterError, "width cannot be used with resume"),
    (lambda: zonal.train(X, Y, resume="runs/none"), ParameterError, "data cannot be used with resume"),
    (lambda: zonal.spectrum("relu", decay=range(2, 9, 3)), ParameterError, "range of consecutive degrees"),
    (lambda: zonal.spectrum(np.tanh, kinks="abc"), ParameterError, "kinks is 'abc'"),
    (lambda: zonal.spherical_harmonic_energies(zonal.uniform_points(3, 60), Y * 1e200), DataError, "larger unit"),
    (lambda: zonal.uniform_points(10, 10**12), MemoryError, "request fewer"),
    (lambda: zonal.train(target=len, dim=3, bias=1), ParameterError, "bias cannot be used with a callable target"),
    (lambda: zonal.train(X, Y, samples=5), ParameterError, "samples is specified, but the target is not a callable"),
    (lambda: zonal.train(X, Y, delimiter=";"), ParameterError, "delimiter is specified, but there are no files"),
    (lambda: zonal.train(target=lambda p: p[:, 0], dim=3, width=float("inf")), ParameterError, "as an expression"),
    (lambda: zonal.plan("x1", samples=7), ParameterError, "samples is specified"),
    (lambda: zonal.set_threads(-1), ParameterError, "threads is -1"),
    (lambda: zonal.Survey(X, Y, seed=-1), ParameterError, "seed is -1"),
    (lambda: zonal.Survey(X, Y, validation_fraction="a"), ParameterError, "validation_fraction is 'a'"),
    (lambda: zonal.Statistics(None), ParameterError, "survey is a NoneType"),
    (lambda: zonal.train("no/such.csv", label="y"), FileError, "no/such.csv"),
    (lambda: zonal.train("no/such.csv"), ParameterError, "label is missing"),
    (lambda: zonal.spectrum("relu", dim=1), ParameterError, "dimension is 1"),
    (lambda: zonal.spectrum("relu", max_degree=-2), ParameterError, "max_degree"),
    (lambda: zonal.spectrum("relu", dim={}), ParameterError, "dim is a dict"),
    (lambda: zonal.plan("x99", dim=3), ParameterError, "x99|x3"),
    (lambda: zonal.sweep(), ParameterError, "file.*resume"),
    (lambda: zonal.reproduce("unknown"), ParameterError, "unknown"),
    (lambda: zonal.sq.bound(family="zonal", dim=9, degree=2, tolerance=-1), ParameterError, "tolerance"),
    (lambda: zonal.spherical_harmonic_energies(X, Y), ValueError, "length"),
    (lambda: zonal.spherical_harmonic_energies(X, Y[:4]), DataError, "60 points and values has 4"),
    (lambda: zonal.uniform_points(1, 5), ParameterError, "dim is 1"),
    (lambda: zonal.Network.load("no/such"), FileError, "no/such"),
    (lambda: zonal.Statistics.from_bytes(b"nonsense"), DataError, "safetensors"),
    (
        lambda: zonal.train(HOLE, Y, missing="reject"),
        DataError,
        "^data, column 'x2': row .* lacks a value; fill it in, or drop such",
    ),
    (lambda: zonal.analyze(HOLE, Y, missing="reject"), DataError, "^data, column 'x2'"),
    (lambda: zonal.Survey(HOLE, Y), DataError, "^X, column 'x2'"),
    (lambda: zonal.sweep(X), ParameterError, "file is a ndarray, but a TOML file .*; for a table call zonal.train"),
    (lambda: zonal.Survey(X, Y, missing="maybe"), ParameterError, "missing is 'maybe'"),
    (lambda: zonal.Survey(X, Y, first_row=-3), ParameterError, "first_row is -3"),
]


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_faults_are_told(number):
    call, kind, words = FAULTS[number]
    with pytest.raises(kind, match=f"(?s){words}") as caught:
        call()
    assert isinstance(caught.value, ZonalError)
    assert "--" not in str(caught.value), "options are keywords in Python"


def test_sparse_matrices_are_refused():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(DataError, match="data.toarray"):
        zonal.train(sparse.csr_matrix(X), Y)


def test_errors_are_also_those_of_python():
    assert issubclass(DataError, ValueError) and issubclass(ParameterError, ValueError)
    assert issubclass(zonal.errors.NumericalError, RuntimeError) and issubclass(FileError, OSError)


def resident() -> int:
    """Bytes in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_a_thousand_failed_calls_leave_nothing():
    def fail(number: int) -> None:
        call, _, _ = FAULTS[number % len(FAULTS)]
        with pytest.raises(ZonalError):
            call()

    broken = np.random.default_rng(1).normal(size=(20_000, 20))
    broken[19_999, 19] = np.nan
    label = broken[:, 0].copy()

    def large() -> None:
        with pytest.raises(ZonalError):
            zonal.train(broken, label, width=50, missing="reject")

    for i in range(200):
        fail(i)
        if i % 10 == 0:
            large()
    gc.collect()
    before = resident()
    for i in range(1_000):
        fail(i)
        if i % 10 == 0:
            large()
    gc.collect()
    # A table of 3.2 MB that stayed each time would be 320 MB.
    assert resident() - before < 24 << 20


KEYWORDS = [
    (lambda: zonal.train(X, Y, epochs=4), "unexpected keyword argument 'epochs'; the option is iterations"),
    (lambda: zonal.train(X, Y, widht=4), "'widht'; did you mean width?"),
    (lambda: zonal.train(X, Y, n_jobs=4), "zonal.set_threads"),
    (lambda: zonal.train(X, Y, drop_columns=["a"]), "'drop_columns'; the option is exclude"),
    (lambda: zonal.train(X, Y, zzz=1), "unexpected keyword argument 'zzz'$"),
    (lambda: zonal.sq.bound(family="zonal", n=4), "'n'; the option is dim"),
    (lambda: zonal.sweep(X, label="y"), "'label'; a sweep trains on targets; for a table call zonal.train"),
]


@pytest.mark.parametrize("call, words", KEYWORDS)
def test_unknown_keywords_are_answered_with_the_option(call, words):
    with pytest.raises(TypeError, match=words):
        call()
