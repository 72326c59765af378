"""Event contracts: what a conversation between a user and a service must look like on the wire."""
