"""The gate: what was won stays won. Two states of a tree are compared, and only what is no worse may pass."""
