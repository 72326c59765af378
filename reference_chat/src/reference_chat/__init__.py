"""A compact, real agent chat service: log in, ask, and watch the answer arrive, live over a WebSocket."""
