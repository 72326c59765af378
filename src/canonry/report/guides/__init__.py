"""The guides of a repository, made from its canon."""
