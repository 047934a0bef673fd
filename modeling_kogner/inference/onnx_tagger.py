"""An exported tagger, called like the model it was made from."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers.modeling_outputs import TokenClassifierOutput

from ..concept_catalogue import ConceptCatalogue
from ..configuration_kogner import KognerConfig
from ..files.errors import InputError
from ..surface_index import SurfaceIndex
from .model_folder import ONNX_FILE

LINKER_FILE = "linker.safetensors"
INPUTS = ("input_ids", "attention_mask")
_EXPORT_AGAIN = "export the model again"


class LinkerTables:
    """What linking needs of a model: the index of written forms, and ids and names of concepts.

    Args:
        config: of the exported model.
        path: file that ``kogner export`` wrote.

    Raises:
        InputError: there are no such tables, or those of another model.
    """

    def __init__(self, config: KognerConfig, path: Path):
        try:
            tables = load_file(path)
            catalogue = tables.pop("catalogue")
            self.index = SurfaceIndex(config)
            self.index.load_state_dict(tables)
        except (OSError, SafetensorError, KeyError, RuntimeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(f"cannot be read ({reason})", file=path, fix=_EXPORT_AGAIN) from error
        self.concepts = ConceptCatalogue.from_bytes(catalogue)


class OnnxTagger:
    """Logits by onnxruntime on the CPU; an :class:`Annotator` takes it instead of a model.

    Args:
        folder: what ``kogner export`` wrote.
        threads: onnxruntime's; all cores by default.

    Raises:
        InputError: there is no exported model, or it is damaged.
    """

    device = torch.device("cpu")

    def __init__(self, folder: str | Path, threads: int | None = None):
        path = Path(folder) / ONNX_FILE
        if not path.is_file():
            raise InputError("no such file", file=path, fix=f"write it with kogner export MODEL --output {folder}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        try:
            self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own errors share no base
            raise InputError(f"damaged, or of another version ({error})", file=path, fix=_EXPORT_AGAIN) from error
        try:
            self.config = KognerConfig.from_pretrained(folder)
        except OSError:
            raise InputError("config.json is missing", file=folder, fix=_EXPORT_AGAIN) from None
        self.kogner = LinkerTables(self.config, Path(folder) / LINKER_FILE)

    def eval(self) -> OnnxTagger:
        """Itself: there is no other mode."""
        return self

    def __call__(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> TokenClassifierOutput:
        """Tag a batch; ``(B, T)`` long each."""
        given = dict(zip(INPUTS, (input_ids.numpy(), attention_mask.numpy()), strict=True))
        (logits,) = self.session.run(None, given)
        return TokenClassifierOutput(logits=torch.from_numpy(logits))
