"""Tags that form mentions: log-odds of the best path on which every inside follows a begin or an inside."""

import torch
from torch import Tensor, nn

LEVELS = 7
NEVER = -1e4  # log-odds of what padding may not begin or continue


def path_odds(odds: Tensor, attention_mask: Tensor | None = None, continues: Tensor | None = None) -> Tensor:
    r"""Replace each decision's log-odds by those of the best whole path through it.

    Token by token, a mention may fall apart: "migraine with aura" gets the tags B O I. Of the paths on which I follows
    B or I of its type, let :math:`d_t` be how much better the best one is that has a mention open at :math:`t` than the
    best one that has not, and :math:`q_t` how much better the rest of the text scores with it open than without. Then,
    for log-odds :math:`b_t` and :math:`i_t` of begin and inside against outside,

    .. math:: b'_t = b_t + q_t, \qquad i'_t = \min(0, d_{t-1}) + i_t + q_t

    .. math:: d_t = \max(b_t, \min(0, d_{t-1}) + i_t), \qquad
        q_{t-1} = \min(m_t - b_t, \max(0, q_t + m_t)), \quad m_t = \max(b_t, i_t)

    The argmax of the new log-odds is the best path of a type (Viterbi), so a stock pipeline decodes it. Types are
    decided independently, as in training. A token that ``continues`` a word is inside wherever the one before is in a
    mention and outside elsewhere, so :math:`d_t = d_{t-1} + i_t` and :math:`q_{t-1} = q_t + i_t`.

    All are saturating additions, which are closed under composition, so they are computed in ``LEVELS`` doublings; a
    mention of more than ``2 ** LEVELS`` tokens is cut.

    Source: max-marginals, Wainwright & Jordan 2008, section 8 (doi:10.1561/2200000001); the closed form is ours.

    Shapes:
        - **odds**: ``(B, T, 2K)`` float, begin and inside of each type against outside.
        - **attention_mask**: ``(B, T)``, 0 at padding.
        - **continues**: ``(B, T)`` bool, tokens within a word after its first.
        - **output**: ``(B, T, 2K)`` float32.
    """
    begin, inside = odds.float().unflatten(-1, (-1, 2)).unbind(-1)  # (B, T, K) each
    if attention_mask is not None:
        padding = (attention_mask == 0)[..., None]
        begin, inside = begin.masked_fill(padding, NEVER), inside.masked_fill(padding, NEVER)
    either = torch.maximum(begin, inside)
    # Saturating additions x -> clamp(x + add, low, high), one a token; the second row runs from the end.
    add = torch.stack([inside, either.flip(1)])  # (2, B, T, K)
    low = torch.stack([begin, torch.zeros_like(begin)])
    high = torch.stack([either, (either - begin).flip(1)])
    within = torch.zeros_like(begin, dtype=torch.bool)
    if continues is not None:
        within = continues[..., None].expand_as(begin)
        both = torch.stack([within, within.flip(1)])
        add = torch.where(both, torch.stack([inside, inside.flip(1)]), add)
        low, high = low.masked_fill(both, 2 * NEVER), high.masked_fill(both, -2 * NEVER)
    for level in range(LEVELS):
        before = [_delayed(part, 2**level, fill) for part, fill in ((add, 0.0), (low, 2 * NEVER), (high, -2 * NEVER))]
        low, high = _clamp(before[1] + add, low, high), _clamp(before[2] + add, low, high)
        add = add + before[0]
    # Before the text nothing is open, and after it an open mention is worth nothing.
    start = torch.tensor([2 * NEVER, 0.0], device=odds.device)[:, None, None, None]
    open_here, worth_before = _clamp(start + add, low, high).unbind(0)
    open_before = _delayed(open_here, 1, 2 * NEVER)
    open_before = torch.where(within, open_before, open_before.clamp(max=0))
    worth = _delayed(worth_before, 1, 0.0).flip(1)  # q_t, from the tokens after t
    begin = begin.masked_fill(within, NEVER)
    return torch.stack([begin + worth, open_before + inside + worth], -1).flatten(-2)  # (B, T, 2K)


def _clamp(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return torch.minimum(torch.maximum(x, low), high)


def _delayed(x: Tensor, steps: int, fill: float) -> Tensor:
    """``x`` of ``steps`` tokens before, ``fill`` where there is none. ``x``: ``(..., T, K)``."""
    return nn.functional.pad(x, (0, 0, steps, 0), value=fill)[..., : x.shape[-2], :]
