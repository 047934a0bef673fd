"""Rules a row must keep: raise at the first that breaks one, or drop and count them."""

from __future__ import annotations

import pandas as pd


class RowChecks:
    """Checks rows that know their `file` and `row`.

    Args:
        drop: leave bad rows out and count them by reason in `dropped` (the first of each kind in `first`).
    """

    def __init__(self, drop: bool):
        self.drop = drop
        self.dropped: dict[str, int] = {}
        self.first: dict[str, str] = {}

    def keep(self, frame: pd.DataFrame, column: str, good: pd.Series, problem: str, mend: str) -> pd.DataFrame:
        """Return the good rows.

        Raises:
            ValueError: a row is bad and `drop` is off; names file, row, field and mend.
        """
        bad = int((~good).sum())
        if not bad:
            return frame
        row = frame[~good].iloc[0]
        where = f"{row['file']}: row {row['row']}, field {column}: {row[column]!r:.60} {problem}"
        if not self.drop:
            raise ValueError(f"{where} ({bad} such rows); {mend}, or leave such rows out with --drop-invalid")
        reason = f"{column} {problem}"
        self.dropped[reason] = self.dropped.get(reason, 0) + bad
        self.first.setdefault(reason, where)
        return frame[good]

    def full_match(self, frame: pd.DataFrame, column: str, pattern: str, mend: str) -> pd.DataFrame:
        """Return the rows whose value is of the pattern, as `keep` does."""
        return self.keep(frame, column, frame[column].str.fullmatch(pattern), "is malformed", mend)
