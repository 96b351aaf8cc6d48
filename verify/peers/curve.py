"""`cargo xtask bench curve --data FOLDER`: errors at more rows, estimated from few, against those of networks on as many.

    curve.py ZONAL PAGE FOLDER [--draws N] [--write]

From each draw of rows `zonal curve` estimates the errors at 2 and 10 times as many. The truth is the mean test error of `zonal train --stop
leave-one-out` with the same units on other draws of that many rows, on all further rows.
"""

import argparse
import gzip
import json
import subprocess
import tempfile
from pathlib import Path

import boosting
import numpy as np
from page import write

# The numbers of rows that estimates start from.
TABLES = {"airfoil": 140, "bike": 400, "concrete": 95, "elevators": 400, "energy": 70, "pol": 400, "protein": 400, "skillcraft": 300}
WIDTH = 400
TIMES = (2, 10)
# Draws of the truth.
TRUTHS = 3


def estimated(program, x, y, seed):
    """The report of a curve from these rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        names = ",".join(f"x{i}" for i in range(x.shape[1])) + ",y"
        np.savetxt(path, np.column_stack([x, y]), delimiter=",", header=names, comments="", fmt="%.17g")
        rows = ",".join(f"{times}x" for times in TIMES)
        command = [program, "curve", path, "--label", "y", "--width", WIDTH, "--rows", rows, "--scale", "1", "--seed", seed]
        command += ["--format", "json", "--quiet"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)


def truth(program, x, y, count, bias, rng):
    """The mean test error of networks on this number of rows."""
    errors = []
    for seed in range(TRUTHS):
        order = rng.permutation(len(y))
        train, test = order[:count], order[count : count + 20_000]
        units = ("--hidden", "drawn", "--activation", "relu", "--width", WIDTH, "--scale", "1", "--bias", bias)
        report = boosting.trained(program, (x[train], y[train]), (x[test], y[test]), "--seed", seed, *units)
        errors.append(report["test_rmse"] ** 2)
    return np.sqrt(np.mean(errors))


def main():
    """Measures and reports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("zonal", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    heads = [f"{times}x: power law, equivalent (at most)" for times in TIMES]
    lines = ["| table | rows | leave-one-out | " + " | ".join(heads) + " |", "| --- | --- | --- |" + " --- |" * len(TIMES)]
    inside = total = 0
    for name, count in TABLES.items():
        with gzip.open(arguments.folder / f"{name}.csv.gz", "rt") as text:
            rows = np.loadtxt(text, delimiter=",", ndmin=2)
        x, y = rows[:, :-1], rows[:, -1]
        rng = np.random.default_rng(0)
        ratios = []
        for draw in range(arguments.draws):
            chosen = rng.permutation(len(y))[:count]
            report = estimated(arguments.zonal, x[chosen], y[chosen], draw)
            exact = [truth(arguments.zonal, x, y, times * count, report["bias"], rng) for times in (1, *TIMES)]
            points = report["points"]
            found = [report["leave_one_out"] / exact[0]]
            for point, error in zip(points, exact[1:], strict=True):
                found += [point["power_law"] / error, point["equivalent"] / error, point["at_most"]]
                inside += 0.9 * point["low"] <= error <= 1.1 * point["high"]
                total += 1
            ratios.append(found)
        means = np.mean(ratios, axis=0)
        cells = [f"{means[0]:.2f}"]
        cells += [f"{means[i]:.2f}, {means[i + 1]:.2f} ({100 * means[i + 2]:.0f} %)" for i in range(1, len(means), 3)]
        lines.append(f"| {name} | {count} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    text = [
        f"Written by `cargo xtask bench curve --data FOLDER --draws {arguments.draws} --write`: errors that `zonal curve` measures at the number of",
        "rows and estimates at 2 and 10 times as many, as ratios to those of networks that were trained on as many, and how often the",
        f"equivalent's was called at most; means over {arguments.draws} draws. {WIDTH} ReLU units at scale 1.",
        "",
        *lines,
        "",
        f"{inside} of {total} true errors are within 10 % of the interval between the two estimates.",
    ]
    print("\n".join(text), flush=True)
    if arguments.write:
        write(arguments.page, "Tables: errors at more rows", text, ("numpy", np))


if __name__ == "__main__":
    main()
