"""Human review: pairs of answers shown blind, rated by people, and brought back as evidence."""
