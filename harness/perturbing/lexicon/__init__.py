"""Word lists of the perturbations, written for this project: English, short, and meant to be read and corrected."""
