"""Strict match, linking accuracy, and the scores of a corpus."""
