"""Columns of users' tables."""

import pandas as pd

from modeling_kogner.files.tables import among


def test_among_is_isin():
    """Concepts without names, or names of others', would come into a graph; values may be a column, index or set."""
    column = pd.Series(["a", "b", None, "b", "ä"], index=[3, 1, 4, 1, 5])
    for kept in (column, column.astype("str"), column.astype(object), column[:0]):
        for values in ({"b", "ä"}, [], pd.Series(["ä", "b", "b"]), pd.Index(["c", "a"])):
            pd.testing.assert_series_equal(among(kept, values), kept.isin(values), check_names=False)
