"""Ways to start tests outside the one runner."""
