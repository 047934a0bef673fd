"""Ids and preferred names of all concepts, compressed into the checkpoint itself."""

import lzma

import torch


class ConceptCatalogue:
    """Concept index -> id, preferred name; and the further ids of a concept.

    The catalogue travels as one byte tensor of the checkpoint, so that a model folder is complete without a further
    file and no pickle is read. Packed catalogues laid end to end are one catalogue: adding to a big one is quick.

    Args:
        ids: concept ids such as ``MESH:D012640``, in the order of the concept index.
        names: preferred names, same order.
        preferred: ids that other vocabularies give to a concept of the catalogue -> its id here.
    """

    def __init__(self, ids: list[str], names: list[str], preferred: dict[str, str] | None = None):
        self.ids, self.names, self.preferred = ids, names, preferred or {}

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_bytes(cls, blob: torch.Tensor) -> "ConceptCatalogue":
        """Unpack ``(catalog_bytes,)`` uint8; an empty tensor is an empty catalogue."""
        catalogue, packed = cls([], []), blob.cpu().numpy().tobytes()
        while packed:
            part = lzma.LZMADecompressor()
            ids, names, *further = part.decompress(packed).decode().split("\n\n")
            catalogue.ids += ids.split("\n") if ids else []
            catalogue.names += names.split("\n") if names else []
            catalogue.preferred |= dict(pair.split("\t") for text in further for pair in text.split("\n"))
            packed = part.unused_data
        return catalogue

    def to_bytes(self) -> torch.Tensor:
        """Pack as uint8; line breaks inside a name become spaces."""
        columns = ["\n".join(" ".join(x.split()) for x in column) for column in (self.ids, self.names)]
        if self.preferred:
            columns.append("\n".join("\t".join(pair) for pair in self.preferred.items()))
        blob = lzma.compress("\n\n".join(columns).encode(), preset=9 | lzma.PRESET_EXTREME)
        return torch.frombuffer(bytearray(blob), dtype=torch.uint8)
