"""The local page of `kogner demo`: it loads nothing from another host."""
