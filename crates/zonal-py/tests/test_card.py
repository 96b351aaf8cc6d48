"""The card in the file of a network says what the report says."""

import json
import struct

import numpy as np

import zonal


def table(folder, rng):
    kinds = rng.choice(["red", "blue", "green"], 300)
    x, group = rng.normal(size=300), rng.integers(0, 40, 300)
    y = x * (kinds == "red") + 0.1 * rng.normal(size=300)
    file = folder / "t.csv"
    rows = zip(kinds, x, group, y, np.where(y > 0, "up", "down"), strict=True)
    file.write_text("kind,x,group,y,class\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return file


def test_of_numbers_in_the_file_itself(tmp_path):
    run = zonal.train(table(tmp_path, np.random.default_rng(1)), label="y", exclude=["class"], groups="group", width=30)
    file = tmp_path / "network.safetensors"
    run.network.save(file)
    card = zonal.Network.load(file).card
    assert card is not None
    (length,) = struct.unpack("<Q", file.read_bytes()[:8])
    header = json.loads(file.read_bytes()[8 : 8 + length])
    assert json.loads(header["__metadata__"]["zonal"])["card"] == card
    assert card.startswith("# y\n") and "- `kind`: text with 3 levels, a column each\n- `x`: number\n" in card
    assert "`class`" not in card and "rows with the same `group` are in the same part" in card
    rows = run.rows
    assert f"- rows: {rows.train} for training, 0 for validation, {rows.test} for testing, 0 left out" in card
    assert f"{run.test_rmse:#.4g} on test rows" in card and "Errors on held-out rows tend to be too small" in card


def test_of_classes_and_targets(tmp_path):
    options = {"label": "class", "exclude": ["y", "group"], "hidden": "drawn", "width": 30}
    run = zonal.train(table(tmp_path, np.random.default_rng(1)), **options)
    assert (
        "(one of down, up)" in run.network.card and f"accuracy {run.classification.test.accuracy:#.4g}" in run.network.card
    )
    target = zonal.train(target="x1*x2", dim=5, width=40, iterations=100).network.card
    assert target.startswith("# x1*x2\n") and "not on data" in target and "iterations: 100" in target
