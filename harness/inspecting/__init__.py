"""Looking at data: what is wrong with single rows, and what only shows across all of them."""
