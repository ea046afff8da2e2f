"""Groups of people held against each other: who stands where, what is favourable, and how far apart they are."""
