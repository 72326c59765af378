"""``python -m canonry``."""

from canonry.cli import main

if __name__ == "__main__":
    main()
