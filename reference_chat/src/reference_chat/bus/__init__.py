"""How processes hear of each other: what one of them stored reaches the connections of all."""
