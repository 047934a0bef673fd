"""Which semantic types of the graph a mention of an entity type may be linked to."""

# Semantic types whose names a corpus annotates as an entity type; one that is not listed fits its namesake only.
FITTING_TYPES: dict[str, tuple[str, ...]] = {
    "Disease": ("Disease", "Phenotype"),
    "Cancer": ("Disease",),
    "Gene": ("Gene", "Protein", "Family"),
    "GeneFamily": ("Family", "Protein", "Gene"),
    # Corpora of anatomy annotate cells, their parts and tumours too.
    "Anatomy": ("Anatomy", "Component", "Cell", "CellLine", "Disease"),
    "Cell": ("Cell",),
    "CellLine": ("CellLine", "Cell"),
    "CellularComponent": ("Component",),
}
# What a mention may be linked to beyond that: insulin is annotated as a chemical, though not all proteins are.
ALSO_LINKED = {"Chemical": ("Protein",)}


def fitting_types(entity_type: str) -> tuple[str, ...]:
    """Semantic types that a mention of an entity type may be linked to."""
    return FITTING_TYPES.get(entity_type, (entity_type,)) + ALSO_LINKED.get(entity_type, ())
