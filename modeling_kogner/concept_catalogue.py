"""Ids and preferred names of all concepts, compressed into the checkpoint itself."""

import lzma
from functools import cached_property
from typing import NamedTuple

import torch

_FURTHER = b"FURTHER\n"  # begins a part of further ids, then its length in 8 bytes; other parts begin as xz does


class _Parts(NamedTuple):
    """Ids, names, further ids by line (concept, then its further ids), and packed lines of the same kind."""

    ids: list[str]
    names: list[str]
    further: list[str]
    packed: list[bytes]


class ConceptCatalogue:
    """Concept index -> id, preferred name; and the further ids of a concept. Each is unpacked when it is asked for.

    The catalogue travels as one byte tensor of the checkpoint, so that a model folder is complete without a further
    file and no pickle is read. Packed catalogues laid end to end are one catalogue: adding to a big one is quick.

    Args:
        ids: concept ids such as ``MESH:D012640``, in the order of the concept index.
        names: preferred names, same order.
        further: id of a concept, of this catalogue or an earlier part -> the ids that other vocabularies give to it.
    """

    def __init__(self, ids: list[str], names: list[str], further: dict[str, list[str]] | None = None):
        lines = ["\t".join([concept, *others]) for concept, others in (further or {}).items()]
        self._parts = _Parts(ids, names, lines, [])
        self._blob = b""

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_bytes(cls, blob: torch.Tensor) -> "ConceptCatalogue":
        """Take ``(catalog_bytes,)`` uint8; an empty tensor is an empty catalogue."""
        catalogue = cls([], [])
        catalogue._blob = blob.cpu().numpy().tobytes()
        return catalogue

    def to_bytes(self) -> torch.Tensor:
        """Pack as uint8; line breaks inside a name become spaces."""
        blob = b""
        if self.ids:
            columns = ["\n".join(" ".join(x.split()) for x in column) for column in (self.ids, self.names)]
            blob = _pack("\n\n".join(columns))
        if self._further:
            further = _pack("\n".join(f"{concept}\t{others}" for concept, others in self._further.items()))
            blob += _FURTHER + len(further).to_bytes(8, "little") + further
        return torch.frombuffer(bytearray(blob), dtype=torch.uint8) if blob else torch.zeros(0, dtype=torch.uint8)

    @property
    def ids(self) -> list[str]:
        """Id of each concept."""
        return self._unpacked.ids

    @property
    def names(self) -> list[str]:
        """Preferred name of each concept."""
        return self._unpacked.names

    def further_ids(self, concept: str) -> list[str]:
        """Ids that other vocabularies give to a concept of this id."""
        found = self._further.get(concept)
        return found.split("\t") if found else []

    @cached_property
    def owners(self) -> dict[str, list[str]]:
        """Further id -> ids of the concepts that have it: several where a vocabulary is coarser than ours."""
        owners: dict[str, list[str]] = {}
        for concept, others in self._further.items():
            for other in others.split("\t"):
                owners.setdefault(other, []).append(concept)
        return owners

    @cached_property
    def _unpacked(self) -> _Parts:
        ids, names, further, _ = self._parts
        parts, packed = _Parts([*ids], [*names], [*further], []), self._blob
        while packed:
            if packed.startswith(_FURTHER):
                start = len(_FURTHER) + 8
                end = start + int.from_bytes(packed[len(_FURTHER) : start], "little")
                parts.packed.append(packed[start:end])
                packed = packed[end:]
                continue
            part = lzma.LZMADecompressor()
            id_lines, name_lines, *pairs = part.decompress(packed).decode().split("\n\n")
            parts.ids.extend(id_lines.split("\n") if id_lines else [])
            parts.names.extend(name_lines.split("\n") if name_lines else [])
            for text in pairs:  # further ids in older checkpoints: the further id, then its concept
                parts.further.extend("\t".join(pair.split("\t")[::-1]) for pair in text.split("\n"))
            packed = part.unused_data
        return parts

    @cached_property
    def _further(self) -> dict[str, str]:
        further: dict[str, str] = {}
        texts = [lzma.decompress(packed).decode() for packed in self._unpacked.packed]
        for line in (*self._unpacked.further, *(line for text in texts for line in text.split("\n"))):
            concept, others = line.split("\t", 1)
            known = further.get(concept)
            further[concept] = f"{known}\t{others}" if known else others
        return further


def _pack(text: str) -> bytes:
    return lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
