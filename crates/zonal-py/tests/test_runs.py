"""Finished runs: loaded, saved, used for predictions, put on a page; sweeps from keywords."""

from __future__ import annotations

import json
import pickle
import subprocess

import numpy as np
import pytest

import zonal
from zonal import results

OPTIONS = {"width": 30, "activation": "tanh", "scale": 1.0, "bias": 1.0, "seed": 4}


@pytest.fixture(scope="module")
def table(root):
    return root / "examples/data/diabetes.csv"


@pytest.fixture(scope="module")
def saved(table, tmp_path_factory):
    """A run, and the folder that it wrote."""
    folder = tmp_path_factory.mktemp("runs") / "diabetes"
    return zonal.train(table, label="progression", stop="validation", out=folder, **OPTIONS), folder


def test_a_run_is_read_back_as_its_result(saved):
    run, folder = saved
    found = zonal.load(folder)
    assert isinstance(found, results.Training)
    assert found.to_dict() == run.to_dict() and repr(found) == repr(run).partition("\nnote: ")[0]
    assert found.figures() == run.figures()
    x = np.random.default_rng(0).normal(size=(5, 10))
    assert np.array_equal(found.network.predict(x), run.network.predict(x))


def test_runs_of_other_kinds_are_read_back(tmp_path):
    sweep = zonal.sweep(target="harmonic(2)", dim=4, width=[10, 20], iterations=100, seeds=2, out=tmp_path / "s")
    game = zonal.sq.play(family="monomials", dim=6, degree=2, tolerance=0.3, out=tmp_path / "g")
    claims = zonal.reproduce("representation", quick=True, out=tmp_path / "c")
    infinite = zonal.train(target="x1", dim=3, width="inf", iterations=10, out=tmp_path / "t")
    for name, run in (("s", sweep), ("g", game), ("c", claims), ("t", infinite)):
        found = zonal.load(tmp_path / name)
        assert type(found) is type(run)
        assert {**found.to_dict(), "trained": 0} == {**run.to_dict(), "trained": 0}, name
        assert found.figures() == run.figures()
    assert zonal.load(tmp_path / "t").network is None
    with pytest.raises(zonal.errors.ZonalError, match="not a finished run; it contains 4 runs"):
        zonal.load(tmp_path)
    with pytest.raises(zonal.errors.ZonalError, match="does not exist"):
        zonal.load(tmp_path / "none")


def test_a_result_is_saved_as_a_run(saved, table, program, tmp_path):
    _, folder = saved
    unsaved = zonal.train(table, label="progression", stop="validation", **OPTIONS)
    assert unsaved.run is None
    unsaved.save(tmp_path / "run", figures=["svg"])
    for name in ("metrics.jsonl", "metrics.csv", "model.safetensors", "test_rows.csv"):
        assert (tmp_path / "run" / name).read_bytes() == (folder / name).read_bytes(), name
    assert (tmp_path / "run/report.html").is_file() and list((tmp_path / "run/figures").glob("*.svg"))
    found = zonal.load(tmp_path / "run")
    assert {**found.to_dict(), "run": None} == unsaved.to_dict()
    assert zonal.again(tmp_path / "run").same_bits
    done = subprocess.run([program, "report", tmp_path / "run"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with pytest.raises(zonal.errors.FileError, match="not empty|holds a run"):
        unsaved.save(tmp_path / "run")
    unsaved.save(tmp_path / "run", force=True, no_report=True)
    assert not (tmp_path / "run/report.html").exists()
    found.save(tmp_path / "copy")
    assert zonal.load(tmp_path / "copy").loss == unsaved.loss


def test_results_without_a_record_are_not_saved(rows, saved, tmp_path):
    pytest.importorskip("sklearn")
    x, y = rows
    called = zonal.train(x, y, activation=np.tanh, scale=1, bias=1, width=10)
    estimator = zonal.OneHiddenLayerRegressor(activation="tanh", scale=1.0, bias=1.0, width=10).partial_fit(x, y)
    for result, message in [
        (called, "callable, which a file cannot store"),
        (estimator.result_, "only results of zonal.train and zonal.load"),
        (pickle.loads(pickle.dumps(saved[0])), "was pickled"),
    ]:
        with pytest.raises(zonal.errors.ParameterError, match=message):
            result.save(tmp_path / "run")
        assert not (tmp_path / "run").exists()


def test_predictions_of_runs_networks_and_files_are_the_same(saved, table, diabetes):
    run, folder = saved
    x, _, _ = diabetes
    expected = run.network.predict(x)
    for model in (run, run.network, folder, folder / "model.safetensors"):
        assert np.array_equal(zonal.predict(model, x), expected)
        assert np.array_equal(zonal.predict(model, table), expected)
    assert np.array_equal(zonal.predict(run, [table], iteration=0), run.network.predict(x, 0))
    parts = [zonal.predict(folder, table, part=part) for part in ("train", "validation", "test")]
    assert sum(map(len, parts)) == len(expected)
    assert np.array_equal(zonal.predict(run, x, part="test"), parts[2])
    score = zonal.predict(folder, table, label="progression", part="test")
    assert isinstance(score, results.Score) and score.rmse == pytest.approx(run.test_rmse, rel=1e-12)
    pd = pytest.importorskip("pandas")
    frame = pd.read_csv(table)
    same = zonal.predict(run, frame, label="progression", part="test")
    assert (same.rows, same.iteration) == (score.rows, score.iteration) and same.rmse == pytest.approx(score.rmse, rel=1e-12)
    assert "rmse" in repr(score)


def test_predictions_name_what_is_wrong(saved, table, diabetes):
    run, _ = saved
    x = diabetes[0]
    for call, message in [
        (lambda: zonal.predict(run, x, part="all of it"), "part is 'all of it'"),
        (lambda: zonal.predict(run, x, label="progression"), "no column 'progression'"),
        (lambda: zonal.predict(run, x, no_header=True), "data is in memory"),
        (lambda: zonal.predict("nowhere", x), "nowhere"),
        (lambda: zonal.predict(run, table, label=["progression", "age"]), "label names 2 columns"),
        (lambda: zonal.predict(run, table, iteration=12345), "the nearest are"),
    ]:
        with pytest.raises(zonal.errors.ZonalError, match=message):
            call()


def test_pages_of_one_run_and_of_several(saved, tmp_path):
    run, folder = saved
    page = folder / "report.html"
    page.unlink()
    assert zonal.report(run) == page and page.is_file()
    other = tmp_path / "other"
    zonal.train(target="x1*x2", dim=4, width=20, iterations=100, out=other)
    page = zonal.report([run, other], out=tmp_path / "both.html", figures=["svg"])
    assert page == tmp_path / "both.html" and "diabetes" in page.read_text() and (tmp_path / "figures").is_dir()
    with pytest.raises(zonal.errors.ParameterError, match="has no run folder"):
        zonal.report(zonal.train(target="x1", dim=3, width=10, iterations=10))
    with pytest.raises(zonal.errors.ZonalError, match="not a finished run"):
        zonal.report(tmp_path)


def test_sweeps_from_keywords_dictionaries_and_files_are_the_same(tmp_path):
    text = 'target = "harmonic({degree})"\ndegree = [1, 2]\ndim = 5\nwidth = [20, "n^2"]\niterations = 1000\nseeds = 2\nmax-degree = 3\n'
    (tmp_path / "sweep.toml").write_text(text)
    grid = {"target": "harmonic({degree})", "degree": [1, 2], "dim": 5, "width": [20, "n^2"], "iterations": 1e3, "seeds": 2}
    of_file = zonal.sweep(tmp_path / "sweep.toml", seed=3)
    out = tmp_path / "run"
    for found in (
        zonal.sweep(**grid, max_degree=3, seed=3, name="sweep"),
        zonal.sweep({**grid, "max-degree": 3, "name": "sweep"}, seed=3, out=out),
        zonal.sweep({**grid, "name": "sweep"}, max_degree=np.int64(3), seed=3),
    ):
        assert found.to_dict()["rows"] == of_file.to_dict()["rows"] and found.name == of_file.name
    assert zonal.sweep(resume=out).to_dict()["rows"] == of_file.to_dict()["rows"]
    assert json.loads((out / "run.json").read_text())["kind"] == "sweep"


def test_sweeps_name_what_is_wrong(tmp_path):
    base = {"target": "x1", "dim": 3, "width": 10}
    for arguments, message in [
        ({"target": "x1", "dim": 3}, "width is missing"),
        ({}, "exactly one of three"),
        ({**base, "resume": tmp_path}, "exactly one of three"),
        ({"file": {**base, "widht": 3}}, "'widht' is not a key"),
        ({"file": base, "dim": 4}, "dim is specified twice"),
        ({**base, "width": "n^x"}, "n\\^1.5"),
        ({**base, "dim": 1}, "dimension"),
        ({**base, "target": 'x1"\n'}, "target"),
    ]:
        with pytest.raises(zonal.errors.ParameterError, match=message):
            zonal.sweep(**arguments)


def test_advice_about_columns_labels_and_folders():
    pd = pytest.importorskip("pandas")
    x = np.random.default_rng(0).normal(size=(60, 2))
    frame = pd.DataFrame({"age": x[:, 0], "size": x[:, 1], "price": x[:, 0] ** 2})
    options = {"width": 20, "activation": "relu", "scale": 1, "bias": 1, "iterations": 100}
    run = zonal.train(frame, label="price", **options)
    holes = x.copy()
    holes[3, 1] = np.nan
    for work, words in [
        (lambda: zonal.train(frame, label="Price"), "data has no column 'Price'; did you mean price"),
        (lambda: zonal.train(frame, label="tax"), "data has no column 'tax'; its columns are age, size, price"),
        (lambda: zonal.train(frame, label="price", features=["aeg"]), "features: data has no column 'aeg'"),
        (lambda: zonal.predict(run, frame, label="prise"), "did you mean price"),
        (lambda: zonal.predict(run, frame, label=frame.price), "label is a Series, but must name columns of data; to score"),
        (lambda: zonal.predict(run, x, label=x[:, 0]), "label is a ndarray"),
        (lambda: zonal.predict(run, frame[["age"]]), "data lacks the columns size"),
        (lambda: zonal.predict(run, np.ones((3, 5))), "data has 5 columns, but the network was trained on 2"),
        (lambda: run.network.predict(np.ones((3, 5))), "X has 5 columns"),
        (lambda: zonal.predict(run, holes), "^data, column 'size': row 3 .* lacks a value; fill it in$"),
        (lambda: zonal.report(run), r"this training has no run folder; write one first: run.save\(folder\)"),
    ]:
        with pytest.raises(zonal.errors.ZonalError, match=words):
            work()
    assert zonal.predict(run, frame, label=["price"]).rows == 60
