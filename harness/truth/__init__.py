"""What the weights know: how sure, from where, whether it is so, and what they decline to say."""
