"""The language model: a client for every OpenAI-compatible one, and an embedded one that is deterministic."""
