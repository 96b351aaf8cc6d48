"""Training over partitions: the same bits for any number of workers, and for a worker that dies."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")

import zonal
import zonal.dask
from zonal.errors import DataError

FIXED = {"activation": "tanh", "scale": 2.0, "bias": 1.0, "width": 60}


@pytest.fixture(scope="module")
def table(rows):
    x, y = rows
    x, y = np.tile(x, (10, 1)), np.tile(y, 10)
    x[:, 3] = np.arange(len(x)) / len(x)
    return x, y


@pytest.fixture(scope="module")
def alone(table):
    x, y = table
    with dask.config.set(scheduler="synchronous"):
        return zonal.dask.fit(da.from_array(x, chunks=(2_500, 4)), da.from_array(y, chunks=2_500), **FIXED)


@pytest.fixture(scope="module")
def client():
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    )
    client = distributed.Client(cluster)
    yield client
    client.close()
    cluster.close()


def same(a, b) -> bool:
    weights = zip(a.network.weights(), b.network.weights(), strict=True)
    return all(p is q or np.array_equal(p, q) for p, q in weights) and np.array_equal(a.path.loss, b.path.loss)


def test_workers_give_the_bits_of_one_process(table, alone, client):
    x, y = table
    found = zonal.dask.fit(da.from_array(x, chunks=(2_500, 4)), da.from_array(y, chunks=2_500), **FIXED)
    assert same(found, alone)
    whole = zonal.train(x, y, test_fraction=0, **FIXED)
    assert np.allclose(found.path.loss, whole.path.loss, rtol=1e-9)
    lazy = da.from_array(x, chunks=(2_500, 4)).map_blocks(found.network.predict, drop_axis=1, dtype=float)
    assert np.array_equal(lazy.compute(), found.network.predict(x))


def slow(block):
    time.sleep(0.2)
    return block


def test_the_loss_of_a_worker_changes_nothing(table, alone, client):
    x, y = table
    before = set(client.run(os.getpid).values())
    killed = []

    def kill() -> None:
        time.sleep(1.0)
        killed.append(min(before))
        os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    late = da.from_array(x, chunks=(2_500, 4)).map_blocks(slow, dtype=float)
    found = zonal.dask.fit(late, da.from_array(y, chunks=2_500), **FIXED)
    thread.join()
    assert killed and same(found, alone)
    assert set(client.run(os.getpid).values()) != before


def test_dataframes_and_weights(table):
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    x, y = table
    frame = pd.DataFrame(x, columns=list("abcd")).assign(y=y, w=1.0)
    lazy = dd.from_pandas(frame, npartitions=4)
    with dask.config.set(scheduler="threads"):
        found = zonal.dask.fit(lazy[list("abcd")], lazy["y"], sample_weight=lazy["w"], **FIXED)
    assert found.network.columns == tuple("abcd") and found.labels == ("y",)
    assert found.validation_rmse < 0.6
    automatic = zonal.dask.fit(lazy[list("abcd")], lazy["y"], width=60, hidden="drawn")
    assert automatic.candidates is not None and automatic.validation_rmse < 0.6


def test_callables_and_weights_travel(table, client):
    x, y = table
    lazy, labels = da.from_array(x, chunks=(7_500, 4)), da.from_array(y, chunks=7_500)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(x))
    options = {**FIXED, "activation": np.tanh, "sample_weight": da.from_array(weight, chunks=7_500)}
    found = zonal.dask.fit(lazy, labels, **options)
    whole = zonal.train(x, y, weight=weight, test_fraction=0, **{**FIXED, "activation": np.tanh})
    assert np.allclose(found.path.loss, whole.path.loss, rtol=1e-9)
    assert found.rows.train == whole.rows.train


def test_what_cannot_be_used_is_told(table):
    x, y = table
    lazy = da.from_array(x, chunks=(2_500, 4))
    for call, words in [
        (lambda: zonal.dask.fit(x, y), "X is a ndarray, but a Dask array"),
        (lambda: zonal.dask.fit(lazy, da.from_array(y, chunks=5_000)), "X has 12 partitions and y has 6"),
        (lambda: zonal.dask.fit(lazy[:, 0], da.from_array(y, chunks=2_500)), "X has 1 dimensions"),
        (lambda: zonal.dask.fit(lazy, da.from_array(np.where(y > 2, np.nan, y), chunks=2_500)), "lacks a value"),
    ]:
        with pytest.raises(DataError, match=words), dask.config.set(scheduler="synchronous"):
            call()


def test_grown_units_are_grown_once_and_summed_on_workers(table, client):
    x, y = table
    small = {"width": 40, "folds": 3, "seed": 1}
    arrays = da.from_array(x, chunks=(2_500, 4)), da.from_array(y, chunks=2_500)
    found = zonal.dask.fit(*arrays, **small)
    with dask.config.set(scheduler="synchronous"):
        assert same(found, zonal.dask.fit(*arrays, **small))
    assert (found.networks, found.total_width, found.train_rmse) == (3, 120, None)
    # Growth depends on the last bits of the means, which depend on the partitions: with one, it is that of `train`.
    alone = zonal.dask.fit(da.from_array(x, chunks=(30_000, 4)), da.from_array(y, chunks=30_000), **small)
    whole = zonal.train(x, y, test_fraction=0, **small)
    assert np.array_equal(alone.path.loss, whole.path.loss)
    assert np.array_equal(alone.path.validation_loss, whole.path.validation_loss)
    assert np.array_equal(alone.network.predict(x), whole.network.predict(x))
    assert alone.validation_rmse == whole.validation_rmse and found.validation_rmse < 1.1 * whole.validation_rmse
