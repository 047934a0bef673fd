"""Corpora, training and scoring; stays home."""
