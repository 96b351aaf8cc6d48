"""Runs of every kind one after another in one process: memory and open files must not grow.

`cargo xtask soak --minutes 30` calls this and lets it write what it found into docs/reliability.md; a test runs it for a
moment. A leak of a kilobyte for each run would not be seen here; one of a table or a network would.

The C library of Linux keeps up to 64 MB of what each thread has freed for as long as it likes, which is no growth and looks like
it. Here it is told to give back what is free at once (`ENVIRONMENT`), so that resident memory is memory in use.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import zonal

#: Growth of resident memory, from the end of the first part to the end, that is allowed.
MOST_GROWTH = 0.02
#: Limits of glibc, which otherwise rise with what is freed; read when a process starts.
ENVIRONMENT = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
BEGIN, END = "<!-- soak: written by cargo xtask soak -->", "<!-- end of soak -->"
SWEEP = "target = 'harmonic({degree})'\ndim = 5\ndegree = [1, 2]\nwidth = [50, 100]\nseeds = 2\niterations = [10, 1000]\n"


def kinds(place: Path) -> dict[str, Callable[[int], object]]:
    """Every kind of run, as a function of a number that makes each round another one."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4_000, 4))
    y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * rng.normal(size=len(x))
    csv, npz, plan, out = place / "rows.csv", place / "rows.npz", place / "sweep.toml", place / "run"
    np.savetxt(csv, np.column_stack([x, y]), delimiter=",", header="a,b,c,d,y", comments="")
    np.savez_compressed(npz, x=x, y=y)
    plan.write_text(SWEEP)
    short = {"width": 60, "iterations": 1000, "progress": False}

    def network_that_travels(seed: int) -> object:
        network = zonal.train(x, y, seed=seed, **short).network
        return pickle.loads(pickle.dumps(network)).predict(x)

    def read_back(seed: int) -> object:
        zonal.train(csv, label="y", out=out, force=True, seed=seed, **short)
        return zonal.Network.load(out).predict(x)

    def in_parts(seed: int) -> object:
        survey = zonal.Survey(x[:2000], y[:2000], seed=seed).merge(
            zonal.Survey(x[2000:], y[2000:], first_row=2000, seed=seed)
        )
        sums = zonal.Statistics(survey, width=60).update(x, y)
        return zonal.Statistics.from_bytes(sums.to_bytes()).path(iterations=1000, progress=False)

    def estimator(seed: int) -> object:
        return zonal.OneHiddenLayerRegressor(width=60, random_state=seed).fit(x, y).score(x, y)

    def refused(seed: int) -> None:
        broken = x.copy()
        broken[seed % len(x), 1] = np.nan
        for bad in (lambda: zonal.train(broken, y, **short), lambda: zonal.train(place / "none.csv", label="y")):
            with contextlib.suppress(zonal.ZonalError):
                bad()

    def callback_that_fails(seed: int) -> None:
        def angry(points: object) -> object:
            raise LookupError(str(seed))

        with contextlib.suppress(LookupError):
            zonal.train(target=angry, samples=500, dim=4, **short)

    return {
        "array": lambda seed: zonal.train(x, y, seed=seed, **short),
        "network pickled": network_that_travels,
        "CSV into a folder, read back": read_back,
        "NPZ": lambda seed: zonal.train(npz, label="y", seed=seed, **short),
        "target": lambda seed: zonal.train(target="x1*x2 + 0.3*harmonic(3)", dim=6, seed=seed, **short),
        "target, infinite width": lambda seed: zonal.train(target="x1*x2", dim=6 + seed % 9, width="inf", progress=False),
        "callables": lambda seed: zonal.train(
            target=lambda p: p[:, 0] ** 2, activation=np.tanh, samples=500, dim=4, seed=seed, **short
        ),
        "both layers, fresh points": lambda seed: zonal.train(
            target="x1*x2", dim=5, layers="both", batch="fresh:64", seed=seed, **short
        ),
        "both layers, rows": lambda seed: zonal.train(x, y, layers="both", batch=256, seed=seed, **short),
        "analyze": lambda seed: zonal.analyze(x, y, seed=seed, progress=False),
        "parts of a table": in_parts,
        "estimator": estimator,
        "spectrum": lambda seed: zonal.spectrum("relu", dim=5 + seed % 20),
        "plan": lambda seed: zonal.plan("x1*x2 + 0.5*x3", dim=5 + seed % 5, progress=False),
        "sweep": lambda seed: zonal.sweep(plan, seed=seed, progress=False),
        "bound": lambda seed: zonal.sq.bound(family="zonal", dim=20, degree=3, tolerance=0.1, size=1000, seed=seed),
        "game": lambda seed: zonal.sq.play(
            family="monomials", dim=8, degree=2, tolerance=0.3, seed=seed, out=place / "game", force=True, progress=False
        ),
        "descent through an oracle": lambda seed: zonal.sq.learn(
            target="harmonic(2)", dim=6, oracle="lazy:0.3", width=100, iterations=100, seed=seed, progress=False
        ),
        "refused": refused,
        "callback that fails": callback_that_fails,
    }


def resident() -> int:
    """Bytes of this process in memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no VmRSS")


def handles() -> int:
    """Open files, pipes and sockets of this process."""
    return len(os.listdir("/proc/self/fd"))


def threads() -> int:
    """Threads of this process."""
    return len(os.listdir("/proc/self/task"))


@dataclass(frozen=True)
class Look:
    """What one look at the process found."""

    seconds: float
    runs: int
    resident: int
    handles: int
    threads: int


def soak(seconds: float, settled: float) -> list[Look]:
    """Runs every kind in turn for so many seconds; the first look is after `settled` seconds, one more after each round."""
    looks: list[Look] = []
    began, runs, number = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as place:
        all_kinds = kinds(Path(place))
        # At least a round before the first look, and one between it and the last.
        while time.monotonic() - began < seconds or len(looks) < 2:
            for name, run in all_kinds.items():
                try:
                    run(number)
                except Exception as error:
                    raise RuntimeError(f"run {runs}, {name}: {error}") from error
                runs += 1
            number += 1
            passed = time.monotonic() - began
            if passed >= settled:
                gc.collect()
                looks.append(Look(passed, runs, resident(), handles(), threads()))
    return looks


def growth(looks: list[Look]) -> float:
    """The largest part by which memory grew after the first look."""
    return max(look.resident for look in looks) / looks[0].resident - 1


def complaints(looks: list[Look]) -> list[str]:
    """What grew."""
    first, out = looks[0], []
    if growth(looks) > MOST_GROWTH:
        largest = max(look.resident for look in looks)
        out.append(f"memory grew from {first.resident:,} to {largest:,} bytes, by more than {MOST_GROWTH:.0%}")
    for what in ("handles", "threads"):
        most = max(getattr(look, what) for look in looks)
        if most > getattr(first, what):
            out.append(f"{what} grew from {getattr(first, what)} to {most}")
    return out


def table(looks: list[Look]) -> str:
    """At most ten of the looks, in Markdown."""
    chosen = [looks[i] for i in sorted({round(j * (len(looks) - 1) / 9) for j in range(10)})]
    lines = ["| minutes | runs | resident MB | handles | threads |", "| ---: | ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {look.seconds / 60:.1f} | {look.runs:,} | {look.resident / 1e6:.1f} | {look.handles} | {look.threads} |"
        for look in chosen
    ]
    end = f"Largest growth after the first line, over {len(looks):,} looks: {growth(looks):.2%}."
    return "\n".join([*lines, "", end])


def main() -> int:
    """As a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--page", type=Path, help="the page with the place for the table")
    options = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ENVIRONMENT.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ENVIRONMENT)
    looks = soak(60 * options.minutes, settled=min(300, 10 * options.minutes))
    text = table(looks)
    print(text)
    if options.page:
        page = options.page.read_text()
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        options.page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    wrong = complaints(looks)
    for line in wrong:
        print(f"error: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
