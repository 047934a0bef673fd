"""Documents and mentions, one reader and one writer for each format, and corpora of tagged sentences."""
