"""``python -m canonry.run.worker FOLDER NUMBER``: a worker of the controller that made the folder."""

import sys

from canonry.run.worker.main import main, report

sys.exit(report(sys.argv[1]) if sys.argv[2] == "report" else main(sys.argv[1], int(sys.argv[2])))
