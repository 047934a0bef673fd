"""Names that texts are full of and that no vocabulary lists, or not on the concept that is meant."""

from __future__ import annotations

import pandas as pd

from ..files.tables import among

# Organisms of experiments under the names that are used for them: "mice" is the house mouse, not the genus.
_ORGANISMS = {
    9606: "human, humans, patient, patients, inpatient, inpatients, outpatient, outpatients, man, men, woman, women",
    10090: "mouse, mice, murine",
    10116: "rat, rats",
    9986: "rabbit, rabbits",
    9913: "cow, cows, cattle, bovine",
    9823: "pig, pigs, porcine",
    9940: "sheep",
    9615: "dog, dogs, canine",
    9685: "cat, cats, feline",
    9796: "horse, horses",
    9031: "chicken, chickens",
    9544: "rhesus monkey, rhesus monkeys, rhesus macaque, rhesus macaques",
    10141: "guinea pig, guinea pigs",
    7955: "zebrafish",
    7227: "Drosophila, fruit fly, fruit flies",
    6239: "C. elegans",
    8355: "Xenopus",
    4932: "yeast, budding yeast, baker's yeast",
    4896: "fission yeast",
    3702: "Arabidopsis",
    4577: "maize",
    4097: "tobacco",
    4530: "rice",
    562: "E. coli",
    12721: "HIV",
    11676: "HIV-1",
    11103: "HCV",
    10407: "HBV",
    10566: "HPV",
    10376: "EBV",
    10359: "HCMV",
}
# Formulas that are written in place of names.
_FORMULAS = {
    "D012965": "NaCl", "D011189": "KCl", "D002122": "CaCl2", "D015636": "MgCl2", "D006861": "H2O2", "D002245": "CO2",
    "D002251": "CCl4", "D009609": "N2O", "D012972": "NaOH", "D006851": "HCl", "C033158": "H2SO4", "D017693": "NaHCO3",
    "D002119": "CaCO3", "D009585": "NO2", "D013458": "SO2", "D006862": "H2S", "C018021": "CoCl2", "D019256": "CdCl2",
    "D008627": "HgCl2", "D018021": "LiCl", "D012977": "NaNO2", "D011192": "K2Cr2O7", "D000077237": "As2O3",
    "C009495": "TiO2", "D015034": "ZnO", "D019287": "ZnSO4", "D019327": "CuSO4", "C024555": "FeCl3", "C020748": "FeSO4",
    "C025340": "MnCl2", "C022838": "NiCl2", "D012835": "AgNO3", "D000643": "NH4Cl", "C024986": "BaCl2",
    "D008278": "MgSO4", "D011196": "KMnO4", "D019810": "NaN3", "C012036": "Na2SO4", "D008697": "CH4",
    "D014867": "H2O",
}  # fmt: skip


def everyday_names(concepts: pd.Series, equivalents: pd.DataFrame) -> pd.DataFrame:
    """`surface`, `id` of those names whose concept is there.

    Args:
        concepts: ids of concepts.
        equivalents: `id`, `preferred`; further ids of them.
    """
    rows = [(f"NCBITaxon:{taxon}", name) for taxon, names in _ORGANISMS.items() for name in names.split(", ")]
    rows += [(f"MESH:{number}", formula) for number, formula in _FORMULAS.items()]
    table = pd.DataFrame(rows, columns=["id", "surface"])
    preferred = equivalents.drop_duplicates("id").set_index("id")["preferred"]
    table["id"] = table["id"].map(preferred).fillna(table["id"])
    return table[among(table["id"], concepts)]
