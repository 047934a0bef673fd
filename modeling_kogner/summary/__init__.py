"""What `kogner summary` tells of annotated documents: counts, concepts that occur together, and concepts over time."""
