"""From text to mentions with types, scores and concepts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..corpora.document import Document, Documents
from ..corpora.mention import Mention, Passage
from ..corpora.text_tokenizer import TextTokenizer, check_vocabulary
from ..corpora.text_windows import Window, check_stride, make_windows, words_of
from ..files.errors import InputError, UsageError
from .abbreviations import find_abbreviations, spread
from .coherence import coherent, without_pieces
from .decoding import decode
from .linker import Linker
from .long_documents import is_long, parts_of
from .tagger import Tagger, as_tagger
from .variants import TYPE as VARIANT
from .variants import link_variants
from .window_batches import CPU_TOKENS, batches, padded
from .written_variants import with_written

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ..modeling_kogner import KognerForTokenClassification

# In memory at once: enough texts to fill batches with windows of similar length, and no more than a book.
TEXTS_A_BATCH, CHARACTERS_AT_ONCE = 16, 500_000


class Annotator:
    """Find the entities of texts of any length and link them to concepts.

    A long text is read in windows that overlap; every word is read in the window in which it is farthest from an edge.
    Each type is decided for itself, by a word's first piece, so mentions of different types may lie in each other.
    Without a convention they have to be coherent (see :func:`coherent`), and a short form that the document defines has
    the type and concept of its long form in all of the document, and variants that are written in one of the usual
    forms are found by rule too (see :func:`with_written`); with one, they are what the corpus would mark.

    Args:
        model: its device is used; or a tagger that runs otherwise, such as an exported one. Linking works with evidence
            ``none`` too, if the model has tables.
        tokenizer: the fast tokenizer saved with the model.
        max_length: tokens per window, special tokens included.
        stride: pieces that neighbouring windows share.
        vocabulary: link to ids of this vocabulary only, such as ``MESH``, in any case; see :class:`Linker`.
        convention: corpus whose annotation convention is followed, of those that the configuration lists, in any case;
            by default none.
        types: entity types to find where a call names none, in any case; by default all.
        alternatives: further concepts of each mention, at most.
        link_threshold: see :class:`Linker`.

    Raises:
        InputError: the tokenizer is slow or another one than the model's, or the stride does not fit.
        UsageError: the model knows no id of the vocabulary, or not the convention or a type.
    """

    def __init__(
        self,
        model: KognerForTokenClassification | Tagger,
        tokenizer: PreTrainedTokenizerBase | TextTokenizer,
        max_length: int = 256,
        stride: int = 16,
        vocabulary: str | None = None,
        convention: str | None = None,
        types: Sequence[str] | None = None,
        alternatives: int = 4,
        link_threshold: float | None = None,
    ):
        self.tagger, self.text_tokenizer = as_tagger(model), TextTokenizer.of(tokenizer)
        self.model, self.tokenizer = model, tokenizer
        self.max_length, self.stride = min(max_length, self.text_tokenizer.max_length), stride
        check_stride(self.max_length - sum(map(len, self.text_tokenizer.special_tokens)), stride)
        check_vocabulary(self.config.tokenizer_fingerprint, self.text_tokenizer)
        self.linker = Linker(self.tagger, self.text_tokenizer, vocabulary, link_threshold)
        self.types, self.alternatives = types, alternatives
        known = {name.casefold(): name for name in self.config.conventions or ()}
        if convention is not None and convention.casefold() not in known:
            raise UsageError(
                f"convention {convention!r} is not known to the model", fix=f"it knows {', '.join(known.values())}"
            )
        self.convention = 1 + list(known).index(convention.casefold()) if convention else 0
        self._allowed(types)

    @property
    def config(self) -> Any:
        """Of the model."""
        return self.tagger.config

    def __call__(self, text: str | Document) -> Document:
        """The mentions of one text.

        Args:
            text: of any length; or a document, whose mentions are replaced.
        """
        return next(self.annotate([text]))

    def annotate(
        self,
        texts: Iterable[str | Document],
        types: Sequence[str] | None = None,
        threshold: float = 0.0,
        batch_size: int = 32,
        on_part: Callable[[int], None] | None = None,
    ) -> Documents:
        """Annotate texts one after another, in their order, a few hundred in memory at once.

        Args:
            texts: of any length, empty ones included; or documents, which come back with new mentions.
            types: entity types to find, in any case, as if the model knew no others; by default those of the
                constructor.
            threshold: mentions with a lower score are left out.
            batch_size: windows in one step, at most; a CPU reads fewer where they are long.
            on_part: called with the characters of a document that were read, where it is longer than a book and read
                in parts.

        Raises:
            InputError: a text is not a string.
            UsageError: the model does not know a type.
        """
        if isinstance(texts, str):
            raise InputError("texts is one string", fix="give a list of texts, [text]")
        wanted = self._allowed(self.types if types is None else types)
        return Documents(self._annotated(texts, wanted, threshold, batch_size, on_part))

    def _annotated(
        self,
        texts: Iterable[str | Document],
        wanted: Collection[str],
        threshold: float,
        batch_size: int,
        on_part: Callable[[int], None] | None,
    ) -> Iterator[Document]:
        waiting: list[Document] = []
        size = 0
        for number, text in enumerate(texts):
            if not isinstance(text, (str, Document)):
                raise InputError(
                    f"text {number} is {type(text).__name__}, not a string", fix="leave it out or give '' for it"
                )
            document = Document.of(text, str(number + 1)) if isinstance(text, str) else text
            if is_long(document):
                yield from self._step(waiting, wanted, threshold, batch_size)
                waiting, size = [], 0
                yield self._in_parts(document, wanted, threshold, batch_size, on_part)
                continue
            waiting.append(document)
            size += sum(len(passage.text) for passage in waiting[-1].passages)
            if len(waiting) >= TEXTS_A_BATCH * batch_size or size > CHARACTERS_AT_ONCE:
                yield from self._step(waiting, wanted, threshold, batch_size)
                waiting, size = [], 0
        yield from self._step(waiting, wanted, threshold, batch_size)

    def _in_parts(
        self,
        document: Document,
        wanted: Collection[str],
        threshold: float,
        batch_size: int,
        on_part: Callable[[int], None] | None,
    ) -> Document:
        mentions: list[Mention] = []
        for first, part in parts_of(document):
            for each in next(self._step([part], wanted, threshold, batch_size)).mentions:
                each.start, each.end = each.start + first, each.end + first
                mentions.append(each)
            if on_part:
                on_part(first + len(part.text))
        return replace(document, mentions=mentions)

    def _step(
        self, documents: list[Document], wanted: Collection[str], threshold: float, batch_size: int
    ) -> Iterator[Document]:
        passages = [passage for document in documents for passage in document.passages]
        windows = make_windows(
            [passage.text for passage in passages], self.text_tokenizer, self.max_length, self.stride
        )
        odds = self._read([window for group in windows for window in group], batch_size)
        groups = iter(windows)
        linked: list[Document] = []
        forms: list[dict[str, str]] = []
        for document in documents:
            parts = list(zip(document.passages, groups, strict=False))
            mentions = [each for part in parts for each in self._mentions(*part, odds, wanted)]
            long_forms = find_abbreviations(document.text)
            if not self.convention:
                mentions = without_pieces(document.text, mentions)
                mentions = with_written(document.text, mentions) if VARIANT in wanted else mentions
                mentions, long_forms = spread(document.text, coherent(mentions))
                mentions = coherent(mentions)
            mentions = [mention for mention in mentions if (mention.score or 0.0) >= threshold]
            if self.linker.vocabulary is None:  # of dbSNP and HGVS
                link_variants(mentions, document.text)
            linked.append(replace(document, mentions=mentions))
            forms.append(long_forms)
        self.linker.link(linked, forms, self.alternatives)
        yield from linked

    def _allowed(self, types: Sequence[str] | None) -> list[str]:
        """Types that may be given, as the model names them."""
        known = {name.casefold(): name for name in self.config.entity_types}
        if unknown := sorted(name for name in types or () if name.casefold() not in known):
            raise UsageError(
                f"the model does not know the type {', '.join(unknown)}", fix=f"it knows {', '.join(known.values())}"
            )
        return list(known.values()) if types is None else [known[name.casefold()] for name in types]

    def _read(self, windows: list[Window], batch_size: int) -> dict[int, np.ndarray]:
        """Log-odds ``(T, 2K)`` of a window's pieces by its identity; windows of similar length share a batch."""
        read: dict[int, np.ndarray] = {}
        on_cpu = self.tagger.on_cpu
        tokens = CPU_TOKENS if on_cpu else batch_size * self.max_length
        for chosen in batches(windows, batch_size, tokens, mixed=not on_cpu):
            odds = self.tagger.odds(*padded(chosen, self.text_tokenizer.pad_id), self.convention)  # (B, T, 2K)
            read |= {id(window): rows for window, rows in zip(chosen, odds, strict=True)}
        return read

    def _mentions(
        self, passage: Passage, windows: list[Window], odds: dict[int, np.ndarray], wanted: Collection[str]
    ) -> Iterator[Mention]:
        """Mentions of one passage, at their places in the document, not linked."""
        words = words_of(passage.text, windows)
        if not words:
            return
        rows = [odds[id(word.window)][word.window.lead + word.first - word.window.first] for word in words]
        of_words = np.stack(rows).astype(np.float64)  # (W, 2K)
        for mention in decode(passage.text, words, of_words, self.config.entity_types, wanted):
            mention.start, mention.end = mention.start + passage.offset, mention.end + passage.offset
            yield mention
