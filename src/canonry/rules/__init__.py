"""One file per rule, in a folder per family; the file is also the rule's documentation and its examples."""
