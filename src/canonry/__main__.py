"""``python -m canonry`` and ``canonry``: the warm process where one waits, else the command line."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Runs the command line and exits with its status."""
    if sys.argv[1:2] == ["run"]:  # before click is imported: the warm way is faster than that
        from canonry.run.warm_client import main as warm

        status = warm()
        if status is not None:
            sys.exit(status)
    from canonry.cli import main as cold

    cold()


if __name__ == "__main__":
    main()
