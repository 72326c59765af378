"""A contract made ready to judge: names resolved, and Python specialised for it."""
