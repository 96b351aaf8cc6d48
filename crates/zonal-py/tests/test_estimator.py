"""The estimator in the company of scikit-learn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import zonal
from zonal import OneHiddenLayerRegressor

# As scikit-learn's own estimators with an internal validation split declare: rows that are repeated or left out have other
# numbers, and fall to other parts.
WEIGHTS = {
    "check_sample_weight_equivalence_on_dense_data": "rows have other parts of the split",
    "check_sample_weight_equivalence_on_sparse_data": "rows have other parts of the split",
}
FIXED = {"activation": "tanh", "scale": 2.0, "bias": 1.0}


@parametrize_with_checks(
    [OneHiddenLayerRegressor(width=100), OneHiddenLayerRegressor(width=20, layers="both", iterations=300, **FIXED)],
    expected_failed_checks=lambda _: WEIGHTS,
)
def test_conventions(estimator, check):
    if estimator.layers == "both" and "sample_weight" in str(check):
        pytest.skip("step by step all rows count alike")
    check(estimator)


def test_pipelines_searches_and_curves(rows):
    x, y = rows
    x, y = x[:600], y[:600]
    model = OneHiddenLayerRegressor(width=80, **FIXED)
    assert cross_val_score(model, x, y, cv=3).min() > 0.75
    pipeline = make_pipeline(StandardScaler(), model)
    grid = {"onehiddenlayerregressor__scale": [0.5, 2.0], "onehiddenlayerregressor__activation": ["tanh", "relu"]}
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(x, y)
    assert search.best_score_ > 0.75 and search.best_params_["onehiddenlayerregressor__activation"] == "tanh"
    sizes, _, scores = learning_curve(model, x, y, train_sizes=[0.2, 1.0], cv=3)
    assert len(sizes) == 2 and scores[1].mean() > scores[0].mean()


def test_columns_are_transformed_and_time_is_respected(rows):
    x, y = rows
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(x[:500]).set_axis([f"x{j}" for j in range(x.shape[1])], axis=1)
    frame["colour"] = np.where(np.arange(500) % 3 == 0, "red", "blue")
    y = y[:500] + (frame["colour"] == "red")
    numbers = [name for name in frame if name != "colour"]
    columns = ColumnTransformer([("n", StandardScaler(), numbers), ("c", OneHotEncoder(), ["colour"])])
    model = OneHiddenLayerRegressor(width=80, **FIXED)
    pipeline = make_pipeline(columns, model)
    assert cross_val_score(pipeline, frame, y, cv=TimeSeriesSplit(3)).min() > 0.6


def test_the_network_is_that_of_the_program(diabetes):
    x, y, _ = diabetes
    model = OneHiddenLayerRegressor(width=300, random_state=4, refit=False).fit(x, y)
    run = zonal.train(x, y, width=300, hidden="drawn", seed=4, test_fraction=0)
    assert model.best_iteration_ == run.best_iteration
    assert np.array_equal(model.path_.validation_loss, run.path.validation_loss)
    assert np.array_equal(model.predict(x), run.network.predict(x))
    assert model.score(x, y) > 0.4
    refitted = OneHiddenLayerRegressor(width=300, hidden="drawn", random_state=4).fit(x, y)
    again = zonal.train(x, y, width=300, hidden="drawn", seed=4, test_fraction=0)
    assert again.stop == "leave-one-out" and again.rows.validation == 0
    assert np.array_equal(refitted.predict(x), again.network.predict(x))
    grown = OneHiddenLayerRegressor(width=40, random_state=4).fit(x, y)
    assert np.array_equal(grown.predict(x), zonal.train(x, y, width=40, seed=4, test_fraction=0).network.predict(x))


def test_the_path_is_kept_and_staged(rows):
    x, y = rows
    model = OneHiddenLayerRegressor(width=50, iterations=10**4, **FIXED).fit(x, y)
    stages = list(model.staged_predict(x[:5]))
    at = model.path_.iteration.tolist().index(model.best_iteration_)
    assert len(stages) == len(model.path_) and np.array_equal(stages[at], model.predict(x[:5]))
    assert np.array_equal(model.predict(x[:5], iteration=0), stages[0])
    assert model.path_.iteration[-1] == 10**4


def test_clones_and_pickles(rows):
    x, y = rows
    model = OneHiddenLayerRegressor(activation=np.tanh, scale=2.0, bias=1.0, width=30)
    first, second = clone(model).fit(x, y), clone(model).fit(x, y)
    assert np.array_equal(first.predict(x), second.predict(x))
    again = pickle.loads(pickle.dumps(first))
    assert np.array_equal(again.predict(x), first.predict(x)) and again.best_iteration_ == first.best_iteration_
    other = clone(model).set_params(random_state=1).fit(x, y)
    assert not np.array_equal(other.predict(x), first.predict(x))
    drawn = [OneHiddenLayerRegressor(width=10, random_state=np.random.RandomState(7), **FIXED).fit(x, y) for _ in range(2)]
    assert np.array_equal(drawn[0].predict(x), drawn[1].predict(x))


def test_names_weights_and_outputs(rows):
    pd = pytest.importorskip("pandas")
    x, y = rows
    frame = pd.DataFrame(x, columns=list("abcd"))
    model = OneHiddenLayerRegressor(width=30, **FIXED).fit(frame, y)
    assert model.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["b", "a", "c", "d"]])
    outputs = OneHiddenLayerRegressor(width=30, **FIXED).fit(x, np.stack([y, y**2], axis=1))
    assert outputs.predict(x[:3]).shape == (3, 2)
    # Rows that weigh nothing change nothing.
    far = np.concatenate([x, 100 + x[:50]])
    weight = np.concatenate([np.ones(len(x)), np.zeros(50)])
    weighted = OneHiddenLayerRegressor(width=30, **FIXED).fit(far, np.concatenate([y, y[:50]]), sample_weight=weight)
    assert np.allclose(weighted.predict(x), model.predict(x), rtol=1e-6, atol=1e-8)


def test_a_saved_estimator_takes_the_names_of_its_table(rows, tmp_path):
    pd = pytest.importorskip("pandas")
    x, y = rows
    frame = pd.DataFrame(x, columns=["length", "width", "mass", "age"])
    price = pd.Series(y, name="price")
    for options in ({}, {"layers": "both", "iterations": 20}):
        model = OneHiddenLayerRegressor(width=30, **FIXED).set_params(**options).fit(frame, price)
        assert model.network_.columns == ("length", "width", "mass", "age")
        assert model.network_.labels == ("price",)
        file = tmp_path / "model.safetensors"
        model.network_.save(file)
        network = zonal.Network.load(file)
        # By name, in any order of the columns, and by position.
        assert np.array_equal(network.predict(frame[["age", "mass", "width", "length"]]), model.predict(frame))
        assert np.array_equal(network.predict(x), model.predict(frame))
        # Names change no number.
        plain = OneHiddenLayerRegressor(width=30, **FIXED).set_params(**options).fit(x, y)
        assert plain.network_.columns == ("x1", "x2", "x3", "x4")
        assert np.array_equal(plain.predict(x), model.predict(frame))


def test_names_that_cannot_be_kept_are_numbered(rows):
    pd = pytest.importorskip("pandas")
    x, y = rows
    model = OneHiddenLayerRegressor(width=30, **FIXED)
    assert model.fit(pd.DataFrame(x), y).network_.columns == ("0", "1", "2", "3")
    # A label that is called as a feature gets another name.
    same = model.fit(pd.DataFrame(x, columns=list("abcd")), pd.Series(y, name="a"))
    assert same.network_.columns == tuple("abcd") and same.network_.labels == ("y",)
    several = model.fit(pd.DataFrame(x, columns=list("abcd")), pd.DataFrame({"p": y, "q": -y}))
    assert several.network_.labels == ("p", "q")


def test_partial_fit_keeps_the_names_of_the_first_rows(rows):
    pd = pytest.importorskip("pandas")
    x, y = rows
    frame = pd.DataFrame(x, columns=list("abcd"))
    model = OneHiddenLayerRegressor(width=30, **FIXED).partial_fit(frame[:100], y[:100]).partial_fit(frame[100:], y[100:])
    assert model.network_.columns == tuple("abcd")
    assert np.array_equal(model.network_.predict(frame), model.predict(frame))


def test_partial_fit_is_fit_in_pieces(rows):
    x, y = rows
    whole = OneHiddenLayerRegressor(width=60, stop="validation", **FIXED).fit(x, y)
    once = OneHiddenLayerRegressor(width=60, **FIXED).partial_fit(x, y)
    assert np.array_equal(once.predict(x), whole.predict(x))
    pieces = OneHiddenLayerRegressor(width=60, **FIXED)
    for part in np.array_split(np.arange(len(x)), 7):
        pieces.partial_fit(x[part], y[part])
    assert pieces.statistics_.rows == len(x)
    assert abs(pieces.score(x, y) - whole.score(x, y)) < 0.01
    again = pickle.loads(pickle.dumps(pieces)).partial_fit(x[:10], y[:10])
    assert again.statistics_.rows == len(x) + 10
    with pytest.raises(AttributeError) as refused:
        OneHiddenLayerRegressor(layers="both").partial_fit(x, y)
    assert "layers='output'" in str(refused.value.__cause__)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": "all"}, "layers is 'all'"),
        ({"iterations": "many"}, "iterations is 'many'"),
        ({"random_state": -1}, "random_state is -1"),
        ({"width": -5}, "width"),
        ({"validation_fraction": 1.5}, "validation"),
        ({"activation": "swash"}, "swash"),
        ({"method": "lbfgs"}, "method='lbfgs' needs layers='both'"),
        ({"layers": "both", "method": "adam"}, "method is 'adam'"),
        ({"layers": "both", "method": "lbfgs", "batch": 16}, "cannot be used with batch"),
    ],
)
def test_wrong_options_are_told_when_fitting(options, words, rows):
    model = OneHiddenLayerRegressor(**options)
    with pytest.raises(ValueError, match=words):
        model.fit(*rows)


def test_groups_are_not_divided_when_the_iteration_is_chosen():
    rng = np.random.default_rng(0)
    group = np.arange(400) % 20
    x = np.stack([np.cos(0.1 * np.pi * group), np.sin(0.1 * np.pi * group), rng.normal(size=400)], axis=1)
    y = rng.normal(size=20)[group] + 0.1 * rng.normal(size=400)
    model = OneHiddenLayerRegressor(width=60)
    divided = model.fit(x, y).result_.validation_rmse
    assert divided < 0.2 < model.fit(x, y, groups=group).result_.validation_rmse
    drawn = OneHiddenLayerRegressor(width=60, hidden="drawn", activation="relu").fit(x, y, groups=group)
    run = zonal.train(x, y, groups=group, width=60, hidden="drawn", activation="relu", test_fraction=0, refit=True)
    assert np.array_equal(drawn.path_.validation_loss, run.path.validation_loss)


def test_weights_step_by_step_are_refused(rows):
    x, y = rows
    with pytest.raises(ValueError, match="sample_weight needs layers='output'"):
        OneHiddenLayerRegressor(layers="both").fit(x, y, sample_weight=np.ones(len(x)))


def test_text_is_named_by_its_column(rows):
    pd, pa = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    x, y = rows[0][:50], rows[1][:50]
    frame = pd.DataFrame({"size": x[:, 0], "colour": ["red", "blue"] * 25})
    for table in (frame, frame.astype({"colour": "category"}), pa.table(frame)):
        with pytest.raises(
            zonal.errors.DataError, match="column 'colour' of X has the type .*; row 0 .* holds 'red'; encode"
        ):
            zonal.OneHiddenLayerRegressor().fit(table, y)
    model = zonal.OneHiddenLayerRegressor(activation="tanh", scale=1.0, bias=1.0, width=10)
    model.fit(frame.assign(colour="2.5", size=x[:, 1]).assign(colour=[str(value) for value in x[:, 2]]), y)
    with pytest.raises(zonal.errors.DataError, match="column 'colour' of X"):
        model.predict(frame)


def test_grown_units_in_scikit_learn():
    x, y = _step_rows()
    model = OneHiddenLayerRegressor(width=60).fit(x[:400], y[:400], sample_weight=np.full(400, 2.0))
    drawn = OneHiddenLayerRegressor(hidden="drawn", width=480).fit(x[:400], y[:400])
    assert model.score(x[400:], y[400:]) > drawn.score(x[400:], y[400:])
    assert model.best_iteration_ is None
    assert len(model.result_.best_iterations) == model.result_.networks == 8
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict(x) == model.predict(x)).all()
    hidden, biases, output = model.network_.weights()
    assert hidden.shape == (8 * 61, 6)
    assert biases.shape == (8 * 61,)
    assert sum(units for _, units in model.network_.groups) == output.shape[1]
    assert "relu, tanh, sin" in repr(model.network_)
    assert not hasattr(OneHiddenLayerRegressor(hidden="grown"), "partial_fit")
    assert hasattr(OneHiddenLayerRegressor(), "partial_fit")
    for options in ({"scale": 2.0}, {"bias": 1.0}, {"refit": False}, {"activation": np.tanh}, {"layers": "both"}):
        model = OneHiddenLayerRegressor(width=20, iterations=100, **options).fit(x, y)
        assert model.result_.networks is None, options
    for options in ({"layers": "both"}, {"batch": 10}):
        with pytest.raises(zonal.errors.ParameterError, match="fixes the hidden units"):
            OneHiddenLayerRegressor(hidden="grown", **options).fit(x, y)
    with pytest.raises(zonal.errors.ParameterError, match="must be 'auto', 'grown' or 'drawn'"):
        OneHiddenLayerRegressor(hidden="random").fit(x, y)


def test_rows_that_choose_the_iteration_and_ridges(diabetes):
    x, y, _ = diabetes
    fixed = {"width": 50, "activation": "tanh", "scale": 2.0, "bias": 1.0}
    chosen = {
        stop: OneHiddenLayerRegressor(stop=stop, **fixed).fit(x, y).result_ for stop in ("auto", "validation", "folds")
    }
    assert [run.stop for run in chosen.values()] == ["leave-one-out", "validation", "folds"]
    assert chosen["folds"].folds == 5 and chosen["auto"].rows.train == len(x)
    for options in ({"X_val": x, "y_val": y}, {"groups": np.arange(len(x)) % 40}):
        assert OneHiddenLayerRegressor(**fixed).fit(x, y, **options).result_.stop == "validation"
    assert OneHiddenLayerRegressor(validation_fraction=0.3, **fixed).fit(x, y).result_.stop == "validation"
    penalised = OneHiddenLayerRegressor(ridge=0.1, **fixed).fit(x, y)
    assert penalised.result_.ridge == 0.1 and penalised.path_.loss[-1] > chosen["auto"].path.loss[-1]
    # What only drawn units have draws them.
    for options in ({"stop": "leave-one-out"}, {"stop": "validation"}, {"ridge": 1e-3}):
        assert OneHiddenLayerRegressor(width=20, activation="tanh", **options).fit(x, y).result_.networks is None
    assert OneHiddenLayerRegressor(width=20, iterations=100, stop="folds").fit(x, y).result_.networks == 8
    classifier = zonal.OneHiddenLayerClassifier(stop="leave-one-out", **fixed).fit(x, y > 140)
    assert classifier.result_.stop == "leave-one-out" and classifier.score(x, y > 140) > 0.7
    assert not hasattr(OneHiddenLayerRegressor(stop="leave-one-out"), "partial_fit")
    for options, words in [
        ({"stop": "last"}, "must be 'auto', 'leave-one-out', 'validation' or 'folds'"),
        ({"stop": "leave-one-out", "hidden": "grown"}, "is for drawn units"),
        ({"stop": "leave-one-out", "layers": "both"}, "output layer"),
        ({"ridge": 0.1, "layers": "both"}, "ridge is for training of the output layer"),
        ({"ridge": -0.1}, "ridge is -0.1"),
    ]:
        with pytest.raises(zonal.errors.ParameterError, match=words):
            OneHiddenLayerRegressor(**options).fit(x, y)


def _step_rows():
    x = np.random.default_rng(0).uniform(-1, 1, size=(600, 3))
    return x, np.where(x[:, 1] > 0.2, 1.0, 0.0) + np.abs(x[:, 0] - x[:, 2])


def test_lbfgs_trains_both_layers():
    x = np.random.default_rng(1).normal(size=(300, 3))
    y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2]
    fixed = {"width": 40, "layers": "both", "activation": "tanh", "scale": 2.0, "bias": 1.0, "iterations": 30}
    descent, search = (OneHiddenLayerRegressor(method=m, **fixed).fit(x, y) for m in ("descent", "lbfgs"))
    assert search.path_.loss[-1] < 0.5 * descent.path_.loss[-1]
    assert search.result_.descent.method == "lbfgs" and search.result_.descent.evaluations > 30
    assert np.all(np.diff(search.path_.loss) <= 0)
