"""``python -m canonry.testing.canary``: the table of what fails where; exit status 1 where it is not as it must be."""

import sys
import tempfile
from pathlib import Path

from canonry.testing.canary.styles import STYLES
from canonry.testing.canary.table import lies, render
from canonry.testing.canary.ways import WAYS, CanaryError, run


def main() -> int:
    """Runs all canaries in all ways."""
    with tempfile.TemporaryDirectory(prefix="canonry-canary-") as folder:
        try:
            results = {way.name: run(way, Path(folder)) for way in WAYS}
        except CanaryError as error:
            sys.stderr.write(f"error: {error}\n")
            return 1
    sys.stdout.write(render(STYLES, WAYS, results))
    wrong = lies(results)
    count = len(STYLES) * len(WAYS)
    sys.stdout.write(f"{len(wrong)} of {count} are wrong\n" if wrong else f"all {count} are as they have to be\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
