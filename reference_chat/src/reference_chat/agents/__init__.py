"""What answers: the context of a run and the loop that runs in it."""
