"""A syntax tree -> what is compared of each function."""
