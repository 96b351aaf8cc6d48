"""The peers of `cargo xtask bench peers`: the same trainings by NumPy, PyTorch and scikit-learn, in turn with ours.

    python tables.py BENCH ZONAL REPORT [SECTION ..]

BENCH and ZONAL are our two programs, REPORT is the page to write: each section replaces its part of the page and leaves
the others. Sections: path, descent, width, files, choice; all by default.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import page
import scipy
import scipy.linalg.blas as blas

BENCH, ZONAL, REPORT = (Path(path).resolve() for path in sys.argv[1:4])
REPEATS = 5
ROWS, COLUMNS, WIDTH = 50_000, 20, 2_000
COUNTS = np.unique(np.concatenate([[0], np.round(10 ** (np.arange(200) * 6 / 63)), [1e6]]).clip(max=1e6))


def ours(*arguments):
    # The peer's threads wait actively for a while after their work.
    time.sleep(0.5)
    out = subprocess.run([BENCH, *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def spread(times):
    return f"{statistics.median(times):.3g} ({min(times):.3g} to {max(times):.3g})"


def rows(kind):
    rng = np.random.default_rng(0)
    points = rng.standard_normal((ROWS, COLUMNS))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    units = rng.standard_normal((WIDTH, COLUMNS))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    labels = np.sin(6 * points[:, 0]) + np.abs(points[:, 1]) + points[:, 2] * points[:, 3]
    return points.astype(kind), units.astype(kind), labels.astype(kind)


def numpy_path(points, units, labels):
    """Features in blocks, symmetric products, the eigendecomposition, 60 iterates and their losses."""
    began = time.perf_counter()
    kind, m = points.dtype, len(units)
    syrk = blas.dsyrk if kind == np.float64 else blas.ssyrk
    gram = np.zeros((m, m), dtype=kind, order="F")
    b = np.zeros(m, dtype=kind)
    block = np.empty((1024, m), dtype=kind)
    norm = kind.type(1 / np.sqrt(m))
    for first in range(0, len(points), 1024):
        x = points[first : first + 1024]
        features = block[: len(x)]
        np.matmul(x, units.T, out=features)
        np.maximum(features, 0, out=features)
        features *= norm
        gram = syrk(1.0, features.T, beta=1.0, c=gram, lower=1, overwrite_c=1)
        b += labels[first : first + 1024] @ features
    gram /= len(points)
    b /= len(points)
    summed = time.perf_counter()
    eigenvalues, vectors = scipy.linalg.eigh(gram, lower=True, overwrite_a=True, check_finite=False, driver="evd")
    eigenvalues = eigenvalues.clip(min=0)
    solved = time.perf_counter()
    step = 1 / eigenvalues[-1]
    inside = vectors.T @ b
    rest = np.where(eigenvalues > 0, eigenvalues, 1)
    decay = np.log1p(-(step * eigenvalues).astype(np.float64).clip(max=1 - 2**-53))
    psi = lambda t: np.where(eigenvalues > 0, -np.expm1(t * decay) / rest, step * t)
    at = COUNTS[:60]
    iterates = np.array([psi(t) * inside for t in at]) @ vectors.T
    losses = [(labels @ labels) / len(labels) - (inside * inside * psi(2 * t)).sum() for t in at]
    total = time.perf_counter()
    assert len(losses) == 60 and iterates.shape == (60, m)
    return {"total": total - began, "sums": summed - began, "solve": solved - summed, "path": total - solved}


def torch_or_none():
    try:
        import torch
    except ImportError:
        return None
    return torch


def section_path():
    lines = [
        f"Rows in memory: N = {ROWS:,}, n = {COLUMNS}, m = {WIDTH:,}, ReLU; features, K and b, their solution and the path at",
        f"60 counts up to 10^6. Seconds: median and range of {REPEATS} runs in turn. NumPy works in blocks of 1,024 rows with",
        "BLAS's symmetric product and LAPACK's divide and conquer. The last column counts N m (m + 1) flops for features and",
        "sums, relative to the peak rate of fused multiply-adds on registers on all threads, measured with each run.",
        "",
        "| precision | | total | features and sums | solution | 60 iterates | sums, fraction of peak |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, kind in [("f64", np.float64), ("f32", np.float32)]:
        data = rows(kind)
        mine, theirs, peaks = [], [], []
        numpy_path(*data)
        for _ in range(REPEATS):
            peaks.append(ours("peak")[name])
            mine.append(ours("path", ROWS, COLUMNS, WIDTH, name))
            theirs.append(numpy_path(*data))
        flops = mine[0]["flops"]
        for who, runs in [(f"zonal, {mine[0]['steps']} Lanczos steps", mine), ("NumPy", theirs)]:
            part = statistics.median([flops / r["sums"] for r in runs]) / max(peaks)
            cells = [spread([r[key] for r in runs]) for key in ("total", "sums", "solve", "path")]
            lines.append(f"| {name} | {who} | {' | '.join(cells)} | {100 * part:.0f} % of {max(peaks) / 1e9:.0f} GFLOP/s |")
        ratio = statistics.median([t["total"] / m["total"] for m, t in zip(mine, theirs)])
        lines.append(f"| {name} | **NumPy / zonal** | **{ratio:.2f}** | | | | |")
    return lines


def section_descent():
    torch = torch_or_none()
    if torch is None:
        return ["Skipped: PyTorch cannot be installed here without gigabytes of GPU packages."]
    lines = [
        f"Full-batch descent on the output layer by a PyTorch {torch.__version__} loop over stored features (two products a",
        f"step), on the rows of the first section: 200 steps timed, longer ones extrapolated. {REPEATS} runs in turn.",
        "",
        "| precision | torch, 200 steps | zonal, whole path to 10^6 | 10^3 iterations: ratio | 10^6 iterations: ratio |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, kind in [("f64", np.float64), ("f32", np.float32)]:
        points, units, labels = (torch.from_numpy(x) for x in rows(kind))
        began = time.perf_counter()
        features = torch.relu(points @ units.T) / WIDTH**0.5
        made = time.perf_counter() - began
        times, mine = [], []
        for _ in range(REPEATS):
            a = torch.zeros(WIDTH, dtype=features.dtype)
            began = time.perf_counter()
            with torch.inference_mode():
                for _ in range(200):
                    residual = labels - features @ a
                    a += residual @ features * (2.0 / ROWS)
            times.append(time.perf_counter() - began)
            mine.append(ours("path", ROWS, COLUMNS, WIDTH, name)["total"])
        short = statistics.median([(made + 5 * t) / m for t, m in zip(times, mine)])
        long = statistics.median([(made + 5000 * t) / m for t, m in zip(times, mine)])
        lines.append(f"| {name} | {spread(times)} s | {spread(mine)} s | {short:.1f} | {long:,.0f} |")
    return lines


def section_width():
    found = ours("lanczos", 100_000, 20, 20_000, 2_000)
    return [
        "m = 20,000 on 100,000 rows, n = 20, f64, by Lanczos; then 2,000 plain steps of descent on the same K and b. Run once.",
        "",
        f"- sums {found['sums']:.0f} s, Lanczos {found['solve']:.1f} s ({found['steps']} steps), {found['counts']} iterates "
        f"up to 10^6 {found['path']:.1f} s; the 2,000 steps {found['descent']:.0f} s",
        f"- largest relative difference up to 2,000 steps: iterates {found['worst_iterate']:.1e}, losses "
        f"{found['worst_loss']:.1e}; bound on predictions up to 10^6: {found['bound']:.1e} of the labels' deviation",
    ]


@contextlib.contextmanager
def folder():
    """A folder on the disk of the build, not in memory."""
    with tempfile.TemporaryDirectory(dir=REPORT.parent.parent / "target") as path:
        yield Path(path)


def measured(arguments, cwd):
    """Seconds and peak resident bytes of one run of the program."""
    began = time.perf_counter()
    child = subprocess.Popen([ZONAL, *map(str, arguments)], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, arguments
    return time.perf_counter() - began, 1024 * usage.ru_maxrss, json.loads(out) if out else None


def section_files():
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    names = [f"x{i}" for i in range(9)]

    def chunk(count):
        x = rng.standard_normal((count, 9))
        y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * rng.standard_normal(count)
        return pa.table({**{name: x[:, i] for i, name in enumerate(names)}, "y": y})

    lines = []
    with folder() as where:
        total, each, width = 20_000_000, 1_000_000, 1_024
        path = where / "rows.parquet"
        with pq.ParquetWriter(path, chunk(1).schema, compression="none") as writer:
            for _ in range(total // each):
                writer.write_table(chunk(each))
        options = ["--activation", "relu", "--bias", "1", "--width", width, "--format", "json", "--quiet"]
        seconds, peak, report = measured(["train", path, "--label", "y", *options], where)
        sums = ours("sums", each, 10, width, "f64")["seconds"] * total / each
        lines += [
            f"A Parquet file of {total:,} rows x 10 columns ({path.stat().st_size / 1e9:.2f} GB), m = {width:,}, ReLU, f64; run "
            "once, three readings (moments, sums, errors):",
            "",
            f"- {seconds:.0f} s, {seconds / sums:.2f} times the features and sums alone ({sums:.0f} s, from {each:,} rows in "
            f"memory, extrapolated); peak resident memory {peak / 1e6:.0f} MB; test RMSE {report['test_rmse']:.4f}",
        ]
        path.unlink()
        path = where / "rows.csv"
        pa.csv.write_csv(chunk(2_000_000), path)
        size = path.stat().st_size / 1e6
        speeds, peers = [], []
        for _ in range(3):
            # The smallest training that reads the file, less what the program takes on a few rows.
            probe = ["analyze", path, "--label", "y", "--max-degree", "0", "--format", "json", "--quiet"]
            seconds, _, _ = measured(probe, where)
            speeds.append(2 * size / seconds)
            began = time.perf_counter()
            pa.csv.read_csv(path)
            peers.append(size / (time.perf_counter() - began))
        lines.append(
            f"- a CSV file of 2,000,000 rows x 10 columns ({size:.0f} MB): read at {statistics.median(speeds):.0f} MB/s "
            f"(two readings of `zonal analyze --max-degree 0`, with what it computes); pyarrow reads it at "
            f"{statistics.median(peers):.0f} MB/s into memory"
        )
    return lines


def tables():
    """Name, features and labels of each table of the comparison."""
    from sklearn import datasets

    x, y = datasets.load_diabetes(return_X_y=True)
    yield "diabetes", x, y[:, None]
    x, y = datasets.load_digits(return_X_y=True)
    yield "digits, ten labels", x, np.eye(10)[y]
    yield "Friedman 1", *column(datasets.make_friedman1(2_000, n_features=10, noise=1.0, random_state=0))
    yield "Friedman 2", *column(datasets.make_friedman2(2_000, noise=100.0, random_state=0))
    yield "Friedman 3", *column(datasets.make_friedman3(2_000, noise=0.1, random_state=0))
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (4_000, 4))
    y = np.sin(6 * x[:, 0] + 2 * x[:, 1]) + np.cos(5 * x[:, 2] * x[:, 3]) + 0.1 * rng.standard_normal(4_000)
    yield "oscillating", x, y[:, None]


def column(data):
    return data[0], data[1][:, None]


def section_choice():
    import warnings

    import sklearn
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPRegressor
    from sklearn.preprocessing import StandardScaler

    warnings.simplefilter("ignore")
    lines = [
        f"`zonal train --hidden drawn` (everything else automatic) against scikit-learn {sklearn.__version__} `MLPRegressor` with",
        "its default width, early stopping and standardised columns and labels: test RMSE over ten random splits, one fifth",
        "of the rows for testing; for several labels the root of the mean.",
        "",
        "| table | rows, columns | zonal, median (range) | MLPRegressor, median (range) | zonal / MLP | seconds, both |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    wins = count = 0
    with folder() as where:
        for name, x, y in tables():
            mine, theirs, times = [], [], [0.0, 0.0]
            labels = ",".join(f"y{i}" for i in range(y.shape[1]))
            header = ",".join([f"x{i}" for i in range(x.shape[1])] + [labels])
            for seed in range(10):
                x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=seed)
                for part, a, b in [("train", x_train, y_train), ("test", x_test, y_test)]:
                    np.savetxt(where / f"{part}.csv", np.hstack([a, b]), delimiter=",", header=header, comments="", fmt="%.17g")
                command = ["train", "train.csv", "--label", labels, "--hidden", "drawn", "--test", "test.csv", "--seed", seed]
                seconds, _, report = measured([*command, "--out", "none", "--format", "json", "--quiet"], where)
                mine.append(report["test_rmse"])
                times[0] += seconds
                began = time.perf_counter()
                sx, sy = StandardScaler().fit(x_train), StandardScaler().fit(y_train)
                model = MLPRegressor(early_stopping=True, random_state=seed)
                target = sy.transform(y_train)
                model.fit(sx.transform(x_train), target[:, 0] if y.shape[1] == 1 else target)
                found = model.predict(sx.transform(x_test)).reshape(len(x_test), -1)
                theirs.append(float(np.sqrt(np.mean((sy.inverse_transform(found) - y_test) ** 2))))
                times[1] += time.perf_counter() - began
            ratio = statistics.median(mine) / statistics.median(theirs)
            wins, count = wins + (ratio <= 1), count + 1
            lines.append(
                f"| {name} | {x.shape[0]:,}, {x.shape[1]} | {spread(mine)} | {spread(theirs)} | **{ratio:.3f}** | "
                f"{times[0]:.0f}, {times[1]:.0f} |"
            )
            print(lines[-1], flush=True)
    lines += ["", f"zonal's median is at most the peer's on {wins} of {count} tables."]
    return lines


SECTIONS = {
    "path": ("From rows to the whole path", section_path),
    "descent": ("Compared with a loop of gradient descent", section_descent),
    "width": ("A wide network", section_width),
    "files": ("Files larger than memory", section_files),
    "choice": ("The automatic choice", section_choice),
}


for key in sys.argv[4:] or SECTIONS:
    title, run = SECTIONS[key]
    print(f"-- {title}", flush=True)
    page.write(REPORT, title, run(), ("NumPy", np), ("SciPy", scipy))
