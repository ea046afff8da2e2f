"""lm-eval as a library: its task files, its tasks and metrics, and its silence."""
