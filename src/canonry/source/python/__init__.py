"""A syntax tree -> facts: one pass over a Python content, and what it asks about nodes."""
