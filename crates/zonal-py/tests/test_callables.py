"""Callables as activations and targets."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import zonal
from zonal.errors import ParameterError


def test_a_callable_has_the_spectrum_of_the_same_formula():
    for function, name in ((np.tanh, "tanh"), (lambda t: t * np.tanh(t), "t*tanh(t)"), (np.exp, "exp")):
        ours, theirs = zonal.spectrum(function, dim=7, scale=1.5), zonal.spectrum(name, dim=7, scale=1.5)
        assert np.allclose(ours.degrees.coefficient, theirs.degrees.coefficient, rtol=0, atol=1e-13)
    kinked = zonal.spectrum(lambda t: np.maximum(t - 0.3, 0), dim=7, kinks=[0.3])
    exact = zonal.spectrum("relu(t - 0.3)", dim=7)
    assert np.allclose(kinked.degrees.coefficient, exact.degrees.coefficient, rtol=0, atol=1e-13)


def test_a_callable_trains_like_the_same_formula(rows):
    x, y = rows
    options = {"width": 80, "scale": 2, "bias": 1, "iterations": 10**4}
    ours = zonal.train(x, y, activation=np.tanh, **options)
    theirs = zonal.train(x, y, activation="tanh", **options)
    assert np.allclose(ours.path.loss, theirs.path.loss, rtol=1e-10)
    assert ours.activation == "function 'tanh'"
    again = pickle.loads(pickle.dumps(ours.network))
    assert np.array_equal(again.predict(x[:9]), ours.network.predict(x[:9]))
    on_target = zonal.train(target="harmonic(2)", dim=5, width=50, iterations=100, activation=np.tanh)
    named = zonal.train(target="harmonic(2)", dim=5, width=50, iterations=100, activation="tanh")
    assert np.allclose(on_target.path.loss, named.path.loss, rtol=1e-9)
    assert on_target.figures()


class Unhappy(Exception):
    """A user's own exception."""


def raising(t):
    raise Unhappy("no value there")


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        (raising, Unhappy, "no value there"),
        (lambda t: t[:1], ParameterError, "activation: .* returned the shape"),
        (lambda t: "text", ParameterError, "activation: .* returned the shape"),
        (lambda t: t + 1j, ParameterError, "returned the type complex"),
        (lambda t: np.full_like(t, np.nan), ParameterError, "returned NaN at .*must be finite"),
        (lambda: 1, TypeError, "argument"),
    ],
)
def test_faults_of_callables(function, kind, words, rows):
    x, y = rows
    for call in (
        lambda: zonal.spectrum(function),
        lambda: zonal.train(x, y, activation=function, width=30, scale=1, bias=1),
        lambda: zonal.plan("x1*x2", activation=function),
    ):
        with pytest.raises(kind, match=words):
            call()


def test_a_callable_is_not_kept_in_files(rows, tmp_path):
    x, y = rows
    with pytest.raises(ParameterError, match="set out to None"):
        zonal.train(x, y, activation=np.tanh, out=tmp_path / "run")
    run = zonal.train(x, y, activation=np.tanh, width=20, scale=1, bias=1)
    with pytest.raises(ParameterError, match="pickle"):
        run.network.save(tmp_path / "net")
    with pytest.raises(ParameterError, match="derivative|known"):
        zonal.train(x, y, activation=np.tanh, width=20, scale=1, bias=1, layers="both")


def test_callables_as_targets():
    run = zonal.train(target=lambda x: x[:, 0] * x[:, 1] + 0.5 * x[:, 2], dim=5, width=300, samples=8_000)
    exact = np.array([0, 0.05, 1 / 35, 0, 0])
    assert run.target.startswith("function") and run.bias == 0.0
    found = zonal.plan(lambda x: x[:, 0] * x[:, 1] + 0.5 * x[:, 2], dim=5, degree=2, epsilon=0.01)
    named = zonal.plan("x1*x2 + 0.5*x3", dim=5, degree=2, epsilon=0.01)
    assert 0.5 < found.width / named.width < 2 and "estimates" in found.notes[0]
    assert np.allclose(run.target_energy, exact, atol=0.004)
    left = run.path.energy
    assert left.shape == (len(run.path), 5) and run.energy_standard_errors.shape == left.shape
    # Degrees 1 and 2 are learned.
    assert left[-1, 1] < 0.01 * left[0, 1] and left[-1, 2] < 0.1 * left[0, 2]


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        (raising, Unhappy, "no value there"),
        (lambda x: x, ParameterError, "target: .*one real number for each"),
        (lambda x: np.full(len(x), np.inf), ParameterError, "target: .*inf"),
    ],
)
def test_faults_of_target_callables(function, kind, words):
    with pytest.raises(kind, match=words):
        zonal.train(target=function, dim=4)


def test_energies_of_anybodys_model():
    x = zonal.uniform_points(6, 4_000, seed=1)
    values = np.stack([x[:, 0] * x[:, 1], x[:, 0] ** 3], axis=1)
    found = zonal.spherical_harmonic_energies(x, values, 4)
    single = zonal.spherical_harmonic_energies(x, values[:, 0].astype(np.float32), 4)
    # x1 x2 has norm 1/48 in degree 2; x1^3 has (3 / 8)^2 / 6 in degree 1 and the rest of 15/480 in degree 3.
    exact = np.zeros((2, 5))
    exact[0, 2] = 1 / 48
    exact[1, 1] = (3 / 8) ** 2 / 6
    exact[1, 3] = 15 / 480 - exact[1, 1]
    assert (abs(found.energy - exact) < 4 * found.standard_error + 1e-12).all()
    assert np.allclose(single.energy, found.energy[0], atol=1e-8)
    assert abs(found.norm_sq[0] - 1 / 48) < 4 * found.norm_sq_standard_error[0]


def test_jobs_do_not_see_the_exceptions_of_others(rows):
    from concurrent.futures import ThreadPoolExecutor

    def choosy(t):
        # Rows far out have the same few arguments again and again.
        if len(t) > 100 and len(np.unique(t)) < len(t) / 2:
            raise Unhappy("all alike")
        return np.tanh(t)

    x, y = rows
    small = 0.01 * x
    network = zonal.train(small, y, activation=choosy, width=20, scale=1, bias=1, iterations=100).network
    good = network.predict(small[:200])
    far = np.tile(small[:1], (50, 1)) * 1e9

    def predict(number):
        if number % 2:
            return np.array_equal(network.predict(small[:200]), good)
        try:
            network.predict(far)
        except Unhappy:
            return True
        return False

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(predict, range(80)))


def test_jumps_that_are_not_named_are_refused_before_long():
    with pytest.raises(ParameterError, match="list the points of its kinks and jumps"):
        zonal.spectrum(lambda t: (t > 0.1) * 1.0, dim=8)
    named = zonal.spectrum(lambda t: (t > 0.1) * 1.0, dim=8, kinks=[0.1])
    exact = zonal.spectrum("step(t - 0.1)", dim=8)
    assert np.allclose(named.degrees.coefficient, exact.degrees.coefficient, atol=1e-12)


def test_zonal_inside_a_callable_is_refused_and_leaves_the_process_well(rows):
    x, y = rows
    network = zonal.train(x, y, width=20, activation="tanh", scale=1, bias=1, iterations=100).network

    def nested(t):
        if len(t) > 3:
            network.predict(np.tile(t[:, None], 4))
        return np.tanh(t)

    with pytest.raises(zonal.errors.ResourceError, match="from a callable"):
        zonal.train(x, y, activation=nested, width=50, scale=1, bias=1, iterations=100)
    assert zonal.train(x, y, width=20, activation=np.tanh, scale=1, bias=1, iterations=100).network is not None


def test_callables_step_by_step_on_the_output_layer(rows):
    x, y = rows
    options = {"width": 40, "scale": 2, "bias": 1, "batch": 100, "iterations": 200}
    ours = zonal.train(x, y, activation=np.tanh, **options)
    named = zonal.train(x, y, activation="tanh", **options)
    assert np.allclose(ours.network.predict(x[:9]), named.network.predict(x[:9]), atol=1e-9)
    again = pickle.loads(pickle.dumps(ours))
    assert np.array_equal(again.network.predict(x[:9]), ours.network.predict(x[:9]))


def test_many_spectra_of_a_smooth_callable_are_no_sign_of_kinks():
    assert len(zonal.spectrum(np.tanh, dim=list(range(2, 60)), max_degree=6)) == 58


def test_few_samples_of_a_callable_target_do():
    run = zonal.train(target=lambda p: p[:, 0] * p[:, 1], dim=3, samples=20, width=10, iterations=100)
    assert run.path.energy.shape[1] == 5
    with pytest.raises(ParameterError, match="max_degree is -1"):
        zonal.train(target=lambda p: p[:, 0], dim=3, max_degree=-1)
