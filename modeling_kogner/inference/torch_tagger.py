"""A tagger in torch, as the annotator reads it: arrays in, arrays out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from ..configuration_kogner import KognerConfig
from ..modeling_kogner import KognerForTokenClassification
from .precision import set_precision
from .tables import Tables


class TorchTagger:
    """Log-odds, tables and name vectors of a model.

    Args:
        model: on any device.
    """

    can_be_forked = True

    def __init__(self, model: KognerForTokenClassification):
        self.model = model.eval()
        self._tables: Tables | None = None
        self._of: tuple[Any, ...] = ()
        self._names: nn.Module | None = None

    @property
    def config(self) -> KognerConfig:
        """Of the model."""
        return self.model.config

    @property
    def on_cpu(self) -> bool:
        """Whether it runs on the CPU."""
        return self.model.device.type == "cpu"

    def to(self, device: str, precision: str | None = None) -> None:
        """Take the model to a device, in a precision (see :func:`set_precision`); its tables stay where they are."""
        tables = self.tables
        self.model.to(device=device)
        set_precision(self.model, precision)
        self._tables, self._of, self._names = tables, self._version(), None

    @property
    def tables(self) -> Tables:
        """The model's tables as they are now: names may have been added."""
        body = self.model.kogner
        now = self._version()
        if self._tables is None or any(one is not other for one, other in zip(now, self._of, strict=True)):
            modules = {
                name: getattr(body, name, None) for name in ("index", "nodes", "linking", "names", "link_choice")
            }
            parts = {name: _arrays(module) for name, module in modules.items() if module is not None}
            self._tables, self._of = Tables(parts, body.concepts), now
        return self._tables

    def _version(self) -> tuple[Any, ...]:
        """What another table replaces when names are added."""
        body = self.model.kogner
        return body.concepts, body.index.surface_hash

    @torch.inference_mode()
    def odds(self, input_ids: np.ndarray, attention_mask: np.ndarray, convention: int = 0) -> np.ndarray:
        """Log-odds of begin and inside of each type against outside: ``(B, T, L - 1)`` float32.

        Args:
            input_ids: ``(B, T)`` int64.
            attention_mask: ``(B, T)`` int64.
            convention: to follow; 0 for none.
        """
        device = self.model.device
        ids, mask = (torch.from_numpy(array).to(device) for array in (input_ids, attention_mask))
        told = {"convention": torch.full((len(ids),), convention, device=device)} if convention else {}
        logits = self.model(input_ids=ids, attention_mask=mask, **told).logits.float()  # (B, T, L)
        return (logits[..., 1:] - logits[..., :1]).cpu().numpy()

    @torch.inference_mode()
    def embed(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        """Vectors of names: ``(B, T)`` int64 each to ``(B, d_n)`` float32 of length 1."""
        body = self.model.kogner
        adapter = body.name_adapter
        assert adapter is not None  # noqa: S101  # a model with name vectors has one
        if self._names is None:
            self._names = _with_weights(body.encoder, adapter.weights(body.encoder))
        ids, mask = (torch.from_numpy(array).to(body.device) for array in (input_ids, attention_mask))
        return adapter(self._names, ids, mask, {}).float().cpu().numpy()

    def share(self, threads: int) -> None:
        """From now on let so many threads read and embed at a time, on a core each."""
        torch.set_num_threads(1)


def _with_weights(encoder: nn.Module, weights: Mapping[str, torch.Tensor]) -> nn.Module:
    """A twin with other weights that shares the rest; the encoder stays as it is for other threads."""
    own = dict(encoder.named_parameters())
    others = {name: nn.Parameter(weight, requires_grad=False) for name, weight in weights.items()}
    return copy.deepcopy(encoder, {id(parameter): others.get(name, parameter) for name, parameter in own.items()})


def _arrays(module: nn.Module) -> Mapping[str, np.ndarray]:
    """Parameters and buffers, those in half precision as float32; on a CPU they share memory."""
    tensors = {name: tensor.detach() for name, tensor in module.state_dict().items()}
    return {
        name: (tensor.float() if tensor.is_floating_point() else tensor).cpu().numpy()
        for name, tensor in tensors.items()
    }
