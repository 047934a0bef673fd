"""A model as ONNX graphs, one that tags and one that embeds names, with the tables beside them."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import torch
from safetensors.numpy import save
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedTokenizerBase

from ..corpora.text_tokenizer import TextTokenizer
from ..files.whole import whole_file
from ..inference.annotate_files import EXAMPLE
from ..inference.exported_tables import TABLES_FILE, ExportedConfig, tables_to_write
from ..inference.exported_tagger import INPUTS
from ..inference.model_folder import NAMES_FILE, ONNX_FILE
from ..inference.torch_tagger import TorchTagger
from ..modeling_kogner import KognerForTokenClassification
from .onnx_int8 import quantise

_OPSET = 20
_NAMES, _NAMES_A_ROW, _LONGEST_ROW = 360, 12, 128  # that calibrate 8 bits; the last in pieces
_EXAMPLE = (2, 24)  # sentences and tokens; sizes that the tracer would take for constants are 0 and 1


def export_onnx(
    model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase, folder: Path, int8: bool = False
) -> Path:
    """Write ``model.onnx``, ``names.onnx``, the tables, the configuration and the tokenizer; the path of the first.

    The first takes ``input_ids`` and ``attention_mask``, ``(B, T)`` int64 of any size that the encoder reads, and if
    the model reads its knowledge graph ``ngram_concepts``, ``(B, T, n, C)`` int64 of the index's ``lookup``; runtimes
    that know no 64-bit integers could not look up for themselves. It gives ``logits``, ``(B, T, L)`` float32, and
    follows no convention (see :class:`KognerModel`). The second gives the vectors of names, ``(B, d_n)``.

    Args:
        model: a tagger in float32 on the CPU.
        tokenizer: the one saved with it.
        folder: made if it is not there; files of these names are replaced.
        int8: weights of linear layers in 8 bits, activations quantised as they come; see :func:`quantise`. Tables
            keep their types.
    """
    with _plain_attention(model):
        graphs = {ONNX_FILE: _tagging(model)}
        if model.kogner.name_adapter is not None:
            graphs[NAMES_FILE] = _embedding(model)
    examples = _examples(model, tokenizer) if int8 else []
    for name, graph in graphs.items():
        inputs = [each.name for each in graph.graph.input]
        with whole_file(folder / name) as partial:
            onnx.save(_without_traces(graph), partial)
            if int8:
                quantise(partial, [{each: given[each] for each in inputs} for given in examples])
    save_tables(model, folder, "int8" if int8 else "fp32")
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder / ONNX_FILE


def save_tables(model: KognerForTokenClassification, folder: Path, precision: str = "fp32") -> None:
    """Write the tables that matching and linking need, next to the graphs."""
    arrays, about = tables_to_write(TorchTagger(model).tables, ExportedConfig.of(model.config), precision)
    with whole_file(folder / TABLES_FILE) as partial:
        partial.write_bytes(save(arrays, about))


@contextmanager
def _plain_attention(model: KognerForTokenClassification) -> Iterator[None]:
    """Attention as products of matrices; the fused one looks for rows without any key, which no window has."""
    config = model.kogner.encoder.config
    before = config._attn_implementation
    model.kogner.encoder.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.kogner.encoder.set_attn_implementation(before)


class _Logits(nn.Module):
    """The tagger with the inputs and the output of the graph alone."""

    def __init__(self, model: KognerForTokenClassification):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, ngram_concepts=None):
        return self.model(input_ids, attention_mask, ngram_concepts=ngram_concepts).logits


class _NameVectors(nn.Module):
    """The encoder with its adapter built in."""

    def __init__(self, model: KognerForTokenClassification):
        super().__init__()
        self.adapter, self.encoder = model.kogner.name_adapter, copy.deepcopy(model.kogner.encoder)
        own = dict(self.encoder.named_parameters())
        with torch.no_grad():
            for name, weight in self.adapter.weights(self.encoder).items():
                own[name].copy_(weight)

    def forward(self, input_ids, attention_mask):
        return self.adapter(self.encoder, input_ids, attention_mask, {})


def _tagging(model: KognerForTokenClassification) -> onnx.ModelProto:
    names = INPUTS[: 2 + model.config.has_knowledge]
    example = [torch.ones(_EXAMPLE, dtype=torch.long) for _ in names]  # one tensor twice would be one input
    if model.config.has_knowledge:
        example[2] = model.kogner.index.lookup(*example[:2])
    return _translate(_Logits(model.eval()), names, example, "logits")


def _embedding(model: KognerForTokenClassification) -> onnx.ModelProto:
    example = [torch.ones(_EXAMPLE, dtype=torch.long) for _ in INPUTS[:2]]
    return _translate(_NameVectors(model.eval()), INPUTS[:2], example, "vectors")


def _translate(module: nn.Module, names: Sequence[str], example: Sequence[Tensor], output: str) -> onnx.ModelProto:
    """Trace a module with operators that onnxruntime runs, and translate."""
    sizes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    noisy = logging.getLogger("torch.onnx._internal.exporter._registration")  # names packages that nobody needs here
    level = noisy.level
    noisy.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore", FutureWarning)
            with _OnnxOperators():
                traced = torch.export.export(module, tuple(example), dynamic_shapes=(sizes,) * len(names), strict=False)
            named = {"input_names": list(names), "output_names": [output]}
            program = torch.onnx.export(traced, (), dynamo=True, opset_version=_OPSET, verbose=False, **named)
    finally:
        noisy.setLevel(level)
    return program.model_proto


def _without_traces(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Drop what the exporter notes about each node: it names files of the machine that exported."""
    for part in (graph, graph.graph, *graph.graph.node, *graph.graph.value_info, *graph.graph.initializer):
        del part.metadata_props[:]
    for node in graph.graph.node:
        node.doc_string = ""
    return graph


def _examples(model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase) -> list[dict[str, np.ndarray]]:
    """Texts as inputs, of which the graph of names takes the first two: an example, and names of the graph in a row."""
    names = model.kogner.concepts.names
    places = np.linspace(0, len(names) - 1, _NAMES).astype(int) if len(names) else np.zeros(0, int)
    rows = [" and ".join(names[int(place)] for place in row) for row in places.reshape(-1, _NAMES_A_ROW)]
    plain, found = TextTokenizer.of(tokenizer), []
    for ids in plain.cut([*EXAMPLE.read_text().splitlines(), *rows], _LONGEST_ROW):
        pair = [np.array([ids]), np.ones((1, len(ids)), dtype=np.int64)]
        concepts = model.kogner.index.lookup(*map(torch.from_numpy, pair)).numpy() if model.config.has_knowledge else []
        found.append(dict(zip(INPUTS, (*pair, concepts), strict=True)))
    return found


def _unfold(x, dim, size, step):
    """Sliding windows along dimension 1; the tracer would ask for at least ``size`` tokens."""
    width = x.shape[1] - size + 1
    return torch.stack([x[:, offset : offset + width] for offset in range(size)], -1)


def _take(table, rows):
    """Rows of a table, by ``Gather`` instead of the slower ``GatherND``."""
    return table.index_select(0, rows.flatten()).view(*rows.shape, *table.shape[1:])


def _getitem(x, key):
    """Small integers widen once they are read: onnxruntime calculates with int64, tables stay as they are."""
    is_rows = isinstance(key, torch.Tensor) and key.dtype == torch.long
    read = _take(x, key) if is_rows else x[key]
    return read.long() if read.dtype == torch.uint8 else read


def _arange(*ends, dtype=None, **kwargs):
    return torch.arange(*ends, dtype=torch.long if dtype == torch.int16 else dtype, **kwargs)


def _where(condition, yes, no):
    """On truth values onnxruntime has no ``Where``."""
    if isinstance(yes, torch.Tensor) and yes.dtype == torch.bool:
        return condition & yes | ~condition & no
    return torch.where(condition, yes, no)


def _embedding_bag(rows, table, mode, **_):
    """Sum of rows; the tracer makes a loop over the rows of an ``embedding_bag``."""
    return nn.functional.embedding(rows, table).sum(-2)


class _OnnxOperators(TorchFunctionMode):
    """While it is on, operations that ONNX or onnxruntime lack are spelled in those they have."""

    instead = {
        torch.where: _where,
        torch.arange: _arange,
        torch.Tensor.unfold: _unfold,
        torch.Tensor.__getitem__: _getitem,
        nn.functional.embedding_bag: _embedding_bag,
    }

    def __torch_function__(self, function, types, args=(), kwargs=None):
        return self.instead.get(function, function)(*args, **(kwargs or {}))
