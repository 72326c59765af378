"""Old runner scripts: what they start for which of their options, and the thin wrappers that take their place."""
