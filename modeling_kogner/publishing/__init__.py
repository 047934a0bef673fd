"""A trained model for others: card, release, Hub and ONNX."""
