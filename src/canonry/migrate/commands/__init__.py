"""Old test commands into commands of the canonical runner, wherever they stand."""
