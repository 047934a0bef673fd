"""Documents and mentions, one reader and one writer a format, and corpora of tagged sentences."""
