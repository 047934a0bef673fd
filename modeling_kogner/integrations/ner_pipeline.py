"""`pipeline("kogner-ner")`: transformers' way to call the annotator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from transformers import AutoModelForTokenClassification, Pipeline, PreTrainedTokenizerBase
from transformers.pipelines import PIPELINE_REGISTRY

from ..corpora.document import Document
from ..corpora.mention import Mention
from ..inference import auto_classes  # noqa: F401  (a model folder is recognised by its kind)
from ..inference.annotator import TEXTS_A_BATCH, Annotator
from ..inference.model_folder import check_kind
from ..modeling_kogner import KognerForTokenClassification

TASK = "kogner-ner"
_OF_THE_ANNOTATOR = ("max_length", "stride", "vocabulary", "convention")


class KognerPipeline(Pipeline):
    """Mentions with concepts, from texts of any length.

    A result has the keys of the stock pipeline's grouped one, ``entity_group``, ``score``, ``word``, ``start`` and
    ``end``, and those of :class:`Mention` for the concept. ``text[start:end] == word``, and ``json.dumps`` takes it.

    The task has a name of its own. An entry for ``ner`` in a model's configuration would answer the stock call with
    something else, and each model saved again would keep the entry and lose the file that it names.

    Args:
        model: a tagger.
        tokenizer: the fast tokenizer saved with the model.
        kwargs: ``max_length``, ``stride``, ``vocabulary`` and ``convention`` of the :class:`Annotator`; ``device`` and
            what else a pipeline takes; ``types``, ``threshold`` and ``batch_size`` of the calls.

    Raises:
        ValueError: the model is not a KoGNER tagger, or tokenizer, stride, vocabulary or convention does not fit it,
            see :class:`Annotator`.
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(
        self,
        model: KognerForTokenClassification,
        tokenizer: PreTrainedTokenizerBase,
        **kwargs: Any,
    ):
        check_kind(model.name_or_path, {"model_type": model.config.model_type})
        given = {name: kwargs.pop(name) for name in _OF_THE_ANNOTATOR if name in kwargs}
        super().__init__(model=model, tokenizer=tokenizer, **kwargs)
        self.annotator = Annotator(self.model, tokenizer, **given)

    def __call__(
        self,
        inputs: str | Iterable[str],
        types: Sequence[str] | None = None,
        threshold: float | None = None,
        batch_size: int | None = None,
    ) -> list[dict] | list[list[dict]] | Iterator[list[dict]]:
        """Mentions of one text; of each text of a list; of the texts of any other iterable as they are asked for.

        Options that are not given are those of the constructor.

        Args:
            inputs: a text, a list, or a generator, data set or column of texts. Windows of similar length share
                a batch; the results are in the order of the texts.
            types: entity types to find, as if the model knew no others; all by default.
            threshold: mentions with a lower score, the mean probability of the type over their words, are left out; 0
                by default, so none.
            batch_size: windows per step; 32 by default.

        Raises:
            ValueError: a text is not a string, or the model does not know a type.
        """
        _, given, _ = self._sanitize_parameters(types, threshold)
        options = {"batch_size": batch_size or self._batch_size or 32, **self._forward_params, **given}
        if isinstance(inputs, str):
            return self.run_single([inputs], {}, options, {})[0]
        if isinstance(inputs, (list, tuple)):
            return self.run_single(list(inputs), {}, options, {})
        return self._stream(inputs, options)

    def _stream(self, texts: Iterable[str], options: dict[str, Any]) -> Iterator[list[dict]]:
        texts = iter(texts)
        while part := list(islice(texts, TEXTS_A_BATCH * options["batch_size"])):
            yield from self.run_single(part, {}, options, {})

    def _sanitize_parameters(
        self, types: Sequence[str] | None = None, threshold: float | None = None
    ) -> tuple[dict, dict, dict]:
        """Options of the annotator; those not given are left to it."""
        given = {"types": types, "threshold": threshold}
        return {}, {name: value for name, value in given.items() if value is not None}, {}

    def preprocess(self, input_: list[str]) -> list[str]:
        """Nothing: the annotator makes the windows."""
        return input_

    def _forward(self, input_tensors: list[str], **options: Any) -> list[Document]:
        return list(self.annotator.annotate(input_tensors, **options))

    def postprocess(self, model_outputs: list[Document]) -> list[list[dict]]:
        """Plain dictionaries."""
        return [[_result(mention) for mention in document.mentions] for document in model_outputs]


def _result(mention: Mention) -> dict[str, Any]:
    fields = mention.to_dict()
    stock = {"entity_group": fields.pop("type"), "score": fields.pop("score"), "word": fields.pop("text")}
    return stock | fields


PIPELINE_REGISTRY.register_pipeline(TASK, KognerPipeline, pt_model=AutoModelForTokenClassification)
# With it a pipeline's save_pretrained would write a model that asks for this package's code and does not load without.
del KognerPipeline._registered_impl
