"""KoGNER: biomedical named-entity recognition with a distilled knowledge graph.

What is exported here is the public interface; everything else may change between releases. Exports are loaded when they
are first used, so that importing the package costs neither torch nor transformers.
"""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .configuration_kogner import KognerConfig
    from .corpora.document import Document
    from .corpora.mention import Mention
    from .inference.annotator import Annotator
    from .inference.explanation import explain
    from .inference.load import load
    from .integrations.ner_pipeline import KognerPipeline
    from .knowledge_encoder import KognerModel
    from .modeling_kogner import KognerForTokenClassification

__version__ = "0.1.0"
__all__ = [
    "Annotator",
    "Document",
    "KognerConfig",
    "KognerForTokenClassification",
    "KognerModel",
    "KognerPipeline",
    "Mention",
    "explain",
    "load",
]
_HOMES = {  # `auto_classes` also makes transformers' Auto classes know them
    "Annotator": ".inference.annotator",
    "Document": ".corpora.document",
    "KognerConfig": ".inference.auto_classes",
    "KognerForTokenClassification": ".inference.auto_classes",
    "KognerModel": ".inference.auto_classes",
    "KognerPipeline": ".integrations.ner_pipeline",
    "Mention": ".corpora.mention",
    "explain": ".inference.explanation",
    "load": ".inference.load",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with warnings.catch_warnings():
        # Of progress bars in a notebook without ipywidgets; they are text then.
        warnings.filterwarnings("ignore", "IProgress not found")
        found = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
