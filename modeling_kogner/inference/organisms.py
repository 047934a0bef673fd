"""Which organism's genes a text is about: the one named nearest, else that of the title, else human."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection

HUMAN, MOUSE, RAT = "NCBITaxon:9606", "NCBITaxon:10090", "NCBITaxon:10116"
# Words for an organism of experiments, in lower case. Cell lines say whose cells they are.
_WORDS = {
    HUMAN: "human, humans, homo sapiens, patient, patients, man, men, woman, women, child, children, adults, infants, "
    "subjects, volunteers, individuals, people, families, boys, girls, hela, hek293, hek 293, 293t, mcf-7, jurkat, "
    "hepg2, u2os, hl-60, k562, thp-1, huvec, a549",
    MOUSE: "mouse, mice, murine, mus musculus, nih 3t3, nih3t3, 3t3, c57bl/6, balb/c, mef, mefs",
    RAT: "rat, rats, rattus norvegicus, sprague-dawley, wistar, pc12",
    "NCBITaxon:7955": "zebrafish, danio rerio",
    "NCBITaxon:7227": "drosophila, fruit fly, fruit flies, fly, flies, drosophila melanogaster, d. melanogaster",
    "NCBITaxon:6239": "c. elegans, caenorhabditis elegans, nematode, nematodes, worm, worms",
    "NCBITaxon:3702": "arabidopsis, arabidopsis thaliana, a. thaliana",
    "NCBITaxon:559292": "yeast, budding yeast, saccharomyces cerevisiae, s. cerevisiae",
    "NCBITaxon:4896": "fission yeast, s. pombe, schizosaccharomyces pombe",
    "NCBITaxon:511145": "escherichia coli, e. coli",
    "NCBITaxon:9913": "bovine, cow, cows, cattle, calf, bos taurus",
    "NCBITaxon:9823": "pig, pigs, porcine, sus scrofa",
    "NCBITaxon:9031": "chicken, chick, chicks, chickens, gallus gallus, avian",
    "NCBITaxon:8364": "xenopus, xenopus laevis, xenopus tropicalis",
    "NCBITaxon:9615": "dog, dogs, canine",
    "NCBITaxon:9544": "rhesus, macaque, macaques, monkey, monkeys",
    "NCBITaxon:9598": "chimpanzee, chimpanzees",
    "NCBITaxon:9986": "rabbit, rabbits",
    "NCBITaxon:9940": "sheep, ovine",
    "NCBITaxon:10029": "hamster, hamsters",
}
_ORGANISM = {word.strip(): taxon for taxon, words in _WORDS.items() for word in words.split(",")}
_PATTERN = re.compile(
    rf"(?<![A-Za-z0-9])(?:{'|'.join(sorted(map(re.escape, _ORGANISM), key=len, reverse=True))})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
# What has genes in the graph and is no animal: plants, fungi, bacteria.
_NO_ANIMALS = {f"NCBITaxon:{number}" for number in (3702, 4530, 559292, 4932, 4896, 318829, 5141, 28985, 33169, 511145)}
_PLANTS = re.compile(
    r"\b(?:plants?|seedlings?|crops?|cultivars?|chloroplasts?|legumes?|arabidopsis|rice|wheat|maize|barley|tomato(?:es)?"
    r"|soybeans?|potato(?:es)?|cotton|sorghum|grapevine|cucumber|cassava|sugarcane|poplar|medicago|chickpea|rapeseed"
    r"|canola|brassica|oryza|nicotiana|solanum|triticum|millet|alfalfa)\b",
    re.IGNORECASE,
)
_PLANTS_IN_MEDICINE = re.compile(
    r"\b(?:cell lines?|cancer|carcinoma|tumou?rs?|clinical|diet(?:ary)?|extracts?|serum|blood|in vivo)\b", re.IGNORECASE
)
_LEAST_PLANTS, _ANIMALS_A_PLANT = 3, 0.1  # words
# A letter before a symbol: "hTERT" is of humans.
_PREFIX = re.compile(r"^([hmrdz])(?=[A-Z][A-Za-z]*\d|[A-Z]{2})")
_LETTERS = {"h": HUMAN, "m": MOUSE, "r": RAT, "d": "NCBITaxon:7227", "z": "NCBITaxon:7955"}
_SENTENCE = re.compile(r"[.!?]\s+(?=[A-Z0-9])")


def organism_word(text: str) -> str | None:
    """Organism that a common word stands for: "zebrafish"."""
    return _ORGANISM.get(text.lower())


def without_organisms(text: str) -> str:
    """The text without words for organisms."""
    return _PATTERN.sub(" ", text)


def is_about_plants(text: str) -> bool:
    """Whether a document is about plants and hardly names an animal, nor medicine: its "CAT" is no human gene."""
    plants = len(_PLANTS.findall(text))
    if plants < _LEAST_PLANTS:
        return False
    animals = sum(is_animal(_ORGANISM[match[0].lower()]) for match in _PATTERN.finditer(text))
    return animals + len(_PLANTS_IN_MEDICINE.findall(text)) <= _ANIMALS_A_PLANT * plants


def is_animal(organism: str | None) -> bool:
    """Whether genes of an organism of the graph are an animal's."""
    return organism is not None and organism not in _NO_ANIMALS


class Organisms:
    """The organisms that a document names.

    Args:
        text: of the document.
        title_end: where its first passage ends.
    """

    def __init__(self, text: str, title_end: int):
        self.title_end = title_end
        self._set([(match.start(), _ORGANISM[match[0].lower()]) for match in _PATTERN.finditer(text)])
        self.sentences = [0, *(match.end() for match in _SENTENCE.finditer(text))]

    def keep(self, possible: Collection[str | None]) -> None:
        """Forget organisms of which none of the document's genes can be: the E. coli that made a toxin."""
        self._set([place for place in self.places if place[1] in possible])

    def _set(self, places: list[tuple[int, str]]) -> None:
        self.places = places
        self.starts = [start for start, _ in places]
        self.counts = Counter(taxon for _, taxon in places)
        self.title = {taxon for start, taxon in places if start < self.title_end}

    @property
    def main(self) -> str:
        """The organism that is named most; human where none is."""
        return self.counts.most_common(1)[0][0] if self.counts else HUMAN

    def nearest(self, start: int, text: str) -> str | None:
        """Organism of a mention that starts at ``start``: by its own letter, in its sentence before it, or after it."""
        if match := _PREFIX.match(text):
            return _LETTERS[match[1]]
        for _, taxon in ((m.start(), _ORGANISM[m[0].lower()]) for m in _PATTERN.finditer(text)):
            return taxon
        sentence = bisect_right(self.sentences, start) - 1
        first = self.sentences[sentence]
        last = self.sentences[sentence + 1] if sentence + 1 < len(self.sentences) else 10**12
        at = bisect_right(self.starts, start)
        if at and self.starts[at - 1] >= first:
            return self.places[at - 1][1]
        if at < len(self.places) and self.starts[at] < last:
            return self.places[at][1]
        return None
