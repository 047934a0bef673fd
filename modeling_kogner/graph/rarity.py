"""Which names are left out because texts hardly ever have them, or only lists call it so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..files.tables import among

NEAR_ORGANISMS = ("NCBITaxon:9606", "NCBITaxon:10090", "NCBITaxon:10116")  # that texts are most about

LONG_SYNONYM, LONG_CHEMICAL, LONG_SYSTEMATIC, LONG_SUBSTANCE, LONG_FUNCTION = 40, 40, 30, 25, 30
# Systematic chemical names (locants, brackets) are typed once in a paper, if ever.
SYSTEMATIC = r"\d.*[\[\](){},].*\d|[\[\](){}].*-.*-|(?:-.*){4}"
_SYMBOL = r"\d|[a-z][A-Z]|[A-Z]{2}"
# Numbers and remarks of databases in place of a name.
_NUMBERED_GENE = (
    r"\b(?:pseudogene|uncharacterized|predicted gene|RIKEN cDNA|hypothetical|expressed sequence|DNA segment"
    r"|cDNA sequence|novel transcript)\b|^(?:LOC|CG|CR|RGD|FLJ|BC|AC)\d{4,}$|^Gm\d{3,}$|^Dmel_C|Rik\d?$|^lncRNA:"
    r"|^trn[a-z]+-[acgu]{3}$|^(?:si|zgc|wu|im|sb|cb|fb|fc|fd):|^DKFZ|^RP\d+-|^CT[A-D]-|^[A-Z]{1,2}\d{5,6}$|^OTT"
)
_PART_OF_ORGANISM = (
    " (?:BARK|BULB|FLESH|FLOWER|FRUIT|LEAF|NUT|PEEL|POLLEN|RESIN|RHIZOME|RIND|ROOT|SEED|STEM|TOP|TUBER|TWIG|WHOLE"
    "|WOOD)$"
)


def rare(forms: pd.DataFrame) -> pd.Series:
    """Reason why each form is kept out of the index, or a missing value.

    Args:
        forms: `surface`, `key`, `type`, `synonym`, `derived`, `listed` as for :func:`noise`; `vocabulary` of the
            concept's id; `near`: its organism is one of `NEAR_ORGANISMS`.
    """
    surface = pa.array(forms["surface"], pa.string())
    length = pc.utf8_length(surface).to_numpy(zero_copy_only=False)
    words = pc.count_substring(surface, " ").to_numpy(zero_copy_only=False) + 1

    def match(pattern: str) -> np.ndarray:
        return pc.match_substring_regex(surface, pattern).to_numpy(zero_copy_only=False)

    kind, vocabulary = forms["type"].astype(str), forms["vocabulary"]
    gene, chemical = kind.isin(["Gene", "Protein", "Family"]), kind == "Chemical"
    listed, synonym, secondary = forms["listed"], forms["synonym"], forms["synonym"] | forms["derived"]
    known = among(forms["key"], forms.loc[gene & ~listed, "key"])
    mesh, unii, go = vocabulary == "MESH", vocabulary == "UNII", vocabulary == "GO"
    systematic = match(SYSTEMATIC)
    substance = unii & ((synonym & ((length > LONG_SUBSTANCE) | systematic)) | match(_PART_OF_ORGANISM))
    chemical_name = np.where(
        mesh, synonym & ((systematic & (length > LONG_SYSTEMATIC)) | (length > LONG_CHEMICAL)), length > LONG_CHEMICAL
    ) | (systematic & ~(mesh & ~synonym))
    reasons = {
        "synonym of a gene of another organism": (vocabulary == "NCBIGene") & ~forms["near"] & listed & synonym,
        "words that only lists call a gene": gene & listed & secondary & ~match(_SYMBOL) & ~known,
        "number of a gene": gene & match(_NUMBERED_GENE),
        "long or systematic name of a substance": substance | (chemical & chemical_name),
        "long synonym": (go & synonym & (length > LONG_FUNCTION))
        | (~kind.isin(["Chemical", "Species"]) & ~go & (secondary | listed) & (length > LONG_SYNONYM)),
        "cell line of three words": (vocabulary == "CVCL") & (words > 2),
        "strain by its number": (kind == "Species") & listed & (words > 2) & match(r"\d"),
    }
    found = np.select([np.asarray(each, bool) for each in reasons.values()], list(reasons), "")
    return pd.Series(found, index=forms.index, dtype="str").replace("", pd.NA)
