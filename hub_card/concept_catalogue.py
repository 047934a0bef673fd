"""Ids and preferred names of all concepts, compressed into the checkpoint itself."""

import lzma

import torch


class ConceptCatalogue:
    """Concept index -> id, preferred name.

    The catalogue travels as one byte tensor of the checkpoint, so that a model folder is complete without a further
    file and no pickle is read.

    Args:
        ids: concept ids such as ``MESH:D012640``, in the order of the concept index.
        names: preferred names, same order.
    """

    def __init__(self, ids: list[str], names: list[str]):
        self.ids, self.names = ids, names

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_bytes(cls, blob: torch.Tensor) -> "ConceptCatalogue":
        """Unpack ``(catalog_bytes,)`` uint8; an empty tensor is an empty catalogue."""
        if blob.numel() == 0:
            return cls([], [])
        ids, names = lzma.decompress(blob.cpu().numpy().tobytes()).decode().split("\n\n")
        return cls(ids.split("\n"), names.split("\n"))

    def to_bytes(self) -> torch.Tensor:
        """Pack as uint8; line breaks inside a name become spaces."""
        columns = ["\n".join(" ".join(x.split()) for x in column) for column in (self.ids, self.names)]
        blob = lzma.compress("\n\n".join(columns).encode(), preset=9 | lzma.PRESET_EXTREME)
        return torch.frombuffer(bytearray(blob), dtype=torch.uint8)
