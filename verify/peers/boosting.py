"""`cargo xtask bench tables --data FOLDER`: errors and times on tables, of zonal with grown and drawn units and of its peers.

    boosting.py ZONAL PAGE FOLDER --results FILE [--both] [--splits N] [--only NAME,..] [--without PEER,..] [--write]

The folder holds design tables as NAME.csv.gz (no header, label last) with test masks NAME.mask.csv.gz (one column for each
split). The confirm tables are those of confirm.py, with test rows drawn by the number of the split (a tenth). All programs
get the same rows and their defaults, and time includes reading for zonal only. Errors are root mean squared errors on test
rows divided by the standard deviation of the test labels. `--write` puts the result into the page. `--both` compares what trains
both layers of 100 units, on six of the design tables.
"""

import argparse
import gzip
import hashlib
import json
import math
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import confirm
import numpy as np
from page import write

MOST_ROWS = 50_000


def trained(program, train, test, *options):
    """The report of a training on files of these rows."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("train.csv", "test.csv")]
        names = ",".join(f"x{i}" for i in range(train[0].shape[1])) + ",y"
        for path, (x, y) in zip(paths, (train, test), strict=True):
            np.savetxt(path, np.column_stack([x, y]), delimiter=",", header=names, comments="", fmt="%.17g")
        command = [program, "train", paths[0], "--label", "y", "--test", paths[1], *options]
        command += ["--out", "none", "--format", "json", "--quiet"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout)


def zonal(*options):
    """Runs the program on these rows."""
    return lambda arguments, train, test: trained(arguments.zonal, train, test, *options)["test_rmse"]


def estimator(make):
    """Fits an estimator of scikit-learn's kind."""

    def fit_and_score(_, train, test):
        model = make()
        model.fit(*train)
        prediction = np.asarray(model.predict(test[0])).ravel()
        return float(np.sqrt(np.mean((prediction - test[1]) ** 2)))

    return fit_and_score


def standardised(model):
    """A perceptron on standardised columns and labels, as its documentation asks."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return TransformedTargetRegressor(make_pipeline(StandardScaler(), model), transformer=StandardScaler())


class Xrfm:
    """xRFM at its defaults, which needs validation rows: a fifth of the training rows."""

    def fit(self, x, y):
        from xrfm import xRFM

        order = np.random.default_rng(0).permutation(len(y))
        held = len(y) // 5
        self.mean, self.scale = x[order[held:]].mean(0), x[order[held:]].std(0)
        self.scale[self.scale == 0] = 1
        self.label_mean, self.label_scale = y.mean(), y.std()
        x, y = self.prepared(x), ((y - self.label_mean) / self.label_scale).astype(np.float32)[:, None]
        self.model = xRFM(device="cpu")
        self.model.fit(x[order[held:]], y[order[held:]], x[order[:held]], y[order[:held]])
        return self

    def prepared(self, x):
        return ((x - self.mean) / self.scale).astype(np.float32)

    def predict(self, x):
        return np.asarray(self.model.predict(self.prepared(x))).ravel() * self.label_scale + self.label_mean


def peers():
    """Name and program of each."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.neural_network import MLPRegressor

    def lightgbm():
        import lightgbm

        return lightgbm.LGBMRegressor(verbose=-1)

    def catboost():
        import catboost

        return catboost.CatBoostRegressor(verbose=False, allow_writing_files=False)

    return {
        "grown": zonal("--hidden", "grown"),
        "drawn": zonal("--hidden", "drawn"),
        "HGB": estimator(HistGradientBoostingRegressor),
        "LightGBM": estimator(lightgbm),
        "CatBoost": estimator(catboost),
        "xRFM": estimator(Xrfm),
        "MLP adam": estimator(lambda: standardised(MLPRegressor())),
        "MLP lbfgs": estimator(lambda: standardised(MLPRegressor(solver="lbfgs"))),
    }


#: The most training rows of xRFM: on 41,157 rows of 9 columns one training took 32 minutes.
MOST_ROWS_OF_XRFM = 20_000
#: The tables on which both layers are trained.
SIX = ("airfoil", "autompg", "concrete", "energy", "housing", "skillcraft")


def both_layers():
    """Name and program of each that trains both layers of 100 units."""
    from sklearn.neural_network import MLPRegressor

    both = ("--layers", "both", "--width", "100")
    return {
        "L-BFGS": zonal(*both, "--method", "lbfgs"),
        "descent": zonal(*both),
        "MLP adam": estimator(lambda: standardised(MLPRegressor())),
        "MLP lbfgs": estimator(lambda: standardised(MLPRegressor(solver="lbfgs"))),
    }


def design_table(path, split):
    """Training and test rows of a table of the folder."""
    with gzip.open(path, "rt") as lines:
        rows = np.loadtxt(lines, delimiter=",", ndmin=2)
    with gzip.open(path.with_name(path.name.replace(".csv.gz", ".mask.csv.gz")), "rt") as lines:
        is_test = np.loadtxt(lines, delimiter=",", ndmin=2)[:, split] > 0
    return parts(rows[:, :-1], rows[:, -1], is_test)


def confirm_table(entry, split):
    """Training and test rows of a confirm table."""
    x, y = confirm.load(*entry)
    is_test = np.random.default_rng(split).random(len(y)) < 0.1
    return parts(x, y, is_test)


def parts(x, y, is_test):
    """The rows for training and testing, with at most MOST_ROWS for training."""
    train = np.flatnonzero(~is_test)[:MOST_ROWS]
    return (x[train], y[train]), (x[is_test], y[is_test])


def measure(arguments, tables, programs):
    """Errors and seconds: {(table, split): {program: (error, seconds)}}. What an interrupted benchmark of the same zonal has
    measured is not run again.
    """
    digest = hashlib.sha256(arguments.zonal.read_bytes()).hexdigest()
    kept = json.loads(arguments.results.read_text()) if arguments.results.exists() else {}
    if kept.get("zonal") != digest:
        kept = {"zonal": digest}
    found = {}
    for name, rows_of in tables.items():
        for split in range(arguments.splits):
            train, test = rows_of(split)
            result = found[name, split] = {}
            for program, run in programs.items():
                place = f"{name} {split} {program}"
                if program == "xRFM" and len(train[1]) > MOST_ROWS_OF_XRFM:
                    result[program] = math.nan, math.nan
                    continue
                if place not in kept:
                    kept[place] = measured(place, lambda run=run: run(arguments, train, test) / test[1].std())
                    arguments.results.write_text(json.dumps(kept))
                result[program] = kept[place]
            text = "  ".join(f"{p} {e:.4f} ({s:.1f} s)" for p, (e, s) in result.items())
            print(f"{name} {split} ({len(train[1])} rows, {train[0].shape[1]} columns): {text}", flush=True)
    return found


def measured(place, run):
    """The error and the seconds of one program; not a number if it fails."""
    began = time.perf_counter()
    try:
        error = run()
    except Exception as problem:
        print(f"{place}: {problem}", flush=True)
        error = math.nan
    return error, time.perf_counter() - began


def geometric(values):
    """The geometric mean of what is known."""
    known = [v for v in values if v > 0 and math.isfinite(v)]
    return math.exp(sum(map(math.log, known)) / len(known)) if known else math.nan


def ranks(results, programs):
    """The mean rank of each program among those that ran; equal errors share a rank."""
    found = {p: [] for p in programs}
    for result in results:
        errors = {p: result[p][0] for p in programs if math.isfinite(result[p][0])}
        for p, error in errors.items():
            below = sum(other < error for other in errors.values())
            equal = sum(other == error for other in errors.values())
            found[p].append(below + (equal + 1) / 2)
    return {p: statistics.mean(of_p) if of_p else math.nan for p, of_p in found.items()}


def summary(found, programs, heading):
    """A table of ratios, wins, ranks and times, then one of the errors on each table."""
    results = list(found.values())
    rank = ranks(results, programs)
    lines = [f"{heading}: {len(results)} pairs of a table and a split.", ""]
    ours = next(iter(programs))
    lines += [f"| program | mean rank | error of {ours} / its error | {ours} is ahead | seconds |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for p in programs:
        pairs = [(r[ours][0], r[p][0]) for r in results if math.isfinite(r[p][0])]
        ratio = "1" if p == ours else f"{geometric([a / b for a, b in pairs]):.3f}"
        won = "" if p == ours else f"{sum(a < b for a, b in pairs)} of {len(pairs)}"
        seconds = geometric([r[p][1] for r in results])
        lines.append(f"| {p} | {rank[p]:.2f} | {ratio} | {won} | {seconds:.2f} |")
    lines += ["", "| table | " + " | ".join(programs) + " |", "| --- |" + " --- |" * len(programs)]
    for name in dict.fromkeys(name for name, _ in found):
        of_table = [r for (n, _), r in found.items() if n == name]
        means = [geometric([r[p][0] for r in of_table]) for p in programs]
        best = min((m for m in means if math.isfinite(m)), default=math.nan)
        cells = [f"**{m:.4f}**" if m == best else f"{m:.4f}" if math.isfinite(m) else "-" for m in means]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    """Measures and reports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("zonal", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--both", action="store_true")
    parser.add_argument("--splits", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--without", default="")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    files = sorted(p for p in arguments.folder.glob("*.csv.gz") if not p.name.endswith(".mask.csv.gz"))
    design = {p.name.removesuffix(".csv.gz"): lambda split, p=p: design_table(p, split) for p in files}
    others = {f"{e[1]}": lambda split, e=e: confirm_table(e, split) for e in confirm.TABLES}
    arguments.splits = arguments.splits or (10 if arguments.both else 5)
    all_programs = both_layers() if arguments.both else peers()
    programs = {n: run for n, run in all_programs.items() if n not in arguments.without.split(",")}
    only = [name for name in arguments.only.split(",") if name]
    sections = []
    groups = [("Design tables", design), ("Confirm tables", others)]
    if arguments.both:
        groups = [("Both layers of 100 units", {n: design[n] for n in SIX})]
    for heading, tables in groups:
        chosen = {n: t for n, t in tables.items() if not only or n in only}
        if chosen:
            sections.append(summary(measure(arguments, chosen, programs), programs, heading))
            print(sections[-1], flush=True)
    if arguments.write:
        import catboost
        import lightgbm
        import sklearn

        options = " --both" if arguments.both else f" --without {arguments.without}" if arguments.without else ""
        command = f"Written by `cargo xtask bench tables --data FOLDER{options}`."
        title = "Tables: both layers" if arguments.both else "Tables: grown units and boosting"
        if "xRFM" in programs:
            command += f" xRFM ran on tables with at most {MOST_ROWS_OF_XRFM:,} training rows."
        text = "\n\n".join([command, *sections]).splitlines()
        write(arguments.page, title, text, *((m.__name__, m) for m in (np, sklearn, lightgbm, catboost)))


if __name__ == "__main__":
    main()
