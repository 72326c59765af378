"""What is there: which files, which contents, which facts. Knows nothing of rules."""
