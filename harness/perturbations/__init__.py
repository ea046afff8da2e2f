"""Disturbances of the input."""
