"""Vocabularies of concept ids: which one a type's ids come from, and where a reader finds an id's page."""

from __future__ import annotations

import re

# Entity type -> vocabulary that its ids are of where the graph has one; else the graph's own choice.
PREFERRED = {
    "Gene": "NCBIGene",
    "GeneFamily": "FPLX",
    "Disease": "MESH",
    "Chemical": "MESH",
    "Species": "NCBITaxon",
    "CellLine": "CVCL",
    "Anatomy": "UBERON",
    "Cell": "CL",
}
# Types whose mentions corpora give concepts, so that a choice among these can be trained.
LINKED_TYPES = ("Disease", "Chemical", "Gene", "Species", "CellLine")
_OBO = "http://purl.obolibrary.org/obo/{vocabulary}_{number}"
# Pages that everybody may read. Without one: licensed vocabularies (UMLS, SNOMED CT, ICD, CAS, DrugBank).
PAGES = {
    "MESH": "https://meshb.nlm.nih.gov/record/ui?ui={number}",
    "NCBIGene": "https://www.ncbi.nlm.nih.gov/gene/{number}",
    "NCBITaxon": "https://www.ncbi.nlm.nih.gov/datasets/taxonomy/{number}/",
    "CVCL": "https://www.cellosaurus.org/CVCL_{number}",
    **dict.fromkeys(("UBERON", "CL", "CHEBI", "GO", "HP", "MONDO", "DOID", "NCIT", "SYMP"), _OBO),
    "BTO": "http://purl.obolibrary.org/obo/BTO_{number}",
    "EFO": "http://www.ebi.ac.uk/efo/EFO_{number}",
    "OMIM": "https://omim.org/entry/{number}",
    "ORPHA": "https://www.orpha.net/en/disease/detail/{number}",
    "HGNC": "https://www.genenames.org/data/gene-symbol-report/#!/hgnc_id/HGNC:{number}",
    "ENSEMBL": "https://www.ensembl.org/id/{number}",
    "UniProt": "https://www.uniprot.org/uniprotkb/{number}",
    "MGI": "https://www.informatics.jax.org/accession/MGI:{number}",
    "RGD": "https://rgd.mcw.edu/rgdweb/report/gene/main.html?id={number}",
    "ZFIN": "https://zfin.org/{number}",
    "FB": "https://flybase.org/reports/{number}",
    "WB": "https://wormbase.org/species/c_elegans/gene/{number}",
    "SGD": "https://www.yeastgenome.org/locus/{number}",
    "PUBCHEM": "https://pubchem.ncbi.nlm.nih.gov/compound/{number}",
    "CHEMBL": "https://www.ebi.ac.uk/chembl/explore/compound/{number}",
    "HMDB": "https://hmdb.ca/metabolites/{number}",
    "UNII": "https://precision.fda.gov/uniisearch/srs/unii/{number}",
    "dbSNP": "https://www.ncbi.nlm.nih.gov/snp/{number}",
}
_RS = re.compile(r"rs\d+")


def vocabulary_of(concept: str) -> str:
    """The vocabulary of an id: ``MESH`` of ``MESH:D001241``, ``dbSNP`` of an rs number, ``HGVS`` of another variant."""
    prefix, colon, _ = concept.partition(":")
    return prefix if colon else "dbSNP" if _RS.fullmatch(concept) else "HGVS"


def page_of(concept: str) -> str | None:
    """Address of the page that its vocabulary has of a concept; None where there is none that everybody may read."""
    vocabulary, number = vocabulary_of(concept), concept.rpartition(":")[2]
    pattern = PAGES.get(vocabulary)
    return pattern and pattern.format(vocabulary=vocabulary, number=number)
