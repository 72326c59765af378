"""``python -m canonry.run.worker FOLDER NUMBER``: a worker of the controller that made the folder."""

import sys

from canonry.run.worker.main import main

sys.exit(main(sys.argv[1], int(sys.argv[2])))
