"""The package and the program are one: the same options, defaults, documents, bits."""

from __future__ import annotations

import inspect
import json
import subprocess

import numpy as np
import pytest

import zonal
from zonal import _native

# Options that stand for what Python has anyway, or have a function (again).
OF_REQUESTS = {"command", "again", "test", "data", "energies", "description"}
COMMANDS = {
    "spectrum": zonal.spectrum,
    "plan": zonal.plan,
    "train": zonal.train,
    "analyze": zonal.analyze,
    "sweep": zonal.sweep,
    "reproduce": zonal.reproduce,
    "sq-bound": zonal.sq.bound,
    "sq-play": zonal.sq.play,
    "sq-learn": zonal.sq.learn,
    "predict": zonal.predict,
    "report": zonal.report,
}
# Figures of results without a run folder are drawn by plot().
FIGURES = {"figures", "out", "force"}
DRAWN = {"spectrum", "analyze", "sq-bound", "sq-learn"}
# Defaults that are not written in requests, since whether they are given matters.
DOCUMENTED = {"dim": 10, "test_fraction": 0.2, "validation_fraction": 0.2, "layers": "output"}


@pytest.mark.parametrize("command", COMMANDS)
def test_options_have_the_names_and_defaults_of_the_requests(command):
    parameters = inspect.signature(COMMANDS[command]).parameters
    options = json.loads(_native.options(command))
    assert options["command"] == command
    for name, default in options.items():
        if name in OF_REQUESTS or (name == "seed" and "seed" not in parameters):
            continue
        if command in DRAWN and name in FIGURES:
            continue
        assert name in parameters, f"{name} is missing"
        ours = parameters[name].default
        if ours is inspect.Parameter.empty or default in (None, []):
            # Options without a default: nothing, or what the documentation states.
            assert ours in (None, (), inspect.Parameter.empty) or name == "seed" or ours == DOCUMENTED.get(name, "relu"), (
                name
            )
        else:
            assert ours == default, f"{name} is {ours!r}, the request's is {default!r}"


def document(program, *words):
    done = subprocess.run([program, *words, "--format", "json", "-q"], capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def without_time(value):
    """A document without what is measured by the clock."""
    if isinstance(value, dict):
        return {k: without_time(v) for k, v in value.items() if k not in ("seconds", "memory_free_bytes", "run")}
    return value


def test_documents_are_those_of_the_program(program, root):
    table = str(root / "examples/data/diabetes.csv")
    target = "0.8*harmonic(2) + 0.3*harmonic(4)"
    for words, result in [
        (["spectrum", "-a", "gelu", "-n", "7"], zonal.spectrum("gelu", dim=7)),
        (["spectrum", "-n", "inf", "-k", "4"], zonal.spectrum("relu", dim="inf", max_degree=4)),
        (["spectrum", "--for-degrees", "2..4", "-n", "9"], zonal.spectrum(for_degrees=range(2, 5), dim=9)),
        (["plan", "--target", target, "--degree", "2"], zonal.plan(target, degree=2)),
        (
            ["train", "--target", target, "-n", "5", "-m", "200", "--out", "none"],
            zonal.train(target=target, dim=5, width=200),
        ),
        (
            ["train", table, "--label", "progression", "-m", "200", "--out", "none", "--seed", "3"],
            zonal.train(table, label="progression", width=200, seed=3),
        ),
        (["analyze", table, "--label", "progression"], zonal.analyze(table, label="progression")),
        (
            ["sq", "bound", "--family", "zonal", "-n", "100", "-k", "6", "--tolerance", "0.01"],
            zonal.sq.bound(family="zonal", dim=100, degree=6, tolerance=0.01),
        ),
        (
            ["sq", "play", "--family", "monomials", "-n", "8", "-k", "3", "--tolerance", ".25", "--out", "none"],
            zonal.sq.play(family="monomials", dim=8, degree=3, tolerance=0.25),
        ),
        (
            ["sq", "learn", "--target", "harmonic(2)", "-n", "6", "-m", "50", "--oracle", "lazy:0.1"],
            zonal.sq.learn("harmonic(2)", dim=6, width=50, oracle="lazy:0.1"),
        ),
        (
            ["reproduce", "--claim", "representation", "--quick", "--out", "none"],
            zonal.reproduce("representation", quick=True),
        ),
    ]:
        (theirs,) = document(program, *words)
        assert without_time(result.to_dict()) == without_time(theirs), words


def test_a_sweep_is_that_of_the_program(program, tmp_path):
    file = tmp_path / "sweep.toml"
    file.write_text('target = "harmonic(2)"\ndim = [4, 6]\nwidth = [20, 40]\niterations = 1000\nseeds = 2\n')
    result = zonal.sweep(file)
    (theirs,) = document(program, "sweep", str(file), "--out", "none")
    assert without_time(result.to_dict()) == without_time(theirs)
    assert len(result.rows) == 4 and result.rows.loss.shape == (4,)


def test_arrays_give_the_bits_of_the_file(program, root, diabetes, tmp_path):
    x, y, _ = diabetes
    out = tmp_path / "run"
    table = str(root / "examples/data/diabetes.csv")
    words = ["train", table, "--label", "progression", "-m", "300", "--seed", "2", "--out", str(out)]
    document(program, *words)
    ours = zonal.train(x, y, width=300, seed=2)
    theirs = zonal.Network.load(out)
    for iteration in (0, ours.best_iteration, 10**9):
        for a, b in zip(ours.network.weights(iteration), theirs.weights(iteration), strict=True):
            assert (a is None and b is None) or np.array_equal(a, b)
    printed = subprocess.run([program, "predict", out, table], capture_output=True, text=True, check=True).stdout
    column = [float(line.split(",")[-1]) for line in printed.splitlines()[1:]]
    assert np.array_equal(theirs.predict(x), column)
    assert np.array_equal(ours.network.predict(x), column)


def test_a_saved_estimator_is_used_by_the_program(program, root, tmp_path):
    pd, _ = pytest.importorskip("pandas"), pytest.importorskip("sklearn")
    table = root / "examples/data/diabetes.csv"
    frame = pd.read_csv(table)
    x, y = frame.drop(columns="progression"), frame["progression"]
    model = zonal.OneHiddenLayerRegressor(activation="tanh", scale=2.0, bias=1.0, width=30).fit(x, y)
    file = tmp_path / "model.safetensors"
    model.network_.save(file)
    done = subprocess.run([program, "predict", file, table], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    column = [float(line.split(",")[-1]) for line in done.stdout.splitlines()[1:]]
    assert np.array_equal(model.predict(x), column)


def test_a_folder_is_written_where_it_is_asked_for(root, tmp_path):
    out = tmp_path / "run"
    run = zonal.train(target="harmonic(2)", dim=4, width=50, iterations=100, out=out)
    assert run.run == str(out)
    assert {"run.json", "metrics.jsonl", "model.safetensors", "report.html"} <= {p.name for p in out.iterdir()}
    with pytest.raises(zonal.errors.FileError, match="not empty|holds a run"):
        zonal.train(target="harmonic(2)", dim=4, width=50, iterations=100, out=out)
    saved = tmp_path / "net.safetensors"
    run.network.save(saved)
    assert np.array_equal(zonal.Network.load(saved).iterations, run.network.iterations)


def test_nothing_is_written_by_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zonal.train(target="harmonic(2)", dim=4, width=20, iterations=100)
    zonal.sq.play(family="monomials", dim=6, degree=2, tolerance=0.3)
    assert list(tmp_path.iterdir()) == []
