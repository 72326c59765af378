"""What is compared of the functions of a tree -> clusters of clones."""
