"""Asking an OpenAI-compatible server: within a budget, from one origin, and believing nothing that it does not show."""
