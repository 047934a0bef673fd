"""KoGNER: biomedical named-entity recognition with a distilled knowledge graph."""

from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification
from transformers.pipelines import PIPELINE_REGISTRY

from .configuration_kogner import KognerConfig
from .integrations.ner_pipeline import TASK, KognerPipeline
from .knowledge_encoder import KognerModel
from .modeling_kogner import KognerForTokenClassification

AutoConfig.register(KognerConfig.model_type, KognerConfig)
AutoModel.register(KognerConfig, KognerModel)
AutoModelForTokenClassification.register(KognerConfig, KognerForTokenClassification)
PIPELINE_REGISTRY.register_pipeline(TASK, KognerPipeline, pt_model=AutoModelForTokenClassification)
# With it a pipeline's save_pretrained would write a model that asks for this package's code and does not load without.
del KognerPipeline._registered_impl

__all__ = ["KognerConfig", "KognerForTokenClassification", "KognerModel", "KognerPipeline"]
__version__ = "0.1.0"
