"""The folder for what canonry keeps about a tree; its one definition stands in the model, which `testing` sees, too."""

from canonry.model.state import STATE, make_state_folder

__all__ = ["STATE", "make_state_folder"]
