"""Where a suite stands, gathered from every engine into one value (`canonry.model.standing`)."""
