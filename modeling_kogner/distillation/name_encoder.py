"""Text features Z of concepts: the encoder's embedding of the preferred name."""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

from ..configuration_kogner import KognerConfig
from ..files.counting import counting
from ..files.errors import InputError
from ..modeling_kogner import KognerForTokenClassification

MOST_PIECES = 64  # word pieces; longer names are systematic chemical names whose tail says little


@torch.no_grad()
def encode_names(names: Sequence[str], encoder: str, device: torch.device, batch_size: int = 0) -> Tensor:
    r"""Embed names as the L2-normalised mean of the encoder's last hidden states.

    Vectors are *not* centred here; the first layer of each model that reads them has a bias, which does that.

    Args:
        names: Preferred names.
        encoder: Folder or Hub id of any model that ``AutoModel`` reads, or of a KoGNER model, whose encoder is taken.
        device: Where the encoder runs; bf16 on CUDA, float32 elsewhere.
        batch_size: Names per batch; 0 chooses 4,096 on CUDA and 128 elsewhere.

    Shapes:
        - **output**: ``(N, d_h)`` float32 on ``device``, each row of length 1.

    Raises:
        InputError: If there is no name to embed.
    """
    if not names:
        raise InputError("the knowledge folder holds no concepts", fix="build it with `kogner graph build`")
    dtype, default = (torch.bfloat16, 4_096) if device.type == "cuda" else (torch.float32, 128)
    size = batch_size or default
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    model = _read(encoder).to(device, dtype).eval()

    ids = _tokenize(list(names), tokenizer)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))  # equal lengths together: hardly any padding
    vectors = torch.empty(len(ids), model.config.hidden_size, device=device)
    for start in counting(range(0, len(order), size), "names -> vectors"):
        rows = order[start : start + size]
        batch = tokenizer.pad({"input_ids": [ids[i] for i in rows]}, return_tensors="pt").to(device)
        hidden = model(batch["input_ids"], batch["attention_mask"]).last_hidden_state  # (B, T, d_h)
        mask = batch["attention_mask"][..., None].float()  # (B, T, 1)
        vectors[torch.tensor(rows, device=device)] = (hidden.float() * mask).sum(1) / mask.sum(1)  # (B, d_h)
    return torch.nn.functional.normalize(vectors, dim=-1)


def _read(source: str) -> PreTrainedModel:
    if KognerConfig.get_config_dict(source)[0].get("model_type") == KognerConfig.model_type:
        return KognerForTokenClassification.from_pretrained(source).kogner.encoder
    return AutoModel.from_pretrained(source)


def _tokenize(names: list[str], tokenizer, chunk: int = 50_000) -> list[list[int]]:
    ids: list[list[int]] = []
    for start in range(0, len(names), chunk):
        ids += tokenizer(names[start : start + chunk], truncation=True, max_length=MOST_PIECES)["input_ids"]
    return ids
