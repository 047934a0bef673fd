"""Tags that form mentions: log-odds of the best path on which every inside follows a begin or an inside."""

import torch
from torch import Tensor, nn

LEVELS = 7
NEVER = -1e4  # log-odds of what padding may not begin or continue


def path_odds(odds: Tensor, attention_mask: Tensor | None = None) -> Tensor:
    r"""Replace each decision's log-odds by those of the best whole path through it.

    Token by token, a mention may fall apart: "migraine with aura" gets the tags B O I. Of the paths on which I follows
    B or I of its type, let :math:`r_t` be how much worse the best one is that has a mention open at :math:`t`, and
    :math:`q_t` how much better the rest of the text scores with it open than without. Then, for log-odds
    :math:`b_t` and :math:`i_t` of begin and inside against outside,

    .. math:: b'_t = b_t + q_t, \qquad i'_t = r_{t-1} + i_t + q_t

    .. math:: r_t = \min(0, \max(b_t, r_{t-1} + i_t)), \qquad
        q_{t-1} = \min(m_t - b_t, \max(0, q_t + m_t)), \quad m_t = \max(b_t, i_t)

    The argmax of the new log-odds is the best path of a type (Viterbi), so a stock pipeline decodes it. Types are
    decided independently, as in training. Both recursions compose saturating additions, which are closed under
    composition, so they are computed in ``LEVELS`` doublings; a mention of more than ``2 ** LEVELS`` tokens is cut.

    Source: max-marginals, Wainwright & Jordan 2008, section 8 (doi:10.1561/2200000001); the closed form is ours.

    Shapes:
        - **odds**: ``(B, T, 2K)`` float, begin and inside of each type against outside.
        - **attention_mask**: ``(B, T)``, 0 at padding.
        - **output**: ``(B, T, 2K)`` float32.
    """
    begin, inside = odds.float().unflatten(-1, (-1, 2)).unbind(-1)  # (B, T, K) each
    if attention_mask is not None:
        padding = (attention_mask == 0)[..., None]
        begin, inside = begin.masked_fill(padding, NEVER), inside.masked_fill(padding, NEVER)
    either = torch.maximum(begin, inside)
    # Saturating additions x -> clamp(x + add, low, high), one a token; the second row runs from the end.
    add = torch.stack([inside, either.flip(1)])  # (2, B, T, K)
    low = torch.stack([begin.clamp(max=0), torch.zeros_like(begin)])
    high = torch.stack([torch.zeros_like(begin), (either - begin).flip(1)])
    for level in range(LEVELS):
        before = [_delayed(part, 2**level, fill) for part, fill in ((add, 0.0), (low, 2 * NEVER), (high, -2 * NEVER))]
        low, high = _clamp(before[1] + add, low, high), _clamp(before[2] + add, low, high)
        add = add + before[0]
    # Before the text nothing is open, and after it an open mention is worth nothing.
    start = torch.tensor([2 * NEVER, 0.0], device=odds.device)[:, None, None, None]
    open_here, worth_before = _clamp(start + add, low, high).unbind(0)
    open_before = _delayed(open_here, 1, 2 * NEVER)
    worth = _delayed(worth_before, 1, 0.0).flip(1)  # q_t, from the tokens after t
    return torch.stack([begin + worth, open_before + inside + worth], -1).flatten(-2)  # (B, T, 2K)


def _clamp(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return torch.minimum(torch.maximum(x, low), high)


def _delayed(x: Tensor, steps: int, fill: float) -> Tensor:
    """``x`` of ``steps`` tokens before, ``fill`` where there is none. ``x``: ``(..., T, K)``."""
    return nn.functional.pad(x, (0, 0, steps, 0), value=fill)[..., : x.shape[-2], :]
