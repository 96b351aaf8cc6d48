"""Networks in ONNX predict what they predict here."""

import json

import numpy as np
import pytest

import zonal
from zonal.errors import ParameterError

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")


ACTIVATIONS = ["squared-relu", "sin", "cos", "exp", "abs", "square", "cube", "erf", "gelu", "softplus", "step", "sign"]


@pytest.fixture
def rows():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(400, 4)) * [1.0, 1e3, 0.1, 1.0] + [0.0, 5e3, 0.0, 0.0]
    x[:, 3] = rng.integers(0, 3, 400)
    return x, np.sin(x[:, 0]) + 1e-3 * x[:, 1] * (x[:, 3] > 0)


def of_onnx(network, x, iteration=None, output=0):
    session = runtime.InferenceSession(network.to_onnx(iteration=iteration).SerializeToString())
    return session.run(None, {"X": np.ascontiguousarray(x, np.float64)})[output]


def assert_same(network, x, iteration=None):
    expected = network.predict(x, iteration).reshape(len(x), -1)
    np.testing.assert_allclose(of_onnx(network, x, iteration), expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize(
    "options",
    [
        {"hidden": "grown"},
        {"hidden": "drawn", "activation": "relu"},
        {"hidden": "drawn", "activation": "tanh", "scale": 2.0, "bias": 0.5},
        {"hidden": "drawn", "activation": "silu", "lift": "none"},
        {"layers": "both", "activation": "sigmoid", "biases": True, "iterations": 30, "scale": 1.0, "bias": 1.0},
        {"layers": "both", "activation": "leaky-relu", "parametrisation": "mean-field", "iterations": 30},
    ],
)
def test_regressions(rows, options):
    x, y = rows
    run = zonal.train(x, np.stack([y, -3 * y + x[:, 2]], axis=1), width=40, **options)
    # Far outside of the training rows too.
    points = np.concatenate([x[:50], 5 * x[:20], x[:1] + 1e6])
    assert_same(run.network, points)


def test_every_operator(rows):
    x, y = rows
    for name in ACTIVATIONS:
        assert_same(zonal.train(x, y, width=30, hidden="drawn", activation=name).network, x[:60])
    with pytest.raises(ParameterError, match="the activation max.* is not known to to_onnx"):
        zonal.train(x, y, width=30, hidden="drawn", activation="max(t,0)").network.to_onnx()


def test_iterations_targets_and_files(rows, tmp_path):
    network = zonal.train(*rows, width=30, hidden="drawn", activation="tanh").network
    assert_same(network, rows[0][:20], int(network.iterations[3]))
    network.to_onnx(tmp_path / "network.onnx")
    session = runtime.InferenceSession(tmp_path / "network.onnx")
    assert json.loads(session.get_modelmeta().custom_metadata_map["columns"]) == ["x1", "x2", "x3", "x4"]
    of_target = zonal.train(target="x1*x2", dim=5, width=50, iterations=1000).network
    assert_same(of_target, zonal.uniform_points(5, 30))


def test_classes_and_holes(rows, tmp_path):
    x, y = rows
    x = x.copy()
    x[::7, 0] = np.nan
    columns = ["a", "b", "c", "d", "kind"]
    kinds = np.where(y > np.median(y), "high", "low")
    lines = [",".join(map(str, [*row, kind])).replace("nan", "") for row, kind in zip(x, kinds, strict=True)]
    file = tmp_path / "t.csv"
    file.write_text(",".join(columns) + "\n" + "\n".join(lines) + "\n")
    for hidden in ("grown", "drawn"):
        run = zonal.train(file, label="kind", width=30, hidden=hidden, activation="relu")
        assert run.encoded_columns.column == ("a",)
        found = of_onnx(run.network, x[:60], output=1)
        np.testing.assert_allclose(found, run.network.predict_proba(x[:60]), atol=1e-9)
        assert found.argmax(axis=1).tolist() == [run.network.classes.index(k) for k in run.network.predict(x[:60])]


def test_text_and_dates(tmp_path):
    rng = np.random.default_rng(3)
    days = rng.integers(-130_000, 80_000, 400).astype("datetime64[D]")
    kinds = rng.choice(["red", "blue", "green", ""], 400)
    hours = [f"2024-03-{1 + i % 28:02}T{i % 24:02}:30" for i in range(400)]
    labels = (days.astype("datetime64[M]").astype(int) % 12) / 12 + (kinds == "red") + rng.normal(size=400) / 9
    # A column in which nearly all text differs is not used.
    rows = list(zip(days.astype(str), kinds, hours, (f"row {i}" for i in range(400)), labels, strict=True))
    file = tmp_path / "t.csv"
    file.write_text("day,kind,hour,id,y\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    new = tmp_path / "new.csv"
    added = [("2023-12-31", "violet", "2024-03-01T05:00", "q", 0.0), ("2400-02-29", "", "2024-03-09T05:00", "q", 0.0)]
    new.write_text("day,kind,hour,id,y\n" + "".join(",".join(map(str, row)) + "\n" for row in [*rows, *added]))
    for hidden in ("grown", "drawn"):
        network = zonal.train(file, label="y", width=30, hidden=hidden, activation="tanh").network
        session = runtime.InferenceSession(network.to_onnx().SerializeToString())
        about = session.get_modelmeta().custom_metadata_map
        assert json.loads(about["columns"]) == ["day", "hour"] and json.loads(about["text_columns"]) == ["kind"]
        every = [*rows, *added]
        numbers = [[np.datetime64(t).astype("datetime64[m]").astype(float) / 1440 for t in (r[0], r[2])] for r in every]
        text = np.array([[row[1]] for row in every], dtype=object)
        found = session.run(None, {"X": np.array(numbers), "text": text})[0]
        expected = np.ravel(zonal.predict(network, new))
        np.testing.assert_allclose(found.ravel(), expected, atol=1e-9)
