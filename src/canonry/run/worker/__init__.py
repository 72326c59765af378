"""The worker process, as far as it is outside pytest."""
