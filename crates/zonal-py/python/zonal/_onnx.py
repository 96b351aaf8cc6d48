"""Networks as ONNX models, in double precision: the preparation of rows, the hidden units, and the output in the labels' units."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from . import _native
from .errors import MissingPackage, ParameterError

__all__ = ["model"]

# Operators of this version and format are read by onnxruntime 1.17 and later.
_OPSET, _FORMAT = 20, 9


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
    columns = native.columns
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
    rows = helper.make_tensor_value_info("X", kind, [None, width])
    made = helper.make_model(
        helper.make_graph(graph.nodes, "zonal", [rows], results, graph.constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_FORMAT,
        producer_name="zonal",
    )
    known = {"columns": columns, "labels": native.labels, "classes": None if classes is None else classes[0]}
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


def _filled(graph: _Graph, encoding: dict[str, Any] | None) -> str:
    """Replace missing values by the means, with a column that marks them where the training rows lacked some."""
    if encoding is None:
        return "X"
    parts = []
    for position, column in enumerate(encoding["columns"]):
        kind = column["kind"]
        if not (isinstance(kind, dict) and "numbers" in kind):
            raise ParameterError(
                f"column '{column['name']}' holds text or dates, which to_onnx does not encode; encode it as numbers before training"
            )
        values = graph.add("Gather", "X", graph.constant([position], np.int64), axis=1)
        is_missing = graph.add("IsNaN", values)
        parts.append(graph.add("Where", is_missing, graph.constant(kind["numbers"]["mean"]), values))
        if column["missing"] > 0:
            parts.append(graph.add("Cast", is_missing, to=graph.onnx.TensorProto.DOUBLE))
    return graph.add("Concat", *parts, axis=1)


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
    if name == "leaky-relu":
        return graph.add("Max", inputs, graph.add("Mul", inputs, graph.constant(0.01)))
    if name == "squared-relu":
        positive = graph.add("Relu", inputs)
        return graph.add("Mul", positive, positive)
    if name == "silu":
        return graph.add("Mul", inputs, graph.add("Sigmoid", inputs))
    if name in ("square", "cube"):
        square = graph.add("Mul", inputs, inputs)
        return square if name == "square" else graph.add("Mul", square, inputs)
    known = ", ".join([*_OPERATORS, "leaky-relu", "squared-relu", "silu", "square", "cube"])
    raise ParameterError(f"the activation {name} is no operator of ONNX in double precision; to_onnx knows {known}")
