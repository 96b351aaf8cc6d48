"""`cargo xtask bench intervals --data FOLDER`: how many labels of test rows intervals of 90 % cover, on twelve tables.

    intervals.py ZONAL PAGE FOLDER [--splits N] [--write]

The tables are seven design tables of the folder and five of the confirm tables, as for `bench tables`. Each split has a seed of its own.
Drawn units are ReLU with bias 1; everything else is a default.
"""

import argparse
import math
from pathlib import Path

import boosting
import confirm
import numpy as np
from page import write

DESIGN = ("airfoil", "autompg", "concrete", "energy", "housing", "servo", "skillcraft")
UNITS = {"grown": (), "drawn": ("--hidden", "drawn", "--activation", "relu", "--bias", "1")}


def coverage(zonal, train, test, seed, options):
    """The share of test rows that intervals cover."""
    report = boosting.trained(zonal, train, test, "--seed", seed, *options)
    return report["interval"]["test_coverage"][0]


def main():
    """Measures and reports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("zonal", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    tables = {n: lambda split, n=n: boosting.design_table(arguments.folder / f"{n}.csv.gz", split) for n in DESIGN}
    tables |= {e[1]: lambda split, e=e: boosting.confirm_table(e, split) for e in confirm.TABLES[:5]}
    covered, rows = dict.fromkeys(UNITS, 0.0), 0
    lines = ["| table | test rows | " + " | ".join(f"{units}, covered (standard error)" for units in UNITS) + " |"]
    lines += ["| --- | --- |" + " --- |" * len(UNITS)]
    for name, rows_of in tables.items():
        splits = [rows_of(split) for split in range(arguments.splits)]
        sizes = np.array([len(test[1]) for _, test in splits])
        rows += int(sizes.sum())
        cells = []
        for units, options in UNITS.items():
            shares = np.array([coverage(arguments.zonal, *parts, seed, options) for seed, parts in enumerate(splits)])
            covered[units] += float((shares * sizes).sum())
            mean = float((shares * sizes).sum() / sizes.sum())
            cells.append(f"{100 * mean:.1f} % ({100 * shares.std(ddof=1) / math.sqrt(len(shares)):.1f})")
        lines.append(f"| {name} | {sizes.sum()} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    lines.append(f"| all | {rows} | " + " | ".join(f"{100 * covered[u] / rows:.1f} %" for u in UNITS) + " |")
    text = [
        f"Written by `cargo xtask bench intervals --data FOLDER --splits {arguments.splits} --write`: intervals of 90 % (TB-9).",
        "",
        *lines,
    ]
    print("\n".join(text), flush=True)
    if arguments.write:
        write(arguments.page, "Tables: intervals", text, ("numpy", np))


if __name__ == "__main__":
    main()
