"""Documents of many kinds in, documents with mentions out: one format a file, and runs that survive a kill."""
