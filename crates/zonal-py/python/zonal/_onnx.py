"""Networks as ONNX models, in double precision: the preparation of rows, the hidden units, and the output in the labels' units."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _native
from .errors import MissingPackage, ParameterError

__all__ = ["model"]

# Operators of these versions and this format are read by onnxruntime 1.17 and later.
_OPSET, _LABEL_OPSET, _FORMAT = 20, 3, 9


class _Graph:
    """The nodes of a model so far."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: Any, kind: Any = np.float64) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        out = name or f"t{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, list(inputs), [out], **attributes))
        return out


def model(native: _native.Model, iteration: int | None) -> Any:
    """Return a network at an iteration as an ``onnx.ModelProto``."""
    try:
        import onnx
    except ImportError as error:
        raise MissingPackage("export to ONNX needs the package onnx: pip install onnx") from error
    description, graph = json.loads(native.description), _Graph(onnx)
    table = description["table"]
    columns, texts = _inputs(table, native.columns)
    hidden, biases, coefficients = native.weights(iteration)
    width = hidden.shape[1] if columns is None else len(columns)
    points = "X" if table is None else _points(graph, description, native)
    outputs = _outputs(graph, points, native.units, (hidden, biases, coefficients))
    helper, kind = onnx.helper, onnx.TensorProto.DOUBLE
    if table is not None:
        deviations, means = ([label[name] for label in table["labels"]] for name in ("deviation", "mean"))
        outputs = graph.add("Mul", outputs, graph.constant(deviations))
        outputs = graph.add("Add", outputs, graph.constant(means))
    graph.add("Identity", outputs, name="prediction")
    results = [helper.make_tensor_value_info("prediction", kind, [None, coefficients.shape[0]])]
    classes = native.classes
    if classes is not None:
        scaled = graph.add("Mul", "prediction", graph.constant(classes[1]))
        graph.add("Softmax", scaled, axis=1, name="probabilities")
        results.append(helper.make_tensor_value_info("probabilities", kind, [None, coefficients.shape[0]]))
    rows = [helper.make_tensor_value_info("X", kind, [None, width])] if width > 0 else []
    if texts:
        rows.append(helper.make_tensor_value_info("text", onnx.TensorProto.STRING, [None, len(texts)]))
    made = helper.make_model(
        helper.make_graph(graph.nodes, "zonal", rows, results, graph.constants),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _LABEL_OPSET)],
        ir_version=_FORMAT,
        producer_name="zonal",
    )
    names = None if classes is None else classes[0]
    known = {"columns": columns, "text_columns": texts or None, "labels": native.labels, "classes": names}
    helper.set_model_props(made, {name: json.dumps(value) for name, value in known.items() if value is not None})
    onnx.checker.check_model(made)
    return made


def _points(graph: _Graph, description: dict[str, Any], native: _native.Model) -> str:
    """Map the columns of a table to the inputs of the units."""
    columns = _filled(graph, description["table"].get("encoding"))
    grown = description.get("grown")
    if grown is not None:
        return _of_grown(graph, columns, grown["columns"]["kept"])
    lift = description["table"]["lift"]
    kept = graph.add("Gather", columns, graph.constant(lift["kept"], np.int64), axis=1)
    centred = graph.add("Sub", kept, graph.constant(lift["mean"]))
    standard = graph.add("Div", centred, graph.constant(np.array(lift["deviation"]) * np.sqrt(len(lift["kept"]))))
    if lift["bias"] > 0:
        # A column of the bias: the first one times 0, plus the bias.
        zeros = graph.add("Mul", graph.add("Gather", standard, graph.constant([0], np.int64), axis=1), graph.constant(0.0))
        standard = graph.add("Concat", standard, graph.add("Add", zeros, graph.constant(lift["bias"])), axis=1)
    if not lift.get("normalised", True):
        return standard
    squares = graph.add("ReduceSum", graph.add("Mul", standard, standard), graph.constant([1], np.int64), keepdims=1)
    return graph.add("Div", standard, graph.add("Sqrt", squares))


def _inputs(table: dict[str, Any] | None, columns: list[str] | None) -> tuple[list[str] | None, list[str]]:
    """Return the columns of the inputs X and text."""
    encoding = None if table is None else table.get("encoding")
    if encoding is None:
        return columns, []
    for column in encoding["columns"]:
        levels = column["kind"].get("levels") if isinstance(column["kind"], dict) else None
        if levels is not None and levels.get("shared", 0) > 1:
            raise ParameterError(
                f"column '{column['name']}' has more than 32 levels, the rarer of which share columns by a hash that ONNX lacks; "
                "leave the column out (exclude), or map its levels to fewer ones before training"
            )
    kinds = {column["name"]: next(iter(column["kind"])) for column in encoding["columns"]}
    numbers = [name for name, kind in kinds.items() if kind in ("numbers", "dates")]
    return numbers, [name for name, kind in kinds.items() if kind == "levels"]


def _filled(graph: _Graph, encoding: dict[str, Any] | None) -> str:
    """Encode the columns of a table as in training: text by levels, dates by their parts, missing values marked."""
    if encoding is None:
        return "X"
    parts: list[str] = []
    count = {"X": 0, "text": 0}
    for column in encoding["columns"]:
        ((kind, of_kind),) = column["kind"].items()
        if kind == "unused":
            continue
        source = "text" if kind == "levels" else "X"
        values = graph.add("Gather", source, graph.constant([count[source]], np.int64), axis=1)
        count[source] += 1
        if kind == "levels":
            is_missing = _levels(graph, values, of_kind, parts)
        else:
            is_missing = graph.add("IsNaN", values)
            filled = graph.add("Where", is_missing, graph.constant(of_kind["mean"]), values)
            parts.append(filled)
            if kind == "dates":
                _parts_of_dates(graph, filled, of_kind["has_times"], parts)
        if column["missing"] > 0:
            parts.append(graph.add("Cast", is_missing, to=graph.onnx.TensorProto.DOUBLE))
    return graph.add("Concat", *parts, axis=1)


def _levels(graph: _Graph, values: str, kind: dict[str, Any], parts: list[str]) -> str:
    """Add a column for each level; return where the text is empty."""
    levels = kind["levels"]
    width = len(levels) + (kind["others"] > 0)
    number = graph.add(
        "LabelEncoder",
        values,
        domain="ai.onnx.ml",
        keys_strings=[*levels, ""],
        values_int64s=[*range(len(levels)), -1],
        default_int64=len(levels),
    )
    is_level = graph.add("Equal", number, graph.constant(np.arange(width), np.int64))
    parts.append(graph.add("Cast", is_level, to=graph.onnx.TensorProto.DOUBLE))
    return graph.add("Equal", number, graph.constant([-1], np.int64))


def _parts_of_dates(graph: _Graph, days: str, has_times: bool, parts: list[str]) -> None:
    """Add month, day of the week and, if dates have times, hour of days since 1970-01-01."""

    def over(x: str, divisor: float) -> str:
        return graph.add("Floor", graph.add("Div", x, graph.constant(divisor)))

    def times(x: str, factor: float) -> str:
        return graph.add("Mul", x, graph.constant(factor))

    def plus(x: str, *others: str | float) -> str:
        for other in others:
            x = graph.add("Add", x, other if isinstance(other, str) else graph.constant(other))
        return x

    day = graph.add("Floor", days)
    # The Gregorian calendar in eras of 400 years, each of which begins on the first of March.
    since = plus(day, 719_468.0)
    of_era = plus(since, times(over(since, 146_097.0), -146_097.0))
    leaps = plus(times(over(of_era, 1_460.0), -1.0), over(of_era, 36_524.0), times(over(of_era, 146_096.0), -1.0))
    year = over(plus(of_era, leaps), 365.0)
    of_year = plus(of_era, times(year, -365.0), times(over(year, 4.0), -1.0), over(year, 100.0))
    from_march = over(plus(times(of_year, 5.0), 2.0), 153.0)
    is_next_year = graph.add("Greater", from_march, graph.constant(9.5))
    parts.append(graph.add("Where", is_next_year, plus(from_march, -9.0), plus(from_march, 3.0)))
    # It was a Thursday.
    thursday = plus(day, 3.0)
    parts.append(plus(thursday, times(over(thursday, 7.0), -7.0)))
    if has_times:
        parts.append(times(plus(days, times(day, -1.0)), 24.0))


def _of_grown(graph: _Graph, columns: str, kept: list[dict[str, Any]]) -> str:
    """Compute clipped standard units and normal scores, alternating."""
    features = graph.constant([column["feature"] for column in kept], np.int64)
    values = graph.add("Gather", columns, features, axis=1)
    centred = graph.add("Sub", values, graph.constant([column["centre"] for column in kept]))
    quarter = graph.add("Div", centred, graph.constant([4.0 * column["deviation"] for column in kept]))
    clipped = graph.add("Mul", graph.add("Tanh", quarter), graph.constant(4.0))
    # A score is that of the first knot plus, for each interval, its slope times the part of the value inside of it.
    most = max(len(column["knots"]) for column in kept) - 1
    starts, lengths, slopes = (np.zeros((len(kept), max(most, 1))) for _ in range(3))
    for j, column in enumerate(kept):
        knots, scores = np.array(column["knots"]), np.array(column["scores"])
        count = len(knots) - 1
        starts[j, :count], lengths[j, :count] = knots[:-1], np.diff(knots)
        slopes[j, :count] = np.diff(scores) / np.diff(knots)
    beyond = graph.add("Sub", graph.add("Unsqueeze", values, graph.constant([2], np.int64)), graph.constant(starts))
    inside = graph.add("Min", graph.add("Max", beyond, graph.constant(0.0)), graph.constant(lengths))
    parts = graph.add("Mul", inside, graph.constant(slopes))
    rise = graph.add("ReduceSum", parts, graph.constant([2], np.int64), keepdims=0)
    score = graph.add("Add", rise, graph.constant([column["scores"][0] for column in kept]))
    axis = graph.constant([2], np.int64)
    pairs = graph.add("Concat", graph.add("Unsqueeze", clipped, axis), graph.add("Unsqueeze", score, axis), axis=2)
    return graph.add("Reshape", pairs, graph.constant([-1, 2 * len(kept)], np.int64))


def _outputs(graph: _Graph, points: str, units: list[tuple[str, float, float, int]], weights: tuple[Any, Any, Any]) -> str:
    """Compute the sum over all units; those of one activation and scale stand together."""
    hidden, biases, coefficients = weights
    first = 0
    groups: dict[tuple[str, float, float], list[int]] = {}
    for activation, scale, factor, count in units:
        groups.setdefault((activation, scale, factor), []).extend(range(first, first + count))
        first += count
    total = None
    for (activation, scale, factor), members in groups.items():
        inputs = graph.add("MatMul", points, graph.constant(scale * hidden[members].T))
        if biases is not None:
            inputs = graph.add("Add", inputs, graph.constant(biases[members]))
        features = _activation(graph, activation, inputs)
        part = graph.add("MatMul", features, graph.constant(factor * coefficients[:, members].T))
        total = part if total is None else graph.add("Add", total, part)
    assert total is not None
    return total


# Activations that are operators of onnxruntime in double precision.
_OPERATORS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "sin": "Sin", "cos": "Cos", "exp": "Exp", "abs": "Abs"}


def _activation(graph: _Graph, name: str, inputs: str) -> str:
    if name in _OPERATORS:
        return graph.add(_OPERATORS[name], inputs)
    if name not in _COMPOSED:
        known = ", ".join([*_OPERATORS, *_COMPOSED])
        raise ParameterError(f"the activation {name} is not known to to_onnx, which knows {known}")
    return _COMPOSED[name](graph, inputs)


def _step(graph: _Graph, inputs: str) -> str:
    is_positive = graph.add("Greater", inputs, graph.constant(0.0))
    return graph.add("Cast", is_positive, to=graph.onnx.TensorProto.DOUBLE)


def _sign(graph: _Graph, inputs: str) -> str:
    return graph.add("Sub", graph.add("Mul", _step(graph, inputs), graph.constant(2.0)), graph.constant(1.0))


def _square(graph: _Graph, inputs: str) -> str:
    return graph.add("Mul", inputs, inputs)


def _softplus(graph: _Graph, inputs: str) -> str:
    small = graph.add("Exp", graph.add("Neg", graph.add("Abs", inputs)))
    return graph.add("Add", graph.add("Relu", inputs), graph.add("Log", graph.add("Add", small, graph.constant(1.0))))


# erf is 1 to the last bit from here on.
_ERF_END = 6.0
_ERF_DEGREE = 32


def _erf(graph: _Graph, inputs: str) -> str:
    """1 - exp(-x^2) g for x >= 0, with g by a Chebyshev sum in 2/(2 + x): onnxruntime has erf in single precision only."""
    last = 2 / (2 + _ERF_END)

    def scaled(y: float) -> float:
        x = 2 / (last + (1 - last) * (y + 1) / 2) - 2
        return math.erfc(x) * math.exp(x * x)

    series = np.polynomial.chebyshev.chebinterpolate(np.vectorize(scaled), _ERF_DEGREE)
    x = graph.add("Min", graph.add("Abs", inputs), graph.constant(_ERF_END))
    t = graph.add("Div", graph.constant(2.0), graph.add("Add", x, graph.constant(2.0)))
    unit = graph.add("Div", graph.add("Sub", t, graph.constant(last)), graph.constant((1 - last) / 2))
    y = graph.add("Sub", unit, graph.constant(1.0))
    twice = graph.add("Mul", y, graph.constant(2.0))
    # Clenshaw's recurrence.
    before, current = graph.constant(0.0), graph.constant(series[-1])
    for coefficient in series[-2:0:-1]:
        following = graph.add("Sub", graph.add("Mul", twice, current), before)
        before, current = current, graph.add("Add", following, graph.constant(coefficient))
    total = graph.add("Add", graph.add("Sub", graph.add("Mul", y, current), before), graph.constant(series[0]))
    tail = graph.add("Mul", total, graph.add("Exp", graph.add("Neg", _square(graph, x))))
    return graph.add("Mul", graph.add("Sign", inputs), graph.add("Sub", graph.constant(1.0), tail))


def _gelu(graph: _Graph, inputs: str) -> str:
    share = graph.add("Add", _erf(graph, graph.add("Mul", inputs, graph.constant(math.sqrt(0.5)))), graph.constant(1.0))
    return graph.add("Mul", graph.add("Mul", inputs, graph.constant(0.5)), share)


_COMPOSED: dict[str, Callable[[_Graph, str], str]] = {
    "leaky-relu": lambda graph, x: graph.add("Max", x, graph.add("Mul", x, graph.constant(0.01))),
    "squared-relu": lambda graph, x: _square(graph, graph.add("Relu", x)),
    "silu": lambda graph, x: graph.add("Mul", x, graph.add("Sigmoid", x)),
    "square": _square,
    "cube": lambda graph, x: graph.add("Mul", _square(graph, x), x),
    "softplus": _softplus,
    "step": _step,
    "sign": _sign,
    "erf": _erf,
    "gelu": _gelu,
}
