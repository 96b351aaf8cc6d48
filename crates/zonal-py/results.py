"""Writes the typed results of the Python package from the schemas of the program's documents.

Records become frozen dataclasses. Lists of records become columns: one array for each of their fields. `cargo xtask docs`
calls this; with ``--check`` it only says whether the file is current.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[2] / "docs/schema"
OUT = Path(__file__).resolve().parent / "python/zonal/results.py"
DOCUMENTS = [
    "spectrum",
    "ranking",
    "plan",
    "curve",
    "table-curve",
    "train",
    "agreement",
    "analyze",
    "sweep",
    "reproduce",
    "sq-bound",
    "sq-play",
    "sq-learn",
    "predict",
]
# What users of Python call each kind of record; plural for those that become columns.
NAMES = {
    "SpectrumReport": "Spectrum",
    "DegreeReport": "Degrees",
    "DecayReport": "Decay",
    "Ranking": "Ranking",
    "RankedActivation": "RankedActivations",
    "PlanReport": "Plan",
    "WayOut": "WaysOut",
    "Cost": "Cost",
    "SingleDraw": "SingleDraw",
    "Verification": "Verification",
    "CurveReport": "Curve",
    "CurvePoint": "CurvePoints",
    "DegreePoint": "DegreeErrors",
    "MapReport": "CurveMap",
    "Boundary": "Boundaries",
    "DegreeRows": "DegreeRows",
    "TableCurveReport": "TableCurve",
    "TableCurvePoint": "TableCurvePoints",
    "PartError": "PartErrors",
    "PowerLawReport": "PowerLaw",
    "TrainReport": "Training",
    "Checkpoint": "Path",
    "BestPolynomialReport": "BestPolynomials",
    "Candidate": "Candidates",
    "Importance": "Importances",
    "DescentReport": "DescentReport",
    "StepChange": "StepChanges",
    "LabelErrors": "LabelErrors",
    "LearningTime": "LearningTimes",
    "PartRows": "PartRows",
    "EncodedColumnReport": "EncodedColumns",
    "ClassReport": "Classification",
    "IntervalReport": "Interval",
    "ClassScores": "ClassScores",
    "CalibrationBin": "Calibration",
    "SolverReport": "SolverReport",
    "Agreement": "Agreement",
    "AnalyzeReport": "Analysis",
    "LabelAnalysis": "LabelAnalysis",
    "PolynomialError": "PolynomialErrors",
    "DeterminingColumn": "DeterminingColumns",
    "EnergyEstimate": "EnergyEstimates",
    "Skipped": "Skipped",
    "SweepReport": "Sweep",
    "SweepRow": "SweepRows",
    "ReproduceReport": "Reproduction",
    "ClaimReport": "Claim",
    "Check": "Checks",
    "BoundReport": "Bound",
    "PlayReport": "Game",
    "Asked": "Transcript",
    "LearnReport": "Learning",
    "LearnCheckpoint": "LearnPath",
    "PredictReport": "Score",
}
# Bases of classes other than those of their kind: results with properties, and a record without text of the program.
BASES = {"Training": "TrainingResult", "Spectrum": "SpectrumResult", "Score": "Record"}
# Fields that results lack: predictions are returned as an array.
OMITTED = {"schema", "predictions"}
# Lists of these stay lists, since they hold lists themselves.
OBJECTS = {"LabelAnalysis", "ClaimReport"}
RENAMED = {"from": "from_degree", "to": "to_degree"}
# Whole numbers of any size, which JSON has as text.
EXACT = {"multiplicity", "size"}
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}

HEADER = '''"""What the functions return: frozen records whose fields have the names of the program's documents.

Written by `cargo xtask docs` from docs/schema; the descriptions are those of the program.
"""

from __future__ import annotations

from dataclasses import dataclass

from ._result import BoolArray, Columns, FloatArray, IntArray, Record, Result, SpectrumResult, TrainingResult
'''


def reference(schema: dict[str, Any]) -> str | None:
    """The name of the record that a field holds."""
    found = schema.get("$ref") or next((x["$ref"] for x in schema.get("anyOf", []) if "$ref" in x), None)
    return found.split("/")[-1] if found else None


def is_nullable(schema: dict[str, Any]) -> bool:
    """Whether a field may be null."""
    kind = schema.get("type")
    return (isinstance(kind, list) and "null" in kind) or any(x.get("type") == "null" for x in schema.get("anyOf", []))


def kind_of(schema: dict[str, Any]) -> str | None:
    """The type of a field beside null."""
    kind = schema.get("type")
    return next(x for x in kind if x != "null") if isinstance(kind, list) else kind


def description(schema: dict[str, Any]) -> str:
    """A description as one line."""
    return " ".join((schema.get("description") or "").split())


def ordered(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The fields: first those that always apply, in the order of the program, then the others."""
    keys = dict.fromkeys([*schema.get("required", []), *schema["properties"]])
    return [(key, schema["properties"][key]) for key in keys if key not in OMITTED]


class Writer:
    """The classes, each after those that it needs."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.lines: list[str] = [HEADER]

    def add(self, name: str, schema: dict[str, Any], defs: dict[str, Any], *, columns: bool, top: bool) -> None:
        """One class, and before it those of its fields."""
        cls = NAMES[name]
        if cls in self.names:
            return
        fields: list[tuple[str, str, str]] = []
        nested: dict[str, str] = {}
        renamed = {RENAMED[key]: key for key in schema["properties"] if key in RENAMED}
        for key, field in ordered(schema):
            if columns:
                self.column(key, field, defs, fields, nested, schema["properties"])
            else:
                text = description(field).replace("null", "None")
                fields.append((RENAMED.get(key, key), self.annotation(key, field, defs), text))
        self.names.append(cls)
        base = "Columns" if columns else BASES.get(cls, "Result" if top else "Record")
        self.write(cls, base, description(schema), fields, nested, renamed)

    def annotation(self, key: str, field: dict[str, Any], defs: dict[str, Any]) -> str:
        """The type of a field of a record."""
        name, kind = reference(field), kind_of(field)
        if kind == "array":
            inner = field["items"]
            if reference(inner) == "Extended":
                out = "FloatArray"
            elif "$ref" in inner:
                name = str(reference(inner))
                self.add(name, defs[name], defs, columns=name not in OBJECTS, top=False)
                out = f"tuple[{NAMES[name]}, ...]" if name in OBJECTS else NAMES[name]
            else:
                out = {"string": "tuple[str, ...]", "integer": "IntArray"}.get(inner["type"], "FloatArray")
        elif name == "Extended":
            out = "int | float"
        elif name is not None and defs[name].get("type") == "object":
            self.add(name, defs[name], defs, columns=False, top=False)
            out = NAMES[name]
        elif name is not None:
            out = "str"
        else:
            out = "int" if key in EXACT else SIMPLE[str(kind)]
        return out + (" | None" if is_nullable(field) else "")

    def column(
        self,
        key: str,
        field: dict[str, Any],
        defs: dict[str, Any],
        fields: list[tuple[str, str, str]],
        nested: dict[str, str],
        fields_of: dict[str, Any],
    ) -> None:
        """A field of a list of records as a column."""
        name, kind = reference(field), kind_of(field)
        if kind == "array" and "$ref" in field["items"]:
            # A list within a list: one row for each record, one column for each degree.
            inner = defs[str(reference(field["items"]))]
            entry = "point" if "width" in fields_of else "iteration"
            for sub, schema in ordered(inner):
                if sub != "degree":
                    nested[sub] = key
                    text = f"{description(schema)} One row for each {entry}, one column for each degree.".replace(
                        "null", "NaN"
                    )
                    fields.append((sub, "FloatArray | None", text))
            return
        if kind == "array":
            out = "tuple[IntArray, ...]" if field["items"].get("type") == "integer" else "tuple[FloatArray, ...]"
        elif key in EXACT:
            out = "tuple[int | float, ...]"
        elif name == "Extended":
            out = "FloatArray"
        elif kind == "string" or (name is not None and defs[name].get("type") != "object"):
            out = "tuple[str, ...]"
        elif kind == "boolean":
            out = "BoolArray"
        else:
            # Whole numbers that may be missing are floats, with NaN.
            out = "FloatArray" if kind == "number" or is_nullable(field) else "IntArray"
        text = description(field).replace("null", "NaN")
        fields.append((key, out + (" | None" if is_nullable(field) else ""), text))

    def write(
        self,
        cls: str,
        base: str,
        text: str,
        fields: list[tuple[str, str, str]],
        nested: dict[str, str],
        renamed: dict[str, str],
    ) -> None:
        """The text of a class."""
        out = ["", "", "@dataclass(frozen=True, eq=False, repr=False)", f"class {cls}({base}):"]
        out += wrapped(f'"""{text}', 4) + ["", "    Attributes", "    ----------"]
        for name, annotation, about in fields:
            out += [f"    {name} : {annotation}", *wrapped(about, 8)]
        out += ['    """', ""]
        if nested:
            out += [f"    _nested = {json.dumps(nested)}", ""]
        if renamed:
            out += [f"    _renamed = {json.dumps(renamed)}", ""]
        out += [f"    {name}: {annotation}" for name, annotation, _ in fields]
        self.lines += out

    def text(self) -> str:
        """The whole file."""
        names = "\n".join(f'    "{name}",' for name in sorted(self.names))
        head, rest = self.lines[0], "\n".join(self.lines[1:])
        return f"{head}\n__all__ = [\n{names}\n]\n{rest}\n"


def wrapped(text: str, indent: int) -> list[str]:
    """Lines of at most 118 characters."""
    space = " " * indent
    return textwrap.wrap(text, 118, initial_indent=space, subsequent_indent=space, break_long_words=False)


def main() -> int:
    """Write the file, or say whether it is current."""
    writer = Writer()
    for name in DOCUMENTS:
        schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
        writer.add(schema["title"], schema, schema.get("$defs", {}), columns=False, top=True)
    text = writer.text()
    if "--check" in sys.argv:
        return 0 if OUT.read_text() == text else 1
    OUT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
