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
    whole = zonal.train(x, y, stop="validation", width=100, seed=3, test_fraction=0)
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
    with pytest.raises(ParameterError, match="only once"):
        a.merge(empty.without_rows().update(x, y, first_row=0))
    for call, words in [
        (lambda: a.update(x[:5, :3], y[:5]), "X has 3 columns, but 4 are needed"),
        (lambda: a.update(x[:5], np.stack([y[:5], y[:5]], axis=1)), "labels of a row"),
        (lambda: a.update(np.full((5, 4), np.nan), y[:5]), "lacks a value"),
        (lambda: a.merge(Statistics(Survey(x, y, seed=4), **FIXED)), "another network"),
        (lambda: Survey(x, y).merge(Survey(x, y)), "rows 0 to 2999 .* are already included"),
        (lambda: Survey(x, y).merge(Survey(x, y, seed=1)), "different columns, labels, seeds"),
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
    whole = zonal.train(x, y, weight=weight, stop="validation", test_fraction=0, iterations=10**4, **FIXED)
    assert np.array_equal(one.path.loss, whole.path.loss)
    ridge = zonal.train(x, y, weight=weight, stop="validation", test_fraction=0, iterations=10**4, ridge=0.01, **FIXED)
    penalised = Statistics(survey, **FIXED).update(x, y, sample_weight=weight).path(iterations=10**4, ridge=0.01)
    assert np.array_equal(penalised.path.loss, ridge.path.loss) and ridge.path.loss[-1] > whole.path.loss[-1]
    narrow = Statistics(survey, precision="f32", **FIXED).update(x, y, sample_weight=weight).path(iterations=10**4)
    assert np.allclose(narrow.path.loss, one.path.loss, rtol=0, atol=1e-5)


def test_rows_are_numbered_from_where_they_stand(rows, empty):
    x, y = rows
    late = empty.without_rows().update(x[100:200], y[100:200], first_row=100)
    assert (late.next_row, late.rows) == (0, 100)
    assert late.update(x[:100], y[:100]).next_row == 200
    with pytest.raises(ParameterError, match="rows 150 to 159 .* only once"):
        late.update(x[:10], y[:10], first_row=150)


def test_weights_of_any_size_count_by_their_ratios(rows):
    x, y = rows
    options = {"precision": "f64", **FIXED}
    plain = {
        kind: Statistics(Survey(x, y), **{**options, "precision": kind}).update(x, y).path(iterations=10**3)
        for kind in ("f64", "f32")
    }
    for factor, precision in ((1 / len(x), "f64"), (1e-25, "f32"), (1e25, "f32")):
        weight = np.full(len(x), factor)
        run = Statistics(Survey(x, y, sample_weight=weight), **{**options, "precision": precision})
        found = run.update(x, y, sample_weight=weight).path(iterations=10**3)
        assert np.allclose(found.path.loss, plain[precision].path.loss, rtol=0, atol=1e-5)
        assert found.rows.train == plain[precision].rows.train


def test_parts_without_training_rows_are_carried_too(rows):
    x, y = rows
    numbers = np.arange(len(x))
    for first in range(20):
        one = Survey(x[first : first + 1], y[first : first + 1], first_row=first)
        rest = Survey(x[first + 1 :], y[first + 1 :], first_row=first + 1)
        whole = pickle.loads(pickle.dumps(one)).merge(rest)
        assert whole.rows == len(numbers) - first


def test_callables_are_carried_with_what_was_chosen_for_them(rows):
    x, y = rows
    empty = Statistics(Survey(x, y), activation=np.tanh, width=30)
    first = pickle.loads(pickle.dumps(empty.without_rows())).update(x[:1_000], y[:1_000], first_row=0)
    second = pickle.loads(pickle.dumps(empty)).update(x[1_000:], y[1_000:], first_row=1_000)
    merged = pickle.loads(pickle.dumps(first)).merge(second)
    whole = (
        empty.without_rows()
        .update(x[:1_000], y[:1_000])
        .merge(empty.without_rows().update(x[1_000:], y[1_000:], first_row=1_000))
    )
    assert np.array_equal(merged.path(iterations=100).path.loss, whole.path(iterations=100).path.loss)
    with pytest.raises(ParameterError, match="another network"):
        first.merge(Statistics(Survey(x, y), activation=np.sin, width=30))


def test_labels_are_found_by_their_names(rows):
    pd = pytest.importorskip("pandas")
    x, y = rows
    labels = pd.DataFrame({"p": y, "q": y**2})
    empty = Statistics(Survey(x, labels), **FIXED)
    with pytest.raises(DataError, match="labels q, p, but needs p, q"):
        empty.update(x, labels[["q", "p"]])


def test_updates_from_several_threads_come_one_after_another(rows, empty):
    from concurrent.futures import ThreadPoolExecutor

    x, y = rows
    whole = empty.without_rows()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: whole.update(x[i : i + 300], y[i : i + 300], first_row=i), range(0, 3_000, 300)))
    assert whole.rows == whole.next_row == 3_000


def test_copies_are_apart(rows, empty):
    import copy

    x, y = rows
    first = empty.without_rows().update(x[:100], y[:100])
    second = copy.copy(first).update(x[100:200], y[100:200])
    assert (first.rows, second.rows, copy.deepcopy(second).rows) == (100, 200, 200)


def test_the_last_listed_iteration_is_the_last_one(rows, empty):
    x, y = rows
    whole = empty.without_rows().update(x, y)
    assert whole.path(at=[10, 100]).iterations == zonal.train(x, y, at=[10, 100], **FIXED).iterations == 100
    for options, words in [
        ({"at": []}, "at is empty"),
        ({"refit": "no"}, "refit is 'no'"),
        ({"step": 10**400}, "exceeds the range"),
    ]:
        with pytest.raises(ParameterError, match=words):
            whole.path(**options)
    with pytest.raises(ParameterError, match="bias cannot be used with on_sphere"):
        Statistics(Survey(zonal.uniform_points(3, 500), np.arange(500.0)), on_sphere=True, bias=3)


def test_grown_units_travel_as_bytes(rows):
    x, y = rows
    options = {"hidden": "grown", "width": 30, "folds": 2}
    empty = Statistics(Survey(x, y, validation_fraction=0), **options)
    assert "grown units" in repr(empty)
    a, b = parts_of(empty, x, y, [1_234])
    again, pickled = Statistics.from_bytes(a.to_bytes()), pickle.loads(pickle.dumps(b))
    assert again.to_bytes() == a.to_bytes()
    first, other = a.merge(b).path(), again.merge(pickled).path()
    assert np.array_equal(first.path.loss, other.path.loss)
    assert np.array_equal(first.network.predict(x), other.network.predict(x))
    bytes_of = bytearray(a.to_bytes())
    bytes_of[len(bytes_of) // 2] ^= 1
    with pytest.raises(DataError, match="checksum"):
        Statistics.from_bytes(bytes(bytes_of))
    with pytest.raises(ParameterError, match="refit"):
        a.merge(b).path(refit=True)
    drawn = Statistics(Survey(x, y, validation_fraction=0), **FIXED)
    with pytest.raises(ParameterError, match="same choice"):
        a.merge(drawn)
    with pytest.raises(ParameterError, match="validation_fraction=0"):
        Statistics(Survey(x, y), **options)
    with pytest.raises(ParameterError, match="test_fraction"):
        Statistics(Survey(x, y, validation_fraction=0, test_fraction=0.2), **options)
    with pytest.raises(ParameterError, match="scale"):
        Statistics(Survey(x, y, validation_fraction=0), scale=2.0, **options)
