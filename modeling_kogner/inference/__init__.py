"""Annotating text with a trained model, without any extra."""
