"""Arguments, trainer, typed pretraining and self-training."""
