"""The only code that writes a user's file: edits are checked, journalled, applied as one, and can be rolled back."""
