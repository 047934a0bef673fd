"""The model card, made from files: scores, training report, knowledge report."""
