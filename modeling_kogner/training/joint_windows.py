"""The training tokens of a recipe's corpora, read as batches of windows with what they supervise."""

from __future__ import annotations

import numpy as np
import torch
from datasets import Dataset
from torch.utils.data import DataLoader
from transformers import PreTrainedTokenizerBase, TrainingArguments

from ..configuration_kogner import KognerConfig
from ..corpora.flat_tokens import FlatTokens
from ..corpora.text_tokenizer import TextTokenizer
from ..losses import IGNORED
from .recipe import Recipe
from .recipe_corpora import ROW
from .supervision import Rules, label_numbers, supervise
from .window_batches import Sentences, WindowSampler, padded


class JointWindows(torch.utils.data.Dataset):
    """All training tokens of a recipe; an item is a batch of windows, with what it supervises.

    Args:
        recipe: without excluded corpora.
        train: training sentences by corpus.
        tokenizer: of the model.
        config: of the model.
        batch_tokens: most padded tokens of a batch.
        max_length: most tokens of a window, special tokens included.
    """

    def __init__(
        self,
        recipe: Recipe,
        train: dict[str, Dataset],
        tokenizer: PreTrainedTokenizerBase,
        config: KognerConfig,
        batch_tokens: int,
        max_length: int,
    ):
        self.before, self.after = TextTokenizer.of(tokenizer).special_tokens
        self.pad = tokenizer.pad_token_id
        specials = len(self.before) + len(self.after)
        self.rules = Rules.of(recipe)
        numbers, flat = label_numbers(recipe.types), []
        self.sentences: list[Sentences] = []
        for number, rows in enumerate(train.values()):
            flat.append(FlatTokens.of(rows["tokens"][:], rows["ner_tags"][:], tokenizer, numbers))
            first = sum(len(each.ids) for each in flat[:-1])
            self.sentences.append(_sentences(number, rows, flat[-1].lengths, first))
        self.ids = np.concatenate([each.ids for each in flat])
        self.numbers = np.concatenate([each.labels for each in flat])
        self.tokens = {name: each.tokens for name, each in zip(train, self.sentences, strict=True)}
        self.drawing = {
            "always_told": (~self.rules.default.any(-1)).tolist(),
            "convention_dropout": config.convention_dropout,
            "exponent": recipe.sampling_exponent,
            "weights": [recipe.corpora[name].weight for name in train],
            "context": recipe.context_tokens,
            "longest": min(max_length, tokenizer.model_max_length) - specials,
            "tokens": batch_tokens,
            "specials": specials,
        }

    def __len__(self) -> int:
        return sum(len(each.lengths) for each in self.sentences)

    def __getitems__(self, windows: np.ndarray) -> dict[str, torch.Tensor]:
        """Windows as :class:`WindowSampler` draws them, ``(B, 4)``, as inputs of the model."""
        start, length, corpus, told = torch.from_numpy(np.ascontiguousarray(windows.T))  # (B,) each
        lead, size = len(self.before), length[:, None] + len(self.before)
        place = torch.arange(int(padded(windows[:, 1].max() + lead + len(self.after))))  # (T,)
        inside = (place >= lead) & (place < size)  # (B, T)
        index = (start[:, None] + place - lead).clamp(0, len(self.ids) - 1).numpy()
        input_ids = torch.from_numpy(self.ids[index]).long().masked_fill(~inside, self.pad)
        for number, token in enumerate(self.before):
            input_ids[:, number] = token
        for number, token in enumerate(self.after):
            input_ids.masked_fill_(place == size + number, token)
        numbers = torch.from_numpy(self.numbers[index]).long().masked_fill(~inside, 0)
        labels, counted = supervise(numbers, corpus, told.bool(), self.rules)
        return {
            "input_ids": input_ids,
            "attention_mask": (place < size + len(self.after)).long(),
            "labels": labels.masked_fill(~inside, IGNORED),
            "type_mask": counted & inside[..., None],  # (B, T, K)
            "convention": torch.where(told.bool(), corpus + 1, 0),
        }

    def sampler(self, args: TrainingArguments) -> WindowSampler:
        """Batches for one of the processes of a run."""
        seed = args.seed if args.data_seed is None else args.data_seed
        turns = {"process": args.process_index, "processes": args.world_size}
        return WindowSampler(self.sentences, **self.drawing, seed=seed, **turns)


class WindowLoader(DataLoader):
    """Batches of windows, read ahead by the processes that the Trainer's arguments ask for."""

    def __init__(self, windows: JointWindows, args: TrainingArguments):
        workers = args.dataloader_num_workers
        more = {"prefetch_factor": args.dataloader_prefetch_factor or 8} if workers else {}
        super().__init__(
            windows,
            batch_sampler=windows.sampler(args),
            collate_fn=_as_it_is,
            num_workers=workers,
            pin_memory=args.dataloader_pin_memory,
            persistent_workers=workers > 0,
            **more,
        )

    def set_epoch(self, epoch: int) -> None:
        """Draw that epoch's windows next."""
        self.batch_sampler.set_epoch(epoch)


def _as_it_is(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return batch


def _sentences(corpus: int, rows: Dataset, lengths: np.ndarray, first: int) -> Sentences:
    """Where the sentences of a corpus stand; a run ends with a document, and where sentences were dropped."""
    gaps = np.diff(np.array(rows[ROW][:]), prepend=0) != 1
    if "document" in rows.column_names:
        documents = np.unique(np.array(rows["document"][:]), return_inverse=True)[1]
        gaps |= np.diff(documents, prepend=-1) != 0
    starts = first + np.cumsum(lengths) - lengths
    there = lengths > 0
    return Sentences(corpus, starts[there], lengths[there], np.cumsum(gaps)[there])
