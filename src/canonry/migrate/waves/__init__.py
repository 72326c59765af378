"""A migration in waves: planned once, taken one by one, each proved before it stays."""
