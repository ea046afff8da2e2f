"""How far two sets of rows differ: tests with seeded permutations, and sizes of the difference."""
