"""Questions about a candidate."""
