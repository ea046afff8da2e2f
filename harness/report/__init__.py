"""A run in, bytes out: every output is a pure function of the record."""
