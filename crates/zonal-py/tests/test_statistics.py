"""Surveys and sums of parts of a table: a commutative monoid, up to the order of rounding."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import zonal
from zonal import Statistics, Survey
from zonal.errors import DataError, ParameterError

FIXED = {"activation": "tanh", "scale": 2.0, "bias": 1.0, "width": 50}


@pytest.fixture(scope="module")
def empty(rows):
    x, y = rows
    return Statistics(Survey(x, y, seed=3), **FIXED)


def parts_of(empty, x, y, cuts):
    edges = [0, *cuts, len(x)]
    pairs = zip(edges[:-1], edges[1:], strict=True)
    return [empty.without_rows().update(x[a:b], y[a:b], first_row=a) for a, b in pairs]


def test_one_piece_is_the_training_of_the_program(rows):
    x, y = rows
    run = Statistics(Survey(x, y, seed=3), width=100).update(x, y).path()
    whole = zonal.train(x, y, width=100, seed=3, test_fraction=0)
    assert np.array_equal(run.path.loss, whole.path.loss)
    assert np.array_equal(run.path.validation_loss, whole.path.validation_loss)
    assert np.array_equal(run.network.predict(x), whole.network.predict(x))
    assert run.candidates.relative_rmse.tolist() == whole.candidates.relative_rmse.tolist()
    assert run.validation_rmse == pytest.approx(whole.validation_rmse, rel=1e-6)


def test_order_does_not_matter_and_the_empty_one_is_neutral(rows, empty):
    x, y = rows
    a, b, c = parts_of(empty, x, y, [1_000, 1_700])
    forwards, backwards = a.merge(b).merge(c), c.merge(b).merge(a)
    left, right = a.merge(b.merge(c)), empty.without_rows().merge(a).merge(b).merge(c)
    first = forwards.path(iterations=10**5).path
    for other in (backwards, left, right):
        assert other.rows == len(x)
        found = other.path(iterations=10**5).path
        assert np.allclose(found.loss, first.loss, rtol=1e-11)
        assert np.allclose(found.validation_loss, first.validation_loss, rtol=1e-11)
    assert np.array_equal(right.path(iterations=10**5).path.loss, first.loss)


def test_bytes_and_pickles_bring_everything_back(rows, empty):
    x, y = rows
    a, b = parts_of(empty, x, y, [1_234])
    again = Statistics.from_bytes(a.to_bytes())
    assert again.to_bytes() == a.to_bytes() and again.choice == a.choice
    merged, other = again.merge(b), a.merge(pickle.loads(pickle.dumps(b)))
    assert np.array_equal(merged.path().path.loss, other.path().path.loss)
    damaged = bytearray(a.to_bytes())
    for i in range(0, len(damaged), 997):
        damaged[i] ^= 0x15
    with pytest.raises(DataError):
        Statistics.from_bytes(bytes(damaged))
    code = Statistics(Survey(x, y), **{**FIXED, "activation": np.tanh}).update(x, y)
    with pytest.raises(ParameterError, match="as code"):
        code.to_bytes()
    assert np.array_equal(pickle.loads(pickle.dumps(code)).path().path.loss, code.path().path.loss)


def test_surveys_merge_to_the_survey_of_all(rows):
    x, y = rows
    left, right = Survey(x[:1_111], y[:1_111]), Survey(x[1_111:], y[1_111:], first_row=1_111)
    merged, whole = left.merge(right), Survey(x, y)
    assert merged.rows == whole.rows == len(x)
    for name in ("mean", "deviation"):
        ours, theirs = Statistics(merged, **FIXED).choice["lift"][name], Statistics(whole, **FIXED).choice["lift"][name]
        assert np.allclose(ours, theirs, rtol=1e-13, atol=1e-15)
    again = pickle.loads(pickle.dumps(merged))
    assert Statistics(again, **FIXED).choice == Statistics(merged, **FIXED).choice
    # The sample, on which the choice is made, is the same one.
    assert merged._survey.state()[1].tolist() == whole._survey.state()[1].tolist()


def test_what_does_not_fit_together_is_refused(rows, empty):
    x, y = rows
    a = empty.without_rows().update(x[:500], y[:500], first_row=0)
    before = a.to_bytes()
    with pytest.raises(ParameterError, match="twice"):
        a.merge(empty.without_rows().update(x, y, first_row=0).merge(empty.without_rows().update(x, y, first_row=0)))
    for call, words in [
        (lambda: a.update(x[:5, :3], y[:5]), "X has 3 columns, but 4 are needed"),
        (lambda: a.update(x[:5], np.stack([y[:5], y[:5]], axis=1)), "labels of a row"),
        (lambda: a.update(np.full((5, 4), np.nan), y[:5]), "lacks a value"),
        (lambda: a.merge(Statistics(Survey(x, y, seed=4), **FIXED)), "another network"),
        (lambda: Survey(x, y).merge(Survey(x, y)), "in both of the merged surveys"),
        (lambda: Survey(x, y).merge(Survey(x, y, seed=1)), "other columns, labels, seeds"),
        (lambda: empty.without_rows().path(), "at least 2"),
        (lambda: a.path(iterations=1.5), "iterations is 1.5"),
        (lambda: a.path(solver="fast"), "solver is 'fast'"),
    ]:
        with pytest.raises((DataError, ParameterError), match=words):
            call()
    assert a.to_bytes() == before, "what failed has added nothing"


def test_weights_and_f32(rows):
    x, y = rows
    weight = np.random.default_rng(1).uniform(0.5, 2, len(x))
    survey = Survey(x, y, sample_weight=weight)
    one = Statistics(survey, **FIXED).update(x, y, sample_weight=weight).path(iterations=10**4)
    whole = zonal.train(x, y, weight=weight, test_fraction=0, iterations=10**4, **FIXED)
    assert np.array_equal(one.path.loss, whole.path.loss)
    narrow = Statistics(survey, precision="f32", **FIXED).update(x, y, sample_weight=weight).path(iterations=10**4)
    assert np.allclose(narrow.path.loss, one.path.loss, rtol=0, atol=1e-5)
