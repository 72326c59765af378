"""The checker: sessions that receive events, and what they say of them."""
