"""What a code base really uses, counted: the canon that `canonry init` proposes. One module per concern."""
