"""Judges: what they are asked, what they said, how far people agree with them, and what is left after correction."""
