"""Names of what texts write as a formula: salts, oxides, acids, ions, elements ("ZnCl2", "Ca2+", "Zn", "13C")."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ELEMENTS = {
    "H": "hydrogen", "D": "deuterium", "Li": "lithium", "Be": "beryllium", "B": "boron", "C": "carbon", "N": "nitrogen",
    "O": "oxygen", "F": "fluorine", "Na": "sodium", "Mg": "magnesium", "Al": "aluminum", "Si": "silicon",
    "P": "phosphorus", "S": "sulfur", "Cl": "chlorine", "K": "potassium", "Ca": "calcium", "Ti": "titanium",
    "V": "vanadium", "Cr": "chromium", "Mn": "manganese", "Fe": "iron", "Co": "cobalt", "Ni": "nickel", "Cu": "copper",
    "Zn": "zinc", "Ga": "gallium", "Ge": "germanium", "As": "arsenic", "Se": "selenium", "Br": "bromine",
    "Rb": "rubidium", "Sr": "strontium", "Y": "yttrium", "Zr": "zirconium", "Mo": "molybdenum", "Tc": "technetium",
    "Ru": "ruthenium", "Rh": "rhodium", "Pd": "palladium", "Ag": "silver", "Cd": "cadmium", "In": "indium", "Sn": "tin",
    "Sb": "antimony", "Te": "tellurium", "I": "iodine", "Cs": "cesium", "Ba": "barium", "La": "lanthanum",
    "Ce": "cerium", "Eu": "europium", "Gd": "gadolinium", "Tb": "terbium", "W": "tungsten", "Pt": "platinum",
    "Au": "gold", "Hg": "mercury", "Tl": "thallium", "Pb": "lead", "Bi": "bismuth", "U": "uranium", "NH4": "ammonium",
}  # fmt: skip
ELEMENTS = frozenset(_ELEMENTS.values())
# Charge and name of each anion.
_ANIONS = {
    "F": (1, "fluoride"), "Cl": (1, "chloride"), "Br": (1, "bromide"), "I": (1, "iodide"), "OH": (1, "hydroxide"),
    "CN": (1, "cyanide"), "SCN": (1, "thiocyanate"), "N3": (1, "azide"), "NO3": (1, "nitrate"), "NO2": (1, "nitrite"),
    "HCO3": (1, "bicarbonate"), "HSO3": (1, "bisulfite"), "HS": (1, "hydrosulfide"), "ClO4": (1, "perchlorate"),
    "ClO3": (1, "chlorate"), "ClO2": (1, "chlorite"), "ClO": (1, "hypochlorite"), "OCl": (1, "hypochlorite"),
    "BrO3": (1, "bromate"), "IO3": (1, "iodate"), "IO4": (1, "periodate"), "MnO4": (1, "permanganate"),
    "AsO2": (1, "arsenite"), "VO3": (1, "metavanadate"), "H2PO4": (1, "phosphate"), "BH4": (1, "borohydride"),
    "O": (2, "oxide"), "S": (2, "sulfide"), "Se": (2, "selenide"), "Te": (2, "telluride"), "SO4": (2, "sulfate"),
    "SO3": (2, "sulfite"), "S2O3": (2, "thiosulfate"), "S2O8": (2, "persulfate"), "CO3": (2, "carbonate"),
    "HPO4": (2, "phosphate"), "SeO3": (2, "selenite"), "SeO4": (2, "selenate"), "CrO4": (2, "chromate"),
    "Cr2O7": (2, "dichromate"), "MoO4": (2, "molybdate"), "WO4": (2, "tungstate"), "SiO3": (2, "silicate"),
    "PO4": (3, "phosphate"), "AsO4": (3, "arsenate"), "AsO3": (3, "arsenite"), "VO4": (3, "vanadate"),
    "BO3": (3, "borate"),
}  # fmt: skip
# Metals of two charges, by the lower and the higher one.
_BY_CHARGE = {
    "Fe": {2: "ferrous", 3: "ferric"}, "Cu": {1: "cuprous", 2: "cupric"}, "Hg": {1: "mercurous", 2: "mercuric"},
    "Sn": {2: "stannous", 4: "stannic"}, "Co": {2: "cobaltous", 3: "cobaltic"}, "Cr": {2: "chromous", 3: "chromic"},
}  # fmt: skip
# Acids, molecules and ions whose names do not follow from their formula.
_MOLECULES = {
    "HCl": "hydrochloric acid", "HBr": "hydrobromic acid", "HF": "hydrofluoric acid", "HNO3": "nitric acid",
    "HNO2": "nitrous acid", "H2SO4": "sulfuric acid", "H3PO4": "phosphoric acid", "H2CO3": "carbonic acid",
    "HClO4": "perchloric acid", "HOCl": "hypochlorous acid", "HClO": "hypochlorous acid", "H3BO3": "boric acid",
    "HCOOH": "formic acid", "CH3COOH": "acetic acid", "H2SeO3": "selenious acid", "O2": "oxygen", "O3": "ozone",
    "N2": "nitrogen", "H2": "hydrogen", "Cl2": "chlorine", "I2": "iodine", "NH3": "ammonia", "CO": "carbon monoxide",
    "NO": "nitric oxide", "N2O": "nitrous oxide", "H2O": "water", "H2O2": "hydrogen peroxide",
    "Fe3O4": "ferrosoferric oxide", "CH4": "methane", "C2H6": "ethane", "C3H8": "propane", "C2H4": "ethylene",
    "C2H2": "acetylene", "C6H6": "benzene", "CH3OH": "methanol", "MeOH": "methanol", "C2H5OH": "ethanol",
    "CH3CH2OH": "ethanol", "EtOH": "ethanol", "HCHO": "formaldehyde", "CH2O": "formaldehyde",
    "CH3CHO": "acetaldehyde", "CH2Cl2": "methylene chloride", "CHCl3": "chloroform", "SF6": "sulfur hexafluoride",
    "PH3": "phosphine", "O2-": "superoxide", "ONOO-": "peroxynitrite", "H+": "protons", "NH4+": "ammonium compounds",
    "OsO4": "osmium tetroxide", "D2O": "deuterium oxide", "2H": "deuterium", "3H": "tritium", "1H": "hydrogen",
    "NO3": "nitrate", "SO4": "sulfate", "PO4": "phosphate", "HCO3": "bicarbonate", "NH4": "ammonium compounds",
}  # fmt: skip
_NUMBERS = {2: "di", 3: "tri", 4: "tetra", 5: "penta"}
_CATION = "|".join(sorted(_ELEMENTS, key=len, reverse=True))
_ANION = "|".join(sorted(_ANIONS, key=len, reverse=True))
_COUNTED_CATION = rf"(?:\((?P<grouped>NH4)\)|(?P<cation>{_CATION}))(?P<cations>[2-9]?)"
_COUNTED_ANION = rf"(?:\((?P<several>{_ANION})\)|(?P<anion>{_ANION}))(?P<anions>[2-9]?)"
_SALT = re.compile(rf"{_COUNTED_CATION}{_COUNTED_ANION}(?:[.\u00b7]\d*H2O)?")
_CHARGE = r"(?:\((?:\d?[+-]|[+-]\d)\)|\d?[+-]|[+-]\d|\+{2,3}|--|\((?:I|II|III|IV|V|VI|VII)\))"
_ION = re.compile(rf"(?:(?P<anion>{_ANION})|(?P<element>{_CATION})){_CHARGE}")
_ISOTOPE = re.compile(rf"(?:[(\[](?P<around>\d{{1,3}}m?)[)\]]|(?P<mass>\d{{1,3}}m?))(?P<element>{_CATION})")
_SMALL = "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089\u00b2\u00b3\u2074\u207a\u207b\u2212"
_PLAIN = str.maketrans(_SMALL, "0123456789234+--")


def formula_names(text: str) -> list[str]:
    """Names of a substance by its formula, the one that vocabularies prefer first; none for what is no formula.

    Args:
        text: of a mention, in the case that it has: "CO" is carbon monoxide, "Co" cobalt.
    """
    formula = "".join(text.split()).translate(_PLAIN)
    if formula in _MOLECULES:
        return [_MOLECULES[formula]]
    if match := _SALT.fullmatch(formula):
        return list(_salt(match))
    if match := _ION.fullmatch(formula):
        return [_ANIONS[match["anion"]][1] if match["anion"] else _ELEMENTS[match["element"]]]
    if match := _ISOTOPE.fullmatch(formula):
        mass, element = match["around"] or match["mass"], match["element"]
        return [_MOLECULES.get(f"{mass}{element}", f"{_ELEMENTS[element]}-{mass}")]
    return [_ELEMENTS[formula]] if formula in _ELEMENTS else []


def is_element_by_case_alone(text: str, name: str) -> bool:
    """Whether a name is that of an element whose symbol the text would be in another case: "NA" is not sodium.

    Args:
        text: of a mention.
        name: of a concept that has the text as a name, in any case.
    """
    return len(text) == 2 and text.isupper() and _ELEMENTS.get(text.capitalize()) == name.lower()


def _salt(match: re.Match[str]) -> Iterator[str]:
    """Of a cation and an anion: "ferric chloride", "iron chloride"; of one atom with several: "titanium dioxide"."""
    cation, anion = match["grouped"] or match["cation"], match["several"] or match["anion"]
    cations, anions = (int(match[name] or 1) for name in ("cations", "anions"))
    charge, name = _ANIONS[anion]
    if by_charge := _BY_CHARGE.get(cation, {}).get(charge * anions // cations):
        yield f"{by_charge} {name}"
    first = _ELEMENTS[cation]
    if cations == 1 and anions in _NUMBERS and charge * anions > 2:
        number = _NUMBERS[anions]
        yield f"{first} {number.removesuffix('a') if name == 'oxide' else number}{name}"
    yield f"{first} {name}"
