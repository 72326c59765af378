"""Whether tests say the same after a change as before: by their facts, by what is collected, by what they do."""
