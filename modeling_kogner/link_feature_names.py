"""What is known of a candidate of a mention, in the order in which the choice reads it."""

# What each is says inference/link_features.py. Those of a candidate alone; of these the choice also reads the lead:
# how far a candidate is above the best of the mention's others, or below it.
COMPARED = (
    "exact", "exact_rank", "long_form", "other_form", "seen", "seen_share", "near", "near_rank", "near_gap",
    "near_votes", "spelling", "ortholog", "own_seen", "own_near", "broader", "main_type", "preferred_name",
    "same_case", "vocabulary", "primary_record", "ids", "support", "group_support", "coherence", "organism_near",
    "organism_title", "organism_document", "organism_main", "organism_human", "organism_rodent", "organism_other",
    "case_fits", "case_document",
)  # fmt: skip
_OF_MENTION = (
    "organism_none", "candidates", "characters", "is_short", "disease", "chemical", "gene", "species", "other"
)  # fmt: skip
# Rows of the table of words that tell whose genes a document is about, and its columns: human, mouse, rat, any other.
WORD_ROWS, ORGANISM_CLASSES = 8192, 4
_FIRST = (*COMPARED, *_OF_MENTION, *(f"{name}_lead" for name in COMPARED))
# Came later, also compared; behind the others, because a choice that was fitted before reads the first ones alone.
LATER = ("organism_words",)
LINK_FEATURES = (*_FIRST, *LATER, *(f"{name}_lead" for name in LATER))
