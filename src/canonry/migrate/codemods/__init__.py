"""One file per codemod; a file registers its codemod by being here."""
