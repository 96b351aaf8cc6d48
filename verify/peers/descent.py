"""Descent on both layers against PyTorch (eager and compiled), JAX (jit, and lax.scan) and NumPy, each in turn with ours.

Called by `cargo xtask bench descent`: descent.py OUR_PROGRAM REPORT. The same network everywhere,
f(x) = m^(-1/2) sum_j a_j phi(<w_j, x>), half the mean square over a batch, plain gradient descent; rows are drawn
beforehand, 16 batches taken in turn.
"""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

OURS, REPORT = sys.argv[1], Path(sys.argv[2])
BATCHES, ROUNDS, SECONDS = 16, 5, 1.5


def data(n, m, batch, kind):
    rng = np.random.default_rng(0)
    unit = lambda count: (lambda x: x / np.linalg.norm(x, axis=1, keepdims=True))(rng.standard_normal((count, n)))
    x = unit(batch * BATCHES)
    y = x[:, 0] * x[:, 1] + x[:, 2]
    weights = unit(m).astype(kind), rng.standard_normal(m).astype(kind)
    split = lambda v: [np.ascontiguousarray(part.astype(kind)) for part in np.split(v, BATCHES)]
    return weights, split(x), split(y)


def timed(step, wait=lambda: None):
    """Steps per second of `step(i)`, after a warm-up."""
    for i in range(3):
        step(i)
    wait()
    count, began = 0, time.perf_counter()
    while True:
        for i in range(BATCHES):
            step(i)
        wait()
        count += BATCHES
        elapsed = time.perf_counter() - began
        if elapsed > SECONDS:
            return count / elapsed


def numpy_peer(n, m, batch, kind, activation):
    (w, a), xs, ys = data(n, m, batch, kind)
    c, eta = kind(1 / np.sqrt(m)), kind(0.1)

    def step(i):
        x, y = xs[i], ys[i]
        z = x @ w.T
        if activation == "relu":
            phi = np.maximum(z, 0, out=z)
            slope = (phi > 0).astype(kind)
        else:
            phi = np.tanh(z, out=z)
            slope = 1 - phi * phi
        r = (c * (phi @ a) - y) / kind(len(y))
        ga = c * (phi.T @ r)
        slope *= r[:, None]
        slope *= a
        gw = c * (slope.T @ x)
        a.__isub__(eta * ga)
        w.__isub__(eta * gw)

    return lambda: timed(step)


def torch_peer(n, m, batch, kind, activation, compiled):
    import torch

    (w0, a0), xs, ys = data(n, m, batch, kind)
    w, a = torch.tensor(w0, requires_grad=True), torch.tensor(a0, requires_grad=True)
    xs, ys = [torch.tensor(x) for x in xs], [torch.tensor(y) for y in ys]
    phi = torch.relu if activation == "relu" else torch.tanh
    c = 1 / np.sqrt(m)

    def loss(w, a, x, y):
        return 0.5 * ((c * (phi(x @ w.T) @ a) - y) ** 2).mean()

    function = torch.compile(loss) if compiled else loss

    def step(i):
        gw, ga = torch.autograd.grad(function(w, a, xs[i], ys[i]), (w, a))
        with torch.no_grad():
            w.sub_(gw, alpha=0.1)
            a.sub_(ga, alpha=0.1)

    return lambda: timed(step)


def jax_peer(n, m, batch, kind, activation, scan):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", kind is np.float64)
    (w, a), xs, ys = data(n, m, batch, kind)
    phi = jax.nn.relu if activation == "relu" else jnp.tanh
    c, eta = kind(1 / np.sqrt(m)), kind(0.1)

    def loss(weights, x, y):
        w, a = weights
        return 0.5 * jnp.mean((c * (phi(x @ w.T) @ a) - y) ** 2)

    def update(weights, row):
        gradient = jax.grad(loss)(weights, *row)
        return tuple(v - eta * g for v, g in zip(weights, gradient)), None

    state = [(jnp.asarray(w), jnp.asarray(a))]
    if scan:
        x, y = jnp.asarray(np.stack(xs)), jnp.asarray(np.stack(ys))
        many = jax.jit(lambda weights: jax.lax.scan(update, weights, (x, y))[0])

        def run():
            state[0] = jax.block_until_ready(many(state[0]))
            count, began = 0, time.perf_counter()
            while time.perf_counter() - began < SECONDS:
                state[0] = jax.block_until_ready(many(state[0]))
                count += BATCHES
            return count / (time.perf_counter() - began)

        return run
    rows = [(jnp.asarray(x), jnp.asarray(y)) for x, y in zip(xs, ys)]
    one = jax.jit(lambda weights, x, y: update(weights, (x, y))[0])

    def step(i):
        state[0] = one(state[0], *rows[i])

    return lambda: timed(step, lambda: jax.block_until_ready(state[0]))


def ours(n, m, batch, kind, activation):
    name = "f64" if kind is np.float64 else "f32"
    command = [OURS, str(n), str(m), str(batch), name, activation, str(SECONDS)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peers():
    """What is installed: name and maker."""
    found = {"NumPy": numpy_peer}
    try:
        import torch

        torch.set_num_threads(os.cpu_count())
        found["PyTorch"] = lambda *p: torch_peer(*p, compiled=False)
        found["torch.compile"] = lambda *p: torch_peer(*p, compiled=True)
    except ImportError:
        print("skipped: PyTorch is not installed")
    try:
        import jax  # noqa: F401

        found["JAX jit"] = lambda *p: jax_peer(*p, scan=False)
        found["JAX lax.scan"] = lambda *p: jax_peer(*p, scan=True)
    except ImportError:
        print("skipped: JAX is not installed")
    return found


def main():
    found = peers()
    lines = [
        "| n, m, batch | precision, activation | zonal, steps/s (range) | fraction of peak | packing each step | " + " | ".join(found) + " | zonal / fastest |",
        "| --- | --- | --- | --- | --- |" + " --- |" * (len(found) + 1),
    ]
    settings = [(64, 4096, 1024, kind, act) for kind in (np.float32, np.float64) for act in ("relu", "tanh")]
    settings += [(16, 256, 64, np.float32, act) for act in ("relu", "tanh")]
    for setting in settings:
        n, m, batch, kind, activation = setting
        makers, failed = {}, set()
        for name, make in found.items():
            try:
                makers[name] = make(*setting)
            except Exception as error:  # a peer that does not run here must not stop the others
                print(f"skipped: {name}: {error}")
                failed.add(name)
        rates = {name: [] for name in makers}
        mine, peak, packing = [], [], []
        for _ in range(ROUNDS):
            result = ours(*setting)
            mine.append(result["rate"])
            packing.append(result["packing"])
            peak.append(result["part_of_peak"] or float("nan"))
            for name, run in list(makers.items()):
                try:
                    rates[name].append(run())
                except Exception as error:
                    print(f"skipped: {name}: {error}")
                    failed.add(name)
                    del makers[name]
        median = {name: statistics.median(r) for name, r in rates.items() if r and name not in failed}
        ratio = statistics.median(mine) / max(median.values())
        shown = " | ".join(f"{median[name]:,.0f}" if name in median else "-" for name in found)
        precision = "f64" if kind is np.float64 else "f32"
        lines.append(
            f"| {n}, {m:,}, {batch:,} | {precision}, {activation} | {statistics.median(mine):,.0f} ({min(mine):,.0f} to {max(mine):,.0f}) | "
            f"{100 * statistics.median(peak):.0f} % | {statistics.median(packing):,.0f} | {shown} | **{ratio:.2f}** |"
        )
        print(lines[-1], flush=True)
    versions = [f"NumPy {np.__version__}"]
    for package in ("torch", "jax"):
        if package in sys.modules:
            versions.append(f"{package} {sys.modules[package].__version__}")
    body = (
        "Steps of plain gradient descent on both layers, f(x) = m^(-1/2) sum_j a_j phi(<w_j, x>), half the mean square over a batch;\n"
        "rows are drawn in advance, 16 batches in turn, in each program's own arrays; zonal also with the rows packed again\nfor each step. "
        f"{ROUNDS} runs of {SECONDS} s of each in turn, medians. Peak: fused multiply-adds on\nregisters alone on all cores, for "
        "4 n m B + 4 m B flops a step. Written by `cargo xtask bench descent`.\n\n" + "\n".join(lines)
    )
    part = (
        f"## Descent on both layers\n\n{body}\n\n({os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}, "
        f"Python {platform.python_version()}, {', '.join(versions)})\n"
    )
    text = REPORT.read_text()
    old = re.compile(r"## Descent on both layers\n.*?(?=\n## |\Z)", re.DOTALL)
    text = old.sub(lambda _: part, text) if old.search(text) else text.rstrip("\n") + "\n\n" + part
    REPORT.write_text(text)


if __name__ == "__main__":
    main()
