"""Outlives a controller that somebody killed, and ends what it left: its workers with all they started, its folder.

Started as a script without site packages, so that it costs next to nothing. Lines on its standard input: ``PID STARTED
MARK`` of a worker, and ``end`` where the run ended by itself.
"""

import sys


def main(root: str, folder: str) -> None:
    """Waits for the end of its input."""
    workers: list[tuple[int, int, str]] = []
    for line in sys.stdin:
        if line == "end\n":
            return
        pid, started, mark = line.split()
        workers.append((int(pid), int(started), mark))
    sys.path.insert(0, root)
    import shutil

    from canonry.run.processes import Process, kill_tree

    for pid, started, mark in reversed(workers):
        kill_tree(Process(pid, started), mark)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
