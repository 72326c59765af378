"""Results of load runs, rendered."""
