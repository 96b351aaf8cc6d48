"""Trouble that users of other libraries reported in public, one test each, by the source that the name tells.

The tables are ours, of the kind that the report is about.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import zonal
from zonal.errors import DataError, FileError, ParameterError

FAST = {"width": 40, "iterations": 10**5}


def smooth(rows=300, columns=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    return x, np.sin(x[:, 0]) + x[:, 1] * x[:, 2]


def relative(run, y):
    return run.test_rmse / y.std()


def csv_of(path, frame):
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("hidden", ["grown", "drawn"])
def test_scikit_learn_17794_a_column_of_14_62(hidden, tmp_path):
    """The standard deviation of a constant column is rounding, and dividing by it makes numbers of any size."""
    x, y = smooth()
    notes = zonal.train(np.column_stack([x, np.full(len(x), 14.62)]), y, hidden=hidden, **FAST)
    plain = zonal.train(x, y, hidden=hidden, **FAST)
    assert notes.test_rmse == pytest.approx(plain.test_rmse, rel=0.2)


def test_catboost_266_a_constant_label_is_a_constant():
    x, _ = smooth()
    run = zonal.train(x, np.full(len(x), 14.62), **FAST)
    assert (run.network.predict(x) == 14.62).all()


@pytest.mark.parametrize(
    ("hidden", "unit"), [("drawn", 1e-20), ("drawn", 1e20), ("grown", 2.0**-66), ("grown", 2.0**66), ("grown", 1e-20)]
)
def test_lightgbm_1112_columns_and_labels_in_tiny_units(hidden, unit):
    x, y = smooth()
    plain, tiny = (zonal.train(u * x, u * y, hidden=hidden, **FAST) for u in (1.0, unit))
    # Powers of two round alike. Otherwise growth amplifies what rounding changes.
    tolerance = 0.5 if (hidden, unit) == ("grown", 1e-20) else 1e-6
    assert relative(tiny, unit * y) == pytest.approx(relative(plain, y), rel=tolerance)


def test_pandas_10242_a_mean_of_1e10_with_small_variation():
    x, y = smooth()
    shifted = zonal.train(x + 1e10, y + 1e10, **FAST)
    plain = zonal.train(x, y, **FAST)
    assert shifted.test_rmse == pytest.approx(plain.test_rmse, rel=0.2)


def test_scikit_learn_27782_single_precision_between_500_and_501():
    x, _ = smooth()
    narrow = (500.5 + 0.1 * x).astype(np.float32)
    y = np.sin(10 * (narrow[:, 0].astype(float) - 500.5))
    run = zonal.train(narrow, y, **FAST)
    exact = zonal.train(narrow.astype(float) - 500.5, y, **FAST)
    assert run.test_rmse == pytest.approx(exact.test_rmse, rel=0.2)
    assert np.array_equal(run.network.predict(narrow), run.network.predict(narrow.astype(float)))


def test_ai_stackexchange_34695_a_sine_on_twenty_periods():
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 40 * np.pi, size=(10_000, 1))
    y = np.sin(x[:, 0]) + np.sin(2 * x[:, 0])
    run = zonal.train(x, y)
    assert run.test_rmse < 0.01, run.test_rmse


def test_scikit_learn_24713_two_rows_are_refused_with_their_number():
    with pytest.raises(DataError, match=r"(of the 2 rows|2 rows|1 of 2)"):
        zonal.train(np.array([[0.0], [1.0]]), np.array([0.0, 1.0]))


def test_lightgbm_5420_weights_of_2e11():
    x, y = smooth()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(x))
    plain = zonal.train(x, y, weight=weight, hidden="drawn", **FAST)
    heavy = zonal.train(x, y, weight=2e11 * weight, hidden="drawn", **FAST)
    assert heavy.test_rmse == pytest.approx(plain.test_rmse, rel=1e-6)


@pytest.mark.parametrize("hidden", ["grown", "drawn"])
def test_scikit_learn_16298_rows_of_weight_0_do_not_count(hidden):
    x, y = smooth()
    weight = np.ones(len(x))
    weight[::5] = 0
    odd_x, odd_y = x.copy(), y.copy()
    odd_x[::5], odd_y[::5] = 1e9, -1e9
    first = zonal.train(x, y, weight=weight, hidden=hidden, **FAST)
    second = zonal.train(odd_x, odd_y, weight=weight, hidden=hidden, **FAST)
    assert np.array_equal(first.path.loss, second.path.loss)


def test_scikit_learn_6792_a_column_of_text(tmp_path):
    x, _ = smooth()
    colour = np.where(x[:, 0] > 0, "red", "blue")
    frame = pd.DataFrame({"a": x[:, 1], "colour": colour, "y": (colour == "red") * 3.0 + x[:, 1]})
    assert zonal.train(csv_of(tmp_path / "t.csv", frame), label="y").test_rmse < 0.05


def test_machine_learning_meets_pka_5_every_tenth_cell_is_empty(tmp_path):
    x, _ = smooth(600)
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=2 * x[:, 0])
    frame.loc[::10, "a"] = np.nan
    run = zonal.train(csv_of(tmp_path / "t.csv", frame), label="y", **FAST)
    assert run.rows.dropped == 0 and run.encoded_columns.column == ("a",)
    assert np.isfinite(run.network.predict(frame.drop(columns="y"))).all()


def test_lightgbm_6202_a_comma_within_a_name(tmp_path):
    x, y = smooth()
    frame = pd.DataFrame(x, columns=["distance, km", "b", 'size "x"']).assign(y=y)
    file = csv_of(tmp_path / "t.csv", frame)
    run = zonal.train(file, label="y", features=["distance, km", 'size "x"', "b"], **FAST)
    assert run.network.columns == ("distance, km", 'size "x"', "b")
    assert np.array_equal(zonal.predict(run, file), run.network.predict(frame.drop(columns="y")))


def test_csv_jl_596_booleans_as_to_csv_writes_them(tmp_path):
    x, y = smooth()
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(flag=x[:, 0] > 0, y=y)
    run = zonal.train(csv_of(tmp_path / "t.csv", frame), label="y", **FAST)
    assert np.array_equal(run.path.loss, zonal.train(frame, label="y", **FAST).path.loss)


def test_scikit_learn_12936_columns_in_another_order(tmp_path):
    x, y = smooth()
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    network = zonal.train(frame, y, **FAST).network
    assert np.array_equal(network.predict(frame[["c", "a", "b"]]), network.predict(frame))
    with pytest.raises(DataError, match="lacks the columns c"):
        network.predict(frame[["a", "b"]])
    pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match="feature names"):
        zonal.OneHiddenLayerRegressor(width=20).fit(frame, y).predict(frame[["c", "a", "b"]])


def test_pandas_35873_decimal_commas(tmp_path):
    x, y = smooth()
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y)
    frame.to_csv(tmp_path / "t.csv", index=False, sep=";", decimal=",")
    expected = zonal.train(csv_of(tmp_path / "points.csv", frame), label="y", **FAST)
    assert np.array_equal(zonal.train(tmp_path / "t.csv", label="y", **FAST).path.loss, expected.path.loss)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_pandas_4793_byte_order_marks_carriage_returns_and_wide_text(encoding, tmp_path):
    x, y = smooth()
    frame = pd.DataFrame(x, columns=["größe", "b", "c"]).assign(y=y)
    frame.to_csv(tmp_path / "t.csv", index=False, encoding=encoding, lineterminator="\r\n")
    run = zonal.train(tmp_path / "t.csv", label="y", **FAST)
    assert run.network.columns == ("größe", "b", "c")


def test_arrow_39129_arrays_in_another_byte_order_and_of_small_integers(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(-100, 100, size=(300, 3))
    y = np.sign(x[:, 0]) * 2.0 + x[:, 1] / 50
    expected = zonal.train(x.astype(float), y, **FAST)
    for kind in (">f8", ">i2", "i1", ">f4"):
        assert np.array_equal(zonal.train(x.astype(kind), y.astype(">f8"), **FAST).path.loss, expected.path.loss)
        np.save(tmp_path / "t.npy", np.column_stack([x, np.rint(50 * y)]).astype(">i2"))
        assert zonal.train(tmp_path / "t.npy", label="c4", **FAST).rows.train > 200


def test_xgboost_8112_dictionaries_of_numbers_in_arrow(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    rng = np.random.default_rng(0)
    level = rng.choice([0.5, 2.0, 7.5], 300)
    table = pa.table({"level": pa.array(level).dictionary_encode(), "b": rng.normal(size=300), "y": level**2})
    pq.write_table(table, tmp_path / "t.parquet")
    plain = csv_of(tmp_path / "t.csv", pd.DataFrame({"level": level, "b": table["b"].to_numpy(), "y": level**2}))
    expected = zonal.train(plain, label="y", **FAST)
    for data in (tmp_path / "t.parquet", table):
        assert np.array_equal(zonal.train(data, label="y", **FAST).path.loss, expected.path.loss)


def test_scikit_learn_10590_dates_as_features():
    when = pd.date_range("2020-01-01", periods=400)
    frame = pd.DataFrame({"when": when, "y": when.dayofweek * 1.0})
    run = zonal.train(frame, label="y", **FAST)
    assert run.encoded_columns.column == ("when",) and relative(run, frame.y) < 0.1
    pytest.importorskip("sklearn")
    with pytest.raises(DataError, match="convert dates to numbers first"):
        zonal.OneHiddenLayerRegressor().fit(frame[["when"]], frame.y)


def test_numpy_15094_whole_numbers_beyond_2_to_the_53(tmp_path, program):
    import subprocess

    rng = np.random.default_rng(0)
    key = 9_340_351_261_291_575 + rng.permutation(300)
    frame = pd.DataFrame({"key": key, "b": rng.normal(size=300), "y": rng.normal(size=300)})
    file = csv_of(tmp_path / "t.csv", frame)
    done = subprocess.run(
        [program, "train", file, "--label", "y", "--width", "20", "--out", "none"], capture_output=True, text=True
    )
    assert done.returncode == 0 and "whole numbers beyond 2^53" in done.stderr and "'key'" in done.stderr


@pytest.mark.parametrize("hidden", ["grown", "drawn"])
def test_scikit_learn_6455_more_columns_than_rows(hidden):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 200))
    run = zonal.train(x, 3 * x[:, 0] + 0.1 * rng.normal(size=80), hidden=hidden, **FAST)
    # No worse than the mean, which early stopping keeps.
    assert run.test_rmse < 1.3 * 3.0


def test_scikit_learn_18748_own_rows_groups_and_time_for_the_choice():
    x, y = smooth(400)
    run = zonal.train(x[:300], y[:300], validation=(x[300:], y[300:]), **FAST)
    assert run.rows.validation == 100
    groups = np.arange(400) // 20
    level = np.random.default_rng(3).normal(size=20)[groups]
    with_level = np.column_stack([x, level])
    assert zonal.train(with_level, 5 * np.sin(50 * level), groups=groups, **FAST).test_rmse > 1.0
    later = zonal.train(x, y + np.arange(400), time=np.arange(400), **FAST)
    assert later.test_rmse > 30


def test_pandas_28244_one_cell_of_1e15():
    x, y = smooth(500)
    odd = x.copy()
    odd[7, 0] = 1e15
    assert zonal.train(odd, y, **FAST).test_rmse < 3 * zonal.train(x, y, **FAST).test_rmse


def test_opentextshield_194_equal_rows_do_not_flatter(tmp_path, program):
    """Copies of rows whose label is noise, which a network can only memorise."""
    import subprocess

    rng = np.random.default_rng(4)
    x, y = np.repeat(rng.normal(size=(150, 3)), 4, axis=0), np.repeat(rng.normal(size=150), 4)
    order = rng.permutation(600)
    run = zonal.train(x[order], y[order], **FAST)
    assert run.test_rmse > 0.8 * y.std()
    frame = pd.DataFrame(x[order], columns=["a", "b", "c"]).assign(y=y[order])
    command = [program, "train", csv_of(tmp_path / "t.csv", frame), "--label", "y", "--width", "20", "--out", "none"]
    assert "repeat" in subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_arrow_33115_a_page_whose_checksum_does_not_fit(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    x, y = smooth()
    file = tmp_path / "t.parquet"
    table = pa.table({"a": x[:, 0], "b": x[:, 1], "y": y})
    pq.write_table(table, file, compression="none", use_dictionary=False, write_page_checksum=True)
    whole = bytearray(file.read_bytes())
    at = whole.index(x[50, 0].tobytes())
    whole[at] ^= 1
    file.write_bytes(whole)
    with pytest.raises((DataError, FileError), match="checksum"):
        zonal.train(file, label="y", **FAST)


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.npz", "t.csv.gz", "t.csv.zst", "t.jsonl"])
def test_arrow_41317_truncated_files_are_errors(name, tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    x, y = smooth(400)
    table = pa.table({"a": x[:, 0], "b": x[:, 1], "y": y})
    file = tmp_path / name
    if name == "t.parquet":
        pq.write_table(table, file)
    elif name == "t.arrow":
        with pa.ipc.new_file(file, table.schema) as out:
            out.write_table(table)
    elif name == "t.npz":
        np.savez(file, a=x[:, 0], b=x[:, 1], y=y)
    elif name == "t.jsonl":
        file.write_text("".join(f'{{"a": {a}, "b": {b}, "y": {c}}}\n' for a, b, c in zip(x[:, 0], x[:, 1], y, strict=True)))
    else:
        pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y}).to_csv(tmp_path / "t.csv", index=False)
        with pa.CompressedOutputStream(str(file), "gzip" if name.endswith("gz") else "zstd") as out:
            out.write((tmp_path / "t.csv").read_bytes())
    assert zonal.train(file, label="y", **FAST).rows.train > 200
    whole = file.read_bytes()
    for share in (0.3, 0.7, 0.99):
        file.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises((DataError, FileError, ParameterError)):
            zonal.train(file, label="y", **FAST)
