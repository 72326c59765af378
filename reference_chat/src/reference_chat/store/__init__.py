"""What is kept: the schema, queries, and the one writer of everything that is sent."""
