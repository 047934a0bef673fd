"""Whose work a model rests on: corpora, sources of the graph and encoders that are known by name."""

from __future__ import annotations

from typing import NamedTuple

_CRICHTON = "CC BY 4.0, as released by Crichton et al. 2017"


class Credit(NamedTuple):
    """Whom to credit for a corpus or source, under which terms, and its Hub id or None."""

    who: str
    licence: str
    hub_id: str | None = None


UNKNOWN = Credit("not known to this card", "see its own terms")

CORPORA = {
    "NCBI-disease": Credit("Doğan et al. 2014", _CRICHTON, "ncbi/ncbi_disease"),
    "BC5CDR": Credit("Li et al. 2016", _CRICHTON, "bigbio/bc5cdr"),
    "BC2GM": Credit("Smith et al. 2008", _CRICHTON, "spyysalo/bc2gm_corpus"),
    "JNLPBA": Credit("Kim et al. 2004, GENIA project", "GENIA's own licence", "jnlpba/jnlpba"),
    "linnaeus": Credit("Gerner et al. 2010", _CRICHTON, "bigbio/linnaeus"),
    "AnatEM": Credit("Pyysalo & Ananiadou 2014", _CRICHTON, "bigbio/anat_em"),
    "BioNLP13CG": Credit("BioNLP shared task 2013", _CRICHTON, "bigbio/bionlp_st_2013_cg"),
    "BioNLP13PC": Credit("BioNLP shared task 2013", _CRICHTON, "bigbio/bionlp_st_2013_pc"),
    "BioNLP13GE": Credit("BioNLP shared task 2013", _CRICHTON, "bigbio/bionlp_st_2013_ge"),
    "BioNLP11ID": Credit("BioNLP shared task 2011", _CRICHTON, "bigbio/bionlp_st_2011_id"),
    "BioNLP11EPI": Credit("BioNLP shared task 2011", _CRICHTON, "bigbio/bionlp_st_2011_epi"),
    "BioNLP09": Credit("BioNLP shared task 2009", _CRICHTON, "bigbio/bionlp_shared_task_2009"),
    "Ex-PTM": Credit("Pyysalo et al. 2011", _CRICHTON),
}

# By the source names that `kogner graph build` counts.
SOURCES = {
    "MeSH": Credit("Medical Subject Headings, descriptors (NLM)", "public domain, NLM terms"),
    "MeSH-SCR": Credit("Medical Subject Headings, supplementary records (NLM)", "public domain, NLM terms"),
    "CHEBI": Credit("Chemical Entities of Biological Interest", "CC BY 4.0"),
    "HGNC": Credit("HUGO Gene Nomenclature Committee", "CC0"),
    "GO": Credit("Gene Ontology", "CC BY 4.0"),
    "NCBITaxon": Credit("NCBI Taxonomy", "public domain"),
    "HP": Credit("Human Phenotype Ontology with its annotations", "the ontology's own open licence"),
    "MONDO": Credit("Mondo Disease Ontology", "CC BY 4.0"),
    "UBERON": Credit("Uberon multi-species anatomy ontology", "CC BY 3.0"),
    "EFO": Credit("Experimental Factor Ontology", "Apache-2.0"),
    "BTO": Credit("BRENDA Tissue Ontology", "CC BY 4.0"),
    "CL": Credit("Cell Ontology", "CC BY 4.0"),
    "FPLX": Credit("FamPlex", "CC0"),
    "DOID": Credit("Human Disease Ontology", "CC0"),
}

# Sources of edges alone leave no concept by which to count them; their relations show that they are there.
RELATION_SOURCES = {
    "treats": ("DrugCentral", "PharmacotherapyDB"),
    "targets": ("DrugCentral",),
    "gene_disease": ("DISEASES", "GWAS Catalog"),
}
RELATION_LICENCE = "CC BY 4.0 or CC0"


class Ancestry(NamedTuple):
    """Where an encoder comes from: the Hub model it started from, and what it was trained on since."""

    base_model: str
    story: str


ENCODERS = {
    "minilm-biomed": Ancestry(
        "sentence-transformers/all-MiniLM-L6-v2",
        "all-MiniLM-L6-v2 (Apache-2.0) after further masked-language modelling on open-access articles of BioMed "
        "Central (SumPubMed collection, Gupta et al. 2021) and PubMed Central (CC BY or CC0); a few hundred sentences "
        "of these articles also occur, without labels, in the test sets of linnaeus and BioNLP11ID",
    )
}

EXAMPLE_MENTIONS = {
    "Disease": "postural hypotension",
    "Chemical": "selegiline",
    "Gene": "BRCA1",
    "Species": "zebrafish",
    "Anatomy": "left ventricle",
    "Cell": "memory T cells",
    "CellLine": "HeLa cells",
    "CellularComponent": "mitochondrial membrane",
    "Cancer": "small-cell lung cancer",
    "Complex": "NF-kappa B complex",
    "DNA": "IL-2 promoter",
    "RNA": "p53 mRNA",
}
