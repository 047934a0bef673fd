"""Touching the disk: whole writes, tables, and errors that name file, row and field."""
