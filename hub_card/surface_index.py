"""From token ids to concepts: every n-gram of a batch is looked up in a sorted table of surface forms."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .configuration_kogner import KognerConfig
from .surface_keys import (
    ENDS_IN_S,
    FIRST_ALNUM,
    INVERSE,
    MAX_TOKEN_CHARACTERS,
    SHORT_KEY,
    SPACE_BEFORE,
    UNMATCHABLE,
    byte_value,
    to_signed,
)

_ONE_SPACE, _ONE_BARRED = 2**20, 2**37


class Links(NamedTuple):
    """What the knowledge graph says about each token of a batch.

    Shapes:
        - **evidence**: ``(B, T, 2K)`` float, begin and inside of the longest match, per semantic type.
        - **start**: ``(B, T)`` long, first token of the mention that covers a token; the token itself if none does.
        - **is_mention**: ``(B, T)`` bool, a mention starts here.
        - **covered**: ``(B, T)`` bool, a mention covers this token.
        - **candidates**: ``(B, T, C)`` long, concepts of the mention that starts here; -1 where there is none.
    """

    evidence: Tensor
    start: Tensor
    is_mention: Tensor
    covered: Tensor
    candidates: Tensor


class SurfaceIndex(nn.Module):
    r"""Find all surface forms of a batch with prefix sums and one binary search.

    Each token id has a *key*: its characters, lower case, without spaces, hyphens and apostrophes. The key of an
    n-gram is the concatenation of its tokens' keys, so it does not depend on how the tokenizer split the text. Its
    polynomial hash is a difference of prefix sums, with :math:`L_t` the characters up to and with token :math:`t`:

    .. math:: S_t = \sum_{j \le t} h_j P^{-L_j}, \qquad h_{i..e} = (S_e - S_{i-1}) P^{L_e} \pmod{2^{64}}

    Keys of five characters or more lose one final "s" on both sides (a plural finds its singular).
    A token reads, for each semantic type, the longest match that covers it; among equals the leftmost.

    Source: Karp & Rabin 1987 for the rolling hash; the table itself is ours.
    """

    token_hash: Tensor
    token_length: Tensor
    token_flags: Tensor
    power: Tensor
    surface_hash: Tensor
    surface_concept: Tensor
    concept_type: Tensor

    def __init__(self, config: KognerConfig):
        super().__init__()
        self.max_tokens = config.max_mention_tokens
        self.max_candidates = config.max_candidates
        self.num_types = config.num_types
        keys, rows = config.num_token_keys, config.num_surfaces
        self.register_buffer("token_hash", torch.zeros(keys, dtype=torch.long))
        self.register_buffer("token_length", torch.zeros(keys, dtype=torch.uint8))
        self.register_buffer("token_flags", torch.zeros(keys, dtype=torch.uint8))
        self.register_buffer("power", torch.zeros(2, MAX_TOKEN_CHARACTERS + 1, dtype=torch.long))
        self.register_buffer("surface_hash", torch.zeros(rows, dtype=torch.long))
        self.register_buffer("surface_concept", torch.zeros(rows, dtype=torch.int32))
        self.register_buffer("concept_type", torch.zeros(config.num_concepts, dtype=torch.uint8))

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        keep: Tensor | None = None,
        ngram_concepts: Tensor | None = None,
    ) -> Links:
        """Link a batch.

        Args:
            input_ids: ``(B, T)`` long.
            attention_mask: ``(B, T)``, 0 at padding; special tokens never match with or without it.
            keep: ``(B,)`` bool or None; False for sentences whose matches are hidden.
            ngram_concepts: ``(B, T, n, C)`` long, from :meth:`lookup` of the same batch; looked up if None.
        """
        if ngram_concepts is None:
            ngram_concepts = self.lookup(input_ids, attention_mask)
        if keep is not None:
            ngram_concepts = ngram_concepts.masked_fill(~keep[:, None, None, None], -1)
        return self.resolve(ngram_concepts)

    def lookup(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Concepts of every n-gram that starts at each token: ``(B, T, n, C)`` long, -1 where there is none."""
        query, valid = self.hash_ngrams(input_ids, attention_mask)  # (B, T, n)
        row = torch.searchsorted(self.surface_hash, query.contiguous())  # (B, T, n)
        width = min(self.max_candidates, self.surface_hash.numel())
        # Near the end the window moves back; rows of other keys in it do not hit.
        row = row.clamp(max=self.surface_hash.numel() - width)
        rows = row[..., None] + torch.arange(width, device=row.device)  # (B, T, n, C)
        hit = (self.surface_hash[rows] == query[..., None]) & valid[..., None]
        return torch.where(hit, self.surface_concept[rows].long(), -1)

    def hash_ngrams(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Hash of every n-gram and whether it may be a mention: ``(B, T, n)`` long and bool."""
        flags, length = self.token_flags[input_ids], self.token_length[input_ids]  # (B, T)
        if attention_mask is not None:
            padding = attention_mask == 0
            flags, length = flags.masked_fill(padding, UNMATCHABLE), length.masked_fill(padding, 0)
        length = length.long()
        scale, unscale = self.power[:, length].cumprod(-1)  # P^L and P^-L, (B, T) each
        term = self.token_hash[input_ids] * unscale
        total = term.cumsum(-1)

        def ends(x: Tensor, beyond: int = 0) -> Tensor:  # (B, T) -> (B, T, n): the value at the n-gram's last token
            return nn.functional.pad(x, (0, self.max_tokens - 1), value=beyond).unfold(1, self.max_tokens, 1)

        boundary, spaced = self._boundaries(flags)
        usable = length > 0
        may_end = usable & nn.functional.pad(boundary, (0, 1), value=1)[:, 1:]

        # Three counters in one number: characters, spaces inside running letters, tokens that no mention may hold.
        counter = torch.add(length, spaced, alpha=_ONE_SPACE).add(flags & UNMATCHABLE, alpha=_ONE_BARRED)
        running = counter.cumsum(-1)
        counted = ends(running, 2**62) - (running - length)[..., None]  # (B, T, n)
        long_key = (counted & (_ONE_SPACE - 1)) >= SHORT_KEY
        fits = torch.where(long_key, counted < _ONE_BARRED, counted < _ONE_SPACE)

        query = (ends(total) - (total - term)[..., None]) * ends(scale)  # (B, T, n)
        plural = long_key & ends((flags & ENDS_IN_S) != 0)
        query = torch.where(plural, (query - to_signed(byte_value(ord("s")))) * to_signed(INVERSE), query)
        return query, (usable & boundary)[..., None] & ends(may_end) & fits

    def continues(self, input_ids: Tensor) -> Tensor | None:
        """Tokens that go on with the word of the token before: ``(B, T)`` bool, or None without a table of tokens."""
        if not self.token_flags.numel():
            return None
        boundary, _ = self._boundaries(self.token_flags[input_ids])
        return ~boundary

    @staticmethod
    def _boundaries(flags: Tensor) -> tuple[Tensor, Tensor]:
        """Where a word starts, and tokens that follow a space inside running letters; ``(B, T)`` bool each."""
        previous = nn.functional.pad(flags, (1, 0))[:, :-1]
        # Bit FIRST_ALNUM: letters on both sides of the border; bit SPACE_BEFORE: a space there.
        border = (previous >> 1 | SPACE_BEFORE) & flags & (FIRST_ALNUM | SPACE_BEFORE)
        return border != FIRST_ALNUM, border == FIRST_ALNUM | SPACE_BEFORE

    def resolve(self, ngram_concepts: Tensor) -> Links:
        """Longest match for each type and token, and the mentions of any type.

        ``ngram_concepts``: ``(B, T, n, C)`` long.
        """
        found = ngram_concepts >= 0
        types = self.concept_type[ngram_concepts.clamp(min=0)]  # (B, T, n, C)
        kinds = torch.arange(self.num_types, device=ngram_concepts.device, dtype=types.dtype)
        of_type = ((types[..., None] == kinds) & found[..., None]).any(-2)  # (B, T, n, K)
        sizes = torch.arange(1, self.max_tokens + 1, device=ngram_concepts.device, dtype=torch.int16)
        longest = (of_type * sizes[:, None]).amax(2)  # (B, T, K), tokens of the longest match that starts here
        longest = torch.cat([longest, longest.amax(-1, keepdim=True)], -1)  # (B, T, K + 1), last: any type

        rank = self._cover(longest)  # (B, T, K + 1)
        covered, offset = rank >= 0, rank % self.max_tokens
        begin = offset == 0  # -1 % n is not 0: where nothing covers, nothing begins
        evidence = torch.cat([begin[..., :-1], (covered ^ begin)[..., :-1]], -1).float()
        is_mention = begin[..., -1]
        start = (
            torch.arange(ngram_concepts.shape[1], device=ngram_concepts.device) - (offset * covered)[..., -1]
        )  # (B, T)
        own = longest[..., -1].clamp(min=1).long() - 1  # (B, T)
        candidates = ngram_concepts.gather(2, own[..., None, None].expand(-1, -1, 1, ngram_concepts.shape[-1]))[:, :, 0]
        candidates = torch.where(is_mention[..., None], candidates, -1)  # (B, T, C)
        return Links(evidence, start, is_mention, covered[..., -1], candidates)

    def _cover(self, longest: Tensor) -> Tensor:
        """Rank of the match that covers each token, -1 if none does; modulo ``n`` it is the tokens back to its start.

        ``longest``: ``(B, T, K + 1)``, tokens of the longest match that starts here.
        """
        span = self.max_tokens
        back = nn.functional.pad(longest, (0, 0, span - 1, 0)).unfold(1, span, 1)  # (B, T, K + 1, offset)
        offsets = torch.arange(span - 1, -1, -1, device=longest.device, dtype=longest.dtype)
        # Longer first, then further left.
        return torch.where(back > offsets, torch.add(offsets, back, alpha=span), -1).amax(-1)
