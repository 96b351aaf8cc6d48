"""`cargo xtask bench stop --data FOLDER`: the rows that choose the iteration of drawn units, on eight tables.

    stop.py ZONAL PAGE FOLDER [--splits N] [--write]

Units are 1,000 ReLU at scale 1 with bias 1, so that nothing but the iteration is chosen. The best possible iteration is the listed one with
the smallest error on the test rows.
"""

import argparse
import math
from pathlib import Path

import boosting
import numpy as np
from page import write

TABLES = ("airfoil", "autompg", "bike", "concrete", "energy", "housing", "servo", "skillcraft")
UNITS = ("--hidden", "drawn", "--activation", "relu", "--scale", "1", "--bias", "1")
RULES = {
    "leave-one-out": ("--stop", "leave-one-out"),
    "five folds": ("--stop", "folds"),
    "validation and refit": ("--stop", "validation", "--refit"),
    "validation": ("--stop", "validation"),
}


def errors(program, train, test, seed):
    """The test errors with each rule, and that of the best possible iteration of the network of leave-one-out."""
    reports = [boosting.trained(program, train, test, "--seed", seed, *UNITS, *options) for options in RULES.values()]
    best = math.sqrt(min(entry["test_loss"] for entry in reports[0]["path"]))
    return [best, *(report["test_rmse"] for report in reports)]


def main():
    """Measures and reports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("zonal", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    lines = ["| table | rows | best possible | " + " | ".join(RULES) + " |", "| --- | --- | --- |" + " --- |" * len(RULES)]
    ratios = []
    for name in TABLES:
        rows = [boosting.design_table(arguments.folder / f"{name}.csv.gz", split) for split in range(arguments.splits)]
        found = np.array([errors(arguments.zonal, *parts, seed) for seed, parts in enumerate(rows)])
        deviation = float(np.std(np.concatenate([rows[0][0][1], rows[0][1][1]])))
        relative = found / found[:, :1]
        ratios.append(relative.mean(axis=0))
        size = len(rows[0][0][1]) + len(rows[0][1][1])
        cells = [f"{found[:, 0].mean() / deviation:.3f}", *(f"{x:.3f}" for x in relative.mean(axis=0)[1:])]
        lines.append(f"| {name} | {size:,} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    means = np.exp(np.log(ratios).mean(axis=0))
    lines.append("| geometric mean | | | " + " | ".join(f"{x:.3f}" for x in means[1:]) + " |")
    text = [
        f"Written by `cargo xtask bench stop --data FOLDER --splits {arguments.splits} --write`: test errors of drawn units. The best possible error",
        "is that of the iteration with the smallest test error, in deviations of the label; the others are ratios to it, means over the",
        "splits.",
        "",
        *lines,
    ]
    print("\n".join(text), flush=True)
    if arguments.write:
        write(arguments.page, "Tables: the rows that choose the iteration", text, ("numpy", np))


if __name__ == "__main__":
    main()
