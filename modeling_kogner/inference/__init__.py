"""Annotating text with a trained model; stays home and needs nothing beyond the plain installation."""
