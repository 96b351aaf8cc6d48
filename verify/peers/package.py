"""The benchmarks of `cargo xtask bench python`: the Python package against scikit-learn, and on a cluster of processes.

    python package.py REPORT WHEEL [SECTION ..]

REPORT is the page to write, WHEEL the built package. Sections: import, estimator, dask; all by default.
"""

import functools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
import warnings
from pathlib import Path

import numpy as np
import page

import zonal

REPORT, WHEEL = (Path(path).resolve() for path in sys.argv[1:3])
SPLITS = 10


def tables():
    """Name, features and labels of each table."""
    from sklearn import datasets

    yield "diabetes", *datasets.load_diabetes(return_X_y=True)
    digits = datasets.load_digits()
    yield "digits, ten 0/1 labels", digits.data, np.eye(10)[digits.target]
    yield "Friedman 1", *datasets.make_friedman1(2_000, n_features=10, noise=1.0, random_state=0)
    yield "Friedman 2", *datasets.make_friedman2(2_000, noise=100.0, random_state=0)
    yield "Friedman 3", *datasets.make_friedman3(2_000, noise=0.1, random_state=0)


def peer(seed):
    """scikit-learn's network with its default width and early stopping, on standardised columns and labels."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network = MLPRegressor(early_stopping=True, random_state=seed)
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), network), transformer=StandardScaler())


def section_import():
    """What the package weighs, and what its import costs beside NumPy's, in an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", WHEEL], check=True)
        listed = subprocess.run([python, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True)
        installed = [line for line in listed.stdout.split() if not line.startswith(("pip", "setuptools"))]
        script = (
            "import time; a = time.perf_counter(); import numpy; b = time.perf_counter(); import zonal; "
            "print(b - a, time.perf_counter() - b)"
        )
        times = []
        for _ in range(11):
            out = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout
            times.append([float(x) for x in out.split()])
    numpy_alone, beyond = (statistics.median(column) for column in zip(*times, strict=True))
    return [
        f"The wheel has a size of {WHEEL.stat().st_size / 1e6:.1f} MB; `pip install` of it into a new virtual environment installs "
        f"{', '.join(installed)}. `import zonal` takes {beyond:.3f} s beyond NumPy's own {numpy_alone:.3f} s (medians of 11).",
    ]


def spread(values):
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def section_estimator():
    import sklearn
    from sklearn.datasets import make_friedman1
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPRegressor

    drawn = functools.partial(zonal.OneHiddenLayerRegressor, hidden="drawn")
    warnings.simplefilter("ignore")
    lines = [
        "`OneHiddenLayerRegressor(hidden=\"drawn\")` (everything else automatic, width 1,000) against scikit-learn",
        f"{sklearn.__version__} `MLPRegressor(early_stopping=True)` with its default width, on standardised columns and labels:",
        f"R^2 on a quarter of the rows, {SPLITS} random splits.",
        "",
        "| table | rows, columns | zonal, median (range) | MLPRegressor, median (range) | seconds, all splits |",
        "| --- | --- | --- | --- | --- |",
    ]
    wins = count = 0
    for name, x, y in tables():
        mine, theirs, times = [], [], [0.0, 0.0]
        for seed in range(SPLITS):
            a, b, u, v = train_test_split(x, y, test_size=0.25, random_state=seed)
            for i, (model, scores) in enumerate(
                [(drawn(random_state=seed), mine), (peer(seed), theirs)]
            ):
                began = time.perf_counter()
                model.fit(a, u)
                times[i] += time.perf_counter() - began
                scores.append(model.score(b, v))
        wins, count = wins + (statistics.median(mine) >= statistics.median(theirs)), count + 1
        lines.append(
            f"| {name} | {x.shape[0]:,}, {x.shape[1]} | {spread(mine)} | {spread(theirs)} | {times[0]:.1f}, {times[1]:.1f} |"
        )
        print(lines[-1], flush=True)
    lines += ["", f"zonal's median is at least the peer's on {wins} of {count} tables.", ""]
    x, y = make_friedman1(25_000, n_features=10, noise=1.0, random_state=0)
    fits = {
        "zonal": drawn,
        "MLPRegressor": lambda random_state: MLPRegressor(early_stopping=True, random_state=random_state),
        "MLPRegressor, standardised": peer,
    }
    times = {name: [] for name in fits}
    scores = {name: [] for name in fits}
    for seed in range(7):
        for name, make in fits.items():
            model = make(seed) if name.endswith("standardised") else make(random_state=seed)
            began = time.perf_counter()
            model.fit(x[:20_000], y[:20_000])
            times[name].append(time.perf_counter() - began)
            scores[name].append(model.score(x[20_000:], y[20_000:]))
    median = {name: statistics.median(values) for name, values in times.items()}
    lines += [
        "Fitting 20,000 rows of Friedman 1 (10 columns), 7 runs in turn: "
        + "; ".join(f"{name} {spread(times[name])} s, R^2 {statistics.median(scores[name]):.3f}" for name in fits)
        + ". Ratios: "
        + ", ".join(f"**{median[name] / median['zonal']:.2f}** ({name})" for name in fits if name != "zonal")
        + ".",
    ]
    return lines


ROWS, PARTITIONS, COLUMNS, WIDTH = 5_000_000, 40, 6, 256


def block(number):
    """The features of one partition, made where they are needed."""
    return np.random.default_rng(number).normal(size=(ROWS // PARTITIONS, COLUMNS))


def label(x):
    return np.sin(x[:, 0]) + x[:, 1] * x[:, 2]


def partitions():
    """The table as Dask arrays that hold nothing."""
    import dask.array as da
    from dask.delayed import delayed

    size = ROWS // PARTITIONS
    parts = [da.from_delayed(delayed(block)(i), (size, COLUMNS), dtype=float) for i in range(PARTITIONS)]
    x = da.concatenate(parts)
    return x, x.map_blocks(label, drop_axis=1, dtype=float)


def fit():
    import zonal.dask

    x, y = partitions()
    began = time.perf_counter()
    run = zonal.dask.fit(x, y, width=WIDTH, activation="tanh", scale=2.0, bias=1.0)
    return run, time.perf_counter() - began


def same(a, b):
    weights = zip(a.network.weights(), b.network.weights(), strict=True)
    return all(p is q or np.array_equal(p, q) for p, q in weights) and np.array_equal(a.path.loss, b.path.loss)


def section_dask():
    import dask
    import distributed

    with dask.config.set(scheduler="synchronous"):
        alone, seconds_alone = fit()
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        client.run(sys.path.append, str(Path(__file__).parent))
        together, seconds_together = fit()
        before = set(client.run(os.getpid).values())

        def kill():
            time.sleep(seconds_together / 2)
            os.kill(min(before), signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        bereft, seconds_bereft = fit()
        thread.join()
        replaced = set(client.run(os.getpid).values()) != before
    verdict = {True: "the same bits", False: "OTHER BITS"}
    return [
        f"{ROWS:,} rows x {COLUMNS} columns in {PARTITIONS} partitions, made by the workers, width {WIDTH}; `zonal.dask.fit` on a",
        "`LocalCluster` of two processes with one Dask thread each, on loopback.",
        "",
        "| | seconds | compared with one process |",
        "| --- | --- | --- |",
        f"| one process, partitions in turn | {seconds_alone:.0f} | |",
        f"| two workers | {seconds_together:.0f} | {verdict[same(together, alone)]} |",
        f"| two workers, one of them killed halfway (replaced: {replaced}) | {seconds_bereft:.0f} | "
        f"{verdict[same(bereft, alone)]} |",
        "",
        f"Validation RMSE {alone.validation_rmse:.4f}.",
    ]


SECTIONS = {
    "import": ("The Python package alone", section_import),
    "estimator": ("The estimator compared with scikit-learn", section_estimator),
    "dask": ("A table in partitions", section_dask),
}


def main():
    import sklearn

    for key in sys.argv[3:] or SECTIONS:
        title, run = SECTIONS[key]
        print(f"-- {title}", flush=True)
        page.write(REPORT, title, run(), ("NumPy", np), ("scikit-learn", sklearn))


if __name__ == "__main__":
    main()
