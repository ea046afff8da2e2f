"""Ways to reach a model, each behind the one method `answer`."""
