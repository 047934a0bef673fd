"""The local page of `kogner demo`: nothing of it asks another host for anything."""
