"""Ids and preferred names of all concepts, compressed into the checkpoint itself."""

import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeVar, overload

import numpy as np

_FURTHER = b"FURTHER\n"  # begins a part of further ids, then its length in 8 bytes; other parts begin as xz does
_AT_ONCE = 10_000  # texts that are decoded together
Key = TypeVar("Key", int, str)


class Lines(Sequence[str]):
    """Texts as one block of UTF-8: a third of the memory of as many strings, and a file can be mapped as it is.

    Shapes:
        - **block**: ``(bytes,)`` uint8, every text with a line break behind it.
        - **ends**: ``(n,)`` int, where each text ends in the block.
    """

    def __init__(self, block: np.ndarray, ends: np.ndarray | None = None):
        self.block = block
        self.ends = np.flatnonzero(block == ord("\n")).astype(np.int32) if ends is None else ends

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Lines":
        """Pack texts; of those with line breaks, runs of space become single spaces."""
        return cls.of_bytes("".join(f"{' '.join(x.split()) if chr(10) in x else x}\n" for x in texts).encode())

    @classmethod
    def of_bytes(cls, block: bytes) -> "Lines":
        """Take texts that are packed already."""
        return cls(np.frombuffer(block, dtype=np.uint8))

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        start = int(self.ends[place - 1]) + 1 if place else 0
        return self.block[start : int(self.ends[place])].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        start = 0
        for last in range(_AT_ONCE, len(self) + _AT_ONCE, _AT_ONCE):
            end = int(self.ends[min(last, len(self)) - 1]) + 1
            yield from self.block[start:end].tobytes().decode().split("\n")[:-1]
            start = end

    def find(self, text: str) -> int | None:
        """Place of a text, without reading the others one by one; None if it is not there."""
        start = (b"\n" + self.block.tobytes()).find(f"\n{text}\n".encode())
        return None if start < 0 else int(np.searchsorted(self.ends, np.array(start, self.ends.dtype)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


class _Parts(NamedTuple):
    """Ids, names, and further ids by line (concept, then its further ids), some of these still packed."""

    ids: list[Lines]
    names: list[Lines]
    further: list[Lines | bytes]


class ConceptCatalogue:
    """Concept index -> id, preferred name; and the further ids of a concept. Each is unpacked when it is asked for.

    The catalogue travels as bytes in the checkpoint, so that a model folder is complete without a further file and no
    pickle is read. Packed catalogues laid end to end are one catalogue: adding to a big one is quick.

    Args:
        ids: concept ids such as ``MESH:D012640``, in the order of the concept index.
        names: preferred names, same order.
        further: id of a concept, of this catalogue or an earlier part -> the ids that other vocabularies give to it.
    """

    def __init__(self, ids: Sequence[str] = (), names: Sequence[str] = (), further: dict[str, list[str]] | None = None):
        lines = Lines.of("\t".join([concept, *others]) for concept, others in (further or {}).items())
        self._given = _Parts([Lines.of(ids)], [Lines.of(names)], [lines])
        self._blob = b""

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_bytes(cls, blob: bytes) -> "ConceptCatalogue":
        """Take what :meth:`to_bytes` gives; nothing is an empty catalogue."""
        catalogue = cls()
        catalogue._blob = blob
        return catalogue

    def to_bytes(self) -> bytes:
        """Pack."""
        blob = b""
        if len(self):
            blob = _pack(b"\n\n".join(lines.block.tobytes()[:-1] for lines in (self.ids, self.names)))
        if further := _merged((key, line) for lines in self._lines for key, line in _keyed(lines)):
            packed = _pack("\n".join(further.values()).encode())
            blob += _FURTHER + len(packed).to_bytes(8, "little") + packed
        return blob

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "ConceptCatalogue":
        """Take what :meth:`to_arrays` gives, without a copy."""
        ids, names, further = (Lines(arrays[name], arrays[f"{name}_ends"]) for name in ("ids", "names", "further"))
        catalogue = cls()
        catalogue.__dict__ |= {"ids": ids, "names": names, "_further": [(arrays["further_concept"], further)]}
        return catalogue

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Nothing compressed, so that a mapped file is ready at once.

        Returns:
            ``ids``, ``names`` and ``further``, each the block of :class:`Lines`, with their ``_ends``; a line of
            ``further`` has the id of a concept and its further ids. ``further_concept``: numbers of these concepts.
        """
        pairs = (
            (number, line)
            for numbers, lines in self._further
            for number, line in zip(numbers.tolist(), lines, strict=True)
        )
        further = dict(sorted(_merged(pairs).items()))
        columns = {"ids": self.ids, "names": self.names, "further": Lines.of(further.values())}
        blocks = {name: lines.block for name, lines in columns.items()}
        ends = {f"{name}_ends": lines.ends for name, lines in columns.items()}
        return blocks | ends | {"further_concept": np.fromiter(further, dtype=np.int32)}

    @cached_property
    def ids(self) -> Lines:
        """Id of each concept."""
        return _joined(self._unpacked.ids)

    @cached_property
    def names(self) -> Lines:
        """Preferred name of each concept."""
        return _joined(self._unpacked.names)

    def further_ids(self, concept: int) -> list[str]:
        """Ids that other vocabularies give to a concept, by its number."""
        found: list[str] = []
        for numbers, lines in self._further:
            # Of the same type: numpy would convert the whole table otherwise.
            first, last = numbers.searchsorted(np.array([concept, concept + 1], numbers.dtype)).tolist()
            found += [each for line in lines[first:last] for each in line.split("\t")[1:]]
        return found

    def of_vocabulary(self, name: str) -> np.ndarray:
        """``(N,)`` bool, concepts that have an id of a vocabulary, in any case."""
        start = f"{name.casefold()}:"
        found = np.fromiter((each.casefold().startswith(start) for each in self.ids), bool, len(self))
        for numbers, lines in self._further:
            found[numbers[np.fromiter((f"\t{start}" in line.casefold() for line in lines), bool, len(lines))]] = True
        return found

    @cached_property
    def owners(self) -> dict[str, list[str]]:
        """Further id -> ids of the concepts that have it: several where a vocabulary is coarser than ours."""
        owners: dict[str, list[str]] = {}
        for _, lines in self._further:
            for line in lines:
                concept, *others = line.split("\t")
                for other in others:
                    owners.setdefault(other, []).append(concept)
        return owners

    @cached_property
    def _unpacked(self) -> _Parts:
        given, packed = self._given, self._blob
        parts = _Parts([*given.ids], [*given.names], [*given.further])
        while packed:
            if packed.startswith(_FURTHER):
                start = len(_FURTHER) + 8
                end = start + int.from_bytes(packed[len(_FURTHER) : start], "little")
                parts.further.append(packed[start:end])
                packed = packed[end:]
                continue
            part = lzma.LZMADecompressor()
            ids, names, *pairs = part.decompress(packed).split(b"\n\n")
            parts.ids.append(Lines.of_bytes(ids + b"\n" if ids else b""))
            parts.names.append(Lines.of_bytes(names + b"\n" if ids else b""))
            for text in pairs:  # further ids in older checkpoints: the further id, then its concept
                parts.further.append(Lines.of("\t".join(pair.split("\t")[::-1]) for pair in text.decode().split("\n")))
            packed = part.unused_data
        self._blob = b""  # what it held is in the parts
        return parts

    @property
    def _lines(self) -> list[Lines]:
        """Lines of further ids, part by part; the concepts may be those of an earlier catalogue."""
        return [
            Lines.of_bytes(lzma.decompress(part) + b"\n") if isinstance(part, bytes) else part
            for part in self._unpacked.further
        ]

    @cached_property
    def _further(self) -> list[tuple[np.ndarray, Lines]]:
        """Sorted numbers of concepts, and a line for each: the concept's id and further ids."""
        return [_numbered(lines, self.ids) for lines in self._lines if len(lines)]


def _joined(parts: list[Lines]) -> Lines:
    parts = [lines for lines in parts if len(lines.block)]
    if len(parts) == 1:
        return parts[0]
    return Lines.of_bytes(b"".join(lines.block.tobytes() for lines in parts))


def _numbered(lines: Lines, ids: Lines) -> tuple[np.ndarray, Lines]:
    """Number of the concept that each line begins with, and the lines in the order of these numbers."""
    rest = iter(enumerate(ids))
    numbers = np.fromiter(
        (next((n for n, each in rest if each == key), -1) for key, _ in _keyed(lines)), np.int32, len(lines)
    )
    if (numbers >= 0).all():  # as they are written
        return numbers, lines
    wanted = {key for key, _ in _keyed(lines)}
    places = {each: number for number, each in enumerate(ids) if each in wanted}
    known = sorted((places[key], line) for key, line in _keyed(lines) if key in places)
    return np.array([number for number, _ in known], dtype=np.int32), Lines.of(line for _, line in known)


def _keyed(lines: Lines) -> Iterator[tuple[str, str]]:
    return ((line.partition("\t")[0], line) for line in lines)


def _merged(pairs: Iterable[tuple[Key, str]]) -> dict[Key, str]:
    """One line of further ids for each concept."""
    merged: dict[Key, str] = {}
    for key, line in pairs:
        merged[key] = f"{merged[key]}\t{line.partition(chr(9))[2]}" if key in merged else line
    return merged


def _pack(text: bytes) -> bytes:
    return lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)
