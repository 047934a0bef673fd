"""Text that a model rehearses while it is trained further: sentences of our own, filled with names of its graph."""

from __future__ import annotations

import re

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from ..modeling_kogner import KognerForTokenClassification
from .further import KnownTypes

WINDOWS, SENTENCES_A_WINDOW = 4, 6  # of a step
_LEAST_NAMES = 50  # of a semantic type in training documents; where there are fewer, all of its names are drawn
_ANY, _VARIANT = "Name", "Variant"
_COMMON = ("Disease", "Chemical", "Anatomy", "Cell")  # whose names texts write in lower case
_SLOT = re.compile(r"\{(\w+)\}")
# A slot has a name of that semantic type of the graph, {Name} of any, {Variant} a form that no graph lists.
_SENTENCES = """
{Gene} was expressed in the {Anatomy} of {Species} that had received {Chemical} for two weeks.
Patients with {Disease} were treated with {Chemical} or {Chemical}, and the response was assessed after one year.
Mutations of {Gene} cause {Disease}, but the effect of {Variant} on protein function is not known.
We found that {Chemical} inhibits {Gene} and reduces the growth of {CellLine} cells in a dose-dependent manner.
{Disease} and {Disease} are frequent complications of treatment with {Chemical}.
In {Species}, loss of {Gene} led to {Disease} and to changes of the {Anatomy}.
The {Variant} variant of {Gene} was associated with {Disease} in a cohort of 214 patients (P = 0.003).
{Cell} were isolated from the {Anatomy} and incubated with {Chemical}.
Levels of {Chemical} in serum were higher in patients with {Disease} than in healthy controls.
{Gene} interacts with {Gene} and {Gene}, as shown by immunoprecipitation from {CellLine} cells.
We report a case of {Disease} that occurred after {Chemical} was given to a 54-year-old woman with {Disease}.
Infection with {Species} was detected in 12 of 60 samples by polymerase chain reaction.
Transcription of {Gene} is regulated by {Gene} in {Cell}.
Administration of {Chemical} to {Species} decreased {Gene} mRNA in the {Anatomy} by 40%.
These results suggest that {Gene} is a candidate gene for {Disease}.
The role of {Gene} in the development of {Disease} remains unclear.
{Species} were fed a diet with {Chemical}, and {Disease} was seen in half of them.
No significant difference between {Chemical} and placebo was found in the incidence of {Disease}.
{CellLine} and {CellLine} cells were transfected with {Gene} and cultured for 48 h.
Phosphorylation of {Gene} by {Gene} was blocked by {Chemical}.
A family with {Disease} was screened, and {Variant} in exon 4 of {Gene} was found in all affected members.
{Disease}, {Disease}, and {Disease} were the most common adverse events.
Knockdown of {Gene} increased apoptosis of {CellLine} cells and made them sensitive to {Chemical}.
The complex of {Gene} and {Gene} binds to the promoter of {Gene}.
Biopsies of the {Anatomy} showed {Disease} with infiltration of {Cell}.
Members of the {Family} family, such as {Gene}, are activated by {Chemical}.
The {Species} protein is similar to human {Gene} and lacks the {Family} domain.
BACKGROUND: {Disease} is a major cause of death. METHODS: We genotyped {Variant} and {Variant} of {Gene}.
CONCLUSION: {Chemical} should be used with care in patients with {Disease} or a history of {Disease}.
Serum concentrations of {Gene} correlated with the severity of {Disease}.
{Name} was compared with {Name} in all samples.
The relation of {Name} to {Name} and {Name} was studied.
""".strip().splitlines()


class Rehearsal:
    r"""Holds a model to what it said of text that is not like the training sentences.

    A few sentences of one kind say nothing of most that a model has learned, and it would be lost: with fifty on doses,
    seven points of genes in other texts. The loss is that of :class:`KnownTypes`, on windows drawn anew for each step.

    Source: Robins 1995, Catastrophic forgetting, rehearsal and pseudorehearsal (Connection Science 7:123).

    Args:
        model: with a graph whose names fill the sentences, before training.
        tokenizer: of the model.
        known: what the model said before.
        weight: factor of the loss.
        seed: of the draws.
    """

    def __init__(
        self,
        model: KognerForTokenClassification,
        tokenizer: PreTrainedTokenizerBase,
        known: KnownTypes,
        weight: float,
        seed: int,
    ):
        self._tokenizer, self._known, self._weight = tokenizer, known, weight
        self._types, self._rng = len(model.config.entity_types), np.random.default_rng(seed)
        self._names, self._pools = model.kogner.concepts.names, _pools(model)
        self._sentences = [each for each in _SENTENCES if self._pools.keys() >= {*_SLOT.findall(each)} - {_VARIANT}]

    def __bool__(self) -> bool:
        """Whether the graph has names."""
        return bool(self._sentences)

    def draw(self) -> dict[str, Tensor]:
        """Inputs of the model for a step: ``input_ids``, ``attention_mask`` ``(B, T)``, ``type_mask`` ``(B, K)``."""
        chosen = self._rng.choice(self._sentences, (WINDOWS, SENTENCES_A_WINDOW))
        texts = [" ".join(map(self._filled, sentences)) for sentences in chosen]
        batch = self._tokenizer(texts, truncation=True, padding=True, return_tensors="pt")
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        return inputs | {"type_mask": torch.zeros(WINDOWS, self._types, dtype=torch.bool)}  # nobody annotated them

    def loss(self, model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
        """Loss of a batch of :meth:`draw`."""
        given = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        return self._weight * self._known.loss(model(**given).logits, inputs)

    def _filled(self, sentence: str) -> str:
        return _SLOT.sub(lambda slot: self._name(slot[1]), sentence)

    def _name(self, kind: str) -> str:
        if kind == _VARIANT:
            return self._variant()
        name = self._names[int(self._rng.choice(self._pools[kind]))]
        if kind in _COMMON:
            name = " ".join(reversed(name.split(", ")))  # "Carcinoma, Hepatocellular"
            name = name.lower() if name[1:].islower() else name
        return name

    def _variant(self) -> str:
        place, number = self._rng.integers(2, 900), self._rng.integers(10**4, 10**8)
        before, after = self._rng.choice([*"ACDEFGHIKLMNPQRSTVWY"], 2)
        bases = self._rng.choice([*"ACGT"], 2)
        return str(self._rng.choice([f"{before}{place}{after}", f"c.{place}{'>'.join(bases)}", f"rs{number}"]))


def _pools(model: KognerForTokenClassification) -> dict[str, np.ndarray]:
    """Concepts of each semantic type whose names are drawn: those that training documents name, if they are known."""
    body, pools = model.kogner, {}
    kinds = body.index.concept_type.cpu().numpy()
    named = np.zeros(len(kinds), dtype=bool)
    if body.linking is not None:
        named[body.linking.name_concept[body.linking.name_count > 0].cpu().numpy()] = True
    for code, kind in enumerate(model.config.semantic_types):
        of_kind = kinds == code
        chosen = np.flatnonzero(of_kind & named if (of_kind & named).sum() >= _LEAST_NAMES else of_kind)
        if len(chosen):
            pools[kind] = chosen
    if pools:
        pools[_ANY] = np.concatenate([*pools.values()])
    return pools
