"""Valid streams, made from a contract alone."""
