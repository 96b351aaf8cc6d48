"""Results print as the program prints them, and their tables go into other libraries."""

from __future__ import annotations

import csv
import io
import pickle
import subprocess

import numpy as np
import pytest

import zonal

TARGET = "0.8*harmonic(2) + 0.3*harmonic(4)"


@pytest.fixture(scope="module")
def run():
    return zonal.train(target=TARGET, dim=5, width=60, iterations=10**4)


def printed(program, *words):
    done = subprocess.run([program, *words, "-q"], capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    return done.stdout.rstrip("\n")


def test_results_print_as_the_program_prints_them(program, root):
    table = str(root / "examples/data/diabetes.csv")
    for words, result in [
        (["spectrum", "-a", "gelu", "-n", "7"], zonal.spectrum("gelu", dim=7)),
        (["spectrum", "-n", "4,9"], zonal.spectrum("relu", dim=[4, 9])),
        (["spectrum", "--for-degrees", "2..4", "-n", "9"], zonal.spectrum(for_degrees=range(2, 5), dim=9)),
        (["train", "--target", TARGET, "-n", "5", "-m", "60", "--out", "none"], zonal.train(target=TARGET, dim=5, width=60)),
        (["analyze", table, "--label", "progression"], zonal.analyze(table, label="progression")),
        (
            ["sq", "bound", "--family", "zonal", "-n", "9,100", "-k", "4,6", "--tolerance", "0.1,0.01"],
            zonal.sq.bound(family="zonal", dim=[9, 100], degree=[4, 6], tolerance=[0.1, 0.01]),
        ),
        (
            ["sq", "learn", "--target", "harmonic(2)", "-n", "6", "-m", "50"],
            zonal.sq.learn("harmonic(2)", dim=6, width=50),
        ),
        (
            ["sq", "play", "--family", "monomials", "-n", "8", "-k", "3", "--tolerance", ".25", "--out", "none"],
            zonal.sq.play(family="monomials", dim=8, degree=3, tolerance=0.25),
        ),
        (
            ["reproduce", "--claim", "representation", "--quick", "--out", "none"],
            zonal.reproduce("representation", quick=True),
        ),
    ]:
        text = repr(result)
        # Messages name options as their caller writes them.
        theirs = printed(program, *words).replace("--quick", "quick=True")
        assert text.startswith(theirs), words
        assert all(line.startswith("note: ") for line in text[len(theirs) :].splitlines()[1:])


def test_notes_are_printed():
    x = np.random.default_rng(0).normal(size=(200, 2))
    result = zonal.train(np.column_stack([x, np.ones(200)]), x[:, 0], width=20)
    assert result.notes and repr(result).endswith(f"note: {result.notes[-1]}")
    assert result.notes[-1] in result._repr_html_() or "&" in result.notes[-1]
    plan = zonal.plan("harmonic(3) + x1", dim=5)
    assert "invisible to relu: degree 3" in repr(plan)


def test_several_results_print_as_one_comparison():
    found = zonal.spectrum(["relu", "tanh"], dim=6, max_degree=4)
    assert len(found) == 2 and isinstance(found, list)
    assert repr(found).startswith("eigenvalues by degree") and "(2) tanh, n = 6" in repr(found)
    html = found._repr_html_()
    assert html.count("<svg") == 2 and "eigenvalues by degree" in html
    copy = pickle.loads(pickle.dumps(found))
    assert repr(copy) == repr(found) and copy[1].to_dict() == found[1].to_dict()
    assert repr(found[1]).startswith("tanh, n = 6")


def test_columns_become_data_frames(run):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(run.path)
    assert len(frame) == len(run.path) and frame.columns[0] == "iteration"
    assert np.array_equal(frame["energy_2"], run.path.energy[:, 2]) and np.array_equal(frame["loss"], run.path.loss)
    assert np.array_equal(frame["energy_error_1"], run.path.error[:, 1])
    pd.testing.assert_frame_equal(frame, run.path.to_pandas())
    degrees = pd.DataFrame(zonal.spectrum("relu", dim=400, max_degree=12).degrees)
    assert degrees["visible"].dtype == bool and degrees["degree"].tolist() == list(range(13))
    ranking = pd.DataFrame(zonal.spectrum(for_degrees="2..3", dim=8).ranking)
    assert set(ranking["activation"]) >= {"relu", "tanh"}


def test_columns_become_tables_of_arrow_and_polars(run):
    pa = pytest.importorskip("pyarrow")
    table = pa.table(run.path)
    assert table.column("energy_4").to_pylist() == run.path.energy[:, 4].tolist()
    # Multiplicities exceed 64 bits.
    degrees = pa.table(zonal.spectrum("relu", dim=10**6, max_degree=8).degrees)
    assert degrees.num_rows == 9
    polars = pytest.importorskip("polars")
    assert polars.DataFrame(run.path)["loss"].to_list() == run.path.loss.tolist()


def test_tables_are_written_as_csv(run, program, tmp_path):
    text = run.path.to_csv()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["energy_2"]) for row in rows] == run.path.energy[:, 2].tolist()
    assert run.path.to_csv(tmp_path / "path.csv") is None
    assert (tmp_path / "path.csv").read_text() == text
    with pytest.raises(zonal.errors.FileError, match="cannot be written"):
        run.path.to_csv(tmp_path / "none" / "path.csv")
    words = ["train", "--target", TARGET, "-n", "5", "-m", "60", "--iterations", "1e4", "--out", "none", "--format", "csv"]
    assert run.to_csv().rstrip("\n") == printed(program, *words)
    pd = pytest.importorskip("pandas")
    frame = run.to_pandas()
    assert isinstance(frame, pd.DataFrame) and frame["loss"].tolist() == run.path.loss.tolist()
    assert zonal.analyze(np.eye(30)[:, :2], np.arange(30.0)).to_pandas().columns[0] == "label"


def test_frames_of_a_training_and_of_its_path_agree(run, rows):
    pd = pytest.importorskip("pandas")
    x, y = rows
    every = [
        run,
        zonal.train(target="x1*x2", dim=4, width="inf", iterations=100),
        zonal.train(target="x1*x2", dim=4, width=20, iterations=50, layers="both"),
        zonal.train(x, y, width=20, iterations=100, activation="tanh", scale=1, bias=1),
        zonal.train(x, y, width=20, iterations=20, layers="both", activation="tanh", scale=1, bias=1, test_fraction=0),
    ]
    for found in every:
        frame = found.to_pandas()
        assert not frame.isna().all().any()
        pd.testing.assert_frame_equal(frame, found.path.to_pandas())
        # The rows after a header line are those of the CSV, in which 1.0 is 1.
        assert set(frame.columns) <= set(found.to_csv().splitlines()[0].split(","))
    kinds = every[1].to_pandas().dtypes
    assert kinds["iteration"] == np.int64 and all(kind == np.float64 for kind in kinds.drop("iteration"))
    plan = zonal.plan("x1*x2", dim=4, degree=2).to_pandas()
    assert plan["step_size"].dtype == np.float64 and plan["width"].dtype == np.int64


def test_paths_on_tables_have_the_roots_that_are_printed(run, rows):
    x, y = rows
    path = zonal.train(x, y, width=20, iterations=100, activation="tanh", scale=1, bias=1).path
    assert np.array_equal(path.rmse, np.sqrt(path.loss))
    assert np.array_equal(path.test_rmse, np.sqrt(path.test_loss))
    assert next(iter(path)).validation_rmse == np.sqrt(path.validation_loss[0])
    assert "test_rmse" in repr(path) and pickle.loads(pickle.dumps(path)).rmse[0] == path.rmse[0]
    for name, advice in [("rmse", "no column 'rmse'$"), ("rest", "is tail_energy"), ("losss", "did you mean loss")]:
        with pytest.raises(AttributeError, match=advice):
            getattr(run.path, name)


def test_the_rows_of_a_sweep_print_what_differs():
    sweep = zonal.sweep(target="harmonic({degree})", degree=[1, 2], dim=5, width=[10, 20], seeds=2, iterations=100)
    lines = repr(sweep.rows).splitlines()
    assert lines[1].split()[:5] == ["degree", "target", "width", "loss", "loss_standard_error"]
    assert lines[-2].startswith("in all rows: dim 5, activation relu") or "in all rows: dim 5" in lines[-1]
    assert list(next(iter(sweep.rows))._asdict())[:4] == ["dim", "degree", "target", "activation"]
    pytest.importorskip("pandas")
    assert sweep.to_pandas().columns.tolist() == sweep.rows.to_pandas().columns.tolist()


def test_rows_are_named_tuples_and_long_tables_are_cut(run):
    last = list(run.path)[-1]
    assert last.iteration == 10**4 and last.loss == run.path.loss[-1] and last.energy_2 == run.path.energy[-1, 2]
    lines = repr(run.path).splitlines()
    assert lines[0] == f"Path, {len(run.path)} rows" and max(map(len, lines)) <= 118
    assert f".. {len(run.path) - 20} more rows" in lines and any(line.split()[0] == "10000" for line in lines)
    assert "energy_0" in lines[1] and "and the columns" in repr(run.path)
