"""The client side of the suite: users, their sockets, what stands between, and processes of the service."""
