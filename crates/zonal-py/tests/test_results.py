"""Results: frozen, typed, readable, drawn, pickled."""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import zonal
from zonal import results
from zonal._result import ResultList


@pytest.fixture(scope="module")
def some():
    target = "0.8*harmonic(2) + 0.3*harmonic(4)"
    x = np.random.default_rng(0).normal(size=(500, 3))
    return {
        "spectrum": zonal.spectrum("relu", dim=10, max_degree=6, decay=range(2, 7)),
        "ranking": zonal.spectrum(for_degrees="2..3", dim=8),
        "plan": zonal.plan(target, dim=5, verify=2, width=30, iterations=100),
        "target": zonal.train(target=target, dim=5, width=60, iterations=10**4),
        "infinite": zonal.train(target=target, dim=5, width="inf", iterations=10**4),
        "table": zonal.train(x, x[:, 0] ** 2, hidden="drawn", width=60),
        "grown": zonal.train(x, x[:, 0] ** 2, width=20),
        "both": zonal.train(x, x[:, 0] ** 2, width=20, layers="both", iterations=50),
        "analysis": zonal.analyze(x, x[:, 0] ** 2),
        "bound": zonal.sq.bound(family="zonal", dim=50, degree=4, tolerance=0.05),
        "game": zonal.sq.play(family="monomials", dim=6, degree=2, tolerance=0.3),
        "learning": zonal.sq.learn("harmonic(2)", dim=5, width=20, iterations=100),
        "claims": zonal.reproduce("representation", quick=True),
    }


def test_the_classes_are_those_of_the_schemas(root):
    script = root / "crates/zonal-py/results.py"
    done = subprocess.run([sys.executable, script, "--check"])
    assert done.returncode == 0, "results.py is not current: cargo xtask docs"


def test_every_field_of_the_document_is_there(some):
    for name, result in some.items():
        document = result.to_dict()
        fields = {getattr(result, "_renamed", {}).get(f.name, f.name) for f in dataclasses.fields(result)}
        assert fields == set(document) - {"schema"}, name
        assert json.loads(json.dumps(document)) == document


def test_results_are_frozen_and_their_documents_are_copies(some):
    run = some["target"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.loss = 0.0
    for array in (run.path.energy, run.target_energy, some["spectrum"].degrees.visible):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    run.to_dict()["path"].clear()
    assert run.to_dict()["path"]


def test_arrays_hold_what_the_document_says(some):
    run = some["target"]
    path = run.to_dict()["path"]
    assert run.path.iteration.tolist() == [c["iteration"] for c in path]
    assert run.path.energy.shape == (len(path), 5)
    assert run.path.energy[3, 2] == path[3]["degrees"][2]["energy"]
    assert run.path.validation_loss is None
    assert some["ranking"].ranking.invisible_degrees[0].dtype == np.int64
    assert repr(some["spectrum"].degrees).splitlines()[1].split()[:2] == ["degree", "multiplicity"]
    assert some["spectrum"].eigenvalues is some["spectrum"].degrees.eigenvalue
    assert some["spectrum"].coefficients is some["spectrum"].degrees.coefficient
    assert some["spectrum"].degrees.multiplicity[3] == 210
    assert some["spectrum"].decay.from_degree == 2
    assert some["infinite"].width == float("inf") and some["infinite"].network is None
    assert some["claims"].claims[0].checks.holds.all()
    infinite = zonal.spectrum("relu", dim="inf", max_degree=2)
    assert infinite.degrees.multiplicity == (1, float("inf"), float("inf"))


def test_text_and_html_of_every_kind(some):
    for name, result in some.items():
        text, html = repr(result), result._repr_html_()
        assert len(text.splitlines()) > 2 and "array(" not in text, name
        assert html.startswith(f"<h4>{type(result).__name__}</h4>") and "<pre>" in html
        for _, svg in result.figures():
            assert svg.startswith("<svg") and svg in html
    assert [len(some[name].figures()) > 0 for name in ("spectrum", "target", "table", "claims", "game")] == [True] * 5


def test_html_shows_names_as_text():
    import pandas as pd

    x = np.random.default_rng(0).normal(size=(200, 2))
    frame = pd.DataFrame({"<script>alert(1)</script>": x[:, 0], "b": x[:, 1], "<i>y": x[:, 0] ** 2})
    html = zonal.train(frame, label="<i>y", width=20, activation="relu", scale=1, bias=1)._repr_html_()
    assert "<script>" not in html and "<i>y" not in html and "&lt;i&gt;y" in html


def test_pickles_are_the_same(some):
    for name, result in some.items():
        again = pickle.loads(pickle.dumps(result))
        assert again.to_dict() == result.to_dict() and repr(again) == repr(result), name
        assert again.figures() == result.figures()
    network = pickle.loads(pickle.dumps(some["table"].network))
    x = np.random.default_rng(1).normal(size=(5, 3))
    assert np.array_equal(network.predict(x), some["table"].network.predict(x))


def test_plots_draw_and_say_what_they_cannot(some):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for name in ("spectrum", "target", "table", "both", "analysis", "learning"):
        figure, ax = plt.subplots()
        assert some[name].plot(ax) is ax
        assert ax.has_data() and ax.get_xlabel(), name
        figure.canvas.draw()
        plt.close(figure)
    with pytest.raises(zonal.errors.ResourceError, match="has no plot"):
        some["bound"].plot()
    figure, ax = plt.subplots()
    assert some["target"].plot(ax).get_ylabel() == "residual energy" and ax.get_xlabel() == "iterations"
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert {"degree 2", "degree 4", "degree > 4", "infinite width"} <= set(names), names
    plt.close(figure)
    spectra = zonal.spectrum(["relu", "tanh"], dim=6, max_degree=4)
    ax = spectra.plot()
    ax.figure.canvas.draw()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["relu", "tanh", "invisible"]
    # The legend is inside the figure and to the right of the axes.
    box, axes = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert box.x0 >= axes.x1 and box.x1 <= ax.figure.bbox.x1
    plt.close(ax.figure)
    with pytest.raises(zonal.errors.ResourceError, match="plot its items"):
        ResultList([some["bound"]], "bounds").plot()


def test_colours_are_those_of_the_pages(root):
    import re

    from zonal import _plot

    source = (root / "crates/zonal-report/src/palette.rs").read_text()
    light = source.partition("pub const LIGHT: [&str; COLOURS] =")[2].partition("];")[0]
    assert tuple(re.findall(r"#[0-9a-f]{6}", light)) == _plot.COLOURS


def test_networks_know_themselves(some):
    network = some["table"].network
    assert (network.width, network.columns, network.labels) == (60, ("x1", "x2", "x3"), ("y",))
    hidden, biases, output = network.weights()
    assert hidden.shape == (60, 4) and biases is None and output.shape == (1, 60)
    assert np.allclose(np.linalg.norm(hidden, axis=1), 1)
    x = np.random.default_rng(1).normal(size=(4, 3))
    staged = list(network.staged_predict(x))
    assert len(staged) == len(network.iterations)
    assert np.array_equal(staged[-1], network.predict(x, iteration=int(network.iterations[-1])))
    with pytest.raises(zonal.errors.ParameterError, match="the nearest are"):
        network.predict(x, iteration=7 * 10**8 + 1)
    both = some["both"].network
    assert both.weights(0)[0].shape == (20, 4)
    on_target = some["target"].network
    points = zonal.uniform_points(5, 3)
    assert on_target.predict(points).shape == (3,)
    assert isinstance(some["table"], results.Training)


def test_a_run_is_repeated_with_its_table_elsewhere(tmp_path, rows):
    x, y = rows
    table = tmp_path / "t.csv"
    np.savetxt(table, np.column_stack([x, y]), delimiter=",", header="a,b,c,d,y", comments="")
    zonal.train(table, label="y", width=30, activation="tanh", out=tmp_path / "run")
    assert zonal.again(tmp_path / "run" / "run.json").same_bits
    moved = table.rename(tmp_path / "moved.csv")
    with pytest.raises(zonal.errors.ZonalError, match="t.csv"):
        zonal.again(tmp_path / "run")
    found = zonal.again(tmp_path / "run", moved)
    assert found.same_bits and found.same_table
    np.savetxt(moved, np.column_stack([x, 2 * y]), delimiter=",", header="a,b,c,d,y", comments="")
    found = zonal.again(tmp_path / "run", [moved])
    assert not found.agrees and not found.same_table and "the table" in found.differs
    with pytest.raises(zonal.errors.ParameterError, match="omit it"):
        zonal.again(tmp_path / "run", moved, test=moved)
