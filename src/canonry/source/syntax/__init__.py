"""Bytes -> a syntax tree at the target version with its text, or what is wrong with them."""
