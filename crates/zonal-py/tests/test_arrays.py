"""Tables of every common kind, read where they are."""

from __future__ import annotations

import numpy as np
import pytest

import zonal
from zonal import _arrays, _native

OPTIONS = {"width": 60, "activation": "tanh", "scale": 2.0, "bias": 1.0, "iterations": 10**5}


def trained(x, y, **options):
    return zonal.train(x, y, **OPTIONS, **options)


def test_memory_order_strides_and_kinds_do_not_matter(rows):
    x, y = rows
    plain = trained(x, y).path.loss
    wide = np.zeros((len(x), 12))
    wide[:, 1:12:3] = x
    backwards = x[::-1].copy()[::-1]
    unaligned = np.frombuffer(b"\0" + x.tobytes(), dtype=np.uint8)[1:].view(np.uint8)
    unaligned = np.ndarray(x.shape, dtype=np.float64, buffer=unaligned.data)
    for same in (
        np.asfortranarray(x),
        wide[:, 1:12:3],
        backwards,
        unaligned,
        x.tolist(),
        x.astype(">f8"),
        x.astype(np.longdouble),
    ):
        assert np.array_equal(trained(same, y).path.loss, plain)
    assert np.array_equal(trained(x, y.tolist()).path.loss, plain)
    assert np.array_equal(trained(x, y[:, None]).path.loss, plain)
    scalars = {"refit": np.False_, "seed": np.int64(0), "test_fraction": np.float32(0.25)}
    quarter = trained(x, y, refit=False, seed=0, test_fraction=0.25)
    assert np.array_equal(trained(x, y, **scalars).path.loss, quarter.path.loss)


def test_float32_is_read_as_it_is(rows):
    x, y = rows
    narrow = x.astype(np.float32)
    assert np.array_equal(trained(narrow, y).path.loss, trained(narrow.astype(np.float64), y).path.loss)
    # Rounding to 24 bits moves losses by about 1e-7 of the label's mean square.
    assert np.allclose(trained(narrow, y).path.loss, trained(x, y).path.loss, rtol=0, atol=1e-6 * np.mean(y**2))
    single, double = (trained(x, y, precision=kind, stop="validation").path.loss for kind in ("f32", "f64"))
    assert np.allclose(single, double, rtol=0, atol=1e-5 * np.mean(y**2))


def test_integers_and_booleans(rows):
    x, y = rows
    whole = np.round(4 * x)
    plain = trained(whole, y).path.loss
    for kind in (np.int8, np.int16, np.int32, np.int64, np.float16):
        assert np.array_equal(trained(whole.astype(kind), y).path.loss, plain)
    positive = whole - whole.min()
    plain = trained(positive, y).path.loss
    for kind in (np.uint8, np.uint16, np.uint32, np.uint64):
        assert np.array_equal(trained(positive.astype(kind), y).path.loss, plain)
    flags = x > 0
    assert np.array_equal(trained(flags, y).path.loss, trained(flags.astype(float), y).path.loss)


def test_pandas_pyarrow_and_names(rows):
    pd, pa = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    x, y = rows
    plain = trained(x, y)
    names = ["a", "b", "c", "d"]
    frame = pd.DataFrame(x, columns=names)
    arrow = pa.table({name: x[:, j] for j, name in enumerate(names)})
    chunked = pa.concat_tables([arrow.slice(0, 1000), arrow.slice(1000)])
    mixed = frame.astype({"b": "Float64"})
    for table in (frame, arrow, chunked, mixed):
        run = trained(table, pd.Series(y, name="z"))
        assert np.array_equal(run.path.loss, plain.path.loss)
        assert run.network.columns == tuple(names) and run.labels == ("z",)
    whole = frame.assign(y=y)
    assert np.array_equal(zonal.train(whole, label="y", **OPTIONS).path.loss, plain.path.loss)
    some = zonal.train(whole, label="y", features=["c", "a"], **OPTIONS)
    assert some.network.columns == ("c", "a")
    # Columns are found by their names.
    network = trained(frame, y).network
    assert np.array_equal(network.predict(frame[["d", "a", "c", "b"]]), network.predict(x))
    with pytest.raises(zonal.errors.DataError, match="lacks the columns b"):
        network.predict(frame[["a", "c", "d"]])


def test_several_labels(rows):
    x, y = rows
    both = np.stack([y, -3 * y + 1], axis=1)
    run = trained(x, both)
    assert run.labels == ("y1", "y2") and run.network.predict(x[:4]).shape == (4, 2)
    one = trained(x, y).network.predict(x[:4])
    assert np.allclose(run.network.predict(x[:4])[:, 0], one, atol=1e-9)


def test_nothing_is_copied_where_none_is_needed():
    x = np.zeros((200_000, 20), order="F")
    x[:, 0] = np.arange(200_000)
    for array in (x, np.ascontiguousarray(x), x.astype(np.float32), x[::2, ::3]):
        named = _arrays.features(array, "X")
        assert all(np.shares_memory(column, array) for column in named.columns)
        table = _arrays.table(named, _arrays.Named([array[:, 0]], None))
        # Who reads the table sees what is written to the array after it was made.
        kept, array[-1, 1] = array[-1, 1], np.nan
        with pytest.raises(zonal.errors.DataError, match="lacks a value"):
            _native.Survey(table, 0, 0.2, 0.0)
        array[-1, 1] = kept
    pd, pa = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    frame = pd.DataFrame(x)
    assert all(
        np.shares_memory(column, frame.iloc[:, j].to_numpy())
        for j, column in enumerate(_arrays.features(frame, "X").columns)
    )
    column = pa.array(np.arange(1000.0))
    held = _arrays.features(pa.table({"a": column}), "X").columns[0]
    assert held.__array_interface__["data"][0] == column.buffers()[1].address


def test_weights_count_as_repeated_rows(rows):
    x, y = rows
    options = {**OPTIONS, "test_fraction": 0.0, "validation_fraction": 0.0}
    weight = np.random.default_rng(0).integers(0, 4, len(x))
    repeated = zonal.train(np.repeat(x, weight, axis=0), np.repeat(y, weight), **options)
    weighted = zonal.train(x, y, weight=weight.astype(float), **options)
    # The same sums in another order: rounding only.
    assert np.allclose(weighted.path.loss, repeated.path.loss, rtol=1e-9)
    assert np.allclose(weighted.network.predict(x[:9]), repeated.network.predict(x[:9]), rtol=1e-6, atol=1e-8)
    assert weighted.rows.dropped == int((weight == 0).sum())
    equal = zonal.train(x, y, weight=np.full(len(x), 2.0), **options)
    plain = zonal.train(x, y, **options)
    assert np.allclose(equal.path.loss, plain.path.loss, rtol=1e-12)


def test_rows_with_missing_values_can_be_left_out(rows):
    x, y = rows[0].copy(), rows[1]
    x[5, 2] = np.nan
    run = trained(x, y, missing="drop")
    assert run.rows.dropped == 1


def test_points_of_the_sphere_stay_where_they_are():
    x = zonal.uniform_points(6, 2_000, seed=3)
    y = x[:, 0] * x[:, 1]
    run = zonal.train(x, y, on_sphere=True, activation="relu", scale=1, width=200)
    assert (run.dim, run.bias) == (6, 0.0)
    hidden, _, output = run.network.weights()
    by_hand = np.maximum(x @ hidden.T, 0) @ output[0] / np.sqrt(200) * y.std() + y.mean()
    assert abs(by_hand - run.network.predict(x)).max() < 0.05
    with pytest.raises(zonal.errors.ParameterError, match="row .* has length [12]"):
        zonal.train(2 * x, y, on_sphere=True)


def test_what_is_masked_is_missing(rows):
    x, y = rows
    masked = np.ma.masked_array(x, mask=x > 2.5)
    assert masked.mask.any()
    with pytest.raises(zonal.errors.DataError, match="lacks a value"):
        trained(masked, y, missing="reject")
    filled = trained(masked, y)
    assert filled.encoded_columns.column and "are missing" in filled.encoded_columns.treatment[0]
    assert filled.network.columns == ("x1", "x2", "x3", "x4") and np.isfinite(filled.network.predict(masked)).all()
    with pytest.raises(zonal.errors.DataError, match="lacks a value"):
        trained(x, y).network.predict(masked)
    assert trained(masked, y, missing="drop").rows.dropped == int(masked.mask.any(axis=1).sum())


def test_columns_are_named_as_they_are(rows, tmp_path):
    pd = pytest.importorskip("pandas")
    x, y = rows
    frame = pd.DataFrame(x, columns=["a,b", "größe", "c", "w"]).assign(**{"in, out": y, "w": np.abs(x[:, 3]) + 0.1})
    file = tmp_path / "odd.csv"
    frame.to_csv(file, index=False)
    ours = zonal.train(frame, label="in, out", features=["a,b", "c"], **OPTIONS)
    theirs = zonal.train(file, label="in, out", features=["a,b", "c"], **OPTIONS)
    assert np.array_equal(ours.path.loss, theirs.path.loss) and ours.labels == ("in, out",)
    one = zonal.train(frame, label="in, out", features="größe", **OPTIONS)
    assert one.network.columns == ("größe",)
    # Weights by name are no feature.
    weighted = zonal.train(frame, label="in, out", weight="w", **OPTIONS)
    again = zonal.train(file, label="in, out", weight="w", **OPTIONS)
    assert weighted.network.columns == ("a,b", "größe", "c")
    assert np.array_equal(weighted.path.loss, again.path.loss)
    numbers = pd.DataFrame(np.column_stack([x, y]))
    assert zonal.train(numbers, label=4, features=[0, 2], **OPTIONS).network.columns == ("0", "2")
    with pytest.raises(zonal.errors.DataError, match="'in, out' is a column of data and the name of y"):
        zonal.train(frame, frame["in, out"], **OPTIONS)
    pa = pytest.importorskip("pyarrow")
    holes = pa.table({"a": pa.array([True, None] * 1_500), "b": pa.array(x[:, 0])})
    assert zonal.train(holes, y, missing="drop", **OPTIONS).rows.dropped == 1_500
    dated = frame.assign(t=pd.date_range("2020", periods=len(frame), tz="UTC"))
    assert zonal.train(dated, label="in, out", **OPTIONS).network.columns == ("a,b", "größe", "c", "w", "t")


def test_test_rows_come_from_several_files(rows, tmp_path):
    x, y = rows
    files = []
    for i, part in enumerate(np.array_split(np.arange(300), 2)):
        files.append(tmp_path / f"t, {i}.csv")
        np.savetxt(files[-1], np.column_stack([x[part], y[part]]), delimiter=";", header="x1;x2;x3;x4;y", comments="")
    run = zonal.train(x[300:], y[300:], test=files, delimiter=";", **OPTIONS)
    assert run.rows.test == 300
    tabs = tmp_path / "t.tsv"
    np.savetxt(tabs, np.column_stack([x[:300], y[:300]]), delimiter="\t", header="x1\tx2\tx3\tx4\ty", comments="")
    assert np.array_equal(zonal.train(x[300:], y[300:], test=tabs, **OPTIONS).path.test_loss, run.path.test_loss)


DATES = "numbers or booleans are needed; convert dates to numbers first, such as days since the first one"


def test_dates_are_features_of_train_and_refused_by_estimators_and_sums(rows, tmp_path):
    pd, pa = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    pytest.importorskip("sklearn")
    pq = pytest.importorskip("pyarrow.parquet")
    x, y = rows[0][:200], rows[1][:200]
    when = pd.date_range("2020", periods=200)
    plain = pd.DataFrame(x, columns=["a", "b", "c", "d"])
    estimator = zonal.OneHiddenLayerRegressor(width=20, activation="relu")

    def refused(work, where):
        with pytest.raises(zonal.errors.DataError, match=f"{where}.* has the type .*, but {DATES}"):
            work()

    for times in (when, when.tz_localize("UTC"), when - when[0], when.to_period("D")):
        dated = plain.assign(when=times)
        refused(lambda: estimator.fit(dated, y), "column 'when' of X")
        refused(lambda: estimator.partial_fit(dated, y), "column 'when' of X")
    for times in (when - when[0], when.to_period("D")):
        dated = plain.assign(when=times)
        refused(lambda: zonal.train(dated, y, **OPTIONS), "column 'when' of data")
        refused(lambda: zonal.analyze(dated, y), "column 'when' of data")
    refused(lambda: estimator.fit(plain, pd.Series(when, name="when")), "column 'when' of y")
    fitted = zonal.OneHiddenLayerRegressor(width=20, activation="relu").fit(plain.assign(when=0.0), y)
    dated = plain.assign(when=when)
    refused(lambda: fitted.predict(dated), "column 'when' of X")
    refused(lambda: list(fitted.staged_predict(dated)), "column 'when' of X")
    refused(lambda: zonal.Survey(dated, y), "column 'when' of X")
    bare = x.astype("datetime64[s]")
    for data in (bare, list(bare), [list(row) for row in bare]):
        refused(lambda: estimator.fit(data, y), "X")
    refused(lambda: estimator.fit(x, when.to_numpy()), "y")
    # In memory and in a file they are the same feature.
    plain.assign(when=when, y=y).to_csv(tmp_path / "t.csv", index=False)
    expected = zonal.train(tmp_path / "t.csv", label="y", **OPTIONS)
    table = pa.table({**{name: plain[name] for name in plain}, "when": pa.array(when.to_numpy()), "y": y})
    pq.write_table(table, tmp_path / "t.parquet")
    frame, polars = plain.assign(when=when, y=y), pytest.importorskip("polars").from_arrow(table)
    for data in (frame, frame.assign(when=when.tz_localize("UTC")), table, polars, tmp_path / "t.parquet"):
        run = zonal.train(data, label="y", **OPTIONS)
        assert np.array_equal(run.path.loss, expected.path.loss)
        assert run.encoded_columns.column == ("when",)


def test_text_in_memory_is_that_of_files(rows, tmp_path):
    pd, pl, pa = pytest.importorskip("pandas"), pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    x, y = rows[0][:400], rows[1][:400]
    colour = np.array(["red", "blue", "dark green"], object)[np.arange(400) * 7 % 3]
    colour[::40] = None
    frame = pd.DataFrame(
        {"a": np.where(np.arange(400) % 9 == 4, np.nan, x[:, 0]), "colour": colour, "code": np.arange(400) % 4}
    )
    frame["y"] = y + (colour == "red")
    file = tmp_path / "t.csv"
    frame.to_csv(file, index=False)
    options = {"label": "y", "categorical": ["code"], **OPTIONS}
    expected = zonal.train(file, **options)
    assert expected.encoded_columns.column == ("a", "colour", "code")
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    whole = zonal.predict(expected, file)
    for data in (frame, frame.astype({"colour": "category"}), arrow, pl.from_arrow(arrow)):
        run = zonal.train(data, **options)
        assert np.array_equal(run.path.loss, expected.path.loss), type(data)
        assert np.array_equal(zonal.predict(run, data), whole)
    # A network of a file predicts rows in memory, with levels that it has not seen.
    unseen = frame.assign(colour=np.where(frame.colour == "red", "pink", frame.colour.to_numpy()))
    assert np.isfinite(expected.network.predict(unseen)).all()
    with pytest.raises(zonal.errors.DataError, match="column 'a': found 'x', but a number is needed"):
        expected.network.predict(frame.assign(a="x"))
    with pytest.raises(zonal.errors.DataError, match="the label 'colour' holds text such as 'blue', but numbers"):
        zonal.train(frame, label="colour", task="regress", **OPTIONS)
    with pytest.raises(zonal.errors.DataError, match="weight holds text"):
        zonal.train(frame[["a", "code"]], y, weight=colour, **OPTIONS)


def test_booleans_are_taken_at_every_door(rows, tmp_path):
    pd, pa = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    pytest.importorskip("sklearn")
    pq = pytest.importorskip("pyarrow.parquet")
    x, y = rows[0][:400], rows[1][:400]
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1] > 0, "y": y > 0})
    numbers = frame.astype(float)
    tasks = {"regress": "regress", "classify": "auto"}
    expected = {task: zonal.train(numbers, label="y", task=task, **OPTIONS).path.loss for task in tasks}
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(arrow, tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    np.savez(tmp_path / "t.npz", **{name: frame[name].to_numpy() for name in frame})
    files = [tmp_path / name for name in ("t.parquet", "t.csv", "t.npz")]
    for data in (frame, frame.convert_dtypes(), arrow, *files):
        for task, asked in tasks.items():
            run = zonal.train(data, label="y", task=asked, **OPTIONS)
            assert np.array_equal(run.path.loss, expected[task]), (data, task)
            assert (run.classification is not None) == (task == "classify")
    fit = zonal.OneHiddenLayerRegressor(width=20, activation="relu").fit
    features = ["a", "b"]
    same = [fit(data[features], data["y"]).predict(data[features]) for data in (frame, numbers)]
    assert np.array_equal(*same)


def test_intervals_are_those_of_the_program(rows, tmp_path):
    x, y = rows[0][:500], rows[1][:500]
    run = zonal.train(x, y, interval=0.8, out=tmp_path / "run", **OPTIONS)
    ends = run.network.predict_interval(x, level=0.8)
    half = run.interval.half_width[0]
    assert ends.shape == (500, 2) and np.allclose(ends.mean(axis=1), run.network.predict(x))
    assert np.allclose(ends[:, 1] - ends[:, 0], 2 * half) and 0.6 < run.interval.test_coverage[0] <= 1
    assert np.array_equal(zonal.predict(run, x, interval=0.8), ends)
    file = tmp_path / "t.csv"
    np.savetxt(
        file, np.column_stack([x, y]), delimiter=",", header=",".join([*run.network.columns, "y"]), comments="", fmt="%.17g"
    )
    assert np.array_equal(zonal.predict(run, file, interval=0.8), ends)
    assert zonal.predict(run, file, label="y", interval=0.8).coverage[0] > 0.7
    wide = run.network.predict_interval(x, level=0.95)
    assert (wide[:, 1] > ends[:, 1]).all()
    with pytest.raises(zonal.errors.ParameterError, match="above 0 and below 1"):
        run.network.predict_interval(x, level=2)
    two = zonal.train(x, np.stack([y, 10 * y], axis=1), **OPTIONS)
    assert two.network.predict_interval(x).shape == (500, 2, 2)
    with pytest.raises(zonal.errors.ParameterError, match="no errors on held-out rows"):
        zonal.train(x, y > 0, **OPTIONS).network.predict_interval(x)


def test_a_few_rows_have_the_bits_of_many(rows):
    x, y = rows[0][:300], rows[1][:300]
    for hidden in ("grown", "drawn"):
        network = zonal.train(x, y, hidden=hidden, width=40).network
        every = network.predict(x)
        assert np.array_equal(np.concatenate([network.predict(x[i : i + 1]) for i in range(9)]), every[:9])
        assert np.array_equal(network.predict(x[:64]), every[:64])
        assert np.array_equal(network.predict(x[:65]), every[:65])
        with pytest.raises(zonal.errors.DataError, match="X"):
            network.predict(np.full((1, x.shape[1]), np.nan))


def test_categories_of_numbers_are_levels_and_times_may_be_texts(tmp_path):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(2)
    code = rng.integers(0, 3, 300)
    day = pd.date_range("2023-01-01", periods=300).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"code": pd.Categorical(code), "b": rng.normal(size=300), "y": np.array([5.0, -2.0, 9.0])[code]})
    run = zonal.train(frame, label="y", width=20)
    assert "text with 3 levels" in run.encoded_columns.treatment[0]
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert zonal.train(tmp_path / "t.csv", label="y", width=20, categorical=["code"]).test_rmse == run.test_rmse
    timed = zonal.train(frame, label="y", width=20, time=np.array(day))
    assert timed.test_rmse == zonal.train(frame, label="y", width=20, time=pd.to_datetime(day)).test_rmse
    with pytest.raises(zonal.errors.DataError, match="found 'soon', but a date such as"):
        zonal.train(frame, label="y", width=20, time=np.where(code == 0, "soon", day))
