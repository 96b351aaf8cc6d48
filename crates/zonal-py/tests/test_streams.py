"""Streams of Arrow give what the same rows give in a file and in memory."""

import builtins

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

import zonal
from zonal.errors import DataError, MissingPackage

duckdb = pytest.importorskip("duckdb")

ROWS = 400
OPTIONS = {"label": "rent", "width": 20, "folds": 2}


@pytest.fixture
def frame():
    rng = np.random.default_rng(3)
    district = rng.choice(["north", "south", "old town"], ROWS)
    area = rng.uniform(20, 120, ROWS)
    return pd.DataFrame(
        {
            "district": pd.Categorical(district),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D"),
            "area": np.where(rng.random(ROWS) < 0.1, np.nan, area),
            "pets": rng.random(ROWS) < 0.5,
            "rent": 8 * area + 100.0 * (district == "north"),
        }
    )


def facts(run):
    """Return what must be equal."""
    return run.test_rmse, tuple(run.importances.feature), [(c.column, c.treatment) for c in run.encoded_columns]


def test_streams_files_and_tables_are_one_training(frame, tmp_path):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    with pa.ipc.new_file(tmp_path / "t.arrow", table.schema) as out:
        out.write_table(table, max_chunksize=150)
    frame.to_csv(tmp_path / "t.csv", index=False)
    relation = duckdb.sql("select * from frame")
    expected = facts(zonal.train(frame, **OPTIONS))
    batches = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=70))
    for data in (tmp_path / "t.csv", tmp_path / "t.parquet", tmp_path / "t.arrow", relation, batches, table):
        assert facts(zonal.train(data, **OPTIONS)) == expected, data
    run = zonal.train(relation, **OPTIONS)
    predicted = run.network.predict(frame)
    for data in (duckdb.sql("select * from frame"), tmp_path / "t.parquet"):
        assert np.array_equal(zonal.predict(run, data), predicted)
    assert np.array_equal(run.network.predict(duckdb.sql("select * exclude (rent) from frame")), predicted)
    assert zonal.predict(run, relation, label="rent").rmse < 0.4 * frame.rent.std()
    assert zonal.analyze(relation, label="rent").rows == zonal.analyze(tmp_path / "t.csv", label="rent").rows


def test_text_labels_of_streams_are_classes(frame, tmp_path):
    frame["area"] += 50.0 * (frame.district == "old town")
    relation = duckdb.sql("select * exclude (since) from frame")
    run = zonal.train(relation, label="district", width=20, folds=2)
    assert run.network.classes == ("north", "old town", "south")
    frame.drop(columns="since").to_csv(tmp_path / "t.csv", index=False)
    again = zonal.train(tmp_path / "t.csv", label="district", width=20, folds=2)
    assert run.classification.test.log_loss == again.classification.test.log_loss
    assert set(zonal.predict(run, relation)) <= {"north", "old town", "south"}


def test_streams_validate_streams(frame, tmp_path):
    rows = "select * exclude (pets) from frame"
    data, held = duckdb.sql(f"{rows} limit 300"), duckdb.sql(f"{rows} offset 300")
    expected = zonal.train(data.to_arrow_table(), validation=held.to_arrow_table(), **OPTIONS | {"folds": None})
    found = zonal.train(data, validation=held, **OPTIONS | {"folds": None})
    assert found.rows.validation == 100 and facts(found) == facts(expected)
    with pytest.raises(zonal.errors.ParameterError, match="validation is a DataFrame, but data is in files"):
        zonal.train(data, validation=frame, label="rent")


def test_a_stream_is_read_in_batches_and_its_file_is_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    relation = duckdb.sql("select random() as a, random() as b, i % 7 as y from range(50000) t(i)")
    run = zonal.train(relation, label="y", width=10, hidden="drawn")
    assert run.rows.train > 20_000
    assert list(tmp_path.iterdir()) == []


def test_mistakes_are_named(frame, monkeypatch):
    relation = duckdb.sql("select * from frame")
    with pytest.raises(zonal.errors.ParameterError, match="label is missing"):
        zonal.train(relation)
    with pytest.raises(DataError, match="^data: there is no column 'rend'; did you mean rent"):
        zonal.train(relation, label="rend")
    imported = builtins.__import__

    def without_pyarrow(name, *rest):
        if name.partition(".")[0] == "pyarrow":
            raise ImportError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    with pytest.raises(MissingPackage, match=r"DuckDBPyRelation is a stream of Arrow, which needs pyarrow: pip install"):
        zonal.train(relation, label="rent")
