"""Predicted errors by the numbers of rows and units."""

from __future__ import annotations

import math

import numpy as np
import pytest

import zonal
from zonal.errors import ParameterError


def test_points_are_arrays_by_fit_width_and_rows():
    found = zonal.curve([0, 0.6, 0.4], noise=0.1, rows=[30, 1000, "inf"], width=[100, math.inf], ridge=[0, "best"])
    points = found.points
    assert points.rows.tolist() == [30, 1000, math.inf] * 4
    assert points.width.tolist() == ([100] * 3 + [math.inf] * 3) * 2
    assert points.best.tolist() == [False] * 6 + [True] * 6
    assert points.iterations is None and points.simulated is None
    assert np.all(points.test_error[6:] <= points.test_error[:6] + 1e-12)
    assert np.allclose(points.excess, points.test_error - 0.1)
    assert points.learned.shape == (12, 3) and points.test_error[5] == pytest.approx(0.1)
    assert found.rows_half.rows[2] == pytest.approx(43.26, abs=0.01)
    assert "half of degree 2, by a wide network without a ridge: about 44 rows" in repr(found)
    assert len(found.figures()) == 1 and len(found.to_pandas()) == 12


def test_draws_are_near_and_plots_show_them():
    pytest.importorskip("matplotlib").use("Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    found = zonal.curve("x1 + x2", dim=8, noise=0.1, rows=[100, 300], width=50, iterations=200, simulate=8, check=True)
    assert found.holds is True and found.seeds == 8
    assert np.allclose(found.points.simulated, found.points.test_error, rtol=0.05)
    figure = pyplot.figure()
    ax = found.plot(figure.gca())
    assert ax.get_xlabel() == "rows" and len(ax.lines) == 2
    by_width = zonal.curve([0, 1], rows=100, width=[10, 50, "inf"], iterations=[10, 1000]).plot(figure.add_subplot())
    assert by_width.get_xlabel() == "width" and len(by_width.lines) == 2
    pyplot.close(figure)


def test_maps_have_matrices_and_boundaries():
    found = zonal.curve([0.2, 0.4, 0.3], rows=[10, 100, 1000], width=[20, 200], map=True, ridge=0, noise=0.1).map
    assert found.test_error.shape == found.degree_learned.shape == (3, 2)
    assert found.rows.tolist() == [10, 100, 1000] and found.degree_learned.tolist() == [[1, 1], [1, 2], [1, 2]]
    half = zonal.curve([0.2, 0.4, 0.3], rows=10).rows_half.rows[2]
    assert found.boundaries.degree.tolist() == [0, 1, 2]
    assert found.boundaries.width[2][0] == pytest.approx(half)
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure = pyplot.figure()
    ax = zonal.curve([0.2, 0.4, 0.3], map=True).plot(figure.gca())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("rows", "width")
    pyplot.close(figure)
    with pytest.raises(ParameterError, match="map shows one fit"):
        zonal.curve([0, 1], map=True, ridge=[0, 1])


def test_an_activation_in_code_and_mistakes():
    named = zonal.curve([0, 0.5, 0.5], activation="tanh", rows=100, ridge=1e-3)
    code = zonal.curve([0, 0.5, 0.5], activation=np.tanh, rows=100, ridge=1e-3)
    assert code.points.test_error[0] == pytest.approx(named.points.test_error[0], rel=1e-9)
    with pytest.raises(ParameterError, match="the number of rows is 0"):
        zonal.curve([0, 1], rows=0)
    with pytest.raises(ParameterError, match="check .*simulate"):
        zonal.curve([0, 1], check=True)
    with pytest.raises(TypeError, match="did you mean ridge"):
        zonal.curve([0, 1], rigde=1)


def _table():
    x = np.random.default_rng(0).normal(size=(300, 3))
    return x, np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2]


def test_a_table_is_measured_and_estimated_beyond_its_rows(tmp_path):
    x, y = _table()
    found = zonal.learning_curve(x, y, width=120, scale=1, rows=["1x", "2x", 3000])
    points = found.points
    assert points.rows.tolist() == [300, 600, 3000] and found.rows == 300
    assert np.all(points.low <= points.high) and np.all(points.high[1:] <= found.leave_one_out)
    assert np.array_equal(points.low, np.minimum(points.power_law, points.equivalent))
    assert found.parts.rows.tolist() == [37, 75, 150, 300] and found.parts.parts.tolist() == [8, 4, 2, 1]
    assert found.parts.rmse[-1] == pytest.approx(found.leave_one_out, rel=0.05)
    assert "measured by leave-one-out" in repr(found) and len(found.figures()) == 1 and len(found.to_pandas()) == 4 + 3
    np.savetxt(tmp_path / "t.csv", np.column_stack([x, y]), delimiter=",", header="a,b,c,y", comments="", fmt="%.17g")
    same = zonal.learning_curve(tmp_path / "t.csv", label="y", width=120, scale=1, rows=["1x", "2x", 3000])
    assert same.points.low.tolist() == points.low.tolist()
    # A name and a callable of the same function differ in their last bits only.
    called = zonal.learning_curve(x, y, width=120, scale=1, activation=lambda t: np.maximum(t, 0), kinks=[0])
    assert called.leave_one_out == pytest.approx(found.leave_one_out, rel=1e-6)


def test_curves_of_tables_are_drawn(tmp_path):
    pytest.importorskip("matplotlib").use("Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    x, y = _table()
    figure = pyplot.figure()
    ax = zonal.learning_curve(x, y, width=60, scale=1).plot(figure.gca())
    assert ax.get_ylabel() == "RMSE of y" and len(ax.lines) == 3
    pyplot.close(figure)


def test_curves_of_tables_name_what_is_wrong():
    x, y = _table()
    for call, words in [
        (lambda: zonal.learning_curve(x, y, rows="0.5x"), "rows lists 0.5x, but the table has 300 rows"),
        (lambda: zonal.learning_curve(x, y, rows=[4000]), "from 1x to 10x"),
        (lambda: zonal.learning_curve(x, np.stack([y, y], 1), width=20), "one label"),
        (lambda: zonal.learning_curve(x[:50], y[:50], width=20), "at least 64"),
        (lambda: zonal.learning_curve(x, y, label="y"), "label"),
        (lambda: zonal.learning_curve(x, y, width="inf"), "width"),
    ]:
        with pytest.raises(ParameterError, match=words):
            call()
