"""KoGNER: biomedical named-entity recognition with a distilled knowledge graph."""

from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification

from .configuration_kogner import KognerConfig
from .knowledge_encoder import KognerModel
from .modeling_kogner import KognerForTokenClassification

AutoConfig.register(KognerConfig.model_type, KognerConfig)
AutoModel.register(KognerConfig, KognerModel)
AutoModelForTokenClassification.register(KognerConfig, KognerForTokenClassification)

__all__ = ["KognerConfig", "KognerForTokenClassification", "KognerModel"]
__version__ = "0.1.0"
