"""Objects of one user that reach another."""
