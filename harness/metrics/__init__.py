"""What one answer is worth, as numbers that add up."""
