"""An exported tagger, called like the model it was made from."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import torch
from transformers.modeling_outputs import TokenClassifierOutput

from ..configuration_kogner import KognerConfig
from ..knowledge_encoder import KognerModel

ONNX_FILE = "model.onnx"
INPUTS = ("input_ids", "attention_mask")


class OnnxTagger:
    """Logits by onnxruntime on the CPU.

    ``Annotator(OnnxTagger(folder, model.kogner), tokenizer)`` annotates with the graph and links with the model's
    names of concepts, which the graph does not hold.

    Args:
        folder: what ``kogner export`` wrote.
        kogner: of the model that was exported; needed for linking only.
        threads: onnxruntime's; all cores by default.

    Raises:
        ValueError: there is no exported model.
    """

    device = torch.device("cpu")

    def __init__(self, folder: str | Path, kogner: KognerModel | None = None, threads: int | None = None):
        path = Path(folder) / ONNX_FILE
        if not path.is_file():
            raise ValueError(f"{path}: no such file; write it with kogner export MODEL --output {folder}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        try:
            self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own errors share no base
            raise ValueError(f"{path}: damaged, or of another version ({error}); export the model again") from error
        self.config = KognerConfig.from_pretrained(folder)
        self.kogner = kogner

    def eval(self) -> OnnxTagger:
        """Itself: there is no other mode."""
        return self

    def __call__(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> TokenClassifierOutput:
        """Tag a batch; ``(B, T)`` long each."""
        given = dict(zip(INPUTS, (input_ids.numpy(), attention_mask.numpy()), strict=True))
        (logits,) = self.session.run(None, given)
        return TokenClassifierOutput(logits=torch.from_numpy(logits))
