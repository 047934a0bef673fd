"""Typed pretraining: the knowledge graph labels running text, and the encoder learns from it."""
