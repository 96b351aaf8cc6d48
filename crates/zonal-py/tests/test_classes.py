"""Labels that are classes, in memory and in scikit-learn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.metrics import accuracy_score, brier_score_loss, confusion_matrix, log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import zonal
from zonal import OneHiddenLayerClassifier
from zonal.errors import DataError, ParameterError

SMALL = {"width": 40, "iterations": 10_000}
# As for the regressor: rows that are repeated or left out have other numbers, and fall to other parts.
WEIGHTS = {
    "check_sample_weight_equivalence_on_dense_data": "rows have other parts of the split",
    "check_sample_weight_equivalence_on_sparse_data": "rows have other parts of the split",
}


@parametrize_with_checks(
    [
        OneHiddenLayerClassifier(width=20, iterations=1000),
        OneHiddenLayerClassifier(width=20, iterations=1000, hidden="drawn", activation="tanh", scale=2.0, bias=1.0),
    ],
    expected_failed_checks=lambda _: WEIGHTS,
)
def test_conventions(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def flowers():
    """Three classes of points in the plane, and a table of them."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 2))
    score = np.stack([x[:, 0] * x[:, 1], x[:, 0], -x[:, 1]], axis=1) + 0.3 * rng.gumbel(size=(600, 3))
    return x, np.array(["rose", "daisy", "tulip"])[score.argmax(axis=1)]


def test_measures_are_those_of_scikit_learn(flowers, tmp_path):
    x, y = flowers
    run = zonal.train(x, y, **SMALL)
    assert run.labels == ("y",) and run.classification.classes == ("daisy", "rose", "tulip")
    # A file with these rows, whose test rows the program can tell.
    file = tmp_path / "t.csv"
    file.write_text("x1,x2,y\n" + "".join(f"{a!r},{b!r},{c}\n" for (a, b), c in zip(x.tolist(), y, strict=True)))
    whole = zonal.predict(run, file, label="y").class_scores
    p = zonal.predict(run, x, probabilities=True)
    assert np.array_equal(p, run.network.predict_proba(x))
    assert np.array_equal(p, zonal.predict(run, file, probabilities=True))
    assert np.array_equal(zonal.predict(run, x), np.array(run.network.classes)[p.argmax(axis=1)])
    assert whole.log_loss == pytest.approx(log_loss(y, p), rel=1e-12)
    assert whole.accuracy == pytest.approx(accuracy_score(y, zonal.predict(run, file)), rel=1e-12)
    assert whole.auc == pytest.approx(roc_auc_score(y, p, multi_class="ovr"), rel=1e-12)
    assert np.array_equal(whole.confusion, confusion_matrix(y, zonal.predict(run, x)))
    # The file is the same training, bit by bit.
    again = zonal.train(file, label="y", **SMALL)
    assert np.array_equal(again.network.predict_proba(x), p)
    two = zonal.train(x, y == "rose", **SMALL)
    p = two.network.predict_proba(x)
    file.write_text("x1,x2,y\n" + "".join(f"{a!r},{b!r},{c == 'rose'}\n" for (a, b), c in zip(x.tolist(), y, strict=True)))
    scores = zonal.predict(two, file, label="y").class_scores
    assert two.network.classes == ("false", "true")
    assert scores.brier == pytest.approx(brier_score_loss(y == "rose", p[:, 1]), rel=1e-12)
    assert scores.auc == pytest.approx(roc_auc_score(y == "rose", p[:, 1]), rel=1e-12)


def test_classes_of_any_type_and_tables_of_any_kind(flowers):
    x, y = flowers
    codes = np.unique(y, return_inverse=True)[1]
    expected = zonal.train(x, y, **SMALL).network.predict_proba(x)
    model = OneHiddenLayerClassifier(**SMALL).fit(x, codes + 7)
    assert model.classes_.tolist() == [7, 8, 9] and set(model.predict(x)) <= {7, 8, 9}
    assert model.score(x, codes + 7) > 0.7
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(x, columns=["x1", "x2"])
    for labels in (y, pandas.Categorical(y), y.astype(object)):
        run = zonal.train(frame.assign(y=labels), label="y", **SMALL)
        assert np.array_equal(run.network.predict_proba(frame), expected)
    holes = y.astype(object)
    holes[::50] = None
    assert zonal.train(frame.assign(y=holes), label="y", **SMALL).rows.dropped == 12
    polars = pytest.importorskip("polars")
    run = zonal.train(polars.DataFrame({"x1": x[:, 0], "x2": x[:, 1], "y": y}), label="y", **SMALL)
    assert np.array_equal(run.network.predict_proba(x), expected)
    arrow = pytest.importorskip("pyarrow")
    run = zonal.train(arrow.table({"x1": x[:, 0], "x2": x[:, 1], "y": y}), label="y", **SMALL)
    assert np.array_equal(run.network.predict_proba(x), expected)
    numbers = zonal.train(x, codes, task="classify", **SMALL)
    assert numbers.network.classes == ("0", "1", "2")
    assert zonal.train(x, codes, **SMALL).classification is None


def test_the_tools_of_scikit_learn(flowers):
    x, y = flowers
    model = OneHiddenLayerClassifier(**SMALL)
    assert cross_val_score(model, x, y, cv=3).min() > 0.6
    pipeline = make_pipeline(StandardScaler(), model)
    search = GridSearchCV(pipeline, {"onehiddenlayerclassifier__width": [5, 40]}, cv=3, scoring="neg_log_loss").fit(x, y)
    assert search.best_params_["onehiddenlayerclassifier__width"] == 40
    groups = np.arange(600) // 20
    p = cross_val_predict(model, x, y, cv=GroupKFold(3), groups=groups, method="predict_proba")
    assert log_loss(y, p) < 0.9
    fitted = clone(model).fit(x, y, groups=groups)
    copy = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(copy.predict_proba(x), fitted.predict_proba(x))
    assert np.array_equal(fitted.decision_function(x).argmax(axis=1), fitted.predict_proba(x).argmax(axis=1))
    assert len(fitted.path_.log_loss) == len(fitted.path_.iteration)


def test_weights_of_classes(flowers):
    x, y = flowers
    y = np.where(y == "rose", "rose", "other")

    def share(model):
        return (model.predict(x) == "rose").mean()

    plain = OneHiddenLayerClassifier(**SMALL).fit(x, y)
    heavy = OneHiddenLayerClassifier(class_weight={"rose": 5.0, "other": 1.0}, **SMALL).fit(x, y)
    balanced = OneHiddenLayerClassifier(class_weight="balanced", **SMALL).fit(x, y)
    assert share(plain) < share(balanced) < share(heavy)
    weights = np.where(y == "rose", 5.0, 1.0)
    same = OneHiddenLayerClassifier(**SMALL).fit(x, y, sample_weight=weights)
    assert np.array_equal(same.predict_proba(x), heavy.predict_proba(x))


def test_iterative_training_of_both_layers(flowers):
    x, y = flowers
    model = OneHiddenLayerClassifier(width=30, layers="both", method="lbfgs", iterations=100, activation="tanh").fit(x, y)
    assert model.score(x, y) > 0.7 and log_loss(y, model.predict_proba(x)) < 0.8


def test_mistakes_are_explained(flowers):
    x, y = flowers
    with pytest.raises(DataError, match="'rose' in all rows, but classification needs at least two classes"):
        zonal.train(x, np.full(600, "rose"))
    with pytest.raises(ParameterError, match="task is 'guess', but must be"):
        zonal.train(x, y, task="guess")
    with pytest.raises(ParameterError, match="trained on numbers, which have no probabilities"):
        zonal.train(x, x[:, 0], width=20).network.predict_proba(x)
    with pytest.raises(DataError, match="groups has no value in row 3"):
        zonal.train(x, y, groups=np.where(np.arange(600) == 3, np.nan, 1.0))
    with pytest.raises(ParameterError, match="groups and time both determine"):
        zonal.train(x, y, groups=y, time=x[:, 0])
    run = zonal.train(x, y, **SMALL)
    with pytest.raises(ParameterError, match="depend on their classes"):
        zonal.predict(run, x, part="test")


def test_groups_and_times_in_memory(tmp_path):
    rng = np.random.default_rng(0)
    group = np.arange(600) % 30
    level = rng.normal(size=30)
    # Columns by which the group is recognised.
    x = np.stack([np.cos(2 * np.pi * group / 30), np.sin(2 * np.pi * group / 30), rng.normal(size=600)], axis=1)
    y = level[group] + 0.1 * rng.normal(size=600)
    divided = zonal.train(x, y, width=60)
    together = zonal.train(x, y, groups=np.array([f"g{i}" for i in group]), width=60)
    assert divided.test_rmse < 0.4 < together.test_rmse
    pandas = pytest.importorskip("pandas")
    # Groups and times in a file are the same.
    frame = pandas.DataFrame(x, columns=list("abc")).assign(y=y, g=[f"g{i}" for i in group])
    frame.to_csv(tmp_path / "t.csv", index=False)
    of_file = zonal.train(tmp_path / "t.csv", label="y", groups="g", width=60)
    assert np.array_equal(of_file.path.loss, zonal.train(frame, label="y", groups="g", width=60).path.loss)
    assert np.array_equal(of_file.path.loss, together.path.loss)
    numbered = frame.assign(g=group)
    numbered.to_csv(tmp_path / "n.csv", index=False)
    of_file = zonal.train(tmp_path / "n.csv", label="y", groups="g", width=60)
    assert np.array_equal(of_file.path.loss, zonal.train(x, y, groups=group, width=60).path.loss)
    frame = pandas.DataFrame(x, columns=list("abc")).assign(y=y, g=group, t=pandas.date_range("2020-01-01", periods=600))
    named = zonal.train(frame.drop(columns="t"), label="y", groups="g", width=60)
    assert named.network.columns == ("a", "b", "c")
    later = zonal.train(frame, label="y", time="t", exclude=["g", "c"], width=60)
    assert later.network.columns == ("a", "b") and later.rows.test == 120
    frame.drop(columns=["g", "c"]).to_csv(tmp_path / "d.csv", index=False)
    of_file = zonal.train(tmp_path / "d.csv", label="y", time="t", width=60)
    assert np.array_equal(of_file.path.loss, later.path.loss)
