"""From what is there to the canon: one file per codemod, and the engine that plans, checks and writes their edits."""
