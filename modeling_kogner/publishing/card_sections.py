"""Sections of the card on what the model is and how it is used; each is Markdown, or empty where nothing is known."""

from __future__ import annotations

import platform

import huggingface_hub
import torch
import transformers
from transformers.tokenization_utils_base import VERY_LARGE_INTEGER

from .. import __version__
from ..inference.annotator import Annotator
from .attribution import CORPORA, ENCODERS, EXAMPLE_MENTIONS, UNKNOWN
from .card_inputs import CardInputs
from .card_scores import markdown_table, score_rows, score_table, scorer

PAPER = "2503.15737"  # on arXiv
EXAMPLE = "Selegiline-induced postural hypotension in Parkinson's disease"
_READS = {
    "types": "the semantic types of the names it finds",
    "concepts": "the semantic types of the names it finds and the distilled vectors of their concepts",
    "graph": "the semantic types of the names it finds, the distilled vectors of their concepts and messages between "
    "the concepts of a sentence",
}


def introduction(inputs: CardInputs) -> str:
    """What it is, in two sentences."""
    config = inputs.config
    graph = (
        f" Beside reading the context, it looks every n-gram of its own input up among the written forms of "
        f"{config.num_concepts:,} concepts of a biomedical knowledge graph, and learns when to trust "
        f"{_READS[config.evidence]}."
        if config.has_knowledge
        else " It was trained without a knowledge graph."
    )
    return (
        "KoGNER is a token-classification model that finds named entities in English biomedical text: "
        f"{', '.join(config.entity_types)}.{graph}\n\n"
        "An independent reference implementation of the method of "
        f"[Zhang et al. 2025](https://arxiv.org/abs/{PAPER}); it is not the authors' code."
    )


def usage(inputs: CardInputs, model_id: str) -> str:
    """Snippets for the pipeline and the command line, and how long texts are treated."""
    reader, limit = Annotator(inputs.model, inputs.tokenizer), inputs.tokenizer.model_max_length
    stock = (
        f"The stock pipeline cuts a text after {limit:,} pieces and does not say so; give it `stride={reader.stride}` "
        "to have long texts read in windows there too."
        if limit < VERY_LARGE_INTEGER
        else "The stock pipeline takes no text longer than the encoder's positions; split it before."
    )
    return f"""## Use

```python
from transformers import pipeline

ner = pipeline("ner", model="{model_id}", trust_remote_code=True, aggregation_strategy="simple")
ner("{EXAMPLE}")
```

It needs torch and transformers only. `trust_remote_code=True` runs the Python files of this repository: read them, and
pin them with `revision="..."`. With the `kogner` package installed no flag is needed, and mentions come with concept
ids:

```bash
kogner annotate --model {model_id} "{EXAMPLE}"
```
{_example(reader)}
**Long texts.** `kogner annotate` reads texts of any length, in windows of {reader.max_length} pieces that
share {reader.stride}; every word is read where it lies farthest from a cut. {stock}"""


def _example(reader: Annotator) -> str:
    """What the model itself finds in the example."""
    (mentions,) = reader.annotate([EXAMPLE])
    if not mentions:
        return ""
    rows = [[m.text, m.type, f"{m.score:.2f}", m.concept_id or "-", m.concept_name or "-"] for m in mentions]
    return f"\n{markdown_table(['mention', 'type', 'score', 'concept', 'preferred name'], rows)}\n"


def labels(inputs: CardInputs) -> str:
    """Types, an example of each, and the training corpora that annotate it."""
    corpora = training_corpora(inputs)
    annotated: dict[str, list[str]] = {}
    for corpus, scores in inputs.metrics.content["datasets"].items():
        for kind in scores["types"] if corpora is None or corpus in corpora else ():
            annotated.setdefault(kind, []).append(corpus)
    column = "corpora that annotate it" if corpora is None else "trained on (scored corpora)"
    rows = [
        [kind, EXAMPLE_MENTIONS.get(kind, "-"), ", ".join(annotated.get(kind, ["-"]))]
        for kind in inputs.config.entity_types
    ]
    return f"""## Labels

Tags are IOB2: `O`, and `B-` and `I-` of each type. A corpus supervised only the types that it annotates.

{markdown_table(["type", "for example", column], rows)}"""


def training_corpora(inputs: CardInputs) -> set[str] | None:
    """Names of the corpora that the training report lists; None without one."""
    return set(inputs.training.field("overlap", kind=dict)) if inputs.training else None


def scores(inputs: CardInputs) -> str:
    """Scores by corpus and type."""
    rows, trained_on = score_rows(inputs), training_corpora(inputs)
    unseen = trained_on is not None and any(row.corpus not in trained_on for row in rows)
    notes = [
        "Strict entity-level precision, recall and F1 in percent: a mention counts if both ends and the type are "
        "right. The types that the corpus annotates compete; in the column *all types compete* so do all others of the "
        "model, as they do in the pipeline.",
        f"Scorer: {scorer(inputs)}. One checkpoint, one seed: no spread over seeds is given.",
    ]
    if inputs.metrics_off:
        notes.append(
            "*off*: the same weights with knowledge switched off. That shows how far this model leans on its graph; it "
            "is **not** a baseline, which would be a model trained without knowledge."
        )
    if unseen:
        notes.append("† not among the training corpora.")
    return f"## Scores\n\n{score_table(rows, trained_on)}\n\n" + "\n\n".join(notes)


def training_data(inputs: CardInputs) -> str:
    """Corpora with counts and licences, the running text, and the encoder."""
    parts = []
    if inputs.training:
        rows = []
        for corpus in inputs.training.field("overlap", kind=dict):
            counts = [inputs.training.field("overlap", corpus, name, kind=int) for name in ("sentences", "dropped")]
            credit = CORPORA.get(corpus, UNKNOWN)
            rows.append([corpus, *(f"{count:,}" for count in counts), credit.who, credit.licence])
        parts.append(markdown_table(["corpus", "training sentences", "left out", "credit", "licence"], rows))
        windows = inputs.training.field("train_windows", kind=int)
        parts.append(
            "Left out: sentences that are test sentences of a corpus in use, letters and digits compared. "
            f"{windows:,} windows were trained on. No corpus is part of this repository."
        )
    if inputs.pretraining:
        seen = inputs.pretraining.field("tokens_seen", kind=int)
        parts.append(
            f"Before that, the encoder learnt semantic types, hidden tokens and concept vectors from {seen:,} tokens "
            "of running text, labelled by the surface index alone."
        )
    if ancestry := ENCODERS.get(encoder_name(inputs)):
        parts.append(f"Encoder: {ancestry.story}.")
    return "## Training data\n\n" + "\n\n".join(parts) if parts else ""


def encoder_name(inputs: CardInputs) -> str:
    """Folder name, or Hub id, of the encoder that training started from."""
    return str(inputs.config.encoder_config.to_dict().get("_name_or_path") or "").rstrip("/").split("/")[-1]


def _told(config) -> str:
    """What the reader can do about conventions, if the model tells them apart."""
    if not config.conventions:
        return ""
    return f""" The
  scores above are of the model told nothing, as the stock pipeline uses it; `kogner annotate --convention CORPUS` and
  `eval.py --convention own` follow one of {", ".join(config.conventions)}."""


def limits(inputs: CardInputs) -> str:
    """What it does badly."""
    knowledge = """
- Knowledge is no better than the graph: what its sources do not name, such as a new drug, has no concept. HGNC, for
  one, names human genes only.
- Names that would mostly be noise are not in the index: one or two letters, ordinary English words, and short
  ambiguous abbreviations that look like them. Such a mention is left to the context.
- Linking goes by spelling, and by abbreviations that the text defines. It ignores the context otherwise, so homonyms,
  and genes of several species that share a symbol, go to the same concept."""
    return f"""## Limits and biases

- It knows the types {", ".join(inputs.config.entity_types)} and no others.
- Trained on English, mostly abstracts of PubMed: clinical notes, patents, social media and other languages
  are untested unless a score above says otherwise.
- Corpora draw borders differently: whether a modifier belongs to a mention, or a protein family is a gene, follows the
  training corpora, and where they disagree the model mixes their conventions.{_told(inputs.config)}{
        knowledge if inputs.config.has_knowledge else ""
    }
- What is written about often is known best: common diseases, human and model-organism genes, marketed drugs.
- Scores are probabilities of the model, not calibrated. Not a medical device; not for decisions about patients."""


def citation() -> str:
    """The method's paper."""
    return f"""## Citation

Please cite the paper whose method this implements, the corpora and the sources of the graph.

```bibtex
@article{{zhang2025kogner,
  title   = {{{{KoGNER}}: A Novel Framework for Knowledge Graph Distillation on Biomedical Named Entity Recognition}},
  author  = {{Zhang, Heming and Li, Wenyu and Huang, Di and Tang, Yinjie and Chen, Yixin and Payne, Philip
             and Li, Fuhai}},
  journal = {{arXiv preprint arXiv:{PAPER}}},
  year    = {{2025}}
}}
```"""


def versions(inputs: CardInputs) -> str:
    """Versions that scored the model and that made the card."""
    scored = ", ".join(f"{name} {version}" for name, version in inputs.metrics.field("versions", kind=dict).items())
    made = {
        "kogner": __version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "huggingface_hub": huggingface_hub.__version__,
        "python": platform.python_version(),
    }
    made_with = ", ".join(f"{name} {version}" for name, version in made.items())
    return f"## Versions\n\nScored with {scored}. Card made with {made_with}."
