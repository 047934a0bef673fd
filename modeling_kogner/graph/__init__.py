"""From sources to unified concepts, their written forms, and the tables of the surface index."""
