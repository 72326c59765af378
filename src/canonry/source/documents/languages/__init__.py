"""Languages that hold commands, wherever they stand: a whole file, a step of a workflow, a recipe, a quoted word."""
