"""A planted flaw and its sound twin for every check."""
