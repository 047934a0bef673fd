"""KoGNER's classes as transformers' Auto classes know them: model folders load without ``trust_remote_code``."""

from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification

from ..configuration_kogner import KognerConfig
from ..knowledge_encoder import KognerModel
from ..modeling_kogner import KognerForTokenClassification

AutoConfig.register(KognerConfig.model_type, KognerConfig)
AutoModel.register(KognerConfig, KognerModel)
AutoModelForTokenClassification.register(KognerConfig, KognerForTokenClassification)
