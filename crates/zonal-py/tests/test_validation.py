"""Rows of one's own that choose the iteration: the same from files, arrays and estimators."""

import numpy as np
import pandas as pd
import pytest

import zonal
from zonal.errors import DataError, ParameterError

OPTIONS = {"width": 30, "iterations": 10**5}


@pytest.fixture
def frames():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 3))
    kind = rng.choice(["red", "blue"], 500)
    y = np.sin(2 * x[:, 0]) + np.where(kind == "red", x[:, 1], 0.0)
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(kind=kind, y=y)
    return frame[:400], frame[400:]


@pytest.mark.parametrize("hidden", ["drawn", "grown"])
def test_files_tables_and_pairs_are_one_training(frames, tmp_path, hidden):
    frame, held = frames
    frame.to_csv(tmp_path / "t.csv", index=False)
    held.to_csv(tmp_path / "v.csv", index=False)
    expected = zonal.train(tmp_path / "t.csv", label="y", validation=tmp_path / "v.csv", hidden=hidden, **OPTIONS)
    assert expected.rows.validation == 100
    # Columns in another order are found by their names.
    moved = held[["y", "c", "kind", "b", "a"]]
    x, y = frame.drop(columns="y"), frame["y"]
    for data, labels, validation in [
        (frame, {"label": "y"}, held),
        (frame, {"label": "y"}, moved),
        (x, {"y": y}, (held.drop(columns="y"), held["y"])),
        (x, {"y": y}, (moved.drop(columns="y"), held["y"].to_numpy())),
    ]:
        run = zonal.train(data, **labels, validation=validation, hidden=hidden, **OPTIONS)
        assert np.array_equal(run.path.validation_loss, expected.path.validation_loss)
        assert run.test_rmse == expected.test_rmse
    network = expected.network
    errors = network.predict(held.drop(columns="y")) - held["y"].to_numpy()
    assert np.isclose(expected.validation_rmse, np.sqrt((errors**2).mean()), rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"hidden": "drawn"}, {"layers": "both", "iterations": 50, "scale": 1.0}])
def test_estimators_use_them(frames, options):
    pytest.importorskip("sklearn")
    columns = ["a", "b", "c"]
    frame, held = frames
    model = zonal.OneHiddenLayerRegressor(width=30, **options)
    model.fit(frame[columns], frame["y"], X_val=held[columns], y_val=held["y"])
    assert model.result_.rows.validation == 100 and model.result_.rows.train == 400
    errors = model.predict(held[columns]) - held["y"]
    assert np.isclose(model.result_.validation_rmse, np.sqrt((errors**2).mean()), rtol=1e-9)
    weighted = zonal.OneHiddenLayerRegressor(width=30, hidden="drawn")
    weight = np.linspace(0.5, 2.0, 400)
    weighted.fit(frame[columns], frame["y"], sample_weight=weight, X_val=held[columns], y_val=held["y"])
    assert weighted.result_.rows.validation == 100
    with pytest.raises(ParameterError, match="X_val and y_val belong together"):
        model.fit(frame[columns], frame["y"], X_val=held[columns])
    with pytest.raises(ValueError, match="feature"):
        model.fit(frame[columns], frame["y"], X_val=held[["a", "b"]], y_val=held["y"])
    classes = np.where(frame["y"] > 0, 2.0, 5.0)
    classifier = zonal.OneHiddenLayerClassifier(width=30, **options)
    classifier.fit(frame[columns], classes, X_val=held[columns], y_val=np.where(held["y"] > 0, 2.0, 5.0))
    assert classifier.result_.classification.held_out.rows == 100
    with pytest.raises(DataError, match=r"y_val holds .*7.*, but the classes of y are 2"):
        classifier.fit(frame[columns], classes, X_val=held[columns], y_val=np.full(100, 7.0))


def test_classes_in_memory(frames):
    frame, held = frames
    run = zonal.train(frame, label="kind", validation=held, **OPTIONS)
    assert run.classification.held_out.rows == 100
    pair = (held.drop(columns="kind"), held["kind"])
    again = zonal.train(frame.drop(columns="kind"), frame["kind"], validation=pair, **OPTIONS)
    assert again.classification.held_out.log_loss == run.classification.held_out.log_loss
    with pytest.raises(DataError, match="the label of validation holds 'green', but the classes are blue, red"):
        zonal.train(frame, label="kind", validation=held.assign(kind="green"), **OPTIONS)


def test_mistakes_are_named(frames, tmp_path):
    frame, held = frames
    held.to_csv(tmp_path / "v.csv", index=False)
    with pytest.raises(ParameterError, match="validation is a file, but data is in memory"):
        zonal.train(frame, label="y", validation=tmp_path / "v.csv")
    with pytest.raises(DataError, match="validation lacks the columns c"):
        zonal.train(frame, label="y", validation=held.drop(columns="c"))
    with pytest.raises(DataError, match="validation has 2 features, but data has 3"):
        x = frame[["a", "b", "c"]].to_numpy()
        zonal.train(x, frame["y"], validation=(x[:, :2], frame["y"]))
    with pytest.raises(ParameterError, match="validation has no labels"):
        zonal.train(frame[["a", "b"]], frame["y"], validation=held)
    with pytest.raises(ParameterError, match="folds cannot be used with validation"):
        zonal.train(frame, label="y", validation=held, folds=3)
