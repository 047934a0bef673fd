"""Ids that a vocabulary has retired, as annotated documents use them, and the concepts that took their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
from transformers import PreTrainedTokenizerBase

from ..corpora.text_tokenizer import TextTokenizer
from ..inference.fitting_types import fitting_types
from ..inference.link_candidates import stands_for
from ..inference.name_lookup import NameLookup
from ..inference.own_names import add_equivalents
from ..inference.torch_tagger import TorchTagger
from ..modeling_kogner import KognerForTokenClassification
from .linked_documents import LinkedDocument

# A gene, species or cell line of another organism may have just the same name.
_TYPES = ("Disease", "Chemical")
_LEAST = 2  # mentions, unless the name is the preferred one


def add_retired_ids(
    model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase, documents: Sequence[LinkedDocument]
) -> int:
    """Give concepts the ids that took their place in the vocabulary; returns how many.

    An id that the graph lacks is a concept's former one if most of its mentions, long forms in place of short ones,
    have a name in the index that is of this one concept alone, of the same vocabulary if any of it is; the concept that
    stands for it in the vocabulary gets the id too. MeSH, for example, has made descriptors of many supplementary
    concepts, and corpora keep the ids of their time.

    Args:
        model: with an index of names; changed in place.
        tokenizer: of the model.
        documents: with ids. Those that were read from a file before have to be read again.
    """
    table = retired_ids(model, tokenizer, documents)
    return add_equivalents(model, table) if len(table) else 0


def retired_ids(
    model: KognerForTokenClassification, tokenizer: PreTrainedTokenizerBase, documents: Sequence[LinkedDocument]
) -> pd.DataFrame:
    """`id`, `preferred`: see :func:`add_retired_ids`."""
    names = [
        (ids[0], document.long_forms.get(mention.text, mention.text), mention.type)
        for document in documents
        for mention, ids, concepts in zip(document.mentions, document.ids, document.concepts, strict=True)
        if len(ids) == 1 and not concepts and mention.type in _TYPES
    ]
    lookup = NameLookup(TorchTagger(model), TextTokenizer.of(tokenizer))
    catalogue, kinds = model.kogner.concepts, model.config.semantic_types
    types = model.kogner.index.concept_type.cpu().numpy()
    broader = stands_for(lookup.tables.linking) if lookup.tables.linking else {}
    exact = lookup.exact([name for _, name, _ in names])
    votes: dict[str, Counter[int | None]] = {}
    is_preferred: set[tuple[str, int]] = set()
    for each, name, kind in names:
        listed = [named.concept for named in exact.get(name, ()) if named.is_listed]
        fitting = [concept for concept in listed if kinds[types[concept]] in fitting_types(kind)]
        prefix = each.partition(":")[0]
        same = [concept for concept in fitting if catalogue.ids[concept].partition(":")[0] == prefix]
        found = same or fitting
        concept = found[0] if len(found) == 1 else None
        votes.setdefault(each, Counter())[concept] += 1
        if concept is not None and catalogue.names[concept].casefold() == name.casefold():
            is_preferred.add((each, concept))
    rows = []
    for each, counted in votes.items():
        (concept, count), *others = counted.most_common()
        is_only = not any(other is not None for other, _ in others)
        if concept is None or not is_only or 2 * count < counted.total():
            continue
        if count >= _LEAST or (each, concept) in is_preferred:
            vocabulary = f"{each.partition(':')[0]}:"
            stand_ins = [above for above in broader.get(concept, ()) if catalogue.ids[above].startswith(vocabulary)]
            rows += [(each, catalogue.ids[one]) for one in (concept, *stand_ins)]
    return pd.DataFrame(rows, columns=["id", "preferred"])
