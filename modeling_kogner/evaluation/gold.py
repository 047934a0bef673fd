"""What corpora call their entity types and concepts, under the names of the model and the graph."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from ..corpora.mention import Mention
from ..files.errors import InputError
from ..inference.hgvs import from_tmvar
from ..inference.variants import TYPE as VARIANT
from ..inference.variants import variant_ids

# Entity types of corpora -> the model's; those of NCBI-disease, GNormPlus and NLM-Gene, BioRED in BioC, SETH, tmVar.
TYPES = {
    "SpecificDisease": "Disease",
    "DiseaseClass": "Disease",
    "Modifier": "Disease",
    "CompositeMention": "Disease",
    "DiseaseOrPhenotypicFeature": "Disease",
    "ChemicalEntity": "Chemical",
    "GeneOrGeneProduct": "Gene",
    "FamilyName": "GeneFamily",
    "DomainMotif": "GeneFamily",
    "OrganismTaxon": "Species",
    "SequenceVariant": "Variant",
    "SNP": "Variant",
    "RS": "Variant",
    "DNAMutation": "Variant",
    "ProteinMutation": "Variant",
}
# Vocabulary of an id that names none: "7157" of a gene is NCBIGene:7157.
BARE = {"Gene": "NCBIGene", "GeneFamily": "NCBIGene", "Species": "NCBITaxon", "CellLine": "CVCL"}
OTHERS_BARE = "MESH"
# Other spellings of a vocabulary, in lower case.
PREFIXES = {
    "mesh": "MESH",
    "mim": "OMIM",
    "entrez": "NCBIGene",
    "geneid": "NCBIGene",
    "ncbi gene": "NCBIGene",
    "ncbigene": "NCBIGene",
    "taxonomy": "NCBITaxon",
    "ncbi taxonomy": "NCBITaxon",
    "ncbitaxon": "NCBITaxon",
    "cellosaurus": "CVCL",
    "orphanet": "ORPHA",
    "uniprotkb": "UniProt",
}
NO_CONCEPT = ("", "-", "-1", "none")
_SEVERAL = re.compile(r"[|+,;]")
_ORGANISM = re.compile(r"\(tax:\d+\)", re.IGNORECASE)
_ONTOLOGY_ID = re.compile(r"(CVCL|UBERON|CL|CHEBI|MONDO|DOID|HP|GO)_(\w+)")


def gold_ids(written: str, entity_type: str) -> list[str]:
    """Ids of an annotation as the graph writes them; none for ``-1`` or nothing, "no concept of the vocabulary".

    ``|``, ``,``, ``;`` and ``+`` stand between the concepts of a composite mention ("breast and ovarian cancer").

    Args:
        written: as in the file: ``D015738``, ``CVCL_0030``, ``3643,3480``, ``172659(Tax:6239)``, ``OMIM:164400``; of a
            variant an rs number, HGVS or tmVar's form.
        entity_type: the model's; it tells the vocabulary of an id without one.
    """
    if entity_type == VARIANT:
        return _variant(written.strip()) if written.casefold() not in NO_CONCEPT else []
    parts = (part.strip() for part in _SEVERAL.split(_ORGANISM.sub("", written)))
    return list(dict.fromkeys(_full(part, entity_type) for part in parts if part.casefold() not in NO_CONCEPT))


def _variant(written: str) -> list[str]:
    """Rs number or normal form of a variant: ``p|SUB|V|600|E``, ``1799983`` of dbSNP, or tmVar's own several fields."""
    if written.isdigit():
        return [f"rs{written}"]
    fields = dict(field.partition(":")[::2] for field in written.split(";") if ":" in field)
    number, form = fields.get("RS#"), fields.get("HGVS", written)
    return [f"rs{number}"] if number else variant_ids(form) or [from_tmvar(written) or written]


def predicted_concepts(mention: Mention) -> list[set[str]]:
    """All ids of each concept that a mention is linked to."""
    if not (parts := [concept for concept, _ in mention.concepts]):
        return []
    starts = [mention.ids.index(part) if part in mention.ids else len(mention.ids) for part in parts]
    ends = [*starts[1:], len(mention.ids)]
    return [{part, *mention.ids[a:b]} for part, a, b in zip(parts, starts, ends, strict=True)]


def type_names(found: Iterable[str], known: Collection[str], mapped: Mapping[str, str]) -> dict[str, str]:
    """Entity types of a corpus -> types of the model, for those that have one.

    Args:
        found: types that the corpus marks.
        known: types of the model.
        mapped: further pairs, in any case; they go before equal names and :data:`TYPES`.

    Raises:
        InputError: ``mapped`` names a type that the model has not.
    """
    own = {name.casefold(): name for name in known}
    for kind in mapped.values():
        if kind.casefold() not in own:
            raise InputError(f"the model has no type {kind}", field="--map", fix=f"it knows {', '.join(known)}")
    pairs = {source.casefold(): kind for source, kind in (*TYPES.items(), *zip(known, known, strict=True))}
    pairs |= {source.casefold(): own[kind.casefold()] for source, kind in mapped.items()}
    named = {each: pairs.get(each.casefold()) for each in found}
    return {each: kind for each, kind in named.items() if kind is not None and kind.casefold() in own}


def _full(part: str, entity_type: str) -> str:
    prefix, colon, number = part.partition(":")
    if colon:
        return f"{PREFIXES.get(prefix.strip().casefold(), prefix.strip())}:{number.strip()}"
    if match := _ONTOLOGY_ID.fullmatch(part):
        return f"{match[1]}:{match[2]}"
    return f"{BARE.get(entity_type, OTHERS_BARE)}:{part}"
