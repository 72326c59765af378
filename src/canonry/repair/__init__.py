"""Broken files -> repaired text: what was meant, restored from history or from the text alone."""
