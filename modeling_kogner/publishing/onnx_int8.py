"""Linear layers of an ONNX graph in 8 bits, calibrated so that few large activations do not coarsen all others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

_LARGE, _FACTOR = 16, 3  # channels that are multiplied in float32, where the largest is so many times the next one
_NARROW = 64  # layers with fewer channels on a side, such as the tagging head, take no time


def quantise(path: Path, examples: Sequence[dict[str, np.ndarray]]) -> None:
    """Store the weights of linear layers in 8 bits, one scale per output channel; activations are rounded as they come.

    The inputs of feed-forward layers have a few channels that are ten times larger than the others, which would cost
    these most of their 8 bits: they are multiplied in float32.

    Args:
        path: of the graph; replaced.
        examples: inputs by which the large channels are found.

    Source: Dettmers et al., NeurIPS 2022 (arXiv:2208.07339) for the division.
    """
    model = onnx.load(path)
    weights = {weight.name: weight for weight in model.graph.initializer if len(weight.dims) == 2}
    linear = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in weights]
    in_float = [node.name for node in linear if min(weights[node.input[1]].dims) < _NARROW]
    linear = [node for node in linear if node.name not in in_float]
    largest = _largest(path, list(dict.fromkeys(node.input[0] for node in linear)), examples) if linear else {}
    for node in linear:
        order = np.argsort(-(size := largest[node.input[0]]))
        if size[order[0]] > _FACTOR * size[order[_LARGE]]:
            in_float.append(_divide(model.graph, node, weights[node.input[1]], np.sort(order[:_LARGE])))
    onnx.save(model, path)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # advice to run a step that this graph does not need
    try:
        quantize_dynamic(
            path,
            path,
            op_types_to_quantize=["MatMul"],
            nodes_to_exclude=in_float,
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
    finally:
        root.setLevel(level)


def _largest(path: Path, names: list[str], examples: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Largest absolute value of each channel of each tensor."""
    model = onnx.load(path)
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    runs = [[np.abs(each).reshape(-1, each.shape[-1]).max(0) for each in session.run(names, it)] for it in examples]
    return {name: np.max(each, axis=0) for name, each in zip(names, zip(*runs, strict=True), strict=True)}


def _divide(graph: onnx.GraphProto, node: onnx.NodeProto, weight: onnx.TensorProto, large: np.ndarray) -> str:
    """Multiply some channels apart; the name of the new product."""
    name, values = node.name, numpy_helper.to_array(weight)
    rest = np.ones(len(values), values.dtype)
    rest[large] = 0
    tensors = {"rest": rest, "large": large.astype(np.int64), "weight": values[large]}
    graph.initializer.extend(numpy_helper.from_array(array, f"{name}_{of}") for of, array in tensors.items())
    source, result = node.input[0], node.output[0]
    node.input[0], node.output[0] = f"{name}_small_input", f"{name}_small"
    before = helper.make_node("Mul", [source, f"{name}_rest"], [node.input[0]], f"{name}_mask")
    after = [
        helper.make_node("Gather", [source, f"{name}_large"], [f"{name}_large_input"], f"{name}_gather", axis=-1),
        helper.make_node(
            "MatMul", [f"{name}_large_input", f"{name}_weight"], [f"{name}_product"], f"{name}_large_product"
        ),
        helper.make_node("Add", [node.output[0], f"{name}_product"], [result], f"{name}_sum"),
    ]
    place = list(graph.node).index(node)
    for step in reversed(after):
        graph.node.insert(place + 1, step)
    graph.node.insert(place, before)
    return f"{name}_large_product"
