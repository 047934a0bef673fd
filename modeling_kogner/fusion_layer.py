"""A transformer layer after the fusion, for encoders of any family."""

import torch
from torch import Tensor, nn


class FusionLayer(nn.Module):
    """Self-attention and a feed-forward block with residuals and norms after each, as in BERT.

    It is present with and without knowledge, so that a comparison of the two compares equal models.

    Source: Vaswani et al. 2017 (arXiv:1706.03762), post-norm.

    Shapes:
        - **hidden**: ``(B, T, d_h)`` float.
        - **attention_mask**: ``(B, T)``, 0 at padding, or None.
        - **output**: ``(B, T, d_h)`` float.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.1):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Mix the tokens of each sentence."""
        mixed = self.out(self._attend(hidden, attention_mask))
        hidden = self.attention_norm(hidden + self.dropout(mixed))
        return self.feed_forward_norm(hidden + self.dropout(self.down(nn.functional.gelu(self.up(hidden)))))

    def _attend(self, hidden: Tensor, attention_mask: Tensor | None) -> Tensor:
        query, key, value = (  # (B, H, T, d_h / H) each
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(hidden).chunk(3, -1)
        )
        mask = None
        if attention_mask is not None:
            mask = torch.zeros_like(attention_mask, dtype=query.dtype)
            mask = mask.masked_fill(attention_mask == 0, torch.finfo(query.dtype).min)[:, None, None]
        mixed = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return mixed.transpose(1, 2).flatten(2)  # (B, T, d_h)
