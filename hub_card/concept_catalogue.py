"""Ids and preferred names of all concepts, compressed into the checkpoint itself."""

import lzma
from functools import cached_property

import torch

_FURTHER = b"FURTHER\n"  # begins a part of further ids, then its length in 8 bytes; other parts begin as xz does


class ConceptCatalogue:
    """Concept index -> id, preferred name; and the further ids of a concept, unpacked when they are asked for.

    The catalogue travels as one byte tensor of the checkpoint, so that a model folder is complete without a further
    file and no pickle is read. Packed catalogues laid end to end are one catalogue: adding to a big one is quick.

    Args:
        ids: concept ids such as ``MESH:D012640``, in the order of the concept index.
        names: preferred names, same order.
        further: id of a concept, of this catalogue or an earlier part -> the ids that other vocabularies give to it.
    """

    def __init__(self, ids: list[str], names: list[str], further: dict[str, list[str]] | None = None):
        self.ids, self.names = ids, names
        self._further = {concept: "\t".join(others) for concept, others in (further or {}).items()}
        self._packed: list[bytes] = []

    def __len__(self) -> int:
        return len(self.ids)

    def further_ids(self, concept: str) -> list[str]:
        """Ids that other vocabularies give to a concept of this id."""
        found = self._unpacked.get(concept)
        return found.split("\t") if found else []

    @cached_property
    def owners(self) -> dict[str, list[str]]:
        """Further id -> ids of the concepts that have it: several where a vocabulary is coarser than ours."""
        owners: dict[str, list[str]] = {}
        for concept, others in self._unpacked.items():
            for other in others.split("\t"):
                owners.setdefault(other, []).append(concept)
        return owners

    @property
    def _unpacked(self) -> dict[str, str]:
        while self._packed:
            for line in lzma.decompress(self._packed.pop(0)).decode().split("\n"):
                self._add(*line.split("\t", 1))
        return self._further

    def _add(self, concept: str, others: str) -> None:
        known = self._further.get(concept)
        self._further[concept] = f"{known}\t{others}" if known else others

    @classmethod
    def from_bytes(cls, blob: torch.Tensor) -> "ConceptCatalogue":
        """Unpack ``(catalog_bytes,)`` uint8; an empty tensor is an empty catalogue."""
        catalogue, packed = cls([], []), blob.cpu().numpy().tobytes()
        while packed:
            if packed.startswith(_FURTHER):
                start = len(_FURTHER) + 8
                end = start + int.from_bytes(packed[len(_FURTHER) : start], "little")
                catalogue._packed.append(packed[start:end])
                packed = packed[end:]
                continue
            part = lzma.LZMADecompressor()
            ids, names, *pairs = part.decompress(packed).decode().split("\n\n")
            catalogue.ids += ids.split("\n") if ids else []
            catalogue.names += names.split("\n") if names else []
            for pair in "\n".join(pairs).split("\n") if pairs else ():  # further ids in older checkpoints
                other, concept = pair.split("\t")
                catalogue._add(concept, other)
            packed = part.unused_data
        return catalogue

    def to_bytes(self) -> torch.Tensor:
        """Pack as uint8; line breaks inside a name become spaces."""
        blob = b""
        if self.ids:
            columns = ["\n".join(" ".join(x.split()) for x in column) for column in (self.ids, self.names)]
            blob = _pack("\n\n".join(columns))
        if self._unpacked:
            further = _pack("\n".join(f"{concept}\t{others}" for concept, others in self._further.items()))
            blob += _FURTHER + len(further).to_bytes(8, "little") + further
        return torch.frombuffer(bytearray(blob), dtype=torch.uint8) if blob else torch.zeros(0, dtype=torch.uint8)


def _pack(text: str) -> bytes:
    return lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
